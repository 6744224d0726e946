"""Uploads in pieces, which a client sends side by side and has put together (`Upload-Concat`)."""

import os
import time
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from app.http.tus import parse_concat
from indexer.uploads import EXPIRES_S, About, UploadKind, Uploads
from retrieval.errors import GoneError
from tests.tus import CONTENT, NOBODYS, TUS, FakeJobs, begin, files, metadata, problem, send
from tests.tus import client as client
from tests.tus import jobs as jobs
from tests.tus import uploads as uploads


def pieces(client: TestClient, *contents: bytes) -> list[str]:
    """Addresses of complete partial uploads."""
    made = []
    for content in contents:
        sent = TUS | {"Upload-Length": str(len(content)), "Upload-Concat": "partial"}
        where = str(client.post("/v1/uploads", headers=sent).headers["location"])
        assert send(client, where, content, 0).status_code == 204
        made.append(where)
    return made


def join(client: TestClient, made: list[str], **headers: str) -> Response:
    named = {"Upload-Metadata": metadata(filename="talk.mp4", tags="work")}
    return client.post("/v1/uploads", headers=TUS | named | {"Upload-Concat": f"final;{' '.join(made)}"} | headers)


def test_pieces_become_one_file_in_the_order_of_their_names(client: TestClient, jobs: FakeJobs, tmp_path: Path) -> None:
    first, empty, last = pieces(client, CONTENT[:3000], b"", CONTENT[3000:])
    asked = client.head(first, headers=TUS).headers
    assert (asked["upload-concat"], asked["upload-offset"], asked["upload-length"]) == ("partial", "3000", "3000")
    piece = client.get(first).json()
    assert (piece["state"], piece["job_id"], jobs.added) == ("complete", None, {})
    # Addresses may be whole ones, as a client knows them.
    joined = join(client, [f"http://testserver{first}", empty, last])
    assert joined.status_code == 201, joined.text
    where = joined.headers["location"]
    upload_id = where.rsplit("/", 1)[1]
    assert list(jobs.added) == [upload_id]
    assert jobs.added[upload_id].tags == ("work",)
    assert Path(jobs.added[upload_id].where).read_bytes() == CONTENT
    assert files(tmp_path) == [f"files/{upload_id}/talk.mp4", f"uploads/{upload_id}.json"]
    asked = client.head(where, headers=TUS).headers
    assert asked["upload-concat"] == f"final;{first} {empty} {last}"
    assert asked["upload-offset"] == asked["upload-length"] == str(len(CONTENT))
    assert problem(send(client, where, b"x", len(CONTENT))) == (403, "forbidden")
    assert [client.head(piece, headers=TUS).status_code for piece in (first, empty, last)] == [404] * 3


def test_what_cannot_be_put_together_stays_as_it_is(client: TestClient, jobs: FakeJobs, tmp_path: Path) -> None:
    first, second = pieces(client, CONTENT[:600_000], CONTENT[:10])
    sent = TUS | {"Upload-Length": "5", "Upload-Concat": "partial"}
    unfinished = str(client.post("/v1/uploads", headers=sent).headers["location"])
    whole = begin(client, 5)
    refused, before = (400, "invalid_upload_header"), files(tmp_path)
    assert problem(join(client, [first, unfinished])) == refused
    assert problem(join(client, [first, whole])) == refused
    assert problem(join(client, [first, first])) == refused
    assert problem(join(client, [first, second], **{"Upload-Length": "20"})) == refused
    assert problem(join(client, [first, f"/v1/uploads/{NOBODYS}"])) == (404, "not_found")
    assert (jobs.added, files(tmp_path)) == ({}, before)
    assert join(client, [second, first]).status_code == 201


def test_pieces_may_not_be_more_together_than_one_file(uploads: Uploads, client: TestClient, tmp_path: Path) -> None:
    made = pieces(client, CONTENT, CONTENT)
    uploads.max_bytes = 2 * len(CONTENT) - 1
    before = files(tmp_path)
    assert problem(join(client, made)) == (413, "too_large")
    assert files(tmp_path) == before


def test_a_kill_between_pieces_loses_none(
    uploads: Uploads, client: TestClient, jobs: FakeJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server dies in the middle of the second of three; the next one goes on there."""
    made = pieces(client, CONTENT[:1000], CONTENT[1000:5000], CONTENT[5000:])

    def copy_half(reader: Any, writer: Any, _: int) -> None:
        writer.write(reader.read(2000))
        raise KeyboardInterrupt

    ids = [where.rsplit("/", 1)[1] for where in made]
    with monkeypatch.context() as patched:
        patched.setattr("shutil.copyfileobj", copy_half)
        with pytest.raises(KeyboardInterrupt):
            uploads.join(ids, About("talk.mp4"))
    assert jobs.added == {}
    uploads.sweep()
    (addition,) = jobs.added.values()
    assert Path(addition.where).read_bytes() == CONTENT


def test_a_piece_that_nobody_puts_to_use_expires(uploads: Uploads, tmp_path: Path) -> None:
    piece = uploads.create(0, About(""), UploadKind.PARTIAL)
    uploads.sweep()
    assert uploads.get(piece.id).is_complete
    long_ago = time.time() - EXPIRES_S - 1
    os.utime(tmp_path / "uploads" / f"{piece.id}.part", (long_ago, long_ago))
    with pytest.raises(GoneError):
        uploads.join([piece.id], About("talk.mp4"))
    uploads.sweep()
    assert files(tmp_path) == []


def test_pieces_are_named_by_their_addresses() -> None:
    """Wherever the client reached the server: under another name, or behind a proxy with a path of its own."""
    assert parse_concat("partial") == ()
    assert parse_concat(f"final;https://moments.example/base/v1/uploads/{NOBODYS}") == (NOBODYS,)
