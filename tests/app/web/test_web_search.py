"""Searching in a real browser: words, filters, keys, previews, and the way back."""

from typing import TYPE_CHECKING, Any

from tests.browser import FIRST, Site, query_of, search, titles, until
from tests.fakes import id_of

if TYPE_CHECKING:
    from playwright.sync_api import Page, Request, Route

A, B = id_of("a.mp4"), id_of("b.mp4")


def body_of(request: "Request") -> dict[str, Any]:
    body = request.post_data_json
    assert isinstance(body, dict)
    return body


def is_search_by_words(request: "Request") -> bool:
    """Whether this is a person's search, and none for a picture of an example."""
    return request.url.endswith("/v1/search") and "text" in body_of(request)["query"]


def test_words_are_found_and_the_moment_is_played(page: "Page") -> None:
    with page.expect_response(lambda answer: is_search_by_words(answer.request)) as answered:
        search(page, "the budget is tight")
    answer = answered.value.json()
    best, told = page.locator(FIRST).first, answer["moments"][0]
    assert titles(page)[0] == "a.mp4"
    assert best.locator(".confidence-words").inner_text() == told["confidence_in_words"]
    assert best.locator(".moment-when").inner_text().startswith("0:00–0:04")
    assert best.locator("mark").all_inner_texts() == ["budget", "tight"]
    strong = [moment for moment in answer["moments"] if moment["confidence"] >= answer["abstain_below"]]
    weaker = len(answer["moments"]) - len(strong)
    assert len(titles(page)) == len(strong)
    assert page.locator("#live").inner_text() == f"{len(strong)} moments, and {weaker} weaker matches."
    assert page.get_by_role("button", name=f"{weaker}+ weaker matches").get_attribute("aria-expanded") == "false"
    best.get_by_role("link", name="a.mp4").click()
    page.wait_for_url("**/watch/**")
    assert page.evaluate("location.pathname") == f"/watch/{A}"
    assert query_of(page) == "?start_s=0.0&end_s=4.0&text=the budget is tight"


def test_a_confidence_is_shown_as_what_its_words_allow(page: "Page") -> None:
    """79.9 % are not yet "very likely", and 29 % stay 29 though a hundred times 0.29 is a little less."""
    page.goto("/")
    shown = page.evaluate(
        """async () => {
            const { sure } = await import("/web/js/format.js");
            return [0, 0.1999, 0.29, 0.57, 0.5999, 0.7999, 0.8, 0.99].map(sure);
        }"""
    )
    assert [text.split("\u202f")[0] for text in shown] == ["0", "19", "29", "57", "59", "79", "80", "99"]


def test_a_misspelt_word_is_found_told_and_can_be_kept(page: "Page") -> None:
    search(page, "the bugdet is tight")
    note = page.locator(".corrected-note")
    assert note.inner_text().startswith("Searched for “budget” instead of “bugdet”.")
    assert titles(page)[0] == "a.mp4"
    page.locator(FIRST).first.get_by_role("button", name="Why").click()
    assert "“budget” instead of “bugdet”" in page.locator(".explanation").first.inner_text()
    with page.expect_request("**/v1/search") as asked:
        note.get_by_role("button", name="Search for my words as they are").click()
    assert body_of(asked.value)["correct"] is False
    page.wait_for_url("**correct=false**")
    note.wait_for(state="detached")
    page.wait_for_selector(FIRST)
    page.get_by_role("searchbox").fill("the budgte")
    page.keyboard.press("Enter")
    page.wait_for_selector(".corrected-note")
    assert "correct=false" not in page.url
    page.goto(f"/watch/{A}?text=bugdet")
    page.get_by_text("Searched for “budget” instead of “bugdet”.").wait_for()
    page.get_by_role("link", name="Search for my words as they are").click()
    page.wait_for_url("**correct=false**")
    page.get_by_text("instead of").wait_for(state="detached")


def test_going_back_shows_the_results_without_another_search(page: "Page") -> None:
    search(page, "red")
    shown = titles(page)
    page.goto("/sign-in")
    page.go_back()
    page.wait_for_selector(FIRST)
    page.get_by_role("searchbox").fill("blue")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=blue")
    page.wait_for_selector(FIRST)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/v1/search" in request.url else None)
    page.go_back()
    page.wait_for_url("**q=red")
    until(page, "shown => document.querySelectorAll('.moment-title').length === shown", len(shown))
    assert (titles(page), asked) == (shown, [])
    assert page.get_by_role("searchbox").input_value() == "red"


def test_everything_works_by_keyboard(page: "Page", site: Site) -> None:
    page.goto("/")
    page.wait_for_selector(".library-size")
    assert page.evaluate("document.activeElement.id") == "query"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("/")
    page.keyboard.type("red")
    page.keyboard.press("Enter")
    page.wait_for_selector(FIRST)
    focused = "document.activeElement.closest('li')?.querySelector('.moment-when').textContent"
    first, second = page.locator(f"{FIRST} .moment-when").all_text_contents()[:2]
    page.keyboard.press("ArrowDown")
    assert page.evaluate(focused) == first
    page.keyboard.press("j")
    assert page.evaluate(focused) == second
    page.keyboard.press("k")
    assert page.evaluate(focused) == first
    page.keyboard.press("ArrowRight")
    assert page.evaluate(focused) == second
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(focused) == first
    page.keyboard.press("m")
    assert page.get_by_role("region", name="Tray").is_visible()
    page.keyboard.press("e")
    assert page.get_by_role("table", name="What each lane says").is_visible()
    with page.expect_response("**/v1/judgements"):
        page.keyboard.press("y")
    assert [verdict.is_right for verdict in site.library.catalog.judgements.all("red")] == [True]
    page.keyboard.press("?")
    assert page.get_by_role("dialog", name="Keyboard shortcuts").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.wait_for_url("**/watch/**")


def test_a_preview_plays_the_span_without_sound_and_goes_away(page: "Page") -> None:
    search(page, "the budget is tight")
    page.keyboard.press("Tab")
    page.evaluate("document.activeElement.blur()")
    page.locator(".moment-frame").first.hover()
    until(page, "document.querySelector('.preview')?.currentTime > 0.2")
    assert page.evaluate("document.querySelector('.preview').muted")
    assert page.evaluate("new URL(document.querySelector('.preview').src).hash") == "#t=0,4"
    page.mouse.move(2, 2)
    until(page, "document.querySelector('.preview') === null")


def test_steps_lanes_weights_and_filters_stand_in_the_address_and_are_sent(page: "Page") -> None:
    page.goto("/")
    page.get_by_role("searchbox").fill("red")
    page.get_by_role("button", name="then", exact=True).click()
    page.keyboard.type("green")
    page.get_by_role("button", name="without", exact=True).click()
    page.keyboard.type("high")
    with page.expect_request(is_search_by_words) as asked:
        page.keyboard.press("Enter")
    assert body_of(asked.value)["query"] == {"text": "red", "then": ["green"], "within_s": 30, "not": ["high"]}
    page.wait_for_selector("#results-title")
    with page.expect_request("**/v1/search") as asked:
        page.get_by_role("button", name="Said", exact=True).click()
    assert body_of(asked.value)["lanes"] == ["visual", "sound", "screen"]
    assert page.evaluate("document.activeElement.name") == "lane-speech"
    page.get_by_role("button", name="How much Seen counts").click()
    page.get_by_role("slider", name="How much Seen counts").fill("2")
    with page.expect_request("**/v1/search") as asked:
        page.keyboard.press("Escape")
    assert body_of(asked.value)["weights"] == {"visual": 2}
    page.get_by_role("button", name="Filters").click()
    with page.expect_request("**/v1/search") as asked:
        page.get_by_label("Folder or path").fill("b.mp4")
        page.keyboard.press("Enter")
    assert body_of(asked.value)["filter"] == {"path": "*b.mp4*"}
    with page.expect_request("**/v1/search") as asked:
        page.get_by_label("Group").select_option("One per video")
    assert body_of(asked.value)["group_by"] == "video"
    page.wait_for_selector("#results-title")
    with page.expect_request("**/v1/search") as asked:
        page.get_by_label("Confidence").select_option("Likely or better")
    assert body_of(asked.value)["min_confidence"] == 0.6
    assert body_of(asked.value)["group_by"] == "video"
    address = query_of(page)
    for part in (
        "q=red",
        "then=green",
        "not=high",
        "lane=visual",
        "weight=visual:2",
        "path=b.mp4",
        "least=0.6",
        "by=video",
    ):
        assert part in address
    with page.expect_request("**/v1/search") as again:
        page.reload()
    assert body_of(again.value) == body_of(asked.value)
    with page.expect_request("**/v1/search") as asked:
        page.get_by_role("button", name="Remove all").click()
    assert not {"filter", "min_confidence"} & body_of(asked.value).keys()


def test_a_video_is_chosen_by_its_title(page: "Page") -> None:
    search(page, "red")
    page.get_by_role("button", name="Filters").click()
    page.wait_for_selector("datalist option", state="attached")
    with page.expect_request("**/v1/search") as asked:
        page.get_by_label("Video", exact=True).fill("b.mp4")
        page.keyboard.press("Enter")
    assert body_of(asked.value)["filter"] == {"video_id": [B]}
    page.wait_for_selector(FIRST)
    until(page, "[...document.querySelectorAll('.moment-title')].every((title) => title.innerText === 'b.mp4')")
    assert page.get_by_role("button", name="Remove filter: b.mp4").is_visible()


def test_more_like_a_moment_is_found(page: "Page") -> None:
    search(page, "the budget is tight")
    with page.expect_request("**/v1/search") as asked:
        page.get_by_role("button", name="Why, and what to do with it").first.click()
        page.get_by_role("link", name="More like this").first.click()
    like = {"video_id": A, "start_s": 0, "end_s": 4}
    assert body_of(asked.value)["query"] == {"like": like, "text_share": 0.5}
    until(page, "document.querySelector('.moment-title')?.innerText === 'b.mp4'")
    assert page.get_by_role("img", name="The moment that others should be like").is_visible()
    assert page.get_by_role("button", name="Right").count() == 0


def test_an_abstaining_answer_says_so_and_shows_the_closest(page: "Page") -> None:
    page.goto("/search?q=zebras")
    page.get_by_role("heading", name="No zebras in your 2 videos (3 min).").wait_for()
    assert page.get_by_text("Closest, probably not it:").is_visible()
    assert page.locator(FIRST).count() == 1
    until(page, "document.getElementById('live').textContent.startsWith('No zebras in your 2 videos')")
    assert "%" not in page.locator(".outcome").inner_text()


def test_more_results_are_added_at_the_end(page: "Page") -> None:
    search(page, "green")
    page.get_by_role("button", name="weaker matches").click()
    more = page.get_by_role("button", name="Show more")
    before = len(titles(page))
    assert before == 20
    more.click()
    until(page, "document.querySelectorAll('.moment-title').length > 20")
    assert page.evaluate("document.activeElement.closest('li').previousElementSibling !== null")


def test_a_lane_that_only_the_server_names_is_shown_as_the_others_are(page: "Page") -> None:
    """The page itself names none: a fifth one is told by the server, and proves the best moment."""
    motion = {"lane": "motion", "name": "Moves", "about": "how things move", "unit": "window", "colour": "red"}

    def tell_of_motion(route: "Route") -> None:
        answer = route.fetch()
        system = answer.json()
        system["lanes"].append({**motion, "evidence": "frame"})
        route.fulfill(response=answer, json=system)

    def prove_by_motion(route: "Route") -> None:
        answer = route.fetch()
        found = answer.json()
        best = found["moments"][0]
        best["evidence"].append({**best["evidence"][0], "lane": "motion", "kind": "frame", "text": "a wave"})
        route.fulfill(response=answer, json=found)

    page.route("**/v1/system", tell_of_motion)
    page.route("**/v1/search", prove_by_motion)
    search(page, "the budget is tight")
    assert page.locator(".lane-toggle").all_inner_texts() == ["Seen", "Heard", "Said", "On screen", "Moves"]
    page.get_by_role("button", name="Why, and what to do with it").first.click()
    badge = page.locator(".moment-details .lane-badge", has_text="Moves")
    assert badge.locator("xpath=..").locator(".evidence-text").inner_text() == "looks like a wave"
    assert badge.locator(".icon").evaluate(
        "(icon) => getComputedStyle(icon).getPropertyValue('--lane')"
    ) == page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--lane-red')")
    with page.expect_response("**/v1/search") as answered:
        page.get_by_role("button", name="Moves", exact=True).click()
    assert body_of(answered.value.request)["lanes"] == ["visual", "sound", "speech", "screen"]
