"""Waiting, in the middle of a job, for a database that is away and for room on a disk that is full."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from retrieval.errors import StorageAwayError, shortened
from retrieval.storage.room import is_full_disk

T = TypeVar("T")

_AWAY_PATIENCE_S = 600.0
"""A database that is away for longer fails the jobs that need it."""
_AWAY_PAUSE_S = 2.0
_FULL_PAUSE_S = 1.0
_POLL_S = 0.1

_log = logging.getLogger(__name__)


def while_away(run: Callable[[], T], waiting: Callable[[], None]) -> T:
    """What ``run`` returns, tried again while a database is away; ``waiting`` is called meanwhile, and may raise."""
    until_s = time.monotonic() + _AWAY_PATIENCE_S
    while True:
        try:
            return run()
        except StorageAwayError as away:
            if time.monotonic() > until_s:
                raise
            _log.warning("waiting for a database: %s", away)
            again_s = time.monotonic() + _AWAY_PAUSE_S
            while time.monotonic() < again_s:
                waiting()
                time.sleep(_POLL_S)


def while_full(write: Callable[[], None], is_given_up: Callable[[], bool]) -> None:
    """Do ``write``, again and again while the disk is full; once ``is_given_up``, its error is raised."""
    has_told = False
    while True:
        try:
            write()
        except Exception as error:
            if is_given_up() or not is_full_disk(error):
                raise
            if not has_told:
                _log.warning("waiting for room on the disk: %s", shortened(str(error)))
                has_told = True
            time.sleep(_FULL_PAUSE_S)
        else:
            return
