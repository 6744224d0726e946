"""Figures for Prometheus: requests, searches, jobs, and the size of the library."""

from collections import Counter as Tally
from collections.abc import MutableMapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from indexer.job import JobState
from indexer.jobs import IndexJobs
from retrieval.domain import Answer
from retrieval.library import Library

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """The figures of one application. Labels have few values: routes are templates, never paths."""

    def __init__(self) -> None:
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
        totals = library.catalog.totals()
        self._videos.set(totals.videos)
        self._library_s.set(totals.duration_s)
        return generate_latest(self._registry)


def _route(scope: MutableMapping[str, Any]) -> str:
    if scope["path"].startswith("/web/"):
        return "/web/{path}"
    return getattr(scope.get("route"), "path_format", "none")
