"""Files on their way to the server: received in parts, resumable after any cut, put on the queue when whole.

The bytes on disk are the only record of how far an upload is, so a kill at any point loses nothing but what
was not written. An upload's id becomes the id of its job. Partial uploads are put together to a final one, which
is what becomes a job.
"""

import json
import re
import shutil
import threading
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import filelock

from indexer.intake.addition import Addition, Origin
from indexer.intake.file_names import safe_name
from indexer.intake.upload_part import Checksum, Part
from indexer.jobs.queue import IndexJobs
from retrieval.atomic import write_atomically
from retrieval.errors import (
    ConflictError,
    ForbiddenError,
    GoneError,
    NotFoundError,
    StorageError,
    StorageFullError,
    TooLargeError,
    UploadHeaderError,
)
from retrieval.storage.folder import DataFolder
from retrieval.storage.promises import Promises
from retrieval.storage.room import full_disk_errors

EXPIRES_S = 24 * 3600.0
"""So long after its last byte came, an upload that is not on the queue is deleted."""

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_COPY_BYTES = 1 << 20


class UploadKind(StrEnum):
    """What an upload is to be: a file, a piece of one, or one that is put together of pieces."""

    WHOLE = "whole"
    PARTIAL = "partial"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class About:
    """What comes with a file. ``metadata`` is the header as it was sent."""

    filename: str
    title: str | None = None
    tags: tuple[str, ...] = ()
    metadata: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """One file on its way. ``expires_at`` is None once it is on the queue; ``parts`` are the pieces of a final one."""

    id: str
    kind: UploadKind
    about: About
    size_bytes: int
    received_bytes: int
    is_complete: bool
    expires_at: datetime | None
    parts: tuple[tuple[str, int], ...] = ()

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at < datetime.now(UTC)

    @property
    def job_id(self) -> str | None:
        """The job that indexes it; None before it is complete, and for a piece."""
        return self.id if self.is_complete and self.kind is not UploadKind.PARTIAL else None


class Uploads:
    """The uploads of one data folder, and the queue that whole ones go to."""

    def __init__(self, folder: DataFolder, jobs: IndexJobs, max_bytes: int) -> None:
        self._folder = folder
        self._jobs = jobs
        self._promises = Promises(folder.path)
        self._finishing = threading.RLock()
        self.max_bytes = max_bytes

    def create(self, size_bytes: int, about: About, kind: UploadKind = UploadKind.WHOLE) -> Upload:
        """A new upload of so many bytes. Raises TooLargeError, StorageFullError."""
        upload_id = self._begin(size_bytes, size_bytes, about, kind)
        if size_bytes == 0:
            self.finish(upload_id)
        return self.get(upload_id)

    def join(self, part_ids: Sequence[str], about: About) -> Upload:
        """A final upload, complete, of these partial ones, which are gone then.

        Raises UploadHeaderError for one that is not partial or not complete, NotFoundError, GoneError,
        TooLargeError, StorageFullError.
        """
        with self._finishing:
            parts = [self.get(part_id) for part_id in part_ids]
            for part in parts:
                if part.kind is not UploadKind.PARTIAL or not part.is_complete:
                    lacks = "not complete" if part.kind is UploadKind.PARTIAL else "no partial upload"
                    raise UploadHeaderError(f"Upload-Concat: upload {part.id} is {lacks}; give complete partial ones")
            # The first is moved, and each of the others is deleted as soon as it is copied.
            copied = max((part.size_bytes for part in parts[1:]), default=0)
            sizes = [(part.id, part.size_bytes) for part in parts]
            upload_id = self._begin(sum(size for _, size in sizes), copied, about, UploadKind.FINAL, sizes)
            self.finish(upload_id)
            return self.get(upload_id)

    def get(self, upload_id: str) -> Upload:
        """How far an upload is. Raises NotFoundError, GoneError if it has expired."""
        upload = self._read(upload_id)
        if upload.is_expired:
            raise GoneError(f"upload {upload_id} expired at {upload.expires_at:%Y-%m-%d %H:%M} UTC; start it anew")
        return upload

    def taken_up(self, upload_id: str) -> Upload:
        """As ``get``, for who goes on: one whose bytes are all here, which an error kept off the queue, goes there."""
        if self._is_left(self.get(upload_id)):
            self._finish_left(upload_id)
        return self.get(upload_id)

    def part(self, upload_id: str, offset: int, checksum: Checksum | None = None) -> Part:
        """What takes the bytes from ``offset`` on. Raises WrongOffsetError where they do not go on."""
        upload = self.get(upload_id)
        if upload.kind is UploadKind.FINAL:
            raise ForbiddenError(f"upload {upload_id} is put together of others; nothing can be written to it")
        return Part(self._part(upload_id), upload.size_bytes, offset, checksum)

    def finish(self, upload_id: str) -> None:
        """Put the file on the queue if all of it is here. Again is fine: a kill may have come between."""
        with self._finishing:
            self._finish(upload_id)

    def _finish(self, upload_id: str) -> None:
        upload = self._read(upload_id)
        if upload.kind is UploadKind.FINAL and not upload.is_complete:
            self._put_together(upload)
            upload = self._read(upload_id)
        if upload.is_complete or upload.received_bytes < upload.size_bytes:
            return
        path = self._folder.files_of(upload_id) / upload.about.filename
        path.parent.mkdir(parents=True, exist_ok=True)
        if self._part(upload_id).exists():
            self._part(upload_id).replace(path)
        addition = Addition(str(path), Origin.UPLOAD, upload.about.title, upload.about.tags)
        self._jobs.add(addition, upload_id)
        note = json.loads(self._note(upload_id).read_text("utf-8"))
        self._write_note(upload_id, note, is_complete=True)
        self._lock(upload_id).unlink(missing_ok=True)

    def terminate(self, upload_id: str) -> None:
        """Forget an upload and what came of it. A job that waits or runs is cancelled; a video that is made stays."""
        upload = self._read(upload_id)
        if upload.job_id is not None:
            # One that is over, or is by now, has done with the file what was to be done.
            with suppress(NotFoundError, ConflictError):
                self._jobs.cancel(upload.job_id)
        with self._finishing:
            self._delete(upload_id)

    def sweep(self) -> None:
        """Finish uploads that a kill left whole, delete those that expired, forget old notes of complete ones."""
        if not self._folder.uploads_dir.is_dir():
            return
        for note in self._folder.uploads_dir.glob("*.json"):
            try:
                is_old = time.time() - note.stat().st_mtime > EXPIRES_S
                upload = self._read(note.stem)
            except (NotFoundError, FileNotFoundError):
                continue
            except StorageError:
                # Nobody can go on with it; until it is as old as others that expire, somebody may look into it.
                if is_old:
                    self._delete(note.stem)
                continue
            if upload.is_expired or (upload.job_id is not None and is_old):
                self._delete(upload.id)
            elif self._is_left(upload):
                self._finish_left(upload.id)

    @staticmethod
    def _is_left(upload: Upload) -> bool:
        is_whole = upload.kind is UploadKind.FINAL or upload.received_bytes == upload.size_bytes
        return is_whole and not upload.is_complete

    def _finish_left(self, upload_id: str) -> None:
        """As ``finish``, unless the last bytes are being written: their checksum may be wrong."""
        with suppress(filelock.Timeout), filelock.FileLock(self._lock(upload_id), timeout=0, thread_local=False):
            self.finish(upload_id)

    def _begin(
        self,
        size_bytes: int,
        needed_bytes: int,
        about: About,
        kind: UploadKind,
        parts: Sequence[tuple[str, int]] = (),
    ) -> str:
        if size_bytes > self.max_bytes:
            raise TooLargeError(
                f"a file of {size_bytes} bytes is larger than the {self.max_bytes} that MOMENTS_MAX_UPLOAD_GB allows"
            )
        upload_id = str(uuid.uuid4())
        self._promise(upload_id, needed_bytes)
        note = {
            "kind": kind.value,
            "filename": safe_name(about.filename),
            "size_bytes": size_bytes,
            "title": about.title,
            "tags": list(about.tags),
            "metadata": about.metadata,
            "parts": [list(part) for part in parts],
        }
        try:
            self._write_note(upload_id, note, is_complete=False)
        except BaseException:
            self._part(upload_id).unlink(missing_ok=True)
            raise
        return upload_id

    def _promise(self, upload_id: str, needed_bytes: int) -> None:
        """Begin the file, with room for all that is to come of it."""
        part, what = self._part(upload_id), f"an upload of {needed_bytes} bytes"
        try:
            self._promises.make(part, needed_bytes, what)
        except StorageFullError:
            self._drop_expired()
            self._promises.make(part, needed_bytes, what)

    def _drop_expired(self) -> None:
        for note in self._folder.uploads_dir.glob("*.json"):
            with suppress(NotFoundError, StorageError):
                if self._read(note.stem).is_expired:
                    self._delete(note.stem)

    def _put_together(self, upload: Upload) -> None:
        """Append to a final upload what is not in it of its pieces; each is deleted when it is."""
        whole, start = self._part(upload.id), 0
        for part_id, size_bytes in upload.parts:
            piece, have = self._part(part_id), whole.stat().st_size if whole.exists() else upload.size_bytes
            if have == 0 and size_bytes > 0:
                piece.replace(whole)
            elif have < start + size_bytes:
                _append(piece, have - start, whole)
            self._delete(part_id)
            start += size_bytes

    def _read(self, upload_id: str) -> Upload:
        try:
            if not _ID.fullmatch(upload_id):
                raise FileNotFoundError
            return self._upload_of(upload_id, json.loads(self._note(upload_id).read_text("utf-8")))
        except FileNotFoundError:
            raise NotFoundError(f"no upload {upload_id!r}") from None
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise StorageError(
                f"{self._note(upload_id)}, which tells of an upload, cannot be read: {error}; send the file anew"
            ) from error

    def _upload_of(self, upload_id: str, note: dict[str, Any]) -> Upload:
        # A note of an earlier version has no kind: there were only whole files.
        kind = UploadKind(note.get("kind", UploadKind.WHOLE))
        expires_at = None
        size_bytes, is_complete = int(note["size_bytes"]), note["is_complete"]
        received = size_bytes
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
            kind,
            About(note["filename"], note["title"], tuple(note["tags"]), note.get("metadata", "")),
            size_bytes,
            received,
            is_complete or (kind is UploadKind.PARTIAL and received == size_bytes),
            expires_at,
            tuple((part_id, size_bytes) for part_id, size_bytes in note.get("parts", ())),
        )

    def _write_note(self, upload_id: str, note: dict[str, Any], *, is_complete: bool) -> None:
        write_atomically(self._note(upload_id), json.dumps({**note, "is_complete": is_complete}))

    def _delete(self, upload_id: str) -> None:
        self._part(upload_id).unlink(missing_ok=True)
        self._lock(upload_id).unlink(missing_ok=True)
        self._note(upload_id).unlink(missing_ok=True)

    def _part(self, upload_id: str) -> Path:
        return self._folder.uploads_dir / f"{upload_id}.part"

    def _lock(self, upload_id: str) -> Path:
        """What is locked while somebody writes to the upload."""
        return self._part(upload_id).with_suffix(".lock")

    def _note(self, upload_id: str) -> Path:
        return self._folder.uploads_dir / f"{upload_id}.json"


def _append(source: Path, offset: int, target: Path) -> None:
    """Write the bytes of ``source`` from ``offset`` on to the end of ``target``. Raises StorageFullError."""
    with (
        full_disk_errors(target.parent, "the pieces of a file together"),
        source.open("rb") as reader,
        target.open("ab") as writer,
    ):
        reader.seek(offset)
        shutil.copyfileobj(reader, writer, _COPY_BYTES)
