"""Waits for a call that says nothing while it works, and goes on telling that somebody waits."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from typing import TypeVar

T = TypeVar("T")

EVERY_S = 0.25


def attended(call: Callable[[], T], waiting: Callable[[], None]) -> T:
    """What ``call`` returns or raises; ``waiting`` is called every moment meanwhile.

    What ``waiting`` raises ends the wait at once. The call goes on to its end then, and nobody hears of it: it is to
    compute, and to change nothing that others see.
    """
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(call())
        except BaseException as error:  # noqa: BLE001  whatever it is, it is raised where the call was made
            outcome.set_exception(error)

    # A daemon, so that a process that ends does not wait for it.
    threading.Thread(target=copy_context().run, args=(run,), name="attended", daemon=True).start()
    while True:
        try:
            return outcome.result(timeout=EVERY_S)
        except TimeoutError:
            if outcome.done():
                raise
            waiting()
