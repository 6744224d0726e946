"""How many requests are worked on at once, in all and of one caller; what is too much waits a little or is sent away.

Threads are few, and all of them share one interpreter: hundreds of requests at once would each take hundreds of
times as long.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from anyio import CancelScope, CapacityLimiter, create_task_group, move_on_after, sleep

from retrieval.errors import HungUpError, TooBusyError

WAITING_FOR_EACH = 8
"""For each request at work, so many may wait; who comes later is sent away at once."""

_LOOK_EVERY_S = 0.25

HungUp = Callable[[], Awaitable[bool]]
"""Whether a caller has hung up."""


async def stays() -> bool:
    """False: a caller who does not hang up."""
    return False


class _Caller:
    """How many requests of one caller are here, and those at work."""

    def __init__(self, at_once: int) -> None:
        self.here = 0
        self.limiter = CapacityLimiter(at_once)


class Admission:
    """Lets ``at_once`` requests in and a few more wait, for ``patience_s``. Waiting takes no thread.

    One caller has half of the places, so that whoever comes next does not wait behind all that he asks. When the last
    one has left, ``when_idle`` is called in a thread of its own.
    """

    def __init__(
        self, at_once: int, what: str, patience_s: float = 10.0, when_idle: Callable[[], object] | None = None
    ) -> None:
        self._at_once = at_once
        self._of_one = max(1, at_once // 2)
        self._what = what
        self._patience_s = patience_s
        self._when_idle = when_idle
        self._here = 0
        self._callers: dict[str, _Caller] = {}
        self._limiter: CapacityLimiter | None = None

    @asynccontextmanager
    async def one(self, name: str, hung_up: HungUp = stays) -> AsyncIterator[None]:
        """Within the block the request of the caller with this name is at work. Raises TooBusyError or HungUpError."""
        if self._limiter is None:  # made where an event loop runs
            self._limiter = CapacityLimiter(self._at_once)
        caller = self._callers.get(name) or _Caller(self._of_one)
        together = 1 + WAITING_FOR_EACH
        if self._here >= self._at_once * together or caller.here >= self._of_one * together:
            raise self._too_busy()
        self._callers[name] = caller
        request = object()
        caller.here += 1
        self._here += 1
        limiters = (caller.limiter, self._limiter)
        try:
            await self._enter(limiters, request, hung_up)
            yield
        finally:
            for limiter in limiters:
                if request in limiter.statistics().borrowers:
                    limiter.release_on_behalf_of(request)
            self._here -= 1
            caller.here -= 1
            if not caller.here:
                del self._callers[name]
            if not self._here and self._when_idle is not None:
                asyncio.get_running_loop().run_in_executor(None, self._when_idle)

    async def _enter(self, limiters: tuple[CapacityLimiter, ...], request: object, hung_up: HungUp) -> None:
        is_in = has_hung_up = False

        async def watch(waiting: CancelScope) -> None:
            nonlocal has_hung_up
            while not (has_hung_up := await hung_up()):
                await sleep(_LOOK_EVERY_S)
            waiting.cancel()

        with move_on_after(self._patience_s):
            async with create_task_group() as tasks:
                tasks.start_soon(watch, tasks.cancel_scope)
                for limiter in limiters:
                    await limiter.acquire_on_behalf_of(request)
                is_in = True
                tasks.cancel_scope.cancel()
        if has_hung_up:
            raise HungUpError("whoever asked has gone away")
        if not is_in:
            raise self._too_busy()

    def _too_busy(self) -> TooBusyError:
        return TooBusyError(
            f"{self._at_once} {self._what} are worked on at once, {self._of_one} of one caller, and others wait; "
            f"try again in {TooBusyError.retry_after_s} s"
        )
