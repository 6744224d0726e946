"""Heavy requests are let in a few at a time; everything else goes on meanwhile."""

import threading
import time
from collections import Counter

import anyio
import httpx
import pytest
from fastapi import FastAPI

from app.admission import WAITING_FOR_EACH, Admission
from app.dependencies import HEAVY
from app.errors import install_error_handlers
from app.routes import system
from retrieval.errors import TooBusyError

AT_ONCE = 2


class Work:
    """A route that works until it is let go, and counts how many are at it."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.at_work = self.most_at_work = 0
        self._lock = threading.Lock()

    def run(self) -> str:
        with self._lock:
            self.at_work += 1
            self.most_at_work = max(self.at_work, self.most_at_work)
        self.go_on.wait(10)
        with self._lock:
            self.at_work -= 1
        return "done"


def application(work: Work, patience_s: float) -> FastAPI:
    api = FastAPI()
    api.state.admission = Admission(AT_ONCE, patience_s)
    api.get("/heavy", dependencies=[HEAVY])(work.run)
    api.include_router(system.router)
    install_error_handlers(api)
    return api


def test_sixty_at_once_hold_neither_the_others_nor_the_server() -> None:
    work = Work()
    statuses: Counter[int] = Counter()
    waited_s: list[float] = []

    async def ask(client: httpx.AsyncClient) -> None:
        answer = await client.get("/heavy")
        statuses[answer.status_code] += 1
        if answer.status_code == 503:
            assert answer.headers["retry-after"] == str(TooBusyError.retry_after_s)
            assert answer.json()["code"] == "too_busy"

    async def all_at_once() -> None:
        transport = httpx.ASGITransport(application(work, patience_s=10))
        async with (
            httpx.AsyncClient(transport=transport, base_url="http://test") as client,
            anyio.create_task_group() as tasks,
        ):
            for _ in range(60):
                tasks.start_soon(ask, client)
            while statuses[503] < 60 - AT_ONCE * (1 + WAITING_FOR_EACH) or work.at_work < AT_ONCE:
                await anyio.sleep(0.01)
            for _ in range(5):
                began_s = time.monotonic()
                assert (await client.get("/healthz")).status_code == 200
                waited_s.append(time.monotonic() - began_s)
            work.go_on.set()

    anyio.run(all_at_once)
    assert statuses == {200: AT_ONCE * (1 + WAITING_FOR_EACH), 503: 60 - AT_ONCE * (1 + WAITING_FOR_EACH)}
    assert work.most_at_work == AT_ONCE
    assert max(waited_s) < 1.0


def test_who_waits_too_long_is_sent_away_and_the_place_is_free_again() -> None:
    async def run() -> None:
        admission = Admission(1, patience_s=0.05)
        async with admission.one():
            with pytest.raises(TooBusyError, match="1 requests"):
                async with admission.one():
                    pass
        async with admission.one():
            pass

    anyio.run(run)


def test_a_request_that_fails_leaves_its_place() -> None:
    async def run() -> None:
        admission = Admission(1, patience_s=0.05)
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                async with admission.one():
                    _ = 1 // 0

    anyio.run(run)
