"""Who hangs up is not worked for any longer, and who asks little does not wait for who asks much.

Asked of a real server, over sockets.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import uvicorn

import retrieval.search
from app.http.application import create_app
from app.http.limited_http import LimitedHttp
from app.settings import Settings
from retrieval.asking.query import Query, parse_term
from retrieval.domain import Lane
from retrieval.errors import HungUpError
from retrieval.lanes.windows import window_candidates
from retrieval.search import SearchEngine
from retrieval.storage.library import Library
from tests.fakes import TWO_VIDEOS, FakeEncoders, id_of, library_of
from tests.library import command, environment
from tests.places import ROOT

STEP_S = 0.2
SLOW = {"query": {"then": [f"step {number}" for number in range(8)], "not": [f"no {number}" for number in range(20)]}}
"""56 looks at windows, each of which takes ``STEP_S`` here."""


class Steps:
    """How often windows were looked at, and when last."""

    def __init__(self) -> None:
        self.count = 0
        self.begun = threading.Event()

    def take(self, real: Any) -> Any:
        def slowly(*arguments: Any, **named: Any) -> Any:
            self.count += 1
            self.begun.set()
            time.sleep(STEP_S)
            return real(*arguments, **named)

        return slowly


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    steps = Steps()
    monkeypatch.setattr(retrieval.search, "window_candidates", steps.take(window_candidates))
    return steps


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with library_of(tmp_path_factory.mktemp("library"), TWO_VIDEOS) as opened:
        yield opened


@pytest.fixture(scope="module")
def port(library: Library) -> Iterator[int]:
    """A server that does one long search and one short one at a time."""
    api = create_app(Settings(data_dir=library.settings.data_dir, search_requests=1))
    api.state.library, api.state.engine = library, SearchEngine(library, FakeEncoders())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        at = listener.getsockname()[1]
        library.keep_vectors(f"http://127.0.0.1:{at}")
        server = uvicorn.Server(uvicorn.Config(api, http=LimitedHttp, log_level="critical", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        yield at
        server.should_exit = True
        thread.join()


def assert_it_stops(port: int, steps: Steps) -> None:
    """The thread ends its work, and the only place is free for the next long search."""
    left_s = time.monotonic()
    body = json.dumps({"query": {"text": "red", "not": ["a", "b", "c", "d"]}, "lanes": ["speech"]})
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as next_one:
        next_one.request("POST", "/v1/search", body, {"Content-Type": "application/json"})
        with next_one.getresponse() as answer:
            assert answer.status == 200
    assert time.monotonic() - left_s < 2.0
    counted = steps.count
    time.sleep(3 * STEP_S)
    assert steps.count == counted < 40


@pytest.mark.parametrize("door", ["search", "timeline"])
def test_a_search_stops(port: int, steps: Steps, door: str) -> None:
    asked = http.client.HTTPConnection("127.0.0.1", port)
    if door == "search":
        asked.request("POST", "/v1/search", json.dumps(SLOW), {"Content-Type": "application/json"})
    else:
        words = "&".join([*(f"then=step{n}" for n in range(8)), *(f"not=no{n}" for n in range(20))])
        asked.request("GET", f"/v1/videos/{id_of('a.mp4')}/timeline?{words}")
    assert steps.begun.wait(60)
    asked.close()
    assert_it_stops(port, steps)


def test_a_search_that_waits_for_its_turn_never_begins(port: int, steps: Steps) -> None:
    first, second = (http.client.HTTPConnection("127.0.0.1", port) for _ in range(2))
    first.request("POST", "/v1/search", json.dumps(SLOW), {"Content-Type": "application/json"})
    assert steps.begun.wait(60)
    second.request("POST", "/v1/search", json.dumps(SLOW), {"Content-Type": "application/json"})
    time.sleep(STEP_S)
    second.close()
    first.close()
    assert_it_stops(port, steps)


@pytest.mark.parametrize("door", ["search", "timeline"])
def test_a_short_search_has_a_place_beside_a_long_one(port: int, steps: Steps, door: str) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", port)) as long_one:
        long_one.request("POST", "/v1/search", json.dumps(SLOW), {"Content-Type": "application/json"})
        assert steps.begun.wait(60)
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as short_one:
            if door == "search":
                body = json.dumps({"query": {"text": "red"}, "lanes": ["speech"]})
                short_one.request("POST", "/v1/search", body, {"Content-Type": "application/json"})
            else:
                short_one.request("GET", f"/v1/videos/{id_of('a.mp4')}/timeline?text=red&lane=speech")
            assert short_one.getresponse().status == 200
        assert steps.count < 20
    assert_it_stops(port, steps)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_ctrl_c_on_a_command_that_asks_a_server_stops_the_search(port: int, steps: Steps, library: Library) -> None:
    call = command(library.folder.path, "search", "red", *(f"--not=no{number}" for number in range(20)))
    process = subprocess.Popen(
        call,
        env=environment(),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Who runs the tests in the background may have them ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert steps.begun.wait(60)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=10)
    assert (process.returncode, told.strip()) == (130, "moments: stopped")
    assert_it_stops(port, steps)


def test_a_search_that_nobody_waits_for_does_nothing(library: Library, steps: Steps) -> None:
    engine = SearchEngine(library, FakeEncoders())
    with pytest.raises(HungUpError):
        engine.search(Query((parse_term("red"),), lanes=frozenset(Lane)), gone=lambda: True)
    assert steps.count == 0
