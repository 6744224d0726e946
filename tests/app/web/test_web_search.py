"""Searching in a real browser: words, voice, pictures, keys, verdicts, the tray, and the way back."""

import json
import wave
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from tests.browser import SAYS, Site, launched, page_on, site_of, until, violations
from tests.fakes import FakeShot, id_of
from tests.media import colour, lavfi, tone, video, write

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request, Route

A, B = id_of("a.mp4"), id_of("b.mp4")
FIRST = ".results .moment:not(.is-skeleton)"


@pytest.fixture(scope="module")
def red(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("picture") / "red.png"
    Image.new("RGB", (64, 64), "red").save(path)
    return path


@pytest.fixture(autouse=True)
def _without_verdicts(site: Site) -> None:
    judgements = site.library.catalog.judgements
    for judgement in judgements.all():
        judgements.remove(judgement.id)


def search(page: "Page", words: str) -> None:
    page.goto("/")
    page.get_by_role("searchbox").fill(words)
    page.keyboard.press("Enter")
    page.wait_for_selector(FIRST)


def titles(page: "Page") -> list[str]:
    return page.locator(f"{FIRST} .moment-title").all_inner_texts()


def query_of(page: "Page") -> str:
    return str(page.evaluate("decodeURIComponent(location.search.replaceAll('+', ' '))"))


def body_of(request: "Request") -> dict[str, Any]:
    body = request.post_data_json
    assert isinstance(body, dict)
    return body


def remember_forms(page: "Page") -> None:
    """Have the page keep the last form that it sends, which playwright does not show."""
    page.add_init_script(
        """const send = fetch;
        window.fetch = (path, options) => {
            if (options?.body instanceof FormData) window.lastForm = options.body;
            return send(path, options);
        };"""
    )


def sent_options(page: "Page") -> dict[str, Any]:
    return dict(json.loads(page.evaluate("lastForm.get('options')")))


def sent_file(page: "Page") -> bytes:
    return bytes(page.evaluate("lastForm.get('file').arrayBuffer().then((file) => [...new Uint8Array(file)])"))


def test_words_are_found_and_the_moment_is_played(page: "Page") -> None:
    search(page, "the budget is tight")
    best = page.locator(FIRST).first
    assert titles(page)[0] == "a.mp4"
    assert best.locator(".moment-when").inner_text().startswith("0:00–0:04")
    assert best.locator("mark").all_inner_texts() == ["budget", "tight"]
    assert page.locator("#live").inner_text().startswith("1 moment")
    best.get_by_role("link", name="a.mp4").click()
    page.wait_for_url("**/watch/**")
    assert page.evaluate("location.pathname") == f"/watch/{A}"
    assert query_of(page) == "?start_s=0.0&end_s=4.0&text=the budget is tight"


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
    focused = "document.activeElement.closest('li')?.querySelector('.moment-when span').textContent"
    first, second = page.locator(f"{FIRST} .moment-when span:first-child").all_text_contents()[:2]
    page.keyboard.press("ArrowDown")
    assert page.evaluate(focused) == first
    page.keyboard.press("j")
    assert page.evaluate(focused) == second
    page.keyboard.press("k")
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
    with page.expect_request("**/v1/search") as asked:
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
        page.get_by_label("Confidence").select_option("Likely or better")
    assert body_of(asked.value)["min_confidence"] == 0.6
    with page.expect_request("**/v1/search") as asked:
        page.get_by_role("switch", name="One per video").check()
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


def test_a_picture_is_searched_for_alone_and_with_words(page: "Page", red: Path) -> None:
    remember_forms(page)
    page.goto("/")
    with page.expect_request("**/v1/search/image"):
        page.set_input_files("input[type=file]", red)
    page.wait_for_selector(FIRST)
    assert page.locator(f"{FIRST} .moment-when").first.inner_text().split("–")[0] in ("0:00", "1:36", "1:40")
    assert page.get_by_role("img", name="What is searched with: red.png").is_visible()
    page.get_by_role("searchbox").fill("blue")
    page.keyboard.press("Enter")
    with page.expect_request("**/v1/search/image"):
        page.get_by_role("slider", name="How much the words count").fill("0.9")
    assert sent_options(page)["query"] == {"text": "blue", "text_share": 0.9}
    until(page, "document.querySelector('#results-title')")
    page.get_by_role("button", name="Remove red.png").click()
    page.wait_for_url("**/search?q=blue")


def test_a_picture_is_dropped_anywhere(page: "Page", red: Path) -> None:
    page.goto("/")
    page.get_by_role("searchbox").wait_for()
    bytes_of = "[" + ",".join(str(byte) for byte in red.read_bytes()) + "]"
    with page.expect_request("**/v1/search/image"):
        page.evaluate(
            f"""() => {{
                const data = new DataTransfer();
                data.items.add(new File([new Uint8Array({bytes_of})], "red.png", {{ type: "image/png" }}));
                document.body.dispatchEvent(new DragEvent("drop", {{ dataTransfer: data, bubbles: true }}));
            }}"""
        )
    page.wait_for_selector(FIRST)


def test_of_a_clip_a_frame_or_the_sound_is_searched_for(page: "Page", tmp_path: Path) -> None:
    """Red pictures with a tone of 4000 Hz, which the fake sound encoder calls high: both are in a.mp4 at 0:00."""
    clip = video(tmp_path / "clip.mp4", colour("red", 1.0), tone(1.0, 4000))
    page.goto("/")
    with page.expect_request("**/v1/search/image"):
        page.set_input_files("input[type=file]", clip)
    page.wait_for_selector(FIRST)
    with page.expect_request("**/v1/search/sound"):
        page.get_by_role("button", name="Its sound").click()
    until(page, "document.querySelector('.evidence-text')?.innerText.includes('sounds like')")
    assert titles(page)[0] in ("a.mp4", "b.mp4")


def test_what_is_no_picture_sound_or_clip_is_refused_at_once(page: "Page", tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("red", encoding="utf-8")
    page.goto("/")
    page.set_input_files("input[type=file]", notes)
    assert "notes.txt is no picture" in page.get_by_role("alert").inner_text()


def test_a_spoken_question_is_sent_as_a_wav_and_its_words_can_be_edited(page: "Page") -> None:
    """The microphone hears a tone; the fake transcriber makes words of it."""
    remember_forms(page)
    page.goto("/")
    button = page.get_by_role("button", name="Speak your search")
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".mic.is-recording")
    until(page, "document.querySelector('.meter .num').textContent === '0:01'")
    with page.expect_request("**/v1/search/spoken"):
        page.keyboard.press("Enter")
    page.wait_for_selector(FIRST)
    assert page.get_by_role("searchbox").input_value() == SAYS
    assert query_of(page) == f"?q={SAYS}"
    assert titles(page)[0] == "a.mp4"
    with wave.open(BytesIO(sent_file(page))) as heard:
        assert (heard.getnchannels(), heard.getframerate(), heard.getsampwidth()) == (1, 16_000, 2)
        assert 1.0 <= heard.getnframes() / 16_000 < 5
    page.get_by_role("searchbox").fill("red")
    with page.expect_request("**/v1/search"):
        page.keyboard.press("Enter")


def test_the_microphone_is_held_while_speaking(page: "Page") -> None:
    page.goto("/")
    box = page.locator(".mic").bounding_box()
    assert box
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    until(page, "document.querySelector('.meter .num').textContent === '0:01'")
    with page.expect_request("**/v1/search/spoken"):
        page.mouse.up()
    page.wait_for_selector(FIRST)
    assert page.locator(".mic.is-recording").count() == 0


def test_silence_is_not_sent(chromium: "Browser", site: Site, tmp_path: Path) -> None:
    silence = write(tmp_path / "silence.wav", lavfi("anullsrc=sample_rate=48000:channel_layout=mono:duration=2"))
    with launched(chromium.browser_type, silence) as browser, page_on(browser, site.url) as page:
        page.goto("/")
        page.get_by_role("button", name="Speak your search").press("Enter")
        until(page, "document.querySelector('.meter .num').textContent === '0:01'")
        page.keyboard.press("Enter")
        page.wait_for_selector(".query-problem:not([hidden])")
        assert "Nothing was heard" in page.get_by_role("alert").inner_text()


def test_a_blocked_microphone_is_said_in_words(page: "Page") -> None:
    page.add_init_script(
        "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'))"
    )
    page.goto("/")
    page.get_by_role("button", name="Speak your search").press("Enter")
    page.wait_for_selector(".query-problem:not([hidden])")
    assert "The microphone is blocked" in page.get_by_role("alert").inner_text()


def test_more_like_a_moment_is_found(page: "Page") -> None:
    search(page, "the budget is tight")
    with page.expect_request("**/v1/search") as asked:
        page.get_by_role("link", name="More like this").first.click()
    like = {"video_id": A, "start_s": 0, "end_s": 4}
    assert body_of(asked.value)["query"] == {"like": like, "text_share": 0.5}
    until(page, "document.querySelector('.moment-title')?.innerText === 'b.mp4'")
    assert page.get_by_role("img", name="The moment that others should be like").is_visible()
    assert page.get_by_role("button", name="Right").count() == 0


def test_an_abstaining_answer_says_so_and_shows_the_nearest_dimmed(page: "Page") -> None:
    page.goto("/search?q=zebras")
    page.wait_for_selector("#results-title")
    assert page.get_by_role("heading", name="Nothing convincing").is_visible()
    assert page.locator(".results:not(.is-weak) .moment").count() == 0
    until(page, "document.getElementById('live').textContent.startsWith('Nothing convincing')")


def test_more_results_are_added_at_the_end(page: "Page") -> None:
    search(page, "green")
    more = page.get_by_role("button", name="Show more")
    before = len(titles(page))
    assert before == 20
    more.click()
    until(page, "document.querySelectorAll('.moment-title').length > 20")
    assert page.evaluate("document.activeElement.closest('li').previousElementSibling !== null")


def test_a_verdict_is_kept_shown_again_and_taken_back(page: "Page", site: Site) -> None:
    search(page, "the budget is tight")
    wrong = page.get_by_role("button", name="Wrong").first
    with page.expect_response("**/v1/judgements"):
        wrong.click()
    (verdict,) = site.library.catalog.judgements.all()
    assert (verdict.query, verdict.video_id, verdict.is_right) == ("the budget is tight", A, False)
    page.reload()
    page.wait_for_selector(FIRST)
    assert wrong.get_attribute("aria-pressed") == "true"
    with page.expect_response("**/v1/judgements/*"):
        wrong.click()
    until(page, "document.querySelector('.judge-close').ariaPressed === 'false'")
    assert site.library.catalog.judgements.all() == []


def test_the_tray_keeps_its_order_over_a_reload_and_is_exported(page: "Page") -> None:
    search(page, "red")
    for number in (0, 1):
        page.get_by_role("button", name="Pick").nth(number).click()
    tray = page.get_by_role("region", name="Tray")
    tray.get_by_role("button", name="Tray: 2 moments").click()
    first, second = tray.locator(".tray-words").all_inner_texts()
    tray.locator(".tray-grip").nth(1).press("ArrowUp")
    assert tray.locator(".tray-words").all_inner_texts() == [second, first]
    page.reload()
    page.wait_for_selector(FIRST)
    tray.get_by_role("button", name="Tray: 2 moments").click()
    assert tray.locator(".tray-words").all_inner_texts() == [second, first]
    grip, other = (tray.locator(".tray-grip").nth(number).bounding_box() for number in (0, 1))
    assert grip
    assert other
    page.mouse.move(grip["x"] + 8, grip["y"] + 8)
    page.mouse.down()
    page.mouse.move(other["x"] + 8, other["y"] + other["height"] + 8, steps=4)
    page.mouse.up()
    assert tray.locator(".tray-words").all_inner_texts() == [first, second]
    tray.get_by_role("button", name="Export").click()
    with page.expect_download() as saved:
        page.get_by_role("menuitem", name="Table").click()
    lines = Path(saved.value.path()).read_text(encoding="utf-8").splitlines()
    assert len(lines) == 3
    assert saved.value.suggested_filename.endswith(".csv")
    tray.get_by_role("button", name="Clear").click()
    assert tray.is_hidden()
    page.get_by_role("button", name="Undo").click()
    assert tray.get_by_role("button", name="Tray: 2 moments").is_visible()


def test_the_theme_is_remembered(page: "Page") -> None:
    page.goto("/sign-in")
    light = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    page.get_by_role("button", name="Use the dark theme").click()
    dark = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert dark != light
    page.reload()
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == dark
    page.get_by_role("button", name="Use the light theme").click()
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == light


def test_a_server_that_is_gone_is_said_and_can_be_tried_again(page: "Page") -> None:
    page.goto("/")
    page.wait_for_selector(".library-size")
    page.route("**/v1/search", lambda route: route.abort())
    page.get_by_role("searchbox").fill("red")
    page.keyboard.press("Enter")
    again = page.get_by_role("button", name="Try again")
    again.wait_for()
    assert "Moments cannot be reached" in page.locator(".state").inner_text()
    page.unroute("**/v1/search")
    again.click()
    page.wait_for_selector(FIRST)


def test_a_search_that_cannot_be_is_explained_at_the_box(page: "Page") -> None:
    page.goto("/search?q=%3F%3F%3F")
    page.wait_for_selector(".query-problem:not([hidden])")
    assert "has no letter or digit" in page.locator(".query-problem").inner_text()
    assert page.get_by_role("searchbox").get_attribute("aria-invalid") == "true"


def test_titles_are_text_whatever_they_say(page: "Page", site: Site) -> None:
    title = '<img src=x onerror="document.title=1">'
    page.request.patch(f"{site.url}/v1/videos/{A}", data={"title": title})
    try:
        search(page, "the budget is tight")
        assert titles(page)[0] == title
        assert page.locator(".moment-title img").count() == 0
    finally:
        page.request.patch(f"{site.url}/v1/videos/{A}", data={"title": "a.mp4"})


def test_an_address_that_leads_nowhere_is_said(page: "Page") -> None:
    page.goto("/")
    page.evaluate("history.pushState({}, '', '/nowhere'); dispatchEvent(new PopStateEvent('popstate'))")
    page.get_by_role("heading", name="There is no such page").wait_for()


def test_an_empty_library_leads_to_where_videos_are_added(chromium: "Browser", tmp_path: Path) -> None:
    with site_of(tmp_path, {}) as empty, page_on(chromium, empty.url) as page:
        page.goto("/")
        page.get_by_role("heading", name="Your library is empty").wait_for()
        assert page.get_by_role("link", name="Add videos").get_attribute("href") == "/library"
        assert violations(page) == []


def test_where_a_key_is_needed_signing_in_leads_back(chromium: "Browser", tmp_path: Path) -> None:
    with site_of(tmp_path, {"a.mp4": (FakeShot("red"),)}) as locked, page_on(chromium, locked.url) as page:
        secret = locked.library.catalog.api_keys.create("desk")[1]
        page.goto("/search?q=red&by=video")
        page.wait_for_url("**/sign-in?next=**")
        assert violations(page) == []
        page.get_by_label("API key").fill("wrong")
        page.keyboard.press("Enter")
        page.get_by_text("This key is not known here").wait_for()
        page.get_by_label("API key").fill(secret)
        page.keyboard.press("Enter")
        page.wait_for_url("**/search?q=red&by=video")
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/sign-in")


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_every_state_is_accessible_and_fits(chromium: "Browser", site: Site, width: int, theme: str) -> None:
    options: dict[str, Any] = {"viewport": {"width": width, "height": 844}, "color_scheme": theme}
    # Things that fade in would be measured while they are half there.
    with page_on(chromium, site.url, reduced_motion="reduce", **options) as page:

        def check(state: str) -> None:
            assert violations(page) == [], state
            assert page.evaluate("document.documentElement.scrollWidth") <= width, state

        page.goto("/")
        page.wait_for_selector(".library-size")
        page.get_by_role("button", name="then", exact=True).click()
        page.get_by_role("button", name="without", exact=True).click()
        page.get_by_role("button", name="Filters").click()
        check("the empty page with all fields open")
        page.get_by_role("button", name="How much Heard counts").click()
        check("the weight of a lane")
        page.goto("/search?q=the+budget+is+tight&lane=speech&lane=visual&least=0.01")
        page.wait_for_selector(FIRST)
        for name in ("Right", "Pick", "Why?"):
            page.get_by_role("button", name=name).first.click()
        page.get_by_role("button", name="Tray: 1 moment").click()
        check("results, one of them explained, and the tray")
        page.get_by_role("button", name="Export").click()
        check("the menu of exports")
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        check("the shortcuts")
        page.goto("/search?q=zebras")
        page.wait_for_selector("#results-title")
        check("an abstaining answer")


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
    badge = page.locator(FIRST).first.locator(".lane-badge", has_text="Moves")
    assert badge.locator("xpath=..").locator(".evidence-text").inner_text() == "looks like a wave"
    assert badge.locator(".icon").evaluate(
        "(icon) => getComputedStyle(icon).getPropertyValue('--lane')"
    ) == page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--lane-red')")
    with page.expect_request("**/v1/search") as asked:
        page.get_by_role("button", name="Moves", exact=True).click()
    assert body_of(asked.value)["lanes"] == ["visual", "sound", "speech", "screen"]
