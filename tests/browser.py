"""A real browser on a real server with a small library: what the tests of the web interface share."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from fastapi import FastAPI
from PIL import Image

from app.http.application import create_app
from app.http.limited_http import LimitedHttp
from app.settings import Settings
from retrieval.search import SearchEngine
from retrieval.storage.library import Library
from retrieval.thumbnails import thumbnail_file
from tests.fakes import SHOT_S, TWO_VIDEOS, FakeEncoders, FakeShot, FakeTranscriber, id_of, library_of
from tests.media import cuts, tone, video, write

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserType, Page

CHROMIUM = Path("/usr/bin/chromium")
PATIENCE_MS = 60_000
"""A wait ends when what it waits for is seen; a busy machine may need long."""
FIRST = ".results .moment:not(.is-skeleton)"
"""A moment among the results; the best, if one is asked for."""
SAYS = "the budget is tight"
"""What the fake transcriber hears in every spoken query; A.mp4 says it in [0, 4)."""
ENCODERS = FakeEncoders(FakeTranscriber(SAYS, 0.75))

_START_S = 60
_TELL_MS = 2_000
_OPEN: "dict[Page, list[str]]" = {}


@dataclass(frozen=True)
class Site:
    """A server that runs: where it is, its library, and the folder of the library's files."""

    url: str
    library: Library
    api: FastAPI
    files: Path


@contextmanager
def served(api: FastAPI) -> Iterator[str]:
    """The address of a server of that app, without the app's lifespan, on a free port."""
    config = uvicorn.Config(
        api, port=0, http=LimitedHttp, ws="none", lifespan="off", log_level="critical", proxy_headers=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="server")
    thread.start()
    deadline = time.monotonic() + _START_S
    while not server.started:
        assert thread.is_alive(), "the server has not started"
        assert time.monotonic() < deadline, f"the server has not started within {_START_S} s"
        time.sleep(0.01)
    try:
        host, port = server.servers[0].sockets[0].getsockname()[:2]
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        # A browser may hold a stream of events open, which would otherwise be waited for.
        server.force_exit = True
        thread.join()


@contextmanager
def site_of(
    folder: Path,
    videos: dict[str, Sequence[FakeShot]],
    encoders: FakeEncoders = ENCODERS,
    **settings: Any,
) -> Iterator[Site]:
    """A server on a library of these videos, with files that can be played and pictures of each shot."""
    with ExitStack() as stack:
        files = folder / "files"
        files.mkdir()
        for name, shots in videos.items():
            _make_file(files / name, shots)
        library = stack.enter_context(library_of(folder / "library", videos, files))
        library.keep_vectors()
        for name, shots in videos.items():
            _make_pictures(library.thumbnails_of(id_of(name)), shots)
        api = create_app(Settings(data_dir=library.settings.data_dir, **settings))
        api.state.library = library
        api.state.engine = SearchEngine(library, encoders)
        yield Site(stack.enter_context(served(api)), library, api, files)


@pytest.fixture(scope="module")
def site(module_path: Path) -> Iterator[Site]:
    """A.mp4 and b.mp4 of ``TWO_VIDEOS``, served."""
    with site_of(module_path, dict(TWO_VIDEOS)) as running:
        yield running


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Browser"]:
    """A browser whose microphone hears a tone of 440 Hz; tests that need it skip where there is no browser."""
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}")
    from playwright.sync_api import sync_playwright

    sound = write(tmp_path_factory.mktemp("microphone") / "tone.wav", tone(2.0, 440, 48_000))
    with sync_playwright() as playwright, launched(playwright.chromium, sound) as browser:
        yield browser


@contextmanager
def launched(kind: "BrowserType", microphone: Path) -> Iterator["Browser"]:
    """A headless browser whose microphone hears that file, over and over, and may be listened to."""
    arguments = (
        "--no-sandbox",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={microphone}",
    )
    browser = kind.launch(executable_path=CHROMIUM, args=arguments)
    try:
        yield browser
    finally:
        browser.close()


@pytest.fixture
def page(site: Site, chromium: "Browser") -> Iterator["Page"]:
    """A fresh page of 1440 x 900; what goes wrong in its scripts or against its policy fails the test."""
    with page_on(chromium, site.url) as fresh:
        yield fresh


@contextmanager
def page_on(browser: "Browser", url: str, **options: Any) -> Iterator["Page"]:
    """A page without memory, with paths under ``url``. Errors of its scripts and console fail the test."""
    context = browser.new_context(base_url=url, **{"viewport": {"width": 1440, "height": 900}, **options})
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    asked: list[str] = []
    page.on("response", lambda answer: asked.append(f"{answer.status} {answer.request.method} {answer.url}"))
    page.on("requestfailed", lambda request: asked.append(f"{request.failure} {request.method} {request.url}"))
    _OPEN[page] = asked
    try:
        yield page
        # The browser itself reports every answer that is an error; tests of errors look at them on the page.
        bad = [problem for problem in problems if not problem.startswith("Failed to load resource")]
        assert not bad, bad
    finally:
        del _OPEN[page]
        context.close()


def seen_by_browsers() -> Iterator[tuple[str, str]]:
    """What the pages that are open show and what they asked of the server, to say with a test that failed."""
    from playwright.sync_api import Error

    for page, asked in _OPEN.items():
        try:
            shown = page.locator("body").inner_text(timeout=_TELL_MS)
        except Error as error:
            shown = str(error)
        yield f"shown at {page.url}", shown
        yield f"asked by {page.url}", "\n".join(line for line in asked if "/v1/" in line)


def search(page: "Page", words: str) -> None:
    page.goto("/")
    page.get_by_role("searchbox").fill(words)
    page.keyboard.press("Enter")
    page.wait_for_selector(FIRST)


def titles(page: "Page") -> list[str]:
    return page.locator(f"{FIRST} .moment-title").all_inner_texts()


def query_of(page: "Page") -> str:
    return str(page.evaluate("decodeURIComponent(location.search.replaceAll('+', ' '))"))


def until(page: "Page", expression: str, arg: Any = None) -> None:
    """Wait until a JavaScript expression holds; the page's policy forbids playwright's own way of waiting for one."""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not page.evaluate(expression, arg):
        assert time.monotonic() < deadline, f"never came true: {expression}"
        page.wait_for_timeout(30)


def violations(page: "Page") -> list[str]:
    """What axe finds seriously or critically wrong with the page as it is."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        f"{item['id']}: {item['help']}: {node['target']}: {node['failureSummary']}"
        for item in found
        if item["impact"] in ("serious", "critical")
        for node in item["nodes"]
    ]


def _make_file(path: Path, shots: Sequence[FakeShot]) -> None:
    """A small file of the shots' colours; grey where they have none."""
    video(path, cuts([(shot.colour or "gray", SHOT_S) for shot in shots], fps=5), g=5)


def _make_pictures(folder: Path, shots: Sequence[FakeShot]) -> None:
    folder.mkdir(parents=True)
    for number, shot in enumerate(shots):
        picture = Image.new("RGB", (320, 180), shot.colour or "gray")
        picture.save(thumbnail_file(folder, number * SHOT_S + 0.5))
