"""Attempts to get in without a key, or past what a key is asked for: paths, methods and protocols of other kinds."""

import base64
import json
from collections.abc import Iterator

import pytest

from app.http.middleware import SESSION_COOKIE
from tests.attacked import Attacked, attacked_server
from tests.fakes import id_of

A = id_of("a.mp4")
LISTS_OF_VIDEOS = b'"videos"'


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    """A server with a key, ``secret``."""
    with attacked_server(tmp_path_factory.mktemp("attacked")) as server:
        yield server


@pytest.fixture(scope="module")
def secret(attacked: Attacked) -> str:
    return attacked.library.catalog.api_keys.create("laptop")[1]


@pytest.fixture(autouse=True)
def _has_a_key(secret: str) -> None:
    """From the first test on, so that everything needs the key."""


@pytest.mark.parametrize("place", ["key", "api_key", "access_token", "token", "authorization", SESSION_COOKIE])
def test_a_key_in_an_address_opens_nothing(attacked: Attacked, secret: str, place: str) -> None:
    """Addresses end up in logs and histories: nobody may get used to it."""
    assert attacked.asked("GET", f"/v1/videos?{place}={secret}").status == 401
    assert attacked.asked("GET", f"/v1/videos?{place}=Bearer%20{secret}").status == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Api_Key": "{}"},
        {"Cookie": SESSION_COOKIE + "={}"},
        {"Proxy_Authorization": "Bearer {}"},
        {"Authorization": "Basic {basic}"},
        {"Authorization": "Bearer {} x"},
        {"Authorization": 'Bearer "{}"'},
        {"Authorization": "Bearer {upper}"},
        {"Authorization": "Bearer {}\x00"},
    ],
)
def test_a_key_elsewhere_than_in_its_header_opens_nothing(
    attacked: Attacked, secret: str, headers: dict[str, str]
) -> None:
    forms = {"basic": base64.b64encode(f":{secret}".encode()).decode(), "upper": secret.swapcase()}
    sent = {name: value.format(secret, **forms) for name, value in headers.items()}
    assert attacked.asked("GET", "/v1/videos", **sent).status in (400, 401)


@pytest.mark.parametrize(
    "path",
    [
        "//v1/videos", "/v1//videos", "/V1/videos", "/v1/Videos", "/%76%31/videos", "/v1%2fvideos", "/v1/videos/",
        "/v1/videos%00", "/v1/videos%20", "/v1/videos;x=1", "/v1/videos/.", "/./v1/videos", "/v1/./videos",
        "/web/../v1/videos", "/web/%2e%2e/v1/videos", "/web/..%2fv1/videos", "/web/%252e%252e/v1/videos",
        "/watch/../v1/videos", "/watch/..%2f..%2fv1/videos", "/healthz/../v1/videos", "/healthz/v1/videos",
        "/v1/session/../videos", "/v1/session%2f..%2fvideos", "/v1/session/videos", "/web\\..\\v1\\videos",
        "http://localhost/v1/videos", "http://localhost/web/../v1/videos", "/search?/v1/videos", "/v1/videos#/web/",
        "/v1/videos?x=/healthz", "*", "", "v1/videos",
    ],
)  # fmt: skip
def test_no_way_of_writing_a_path_goes_around_the_key(attacked: Attacked, path: str) -> None:
    for method in ("GET", "HEAD"):
        answer = attacked.asked(method, path)
        assert LISTS_OF_VIDEOS not in answer.content
        # A page of the interface holds nothing of the library; all else is refused or not there.
        is_page = answer.headers.get("content-type", "").startswith("text/html")
        assert answer.status in (307, 400, 401, 404) or is_page, answer


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "PROPFIND", "QUERY", "LINK", "PURGE", "get", "GETX"])
def test_no_method_goes_around_the_key(attacked: Attacked, method: str) -> None:
    for path in ("/v1/videos", f"/v1/videos/{A}/stream", "/v1/uploads", "/metrics"):
        answer = attacked.asked(method, path)
        assert answer.status in (400, 401)
        assert secret_free(answer.content)


def secret_free(content: bytes) -> bool:
    return LISTS_OF_VIDEOS not in content and b"moments_" not in content


def test_a_header_that_names_another_method_is_held_to_that_method(attacked: Attacked, secret: str) -> None:
    """Only uploads know that header; a method that is safe on the way in may not become one that is not."""
    for method in ("DELETE", "PATCH", "POST"):
        answer = attacked.asked("GET", "/v1/uploads/x", X_HTTP_Method_Override=method, Origin="https://evil.example")
        assert (answer.status, answer.code) == (403, "forbidden")
    assert attacked.asked("POST", "/v1/uploads", X_HTTP_Method_Override="GET").status == 401
    known = {"Authorization": f"Bearer {secret}", "X_HTTP_Method_Override": "DELETE"}
    assert attacked.asked("GET", f"/v1/videos/{A}", **known).status == 200
    assert attacked.asked("GET", f"/v1/videos/{A}", Authorization=known["Authorization"]).status == 200


def test_a_session_is_the_servers_own_and_not_one_that_was_planted(attacked: Attacked, secret: str) -> None:
    planted = "a" * 43
    ours = {"Origin": "http://localhost"}
    answer = attacked.posted("/v1/session", {"key": secret}, Cookie=f"{SESSION_COOKIE}={planted}", **ours)
    given = answer.headers["set-cookie"].partition(";")[0].partition("=")[2]
    assert given not in (planted, secret)
    assert attacked.asked("GET", "/v1/videos", Cookie=f"{SESSION_COOKIE}={planted}", **ours).status == 401
    assert attacked.asked("GET", "/v1/videos", Cookie=f"{SESSION_COOKIE}={given}", **ours).status == 200


@pytest.mark.parametrize("path", ["/v1/videos", "/v1/jobs/events", "/web/", "/anything"])
@pytest.mark.parametrize("protocol", ["websocket", "h2c"])
def test_no_other_protocol_is_spoken(attacked: Attacked, path: str, protocol: str) -> None:
    wanted = {"Connection": "Upgrade, close", "Upgrade": protocol, "Sec_WebSocket_Version": "13"}
    key = base64.b64encode(bytes(16)).decode()
    assert attacked.asked("GET", path, **wanted, Sec_WebSocket_Key=key).status in (401, 404)


@pytest.mark.parametrize(
    "request_",
    [
        b"POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost : a\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\n folded: b\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: b\x00c\r\n\r\n",
        b"GET /healthz HTTP/1.1\nHost: a\n\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_a_request_that_can_be_read_in_two_ways_is_refused(attacked: Attacked, request_: bytes) -> None:
    """What a proxy in front takes for one request must not be two here."""
    answer = attacked.sent(request_)
    assert answer.status in (400, 408), answer
    assert attacked.is_well


@pytest.mark.parametrize("host", ["evil.example", "evil.example/x", "a@evil.example", "localhost\tevil", ""])
def test_a_redirect_and_a_location_lead_nowhere_else(attacked: Attacked, secret: str, host: str) -> None:
    known = {"Authorization": f"Bearer {secret}"}
    for path in ("//evil.example/", "//evil.example/..", "/\\evil.example/", "/%0d%0aLocation:%20x/", "/v1/videos//"):
        answer = attacked.asked("GET", path, **known)
        assert answer.headers.get("location", "http://localhost/").startswith(("http://localhost/", "/v1/"))
    begun = {"Tus_Resumable": "1.0.0", "Upload_Length": "5", "Host": host}
    answer = attacked.asked("POST", "/v1/uploads", **known, **begun)
    assert answer.status in (201, 400)
    assert answer.status == 400 or answer.headers["location"].startswith("/v1/uploads/")


def test_an_error_says_nothing_of_the_key(attacked: Attacked, secret: str) -> None:
    wrong = f"{secret[:-1]}x"
    refused = attacked.asked("GET", "/v1/videos", Authorization=f"Bearer {wrong}")
    assert refused.status == 401
    assert wrong.encode() not in refused.content
    unsigned = attacked.posted("/v1/session", {"key": wrong})
    assert unsigned.status == 401
    assert wrong.encode() not in unsigned.content
    assert secret not in json.dumps(dict(unsigned.headers))
