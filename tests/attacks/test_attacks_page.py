"""Attempts to make a browser run what a file, a title or an address says."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.requests import Request

from app.http.file_response import answer_with_file, attachment, inline, own_file
from app.http.media_types import media_type_of
from app.http.middleware import CONTENT_POLICY
from retrieval.domain import ScreenText, Segment, Span, SpeechOrigin
from tests.attacked import Attacked, attacked_server
from tests.browser import Site, site_of
from tests.fakes import FakeShot, id_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SCRIPT = "<img src=x onerror=window.taken=1><script>window.taken=1</script><svg onload=window.taken=1>"
NAME = "<img src=x onerror=window.taken=1>.mp4"
A = f"/v1/videos/{id_of('a.mp4')}"


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    folder = tmp_path_factory.mktemp("attacked")
    (folder / "a.mp4").write_bytes(b"a film")
    with attacked_server(folder) as server:
        yield server


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/watch/x", 200),
        ("/web/js/main.js", 200),
        ("/docs", 200),
        ("/v1/videos", 200),
        ("/v1/videos/nothing", 404),
        (f"{A}/transcript?format=vtt", 200),
        ("/v1/videos?limit=x", 422),
        ("/nowhere", 404),
        ("/v1/videos/", 307),
    ],
)
def test_every_answer_forbids_foreign_scripts_frames_and_guesses(attacked: Attacked, path: str, status: int) -> None:
    answer = attacked.asked("GET", path)
    assert answer.status == status
    policy = answer.headers["content-security-policy"]
    assert policy == CONTENT_POLICY or path == "/docs"
    for rule in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert rule in policy
    assert not [part for part in policy.split(";") if "script" in part and "unsafe" in part]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    "name", ["page.html", "drawing.svg", "data.xml", "text.xhtml", "x.js", "x.pdf", "none", "x.swf"]
)
def test_a_file_that_a_browser_would_run_is_sent_as_bytes(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_text(SCRIPT)
    asked = Request({"type": "http", "method": "GET", "headers": [], "path": "/"})
    with own_file(file) as opened:
        answer = answer_with_file(asked, opened, media_type_of(file), name=file.name)
    assert answer.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize("asked", ["q", "limit", "cursor", "path", "sort", "tag"])
def test_what_an_address_says_is_never_answered_as_a_page(attacked: Attacked, asked: str) -> None:
    for path in (f"/v1/videos?{asked}=%3Cscript%3E1%3C/script%3E", "/v1/videos/%3Cscript%3E1%3C/script%3E"):
        answer = attacked.asked("GET", path)
        assert answer.headers["content-type"] in ("application/json", "application/problem+json")
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_page_is_the_same_whatever_its_address_says(attacked: Attacked) -> None:
    for plain, path in (
        ("/search", "/search?q=%3Cscript%3E"),
        ("/watch/1", "/watch/%3Cscript%3E?q=%22onload="),
        ("/library", "/library?tag=%27%22%3E"),
    ):
        assert attacked.asked("GET", path).content == attacked.asked("GET", plain).content


@pytest.mark.parametrize("mark", ["\r\nSet-Cookie: a=b", "\n\nx", "\x00", '"; filename=x.html', "\u2028", "é" * 300])
def test_a_name_adds_no_header(mark: str) -> None:
    for header in (attachment(f"a{mark}.mp4"), inline(f"a{mark}.mp4")):
        assert header.isascii()
        assert header.isprintable()
        assert header.count('"') == 2


@pytest.fixture(scope="module")
def hostile_site(module_path: Path) -> Iterator[Site]:
    """One video whose name, title, tags, speech, sounds and screen text all try to run a script."""
    with site_of(module_path, {"a.mp4": (FakeShot("red", "high", SCRIPT), FakeShot("blue"))}) as site:
        _poison(site)
        yield site


def _poison(site: Site) -> None:
    catalog = site.library.catalog
    record = catalog.resolve(id_of("a.mp4"))
    contents = catalog.contents.of(record.id)
    said = (Segment(Span(0.0, 4.0), f"red {SCRIPT}", (), "en", 0.9, SpeechOrigin.SIDECAR_SUBTITLE),)
    shown = (ScreenText(Span(0.0, 4.0), f"red {SCRIPT}", 0.9),)
    catalog.publish(replace(record, title=SCRIPT), replace(contents, segments=said, screen_texts=shown))
    tags = [NAME, "'\"><script>window.taken=1</script>"]
    answer = httpx.patch(f"{site.url}/v1/videos/{record.id}", json={"title": SCRIPT, "tags": tags})
    assert answer.status_code == 200, answer.text


def test_in_a_browser_nothing_of_the_library_runs(hostile_site: Site, request: pytest.FixtureRequest) -> None:
    chromium: Browser = request.getfixturevalue("chromium")
    page = chromium.new_page()
    refused: list[str] = []
    page.on("console", lambda said: refused.append(said.text) if "Content Security Policy" in said.text else None)
    page.on("dialog", lambda dialog: refused.append(dialog.message))
    video = id_of("a.mp4")
    for path in (
        "/search?q=red",
        f"/watch/{video}?start_s=1&q=red",
        "/library",
        "/search?q=%3Cimg%20src=x%20onerror=1%3E",
    ):
        page.goto(hostile_site.url + path)
        page.wait_for_function("text => document.body.innerText.includes(text)", arg="<img src=x onerror")
        assert page.evaluate("window.taken") is None
        assert page.locator("img[src=x], svg[onload], script:not([src])").count() == 0
    page.close()
    assert refused == []
