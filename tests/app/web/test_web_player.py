"""The player page in a real browser: the moment, the keys, the timeline, the transcript, and what can go wrong."""

import re
from typing import TYPE_CHECKING

import pytest

from tests.browser import Site, page_on, until, violations
from tests.fakes import id_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

A, B = id_of("a.mp4"), id_of("b.mp4")
GREEN = f"/watch/{A}?text=green"


@pytest.fixture
def player(page: "Page") -> "Page":
    """A page on A.mp4 at [40, 44), with the search for "green": a moment there, and one every 12 s.

    It stands still, as somebody wants it who wants less motion.
    """
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{GREEN}&start_s=40&end_s=44")
    page.get_by_role("tab", name="Moments").wait_for()
    until(page, "document.querySelector('video')?.readyState >= 2")
    return page


def wait_until(page: "Page", condition: str) -> None:
    """Wait for a condition on ``t``, the second that the player shows, and ``v``, the media element."""
    until(page, f"[document.querySelector('video')].some((v) => v && ((t) => {condition})(v.currentTime))")


def pause(page: "Page") -> None:
    page.evaluate("document.querySelector('video').pause()")
    wait_until(page, "v.paused && !v.seeking")


def test_a_deep_link_opens_at_its_moment_and_plays_it(page: "Page") -> None:
    page.goto(f"{GREEN}&start_s=40&end_s=44")
    wait_until(page, "t > 40.2 && !v.paused")

    page.get_by_role("button", name="0:28–0:32").wait_for()
    assert page.get_by_role("button", name="0:40–0:44").get_attribute("aria-current") == "true"
    assert page.title() == "a.mp4 · Moments"


def test_the_moment_is_repeated_until_somebody_leaves_it(player: "Page") -> None:
    player.keyboard.press("r")
    player.keyboard.press("k")
    player.evaluate("document.querySelector('video').currentTime = 43.7")
    wait_until(player, "t >= 40 && t < 42")
    assert player.get_by_role("button", name="Repeat the moment").get_attribute("aria-pressed") == "true"

    player.keyboard.press("0")

    wait_until(player, "t < 2")
    assert player.get_by_role("button", name="Repeat the moment").get_attribute("aria-pressed") == "false"


def test_keys_pause_skip_step_and_change_the_sound(player: "Page") -> None:
    player.keyboard.press("k")
    wait_until(player, "!v.paused")
    player.keyboard.press("k")
    wait_until(player, "v.paused")

    player.keyboard.press("5")
    wait_until(player, "!v.seeking && Math.abs(t - 52) < 0.1")
    player.keyboard.press("l")
    wait_until(player, "!v.seeking && Math.abs(t - 62) < 0.1")
    player.keyboard.press("j")
    player.keyboard.press("ArrowLeft")
    wait_until(player, "!v.seeking && Math.abs(t - 47) < 0.1")
    player.keyboard.press(".")
    wait_until(player, "!v.seeking && t > 47.01 && t < 47.35")
    player.keyboard.press(">")
    player.keyboard.press("m")

    assert player.evaluate("document.querySelector('video').playbackRate") == 1.25
    player.get_by_role("button", name="Sound on").wait_for()


def test_going_to_another_hit_changes_the_address_and_back_returns(player: "Page") -> None:
    player.keyboard.press("[")
    player.wait_for_url("**start_s=28&end_s=32**")
    wait_until(player, "t < 40")

    player.go_back()

    player.wait_for_url("**start_s=40&end_s=44**")
    wait_until(player, "t >= 40")
    assert player.get_by_role("button", name="0:40–0:44").get_attribute("aria-current") == "true"


def test_the_address_keeps_the_place_without_filling_the_history(player: "Page") -> None:
    before = player.evaluate("history.length")
    for _ in range(3):
        player.keyboard.press("ArrowLeft")
    player.wait_for_url("**&t_s=**")

    assert player.evaluate("history.length") == before
    kept_s = float(player.url.split("&t_s=")[1].split("&")[0])
    player.reload()
    until(player, "document.querySelector('video')?.readyState >= 2")
    assert kept_s < 40
    wait_until(player, f"!v.seeking && Math.abs(t - {kept_s}) < 0.1")


def test_the_timeline_is_a_slider_for_keys_and_a_strip_for_the_mouse(player: "Page") -> None:
    timeline = player.get_by_role("slider", name="Timeline")
    timeline.focus()
    player.keyboard.press("Home")
    wait_until(player, "!v.seeking && t < 0.1")
    player.keyboard.press("PageUp")
    wait_until(player, "!v.seeking && Math.abs(t - 30) < 0.1")
    assert timeline.get_attribute("aria-valuetext") == (
        "30 seconds of 1 minute 44 seconds, shot 8 of 26, in a moment that is very likely"
    )

    box = timeline.bounding_box()
    assert box
    player.mouse.click(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    wait_until(player, "!v.seeking && Math.abs(t - 26) < 0.5")
    player.keyboard.press("+")
    assert player.get_by_role("button", name="Whole video").is_visible()


def test_the_pointer_over_the_timeline_shows_the_picture_and_the_time(player: "Page") -> None:
    box = player.get_by_role("slider", name="Timeline").bounding_box()
    assert box
    player.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40)

    assert player.locator(".timeline-tip-time").inner_text().startswith("0:5")
    until(player, "document.querySelector('.timeline-tip-picture').naturalWidth > 0")


def test_the_transcript_goes_along_and_a_word_in_it_is_a_place(page: "Page") -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"/watch/{A}?text=budget")
    page.get_by_role("tab", name="Transcript").click()
    line = page.get_by_role("button", name="the budget is tight")
    line.hover()
    assert page.locator(".line mark").all_inner_texts() == ["budget"]

    page.locator(".word", has_text="tight").click()
    wait_until(page, "!v.seeking && t >= 3 && t < 4")
    assert line.get_attribute("aria-current") == "true"
    page.get_by_role("searchbox", name="Find in the transcript").fill("IS TI")
    assert page.locator("mark.is-found").all_inner_texts() == ["is", " ", "ti"]
    assert page.locator(".finder-count").inner_text() == "1 of 1"


def test_captions_come_from_the_transcript(player: "Page") -> None:
    until(player, "document.querySelector('video')?.textTracks[0]?.cues?.length === 1")
    player.keyboard.press("c")

    assert player.get_by_role("button", name="Captions").get_attribute("aria-pressed") == "true"
    track = "document.querySelector('video').textTracks[0]"
    assert player.evaluate(f"[{track}.mode, {track}.cues[0].text]") == ["showing", "the budget is tight"]


def test_a_search_in_the_video_shows_where_it_fits(page: "Page") -> None:
    page.goto(f"/watch/{A}")
    page.get_by_role("searchbox", name="Search in this video").fill("red")
    page.keyboard.press("Enter")

    page.wait_for_url("**/watch/*?text=red")
    page.get_by_text("2 moments here").wait_for()
    page.get_by_role("searchbox", name="Search in this video").fill("zebra")
    page.keyboard.press("Enter")
    page.get_by_text("Nothing likely here").wait_for()


def test_a_file_that_the_browser_cannot_decode_is_played_as_clips(page: "Page") -> None:
    def garbage(route: "Route") -> None:
        route.fulfill(body=b"" if route.request.method == "HEAD" else b"no video", content_type="video/mp4")

    page.route("**/v1/videos/*/stream", garbage)
    with page.expect_response("**/clip.mp4?*", timeout=60_000):
        page.goto(f"{GREEN}&start_s=90&end_s=92")
    page.get_by_text("This is a converted copy of 1:25–1:44").wait_for()
    wait_until(page, "v.readyState >= 2 && t >= 5")
    assert page.locator(".player-time").inner_text()[:2] == "1:"

    page.keyboard.press("0")

    page.get_by_text("This is a converted copy of 0:00–1:00").wait_for()
    until(page, "document.querySelector('video').src.includes('start_s=0&end_s=60')")


def test_a_file_whose_own_times_start_over_is_played_as_clips(page: "Page") -> None:
    """The browser could decode it, and would show another second."""

    def broken(route: "Route") -> None:
        route.fulfill(json={**route.fetch().json(), "times_break": True})

    page.route(re.compile(r"/v1/videos/\w+$"), broken)
    with page.expect_response("**/clip.mp4?*", timeout=60_000):
        page.goto(f"{GREEN}&start_s=90&end_s=92")
    page.get_by_text("This is a converted copy of 1:25–1:44").wait_for()
    wait_until(page, "v.readyState >= 2 && t >= 5")


def test_a_file_that_moved_says_where_it_was(page: "Page", site: Site) -> None:
    file, elsewhere = site.files / "b.mp4", site.files / "moved.mp4"
    file.rename(elsewhere)
    try:
        page.goto(f"/watch/{B}")
        page.get_by_text("The file is no longer where it was").wait_for()
        assert str(file) in page.locator(".player-panel").inner_text()
    finally:
        elsewhere.rename(file)


def test_a_file_that_was_replaced_says_so(page: "Page", site: Site) -> None:
    file, elsewhere = site.files / "b.mp4", site.files / "moved.mp4"
    file.rename(elsewhere)
    file.write_bytes((site.files / "a.mp4").read_bytes())
    try:
        page.goto(f"/watch/{B}")
        page.get_by_text("The file is not the one that was indexed").wait_for()
        assert str(file) in page.locator(".player-panel").inner_text()
    finally:
        elsewhere.replace(file)


def test_an_unknown_video_is_told_with_a_way_back(page: "Page") -> None:
    page.goto("/watch/ffffffffffffffff?start_s=3&end_s=5")

    page.get_by_role("heading", name="There is no such video").wait_for()
    page.get_by_role("link", name="Open the library").click()
    page.wait_for_url("**/library")


def test_title_tags_and_date_can_be_changed_and_are_only_ever_text(page: "Page") -> None:
    page.goto(f"/watch/{B}")
    edit = page.get_by_role("button", name="Edit title, tags and date")
    edit.click()
    page.get_by_role("textbox", name="Title").fill("<img src=x onerror=alert(1)>")
    page.get_by_role("textbox", name="Tags").fill("<b>bold</b>")
    page.keyboard.press("Enter")
    page.get_by_label("Recorded on").fill("2024-03-12")
    page.get_by_role("button", name="Save").click()

    page.get_by_role("heading", name="<img src=x onerror=alert(1)>").wait_for()
    assert page.get_by_role("link", name="<b>bold</b>").is_visible()
    assert page.get_by_text("recorded 12 March 2024").is_visible()
    assert edit.evaluate("element => element === document.activeElement")
    assert page.locator("main img[src='x']").count() == 0


def test_the_moment_can_be_put_into_the_tray(player: "Page") -> None:
    player.get_by_role("button", name="Add to tray").click()

    assert player.get_by_role("button", name="In the tray").is_visible()
    assert player.evaluate("JSON.parse(sessionStorage['moments.tray'])[0].start_s") == 40


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_nothing_serious_is_wrong_for_assistive_technology(
    site: Site, chromium: "Browser", width: int, theme: str
) -> None:
    # A page in motion has colours in between.
    calm = {"viewport": {"width": width, "height": 844}, "color_scheme": theme, "reduced_motion": "reduce"}
    with page_on(chromium, site.url, **calm) as page:
        page.goto(GREEN)
        until(page, "document.querySelector('video')?.readyState >= 2")
        page.get_by_role("tab", name="Transcript").click()

        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
