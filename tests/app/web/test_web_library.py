"""The library page in a real browser: adding, watching jobs, finding, tagging and removing videos."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from indexer.intake.addition import Addition
from indexer.intake.identify import by_its_bytes
from indexer.jobs.queue import IndexJobs
from indexer.outcome import Outcome, Status
from indexer.pipeline import ReportIdentity, ReportStage, Step
from indexer.uploads import Uploads
from retrieval.advice import ADVICE
from retrieval.errors import StorageError
from retrieval.storage.library import Library
from retrieval.storage.records import Failure, VideoRecord
from tests.browser import Site, page_on, site_of, until, violations
from tests.fakes import TWO_VIDEOS, FakeEncoders, FakeShot, fill, id_of
from tests.job_fakes import HeldIndexer, queue_in
from tests.job_fakes import until as job_until

if TYPE_CHECKING:
    from playwright.sync_api import APIResponse, Browser, Page, Request, Route

MB = 1_000_000
CHUNK = 16 * 1024 * 1024


class FillingIndexer(HeldIndexer):
    """What it has indexed is in the library: a red shot and a green one."""

    def __init__(self, library: Library) -> None:
        super().__init__()
        self._library = library

    def index(self, job_id: str, addition: Addition, step: Step, report: ReportStage, found: ReportIdentity) -> Outcome:
        report("identify", 0.0)
        outcome = super().index(job_id, addition, step, report, found)
        if outcome.status is not Status.INDEXED:
            return outcome
        path = Path(addition.where)
        fill(self._library, {path.name: (FakeShot("red"), FakeShot("green"))}, FakeEncoders(), path.parent)
        return replace(outcome, video_id=id_of(path.name))


@dataclass(frozen=True)
class Works:
    """A site whose queue works: what is added is indexed as soon as the indexer lets go of it."""

    site: Site
    jobs: IndexJobs
    indexer: FillingIndexer


@pytest.fixture(scope="module")
def works(module_path: Path) -> Iterator[Works]:
    with ThreadPoolExecutor(1) as thread, ExitStack() as stack:
        site = stack.enter_context(site_of(module_path, dict(TWO_VIDEOS)))
        indexer = FillingIndexer(site.library)
        queue = queue_in(module_path, indexer)
        # In a thread: the queue refuses to start where an event loop runs, as the browser's does here.
        jobs = thread.submit(queue.__enter__).result()
        stack.callback(lambda: thread.submit(queue.__exit__, None, None, None).result())
        site.api.state.jobs = jobs
        site.api.state.uploads = Uploads(site.library.folder, jobs, 10**9)
        site.api.state.closing = asyncio.Event()
        yield Works(site, jobs, indexer)


@pytest.fixture
def library_page(works: Works, chromium: "Browser") -> Iterator["Page"]:
    """The page, with A.mp4 and b.mp4 and whatever else was added before."""
    with page_on(chromium, works.site.url) as page:
        page.goto("/library")
        page.get_by_role("link", name="a.mp4").first.wait_for()
        try:
            yield page
        finally:
            works.indexer.held.clear()


def choose(page: "Page", *files: Path | dict[str, Any]) -> None:
    page.locator("input[type=file][multiple]").set_input_files(list(files))  # type: ignore[arg-type]


def payload(name: str, size: int = 1000) -> dict[str, Any]:
    return {"name": name, "mimeType": "video/mp4", "buffer": b"\0" * size}


def on_disk(folder: Path, name: str, size: int) -> Path:
    """A file too large to be handed to the browser in memory."""
    path = folder / name
    with path.open("wb") as file:
        file.truncate(size)
    return path


def row(page: "Page", title: str) -> Any:
    return page.locator(".job", has_text=title)


def card(page: "Page", title: str) -> Any:
    return page.locator(".video", has=page.get_by_role("link", name=title, exact=True))


def test_an_uploaded_file_shows_its_stage_and_becomes_searchable(library_page: "Page", works: Works) -> None:
    works.indexer.held.add("fresh.mp4")
    choose(library_page, payload("fresh.mp4"))

    library_page.get_by_text("Looking at the picture").wait_for()
    row(library_page, "fresh").get_by_text("× real time").wait_for()
    assert library_page.get_by_role("progressbar", name="fresh").get_attribute("aria-valuenow") != "0"
    works.indexer.held.discard("fresh.mp4")

    library_page.get_by_text("Ready to be searched").wait_for()
    card(library_page, "fresh.mp4").wait_for()
    row(library_page, "fresh").get_by_role("link").click()
    library_page.wait_for_url(f"**/watch/{id_of('fresh.mp4')}")


def test_a_file_that_is_no_video_says_why_and_can_be_tried_again(library_page: "Page") -> None:
    choose(library_page, payload("bad.mp4"))

    failed = row(library_page, "bad")
    failed.get_by_text("bad.mp4 is not a media file").wait_for()
    failed.get_by_role("button", name="Clear: bad").click()
    assert failed.count() == 0
    library_page.reload()
    library_page.get_by_role("link", name="a.mp4").first.wait_for()
    assert failed.count() == 0


def broken_file(works: Works, name: str) -> str:
    """The id of a file that lies in the library as one that failed."""
    path = works.site.files / name
    path.write_bytes(name.encode())
    file = by_its_bytes(path)
    record = VideoRecord(
        file.video_id, file.content_hash, str(path), path.stem, file.size_bytes, file.modified_ns, files=(file.file,)
    )
    works.site.library.catalog.note_failure(str(path), Failure("not_media", f"{path} is not a media file"), record)
    return file.video_id


def test_a_video_that_failed_says_why_and_what_to_do_until_another_try_succeeds(
    library_page: "Page", works: Works
) -> None:
    broken_file(works, "mended.mp4")
    library_page.reload()
    failed = library_page.get_by_role("region", name="Could not be indexed")
    failed.get_by_text("1 video could not be indexed").wait_for()
    failed.get_by_text("mended.mp4 is not a media file").wait_for()
    failed.get_by_text(ADVICE["not_media"]).wait_for()
    assert card(library_page, "mended").count() == 0
    assert not violations(library_page)

    failed.get_by_role("button", name="Try again: mended").click()

    card(library_page, "mended.mp4").wait_for()
    failed.wait_for(state="hidden")


def test_what_was_asked_for_is_shown_though_it_ended_unseen_and_the_clock_of_the_browser_is_ahead(
    library_page: "Page", works: Works
) -> None:
    library_page.add_init_script("const told = Date.now; Date.now = () => told() + 3_600_000")
    # It comes back in some seconds, when the jobs are over.
    library_page.route("**/v1/jobs/events", lambda route: route.abort("connectionreset"), times=1)
    broken_file(works, "ahead-mended.mp4")
    library_page.reload()
    choose(library_page, payload("ahead.mp4"))
    card(library_page, "ahead.mp4").wait_for()

    library_page.route("**/v1/jobs/events", lambda route: route.abort("connectionreset"), times=1)
    library_page.reload()
    library_page.get_by_role("button", name="Try again: ahead-mended").click()

    card(library_page, "ahead-mended.mp4").wait_for()


def test_a_video_that_failed_can_be_removed_and_taken_back(library_page: "Page", works: Works) -> None:
    video_id = broken_file(works, "junk.mp4")
    library_page.reload()
    failed = library_page.get_by_role("region", name="Could not be indexed")
    remove = failed.get_by_role("button", name="Remove: junk")
    remove.click()
    failed.wait_for(state="hidden")
    library_page.get_by_role("button", name="Undo").click()
    remove.wait_for()
    remove.click()
    job_until(lambda: works.site.library.catalog.get(video_id) is None, "the removal")
    assert (works.site.files / "junk.mp4").exists()


def test_an_indexed_video_whose_next_indexing_failed_is_in_both_lists(library_page: "Page", works: Works) -> None:
    catalog = works.site.library.catalog
    before = catalog.resolve(id_of("b.mp4"))
    catalog.note_failure(before.path, Failure("decoder_hung", f"{before.path} took too long"), before)
    library_page.reload()
    failed = library_page.get_by_role("region", name="Could not be indexed")
    failed.get_by_text("Found as before; indexing it again failed").wait_for()
    card(library_page, "b.mp4").wait_for()
    catalog.publish(before, catalog.contents.of(before.id))


def test_a_job_can_be_cancelled(library_page: "Page", works: Works) -> None:
    works.indexer.held.add("long.mp4")
    choose(library_page, payload("long.mp4"))
    library_page.get_by_text("Looking at the picture").wait_for()

    row(library_page, "long").get_by_role("button", name="Cancel: long").click()

    row(library_page, "long").get_by_text("Cancelled").wait_for()
    assert row(library_page, "long").get_by_role("button", name="Try again: long").is_visible()


def test_an_upload_goes_on_where_the_network_broke(library_page: "Page", tmp_path: Path) -> None:
    offsets: list[str] = []

    def break_once(route: "Route", request: "Request") -> None:
        if request.method != "PATCH":
            route.continue_()
            return
        offsets.append(request.headers["upload-offset"])
        if len(offsets) == 2:
            route.abort("connectionreset")
        else:
            route.continue_()

    library_page.route("**/v1/uploads/*", break_once)
    choose(library_page, on_disk(tmp_path, "broken-once.mp4", CHUNK + MB))

    card(library_page, "broken-once.mp4").wait_for()
    assert offsets == ["0", str(CHUNK), str(CHUNK)]


def test_an_upload_goes_on_after_a_reload(library_page: "Page", tmp_path: Path) -> None:
    file = on_disk(tmp_path, "reloaded.mp4", CHUNK + MB)
    library_page.route(
        "**/v1/uploads/*",
        lambda route: route.abort() if route.request.headers.get("upload-offset") == str(CHUNK) else route.continue_(),
    )
    choose(library_page, file)
    library_page.get_by_text("The server cannot be reached").wait_for()
    library_page.once("dialog", lambda dialog: dialog.accept())
    library_page.reload()
    library_page.get_by_text("reloaded.mp4 was sent to 94 %").wait_for()
    library_page.unroute_all()

    with library_page.expect_request(lambda request: request.method == "PATCH") as going_on:
        choose(library_page, file)

    assert going_on.value.headers["upload-offset"] == str(CHUNK)
    card(library_page, "reloaded.mp4").wait_for()


def test_an_upload_that_the_queue_did_not_take_goes_there_by_itself(
    library_page: "Page", works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = works.jobs.add
    refused: list[str | None] = []

    def refuse_once(addition: Addition, job_id: str | None = None) -> str:
        if not refused:
            refused.append(job_id)
            raise StorageError("the queue cannot be used: it is away")
        return add(addition, job_id)

    monkeypatch.setattr(works.jobs, "add", refuse_once)
    choose(library_page, payload("refused-once.mp4"))

    card(library_page, "refused-once.mp4").wait_for()
    assert refused


def test_a_list_that_was_asked_for_before_a_video_was_indexed_does_not_hide_it(library_page: "Page") -> None:
    asked: list[tuple[Route, APIResponse]] = []
    library_page.route("**/v1/videos?status=indexed*", lambda route: asked.append((route, route.fetch())))
    library_page.reload()
    while not asked:
        library_page.wait_for_timeout(30)
    choose(library_page, payload("early.mp4"))
    row(library_page, "early").get_by_text("Ready to be searched").wait_for()

    (route, answer), *_ = asked
    route.fulfill(response=answer)

    library_page.get_by_role("link", name="a.mp4").first.wait_for()
    card(library_page, "early.mp4").wait_for()


def test_a_dropped_file_is_added(library_page: "Page") -> None:
    data = library_page.evaluate_handle(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(["x"], "dropped.mp4", {type: "video/mp4"}));
            return data;
        }"""
    )
    library_page.dispatch_event("body", "dragenter", {"dataTransfer": data})
    assert library_page.get_by_text("Drop files or folders to add them").is_visible()

    library_page.dispatch_event("body", "drop", {"dataTransfer": data})

    card(library_page, "dropped.mp4").wait_for()
    assert not library_page.get_by_text("Drop files or folders to add them").is_visible()


def test_of_a_folder_media_are_taken_by_name_and_where_that_is_in_doubt_by_their_start(library_page: "Page") -> None:
    taken = library_page.evaluate(
        """async () => {
            const { sorted } = await import("/web/js/library/media-files.js");
            const tracker = new Uint8Array(1084);
            tracker.set(new TextEncoder().encode("M.K."), 1080);
            const { files, skipped } = await sorted([
                new File([new Uint8Array([0, 0, 1, 0xba])], "camera.mod"),
                new File([new Uint8Array([0x47, 0, 1])], "stream.ts"),
                new File(["x"], "film.m2v"),
                new File(["x"], "film.divx"),
                new File(["export const a = 1;"], "module.ts", {type: "video/mp2t"}),
                new File([tracker], "music.mod"),
                new File(["x"], "a.jpg"),
                new File(["x"], ".hidden.jpg"),
            ]);
            return [files.map((file) => file.name), skipped];
        }"""
    )
    assert taken == [["camera.mod", "stream.ts", "film.m2v", "film.divx"], 3]


def test_a_refused_path_is_told_in_the_dialog(library_page: "Page") -> None:
    problem = {"status": 422, "code": "invalid_input", "detail": "path: /secret is in none of the folders allowed"}
    library_page.route("**/v1/videos", lambda route: route.fulfill(status=422, json=problem))
    library_page.get_by_role("button", name="Add videos").click()
    library_page.get_by_role("menuitem", name="By path or address").click()
    library_page.get_by_role("textbox", name="Path or address").fill("/secret/talk.mp4")
    library_page.get_by_role("button", name="Add", exact=True).click()

    library_page.get_by_role("alert").get_by_text("/secret is in none of the folders allowed").wait_for()
    library_page.keyboard.press("Escape")
    assert library_page.get_by_role("dialog").count() == 0


def test_words_and_tags_narrow_the_library_and_stand_in_the_address(library_page: "Page", works: Works) -> None:
    library_page.get_by_role("searchbox").fill("b.mp4")
    library_page.wait_for_url("**/library?q=b.mp4")
    until(library_page, "document.querySelectorAll('.videos > .video').length === 1")

    library_page.get_by_role("searchbox").fill("nothing like it")
    library_page.get_by_role("heading", name="No video fits").wait_for()
    library_page.get_by_role("button", name="Show all videos").click()

    card(library_page, "a.mp4").wait_for()
    assert library_page.url == f"{works.site.url}/library"


def test_a_removed_video_can_be_taken_back(library_page: "Page") -> None:
    deletions: list[str] = []
    library_page.on("request", lambda request: deletions.append(request.url) if request.method == "DELETE" else None)
    card(library_page, "b.mp4").get_by_role("button", name="More about b.mp4").click()
    library_page.get_by_role("menuitem", name="Remove").click()
    card(library_page, "b.mp4").wait_for(state="detached")

    library_page.get_by_role("button", name="Undo").click()

    card(library_page, "b.mp4").wait_for()
    assert deletions == []


def test_a_removed_video_is_gone_when_the_notice_is(works: Works, chromium: "Browser") -> None:
    fill(works.site.library, {"doomed.mp4": (FakeShot("red"),)}, FakeEncoders())
    with page_on(chromium, works.site.url) as page:
        page.clock.install()
        page.goto("/library")
        card(page, "doomed.mp4").get_by_role("button", name="More about doomed.mp4").click()
        page.get_by_role("menuitem", name="Remove").click()
        page.get_by_role("button", name="Undo").wait_for()

        with page.expect_response(lambda response: response.request.method == "DELETE") as deleted:
            page.clock.fast_forward(7000)

        assert deleted.value.status == 204
    assert works.site.library.catalog.get(id_of("doomed.mp4")) is None


def test_several_videos_are_tagged_and_removed_together(works: Works, chromium: "Browser") -> None:
    names = ("one.mp4", "two.mp4")
    fill(works.site.library, dict.fromkeys(names, (FakeShot("red"),)), FakeEncoders())
    with page_on(chromium, works.site.url) as page:
        page.goto("/library")
        for name in names:
            page.get_by_role("checkbox", name=f"Pick {name}").check()
        page.get_by_role("button", name="Tag", exact=True).click()
        page.get_by_role("textbox", name="Tags to add").fill("holiday, 2026")
        page.get_by_role("button", name="Add tags").click()
        card(page, "one.mp4").get_by_role("link", name="holiday").wait_for()
        page.get_by_label("Tag", exact=True).select_option("holiday")
        until(page, "document.querySelectorAll('.videos > .video').length === 2")

        for name in names:
            page.get_by_role("checkbox", name=f"Pick {name}").check()
        page.get_by_role("button", name="Remove", exact=True).click()
        page.get_by_role("button", name="Remove 2 videos").click()
        page.get_by_role("heading", name="No video fits").wait_for()

    assert [works.site.library.catalog.get(id_of(name)) for name in names] == [None, None]


def test_the_details_can_be_edited_by_keyboard_alone(library_page: "Page") -> None:
    more = card(library_page, "b.mp4").get_by_role("button", name="More about b.mp4")
    more.focus()
    library_page.keyboard.press("Enter")
    for _ in range(2):
        library_page.keyboard.press("ArrowDown")
    library_page.keyboard.press("Enter")
    library_page.get_by_role("dialog", name="About this video").wait_for()
    library_page.keyboard.press("Control+A")
    library_page.keyboard.type("Second film")
    library_page.keyboard.press("Enter")

    card(library_page, "Second film").wait_for()
    assert library_page.evaluate("document.activeElement.ariaLabel") == "More about Second film"
    library_page.keyboard.press("Enter")
    library_page.get_by_role("menuitem", name="Edit").click()
    library_page.get_by_role("textbox", name="Title").fill("b.mp4")
    library_page.get_by_role("button", name="Save").click()
    card(library_page, "b.mp4").wait_for()


def test_an_empty_library_invites_to_drop_files(tmp_path: Path, chromium: "Browser") -> None:
    with site_of(tmp_path, {}) as site:
        site.api.state.closing = asyncio.Event()
        with page_on(chromium, site.url) as page:
            page.route(
                "**/v1/jobs/events",
                lambda route: route.fulfill(content_type="text/event-stream", body="retry: 60000\n\n"),
            )
            page.goto("/library")

            page.get_by_role("heading", name="Drop your videos here").wait_for()
            assert violations(page) == []


@pytest.mark.parametrize(("width", "theme"), [(1440, "dark"), (390, "light")])
def test_nothing_serious_is_wrong_for_assistive_technology(
    works: Works, chromium: "Browser", width: int, theme: str
) -> None:
    # A page in motion has colours in between.
    calm = {"viewport": {"width": width, "height": 844}, "color_scheme": theme, "reduced_motion": "reduce"}
    with page_on(chromium, works.site.url, **calm) as page:
        page.goto("/library")
        page.get_by_role("link", name="a.mp4").first.wait_for()
        choose(page, payload("bad-again.mp4"))
        row(page, "bad-again").get_by_text("is not a media file").wait_for()
        page.get_by_role("checkbox", name="Pick a.mp4").check()

        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        card(page, "a.mp4").get_by_role("button", name="More about a.mp4").click()
        page.get_by_role("menuitem", name="Edit").click()
        assert violations(page) == []
