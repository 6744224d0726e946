"""What the page keeps and says, in a real browser: verdicts, the tray, the theme, errors, every state."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser import FIRST, Site, page_on, search, site_of, titles, until, violations
from tests.fakes import FakeShot, id_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

A = id_of("a.mp4")


@pytest.fixture(autouse=True)
def _without_verdicts(site: Site) -> None:
    judgements = site.library.catalog.judgements
    for judgement in judgements.all():
        judgements.remove(judgement.id)


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
        for name in ("Right", "Pick", "Why, and what to do with it"):
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
