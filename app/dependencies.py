"""What routes are given: the parts that the lifespan built, and who asks."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from anyio import from_thread
from fastapi import Depends, Request

from app.exports.encoder import Gone
from app.exports.exporter import Exporter
from app.exports.scratch import scratch_folder
from app.guard import Attempts, Caller, Guard
from app.metrics import Metrics
from app.readiness import Warmup
from app.roots import MediaRoots
from app.uploads import Uploads
from indexer.jobs import IndexJobs
from retrieval.library import Library
from retrieval.search import SearchEngine


def _library(request: Request) -> Library:
    library: Library = request.app.state.library
    return library


def _engine(request: Request) -> SearchEngine:
    engine: SearchEngine = request.app.state.engine
    return engine


def _jobs(request: Request) -> IndexJobs:
    jobs: IndexJobs = request.app.state.jobs
    return jobs


def _uploads(request: Request) -> Uploads:
    uploads: Uploads = request.app.state.uploads
    return uploads


def _exporter(request: Request) -> Exporter:
    exporter: Exporter = request.app.state.exporter
    return exporter


def _scratch(library: Annotated[Library, Depends(_library)]) -> Iterator[Path]:
    """A folder that is removed when the response has been sent, or could not be."""
    with scratch_folder(library.folder.path) as folder:
        yield folder


def _gone(request: Request) -> Gone:
    """Asked from the thread that works for the request."""
    return lambda: from_thread.run(request.is_disconnected)


def _guard(request: Request) -> Guard:
    guard: Guard = request.app.state.guard
    return guard


def _attempts(request: Request) -> Attempts:
    attempts: Attempts = request.app.state.attempts
    return attempts


def _metrics(request: Request) -> Metrics:
    metrics: Metrics = request.app.state.metrics
    return metrics


def _warmup(request: Request) -> Warmup:
    warmup: Warmup = request.app.state.warmup
    return warmup


def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


def _roots(guard: Annotated[Guard, Depends(_guard)], caller: Annotated[Caller, Depends(_caller)]) -> MediaRoots:
    return guard.roots(caller)


LibraryOf = Annotated[Library, Depends(_library)]
EngineOf = Annotated[SearchEngine, Depends(_engine)]
JobsOf = Annotated[IndexJobs, Depends(_jobs)]
UploadsOf = Annotated[Uploads, Depends(_uploads)]
ExporterOf = Annotated[Exporter, Depends(_exporter)]
ScratchOf = Annotated[Path, Depends(_scratch)]
GoneOf = Annotated[Gone, Depends(_gone)]
GuardOf = Annotated[Guard, Depends(_guard)]
AttemptsOf = Annotated[Attempts, Depends(_attempts)]
MetricsOf = Annotated[Metrics, Depends(_metrics)]
WarmupOf = Annotated[Warmup, Depends(_warmup)]
RootsOf = Annotated[MediaRoots, Depends(_roots)]
"""The folders whose files this caller may add: `roots.allowed(body.path)` is the path to use."""
