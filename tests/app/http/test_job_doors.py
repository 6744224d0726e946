"""Jobs and additions over HTTP: lists, cancel, retry, server-sent events, what may be added."""

import json
import socket
import threading
import time
import uuid
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from app.http.application import create_app
from app.settings import Settings
from indexer.jobs.queue import IndexJobs
from retrieval.storage.library import Library
from tests.job_fakes import HeldIndexer, queue_in, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def indexer() -> HeldIndexer:
    return HeldIndexer()


@pytest.fixture(scope="module")
def jobs(module_path: Path, indexer: HeldIndexer) -> Iterator[IndexJobs]:
    with queue_in(module_path, indexer) as opened:
        yield opened


@pytest.fixture(scope="module")
def api(module_path: Path, jobs: IndexJobs) -> Iterator[FastAPI]:
    settings = Settings(data_dir=module_path / "library")
    made = create_app(settings)
    with Library(settings, "test") as library:
        made.state.library, made.state.jobs = library, jobs
        yield made


@pytest.fixture(scope="module")
def client(api: FastAPI) -> TestClient:
    return TestClient(api)


@pytest.fixture(scope="module")
def url(api: FastAPI) -> Iterator[str]:
    """Where the API answers, for streams, which the test client would read to their end."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(api, lifespan="off", log_level="warning"))

    def serve() -> None:
        api.state.closing = anyio.Event()
        server.run(sockets=[listener])

    thread = threading.Thread(target=serve)
    thread.start()
    until(lambda: server.started, "the start")
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    listener.close()


def add(client: TestClient, **body: Any) -> str:
    response = client.post("/v1/videos", json=body)
    assert response.status_code == 202, response.text
    return str(response.json()["job_id"])


def problem(response: Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def state(client: TestClient, job_id: str) -> str:
    return str(client.get(f"/v1/jobs/{job_id}").json()["state"])


def events(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    name = None
    for line in lines:
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            assert name == "job"
            yield json.loads(value)


def test_a_job_is_followed_to_its_end(client: TestClient, indexer: HeldIndexer, url: str) -> None:
    held = f"/videos/{uuid.uuid4().hex}.mp4"
    indexer.held.add(Path(held).name)
    job_id = add(client, path=held, title="My  talk", tags=["work"])
    seen: list[dict[str, Any]] = []
    with httpx.stream("GET", f"{url}/v1/jobs/{job_id}/events", timeout=60, trust_env=False) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        for job in events(response.iter_lines()):
            seen.append(job)
            if job["stage"] == "look":
                indexer.held.clear()
    assert seen[-1]["state"] == "done"
    assert {job["state"] for job in seen[:-1]} <= {"queued", "running"}
    assert any(job["stage"] == "look" for job in seen)
    assert [job["progress"] for job in seen] == sorted(job["progress"] for job in seen)
    assert (seen[-1]["title"], seen[-1]["source"], seen[-1]["progress"]) == ("My talk", "path", 1.0)
    assert seen[-1]["outcome"]["status"] == "indexed"
    assert seen[-1] == client.get(f"/v1/jobs/{job_id}").json()


def test_a_job_that_is_over_is_one_event(client: TestClient, url: str) -> None:
    job_id = add(client, path="/videos/bad.mp4")
    until(lambda: state(client, job_id) == "failed", "the failure")
    with httpx.stream("GET", f"{url}/v1/jobs/{job_id}/events", timeout=60, trust_env=False) as response:
        told = list(events(response.iter_lines()))
    assert [job["state"] for job in told] == ["failed"]
    assert told[0]["outcome"]["error"]["code"] == "not_media"


def test_who_follows_all_jobs_hears_of_those_that_are_there_and_of_changes(
    client: TestClient, indexer: HeldIndexer, url: str
) -> None:
    indexer.held.add("new.mp4")
    there = add(client, path="/videos/there.mp4")
    until(lambda: state(client, there) == "done", "the end")
    with httpx.stream("GET", f"{url}/v1/jobs/events", timeout=60, trust_env=False) as response:
        stream = events(response.iter_lines())
        first = next(job for job in stream if job["job_id"] == there)
        assert first["state"] == "done"
        new = add(client, path="/videos/new.mp4")
        asked_s = time.monotonic()
        assert next(job for job in stream if job["job_id"] == new)["state"] in ("queued", "running")
        assert time.monotonic() - asked_s < 5
        indexer.held.discard("new.mp4")
        assert next(job for job in stream if job["job_id"] == new and job["state"] == "done")


def told(url: str, path: str, last: str | None = None) -> Generator[tuple[str, dict[str, Any]], None, None]:
    """Events with their ids, as a browser would ask for those after ``last``; what no longer comes ends them."""
    headers = {} if last is None else {"Last-Event-ID": last}
    with httpx.stream("GET", f"{url}{path}", headers=headers, timeout=60, trust_env=False) as response:
        data = None
        for line in response.iter_lines():
            field, _, value = line.partition(": ")
            if field == "data":
                data = json.loads(value)
            elif field == "id" and data is not None:
                yield value, data


def finished(client: TestClient) -> str:
    job_id = add(client, path=f"/videos/{uuid.uuid4().hex}.mp4")
    until(lambda: state(client, job_id) == "done", "the end")
    return job_id


def test_who_comes_back_is_told_what_is_new_and_nothing_twice(client: TestClient, url: str) -> None:
    """Nobody listens while a job comes, is worked on and ends."""
    before = finished(client)
    first = told(url, "/v1/jobs/events")
    last = next(event_id for event_id, job in first if job["job_id"] == before and job["state"] == "done")
    first.close()
    between = finished(client)
    again = told(url, "/v1/jobs/events", last)
    _, job = next(again)
    assert (job["job_id"], job["state"]) == (between, "done")
    after = finished(client)
    seen = []
    for event_id, job in again:
        last = event_id
        seen.append(job["job_id"])
        if job["state"] == "done":
            break
    again.close()
    assert set(seen) == {after}
    # Two clients count alike, however much each has heard.
    newest = finished(client)
    assert next(told(url, "/v1/jobs/events", last))[1]["job_id"] == newest


@pytest.mark.parametrize("last", ["0badc0de-3", "x", "", "-", "7-7-7", "9" * 400])
def test_who_comes_back_to_another_run_is_told_all(client: TestClient, url: str, last: str) -> None:
    job_id = finished(client)
    assert next(job for _, job in told(url, "/v1/jobs/events", last) if job["job_id"] == job_id)["state"] == "done"


def test_a_change_while_many_newer_jobs_came_is_told(
    client: TestClient, indexer: HeldIndexer, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job is no more among the newest by the time somebody comes back."""
    monkeypatch.setattr("app.http.routes.jobs.EVENTS_OF", 2)
    name = f"{uuid.uuid4().hex}.mp4"
    indexer.held.add(name)
    held = add(client, path=f"/videos/{name}")
    first = told(url, "/v1/jobs/events")
    last = next(event_id for event_id, job in first if job["job_id"] == held and job["state"] == "running")
    first.close()
    newer = [add(client, path=f"/videos/{uuid.uuid4().hex}.mp4") for _ in range(4)]
    indexer.held.discard(name)
    until(lambda: state(client, newer[-1]) == "done", "the end")
    again = told(url, "/v1/jobs/events", last)
    assert next(job for _, job in again if job["job_id"] == held)["state"] == "done"
    again.close()


def test_a_job_that_is_over_and_told_has_nothing_more_to_tell(client: TestClient, url: str) -> None:
    job_id = finished(client)
    path = f"/v1/jobs/{job_id}/events"
    ((event_id, job),) = told(url, path)
    assert job["state"] == "done"
    over = client.get(path, headers={"Last-Event-ID": event_id})
    assert (over.status_code, over.content) == (204, b"")
    assert [job["state"] for _, job in told(url, path, "0badc0de")] == ["done"]


def test_a_browser_stops_asking_for_a_job_that_is_over(
    client: TestClient, jobs: IndexJobs, url: str, chromium: "Browser"
) -> None:
    """It comes back by itself when a stream ends, with the last id, until it is told that there is nothing more."""
    assert jobs
    page = chromium.new_page()
    page.goto(f"{url}/healthz")
    told = page.evaluate(
        """(path) => new Promise((resolve) => {
          const told = [];
          const source = new EventSource(path);
          source.addEventListener("job", (event) => told.push(JSON.parse(event.data).state));
          source.addEventListener("error", () => source.readyState === EventSource.CLOSED && resolve(told));
        })""",
        f"/v1/jobs/{finished(client)}/events",
    )
    page.close()
    assert told == ["done"]


def test_who_comes_back_to_a_job_is_not_told_what_was_seen(client: TestClient, indexer: HeldIndexer, url: str) -> None:
    """The second job waits for the first, so that nothing of it changes until that is let go."""
    names = [f"{uuid.uuid4().hex}.mp4" for _ in range(2)]
    indexer.held.update(names)
    first, second = (add(client, path=f"/videos/{name}") for name in names)
    until(lambda: state(client, first) == "running", "the start")
    path = f"/v1/jobs/{second}/events"
    stream = told(url, path)
    event_id, job = next(stream)
    stream.close()
    assert job["state"] == "queued"
    again = told(url, path, event_id)
    indexer.held.clear()
    states = [job["state"] for _, job in again]
    assert ("queued" in states, states[-1]) == (False, "done")


def test_a_stream_in_which_nothing_happens_is_kept_alive(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fastapi.routing._PING_INTERVAL", 0.05)
    with httpx.stream("GET", f"{url}/v1/jobs/events", timeout=60, trust_env=False) as response:
        assert response.headers["x-accel-buffering"] == "no"
        assert response.headers["cache-control"] == "no-cache"
        assert next(line for line in response.iter_lines() if line.startswith(":")) == ": ping"


def test_jobs_that_ended_are_figures(client: TestClient) -> None:
    def figure(name: str) -> float:
        lines = client.get("/metrics").text.splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name} "))

    names = ('moments_indexed_videos_total{outcome="indexed"}', 'moments_indexing_failures_total{code="not_media"}')
    media, waits = "moments_indexed_media_seconds_total", "moments_job_wait_seconds_count"
    before = [figure(name) for name in (*names, media, waits)]
    finished(client)
    bad = add(client, path=f"/videos/bad-{uuid.uuid4().hex}.mp4")
    until(lambda: state(client, bad) == "failed", "the failure")
    after = [figure(name) for name in (*names, media, waits)]
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 1, 60.0, 2]


def test_jobs_are_listed_cancelled_and_tried_again(client: TestClient, indexer: HeldIndexer) -> None:
    name = f"{uuid.uuid4().hex}.mp4"
    indexer.held.add(name)
    job_id = add(client, path=f"/videos/{name}")
    until(lambda: state(client, job_id) == "running", "the start")
    assert [job["job_id"] for job in client.get("/v1/jobs", params={"state": "running"}).json()["jobs"]] == [job_id]
    assert problem(client.post(f"/v1/jobs/{job_id}/retry")) == (409, "conflict")
    cancelled = client.post(f"/v1/jobs/{job_id}/cancel")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert problem(client.post(f"/v1/jobs/{job_id}/cancel")) == (409, "conflict")
    indexer.held.discard(name)
    assert client.post(f"/v1/jobs/{job_id}/retry").json()["state"] in ("queued", "running")
    until(lambda: state(client, job_id) == "done", "the end")
    page = client.get("/v1/jobs", params={"limit": 1}).json()
    assert len(page["jobs"]) == 1
    assert client.get("/v1/jobs", params={"cursor": page["next_cursor"], "limit": 1}).json()["jobs"] != page["jobs"]


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/v1/jobs?cursor=x", (400, "invalid_cursor")),
        ("GET", "/v1/jobs?state=asleep", (422, "invalid_input")),
        ("GET", "/v1/jobs?limit=0", (422, "invalid_input")),
        ("GET", "/v1/jobs/never", (404, "not_found")),
        ("GET", "/v1/jobs/never/events", (404, "not_found")),
        ("POST", "/v1/jobs/never/cancel", (404, "not_found")),
        ("POST", "/v1/jobs/never/retry", (404, "not_found")),
    ],
)
def test_what_cannot_be_asked_of_jobs(
    api: FastAPI, client: TestClient, method: str, path: str, expected: tuple[int, str]
) -> None:
    api.state.closing = anyio.Event()
    assert problem(client.request(method, path)) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (422, "invalid_input")),
        ({"path": "/a.mp4", "url": "http://example.org/a.mp4"}, (422, "invalid_input")),
        ({"path": "relative.mp4"}, (422, "invalid_input")),
        ({"path": "/a\0b.mp4"}, (422, "invalid_input")),
        ({"path": "/a.mp4", "title": ""}, (422, "invalid_input")),
        ({"path": "/a.mp4", "tags": "work"}, (422, "invalid_input")),
        ({"path": "/a.mp4", "unknown": 1}, (422, "invalid_input")),
    ],
)
def test_what_cannot_be_added(client: TestClient, body: dict[str, Any], expected: tuple[int, str]) -> None:
    before = client.get("/v1/jobs", params={"limit": 1000}).json()
    assert problem(client.post("/v1/videos", json=body)) == expected
    assert client.get("/v1/jobs", params={"limit": 1000}).json() == before
