"""HTTP/1.1 with limits that uvicorn's own protocol lacks: of header bytes, of time, of connections.

Its parser keeps a header until it ends, however long it grows, and it waits for the rest of a request for ever.
"""

import asyncio
from enum import Enum
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

HEAD_BYTES = 64 * 1024
"""Request line and headers together, to a piece more; so much may also come of a body, in chunk sizes and trailers,
without any content."""
HEAD_TIMEOUT_S = 20.0
"""From the connection, or the first byte of the next request on it, to the end of the headers."""
BODY_ROUND_S = 30.0
LEAST_BODY_BYTES_PER_S = 100
"""A body that comes more slowly over a round is given up; not one that the server itself holds back."""
MAX_CONNECTIONS = 1000
SPARE_FILES = 200
"""Open files that are left to everything else when the system allows few."""

_PIECE_BYTES = 16 * 1024


class _Awaited(Enum):
    """What a connection waits for: the rest of a request's headers or body, or nothing in particular."""

    HEAD = "head"
    BODY = "body"
    NOTHING = "nothing"


class LimitedHttp(HttpToolsProtocol):
    """One connection. Over a limit it is answered 408, 431 or 503 and closed; the application does not hear of it."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._awaited = _Awaited.NOTHING
        self._without_content = 0
        self._of_body = 0
        self._timer: asyncio.TimerHandle | None = None
        self._since_s = self.loop.time()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > connection_limit():
            self._make_room()
        self._await(_Awaited.HEAD)

    def connection_lost(self, exc: Exception | None) -> None:
        self._await(_Awaited.NOTHING)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._awaited is _Awaited.NOTHING:
            self._await(_Awaited.HEAD)
        # Piece by piece, so that hardly more headers are parsed than allowed.
        for start in range(0, len(data), _PIECE_BYTES):
            if self.transport.is_closing():
                return
            piece = data[start : start + _PIECE_BYTES]
            self._without_content += len(piece)
            super().data_received(piece)
            if self._without_content > HEAD_BYTES:
                self._refuse(431, f"The headers are too long; allowed are {HEAD_BYTES} bytes.")

    def on_message_begin(self) -> None:
        self._without_content = 0
        if self._awaited is not _Awaited.HEAD:
            self._await(_Awaited.HEAD)
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._awaited is _Awaited.HEAD:  # what comes after a body, nobody here reads
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._without_content = 0
        self._await(_Awaited.BODY)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._without_content = 0
        self._of_body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._await(_Awaited.NOTHING)
        super().on_message_complete()

    def _await(self, what: _Awaited) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._awaited, self._since_s = what, self.loop.time()
        if what is _Awaited.HEAD:
            self._timer = self.loop.call_later(HEAD_TIMEOUT_S, self._refuse, 408, "The headers did not come in time.")
        elif what is _Awaited.BODY:
            self._of_body = 0
            self._timer = self.loop.call_later(BODY_ROUND_S, self._judge_body)

    def _judge_body(self) -> None:
        is_held_back = self.flow.read_paused
        if not is_held_back and self._of_body < LEAST_BODY_BYTES_PER_S * BODY_ROUND_S:
            self._refuse(408, "The body comes too slowly.")
        else:
            self._await(_Awaited.BODY)

    @property
    def _is_idle(self) -> bool:
        """Whether this connection is open and nothing is being answered on it."""
        is_free = self.cycle is None or self.cycle.response_complete
        return is_free and self._awaited is not _Awaited.BODY and not self.transport.is_closing()

    @property
    def _is_unread(self) -> bool:
        """Whether an answer waits for somebody who does not take it, as a player that pauses; it can ask again."""
        return self.flow.write_paused and not self.transport.is_closing()

    def _make_room(self) -> None:
        """Close the connection that has kept others waiting for longest, or this one if all are at work."""
        others = [other for other in self.connections if isinstance(other, LimitedHttp)]
        spare = [other for other in others if other._is_idle or other._is_unread]
        # This one is idle, too, and the last to be taken among those.
        oldest = min(spare, key=lambda other: (other is self, not other._is_idle, other._since_s))
        oldest._refuse(503, "Too many connections are open.")

    def _refuse(self, status: int, why: str) -> None:
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            content = why.encode()
            head = b"content-type: text/plain; charset=utf-8\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
            self.transport.write(STATUS_LINE[status] + head % len(content) + content)
            self.transport.close()
        else:
            self.transport.abort()


def connection_limit() -> int:
    """How many connections may be open at once: fewer where the system allows few open files."""
    try:
        import resource
    except ImportError:  # Windows, which has no such limit
        return MAX_CONNECTIONS
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if files == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return max(1, min(MAX_CONNECTIONS, files - SPARE_FILES))
