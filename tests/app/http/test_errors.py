"""Errors over HTTP: one shape, the right status, and nothing told that should not be."""

import errno
import json
import logging
import pickle
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI, HTTPException
from fastapi.testclient import TestClient

from app.http.application import create_app
from app.http.middleware import BODY_LIMIT_BYTES, CONTENT_POLICY, QUERY_FILE_LIMIT_BYTES
from app.http.schemas.problem import Problem
from app.settings import Settings
from retrieval import errors
from retrieval.search import SearchEngine
from retrieval.storage.library import Library
from retrieval.storage.records import Failure
from tests.fakes import FakeEncoders, FakeShot, library_of


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with library_of(tmp_path_factory.mktemp("library"), {"a.mp4": [FakeShot("red")]}) as opened:
        yield opened


@pytest.fixture
def api(library: Library) -> FastAPI:
    """The API with a route that raises the error that its path names, and one that fails unexpectedly."""
    api = create_app(Settings(data_dir=library.settings.data_dir))
    api.state.library, api.state.engine = library, SearchEngine(library, FakeEncoders())

    @api.get("/raise/{name}")
    def fail(name: str) -> None:
        raise getattr(errors, name)("a message that ends in \ud800")

    @api.get("/bug")
    def bug() -> None:
        raise RuntimeError("the password is 1234")

    @api.get("/full")
    def full() -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/a/secret/place")

    @api.post("/form")
    async def form() -> None:
        try:
            raise OSError(errno.ENOSPC, "No space left on device", "/a/secret/place")
        except OSError as error:  # as the framework does with a body that it cannot read
            raise HTTPException(400, "There was an error parsing the body") from error

    return api


@pytest.fixture
def client(api: FastAPI) -> TestClient:
    return TestClient(api)


def problem(response: Any) -> Problem:
    """The problem that a response is, with what holds for all of them checked."""
    assert response.headers["content-type"] == "application/problem+json"
    found = Problem.model_validate_json(response.content)
    assert (found.status, found.request_id) == (response.status_code, response.headers["x-request-id"])
    assert response.headers["content-security-policy"] == CONTENT_POLICY
    return found


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("InputError", 422),
        ("QueryError", 422),
        ("CursorError", 400),
        ("CursorExpiredError", 410),
        ("UnauthorizedError", 401),
        ("ForbiddenError", 403),
        ("PathNotAllowedError", 403),
        ("TooManyAttemptsError", 429),
        ("NotFoundError", 404),
        ("VideoNotFoundError", 404),
        ("NotMediaError", 422),
        ("EncoderMismatchError", 409),
        ("ModelUnavailableError", 503),
        ("StorageError", 503),
        ("DataFolderBusyError", 503),
    ],
)
def test_every_kind_of_error_has_its_status(client: TestClient, name: str, status: int) -> None:
    found = problem(client.get(f"/raise/{name}"))
    assert (found.status, found.code) == (status, getattr(errors, name).code)
    assert found.detail == "a message that ends in \\ud800"


@pytest.mark.parametrize("name", ["DataFolderBusyError", "TooManyAttemptsError"])
def test_what_passes_says_when_to_come_back(client: TestClient, name: str) -> None:
    assert int(client.get(f"/raise/{name}").headers["retry-after"]) > 0


def test_a_bug_tells_nothing_but_where_to_look(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "app.http.middleware"):
        response = client.get("/bug", headers={"X-Request-Id": "mine-1"})
    found = problem(response)
    assert (found.status, found.code, found.request_id) == (500, "internal_error", "mine-1")
    assert "1234" not in response.text
    assert "mine-1" in caplog.text
    assert "the password is 1234" in caplog.text


@pytest.mark.parametrize("given", ["a" * 129, "a b", "<script>", ""])
def test_an_id_that_is_no_id_is_replaced(client: TestClient, given: str) -> None:
    answered = client.get("/healthz", headers={"X-Request-Id": given}).headers["x-request-id"]
    assert len(answered) == 32
    assert answered != given


def test_an_unknown_address_is_not_found(client: TestClient) -> None:
    found = problem(client.get("/v1/nowhere"))
    assert (found.status, found.code, found.detail) == (404, "not_found", "there is nothing at /v1/nowhere")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/search", {"POST"}),
        ("PUT", "/v1/videos", {"GET", "POST"}),
        ("POST", "/healthz", {"GET"}),
    ],
)
def test_a_method_that_is_not_possible_is_told_which_are(
    client: TestClient, method: str, path: str, allowed: set[str]
) -> None:
    response = client.request(method, path)
    assert problem(response).code == "method_not_allowed"
    assert set(response.headers["allow"].split(", ")) == allowed


@pytest.mark.parametrize("body", [b"{", b"", b"{'a': 1}", b"\xff\xfe", b"[" * 5000, b"1" * 5000])
def test_what_is_no_json_is_malformed(client: TestClient, body: bytes) -> None:
    response = client.post("/v1/search", content=body, headers={"Content-Type": "application/json"})
    assert (problem(response).status, problem(response).code) in ((400, "malformed_request"), (422, "invalid_input"))
    assert problem(response).status == 400 or body in (b"", b"1" * 5000)


@pytest.mark.parametrize(
    ("path", "content_type", "expected"),
    [
        ("/v1/search", "text/plain", "application/json"),
        ("/v1/search", "application/x-www-form-urlencoded", "application/json"),
        ("/v1/search", None, "application/json"),
        ("/v1/search/image", "application/json", "multipart/form-data"),
    ],
)
def test_another_content_type_is_told_the_right_one(
    client: TestClient, path: str, content_type: str | None, expected: str
) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    found = problem(client.post(path, content=b'{"query": {"text": "red"}}', headers=headers))
    assert (found.status, found.code) == (415, "unsupported_media_type")
    assert found.detail.endswith(f"allowed is {expected}")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "query"),
        ({"query": {"text": 1}}, "query.text"),
        ({"query": {"text": "a", "then": ["b", 2]}}, "query.then.1"),
        ({"query": {"text": "a"}, "limit": "5"}, "limit"),
        ({"query": {"text": "a"}, "limit": True}, "limit"),
        ({"query": {"text": "a"}, "limit": 5.5}, "limit"),
        ({"query": {"text": "a"}, "explain": "yes"}, "explain"),
        ({"query": {"text": "a"}, "explain": 1}, "explain"),
        ({"query": {"text": "a"}, "lanes": ["smell"]}, "lanes.0"),
        ({"query": {"text": "a"}, "colour": "red"}, "colour"),
        ({"query": {"text": "a", "like": {"video_id": "a.mp4", "start_s": "0", "end_s": 1}}}, "query.like.start_s"),
        ({"query": {"text": "a", "within_s": float("nan")}}, "query.within_s"),
        ({"query": {"text": "a", "within_s": float("inf")}}, "query.within_s"),
        ({"query": {"text": "a"}, "weights": {"speech": float("-inf")}}, "weights.speech"),
        ([], None),
    ],
)
def test_a_wrong_value_is_named_by_its_place(client: TestClient, body: object, param: str | None) -> None:
    headers = {"Content-Type": "application/json"}
    found = problem(client.post("/v1/search", content=json.dumps(body), headers=headers))
    assert (found.status, found.code, found.param) == (422, "invalid_input", param)
    assert found.detail.startswith(f"{param or 'body'}: ")


def test_a_wrong_parameter_is_named_with_its_value(client: TestClient) -> None:
    found = problem(client.get("/v1/videos", params={"limit": "1001"}))
    assert (found.param, found.detail) == ("limit", "limit: Input should be less than or equal to 1000, not '1001'")


def chunks(total: int) -> Iterator[bytes]:
    """Bytes whose number is not announced."""
    for _ in range(total // 100_000 + 1):
        yield b" " * 100_000


@pytest.mark.parametrize("is_announced", [True, False])
def test_a_body_that_is_too_large_is_refused(client: TestClient, is_announced: bool) -> None:
    content = b" " * (BODY_LIMIT_BYTES + 1) if is_announced else chunks(BODY_LIMIT_BYTES)
    found = problem(client.post("/v1/search", content=content, headers={"Content-Type": "application/json"}))
    assert (found.status, found.code) == (413, "body_too_large")
    assert "1,000,000 bytes" in found.detail


def test_a_file_to_search_with_may_be_larger_but_not_endless(client: TestClient) -> None:
    headers = {"Content-Length": str(QUERY_FILE_LIMIT_BYTES + 1)}
    assert problem(client.post("/v1/search/image", headers=headers)).status == 413
    large = {"file": b"x" * (BODY_LIMIT_BYTES + 1)}
    assert problem(client.post("/v1/search/image", files=large)).status == 422


def test_a_long_message_is_shortened_wherever_it_leaves_and_logged_whole(caplog: pytest.LogCaptureFixture) -> None:
    text = "the model cannot be loaded: " + "node " * 100_000 + "is missing"
    with caplog.at_level("WARNING"):
        error = errors.ModelCorruptError(text)
    assert len(error.message) <= errors.MOST_CHARACTERS
    assert error.message == str(error) == pickle.loads(pickle.dumps(error)).message
    assert error.message.startswith("the model cannot be loaded: node node")
    assert "[500,038 characters in all: see the log]" in error.message
    assert error.message.endswith("node is missing")
    assert [record.getMessage() for record in caplog.records] == [f"{error.code}: {text}"]
    assert Failure(error.code, text).message == error.message


def test_a_message_of_the_usual_length_stays_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    text = "x" * errors.MOST_CHARACTERS
    assert errors.InputError(text).message == text
    assert caplog.records == []


@pytest.mark.parametrize(("method", "path"), [("GET", "/full"), ("POST", "/form")])
def test_a_disk_that_is_full_wherever_it_is_met_is_no_bug(
    client: TestClient, method: str, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    found = problem(client.request(method, path))
    assert (found.status, found.code) == (507, "storage_full")
    assert "secret" not in found.detail
    assert not [record for record in caplog.records if record.exc_info]
