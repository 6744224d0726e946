"""A real server on a small library, and requests to it byte by byte, as no well-behaved client would send them."""

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from app.http.application import create_app
from app.settings import Settings
from indexer.uploads import Uploads
from retrieval.search import SearchEngine
from retrieval.storage.library import Library
from tests.browser import served
from tests.fakes import TWO_VIDEOS, FakeEncoders, library_of
from tests.tus import FakeJobs

_PATIENCE_S = 20.0


@dataclass(frozen=True)
class Answer:
    """What came back; status 0 for a connection that was closed without a word."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def code(self) -> str:
        """The code of the problem that it is."""
        assert self.headers["content-type"] == "application/problem+json", self.content[:200]
        return str(json.loads(self.content)["code"])


@dataclass(frozen=True)
class Attacked:
    """A server that runs, its library, and what it was told to put on its queue."""

    port: int
    api: FastAPI
    library: Library
    jobs: FakeJobs

    def sent(self, request: bytes) -> Answer:
        """The first answer to these bytes, as far as the server takes them."""
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.settimeout(_PATIENCE_S)
            # Of a request that is refused early, the rest is not taken.
            with suppress(ConnectionError):
                connection.sendall(request)
            said = bytearray()
            with suppress(ConnectionError):
                while part := connection.recv(1 << 16):
                    said += part
        head, _, content = bytes(said).partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(": ") for line in lines)
        return Answer(int(first.split()[1]) if first else 0, {name.lower(): value for name, _, value in pairs}, content)

    def asked(self, method: str, path: str, body: bytes = b"", /, **headers: str) -> Answer:
        """The answer to a request whose path is sent as it stands; of a header's name, `_` is a dash."""
        given = {"Host": "localhost", "Connection": "close"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        if body:
            given["Content-Length"] = str(len(body))
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items()), "", ""]
        return self.sent("\r\n".join(lines).encode("latin-1") + body)

    def posted(self, path: str, body: bytes | str | Mapping[str, Any], **headers: str) -> Answer:
        """The answer to a body of JSON."""
        if isinstance(body, Mapping):
            body = json.dumps(body)
        content = body.encode() if isinstance(body, str) else body
        return self.asked("POST", path, content, **({"Content_Type": "application/json"} | headers))

    @property
    def is_well(self) -> bool:
        return self.asked("GET", "/healthz").status == 200


@contextmanager
def attacked_server(folder: Path, **settings: Any) -> Iterator[Attacked]:
    """A server on the two videos of ``tests.fakes``, whose files are said to lie in ``folder``."""
    with library_of(folder / "library", TWO_VIDEOS, folder) as library:
        api = create_app(Settings(data_dir=library.settings.data_dir, **settings))
        jobs = FakeJobs()
        api.state.library, api.state.jobs = library, jobs
        api.state.engine = SearchEngine(library, FakeEncoders())
        api.state.uploads = Uploads(library.folder, jobs, 10**9)  # type: ignore[arg-type]
        with served(api) as url:
            yield Attacked(int(url.rpartition(":")[2]), api, library, jobs)
