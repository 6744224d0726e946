"""Whether a server can answer searches: what it needs, loaded ahead of the first one, and what is missing."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from indexer.jobs.queue import IndexJobs
from retrieval.encoders.profiles import Encoders
from retrieval.errors import MomentsError
from retrieval.storage.library import Library

_JOIN_PATIENCE_S = 5.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReadinessCheck:
    """One thing that the server needs; ``reason`` says why it is not there, and is None if it is."""

    name: str
    reason: str | None = None


class Warmup:
    """Loads the encoders of queries in a thread of its own; ``reason`` is None once they are there."""

    def __init__(self) -> None:
        self.reason: str | None = "not started"
        self._thread: threading.Thread | None = None

    def start(self, encoders: Encoders) -> None:
        """Begin to load."""
        self.reason = "loading"
        self._thread = threading.Thread(target=self._load, args=(encoders,), name="warm-up", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Wait for a load that is about to end; one that takes longer ends with the process."""
        if self._thread is not None:
            self._thread.join(_JOIN_PATIENCE_S)

    def _load(self, encoders: Encoders) -> None:
        try:
            for encoder in (encoders.visual(), encoders.sound(), encoders.sentences()):
                encoder.embed_texts(["a first query"])
            self.reason = None
        except MomentsError as error:
            self.reason = error.message
        except Exception:  # noqa: BLE001
            _log.exception("the encoders cannot be loaded")
            self.reason = "failed; the server's log says why"
        else:
            self._load_ears(encoders)

    def _load_ears(self, encoders: Encoders) -> None:
        """What hears a spoken question: after all the rest, which no question can do without."""
        try:
            encoders.voice_activity()
            encoders.transcriber()
        except MomentsError as error:
            _log.info("spoken questions cannot be heard: %s", error.message)
        except Exception:  # noqa: BLE001
            _log.exception("what hears spoken questions cannot be loaded")


def checks(library: Library, jobs: IndexJobs, warmup: Warmup) -> tuple[ReadinessCheck, ...]:
    """Everything that a search or a job needs, each asked for."""
    database = _asked("database", lambda: _ask_catalog(library))
    return (
        database,
        _vectors(library, database),
        # It lies beside the catalog, and who asks it waits until it is there again.
        ReadinessCheck("queue", database.reason) if database.reason else _asked("queue", lambda: jobs.unfinished()),
        ReadinessCheck("encoders", warmup.reason),
    )


def _ask_catalog(library: Library) -> None:
    library.require_in_place()
    library.catalog.totals()


def _vectors(library: Library, database: ReadinessCheck) -> ReadinessCheck:
    """Whether they can be read, and are as many as the catalog counts, where that can be asked."""
    try:
        if database.reason:
            with library.vectors() as store:
                store.spaces()
            return ReadinessCheck("vectors")
        return ReadinessCheck("vectors", library.shortfall().reason)
    except MomentsError as error:
        return ReadinessCheck("vectors", error.message)


def _asked(name: str, ask: Callable[[], object]) -> ReadinessCheck:
    try:
        ask()
    except MomentsError as error:
        return ReadinessCheck(name, error.message)
    return ReadinessCheck(name)
