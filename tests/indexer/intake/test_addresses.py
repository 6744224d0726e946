"""Which addresses a download may reach."""

import ipaddress
import socket
from urllib.parse import urlsplit

import pytest

from indexer.intake.addresses import check_url, is_public, resolve
from retrieval.errors import DownloadError, InputError, UrlNotAllowedError


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254",
        "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
        "2002:a00:1::", "2001:db8::1", "fec0::1", "feff::1", "3fff::1", "5f00::1", "64:ff9b:1::7f00:1", "192.88.99.1",
        "192.0.0.8", "2002:c058:6301::",
    ],
)  # fmt: skip
def test_private_addresses_are_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1", "2002:101:101::"])
def test_the_open_internet_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "", "talk.mp4", "ftp://example.org/a.mp4", "file:///etc/passwd", "http://", "http:///a",
        "http://example.org:99999/", "http://[::1", "http://example.org/\n", "http://user:secret@example.org/a.mp4",
        "javascript:alert(1)", "https://ex ample.org/",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(InputError):
        check_url(url, allow_private=True)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/a", "http://[::1]:8080/a", "http://LOCALHOST/", "http://a.localhost./", "http://10.1.2.3/"],
)
def test_an_address_that_is_private_on_its_face_is_refused_at_once(url: str) -> None:
    with pytest.raises(UrlNotAllowedError, match="MOMENTS_ALLOW_PRIVATE_URLS"):
        check_url(url, allow_private=False)
    assert check_url(url, allow_private=True).hostname


def test_a_name_that_leads_to_a_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in ("1.1.1.1", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    parts = urlsplit("http://innocent.example/a.mp4")
    with pytest.raises(UrlNotAllowedError, match=r"innocent.example \(10.0.0.1\)"):
        resolve(parts, allow_private=False)
    assert str(resolve(parts, allow_private=True)) == "1.1.1.1"


def test_other_spellings_of_a_private_address_are_refused_when_they_are_resolved() -> None:
    for host in ("2130706433", "0x7f000001", "127.1"):
        with pytest.raises((UrlNotAllowedError, DownloadError)):
            resolve(urlsplit(f"http://{host}/a.mp4"), allow_private=False)


def test_a_host_that_is_not_there_is_a_failed_download(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(DownloadError, match=r"nowhere.example: no such host"):
        resolve(urlsplit("http://nowhere.example/"), allow_private=False)
