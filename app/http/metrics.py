"""Figures for Prometheus: requests, searches, jobs, what was indexed, the size of the library, and the process."""

import math
import threading
from collections import Counter as Tally
from collections.abc import MutableMapping
from datetime import UTC, datetime, timedelta
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from indexer.jobs.job import Job, JobState
from indexer.jobs.queue import IndexJobs
from indexer.outcome import Status
from retrieval.domain import Answer
from retrieval.errors import StorageError
from retrieval.storage.library import Library

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_WAIT_BUCKETS_S = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 4 * 3600.0, 24 * 3600.0)
_CLOCKS_DIFFER = timedelta(minutes=1)
"""Jobs end by the clock of the machine that they run on."""


class Metrics:
    """The figures of one application. Labels have few values: routes are templates, never paths."""

    def __init__(self) -> None:
        # In this format the times at which counters began are series of their own, twice as many and of no use.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "moments_http_requests", "Requests answered.", ("method", "route", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "moments_http_request_seconds",
            "Time from a request to the start of its response.",
            ("method", "route"),
            buckets=_BUCKETS_S,
            registry=self._registry,
        )
        self._searches = Counter(
            "moments_searches",
            "Searches by what came of them: found or abstained.",
            ("outcome",),
            registry=self._registry,
        )
        self._jobs = Gauge("moments_jobs", "Jobs that wait or run.", ("state",), registry=self._registry)
        self._videos = Gauge("moments_library_videos", "Videos that can be searched.", registry=self._registry)
        self._library_s = Gauge(
            "moments_library_seconds", "Length of the videos that can be searched.", registry=self._registry
        )
        self._missing = Gauge(
            "moments_missing_vectors",
            "Vectors that the catalog counts and the index has not; NaN if it cannot be read.",
            registry=self._registry,
        )

        self._ended = _Ended(self._registry)
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)

    def answered(self, scope: MutableMapping[str, Any], status: int, seconds: float) -> None:
        """Count a request; its scope names the route that was chosen for it."""
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = _route(scope)
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def searched(self, answer: Answer) -> None:
        """Count a search."""
        self._searches.labels("abstained" if answer.abstained else "found").inc()

    def text(self, library: Library, jobs: IndexJobs) -> bytes:
        """All figures in Prometheus' text format."""
        tally = Tally(job.state for job in jobs.unfinished())
        for state in (JobState.QUEUED, JobState.RUNNING):
            self._jobs.labels(state.value).set(tally[state])
        self._ended.count(jobs)
        totals = library.catalog.totals()
        self._videos.set(totals.videos)
        self._library_s.set(totals.duration_s)
        self._missing.set(_missing_vectors(library))
        return generate_latest(self._registry)


def _missing_vectors(library: Library) -> float:
    try:
        return library.shortfall().vectors
    except StorageError:
        return math.nan


class _Ended:
    """What became of the jobs that ended since this process began, on whatever machine of the queue.

    They are counted when somebody asks: workers have no address to be asked at, and the queue remembers. A job
    that fails and is tried again between two such times counts once.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._videos = Counter(
            "moments_indexed_videos",
            "Jobs that ended, by what became of them: indexed, reindexed, unchanged, failed, cancelled.",
            ("outcome",),
            registry=registry,
        )
        self._failures = Counter(
            "moments_indexing_failures",
            "Jobs that failed, by the code of the error; crash for one that nobody foresaw.",
            ("code",),
            registry=registry,
        )
        self._media_s = Counter("moments_indexed_media_seconds", "Length of the videos indexed.", registry=registry)
        self._work_s = Counter("moments_indexing_seconds", "Time that indexing them took.", registry=registry)
        self._wait_s = Histogram(
            "moments_job_wait_seconds",
            "Time from when a job came to when it was begun.",
            buckets=_WAIT_BUCKETS_S,
            registry=registry,
        )
        self._lock = threading.Lock()
        self._began = self._asked = datetime.now(UTC)
        self._counted: set[tuple[str, datetime]] = set()

    def count(self, jobs: IndexJobs) -> None:
        """Count those that have ended since the last time."""
        with self._lock:
            now, since = datetime.now(UTC), max(self._began, self._asked - _CLOCKS_DIFFER)
            ended = {(job.id, job.ended_at): job for job in jobs.ended_after(since) if job.ended_at is not None}
            for mark in ended.keys() - self._counted:
                self._count(ended[mark])
            self._asked, self._counted = now, set(ended)

    def _count(self, job: Job) -> None:
        outcome = job.outcome
        ended = job.state.value if outcome is None else outcome.status.value
        self._videos.labels(ended).inc()
        if job.state is JobState.FAILED:
            self._failures.labels(outcome.failure.code if outcome and outcome.failure else "crash").inc()
        if outcome is not None and outcome.status in (Status.INDEXED, Status.REINDEXED):
            self._media_s.inc(outcome.duration_s or 0.0)
            self._work_s.inc(outcome.seconds)
        if job.started_at is not None:
            self._wait_s.observe(max(0.0, (job.started_at - job.created_at).total_seconds()))


def _route(scope: MutableMapping[str, Any]) -> str:
    if scope["app_path"].startswith("/web/"):
        return "/web/{path}"
    return getattr(scope.get("route"), "path_format", "none")
