"""Heavy requests are let in a few at a time; everything else goes on meanwhile."""

import os
import platform
import threading
import time
from collections import Counter
from pathlib import Path

import anyio
import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from app.http.admission import WAITING_FOR_EACH, Admission
from app.http.dependencies import HEAVY
from app.http.heap import give_back
from app.http.middleware import MOST_OPEN_OF_ONE, OpenRequests
from app.http.problems import install_error_handlers
from app.http.routes import system
from retrieval.errors import HungUpError, TooBusyError

AT_ONCE = 4
OF_ONE = AT_ONCE // 2
"""What one caller has of it."""


def resident_bytes() -> int:
    """What this process holds in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


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
    api.state.heavy = Admission(AT_ONCE, "requests", patience_s)
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
            while statuses[503] < 60 - OF_ONE * (1 + WAITING_FOR_EACH) or work.at_work < OF_ONE:
                await anyio.sleep(0.01)
            for _ in range(5):
                began_s = time.monotonic()
                assert (await client.get("/healthz")).status_code == 200
                waited_s.append(time.monotonic() - began_s)
            work.go_on.set()

    anyio.run(all_at_once)
    assert statuses == {200: OF_ONE * (1 + WAITING_FOR_EACH), 503: 60 - OF_ONE * (1 + WAITING_FOR_EACH)}
    assert work.most_at_work == OF_ONE
    assert max(waited_s) < 1.0


def test_who_waits_too_long_is_sent_away_and_the_place_is_free_again() -> None:
    async def run() -> None:
        admission = Admission(1, "requests", patience_s=0.05)
        async with admission.one("somebody"):
            with pytest.raises(TooBusyError, match="1 requests"):
                async with admission.one("somebody"):
                    pass
        async with admission.one("somebody"):
            pass

    anyio.run(run)


def test_a_request_that_fails_leaves_its_place() -> None:
    async def run() -> None:
        admission = Admission(1, "requests", patience_s=0.05)
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                async with admission.one("somebody"):
                    _ = 1 // 0

    anyio.run(run)


def test_who_comes_next_does_not_wait_behind_all_that_another_asks() -> None:
    order: list[str] = []

    async def run() -> None:
        admission = Admission(AT_ONCE, "requests")
        go_on = anyio.Event()

        async def ask(name: str) -> None:
            async with admission.one(name):
                order.append(name)
                await go_on.wait()

        async with anyio.create_task_group() as tasks:
            for _ in range(10):
                tasks.start_soon(ask, "greedy")
            await anyio.wait_all_tasks_blocked()
            assert order == ["greedy"] * OF_ONE
            tasks.start_soon(ask, "modest")
            await anyio.wait_all_tasks_blocked()
            assert order[OF_ONE:] == ["modest"]
            go_on.set()

    anyio.run(run)
    assert len(order) == 11


def test_what_is_done_when_idle_is_done_when_the_last_one_has_left() -> None:
    times: list[float] = []

    async def run() -> None:
        admission = Admission(2, "requests", when_idle=lambda: times.append(time.monotonic()))
        async with admission.one("somebody"):
            async with admission.one("another"):
                pass
            assert not times
        with anyio.fail_after(5):
            while not times:
                await anyio.sleep(0.01)

    anyio.run(run)
    assert len(times) == 1


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library has no such heaps")
def test_free_memory_is_given_back_to_the_system() -> None:
    taken = [bytes(1_000) for _ in range(100_000)]
    some = taken[::1_000]  # so that what is free lies between what is not
    del taken
    before = resident_bytes()
    give_back()
    assert before - resident_bytes() > 50_000_000
    assert len(some) == 100


def test_who_hangs_up_while_waiting_leaves_at_once() -> None:
    async def run() -> None:
        admission = Admission(1, "requests", patience_s=60)

        async def has_hung_up() -> bool:
            return True

        async with admission.one("somebody"):
            with anyio.fail_after(5), pytest.raises(HungUpError):
                async with admission.one("another", has_hung_up):
                    pass
        async with admission.one("somebody"):
            pass

    anyio.run(run)


def test_too_many_requests_of_one_address_are_sent_away_and_probes_and_others_are_not() -> None:
    work = Work()
    api = application(work, patience_s=10)
    released = anyio.Event()
    statuses: Counter[int] = Counter()

    async def wait(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/wait":
            await released.wait()
        await api(scope, receive, send)

    guarded = OpenRequests(wait)

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await guarded({**scope, "app_path": scope["path"]}, receive, send)
        except TooBusyError as error:
            await PlainTextResponse(error.message, 503)(scope, receive, send)

    async def ask(client: httpx.AsyncClient) -> None:
        statuses[(await client.get("/wait")).status_code] += 1

    async def run() -> None:
        crowd = httpx.ASGITransport(door, client=("192.0.2.1", 1))
        other = httpx.ASGITransport(door, client=("192.0.2.2", 1))
        async with (
            httpx.AsyncClient(transport=crowd, base_url="http://test") as greedy,
            httpx.AsyncClient(transport=other, base_url="http://test") as modest,
            anyio.create_task_group() as tasks,
        ):
            for _ in range(MOST_OPEN_OF_ONE + 50):
                tasks.start_soon(ask, greedy)
            while statuses[503] < 50:
                await anyio.sleep(0.01)
            assert (await greedy.get("/healthz")).status_code == 200
            assert (await modest.get("/nothing")).status_code == 404
            assert (await greedy.get("/nothing")).status_code == 503
            released.set()

    anyio.run(run)
    assert statuses == {503: 50, 404: MOST_OPEN_OF_ONE}
