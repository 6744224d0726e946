"""Uploads by the tus protocol: resumable, checked, and gone when nobody goes on."""

import base64
import hashlib
import json
import os
import resource
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from app.http.tus import parse_checksum, parse_metadata
from indexer.intake.addition import Addition, Origin
from indexer.intake.upload_part import Checksum
from indexer.uploads import EXPIRES_S, About, Uploads
from retrieval.errors import ChecksumError, GoneError, NotFoundError, StorageError, StorageFullError, UploadHeaderError
from tests.tus import CONTENT, NOBODYS, PART, TUS, FakeJobs, begin, files, metadata, problem, send
from tests.tus import client as client
from tests.tus import jobs as jobs
from tests.tus import uploads as uploads


def test_a_file_in_parts_becomes_a_job(client: TestClient, jobs: FakeJobs, tmp_path: Path) -> None:
    where = begin(client, title="My talk", tags="work, 2026")
    upload_id = where.rsplit("/", 1)[1]
    asked = client.head(where, headers=TUS)
    assert (asked.headers["upload-offset"], asked.headers["upload-length"]) == ("0", str(len(CONTENT)))
    assert asked.headers["cache-control"] == "no-store"
    first = send(client, where, CONTENT[:1000], 0)
    assert (first.status_code, first.headers["upload-offset"]) == (204, "1000")
    assert first.headers["tus-resumable"] == "1.0.0"
    assert first.headers["upload-expires"].endswith("GMT")
    half = client.get(where).json()
    assert (half["state"], half["received_bytes"], half["job_id"]) == ("receiving", 1000, None)
    last = send(client, where, CONTENT[1000:], 1000)
    assert (last.status_code, last.headers["upload-offset"]) == (204, str(len(CONTENT)))
    path = tmp_path / "files" / upload_id / "talk.mp4"
    assert jobs.added == {upload_id: Addition(str(path), Origin.UPLOAD, "My talk", ("work", "2026"))}
    assert path.read_bytes() == CONTENT
    assert client.get(where).json() == {
        "upload_id": upload_id,
        "filename": "talk.mp4",
        "size_bytes": len(CONTENT),
        "received_bytes": len(CONTENT),
        "state": "complete",
        "job_id": upload_id,
        "expires_at": None,
    }
    assert files(tmp_path) == [f"files/{upload_id}/talk.mp4", f"uploads/{upload_id}.json"]


def test_the_server_says_what_it_can(client: TestClient) -> None:
    response = client.options("/v1/uploads")
    assert response.status_code == 204
    assert response.headers["tus-version"] == "1.0.0"
    assert set(response.headers["tus-extension"].split(",")) == {
        "creation",
        "expiration",
        "checksum",
        "termination",
        "concatenation",
    }
    assert response.headers["tus-max-size"] == "1000000"
    assert "sha256" in response.headers["tus-checksum-algorithm"]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Upload-Offset": "7"}, (409, "wrong_offset")),
        ({"Upload-Offset": "-1"}, (422, "invalid_input")),
        ({"Upload-Offset": "much"}, (422, "invalid_input")),
        ({"Content-Type": "application/octet-stream"}, (415, "unsupported_media_type")),
        ({"Tus-Resumable": "0.2.2"}, (412, "unsupported_version")),
        ({"Upload-Checksum": "crc32 AAAA"}, (400, "invalid_upload_header")),
        ({"Upload-Checksum": "sha1 !"}, (400, "invalid_upload_header")),
        ({"Upload-Checksum": "sha1 AAAA"}, (460, "checksum_mismatch")),
    ],
)
def test_a_part_that_cannot_be_right_changes_nothing(
    client: TestClient, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    where = begin(client)
    response = send(client, where, CONTENT[:100], 0, **headers)
    assert problem(response) == expected
    if "Tus-Resumable" in headers:
        assert response.headers["tus-version"] == "1.0.0"
    assert client.head(where, headers=TUS).headers["upload-offset"] == "0"


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256"])
def test_a_part_with_its_right_checksum_counts(client: TestClient, algorithm: str) -> None:
    digest = base64.b64encode(hashlib.new(algorithm, CONTENT[:500]).digest()).decode()
    response = send(client, begin(client), CONTENT[:500], 0, **{"Upload-Checksum": f"{algorithm} {digest}"})
    assert response.headers["upload-offset"] == "500"


def test_more_than_was_announced_is_refused(client: TestClient, jobs: FakeJobs) -> None:
    where = begin(client, 100)
    assert problem(send(client, where, CONTENT[:101], 0)) == (413, "too_large")
    assert client.head(where, headers=TUS).headers["upload-offset"] == "0"
    assert jobs.added == {}
    assert send(client, where, CONTENT[:100], 0).status_code == 204


def test_nothing_goes_on_after_the_end(client: TestClient) -> None:
    where = begin(client, 100)
    send(client, where, CONTENT[:100], 0)
    assert problem(send(client, where, b"x", 100)) == (409, "wrong_offset")


def test_a_complete_upload_that_is_terminated_takes_its_job_with_it(
    client: TestClient, jobs: FakeJobs, tmp_path: Path
) -> None:
    where = begin(client, 100)
    send(client, where, CONTENT[:100], 0)
    assert client.delete(where, headers=TUS).status_code == 204
    assert (jobs.added, files(tmp_path)) == ({}, [])
    assert problem(client.delete(where, headers=TUS)) == (404, "not_found")


def test_a_video_stays_whose_upload_is_terminated(client: TestClient, jobs: FakeJobs, tmp_path: Path) -> None:
    where = begin(client, 100)
    send(client, where, CONTENT[:100], 0)
    upload_id = where.rsplit("/", 1)[1]
    jobs.over.add(upload_id)
    assert client.delete(where, headers=TUS).status_code == 204
    assert files(tmp_path) == [f"files/{upload_id}/talk.mp4"]
    assert client.head(where, headers=TUS).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("OPTIONS", "/v1/uploads", {}, 204),
        ("OPTIONS", f"/v1/uploads/{NOBODYS}", {}, 204),
        ("POST", "/v1/uploads", {"Tus-Resumable": "0.9"}, 412),
        ("POST", "/v1/uploads", TUS | {"Upload-Length": "many"}, 422),
        ("POST", "/v1/uploads", TUS, 400),
        ("POST", "/v1/uploads", TUS | {"Upload-Defer-Length": "1"}, 400),
        ("HEAD", f"/v1/uploads/{NOBODYS}", TUS, 404),
        ("GET", f"/v1/uploads/{NOBODYS}", {}, 404),
        ("PUT", "/v1/uploads", TUS, 405),
        ("POST", f"/v1/uploads/{NOBODYS}", TUS, 405),
        ("POST", "/v1/uploads", {"Sec-Fetch-Site": "cross-site"}, 403),
        ("GET", "/v1/uploads/a/b", {}, 404),
    ],
)
def test_every_answer_names_the_version(
    client: TestClient, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    response = client.request(method, path, headers=headers)
    assert (response.status_code, response.headers["tus-resumable"]) == (status, "1.0.0")
    assert (response.headers.get("tus-version") is not None) is (status == 412 or method == "OPTIONS")


def test_a_length_that_is_to_come_later_is_refused_with_the_reason(client: TestClient) -> None:
    response = client.post("/v1/uploads", headers=TUS | {"Upload-Defer-Length": "1"})
    assert problem(response) == (400, "invalid_upload_header")
    assert "Upload-Defer-Length is not possible here" in response.json()["detail"]
    both = client.post("/v1/uploads", headers=TUS | {"Upload-Defer-Length": "1", "Upload-Length": "10"})
    assert problem(both) == (400, "invalid_upload_header")


@pytest.mark.parametrize("given", ["application/offset+octet-stream; charset=utf-8", "Application/Offset+Octet-Stream"])
def test_the_type_of_a_part_may_have_capitals_and_parameters(client: TestClient, given: str) -> None:
    where = begin(client, 10)
    assert send(client, where, b"12345", 0, **{"Content-Type": given}).status_code == 204


def test_uploads_begin_at_an_address_with_a_slash_too(client: TestClient) -> None:
    response = client.post("/v1/uploads/", headers=TUS | {"Upload-Length": "10"}, follow_redirects=False)
    assert response.status_code == 201
    assert client.options("/v1/uploads/", follow_redirects=False).headers["tus-version"] == "1.0.0"


def test_a_method_may_be_named_by_a_header(client: TestClient) -> None:
    where = begin(client, 10)

    def post(method: str, **headers: str) -> Response:
        sent = TUS | {"X-HTTP-Method-Override": method} | headers
        return client.post(where, headers=sent, content=b"12345" if method == "PATCH" else b"")

    assert post("PATCH", **{"Upload-Offset": "0", "Content-Type": PART}).headers["upload-offset"] == "5"
    assert post("HEAD").headers["upload-offset"] == "5"
    assert post("DELETE", **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.get(where, headers={"X-HTTP-Method-Override": "DELETE"}).status_code == 412
    assert post("DELETE").status_code == 204
    assert client.get(where).status_code == 404


def test_what_was_said_of_a_file_is_told_again(client: TestClient, tmp_path: Path) -> None:
    """A name that is no UTF-8, bytes under a name of the client's own, a name without a value."""
    said = "filename /2EubXA0,checksum //79,is_private"
    response = client.post("/v1/uploads", headers=TUS | {"Upload-Length": "1", "Upload-Metadata": said})
    where = response.headers["location"]
    assert client.head(where, headers=TUS).headers["upload-metadata"] == said
    send(client, where, b"x", 0)
    assert (tmp_path / "files" / where.rsplit("/", 1)[1] / "\ufffda.mp4").exists()
    silent = client.post("/v1/uploads", headers=TUS | {"Upload-Length": "1"}).headers["location"]
    assert "upload-metadata" not in client.head(silent, headers=TUS).headers


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Upload-Length": "1000001"}, (413, "too_large")),
        ({"Upload-Length": "-1"}, (422, "invalid_input")),
        ({"Upload-Length": "1e3"}, (422, "invalid_input")),
        ({"Upload-Metadata": "filename =broken"}, (400, "invalid_upload_header")),
        ({"Upload-Metadata": "filename YQ==,filename Yg=="}, (400, "invalid_upload_header")),
        ({"Upload-Concat": "half"}, (400, "invalid_upload_header")),
        ({"Upload-Concat": "final;"}, (400, "invalid_upload_header")),
        ({"Upload-Concat": "final;/v1/uploads/x"}, (400, "invalid_upload_header")),
        ({"Upload-Concat": f"final;/v1/uploads/{NOBODYS}"}, (400, "invalid_upload_header")),
        ({"Upload-Metadata": metadata(title="x" * 301)}, (422, "invalid_input")),
        ({"Upload-Metadata": metadata(tags="x" * 101)}, (422, "invalid_input")),
        ({"Tus-Resumable": "2"}, (412, "unsupported_version")),
    ],
)
def test_an_upload_that_cannot_be_is_not_begun(
    client: TestClient, tmp_path: Path, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    response = client.post("/v1/uploads", headers=TUS | {"Upload-Length": "5"} | headers)
    assert problem(response) == expected
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    ("given", "kept"), [("../../evil.mp4", "evil.mp4"), ("a\0b.mp4", "ab.mp4"), ("", "video"), ("日本.mp4", "日本.mp4")]
)
def test_a_name_stays_in_its_folder(client: TestClient, tmp_path: Path, given: str, kept: str) -> None:
    where = begin(client, 1, filename=given)
    send(client, where, b"x", 0)
    assert (tmp_path / "files" / where.rsplit("/", 1)[1] / kept).read_bytes() == b"x"


def test_an_abandoned_upload_is_gone(client: TestClient, tmp_path: Path) -> None:
    where = begin(client)
    send(client, where, CONTENT[:1000], 0)
    assert client.delete(where, headers=TUS).status_code == 204
    assert files(tmp_path) == []
    assert problem(client.get(where)) == (404, "not_found")
    assert problem(client.delete(where, headers=TUS)) == (404, "not_found")
    assert client.head(where, headers=TUS).status_code == 404


@pytest.mark.parametrize("upload_id", ["x", "..%2F..%2Fcatalog", NOBODYS])
def test_an_upload_that_never_was_is_not_found(client: TestClient, upload_id: str) -> None:
    assert client.get(f"/v1/uploads/{upload_id}").status_code == 404


def test_an_empty_file_is_complete_at_once(client: TestClient, jobs: FakeJobs) -> None:
    where = begin(client, 0)
    assert client.get(where).json()["state"] == "complete"
    assert list(jobs.added) == [where.rsplit("/", 1)[1]]


def test_one_request_at_a_time_writes(uploads: Uploads, client: TestClient) -> None:
    upload = uploads.create(100, About("talk.mp4"))
    part = uploads.part(upload.id, 0)
    part.write(b"x")
    assert problem(send(client, f"/v1/uploads/{upload.id}", b"y", 1)) == (409, "conflict")
    part.close()
    assert send(client, f"/v1/uploads/{upload.id}", b"y", 1).status_code == 204


def test_an_upload_that_a_kill_left_goes_on_with_what_is_on_disk(uploads: Uploads, jobs: FakeJobs) -> None:
    upload = uploads.create(10, About("talk.mp4"))
    part = uploads.part(upload.id, 0)
    part.write(b"12345")
    again = Uploads(uploads._folder, jobs, 100)  # type: ignore[arg-type]
    assert again.get(upload.id).received_bytes == 5
    part.close()


def test_a_whole_file_that_the_queue_did_not_take_goes_there_as_soon_as_its_client_asks(
    client: TestClient, jobs: FakeJobs
) -> None:
    """Who hears that all bytes are here takes the file for sent."""
    where = begin(client)
    upload_id = where.rsplit("/", 1)[1]
    jobs.is_away = True
    assert problem(send(client, where, CONTENT, 0)) == (503, "storage_error")
    assert client.head(where, headers=TUS).status_code == 503
    assert client.get(where).json()["job_id"] is None
    jobs.is_away = False

    assert client.head(where, headers=TUS).headers["upload-offset"] == str(len(CONTENT))

    assert set(jobs.added) == {upload_id}
    assert client.get(where).json()["job_id"] == upload_id


def test_a_whole_file_is_not_taken_up_while_its_last_bytes_are_written(uploads: Uploads, jobs: FakeJobs) -> None:
    upload = uploads.create(3, About("talk.mp4"))
    part = uploads.part(upload.id, 0, Checksum("sha1", b"another"))
    part.write(b"123")
    assert uploads.taken_up(upload.id).received_bytes == 3
    uploads.sweep()
    with pytest.raises(ChecksumError):
        part.close()
    assert (uploads.get(upload.id).received_bytes, jobs.added) == (0, {})


def test_a_whole_file_that_a_kill_kept_off_the_queue_is_put_there(
    uploads: Uploads, jobs: FakeJobs, tmp_path: Path
) -> None:
    before, between = uploads.create(3, About("before.mp4")), uploads.create(3, About("between.mp4"))
    for upload in (before, between):
        part = uploads.part(upload.id, 0)
        part.write(b"123")
        part.close()
    moved = tmp_path / "files" / between.id / "between.mp4"
    moved.parent.mkdir(parents=True)
    (tmp_path / "uploads" / f"{between.id}.part").rename(moved)
    uploads.sweep()
    assert {addition.where for addition in jobs.added.values()} == {
        str(moved),
        str(tmp_path / "files" / before.id / "before.mp4"),
    }
    assert uploads.get(before.id).is_complete
    assert uploads.get(between.id).is_complete


def test_what_nobody_goes_on_with_expires(uploads: Uploads, tmp_path: Path) -> None:
    old, new, done = (uploads.create(size, About("talk.mp4")) for size in (5, 5, 0))
    long_ago = time.time() - EXPIRES_S - 1
    os.utime(tmp_path / "uploads" / f"{old.id}.part", (long_ago, long_ago))
    os.utime(tmp_path / "uploads" / f"{done.id}.json", (long_ago, long_ago))
    with pytest.raises(GoneError, match="start it anew"):
        uploads.get(old.id)
    uploads.sweep()
    assert [note.stem for note in (tmp_path / "uploads").glob("*.json")] == [new.id]
    with pytest.raises(NotFoundError):
        uploads.get(old.id)
    assert (tmp_path / "files" / done.id / "talk.mp4").exists()


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: "{",
        lambda _: "[]",
        lambda note: json.dumps({**note, "kind": "halved"}),
        lambda note: json.dumps({**note, "size_bytes": "many"}),
        lambda note: json.dumps({name: value for name, value in note.items() if name != "filename"}),
    ],
    ids=["cut", "no object", "of a kind that nobody knows", "no size", "nameless"],
)
def test_a_note_that_cannot_be_read_is_one_error_and_holds_up_no_other(
    uploads: Uploads, tmp_path: Path, damage: Callable[[dict[str, object]], str]
) -> None:
    damaged, old = uploads.create(5, About("talk.mp4")), uploads.create(5, About("talk.mp4"))
    note = tmp_path / "uploads" / f"{damaged.id}.json"
    note.write_text(damage(json.loads(note.read_text())))
    with pytest.raises(StorageError, match=f"{damaged.id}.json, which tells of an upload, cannot be read"):
        uploads.get(damaged.id)
    long_ago = time.time() - EXPIRES_S - 1
    os.utime(tmp_path / "uploads" / f"{old.id}.part", (long_ago, long_ago))
    uploads.sweep()
    assert files(tmp_path) == [f"uploads/{damaged.id}.json", f"uploads/{damaged.id}.part"]
    os.utime(note, (long_ago, long_ago))
    uploads.sweep()
    assert files(tmp_path) == []


def test_a_disk_without_room_is_told_before_anything_is_sent(
    uploads: Uploads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = SimpleNamespace(total=10**12, free=100_500_000)
    monkeypatch.setattr("shutil.disk_usage", lambda _: disk)
    first = uploads.create(400_000, About("talk.mp4"))
    with pytest.raises(StorageFullError, match=r"an upload of 200000 bytes takes .* MB promised to files on their way"):
        uploads.create(200_000, About("talk.mp4"))
    assert files(tmp_path) == [f"uploads/{first.id}.json", f"uploads/{first.id}.part"]
    uploads.terminate(first.id)
    second = uploads.create(400_000, About("talk.mp4"))
    old = time.time() - EXPIRES_S - 1
    os.utime(tmp_path / "uploads" / f"{second.id}.part", (old, old))
    third = uploads.create(400_000, About("talk.mp4"))
    assert files(tmp_path) == [f"uploads/{third.id}.json", f"uploads/{third.id}.part"]


def test_a_disk_that_fills_up_is_told_and_what_came_is_kept(uploads: Uploads) -> None:
    upload = uploads.create(100, About("talk.mp4"))
    part = uploads.part(upload.id, 0)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (30, limits[1]))
    try:
        with pytest.raises(StorageFullError, match=f"no space left for upload {upload.id}"):
            part.write(CONTENT[:100])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    part.close()
    assert uploads.get(upload.id).received_bytes == part.offset == 30


def test_metadata_are_names_with_texts_in_base64() -> None:
    assert parse_metadata(" filename dGFsaw== ,is_private, title w7w=") == {
        "filename": "talk",
        "is_private": "",
        "title": "ü",
    }
    assert parse_metadata("") == {}
    assert parse_metadata("title /w==")["title"] == "\ufffd"
    with pytest.raises(UploadHeaderError, match="'title' has a value that is no base64"):
        parse_metadata("title abc")


def test_a_checksum_names_its_algorithm() -> None:
    assert parse_checksum("sha1 AAAA").digest == b"\0\0\0"
    with pytest.raises(UploadHeaderError, match="allowed are md5, sha1, sha256"):
        parse_checksum("AAAA")


def test_notes_are_whole_or_not_there(uploads: Uploads, tmp_path: Path) -> None:
    upload = uploads.create(5, About("talk.mp4", "A title", ("a",), "title QSB0aXRsZQ=="))
    note: dict[str, Any] = json.loads((tmp_path / "uploads" / f"{upload.id}.json").read_text())
    assert note == {
        "kind": "whole",
        "filename": "talk.mp4",
        "size_bytes": 5,
        "title": "A title",
        "tags": ["a"],
        "metadata": "title QSB0aXRsZQ==",
        "parts": [],
        "is_complete": False,
    }
