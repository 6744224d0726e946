"""How many heavy requests are worked on at once: those that decode, embed or encode what a caller chose."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import CapacityLimiter, fail_after

from retrieval.errors import TooBusyError

WAITING_FOR_EACH = 8
"""For each request at work, so many may wait; who comes later is sent away at once."""


class Admission:
    """Lets ``at_once`` requests in and a few more wait, for ``patience_s``. Waiting takes no thread."""

    def __init__(self, at_once: int, patience_s: float = 10.0) -> None:
        self._at_once = at_once
        self._patience_s = patience_s
        self._here = 0
        self._limiter: CapacityLimiter | None = None

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Within the block the request is at work. Raises TooBusyError."""
        if self._limiter is None:  # made where an event loop runs
            self._limiter = CapacityLimiter(self._at_once)
        if self._here >= self._at_once * (1 + WAITING_FOR_EACH):
            raise self._too_busy()
        request = object()
        self._here += 1
        try:
            try:
                with fail_after(self._patience_s):
                    await self._limiter.acquire_on_behalf_of(request)
            except TimeoutError as error:
                raise self._too_busy() from error
            try:
                yield
            finally:
                self._limiter.release_on_behalf_of(request)
        finally:
            self._here -= 1

    def _too_busy(self) -> TooBusyError:
        return TooBusyError(
            f"{self._at_once} requests that decode or encode are at work, and others wait; "
            f"try again in {TooBusyError.retry_after_s} s"
        )
