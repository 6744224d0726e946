"""The queue of a library, held by one process per data folder."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.searching import announce, resolve_profile
from app.settings import Settings
from indexer.jobs import IndexJobs
from indexer.pipeline import Indexer
from indexer.settings import MEDIA_SUFFIXES
from retrieval.encoders.profiles import Encoders
from retrieval.library import Library
from retrieval.storage.folder import LockName


@dataclass(frozen=True, slots=True)
class Indexing:
    """A running queue and the encoders that its indexer uses."""

    jobs: IndexJobs
    encoders: Encoders


@contextmanager
def open_jobs(library: Library, settings: Settings, url: str | None = None) -> Iterator[Indexing]:
    """The library's queue for the block. Raises DataFolderBusyError if another process works on it."""
    resolved = resolve_profile(library, settings)
    announce(resolved, settings)
    encoders = Encoders(resolved.profile, settings)
    indexer = Indexer(library, encoders, settings)
    shared = settings.database_url is not None
    database = settings.database_url or f"sqlite:///{library.folder.path / 'jobs.sqlite'}"
    executor = f"{socket.gethostname()}-{os.getpid()}" if shared else "local"
    jobs = IndexJobs(indexer, database, executor, settings.index_workers)
    with library.folder.hold(LockName.INDEX, library.command, url=url), jobs.running():
        library.sweep()
        yield Indexing(jobs, encoders)


def media_files(patterns: tuple[str, ...]) -> list[Path]:
    """The files that arguments name: files as they are, folders searched for media, globs expanded.

    What does not exist is kept, so that its absence is reported like any other failure.
    """
    files: dict[Path, None] = {}
    for pattern in patterns:
        path = Path(pattern).expanduser()
        if path.is_dir():
            try:
                next(path.iterdir(), None)
            except OSError:
                files[path.absolute()] = None
                continue
            found = (
                file
                for file in sorted(path.rglob("*"))
                if file.suffix.lower() in MEDIA_SUFFIXES
                and file.is_file()
                and not any(part.startswith(".") for part in file.relative_to(path).parts)
            )
            files |= dict.fromkeys(file.absolute() for file in found)
        elif not path.exists() and any(character in pattern for character in "*?["):
            import glob

            matches = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207
            files |= dict.fromkeys(Path(match).absolute() for match in matches or [pattern])
        else:
            files[path.absolute()] = None
    return list(files)
