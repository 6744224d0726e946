"""The line of the log that tells how a job ended."""

import logging
from pathlib import PurePath
from urllib.parse import urlsplit

from indexer.intake.addition import Addition, Origin
from indexer.jobs.job import JobState
from indexer.outcome import Outcome
from retrieval.errors import INTERNAL_ERROR

_log = logging.getLogger(__name__)


def tell_end(addition: Addition, ended: Outcome | JobState, seconds: float) -> None:
    """Log what became of the file, after so many seconds of work; a ``JobState`` is an end that has no outcome."""
    name = _name(addition)
    if isinstance(ended, JobState):
        is_crash = ended is JobState.FAILED
        _tell(name, ended.value, seconds, None, INTERNAL_ERROR if is_crash else None)
        return
    # An outcome counts the work of earlier processes, too, and none of what was in the library already.
    worked_s = ended.seconds or seconds
    speed_x = ended.duration_s / worked_s if ended.duration_s and ended.seconds else None
    _tell(name, ended.status.value, worked_s, speed_x, ended.failure.code if ended.failure else None)


def _tell(name: str, outcome: str, seconds: float, speed_x: float | None, code: str | None) -> None:
    speed = "" if speed_x is None else f", {speed_x:.1f}× real time"
    reason = "" if code is None else f": {code}"
    fields = {
        "file": name,
        "outcome": outcome,
        "seconds": round(seconds, 3),
        "speed_x": None if speed_x is None else round(speed_x, 2),
        "code": code,
    }
    # Quoted, so that no name can end where it does not and forge the rest of the line.
    _log.info("ended: %r %s in %.1f s%s%s", name, outcome, seconds, speed, reason, extra={"fields": fields})


def _name(addition: Addition) -> str:
    """What the file is called; an address may have a secret in what comes after its path."""
    if addition.origin is Origin.URL:
        address = urlsplit(addition.where)
        return PurePath(address.path).name or address.hostname or ""
    return PurePath(addition.where).name
