"""The data folder: where everything lies, and who is at work in it.

Locks belong to the operating system, so a killed process never blocks the next one. Beside each
lock lies a note of who holds it, for messages and for finding the server that does.
"""

import errno
import json
import os
import re
import shutil
import sqlite3
import stat
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import filelock

from retrieval.atomic import write_atomically
from retrieval.errors import DataFolderBusyError, StorageError, StorageFullError

_PRIVATE_FOLDER = 0o700
_OTHERS = 0o077
_BOTH = os.R_OK | os.W_OK
_ALL = _BOTH | os.X_OK
_OWN_FOLDERS = (
    "vectors",
    "thumbnails",
    "models",
    "uploads",
    "files",
    "work",
    "workers",
    "clips",
    "exports",
    "promised",
)
_OWN_NAME = re.compile(
    r"(catalog|jobs)\.sqlite(-wal|-shm|-journal)?|(index|vectors|identity)\.lock(\.json)?|identity|server\.token|"
    rf"moments\.log|{'|'.join(_OWN_FOLDERS)}|\.(writable|identity|index|vectors).*"
)
"""What Moments itself writes in a data folder."""

_POLL_S = 0.02
_JOBS_PATIENCE_S = 30.0
_PROBE_PATIENCE_S = 0.1
"""``owner`` holds a free lock for a moment to see that it is free: nobody gives up sooner than this."""

_NOTE_PATIENCE_S = 0.5
"""The note of a holder follows its lock by milliseconds."""


class LockName(StrEnum):
    """What one process at a time may do in a data folder."""

    INDEX = "index"
    VECTORS = "vectors"


_DOING = {LockName.INDEX: "is being indexed", LockName.VECTORS: "is in use"}


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that holds a lock; ``url`` is where it answers, if it serves."""

    pid: int
    command: str
    started_at: datetime
    url: str | None = None


@dataclass(frozen=True, slots=True)
class DataFolder:
    """Paths and locks of one data folder."""

    path: Path

    @classmethod
    def create(cls, path: Path) -> "DataFolder":
        """The folder at ``path``, made if it is missing. Raises StorageError if it cannot be written to."""
        folder = cls(path.expanduser().absolute())
        try:
            folder.path.parent.mkdir(parents=True, exist_ok=True)
            folder.path.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise StorageError(f"the data folder {folder.path} cannot be made: a file is in the way") from error
        except OSError as error:
            raise _kind(error)(f"the data folder {folder.path} cannot be made: {error.strerror}") from error
        probe = folder.path / f".writable-{os.getpid()}"
        try:
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise _kind(error)(
                f"the data folder {folder.path} cannot be written to: {error.strerror}{_of_another(folder.path)}; "
                "choose another with --data-dir or MOMENTS_DATA_DIR"
            ) from error
        for name in _OWN_FOLDERS:
            if (folder.path / name).exists() and not (folder.path / name).is_dir():
                raise StorageError(f"{folder.path / name} is in the way of a folder of that name; move it away")
        folder._close()
        return folder

    def open_to_others(self) -> list[Path]:
        """The folder, and what of ours lies in it, as far as other users of the machine may look in."""
        return [path for path in [self.path, *self._own()] if path.stat().st_mode & _OTHERS]

    def closed_to_us(self) -> list[Path]:
        """What of ours lies in it and this user can read or write only in part. Models may be shared, and read only."""
        own = [path for path in self._own() if path != self.models_dir]
        vectors = list(self.vectors_dir.iterdir()) if os.access(self.vectors_dir, os.R_OK | os.X_OK) else []
        return [path for path in (*own, *vectors) if not os.access(path, _ALL if path.is_dir() else _BOTH)]

    def _close(self) -> None:
        """Close to other users what is ours: earlier versions left it as open as the umask had it.

        A folder that holds other things too stays as it is; what is ours in it does not.
        """
        own = self._own()
        is_ours_alone = len(own) == len(list(self.path.iterdir()))
        for path in [*([self.path] if is_ours_alone else []), *own]:
            # Whoever owns it can close it, but not on every file system; `moments doctor` tells.
            with suppress(OSError):
                mode = path.stat().st_mode
                if mode & _OTHERS:
                    path.chmod(stat.S_IMODE(mode) & ~_OTHERS)

    def _own(self) -> list[Path]:
        """What lies in the folder and is ours; what a link leads to is the user's choice."""
        return [path for path in self.path.iterdir() if _OWN_NAME.fullmatch(path.name) and not path.is_symlink()]

    def identity(self) -> str:
        """What tells the folder from all others, on whatever machine and path: 32 digits kept inside it.

        Written at the first call. Raises StorageError if it cannot be.
        """
        note = self.path / "identity"
        lock = filelock.FileLock(self.path / "identity.lock", thread_local=False)
        try:
            if not note.exists():
                with _lock_errors(lock), lock:
                    if not note.exists():
                        write_atomically(note, f"{uuid.uuid4().hex}\n")
            return note.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise _kind(error)(
                f"the identity of the data folder, {note}, cannot be read or written: {error}"
            ) from error

    @property
    def catalog_url(self) -> str:
        """SQLAlchemy URL of the catalog that is kept here unless another database is set."""
        return f"sqlite:///{self.catalog_file}"

    @property
    def catalog_file(self) -> Path:
        """The catalog that is kept here unless another database is set."""
        return self.path / "catalog.sqlite"

    def require_catalog(self) -> None:
        """Raises StorageError if the catalog is lost, or cut to nothing: SQLite would make a new one without a word.

        What was indexed and uploaded would then belong to nothing, and be deleted as a leftover.
        """
        # The catalog is made first: it is looked for last, or another process that begins would look like a loss.
        left = [
            folder
            for folder in (self.files_dir, self.vectors_dir, self.thumbnails_dir)
            if folder.is_dir() and any(folder.iterdir())
        ]
        catalog, log = self.catalog_file, self.path / "catalog.sqlite-wal"
        if os.path.lexists(catalog) and not catalog.is_file():
            return
        if left and not any(file.exists() and file.stat().st_size for file in (catalog, log)):
            how = "is empty" if catalog.exists() else "is gone"
            raise StorageError(
                f"the catalog {catalog} {how}, though {left[0]} holds what belongs to it: bring it back from a backup, "
                "or set MOMENTS_DATABASE_URL if it is kept elsewhere; to begin anew, choose another data folder, or "
                f"move {', '.join(map(str, left))} away"
            )

    @property
    def jobs_file(self) -> Path:
        """The queue that is kept here unless another database is set."""
        return self.path / "jobs.sqlite"

    def require_jobs_file(self) -> None:
        """Raises StorageError if something is there that is no SQLite database, or not one to be written to."""
        if not os.path.lexists(self.jobs_file):
            return
        try:
            with closing(sqlite3.connect(self.jobs_file, isolation_level=None, timeout=_JOBS_PATIENCE_S)) as database:
                database.execute("SELECT count(*) FROM sqlite_master").fetchone()
                # Of a file that may only be read, SQLite begins even a transaction that is to write.
                database.execute("BEGIN IMMEDIATE")
                (version,) = database.execute("PRAGMA user_version").fetchone()
                database.execute(f"PRAGMA user_version = {version}")
                database.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise StorageError(
                f"the queue {self.jobs_file} cannot be used: {error}; make it writable, or move it away: "
                "jobs that wait are lost then, nothing else"
            ) from error

    @property
    def vectors_dir(self) -> Path:
        return self.path / "vectors"

    @property
    def thumbnails_dir(self) -> Path:
        return self.path / "thumbnails"

    @property
    def models_dir(self) -> Path:
        return self.path / "models"

    @property
    def uploads_dir(self) -> Path:
        """What is being uploaded, and notes about it."""
        return self.path / "uploads"

    @property
    def files_dir(self) -> Path:
        """Media files that came by upload or from an address, each in a folder named by its job."""
        return self.path / "files"

    def files_of(self, job_id: str) -> Path:
        """Where the file of one job lies that came by upload or from an address."""
        return self.files_dir / job_id

    def owns(self, file: Path) -> bool:
        """Whether the file came by upload or from an address, and goes when its video goes."""
        if not file.is_relative_to(self.files_dir):
            return False
        within = file.relative_to(self.files_dir).parts
        return len(within) == 2 and ".." not in within

    def discard(self, file: Path) -> None:
        """Delete a file that came by upload or from an address; any other stays."""
        if self.owns(file):
            shutil.rmtree(file.parent, ignore_errors=True)

    def work_dir(self, video_id: str) -> Path:
        """Where the steps of one video's indexing leave what the next ones need."""
        return self.path / "work" / video_id

    @contextmanager
    def hold(self, name: LockName, command: str, *, url: str | None = None, wait_s: float = 0.0) -> Iterator[None]:
        """Hold a lock, waiting up to ``wait_s``. Raises DataFolderBusyError that names the holder."""
        lock = self._lock(name)
        try:
            with _lock_errors(lock):
                lock.acquire(timeout=max(wait_s, _PROBE_PATIENCE_S), poll_interval=_POLL_S)
        except filelock.Timeout as error:
            raise DataFolderBusyError(self._busy(name)) from error
        note = self._note(name)
        try:
            owner = Owner(os.getpid(), command, datetime.now(UTC), url)
            write_atomically(note, json.dumps(asdict(owner) | {"started_at": owner.started_at.isoformat()}))
            yield
        finally:
            note.unlink(missing_ok=True)
            lock.release()

    def work_lock(self, video_id: str) -> Path:
        """The lock of a video's work folder; the file stays when the lock is let go of."""
        return self.work_dir(video_id).with_suffix(".lock")

    @contextmanager
    def working_on(self, video_id: str, waiting: Callable[[], None]) -> Iterator[bool]:
        """Be alone with the work folder of a video; True if another had to be waited for.

        ``waiting`` is called now and then meanwhile, and may raise to give up.
        """
        lock = filelock.FileLock(self.work_lock(video_id), thread_local=False)
        Path(lock.lock_file).parent.mkdir(parents=True, exist_ok=True)
        waited = False
        while True:
            try:
                with _lock_errors(lock):
                    lock.acquire(timeout=_PROBE_PATIENCE_S, poll_interval=_POLL_S)
                break
            except filelock.Timeout:
                waited = True
                waiting()
        try:
            yield waited
        finally:
            lock.release()

    def owner(self, name: LockName) -> Owner | None:
        """Who holds the lock; None if nobody does, whatever a killed process left behind."""
        deadline = time.monotonic() + _NOTE_PATIENCE_S
        while time.monotonic() < deadline:
            lock = self._lock(name)
            try:
                with _lock_errors(lock):
                    lock.acquire(timeout=0)
            except filelock.Timeout:
                if owner := self._noted(name):
                    return owner
                time.sleep(_POLL_S)
            else:
                lock.release()
                return None
        return None

    def _lock(self, name: LockName) -> filelock.BaseFileLock:
        # A lock object of its own per call: one process asks about the locks that it holds itself, too.
        return filelock.FileLock(self.path / f"{name}.lock", thread_local=False, preserve_lock_file=True)

    def _note(self, name: LockName) -> Path:
        return self.path / f"{name}.lock.json"

    def _noted(self, name: LockName) -> Owner | None:
        try:
            note = json.loads(self._note(name).read_text(encoding="utf-8"))
            return Owner(note["pid"], note["command"], datetime.fromisoformat(note["started_at"]), note["url"])
        except (OSError, ValueError, TypeError, KeyError):
            # A note is for messages only; whether somebody holds the lock, the lock itself says.
            return None

    def _busy(self, name: LockName) -> str:
        owner = self._noted(name)
        if owner is None:
            return f"{self.path} {_DOING[name]} by another process; try again when it is done"
        since = owner.started_at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        advice = f"ask it at {owner.url}" if owner.url else "wait until it is done, or stop it"
        return f"{self.path} {_DOING[name]} by process {owner.pid} ({owner.command}, since {since}); {advice}"


def _of_another(path: Path) -> str:
    """Whose the folder is, where it is not this process's: a volume of a container, most often."""
    owner = path.stat().st_uid
    return "" if owner == os.geteuid() else f" (it belongs to user {owner}, and this process is user {os.geteuid()})"


def is_full(error: OSError) -> bool:
    """Whether the error means that there is no room for more."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def _kind(error: Exception) -> type[StorageError]:
    return StorageFullError if isinstance(error, OSError) and is_full(error) else StorageError


@contextmanager
def _lock_errors(lock: filelock.BaseFileLock) -> Iterator[None]:
    try:
        yield
    except filelock.Timeout:
        raise
    except OSError as error:
        raise _kind(error)(f"the lock {lock.lock_file} cannot be taken: {error.strerror}") from error
