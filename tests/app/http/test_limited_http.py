"""What a connection may cost before a request has come whole: asked of a real server, over sockets."""

import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

from app.http import limited_http
from app.http.limited_http import HEAD_BYTES, LimitedHttp

DEADLINE_S = 5.0


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    api = FastAPI()

    @api.get("/ping")
    def ping() -> str:
        return "pong"

    @api.post("/size")
    async def size(request: Request) -> int:
        return len(await request.body())

    @api.post("/slow")
    async def slow(request: Request) -> int:
        size = 0
        async for part in request.stream():
            size += len(part)
        return size

    @api.get("/large")
    async def large() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            for _ in range(2_000):
                yield bytes(65_536)

        return StreamingResponse(parts())

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(api, http=LimitedHttp, log_level="critical", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join()


def answer(connection: socket.socket) -> bytes:
    """All that comes until the server closes."""
    connection.settimeout(DEADLINE_S)
    parts = []
    with suppress(ConnectionError):
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def asked(port: int, request: bytes) -> bytes:
    """What the server answers to these bytes, as far as it takes them."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        with suppress(ConnectionError):
            connection.sendall(request)
        return answer(connection)


def test_requests_are_answered_one_after_the_other_on_a_connection(port: int) -> None:
    request = b"POST /size HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n" + bytes(300_000)
    last = b"GET /ping HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    said = asked(port, request * 2 + last)
    assert said.count(b"200 OK") == 3
    assert said.count(b"300000") == 2
    assert said.endswith(b'"pong"')


def test_a_body_in_chunks_with_extensions_and_a_trailer_is_taken(port: int) -> None:
    chunks = b"5;name=value\r\nhello\r\n" * 1000 + b"0\r\nX-Sum: 1\r\n\r\n"
    said = asked(
        port, b"POST /size HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + chunks
    )
    assert b"200 OK" in said
    assert said.endswith(b"5000")


@pytest.mark.parametrize(
    "endless",
    [
        b"GET /" + b"a" * 2_000_000,
        b"GET /ping HTTP/1.1\r\nX: " + b"a" * 2_000_000,
        b"GET /ping HTTP/1.1\r\n" + b"A: b\r\n" * 300_000,
        b"GET /ping HTTP/1.1\r\n" + b"a" * 2_000_000,
        b"\r\n" * 1_000_000,
        b"POST /slow HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"a" * 2_000_000,
        b"POST /slow HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n" + b"A: b\r\n" * 300_000,
        b"POST /slow HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: " + b"a" * 2_000_000,
    ],
    ids=["url", "header", "headers", "name", "blank-lines", "chunk-extension", "trailers", "trailer"],
)
def test_what_never_becomes_a_request_is_cut_off(port: int, endless: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(DEADLINE_S)
        sent = 0
        with suppress(ConnectionError):
            while sent < len(endless):
                sent += connection.send(endless[sent : sent + 65536])
                time.sleep(0.0005)
        said = b""
        with suppress(ConnectionError):
            said = answer(connection)
    # What is under way when the server closes may be lost, its answer with it.
    assert said.startswith((b"HTTP/1.1 431", b"HTTP/1.1 400")) or said == b""
    assert asked(port, b"GET /ping HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").endswith(b'"pong"')


def test_headers_that_are_too_long_are_answered_431(port: int) -> None:
    said = asked(port, b"GET /ping HTTP/1.1\r\nX: " + b"a" * (HEAD_BYTES + 20_000))
    assert said.startswith(b"HTTP/1.1 431")
    assert b"allowed are 65536 bytes" in said


def test_long_headers_within_the_limit_are_taken(port: int) -> None:
    cookies = b"Cookie: " + b"a" * (HEAD_BYTES - 1000)
    assert b"200 OK" in asked(port, b"GET /ping HTTP/1.1\r\n" + cookies + b"\r\nConnection: close\r\n\r\n")


@pytest.mark.parametrize("begun", [b"", b"GET /ping HTTP/1.1\r\nX: a", b"GET /ping HTTP/1.1\r\nA: b\r\n", b"\r\n"])
def test_headers_have_a_deadline(port: int, begun: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limited_http, "HEAD_TIMEOUT_S", 0.3)
    began_s = time.monotonic()
    assert asked(port, begun).startswith(b"HTTP/1.1 408")
    assert 0.2 < time.monotonic() - began_s < 2


def test_dripping_does_not_put_the_deadline_off(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limited_http, "HEAD_TIMEOUT_S", 0.5)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        began_s = time.monotonic()
        with suppress(ConnectionError):
            connection.sendall(b"GET /ping HTTP/1.1\r\nX: ")
            while time.monotonic() - began_s < DEADLINE_S:
                connection.sendall(b"a")
                time.sleep(0.05)
        assert time.monotonic() - began_s < 2


def test_the_next_request_of_a_connection_has_a_deadline_of_its_own(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limited_http, "HEAD_TIMEOUT_S", 0.4)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for _ in range(3):
            connection.sendall(b"GET /ping HTTP/1.1\r\nHost: a\r\n\r\n")
            said = b""
            while not said.endswith(b'"pong"'):
                said += connection.recv(65536)
            time.sleep(0.3)
        connection.sendall(b"GET")
        assert b"408" in answer(connection)


def test_a_body_that_drips_is_given_up(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limited_http, "BODY_ROUND_S", 0.3)
    said = asked(port, b"POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc")
    assert said.startswith(b"HTTP/1.1 408")


def test_a_body_that_comes_at_a_rate_may_take_its_time(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limited_http, "BODY_ROUND_S", 0.2)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"POST /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(10):
            connection.sendall(bytes(100))
            time.sleep(0.1)
        assert answer(connection).endswith(b"1000")


def test_of_too_many_connections_the_longest_idle_makes_room(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limited_http, "MAX_CONNECTIONS", 5)
    held = []
    try:
        for _ in range(5):
            held.append(socket.create_connection(("127.0.0.1", port)))
            held[-1].sendall(b"GET /ping HTTP/1.1\r\n")
            time.sleep(0.05)
        assert b"200 OK" in asked(port, b"GET /ping HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert answer(held[0]).startswith(b"HTTP/1.1 503")
        held[4].sendall(b"Connection: close\r\nHost: a\r\n\r\n")
        assert b"200 OK" in answer(held[4])
    finally:
        for connection in held:
            connection.close()


def test_who_does_not_read_the_answer_makes_room_too(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limited_http, "MAX_CONNECTIONS", 3)
    held = []
    try:
        for _ in range(3):
            held.append(socket.create_connection(("127.0.0.1", port)))
            held[-1].sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(0.5)  # until their buffers are full
        for _ in range(3):
            assert b"200 OK" in asked(port, b"GET /ping HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    finally:
        for connection in held:
            connection.close()
