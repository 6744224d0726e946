"""Downloads from a server on this machine."""

import gzip
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from indexer.intake import download as downloads
from indexer.intake.download import download
from retrieval.errors import DownloadError, MomentsError, NotMediaError, StorageFullError, UrlNotAllowedError
from retrieval.storage.promises import Promises

CONTENT = bytes(range(256)) * 10_000


class Site(BaseHTTPRequestHandler):
    """Answers by the first part of the path."""

    def do_GET(self) -> None:
        kind = self.path.split("/")[1].split("?")[0]
        getattr(self, f"answer_{kind}", self.answer_file)()

    def answer_file(self, status: int = 200, content: bytes = CONTENT, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def answer_named(self) -> None:
        self.answer_file(
            Content_Disposition="attachment; filename=\"../up/my talk.mp4\"; filename*=UTF-8''%C3%BCber.mp4"
        )

    def answer_quoted(self) -> None:
        self.answer_file(Content_Disposition='inline; filename="../up/my talk.mp4"')

    def answer_page(self) -> None:
        self.answer_file(content=b"<html>", Content_Type="text/html; charset=utf-8")

    def answer_missing(self) -> None:
        self.answer_file(404, b"", Content_Type="text/html")

    def answer_cut(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[:5000])

    def answer_endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(CONTENT)
        except OSError:
            pass

    def answer_hops(self) -> None:
        left = int(self.path.rsplit("/", 1)[1])
        self.answer_file(302, b"", Location=f"/hops/{left - 1}" if left else "/file/a.mp4")

    def answer_inwards(self) -> None:
        self.answer_file(302, b"", Location="file:///etc/passwd")

    def answer_nowhere(self) -> None:
        self.answer_file(302, b"", Location="//[")

    def answer_packed(self) -> None:
        self.answer_file(content=gzip.compress(bytes(1_000_000)), Content_Encoding="gzip")

    def answer_silence(self) -> None:
        time.sleep(2)

    def answer_drips(self) -> None:
        """A header every tenth of a second, without end."""
        self._drip(b"HTTP/1.1 200 OK\r\n", b"X-More: 1\r\n")

    def answer_dripping(self) -> None:
        """A byte of body every tenth of a second, without end."""
        self._drip(b"HTTP/1.1 200 OK\r\n\r\n", b"x")

    def _drip(self, first: bytes, then: bytes) -> None:
        with suppress(OSError):
            self.wfile.write(first)
            for _ in range(50):
                self.wfile.write(then)
                time.sleep(0.1)

    def answer_host(self) -> None:
        self.answer_file(content=self.headers["Host"].encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


def fetch(
    url: str, folder: Path, max_bytes: int = 10_000_000, report: Callable[[float], None] = lambda _: None
) -> Path:
    return download(
        url, folder, max_bytes=max_bytes, allow_private=True, report=report, promises=Promises(folder.parent)
    )


def test_a_file_arrives_whole_and_alone(site: str, tmp_path: Path) -> None:
    shares: list[float] = []
    path = fetch(f"{site}/file/talk%20one.mp4?key=1", tmp_path / "job", report=shares.append)
    assert path == tmp_path / "job" / "talk one.mp4"
    assert path.read_bytes() == CONTENT
    assert list(path.parent.iterdir()) == [path]
    assert shares[-1] == 1.0
    assert shares == sorted(shares)


@pytest.mark.parametrize(("kind", "name"), [("named", "über.mp4"), ("quoted", "my talk.mp4"), ("file", "file")])
def test_the_server_names_the_file_or_its_address_does(site: str, tmp_path: Path, kind: str, name: str) -> None:
    assert fetch(f"{site}/{kind}", tmp_path / "job").name == name


def test_what_an_earlier_try_left_is_gone(site: str, tmp_path: Path) -> None:
    (tmp_path / "job").mkdir()
    (tmp_path / "job" / ".part").write_text("half")
    assert list((tmp_path / "job").iterdir()) != [fetch(f"{site}/file/a.mp4", tmp_path / "job")]
    assert [path.name for path in (tmp_path / "job").iterdir()] == ["a.mp4"]


def test_the_host_is_asked_by_its_name(site: str, tmp_path: Path) -> None:
    assert fetch(f"{site}/host", tmp_path / "job").read_text() == site.removeprefix("http://")


def test_five_redirects_are_followed(site: str, tmp_path: Path) -> None:
    assert fetch(f"{site}/hops/4", tmp_path / "job").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("path", "error", "says"),
    [
        ("hops/5", DownloadError, "more than 5 redirects"),
        ("missing/a.mp4", DownloadError, "answered 404"),
        ("cut/a.mp4", DownloadError, "received 5000 bytes, expected 2560000"),
        ("endless/a.mp4", DownloadError, "more than the 0.01 GB that MOMENTS_MAX_UPLOAD_GB allows"),
        ("page", NotMediaError, "is text/html, not a media file"),
        ("packed/a.mp4", DownloadError, r"sends the file packed \(gzip\)"),
        ("nowhere", DownloadError, "redirects to '//\\['"),
        ("inwards", MomentsError, "is no address to download from"),
    ],
)
def test_a_failed_download_leaves_nothing(
    site: str, tmp_path: Path, path: str, error: type[MomentsError], says: str
) -> None:
    with pytest.raises(error, match=says):
        fetch(f"{site}/{path}", tmp_path / "job")
    assert not (tmp_path / "job").exists()


def test_a_file_that_says_it_is_too_large_is_not_begun(site: str, tmp_path: Path) -> None:
    seen: list[float] = []
    with pytest.raises(DownloadError, match="MOMENTS_MAX_UPLOAD_GB"):
        fetch(f"{site}/file/a.mp4", tmp_path / "job", 1000, seen.append)
    assert not any(seen)
    assert not (tmp_path / "job").exists()


def test_private_networks_are_out_of_reach(site: str, tmp_path: Path) -> None:
    with pytest.raises(UrlNotAllowedError):
        download(
            f"{site}/file",
            tmp_path / "job",
            max_bytes=9,
            allow_private=False,
            report=lambda _: None,
            promises=Promises(tmp_path),
        )
    assert not (tmp_path / "job").exists()


def test_a_server_that_is_not_there_is_a_failed_download(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1:9"):
        fetch("http://127.0.0.1:9/a.mp4", tmp_path / "job")
    assert not (tmp_path / "job").exists()


def test_a_download_that_is_stopped_leaves_nothing(site: str, tmp_path: Path) -> None:
    def stop(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(f"{site}/endless/a.mp4", tmp_path / "job", report=stop)
    assert not (tmp_path / "job").exists()


@pytest.mark.parametrize("kind", ["silence", "drips"])
def test_a_server_that_does_not_come_to_an_answer_is_given_up(
    site: str, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "ANSWER_TIMEOUT_S", 0.5)
    with pytest.raises(DownloadError, match=r"no answer within 0\.5 s"):
        fetch(f"{site}/{kind}", tmp_path / "job")
    assert not (tmp_path / "job").exists()


def test_a_body_that_drips_is_given_up(site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "JUDGED_OVER_S", 0.5)
    with pytest.raises(DownloadError, match="less than 2000 bytes a second"):
        fetch(f"{site}/dripping", tmp_path / "job")
    assert not (tmp_path / "job").exists()


@pytest.mark.parametrize("kind", ["silence", "drips", "dripping"])
def test_a_stop_is_heard_while_a_server_keeps_one_waiting(site: str, tmp_path: Path, kind: str) -> None:
    began_s = time.monotonic()

    def stop(_: float) -> None:
        if time.monotonic() - began_s > 0.3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(f"{site}/{kind}", tmp_path / "job", report=stop)
    assert time.monotonic() - began_s < 1.5
    assert not (tmp_path / "job").exists()


@pytest.mark.parametrize(
    ("kind", "free", "what"), [("file", 2_000_000, "the file at"), ("endless", 1_000, "the rest of")]
)
def test_a_file_that_finds_no_room_is_not_begun_or_not_finished(
    site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, free: int, what: str
) -> None:
    disk = SimpleNamespace(total=10**12, free=100_000_000 + free)
    monkeypatch.setattr("shutil.disk_usage", lambda _: disk)
    with pytest.raises(StorageFullError, match=f"{what} {site}/{kind}"):
        fetch(f"{site}/{kind}", tmp_path / "job")
    assert not (tmp_path / "job").exists()
