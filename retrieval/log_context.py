"""Whom a thread or task works for: the request or the job that the lines of its log are about."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_NOBODY: Mapping[str, str] = {}
_AT_WORK: ContextVar[Mapping[str, str]] = ContextVar("at_work", default=_NOBODY)


@contextmanager
def working_for(**ids: str) -> Iterator[None]:
    """What is logged in the block, and in threads that are given a copy of its context, carries these ids."""
    before = _AT_WORK.set({**_AT_WORK.get(), **ids})
    try:
        yield
    finally:
        _AT_WORK.reset(before)


def at_work() -> Mapping[str, str]:
    """The ids that lines of the log carry here, by their names: ``request_id``, ``job_id``."""
    return _AT_WORK.get()
