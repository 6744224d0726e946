"""The queue of a library: held by one process per data folder, or shared by several on servers' databases."""

import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from app.open_engine import announce, resolve_profile
from app.settings import Settings
from indexer.jobs.known_jobs import KnownJobs, seen_jobs
from indexer.jobs.queue import IndexJobs
from indexer.leftovers import sweep_files
from indexer.pipeline import Indexer
from retrieval.encoders.profiles import Encoders, ProfileEncoders, Resolved
from retrieval.errors import InputError
from retrieval.isolation.isolated import warm_up
from retrieval.storage.folder import LockName
from retrieval.storage.library import Library


@dataclass(frozen=True, slots=True)
class Indexing:
    """A running queue and the encoders that its indexer uses, of a profile that was ``resolved``."""

    jobs: IndexJobs
    encoders: Encoders
    resolved: Resolved


@contextmanager
def open_jobs(library: Library, settings: Settings, url: str | None = None) -> Iterator[Indexing]:
    """The library's queue for the block.

    Raises DataFolderBusyError if another process works on it, StorageError if the vectors' server does not answer.
    """
    if settings.qdrant_url is not None:
        # Asked before there is a job: one that finds it away at its last step would have worked for nothing.
        with library.vectors():
            pass
    if settings.database_url is None:
        library.folder.require_jobs_file()
    resolved = resolve_profile(library, settings)
    announce(resolved, settings)
    warm_up()
    encoders = ProfileEncoders(resolved.profile, settings)
    indexer = Indexer(library, encoders, settings)
    database = _queue_url(library, settings)
    with ExitStack() as held:
        if shares_work(settings):
            # Never a name that was used before: the jobs of another of that name would be taken for its own.
            worker = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
            jobs = IndexJobs(indexer, database, worker, settings.index_workers, library.folder.path / "workers")
        else:
            if not settings.index_workers:
                raise InputError(
                    "MOMENTS_INDEX_WORKERS is 0: `moments worker` can do the work only with MOMENTS_DATABASE_URL "
                    "(PostgreSQL) and MOMENTS_QDRANT_URL; allowed without them are 1 to 64"
                )
            held.enter_context(library.folder.hold(LockName.INDEX, library.command, url=url))
            jobs = IndexJobs(indexer, database, "local", settings.index_workers)
        held.enter_context(jobs.running())
        library.sweep()
        sweep_files(library, jobs)
        yield Indexing(jobs, encoders, resolved)


@contextmanager
def open_known_jobs(library: Library, settings: Settings) -> Iterator[KnownJobs | None]:
    """The jobs of the library's queue, to look at for the block; None as long as there was never one."""
    if settings.database_url is None:
        library.folder.require_jobs_file()
        if not library.folder.jobs_file.exists():
            yield None
            return
    with seen_jobs(_queue_url(library, settings)) as jobs:
        yield jobs


def is_worked_on(library: Library, settings: Settings) -> bool:
    """Whether a process works on the queue; of one that several share, that is taken for granted."""
    return shares_work(settings) or library.folder.owner(LockName.INDEX) is not None


def _queue_url(library: Library, settings: Settings) -> str:
    return settings.database_url or f"sqlite:///{library.folder.jobs_file}"


def shares_work(settings: Settings) -> bool:
    """Whether several processes may index into this library: both its databases are servers."""
    is_server = settings.database_url is not None and settings.database_url.startswith("postgresql")
    return is_server and settings.qdrant_url is not None
