"""Attempts to make the server fetch from places that only it can reach."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

from indexer.intake import addresses
from indexer.intake.addresses import Address, check_url, resolve
from indexer.intake.download import download
from retrieval.errors import InputError, MomentsError, UrlNotAllowedError
from retrieval.storage.promises import Promises

OUTSIDE, INSIDE = "127.0.0.1", "127.0.0.2"
"""Both are this machine; the tests take the first for an address of the open internet."""


@pytest.mark.parametrize(
    "url",
    [
        "http://2130706433/a", "http://0x7f000001/a", "http://0x7f.1/a", "http://017700000001/a", "http://127.1/a",
        "http://127.0.1/a", "http://0/a", "http://0.0.0.0/a", "http://[::]/a", "http://[::1]/a", "http://[::ffff:7f00:1]/a",
        "http://[::ffff:127.0.0.1]/a", "http://[0:0:0:0:0:0:0:1]/a", "http://[64:ff9b::7f00:1]/a", "http://[fe80::1%25lo]/a",
        "http://[fe80::1%lo]/a", "http://127.0.0.1./a", "http://localhost./a", "http://LocalHost/a", "http://x.localhost/a",
        "http://\uff11\uff12\uff17.0.0.1/a", "http://127\u30020\u30020\u30021/a", "http://\u24db\u24de\u24d2alhost/a",
        "http://1.1.1.1@127.0.0.1/a", "http://127.0.0.1#@1.1.1.1/a", "http://127.0.0.1?@1.1.1.1/a",
        "http://1.1.1.1:80@127.0.0.1/a", "http://127.0.0.1\\@1.1.1.1/a", "http://1.1.1.1\\@127.0.0.1/a",
        "http:/127.0.0.1/a", "http:127.0.0.1/a", "//127.0.0.1/a", "http://169.254.169.254/latest/meta-data",
        "http://[fd00:ec2::254]/latest", "http://192.168.0.1/a", "http://100.64.0.1/a", "http://127.0.0.1:22/",
    ],
)  # fmt: skip
def test_no_way_of_writing_an_address_reaches_this_machine(url: str) -> None:
    with pytest.raises(MomentsError):
        resolve(check_url(url, allow_private=False), allow_private=False)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "file://localhost/etc/passwd", "gopher://example.org:25/x", "ftp://example.org/a.mp4",
        "dict://example.org/d:x", "ldap://example.org/", "data:video/mp4;base64,AAAA", "jar:http://example.org!/a",
        "concat:http://example.org/a|b", "subfile,,start,0,end,9,,:/etc/passwd", "tcp://example.org:1", "smb://example.org/a",
        "unix:/run/docker.sock", "http+unix://%2Frun%2Fdocker.sock/a", "rtsp://example.org/a", "HTTPS+x://example.org/",
        "http://user:password@example.org/a.mp4", "http://user@example.org/a.mp4", "http://:@example.org/",
        "http://example.org/a\r\nHost: evil", "http://example.org\x00.evil.example/", "http://example.org:0/",
        "http://example.org:-1/", "http://example.org:65536/", "http://example.org:x/",
    ],
)  # fmt: skip
def test_no_other_scheme_and_no_credentials_are_taken(url: str) -> None:
    for allow_private in (False, True):
        with pytest.raises(InputError):
            check_url(url, allow_private=allow_private)


class Site(BaseHTTPRequestHandler):
    """Redirects to the address that its own path ends in, or answers with a film."""

    asked: list[str]

    def do_GET(self) -> None:
        _, _, target = self.path.partition("/to/")
        type(self).asked.append(self.path)
        self.send_response(302 if target else 200)
        if target:
            self.send_header("Location", target)
        self.send_header("Content-Length", "4" if not target else "0")
        self.end_headers()
        self.wfile.write(b"" if target else b"film")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def one_address_is_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    real = addresses.is_public

    def is_public(address: Address) -> bool:
        return address == IPv4Address(OUTSIDE) or real(address)

    monkeypatch.setattr(addresses, "is_public", is_public)


@pytest.fixture
def port(one_address_is_outside: None) -> Iterator[int]:  # noqa: ARG001
    Site.asked = []
    with ThreadingHTTPServer(("", 0), Site) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server.server_port
        server.shutdown()


def fetch(url: str, folder: Path) -> Path:
    return download(
        url, folder, max_bytes=1000, allow_private=False, report=lambda _: None, promises=Promises(folder.parent)
    )


def test_a_redirect_is_held_to_the_same_rules(port: int, tmp_path: Path) -> None:
    outside = f"http://{OUTSIDE}:{port}"
    assert fetch(f"{outside}/to/{outside}/film.mp4", tmp_path / "a").read_bytes() == b"film"
    Site.asked.clear()
    inside = f"{INSIDE}:{port}"
    for number, target in enumerate(
        (
            f"http://{inside}/secret",
            f"//{inside}/secret",
            f"http://[::ffff:{INSIDE}]:{port}/secret",
            "file:///etc/passwd",
        )
    ):
        with pytest.raises(MomentsError):
            fetch(f"{outside}/to/{target}", tmp_path / str(number))
        assert not (tmp_path / str(number)).exists()
    assert not [path for path in Site.asked if path.startswith("/secret")]


def test_a_name_that_changes_its_mind_is_asked_once(port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first answer is checked, and it is what is connected to; a second one would lead inside (DNS rebinding)."""
    told = [OUTSIDE, INSIDE, INSIDE]
    connected: list[Any] = []
    real_lookup, real_connect = socket.getaddrinfo, socket.create_connection

    def lookup(host: str, *arguments: Any, **named: Any) -> Any:
        return real_lookup(told.pop(0) if host == "rebinding.example" else host, *arguments, **named)

    def connect(address: Any, *arguments: Any, **named: Any) -> socket.socket:
        connected.append(address[0])
        return real_connect(address, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    monkeypatch.setattr(socket, "create_connection", connect)
    assert fetch(f"http://rebinding.example:{port}/film.mp4", tmp_path / "a").read_bytes() == b"film"
    assert connected == [OUTSIDE]
    with pytest.raises(UrlNotAllowedError):
        fetch(f"http://rebinding.example:{port}/film.mp4", tmp_path / "b")


def test_no_proxy_of_the_environment_is_asked(port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would look up the name itself, after all checks."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://{INSIDE}:{port}")
    fetch(f"http://{OUTSIDE}:{port}/film.mp4", tmp_path / "a")
    assert Site.asked == ["/film.mp4"]
