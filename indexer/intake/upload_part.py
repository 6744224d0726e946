"""Some bytes of an upload as they come: appended, counted, held against their checksum."""

import hashlib
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

import filelock

from retrieval.errors import ChecksumError, ConflictError, TooLargeError, WrongOffsetError
from retrieval.storage.room import full_disk_errors, require_room


@dataclass(frozen=True, slots=True)
class Checksum:
    """What the bytes of one part have to add up to."""

    algorithm: str
    digest: bytes


class Part:
    """Takes the bytes of an upload of ``size_bytes`` from ``offset`` on; nobody else can write to it until ``close``.

    ``path`` is the file that has those before; its name is the upload's id.
    """

    def __init__(self, path: Path, size_bytes: int, offset: int, checksum: Checksum | None) -> None:
        self._id = path.stem
        self._size_bytes = size_bytes
        self._checksum = checksum
        self._hash = hashlib.new(checksum.algorithm) if checksum else None
        self._start = self.offset = offset
        self._folder = path.parent
        self._lock = filelock.FileLock(path.with_suffix(".lock"), thread_local=False)
        try:
            self._lock.acquire(timeout=0)
        except filelock.Timeout as error:
            raise ConflictError(f"upload {self._id} is being written to by another request") from error
        try:
            self._file = self._opened_at(path, offset)
        except BaseException:
            self._lock.release()
            raise

    def _opened_at(self, path: Path, offset: int) -> FileIO:
        try:
            written = path.stat().st_size
            if written != offset:
                raise WrongOffsetError(f"upload {self._id} goes on at {written}, not at {offset}")
            return path.open("ab", buffering=0)
        except FileNotFoundError as error:
            raise WrongOffsetError(f"upload {self._id} has all its bytes; nothing goes on") from error

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
            raise ChecksumError(f"upload {self._id}: the bytes differ from their checksum; send them again")

    def write(self, content: bytes) -> None:
        """Append bytes. Raises TooLargeError past the announced size, StorageFullError on a full disk."""
        if self.offset + len(content) > self._size_bytes:
            raise TooLargeError(f"more bytes than the {self._size_bytes} that were announced")
        rest = memoryview(content)
        require_room(self._folder, len(content), f"the rest of upload {self._id}")
        with full_disk_errors(self._folder, f"upload {self._id}"):
            while rest:
                written = self._file.write(rest)
                if self._hash is not None:
                    self._hash.update(rest[:written])
                self.offset += written
                rest = rest[written:]
