"""Uploads by tus-js-client, the client that most pages upload with, to a server that runs."""

import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from app.http.application import create_app
from app.settings import Settings
from indexer.uploads import Uploads
from retrieval.storage.library import Library
from tests.app.http.test_clients import CLIENTS, run
from tests.browser import served
from tests.tus import TUS, FakeJobs, files

CONTENT = os.urandom(1_000_003)
CHUNK_BYTES = 400_000


@pytest.fixture
def jobs() -> FakeJobs:
    return FakeJobs()


@pytest.fixture
def url(tmp_path: Path, jobs: FakeJobs) -> Iterator[str]:
    """Where uploads go."""
    with Library(Settings(data_dir=tmp_path / "data"), "test") as library:
        api = create_app(library.settings)  # type: ignore[arg-type]
        api.state.library = library
        api.state.uploads = Uploads(library.folder, jobs, 10_000_000)  # type: ignore[arg-type]
        with served(api) as address:
            yield f"{address}/v1/uploads"


def upload(how: str, url: str, folder: Path) -> dict[str, Any]:
    """What the script of that way says of the upload of `talk.mp4`, which has ``CONTENT``."""
    if not (CLIENTS / "node_modules" / "tus-js-client").is_dir():
        pytest.skip("no tus-js-client: `make setup-dev` installs it where Node.js is")
    file = folder / "talk.mp4"
    file.write_bytes(CONTENT)
    said: dict[str, Any] = json.loads(run("node", CLIENTS / "tus.mjs", how, url, file, folder=folder))
    return said


def only(jobs: FakeJobs) -> tuple[str | None, bytes]:
    """The one job there is, and what is in its file."""
    ((job_id, addition),) = jobs.added.items()
    assert (Path(addition.where).name, addition.tags) == ("talk.mp4", ("work",))
    return job_id, Path(addition.where).read_bytes()


@pytest.mark.parametrize(("how", "method"), [("whole", "PATCH"), ("byPost", "POST")])
def test_a_file_comes_whole(url: str, jobs: FakeJobs, tmp_path: Path, how: str, method: str) -> None:
    said = upload(how, url, tmp_path)
    assert only(jobs) == (said["url"].rsplit("/", 1)[1], CONTENT)
    assert said["sent"] == ["POST", f"{method} 0", f"{method} {CHUNK_BYTES}", f"{method} {2 * CHUNK_BYTES}"]


def test_a_file_in_parallel_pieces_is_one_video(url: str, jobs: FakeJobs, tmp_path: Path) -> None:
    upload("inPieces", url, tmp_path)
    job_id, content = only(jobs)
    assert content == CONTENT
    assert files(tmp_path / "data") == [f"files/{job_id}/talk.mp4", f"uploads/{job_id}.json"]


def test_an_upload_goes_on_after_a_broken_connection(url: str, jobs: FakeJobs, tmp_path: Path) -> None:
    with breaking(url, CHUNK_BYTES + CHUNK_BYTES // 2) as broken:
        said = upload("whole", broken, tmp_path)
    assert only(jobs)[1] == CONTENT
    assert "HEAD" in said["sent"]
    # Not from the start, nor from that of the chunk: the server has kept what came.
    assert [offset for offset in offsets(said) if offset % CHUNK_BYTES]


def test_an_upload_that_is_stopped_waits_for_the_rest(url: str, jobs: FakeJobs, tmp_path: Path) -> None:
    said = upload("stopped", url, tmp_path)
    assert jobs.added == {}
    assert httpx.head(said["url"], headers=TUS).headers["upload-offset"] == str(CHUNK_BYTES)


def test_an_upload_that_is_abandoned_is_gone(url: str, jobs: FakeJobs, tmp_path: Path) -> None:
    said = upload("abandoned", url, tmp_path)
    assert (jobs.added, files(tmp_path / "data")) == ({}, [])
    assert httpx.head(said["url"], headers=TUS).status_code == 404


def test_a_complete_upload_can_be_terminated(url: str, jobs: FakeJobs, tmp_path: Path) -> None:
    said = upload("thenTerminated", url, tmp_path)
    assert said["sent"][-1] == "DELETE"
    assert (jobs.added, files(tmp_path / "data")) == ({}, [])


def offsets(said: dict[str, Any]) -> list[int]:
    return [int(request.split()[1]) for request in said["sent"] if request.startswith("PATCH")]


@contextmanager
def breaking(url: str, after_bytes: int) -> Iterator[str]:
    """The same address by way of a connection that breaks, once, when so many bytes have gone to the server."""
    there = urlsplit(url)
    listener = socket.create_server(("127.0.0.1", 0))
    left = [after_bytes]

    def pump(source: socket.socket, target: socket.socket, *, is_counted: bool) -> None:
        with suppress(OSError):
            while block := source.recv(65536):
                target.sendall(block)
                if is_counted and left[0] > 0:
                    left[0] -= len(block)
                    if left[0] <= 0:
                        break
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def accept() -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection((there.hostname, there.port))
                ends.extend((near, far))
                for source, target in ((near, far), (far, near)):
                    thread = threading.Thread(target=pump, args=(source, target), kwargs={"is_counted": source is near})
                    thread.start()
                    threads.append(thread)

    ends: list[socket.socket] = []
    threads = [threading.Thread(target=accept)]
    threads[0].start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}{there.path}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()
        for end in (*ends, listener):
            end.close()
