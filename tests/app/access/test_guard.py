"""Who may ask the server: keys, sessions, the user's own commands, and pages of other sites."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.access.guard import ATTEMPTS, ATTEMPTS_WINDOW_S, Attempts, Caller, CallerKind, Guard, is_loopback_name
from app.access.local_token import local_token, read_local_token
from app.cli.server_client import Server
from app.http.application import create_app
from app.http.middleware import SESSION_COOKIE
from app.settings import Settings
from retrieval.errors import TooManyAttemptsError, UnauthorizedError
from retrieval.storage.library import Library
from tests.fakes import FakeShot, library_of

SITE = "http://127.0.0.1"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("library")
    library_of(folder, {"a.mp4": [FakeShot("red")]}).close()
    return folder


@pytest.fixture
def library(folder: Path) -> Iterator[Library]:
    with Library(Settings(data_dir=folder), "test") as opened:
        yield opened
        for key in opened.catalog.api_keys.all():
            opened.catalog.api_keys.revoke(str(key.id))


def client_on(library: Library, *, host: str = "127.0.0.1", url: str | None = None) -> TestClient:
    api = create_app(Settings(data_dir=library.settings.data_dir, host=host), url)
    api.state.library = library
    return TestClient(api, base_url=SITE)


@pytest.fixture
def client(library: Library) -> TestClient:
    return client_on(library)


@pytest.fixture
def secret(library: Library) -> str:
    return library.catalog.api_keys.create("laptop")[1]


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def sign_in(client: TestClient, secret: str) -> None:
    assert client.post("/v1/session", json={"key": secret}).status_code == 200


def test_without_keys_loopback_is_open(client: TestClient) -> None:
    assert client.get("/v1/videos").status_code == 200
    assert client.get("/v1/session").json() == {"required": False, "signed_in": True, "name": None}


def test_from_the_first_key_on_every_request_needs_one(client: TestClient, secret: str) -> None:
    refused = client.get("/v1/videos")
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthorized")
    assert refused.headers["www-authenticate"] == "Bearer"
    assert "moments keys create" in refused.json()["detail"]
    assert client.get("/v1/videos", headers=bearer(secret)).status_code == 200
    assert client.get("/v1/videos", headers={"Authorization": f"bearer  {secret} "}).status_code == 200


@pytest.mark.parametrize(
    "authorization", ["Bearer mom_wrong", "Bearer", "Basic bW9tOm1vbQ==", "mom_wrong", "Bearer \xe9"]
)
def test_what_is_no_key_opens_nothing(client: TestClient, secret: str, authorization: str) -> None:
    assert secret
    response = client.get("/v1/videos", headers=[(b"authorization", authorization.encode("latin-1"))])
    assert response.status_code == 401


@pytest.mark.parametrize(
    "path", ["/metrics", "/docs", "/v1/openapi.json", "/v1/system", "/nowhere", "/v1/session/x", "//v1/videos"]
)
def test_everything_that_is_not_named_as_free_needs_a_key(client: TestClient, secret: str, path: str) -> None:
    assert secret
    assert client.get(path).status_code == 401


@pytest.mark.parametrize(
    "path", ["/", "/search", "/watch/0123456789abcdef?start_s=1", "/library", "/sign-in", "/healthz"]
)
def test_pages_and_health_are_free(client: TestClient, secret: str, path: str) -> None:
    assert secret
    assert client.get(path).status_code == 200


def test_a_body_is_not_read_for_whom_is_not_let_in(client: TestClient, secret: str) -> None:
    assert secret

    read: list[bytes] = []

    def body() -> Iterator[bytes]:
        read.append(b"all")
        yield b"all"

    assert client.post("/v1/search/image", content=body()).status_code == 401
    assert not read


def test_an_address_of_the_network_needs_a_key_even_if_there_is_none(library: Library) -> None:
    assert client_on(library, host="0.0.0.0").get("/v1/videos").status_code == 401


def test_a_browser_signs_in_and_out(client: TestClient, secret: str) -> None:
    assert client.get("/v1/session").json() == {"required": True, "signed_in": False, "name": None}
    answer = client.post("/v1/session", json={"key": secret})
    assert answer.json() == {"required": True, "signed_in": True, "name": "laptop"}
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie
    assert secret not in cookie
    assert client.get("/v1/videos").status_code == 200
    assert client.get("/v1/session").json() == {"required": True, "signed_in": True, "name": "laptop"}
    token = client.cookies[SESSION_COOKIE]
    assert client.delete("/v1/session", headers={"Origin": SITE}).status_code == 204
    assert SESSION_COOKIE not in client.cookies
    assert client.get("/v1/videos", headers={"Cookie": f"{SESSION_COOKIE}={token}"}).status_code == 401


def test_over_https_the_cookie_stays_on_https(library: Library, secret: str) -> None:
    client = TestClient(client_on(library).app, base_url="https://moments.example")
    assert "Secure" in client.post("/v1/session", json={"key": secret}).headers["set-cookie"]


def test_after_too_many_wrong_keys_one_has_to_wait_or_know_the_right_one(client: TestClient, secret: str) -> None:
    for _ in range(ATTEMPTS):
        assert client.post("/v1/session", json={"key": "mom_wrong"}).status_code == 401
    blocked = client.post("/v1/session", json={"key": "mom_wrong"})
    assert (blocked.status_code, blocked.headers["retry-after"]) == (429, str(ATTEMPTS_WINDOW_S))
    assert client.post("/v1/session", json={"key": secret}).status_code == 200


def test_attempts_are_counted_by_address_and_forgotten() -> None:
    now = [0.0]
    attempts = Attempts(lambda: now[0])
    for _ in range(ATTEMPTS):
        attempts.check("a")
        attempts.failed("a")
    attempts.check("b")
    with pytest.raises(TooManyAttemptsError, match="wait so long and try again"):
        attempts.check("a")
    now[0] = ATTEMPTS_WINDOW_S
    attempts.check("a")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site", "Origin": SITE}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:9000"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 404),
        ({"Origin": SITE}, 404),
        ({}, 404),
    ],
)
def test_a_page_of_another_site_changes_nothing(client: TestClient, headers: dict[str, str], status: int) -> None:
    """Without keys too: the page would come from the user's own machine."""
    assert client.delete("/v1/videos/nothing", headers=headers).status_code == status


VISIT = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.mark.parametrize("path", ["/v1/videos", "/v1/session", "/v1/videos/a.mp4/thumbnail", "/metrics", "/"])
@pytest.mark.parametrize(
    ("headers", "comes_in"),
    [
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}, False),
        ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "object"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Sec-Fetch-Site": "cross-site", **VISIT}, True),
        ({"Sec-Fetch-Site": "same-site", **VISIT}, True),
        ({"Sec-Fetch-Site": "none", **VISIT}, True),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "video"}, True),
        ({"Origin": SITE}, True),
        ({}, True),
    ],
)
def test_a_page_of_another_site_is_shown_nothing_but_its_links_lead_here(
    client: TestClient, path: str, headers: dict[str, str], comes_in: bool
) -> None:
    for ask in (client.get, client.head):
        assert (ask(path, headers=headers).status_code != 403) is comes_in


def test_a_session_needs_proof_that_the_page_is_ours(client: TestClient, secret: str) -> None:
    sign_in(client, secret)
    assert client.delete("/v1/videos/nothing").status_code == 403
    assert client.delete("/v1/videos/nothing", headers={"Origin": SITE}).status_code == 404
    assert client.delete("/v1/videos/nothing", headers=bearer(secret)).status_code == 404


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("localhost", True),
        ("localhost:8321", True),
        ("moments.localhost:8321", True),
        ("127.0.0.1:8321", True),
        ("127.1.2.3", True),
        ("[::1]:8321", True),
        ("[::1]", True),
        ("LOCALHOST", True),
        ("evil.example", False),
        ("localhost.evil.example:8321", False),
        ("127.0.0.1.evil.example", False),
        ("192.168.1.5:8321", False),
        ("", False),
    ],
)
def test_names_of_this_machine_are_known(host: str, is_ours: bool) -> None:
    assert is_loopback_name(host) is is_ours


def test_a_name_of_somebody_else_that_leads_here_gets_no_answer(library: Library) -> None:
    client = client_on(library, url=SITE)
    refused = client.get("/v1/videos", headers={"Host": "evil.example"})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert client.get("/v1/videos").status_code == 200


def test_with_a_key_any_name_will_do(library: Library, secret: str) -> None:
    client = client_on(library, url=SITE)
    assert client.get("/v1/videos", headers={"Host": "moments.example"} | bearer(secret)).status_code == 200


def test_the_users_own_commands_need_no_key(library: Library, secret: str, tmp_path: Path) -> None:
    assert secret
    client = client_on(library)
    with local_token(tmp_path) as token:
        client.app.state.guard.local_token = token  # type: ignore[attr-defined]
        assert (tmp_path / "server.token").stat().st_mode & 0o777 == 0o600
        headers = Server(SITE, read_local_token(tmp_path))._headers
        assert client.get("/v1/videos", headers=headers).status_code == 200
    assert read_local_token(tmp_path) is None


def test_who_may_add_which_files_by_path(library: Library, tmp_path: Path) -> None:
    keys = library.catalog.api_keys
    free, listed = Guard(Settings()), Guard(Settings(media_roots=(tmp_path,)))
    visitor, owner, holder = Caller(CallerKind.OPEN), Caller(CallerKind.LOCAL), Caller(CallerKind.KEY, "laptop")
    assert free.caller(keys, None, None) == visitor
    assert [free.roots(who).folders for who in (visitor, owner, holder)] == [None, None, ()]
    assert [listed.roots(who).folders for who in (visitor, owner, holder)] == [(tmp_path,), None, (tmp_path,)]


def test_a_revoked_key_is_refused_at_once(library: Library, client: TestClient) -> None:
    keys = library.catalog.api_keys
    _, kept = keys.create("kept")
    _, gone = keys.create("gone")
    keys.revoke("gone")
    assert client.get("/v1/videos", headers=bearer(kept)).status_code == 200
    assert client.get("/v1/videos", headers=bearer(gone)).status_code == 401
    with pytest.raises(UnauthorizedError, match="was revoked, or has expired"):
        Guard(Settings()).caller(keys, gone, None)
