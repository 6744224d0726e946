"""Results in a real browser: a contact sheet or a list, sorted and grouped, with what is weak folded."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser import FIRST, Site, page_on, search, site_of, titles, until
from tests.fakes import FakeShot, id_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

A, B = id_of("a.mp4"), id_of("b.mp4")
WHY = "Why, and what to do with it"


def answer_with(page: "Page", change: Any) -> None:
    """Have the answers to searches changed on their way to the page."""

    def changed(route: "Route") -> None:
        answer = route.fetch()
        told = answer.json()
        change(told)
        route.fulfill(response=answer, json=told)

    page.route("**/v1/search", changed)


def test_a_tile_shows_time_word_and_lane_and_its_name_smaller(page: "Page") -> None:
    search(page, "red")
    tile = page.locator(FIRST).first
    assert tile.locator(".moment-picture").is_visible()
    assert tile.locator(".lane-icons .icon").count() >= 1
    assert tile.locator(".confidence-words").inner_text() in ("very likely", "likely", "perhaps", "doubtful")
    assert tile.locator(".confidence-words").get_attribute("title").endswith("%")  # type: ignore[union-attr]
    size = "(one) => parseFloat(getComputedStyle(one).fontSize)"
    assert tile.locator(".moment-title").evaluate(size) < tile.locator(".moment-when").evaluate(size)


def test_more_than_a_dozen_pictures_are_seen_at_once(page: "Page") -> None:
    search(page, "green")
    page.get_by_role("button", name="weaker matches").click()
    seen = """(height) => [...document.querySelectorAll('.moment.tile .moment-frame')]
        .filter((one) => one.getBoundingClientRect().bottom <= height).length"""
    assert page.evaluate(seen, 900) >= 12
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate(seen, 844) >= 4


def test_weak_matches_are_one_line_until_they_are_asked_for(page: "Page") -> None:
    search(page, "the budget is tight")
    shown = len(titles(page))
    fold = page.get_by_role("button", name="weaker matches")
    fold.click()
    assert fold.get_attribute("aria-expanded") == "true"
    assert len(titles(page)) == 20
    page.locator(FIRST).first.get_by_role("link").last.click()
    page.wait_for_url("**/watch/**")
    page.go_back()
    page.wait_for_selector(FIRST)
    assert len(titles(page)) == 20
    fold.click()
    assert len(titles(page)) == shown


def test_the_view_is_chosen_and_remembered(page: "Page") -> None:
    search(page, "red")
    page.get_by_role("button", name="List", exact=True).click()
    assert page.locator(".results.is-list").count() == 1
    assert page.evaluate("document.activeElement.name") == "view-list"
    assert page.locator(f"{FIRST} .evidence").first.is_visible()
    page.reload()
    page.wait_for_selector(FIRST)
    assert page.locator(".results.is-list .moment.card").count() > 0
    page.get_by_role("button", name="Pictures", exact=True).click()
    assert page.locator(".results.is-grid .moment.tile").count() > 0


def test_moments_are_sorted_by_time_and_by_date_which_stands_on_them(page: "Page", site: Site) -> None:
    for video, day in ((A, "2024-03-12"), (B, "2025-01-02")):
        page.request.patch(f"{site.url}/v1/videos/{video}", data={"recorded_at": f"{day}T10:00:00Z"})
    try:
        search(page, "red")
        assert "12 Mar 2024" in page.locator(f"{FIRST} .moment-day").all_inner_texts()
        with page.expect_request("**/v1/search") as asked:
            page.get_by_label("Sort").select_option("Newest first")
        assert (asked.value.post_data_json or {})["limit"] == 100
        page.wait_for_url("**sort=newest")
        until(page, "document.querySelector('.moment-title')?.textContent === 'b.mp4'")
        days = page.locator(f"{FIRST} .moment-day").all_inner_texts()
        assert days == sorted(days, key=lambda day: day.split()[-1], reverse=True)
        page.get_by_label("Sort").select_option("Oldest first")
        until(page, "document.querySelector('.moment-title')?.textContent === 'a.mp4'")
        page.get_by_label("Sort").select_option("By time in the video")
        page.wait_for_url("**sort=time")
        until(
            page,
            """wanted => [...document.querySelectorAll('.moment')]
            .filter((one) => one.querySelector('.moment-title')?.textContent === 'a.mp4')
            .slice(0, 2).map((one) => one.querySelector('.moment-when').textContent).join() === wanted""",
            "0:00–0:04,1:40–1:44",
        )
    finally:
        for video in (A, B):
            page.request.patch(f"{site.url}/v1/videos/{video}", data={"recorded_at": None})


def test_moments_are_grouped_by_video(page: "Page") -> None:
    search(page, "red")
    page.get_by_label("Group").select_option("Grouped by video")
    page.wait_for_url("**by=group")
    page.wait_for_selector(".video-group")
    for group in page.locator(".video-group").all():
        name = group.get_attribute("aria-label")
        assert set(group.locator(".moment-title").all_inner_texts()) == {name}


def test_one_thing_after_another_is_two_pictures_that_name_their_steps(page: "Page") -> None:
    page.goto("/search?q=red&then=green")
    page.wait_for_selector(FIRST)
    tile = page.locator(FIRST).first
    assert [words.split(" ", 1)[1] for words in tile.locator(".step-words").all_inner_texts()] == ["red", "green"]
    pictures = tile.locator(".is-sequence .moment-picture")
    assert pictures.count() == 2
    assert len({picture.get_attribute("src") for picture in pictures.all()}) == 2
    starts = [link.get_attribute("href") for link in tile.locator(".moment-open").all()]
    assert len(set(starts)) == 2
    tile.get_by_role("button", name=WHY).click()
    steps = page.locator(".moment-details .evidence-line em").all_inner_texts()
    assert list(dict.fromkeys(steps)) == ["red", "green"]


def test_what_is_only_heard_has_a_waveform(page: "Page") -> None:
    def without_picture(told: dict[str, Any]) -> None:
        told["moments"][0].update(picture_s=None, thumbnail_url=None)

    answer_with(page, without_picture)
    page.route("**/waveform?**", lambda route: route.fulfill(json={"peaks": [n / 64 for n in range(64)]}))
    search(page, "the budget is tight")
    page.wait_for_selector(".waveform-bars")
    assert page.locator(FIRST).first.locator(".waveform-bars rect").count() == 64


def test_a_finger_that_rests_on_a_picture_plays_it_and_opens_nothing(chromium: "Browser", site: Site) -> None:
    with page_on(chromium, site.url, viewport={"width": 390, "height": 844}, has_touch=True) as page:
        search(page, "the budget is tight")
        frame = page.locator(f"{FIRST} .moment-frame").first
        frame.dispatch_event("pointerdown", {"pointerType": "touch", "bubbles": True})
        until(page, "document.querySelector('.preview')?.currentTime > 0.1")
        address = page.url
        frame.dispatch_event("pointerup", {"pointerType": "touch", "bubbles": True})
        frame.locator(".moment-open").dispatch_event("click")
        assert page.url == address
        until(page, "document.querySelector('.preview') === null")
        frame.locator(".moment-open").dispatch_event("click")
        page.wait_for_url("**/watch/**")


def test_what_can_be_done_opens_under_the_row(page: "Page") -> None:
    search(page, "red")
    more = page.locator(FIRST).first.get_by_role("button", name=WHY)
    more.click()
    details = page.locator(".moment-details")
    assert details.get_by_text("sure in all").is_visible()
    details.get_by_role("button", name="Right").click()
    until(page, "document.querySelectorAll('.judge-check[aria-pressed=true]').length === 2")
    details.get_by_role("button", name="Right").click()
    until(page, "document.querySelectorAll('.judge-check[aria-pressed=true]').length === 0")
    more.click()
    assert details.count() == 0


def test_a_word_and_the_figure_beside_it_agree(page: "Page") -> None:
    """0.7996 is no 80 %, from where on a moment is very likely."""

    def just_below(told: dict[str, Any]) -> None:
        told["moments"][0].update(confidence=0.7996, confidence_in_words="likely")

    answer_with(page, just_below)
    search(page, "the budget is tight")
    word = page.locator(FIRST).first.locator(".confidence-words")
    assert (word.inner_text(), word.get_attribute("title")) == ("likely", "79\u202f%")


def test_a_picture_that_finds_nothing_gets_no_advice_on_words(page: "Page", tmp_path: Path) -> None:
    from PIL import Image

    answer_with_nothing = {"abstained": True, "moments": [], "searched": {"videos": 2, "seconds": 208.0}}
    page.route(
        "**/v1/search/image",
        lambda route: route.fulfill(json={**answer_with_nothing, "abstain_below": 0.12, "took_ms": 1.0}),
    )
    Image.new("RGB", (64, 64), "white").save(tmp_path / "white.png")
    page.goto("/")
    page.set_input_files("input[type=file]", tmp_path / "white.png")
    page.get_by_role("heading", name="Nothing like this picture in your 2 videos (3 min).").wait_for()
    assert "words" not in page.locator(".outcome").inner_text()


def test_steps_that_are_not_found_are_named(page: "Page") -> None:
    answer_with(page, lambda told: told.update(abstained=True))
    page.goto("/search?q=striped+horses+that+run&then=a+lion")
    page.get_by_role("heading", name="Nothing for “striped horses that run”, then “a lion” in your 2").wait_for()
    assert page.locator(FIRST).count() == 1


def test_an_empty_library_has_a_button_and_no_command(chromium: "Browser", tmp_path: Path) -> None:
    with site_of(tmp_path, {}) as empty, page_on(chromium, empty.url) as page:
        page.goto("/search?q=red")
        page.get_by_role("link", name="Add videos").wait_for()
        assert "moments index" not in page.locator("main").inner_text()


def test_filters_that_ask_for_too_much_can_be_lifted(page: "Page") -> None:
    page.goto("/search?q=zebras&least=0.8")
    page.get_by_role("button", name="Show what is less sure").click()
    page.wait_for_selector(FIRST)
    page.goto("/search?q=red&path=nowhere")
    page.get_by_role("heading", name="No video is left by your filters").wait_for()
    page.get_by_role("button", name="Search everything").click()
    page.wait_for_selector(FIRST)


def test_home_shows_examples_as_pictures_without_an_error(chromium: "Browser", tmp_path: Path) -> None:
    """One video has no pictures: what asks for none of them breaks nothing."""
    videos: dict[str, Sequence[FakeShot]] = {
        "a.mp4": (FakeShot("red", says="the budget is tight"),),
        "b.mp4": (FakeShot(says="nobody was there at all"),),
    }
    with site_of(tmp_path, videos) as site, page_on(chromium, site.url) as page:
        heard_only = site.library.catalog.get(B)
        assert heard_only
        site.library.catalog.upsert(replace(heard_only, width=None, height=None))
        (listed,) = [one for one in page.request.get("/v1/videos").json()["videos"] if one["video_id"] == B]
        assert (listed["has_picture"], listed["status"]) == (False, "indexed")
        failed: list[str] = []
        page.on("response", lambda answer: failed.append(answer.url) if answer.status >= 400 else None)
        page.goto("/")
        example = page.locator(".example-link").first
        example.wait_for()
        assert example.locator(".moment-picture, .waveform").is_visible()
        page.wait_for_load_state("networkidle")
        assert failed == []
        example.click()
        page.wait_for_selector(FIRST)
        assert "q=" in page.url


def test_home_opens_with_a_dozen_requests_at_most(page: "Page") -> None:
    """There are as many examples as lanes; here only one has a picture."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/")
    page.wait_for_selector(".library-size")
    page.wait_for_load_state("networkidle")
    assert len([url for url in asked if "/thumbnail" not in url]) + 4 <= 12, asked


@pytest.mark.parametrize("view", ["Pictures", "List"])
def test_more_like_a_result_comes_by_its_key_without_loading_the_page_anew(page: "Page", view: str) -> None:
    search(page, "red")
    page.get_by_role("button", name=view).click()
    page.evaluate("window.isTheSame = true")
    page.locator(FIRST).first.get_by_role("link").first.focus()
    with page.expect_request("**/v1/search"):
        page.keyboard.press("s")
    assert "like=" in page.url
    assert page.evaluate("window.isTheSame") is True
