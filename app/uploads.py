"""Files on their way to the server: received in parts, resumable after any cut, put on the queue when whole.

The bytes on disk are the only record of how far an upload is, so a kill at any point loses nothing but what
was not written. An upload's id becomes the id of its job.
"""

import base64
import binascii
import hashlib
import json
import re
import shutil
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from typing import Any

import filelock

from indexer.addition import Addition, Origin
from indexer.file_names import safe_name
from indexer.jobs import IndexJobs
from retrieval.errors import (
    ChecksumError,
    ConflictError,
    GoneError,
    InputError,
    NotFoundError,
    StorageFullError,
    TooLargeError,
    WrongOffsetError,
)
from retrieval.storage.atomic import write_atomically
from retrieval.storage.folder import DataFolder, is_full

EXPIRES_S = 24 * 3600.0
"""So long after its last byte came, an upload that is not whole is deleted."""

CHECKSUMS = ("md5", "sha1", "sha256")

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Upload:
    """One file on its way. ``expires_at`` is None once it is complete."""

    id: str
    filename: str
    size_bytes: int
    received_bytes: int
    is_complete: bool
    expires_at: datetime | None
    title: str | None = None
    tags: tuple[str, ...] = ()

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at < datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Checksum:
    """What the bytes of one part have to add up to."""

    algorithm: str
    digest: bytes


class Part:
    """Some bytes of an upload as they come. Nobody else can write to it until ``close``."""

    def __init__(self, upload: Upload, path: Path, offset: int, checksum: Checksum | None) -> None:
        self._upload = upload
        self._checksum = checksum
        self._hash = hashlib.new(checksum.algorithm) if checksum else None
        self._start = self.offset = offset
        self._folder = path.parent
        self._lock = filelock.FileLock(path.with_suffix(".lock"), thread_local=False)
        try:
            self._lock.acquire(timeout=0)
        except filelock.Timeout as error:
            raise ConflictError(f"upload {upload.id} is being written to by another request") from error
        try:
            self._file = self._opened_at(path, offset)
        except BaseException:
            self._lock.release()
            raise

    def _opened_at(self, path: Path, offset: int) -> FileIO:
        try:
            written = path.stat().st_size
            if written != offset:
                raise WrongOffsetError(f"upload {self._upload.id} goes on at {written}, not at {offset}")
            return path.open("ab", buffering=0)
        except FileNotFoundError as error:
            raise WrongOffsetError(f"upload {self._upload.id} has all its bytes; nothing goes on") from error

    def close(self) -> None:
        """Give the upload free. Raises ChecksumError if the bytes differ from theirs, which then do not count."""
        try:
            wrong = (
                self._hash is not None and self._checksum is not None and self._hash.digest() != self._checksum.digest
            )
            if wrong:
                self._file.truncate(self._start)
            self._file.close()
        finally:
            self._lock.release()
        if wrong:
            raise ChecksumError(f"upload {self._upload.id}: the bytes differ from their checksum; send them again")

    def write(self, content: bytes) -> None:
        """Append bytes. Raises TooLargeError past the announced size, StorageFullError on a full disk."""
        if self.offset + len(content) > self._upload.size_bytes:
            raise TooLargeError(f"more bytes than the {self._upload.size_bytes} that were announced")
        rest = memoryview(content)
        try:
            while rest:
                written = self._file.write(rest)
                if self._hash is not None:
                    self._hash.update(rest[:written])
                self.offset += written
                rest = rest[written:]
        except OSError as error:
            if is_full(error):
                raise StorageFullError(f"{self._folder}: no space left for {self._upload.filename}") from error
            raise


class Uploads:
    """The uploads of one data folder, and the queue that whole ones go to."""

    def __init__(self, folder: DataFolder, jobs: IndexJobs, max_bytes: int) -> None:
        self._folder = folder
        self._jobs = jobs
        self.max_bytes = max_bytes

    def create(self, size_bytes: int, filename: str, title: str | None = None, tags: tuple[str, ...] = ()) -> Upload:
        """A new upload of so many bytes. Raises TooLargeError, StorageFullError."""
        if size_bytes > self.max_bytes:
            raise TooLargeError(
                f"a file of {size_bytes} bytes is larger than the {self.max_bytes} that MOMENTS_MAX_UPLOAD_GB allows"
            )
        self._folder.uploads_dir.mkdir(exist_ok=True)
        free = shutil.disk_usage(self._folder.uploads_dir).free
        if size_bytes > free:
            raise StorageFullError(f"{self._folder.uploads_dir}: {free} bytes are free, too few for {size_bytes}")
        upload_id = str(uuid.uuid4())
        self._part(upload_id).touch()
        note = {"filename": safe_name(filename), "size_bytes": size_bytes, "title": title, "tags": list(tags)}
        self._write_note(upload_id, note, is_complete=False)
        if size_bytes == 0:
            self.finish(upload_id)
        return self.get(upload_id)

    def get(self, upload_id: str) -> Upload:
        """How far an upload is. Raises NotFoundError, GoneError if it has expired."""
        upload = self._read(upload_id)
        if upload.is_expired:
            raise GoneError(f"upload {upload_id} expired at {upload.expires_at:%Y-%m-%d %H:%M} UTC; start it anew")
        return upload

    def part(self, upload_id: str, offset: int, checksum: Checksum | None = None) -> Part:
        """What takes the bytes from ``offset`` on. Raises WrongOffsetError where they do not go on."""
        return Part(self.get(upload_id), self._part(upload_id), offset, checksum)

    def finish(self, upload_id: str) -> bool:
        """Put the file on the queue if it is whole; whether it is. Again is fine: a kill may have come between."""
        upload = self._read(upload_id)
        if upload.is_complete or upload.received_bytes < upload.size_bytes:
            return upload.is_complete
        path = self._folder.files_of(upload_id) / upload.filename
        path.parent.mkdir(parents=True, exist_ok=True)
        if self._part(upload_id).exists():
            self._part(upload_id).replace(path)
        self._jobs.add(Addition(str(path), Origin.UPLOAD, upload.title, upload.tags), upload_id)
        note = json.loads(self._note(upload_id).read_text("utf-8"))
        self._write_note(upload_id, note, is_complete=True)
        self._part(upload_id).with_suffix(".lock").unlink(missing_ok=True)
        return True

    def abandon(self, upload_id: str) -> None:
        """Forget an upload that is not whole. Raises ConflictError for one that is: its job can be cancelled."""
        if self._read(upload_id).is_complete:
            raise ConflictError(f"upload {upload_id} is complete: cancel job {upload_id}, or remove its video")
        self._delete(upload_id)

    def sweep(self) -> None:
        """Finish uploads that a kill left whole, delete those that expired, forget old notes of complete ones."""
        if not self._folder.uploads_dir.is_dir():
            return
        for note in self._folder.uploads_dir.glob("*.json"):
            try:
                upload = self._read(note.stem)
                is_old = time.time() - note.stat().st_mtime > EXPIRES_S
            except (NotFoundError, FileNotFoundError):
                continue
            if upload.is_complete:
                if is_old:
                    self._delete(upload.id)
            elif upload.is_expired:
                self._delete(upload.id)
            elif upload.received_bytes == upload.size_bytes:
                self.finish(upload.id)

    def _read(self, upload_id: str) -> Upload:
        try:
            if not _ID.fullmatch(upload_id):
                raise FileNotFoundError
            note: dict[str, Any] = json.loads(self._note(upload_id).read_text("utf-8"))
        except FileNotFoundError:
            raise NotFoundError(f"no upload {upload_id!r}") from None
        expires_at = None
        received, is_complete = note["size_bytes"], note["is_complete"]
        if not is_complete:
            try:
                about = self._part(upload_id).stat()
                received = about.st_size
                expires_at = datetime.fromtimestamp(about.st_mtime + EXPIRES_S, UTC)
            except FileNotFoundError:
                # Whole and moved, by a process that was killed before it could say so.
                pass
        return Upload(
            upload_id,
            note["filename"],
            note["size_bytes"],
            received,
            is_complete,
            expires_at,
            note["title"],
            tuple(note["tags"]),
        )

    def _write_note(self, upload_id: str, note: dict[str, Any], *, is_complete: bool) -> None:
        write_atomically(self._note(upload_id), json.dumps({**note, "is_complete": is_complete}))

    def _delete(self, upload_id: str) -> None:
        self._part(upload_id).unlink(missing_ok=True)
        self._part(upload_id).with_suffix(".lock").unlink(missing_ok=True)
        self._note(upload_id).unlink(missing_ok=True)

    def _part(self, upload_id: str) -> Path:
        return self._folder.uploads_dir / f"{upload_id}.part"

    def _note(self, upload_id: str) -> Path:
        return self._folder.uploads_dir / f"{upload_id}.json"


def parse_metadata(header: str) -> dict[str, str]:
    """The fields of an ``Upload-Metadata`` header: names, each with its value in base64. Raises InputError."""
    fields: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        name, _, value = pair.partition(" ")
        try:
            fields[name] = base64.b64decode(value.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise InputError(f"Upload-Metadata: {name!r} is no UTF-8 text in base64") from error
    return fields


def parse_checksum(header: str) -> Checksum:
    """What an ``Upload-Checksum`` header says: an algorithm and a digest in base64. Raises InputError."""
    algorithm, _, value = header.partition(" ")
    if algorithm not in CHECKSUMS:
        raise InputError(f"Upload-Checksum: no algorithm {algorithm!r}; allowed are {', '.join(CHECKSUMS)}")
    try:
        return Checksum(algorithm, base64.b64decode(value.strip(), validate=True))
    except binascii.Error as error:
        raise InputError(f"Upload-Checksum: {value!r} is no base64") from error
