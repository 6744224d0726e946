"""Who says what, and in which language, in a real browser: transcripts, names, proposals, filters and evidence."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser import FIRST, Site, page_on, query_of, search, site_of, titles
from tests.fakes import FakeShot, id_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TALK, CALL = "talk.mp4", "call.mp4"
VIDEOS = {
    TALK: (
        FakeShot("red", says="the budget is tight", speaker=1),
        FakeShot("red", says="we will save money", speaker=1),
        FakeShot("blue", says="das geld ist knapp", language="de", speaker=2),
        FakeShot("green", says="the budget again", speaker=1),
    ),
    CALL: (
        FakeShot("blue", says="the budget on the phone", speaker=1),
        FakeShot("green", says="nothing but the budget", speaker=1),
    ),
}


@pytest.fixture
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Two videos in which the first voice is the same, and a second speaks German."""
    with site_of(tmp_path_factory.mktemp("spoken"), dict(VIDEOS)) as running:
        yield running


@pytest.fixture
def page(spoken: Site, chromium: "Browser") -> Iterator["Page"]:
    with page_on(chromium, spoken.url) as fresh:
        yield fresh


def open_speakers(page: "Page", video: str) -> None:
    page.goto(f"/watch/{id_of(video)}")
    page.get_by_role("tab", name="Transcript").click()
    page.locator(".speakers > summary").click()
    page.locator(".speaker").first.wait_for()


def heads(page: "Page") -> list[str]:
    return [head.replace("\n", " ") for head in page.locator(".line-head").all_inner_texts()]


def name_first(page: "Page", name: str) -> None:
    page.get_by_role("button", name="Name Speaker 1").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator(".speaker-name").get_by_text(name).wait_for()


def test_a_transcript_says_where_another_speaks_and_in_which_language(page: "Page") -> None:
    open_speakers(page, TALK)
    assert heads(page) == ["Speaker 1", "Speaker 2 German", "Speaker 1"]
    assert page.locator(".line-text[lang=de]").inner_text() == "das geld ist knapp"
    assert page.locator(".speaker-facts").all_inner_texts() == ["12 s, very likely", "4 s, very likely"]


def test_a_speaker_is_named_and_proposed_where_the_same_voice_speaks(page: "Page") -> None:
    open_speakers(page, TALK)
    name_first(page, "Anna")
    assert heads(page) == ["Anna", "Speaker 2 German", "Anna"]
    open_speakers(page, CALL)
    assert page.locator(".speaker-proposal").inner_text().startswith("Perhaps Anna, as in talk.mp4?")
    page.get_by_role("button", name="Yes: Speaker 1 is Anna").click()
    page.locator(".speaker-name").get_by_text("Anna").wait_for()
    assert heads(page) == ["Anna"]
    assert page.locator(".speaker-proposal").count() == 0


def test_a_proposal_that_is_refused_is_gone(page: "Page") -> None:
    open_speakers(page, TALK)
    name_first(page, "Anna")
    open_speakers(page, CALL)
    page.get_by_role("button", name="No: Speaker 1 is not Anna").click()
    page.locator(".speaker-proposal").wait_for(state="detached")
    assert page.locator(".speaker-name").inner_text() == "Speaker 1"


def test_what_cannot_be_a_name_is_said_in_the_dialog(page: "Page") -> None:
    open_speakers(page, TALK)
    page.get_by_role("button", name="Name Speaker 1").click()
    page.get_by_label("Name", exact=True).fill("Speaker 7")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("alert").get_by_text("Speaker 7").wait_for()
    page.get_by_role("button", name="Cancel").click()
    assert heads(page)[0] == "Speaker 1"


def test_moments_are_filtered_by_who_speaks_and_in_which_language(page: "Page") -> None:
    open_speakers(page, TALK)
    name_first(page, "Anna")
    search(page, "the budget")
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("Speaker", exact=True).fill("Anna")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Remove filter: Anna").wait_for()
    page.locator(FIRST).get_by_text(CALL).first.wait_for(state="detached")
    page.wait_for_selector(FIRST)
    assert "speaker=Anna" in query_of(page)
    assert set(titles(page)) == {TALK}
    assert page.locator(".evidence-text").first.inner_text().startswith("Anna: “")

    page.get_by_role("button", name="Remove filter: Anna").click()
    page.get_by_label("Language", exact=True).fill("German")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Remove filter: German").wait_for()
    search_again = page.get_by_role("searchbox")
    search_again.fill("das geld ist knapp")
    page.keyboard.press("Enter")
    page.wait_for_selector(FIRST)
    page.locator(".evidence-text").get_by_text("German").first.wait_for()
