"""Pages of other sites: those that the settings name may do what their key allows, all others nothing."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from app.http.application import create_app
from app.http.middleware import SESSION_COOKIE
from app.settings import Settings
from indexer.jobs.queue import IndexJobs
from indexer.uploads import Uploads
from retrieval.storage.library import Library
from tests.browser import site_of
from tests.fakes import TWO_VIDEOS, id_of, library_of
from tests.job_fakes import HeldIndexer, queue_in
from tests.tus import FakeJobs

if TYPE_CHECKING:
    from playwright.sync_api import Browser

OURS, THEIRS = "https://app.example", "https://evil.example"

PAGE = """<!doctype html><title>elsewhere</title>"""

USE = """
async ([api, video]) => {
  const headers = { "Content-Type": "application/json" };
  const options = { method: "POST", headers, credentials: "include" };
  const shown = (element, event, source) => new Promise((resolve) => {
    element.addEventListener(event, () => resolve(true));
    element.addEventListener("error", () => resolve(false));
    element.src = source;
    document.body?.append(element);
  });
  const tried = async (use) => {
    try { return await use(); } catch { return "refused"; }
  };
  const upload = { "Tus-Resumable": "1.0.0", "Upload-Length": "4", Authorization: "Bearer mom_any" };
  return {
    search: await tried(async () => {
      const body = JSON.stringify({ query: { text: "red" }, limit: 1 });
      return (await (await fetch(`${api}/v1/search`, { ...options, body })).json()).moments.length;
    }),
    upload: await tried(async () => {
      const begun = await fetch(`${api}/v1/uploads`, { method: "POST", headers: upload });
      const where = new URL(begun.headers.get("Location"), api);
      const sent = { ...upload, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream" };
      const done = await fetch(where, { method: "PATCH", headers: sent, body: "film" });
      return done.headers.get("Upload-Offset");
    }),
    picture: await shown(new Image(), "load", `${api}/v1/videos/${video}/thumbnail`),
    video: await shown(document.createElement("video"), "loadedmetadata", `${api}/v1/videos/${video}/stream`),
    events: await new Promise((resolve) => {
      const source = new EventSource(`${api}/v1/jobs/events`, { withCredentials: true });
      const end = (value) => { source.close(); resolve(value); };
      source.addEventListener("open", () => end(true));
      source.addEventListener("error", () => end(false));
    }),
    name: await tried(async () => {
      const answer = await fetch(`${api}/v1/videos/${video}/transcript?format=vtt`);
      return answer.headers.get("Content-Disposition");
    }),
  };
}
"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Nothing: the tests' output is no log."""


@contextmanager
def page_elsewhere(folder: Path) -> Iterator[int]:
    """The port of a server with an empty page."""
    folder.mkdir(exist_ok=True)
    (folder / "index.html").write_text(PAGE)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[IndexJobs]:
    with queue_in(tmp_path, HeldIndexer()) as opened:
        yield opened


def test_in_a_browser_a_page_that_is_named_does_all_and_another_nothing(
    queue: IndexJobs, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """One server of pages with two names: `localhost` is of the origins allowed, `elsewhere.localhost` is not."""
    # After the queue, which does not start where the browser's event loop runs.
    chromium: Browser = request.getfixturevalue("chromium")
    with page_elsewhere(tmp_path / "page") as port:
        allowed = f"http://localhost:{port}"
        (tmp_path / "site").mkdir()
        with site_of(tmp_path / "site", {"a.mp4": TWO_VIDEOS["a.mp4"]}, allowed_origins=(allowed,)) as site:
            jobs = FakeJobs()
            site.api.state.jobs = queue
            site.api.state.uploads = Uploads(site.library.folder, jobs, 1000)  # type: ignore[arg-type]
            did = {}
            for origin in (allowed, f"http://elsewhere.localhost:{port}"):
                page = chromium.new_page()
                page.goto(origin)
                did[origin] = page.evaluate(USE, [site.url, id_of("a.mp4")])
                page.close()
    ours, theirs = did.values()
    assert "a.mp4.vtt" in ours.pop("name")
    assert ours == {"search": 1, "upload": "4", "picture": True, "video": True, "events": True}
    refused = "refused"
    assert theirs == {
        "search": refused,
        "upload": refused,
        "picture": False,
        "video": False,
        "events": False,
        "name": refused,
    }
    assert len(jobs.added) == 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("library")
    library_of(folder, {}).close()
    return folder


@pytest.fixture
def library(folder: Path) -> Iterator[Library]:
    with Library(Settings(data_dir=folder), "test") as opened:
        yield opened
        for key in opened.catalog.api_keys.all():
            opened.catalog.api_keys.revoke(str(key.id))


def client_of(library: Library, **settings: Any) -> TestClient:
    api = create_app(Settings(data_dir=library.settings.data_dir, **settings))
    api.state.library = library
    return TestClient(api, base_url="https://moments.example")


def preflight(client: TestClient, origin: str, headers: str = "authorization,upload-offset") -> Response:
    asked = {"Origin": origin, "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": headers}
    return client.options("/v1/uploads/x", headers=asked)


def test_by_default_no_other_page_is_told_anything(library: Library) -> None:
    client = client_of(library)
    answer = client.get("/v1/videos", headers={"Origin": OURS})
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert client.delete("/v1/videos/x", headers={"Origin": OURS}).status_code == 403
    assert "access-control-allow-origin" not in preflight(client, OURS).headers


def test_a_browser_asks_before_it_asks_and_needs_no_key_for_that(library: Library) -> None:
    library.catalog.api_keys.create("laptop")
    client = client_of(library, allowed_origins=(OURS,))
    allowed = preflight(client, OURS)
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == OURS
    assert allowed.headers["access-control-allow-credentials"] == "true"
    assert "PATCH" in allowed.headers["access-control-allow-methods"]
    assert preflight(client, OURS, "x-unknown").status_code == 400
    refused = preflight(client, THEIRS)
    assert (refused.status_code, refused.headers.get("access-control-allow-origin")) == (400, None)
    # The protocol of uploads has a question of its own, by the same method.
    assert client.options("/v1/uploads", headers={"Origin": OURS}).status_code == 401


def test_what_a_page_is_answered_it_may_read_errors_too(library: Library) -> None:
    client = client_of(library, allowed_origins=(OURS,))
    for path, status in (("/v1/videos", 200), ("/v1/videos/nothing", 404)):
        answer = client.get(path, headers={"Origin": OURS})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (status, OURS)
        assert "X-Request-Id" in answer.headers["access-control-expose-headers"]
        assert {"Origin", "Referer"} <= set(answer.headers["vary"].split(", "))
        assert "access-control-allow-origin" not in client.get(path, headers={"Origin": THEIRS}).headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": OURS, "Sec-Fetch-Site": "cross-site"}, 404),
        ({"Origin": OURS}, 404),
        ({"Origin": THEIRS, "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": f"{OURS}.evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Referer": f"{OURS}/page"}, 403),
    ],
)
def test_only_pages_that_are_named_change_anything(library: Library, headers: dict[str, str], status: int) -> None:
    client = client_of(library, allowed_origins=(OURS,))
    assert client.delete("/v1/videos/nothing", headers=headers).status_code == status


@pytest.mark.parametrize(
    ("headers", "policy"),
    [
        ({"Referer": f"{OURS}/"}, "cross-origin"),
        ({"Referer": f"{OURS}/some/page?x"}, "cross-origin"),
        ({"Referer": f"{THEIRS}/?{OURS}"}, "same-origin"),
        ({"Referer": f"{OURS}.evil.example/"}, "same-origin"),
        ({"Referer": f"{OURS}/", "Origin": THEIRS}, "same-origin"),
        ({}, "same-origin"),
    ],
)
def test_elements_show_files_on_pages_that_are_named(library: Library, headers: dict[str, str], policy: str) -> None:
    client = client_of(library, allowed_origins=(OURS,))
    answer = client.get("/v1/videos/a.mp4/thumbnail", headers=headers)
    assert answer.headers["cross-origin-resource-policy"] == policy


@pytest.mark.parametrize(
    ("headers", "is_refused"),
    [({"Referer": f"{OURS}/page"}, False), ({"Origin": OURS}, False), ({"Referer": f"{THEIRS}/"}, True), ({}, True)],
)
def test_only_pages_that_are_named_make_the_server_work(
    library: Library, headers: dict[str, str], is_refused: bool
) -> None:
    client = client_of(library, allowed_origins=(OURS,))
    element = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    answer = client.get("/v1/videos/nothing/thumbnail", headers=element | headers)
    assert answer.status_code == (403 if is_refused else 404)


def test_a_session_of_a_page_elsewhere_is_sent_from_there(library: Library) -> None:
    _, secret = library.catalog.api_keys.create("laptop")
    client = client_of(library, allowed_origins=(OURS,))

    def cookie(origin: str) -> str:
        signed = client.post("/v1/session", json={"key": secret}, headers={"Origin": origin})
        return signed.headers["set-cookie"].lower()

    assert "samesite=none" in cookie(OURS)
    assert "secure" in cookie(OURS)
    assert "samesite=strict" in cookie("https://moments.example")
    token = client.cookies[SESSION_COOKIE]
    assert client.get("/v1/videos").status_code == 200
    assert client.delete("/v1/session", headers={"Origin": THEIRS}).status_code == 403
    assert client.delete("/v1/session", headers={"Origin": OURS}).status_code == 204
    assert client.get("/v1/videos", headers={"Cookie": f"{SESSION_COOKIE}={token}"}).status_code == 401
