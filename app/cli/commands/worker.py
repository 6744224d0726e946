"""`moments worker`: works off a shared queue, beside a server that hands the work out."""

import signal
import threading

import click

from app.cli.invocation import Invocation
from app.logs import service_log, tell
from app.open_queue import open_jobs, shares_work
from app.settings import Settings
from retrieval.errors import InputError
from retrieval.storage.library import Library


@click.command(
    epilog="""\b
Example, where MOMENTS_DATABASE_URL and MOMENTS_QDRANT_URL are set:
  moments --data-dir /data worker --workers 2"""
)
@click.option(
    "--workers", type=click.IntRange(1, 64), help="Videos indexed at the same time (MOMENTS_INDEX_WORKERS). Default: 1."
)
@click.pass_obj
def worker(invocation: Invocation, workers: int | None) -> None:
    """Index what a server or another worker puts on the queue they share.

    Needs PostgreSQL (MOMENTS_DATABASE_URL), a Qdrant server (MOMENTS_QDRANT_URL), and the data folder that the
    server has: uploads and thumbnails lie in it.
    """
    if workers is not None:
        invocation.overrides["index_workers"] = workers
    settings = invocation.settings
    _require_servers(settings)
    ending = threading.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda *_: ending.set())
    with service_log(settings.log_format), Library(settings, "moments worker") as library, open_jobs(library, settings):
        tell(f"working off the queue of {library.folder.path} (stop with Ctrl-C)", settings.log_format)
        ending.wait()
        tell("stopped; what was being indexed goes on in another worker, or here next time", settings.log_format)


def _require_servers(settings: Settings) -> None:
    if shares_work(settings):
        if not settings.index_workers:
            raise InputError("a worker with MOMENTS_INDEX_WORKERS=0 does nothing; allowed are 1 to 64")
        return
    if settings.qdrant_url is None and settings.database_url is not None:
        raise InputError(
            "a worker needs MOMENTS_QDRANT_URL: vectors in the data folder belong to one process at a time, "
            "which the server is; without a Qdrant server, let the server index (MOMENTS_INDEX_WORKERS)"
        )
    raise InputError(
        "a worker needs MOMENTS_DATABASE_URL=postgresql://USER@HOST/NAME, whose queue it works off; "
        "without PostgreSQL, `moments index` and `moments serve` do the work themselves"
    )
