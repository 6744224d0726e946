"""Health, readiness, figures, what runs here, and the pages of the documentation."""

import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from app.http.application import create_app
from app.http.readiness import ReadinessCheck, Warmup, checks
from app.settings import Settings
from indexer.intake.addition import Addition
from indexer.jobs.job import Job, JobState
from indexer.jobs.runs import RunProgress
from indexer.outcome import Outcome, Status
from retrieval.domain import Profile
from retrieval.encoders.profiles import Resolved
from retrieval.errors import ModelUnavailableError, StorageError
from retrieval.search import SearchEngine
from retrieval.storage.library import Library
from retrieval.storage.records import Failure
from tests.fakes import TWO_VIDEOS, FakeEncoders, FakeVisual, library_of


class FakeQueue:
    """A queue without jobs, or one that cannot be asked."""

    error: Exception | None = None
    ended: list[Job]

    def __init__(self) -> None:
        self.ended = []

    def unfinished(self) -> tuple[object, ...]:
        if self.error is not None:
            raise self.error
        return ()

    def ended_after(self, _: datetime) -> list[Job]:
        return self.ended


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with library_of(tmp_path_factory.mktemp("library"), TWO_VIDEOS) as opened:
        yield opened


@pytest.fixture
def api(library: Library) -> FastAPI:
    api = create_app(Settings(data_dir=library.settings.data_dir))
    api.state.library, api.state.engine = library, SearchEngine(library, FakeEncoders())
    api.state.jobs, api.state.resolved = FakeQueue(), Resolved(Profile.LITE, "it was asked for")
    return api


@pytest.fixture
def client(api: FastAPI) -> TestClient:
    return TestClient(api)


def test_a_server_is_ready_once_its_encoders_are(api: FastAPI, client: TestClient) -> None:
    answer = client.get("/readyz")
    ok = {"database": "ok", "vectors": "ok", "queue": "ok"}
    assert (answer.status_code, answer.json()) == (503, {"ready": False, "checks": {**ok, "encoders": "not started"}})
    api.state.warmup.start(FakeEncoders())
    api.state.warmup.stop()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "checks": {**ok, "encoders": "ok"}})


def test_what_cannot_be_asked_is_named_with_the_reason(library: Library) -> None:
    queue, warmup = FakeQueue(), Warmup()
    queue.error = StorageError("the database is gone")
    warmup.reason = None
    assert checks(library, queue, warmup) == (  # type: ignore[arg-type]
        ReadinessCheck("database"),
        ReadinessCheck("vectors"),
        ReadinessCheck("queue", "the database is gone"),
        ReadinessCheck("encoders"),
    )


def test_encoders_that_cannot_be_loaded_say_why() -> None:
    class Broken(FakeEncoders):
        def visual(self) -> FakeVisual:
            raise ModelUnavailableError("no weights of clip here")

    warmup = Warmup()
    warmup.start(Broken())
    warmup.stop()
    assert warmup.reason == "no weights of clip here"


def test_a_server_answers_while_its_encoders_load() -> None:
    class Slow(FakeEncoders):
        def visual(self) -> FakeVisual:
            gate.wait()
            return FakeVisual()

    gate, warmup = threading.Event(), Warmup()
    warmup.start(Slow())
    assert warmup.reason == "loading"
    gate.set()
    warmup.stop()
    assert warmup.reason is None


def test_the_system_says_what_runs_here(client: TestClient) -> None:
    """The library of the fakes: 26 shots of 4 s and 27 of them, in windows of 2 s."""
    value = client.get("/v1/system").json()
    shots = sum(len(video) for video in TWO_VIDEOS.values())
    assert value["library"] == {
        "videos": 2,
        "seconds": 4.0 * shots,
        "windows": 2 * shots,
        "outdated": 0,
        "outdated_lanes": {},
    }
    assert (value["profile"], value["profile_reason"]) == ("lite", "it was asked for")
    assert value["encoders"] == {"visual": "colours", "sound": "pitches", "speech": "words", "screen": "words"}
    assert value["limits"]["moments"] == 100
    assert client.get("/v1/speech").json() == {
        "languages": [{"language": "en", "name": "English", "videos": 1, "seconds": 4.0}],
        "speakers": [],
    }
    assert [lane["lane"] for lane in value["lanes"]] == list(value["encoders"])
    assert value["lanes"][2] == {
        "lane": "speech",
        "name": "Said",
        "about": "spoken words",
        "unit": "line",
        "evidence": "transcript",
        "colour": "green",
    }
    assert re.match(r"3\.\d+", value["versions"]["python"])


def figures(client: TestClient) -> dict[str, float]:
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    rows = [line.rpartition(" ") for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in rows}


def test_requests_are_counted_by_route_and_not_by_path(client: TestClient) -> None:
    for number in range(5):
        client.get(f"/v1/videos/nothing-{number}")
        client.get(f"/nowhere/{number}")
        client.request(f"M{number}", "/healthz")
    client.get("/web/app.js")
    counted = figures(client)
    assert counted['moments_http_requests_total{method="GET",route="/v1/videos/{video_id}",status="404"}'] == 5
    assert counted['moments_http_requests_total{method="GET",route="none",status="404"}'] == 5
    assert counted['moments_http_request_seconds_count{method="GET",route="/v1/videos/{video_id}"}'] == 5
    assert sum(value for name, value in counted.items() if 'method="other"' in name and "_total" in name) == 5
    assert not [name for name in counted if "nothing" in name or "nowhere" in name or "app.js" in name]


def test_searches_are_counted_by_what_came_of_them(client: TestClient) -> None:
    client.post("/v1/search", json={"query": {"text": "red"}, "lanes": ["visual"]})
    client.post("/v1/search", json={"query": {"text": "red"}, "min_confidence": 1.0})
    client.post("/v1/search", json={"query": {"text": "?!"}})
    counted = figures(client)
    assert counted['moments_searches_total{outcome="found"}'] == 1
    assert counted['moments_searches_total{outcome="abstained"}'] == 1


def test_the_size_of_the_library_is_a_figure(client: TestClient) -> None:
    counted = figures(client)
    assert counted["moments_library_videos"] == 2
    assert counted["moments_library_seconds"] == 4.0 * sum(len(video) for video in TWO_VIDEOS.values())
    assert counted['moments_jobs{state="queued"}'] == 0


def ended(job_id: str, state: JobState, outcome: Outcome | None = None, crash: str | None = None) -> Job:
    """A job that waited 20 s and ended in this minute."""
    came = datetime.now(UTC)
    progress = RunProgress(came + timedelta(seconds=20))
    addition = Addition(f"/videos/{job_id}.mp4")
    return Job(job_id, addition, state, came, progress.started_at, came, progress, None, outcome, crash)


def test_what_became_of_jobs_is_counted_once_each(api: FastAPI, client: TestClient) -> None:
    gone = Failure("not_media", "no media")
    queue = api.state.jobs
    queue.ended = [
        ended("a", JobState.DONE, Outcome("a.mp4", "a", Status.INDEXED, duration_s=60.0, seconds=4.0)),
        ended("b", JobState.DONE, Outcome("b.mp4", "b", Status.UNCHANGED, duration_s=30.0, seconds=0.1)),
        ended("c", JobState.FAILED, Outcome("c.mp4", None, Status.FAILED, failure=gone)),
        ended("d", JobState.FAILED, crash="RuntimeError: out of cheese"),
        ended("e", JobState.CANCELLED),
    ]
    figures(client)
    queue.ended = [*queue.ended, ended("f", JobState.FAILED, Outcome("f.mp4", None, Status.FAILED, failure=gone))]
    counted = figures(client)
    outcomes = {"indexed": 1, "unchanged": 1, "failed": 3, "cancelled": 1}
    for outcome, number in outcomes.items():
        assert counted[f'moments_indexed_videos_total{{outcome="{outcome}"}}'] == number
    assert counted['moments_indexing_failures_total{code="not_media"}'] == 2
    assert counted['moments_indexing_failures_total{code="crash"}'] == 1
    assert counted["moments_indexed_media_seconds_total"] == 60.0
    assert counted["moments_indexing_seconds_total"] == 4.0
    assert counted["moments_job_wait_seconds_count"] == 6
    assert counted["moments_job_wait_seconds_sum"] == 120.0


def test_the_process_is_among_the_figures(client: TestClient) -> None:
    counted = figures(client)
    assert counted["process_resident_memory_bytes"] > 1e6
    assert counted["process_cpu_seconds_total"] > 0
    assert any(name.startswith("python_info{") for name in counted)


UNITS = ("seconds", "bytes", "fds", "info")
"""What may stand before `_total`, or at the end: base units, and what Prometheus' own collectors count."""


def test_figures_are_named_as_prometheus_asks_for(client: TestClient) -> None:
    """The rules of `promtool check metrics`: help, no other units, `_total` for counters and for nothing else."""
    families = list(text_string_to_metric_families(client.get("/metrics").text))
    assert len({family.name for family in families}) == len(families) > 15
    for family in families:
        assert family.documentation
        assert family.type in ("counter", "gauge", "histogram")
        names = {sample.name for sample in family.samples}
        if family.type == "counter":
            assert names <= {f"{family.name}_total"}
        else:
            assert not family.name.endswith(("_total", "_count", "_sum", "_bucket"))
        words = family.name.split("_")
        assert not {"ms", "milliseconds", "minutes", "hours", "kb", "mb", "megabytes", "percent"} & set(words)
        if family.name.startswith("moments_"):
            assert family.type == "counter" or words[-1] in (*UNITS, "jobs", "videos", "vectors")
        assert all(re.fullmatch(r"[a-z_]+", label) for sample in family.samples for label in sample.labels)


def test_the_documentation_loads_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/docs")
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(loaded) == 4
    for path in loaded:
        assert client.get(path).status_code == 200
    assert 'url: "/v1/openapi.json"' in client.get("/docs/start.js").text
    bundle = client.get("/docs/files/swagger-ui-bundle.js").text
    assert re.search(r'PACKAGE_VERSION:"5\.\d+', bundle), "only from version 5 on are descriptions of 3.1 read"
    assert "http" not in page.text
    assert "<script>" not in page.text
    assert "script-src" not in page.headers["content-security-policy"]
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert client.get("/redoc").status_code == 404
