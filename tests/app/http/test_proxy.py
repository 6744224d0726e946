"""A server behind proxies: under a base path, by the samples in the documentation, in nginx, in Caddy, in a browser."""

import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fastapi.testclient import TestClient

from app.http.application import create_app
from app.settings import OWN_PATHS, Settings
from indexer.uploads import Uploads
from retrieval.storage.library import Library
from tests.browser import Site, page_on, site_of, until
from tests.fakes import TWO_VIDEOS, id_of
from tests.job_fakes import HeldIndexer, queue_in
from tests.places import ROOT
from tests.tus import PART, TUS, FakeJobs, metadata

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DEPLOYMENT = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
BASE = "/moments"
STARTS_S = 15
MORE_THAN_A_PROXY_TAKES = os.urandom(3_000_000)
"""Beyond nginx's own limit of a body, of 1 MB."""


def sample(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", DEPLOYMENT, re.DOTALL)
    return str(found)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@dataclass(frozen=True)
class Front:
    """A proxy that runs: where Moments is behind it, the certificate to trust, and what it is in front of."""

    url: str
    certificate: Path
    site: Site
    jobs: FakeJobs


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for 127.0.0.1, its key beside it."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl, which makes the certificate")
    folder = tmp_path_factory.mktemp("certificate")
    made = folder / "site.pem"
    options = ("-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1")
    names = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
    files = ("-out", made, "-keyout", made.with_suffix(".key"))
    subprocess.run(["openssl", "req", *options, *names, *files], check=True, capture_output=True)
    return made


@pytest.fixture(scope="module")
def site(module_path: Path) -> Iterator[Site]:
    """A.mp4 and b.mp4 of ``TWO_VIDEOS`` under the base path, with a queue that works."""
    with (
        queue_in(module_path, HeldIndexer()) as queue,
        site_of(module_path, dict(TWO_VIDEOS), root_path=BASE) as served,
    ):
        served.api.state.jobs = queue
        yield served


def nginx(folder: Path, upstream: str, port: int, certificate: Path) -> list[str]:
    text = sample("nginx").replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
    text = text.replace("listen 80", f"listen 127.0.0.1:{free_port()}").replace("http://127.0.0.1:8321", upstream)
    text = text.replace("/etc/ssl/example.org.pem", str(certificate))
    text = text.replace("/etc/ssl/example.org.key", str(certificate.with_suffix(".key")))
    scratch = "".join(
        f"{kind}_temp_path {folder / kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.getuid() == 0 else ""
    config = folder / "nginx.conf"
    config.write_text(
        f"daemon off; {user} pid {folder / 'pid'}; error_log stderr; events {{}}\n"
        f"http {{ access_log off; {scratch}\n{text}}}\n"
    )
    return ["nginx", "-e", "stderr", "-c", str(config)]


def caddy(folder: Path, upstream: str, port: int, certificate: Path) -> list[str]:
    own = f"tls {certificate} {certificate.with_suffix('.key')}"
    text = sample("caddy").replace("example.org {", f"https://127.0.0.1:{port} {{\n\tbind 127.0.0.1\n\t{own}")
    text = text.replace("127.0.0.1:8321", upstream.removeprefix("http://"))
    config = folder / "Caddyfile"
    config.write_text(f"{{\n\tadmin off\n\tauto_https disable_redirects\n\tgrace_period 1s\n}}\n{text}")
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(config)]


@contextmanager
def running(command: list[str], folder: Path, port: int) -> Iterator[None]:
    """A proxy on that port."""
    # Debian keeps servers where only root looks.
    program = shutil.which(command[0], path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
    if program is None:
        pytest.skip(f"no {command[0]}")
    log = folder / "log"
    environment = {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    with (
        log.open("wb") as said,
        subprocess.Popen([program, *command[1:]], stderr=said, stdout=said, env=environment) as process,
    ):
        try:
            deadline = time.monotonic() + STARTS_S
            while True:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                except OSError:
                    time.sleep(0.02)
            yield
        finally:
            process.terminate()
            process.wait(STARTS_S)


@pytest.fixture(scope="module", params=[nginx, caddy])
def front(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, site: Site, certificate: Path
) -> Iterator[Front]:
    folder, port, jobs = tmp_path_factory.mktemp("proxy"), free_port(), FakeJobs()
    site.api.state.uploads = Uploads(site.library.folder, jobs, 10_000_000)  # type: ignore[arg-type]
    with running(request.param(folder, site.url, port, certificate), folder, port):
        yield Front(f"https://127.0.0.1:{port}", certificate, site, jobs)


@pytest.fixture
def client(front: Front) -> Iterator[httpx.Client]:
    trusting = ssl.create_default_context(cafile=str(front.certificate))
    with httpx.Client(base_url=front.url, verify=trusting, timeout=20, trust_env=False) as client:
        yield client


def test_the_page_and_all_that_it_is_made_of_are_under_the_base_path(client: httpx.Client) -> None:
    assert client.get(BASE, follow_redirects=True).url.path == f"{BASE}/"
    for path in ("/", "/library", "/watch/x", "/docs"):
        page = client.get(BASE + path)
        assert page.status_code == 200, path
        loaded = re.findall(r'(?:src|href)="([^"#]+)"', page.text)
        assert loaded
        assert [address for address in loaded if not address.startswith(f"{BASE}/")] == []
        assert {client.get(address).status_code for address in loaded} == {200}
    known = client.get(f"{BASE}/").headers["etag"]
    assert client.get(f"{BASE}/", headers={"If-None-Match": known}).status_code == 304


def test_the_description_says_where_the_api_is(client: httpx.Client) -> None:
    assert [server["url"] for server in client.get(f"{BASE}/v1/openapi.json").json()["servers"]] == [BASE]
    assert f'"{BASE}/v1/openapi.json"' in client.get(f"{BASE}/docs/start.js").text


def test_addresses_in_answers_lead_somewhere(client: httpx.Client) -> None:
    (moment, *_) = client.post(f"{BASE}/v1/search", json={"query": {"text": "red"}}).json()["moments"]
    assert moment["play_url"].startswith(f"{BASE}/watch/")
    (listed, *_) = client.get(f"{BASE}/v1/videos").json()["videos"]
    addresses = [moment["thumbnail_url"], moment["play_url"], listed["thumbnail_url"]]
    assert {client.get(address).status_code for address in addresses} == {200}
    part = client.get(listed["stream_url"], headers={"Range": "bytes=10-19"})
    assert (part.status_code, len(part.content)) == (206, 10)
    timeline = client.get(f"{BASE}/v1/videos/{id_of('a.mp4')}/timeline", params={"text": "red"}).json()
    assert timeline["moments"][0]["play_url"].startswith(f"{BASE}/watch/")


def test_a_redirect_keeps_name_scheme_and_base_path(front: Front, client: httpx.Client) -> None:
    assert client.get(f"{BASE}/v1/videos/").headers["location"] == f"{front.url}{BASE}/v1/videos"


def test_a_large_part_of_an_upload_goes_through(front: Front, client: httpx.Client) -> None:
    size = str(len(MORE_THAN_A_PROXY_TAKES))
    begun = client.post(
        f"{BASE}/v1/uploads", headers=TUS | {"Upload-Length": size, "Upload-Metadata": metadata(filename="a.mp4")}
    )
    where = begun.headers["location"]
    assert where.startswith(f"{BASE}/v1/uploads/")
    sent = TUS | {"Upload-Offset": "0", "Content-Type": PART}
    assert client.patch(where, headers=sent, content=MORE_THAN_A_PROXY_TAKES).headers["upload-offset"] == size
    (addition,) = front.jobs.added.values()
    assert Path(addition.where).read_bytes() == MORE_THAN_A_PROXY_TAKES


def test_events_are_told_as_they_happen(client: httpx.Client) -> None:
    """The stream never ends, so that a proxy that waits for more would wait for ever."""
    job_id = client.post(f"{BASE}/v1/videos", json={"path": "/videos/told.mp4"}).json()["job_id"]
    with client.stream("GET", f"{BASE}/v1/jobs/events") as events:
        started = time.monotonic()
        assert next(line for line in events.iter_lines() if line.startswith("data:") and job_id in line)
    assert time.monotonic() - started < 5


def test_a_session_is_for_the_base_path_and_for_https(client: httpx.Client, front: Front) -> None:
    keys = front.site.library.catalog.api_keys
    key, secret = keys.create("proxy")
    try:
        assert client.get(f"{BASE}/v1/videos").status_code == 401
        signed = client.post(f"{BASE}/v1/session", json={"key": secret}, headers={"Origin": front.url})
        cookie = signed.headers["set-cookie"]
        assert f"Path={BASE};" in f"{cookie};"
        assert "Secure" in cookie
        assert client.get(f"{BASE}/v1/videos").status_code == 200
        assert client.delete(f"{BASE}/v1/session", headers={"Origin": front.url}).status_code == 204
        assert client.get(f"{BASE}/v1/videos").status_code == 401
    finally:
        keys.revoke(str(key.id))


def test_a_person_searches_watches_and_looks_around(front: Front, chromium: "Browser", tmp_path: Path) -> None:
    """The interface itself, with what it fetches, where its links lead, and what a reload shows."""
    file = tmp_path / "dropped.mp4"
    file.write_bytes(b"not a film, but an upload all the same")
    with page_on(chromium, front.url, ignore_https_errors=True) as page:
        page.goto(f"{BASE}/")
        page.fill("#query", "red")
        page.press("#query", "Enter")
        page.wait_for_url(f"**{BASE}/search?**")
        page.locator(".moment img").first.wait_for()
        until(page, "[...document.querySelectorAll('.moment img')].some((picture) => picture.naturalWidth > 0)")
        page.locator(f"a[href^='{BASE}/watch/']").first.click()
        page.wait_for_url(f"**{BASE}/watch/**")
        until(page, "document.querySelector('video')?.readyState >= 1")
        page.go_back()
        page.wait_for_url(f"**{BASE}/search?**")
        page.click("a.site-nav-link >> text=Library")
        page.wait_for_url(f"**{BASE}/library")
        assert page.get_attribute("a.site-nav-link[aria-current]", "href") == f"{BASE}/library"
        page.reload()
        page.locator(f"a[href='{BASE}/watch/{id_of('a.mp4')}']").first.wait_for()
        before = set(front.jobs.added)
        page.set_input_files("input[type=file] >> nth=0", file)
        deadline = time.monotonic() + STARTS_S
        while set(front.jobs.added) == before:
            assert time.monotonic() < deadline, "the upload has not come"
            page.wait_for_timeout(50)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(Settings(data_dir=tmp_path), "test") as opened:
        yield opened


def client_of(library: Library, from_address: str = "127.0.0.1", url: str | None = None, **settings: Any) -> TestClient:
    api = create_app(Settings(data_dir=library.settings.data_dir, **settings), url)
    api.state.library = library
    return TestClient(api, base_url="http://127.0.0.1", client=(from_address, 50_000), follow_redirects=False)


@pytest.mark.parametrize("path", ["", BASE, f"{BASE}/v1", "/moments2"])
def test_a_proxy_may_take_the_base_path_off_or_leave_it(library: Library, path: str) -> None:
    client = client_of(library, root_path=BASE)
    answers = {"": 200, BASE: 200, f"{BASE}/v1": 404, "/moments2": 404}
    assert client.get(f"{path}/v1/videos").status_code == answers[path]
    assert client.get(f"{path}/healthz").status_code == answers[path]


def test_no_page_or_route_begins_like_a_base_path(library: Library) -> None:
    paths = [*client_of(library).app.openapi()["paths"], "/docs", "/web", "/library", "/search", "/watch", "/sign-in"]  # type: ignore[attr-defined]
    assert {path.split("/")[1] for path in paths} == OWN_PATHS


def test_other_rules_hold_under_a_base_path(library: Library) -> None:
    client = client_of(library, root_path=BASE)
    library.catalog.api_keys.create("laptop")
    assert client.get(f"{BASE}/v1/videos").status_code == 401
    assert client.get(f"{BASE}/web/icon.svg").status_code == 200
    assert client.get(f"{BASE}/sign-in").status_code == 200
    refused = client.put(f"{BASE}/v1/session")
    assert (refused.status_code, refused.headers["allow"]) == (405, "DELETE, GET, POST")
    assert client.post(f"{BASE}/v1/session", content=b"x" * 1_000_001).status_code == 413


FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "moments.example", "X-Forwarded-For": "203.0.113.7"}


@pytest.mark.parametrize(
    ("address", "trusted", "location"),
    [
        ("127.0.0.1", (), "https://moments.example/v1/videos"),
        ("10.1.2.3", (), "http://127.0.0.1/v1/videos"),
        ("10.1.2.3", ("10.1.0.0/16",), "https://moments.example/v1/videos"),
        ("10.2.2.3", ("10.1.0.0/16",), "http://127.0.0.1/v1/videos"),
    ],
)
def test_only_trusted_proxies_are_believed(
    library: Library, address: str, trusted: tuple[str, ...], location: str
) -> None:
    _, secret = library.catalog.api_keys.create("laptop")
    client = client_of(library, address, trusted_proxies=trusted)
    key = {"Authorization": f"Bearer {secret}"}
    assert client.get("/v1/videos/", headers=FORWARDED | key).headers["location"] == location
    cookie = client.post("/v1/session", json={"key": secret}, headers=FORWARDED).headers["set-cookie"]
    assert ("Secure" in cookie) is location.startswith("https")


def test_a_page_cannot_say_by_a_header_that_it_is_ours(library: Library) -> None:
    """A name of its own that leads to this machine: its scripts may send any header, but not another `Host`."""
    client = client_of(library, url="http://127.0.0.1")
    rebound = {"Host": "evil.example", "X-Forwarded-Host": "localhost"}
    assert client.get("/v1/videos", headers=rebound).status_code == 403
    assert client.get("/v1/videos", headers={"X-Forwarded-Host": "evil.example"}).status_code == 403
    assert client.get("/v1/videos").status_code == 200
