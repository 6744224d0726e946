"""Uploads as a client of the tus protocol makes them, and a queue that keeps what whole ones become."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from app.http.application import create_app
from app.settings import Settings
from indexer.intake.addition import Addition
from indexer.uploads import Uploads
from retrieval.errors import ConflictError, StorageError
from retrieval.storage.folder import DataFolder
from retrieval.storage.library import Library

CONTENT = bytes(range(256)) * 40
NOBODYS = "0b6f9d1e-6d0c-4f6e-9a53-2f4be1c9d7aa"
PART = "application/offset+octet-stream"
TUS = {"Tus-Resumable": "1.0.0"}


class FakeJobs:
    """Keeps what is put on the queue."""

    def __init__(self) -> None:
        self.added: dict[str | None, Addition] = {}
        self.over: set[str] = set()
        self.is_away = False

    def add(self, addition: Addition, job_id: str | None = None) -> str:
        if self.is_away:
            raise StorageError("the queue cannot be used: it is away")
        self.added[job_id] = addition
        return str(job_id)

    def cancel(self, job_id: str) -> None:
        if job_id in self.over:
            raise ConflictError(f"job {job_id} is done")
        Path(self.added.pop(job_id).where).unlink()


@pytest.fixture
def jobs() -> FakeJobs:
    return FakeJobs()


@pytest.fixture
def uploads(tmp_path: Path, jobs: FakeJobs) -> Uploads:
    return Uploads(DataFolder.create(tmp_path), jobs, 1_000_000)  # type: ignore[arg-type]


@pytest.fixture
def client(tmp_path: Path, uploads: Uploads) -> Iterator[TestClient]:
    api = create_app(Settings(data_dir=tmp_path))
    with Library(Settings(data_dir=tmp_path), "test") as library:
        api.state.library, api.state.uploads = library, uploads
        yield TestClient(api)


def metadata(**fields: str) -> str:
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in fields.items())


def begin(client: TestClient, size: int = len(CONTENT), **fields: str) -> str:
    sent = TUS | {"Upload-Length": str(size), "Upload-Metadata": metadata(**{"filename": "talk.mp4"} | fields)}
    response = client.post("/v1/uploads", headers=sent)
    assert response.status_code == 201, response.text
    return str(response.headers["location"])


def send(client: TestClient, where: str, content: bytes, offset: int, **headers: str) -> Response:
    sent = TUS | {"Upload-Offset": str(offset), "Content-Type": PART} | headers
    return client.patch(where, content=content, headers=sent)


def problem(response: Response) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json"
    return response.status_code, response.json()["code"]


def files(folder: Path) -> list[str]:
    return sorted(
        str(path.relative_to(folder))
        for name in ("uploads", "files")
        for path in (folder / name).rglob("*")
        if path.is_file()
    )
