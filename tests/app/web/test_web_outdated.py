"""What an older version indexed, on the library page in a real browser: how many videos, and the button that helps."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from indexer.jobs.queue import IndexJobs
from indexer.pipeline import Indexer
from indexer.settings import IndexSettings
from retrieval.domain import Lane
from retrieval.search import SearchEngine
from tests.browser import Site, page_on, site_of, violations
from tests.fakes import FakeShot, FakeVoiceActivity, id_of
from tests.index_fakes import RevisedEncoders

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FILMS = {"red.mp4": (FakeShot("red"),), "blue.mp4": (FakeShot("blue"),), "lost.mp4": (FakeShot("green"),)}


@pytest.fixture
def outdated_site(tmp_path: Path) -> Iterator[Site]:
    """Three films, indexed by eyes of an earlier revision than the server's; the file of the last is gone."""
    newer = RevisedEncoders(voices=FakeVoiceActivity(None), revisions={Lane.VISUAL: "2"})
    with ThreadPoolExecutor(1) as thread, ExitStack() as stack:
        site = stack.enter_context(site_of(tmp_path, dict(FILMS)))
        (site.files / "lost.mp4").unlink()
        library = site.library
        indexer = Indexer(library, newer, IndexSettings(data_dir=library.settings.data_dir))
        queue = IndexJobs(indexer, f"sqlite:///{tmp_path / 'jobs.sqlite'}", "local", 1).running()
        # In a thread: the queue refuses to start where an event loop runs, as the browser's does here.
        site.api.state.jobs = thread.submit(queue.__enter__).result()
        stack.callback(lambda: thread.submit(queue.__exit__, None, None, None).result())
        site.api.state.engine = SearchEngine(library, newer)
        site.api.state.closing = asyncio.Event()
        yield site


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_outdated_videos_are_told_of_and_brought_up_to_date(
    outdated_site: Site, chromium: "Browser", width: int, theme: str
) -> None:
    calm = {"viewport": {"width": width, "height": 844}, "color_scheme": theme, "reduced_motion": "reduce"}
    with page_on(chromium, outdated_site.url, **calm) as page:
        page.goto("/library")
        banner = page.get_by_role("region", name="Older versions")
        banner.get_by_text("3 videos were indexed by an older version").wait_for()
        banner.get_by_text("They are found by what still fits").wait_for()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width

        banner.get_by_role("button", name="Reindex").click()

        banner.get_by_text("lost.mp4 does not exist any more").wait_for()
        assert banner.get_by_role("button").count() == 0
        banner.get_by_text("1 video was indexed by an older version").wait_for()
        banner.get_by_text("Left as they are").wait_for()
        assert violations(page) == []
        spaces = {id_of(name): outdated_site.library.catalog.resolve(name).encoders[Lane.VISUAL] for name in FILMS}
        assert spaces[id_of("red.mp4")] == spaces[id_of("blue.mp4")] != spaces[id_of("lost.mp4")]


def test_a_library_that_is_up_to_date_says_nothing_of_it(tmp_path: Path, chromium: "Browser") -> None:
    with site_of(tmp_path, dict(FILMS)) as site:
        site.api.state.closing = asyncio.Event()
        with page_on(chromium, site.url) as page:
            page.route(
                "**/v1/jobs/events",
                lambda route: route.fulfill(content_type="text/event-stream", body="retry: 60000\n\n"),
            )
            page.goto("/library")
            page.get_by_text("3 videos, ").wait_for()
            assert page.get_by_role("region", name="Older versions").count() == 0
