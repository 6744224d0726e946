"""Health, figures, and what this server runs on."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from app.http.dependencies import EngineOf, JobsOf, LibraryOf, MetricsOf, WarmupOf
from app.http.readiness import checks
from app.http.schemas.system import HealthAnswer, ReadyAnswer, SpeechAnswer, SystemAnswer
from app.http.system_answer import system_answer

router = APIRouter(tags=["system"])


@router.get("/healthz", operation_id="getHealth", summary="Is the server alive?")
async def healthz() -> HealthAnswer:
    """Always ok, as long as there is an answer; it waits for no thread."""
    return HealthAnswer(status="ok")


@router.get(
    "/readyz",
    operation_id="getReadiness",
    summary="Can the server answer?",
    responses={503: {"model": ReadyAnswer, "description": "Something is not there."}},
)
def readyz(library: LibraryOf, jobs: JobsOf, warmup: WarmupOf, response: Response) -> ReadyAnswer:
    """Database, vectors, queue and encoders, each asked; 503 while one of them is not there."""
    found = checks(library, jobs, warmup)
    is_ready = all(check.reason is None for check in found)
    response.status_code = 200 if is_ready else 503
    return ReadyAnswer(ready=is_ready, checks={check.name: check.reason or "ok" for check in found})


@router.get(
    "/metrics",
    operation_id="getMetrics",
    summary="Figures for Prometheus",
    response_class=PlainTextResponse,
)
def metrics(figures: MetricsOf, library: LibraryOf, jobs: JobsOf) -> Response:
    """Requests, searches, jobs and the size of the library, in Prometheus' text format."""
    return Response(figures.text(library, jobs), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/v1/system", operation_id="getSystem", summary="What runs here")
def system(request: Request, engine: EngineOf) -> SystemAnswer:
    """Profile, lanes, encoders, versions, limits and the size of the library."""
    return system_answer(engine, request.app.state.resolved, request.app.version)


@router.get("/v1/speech", operation_id="getSpeech", summary="What is spoken in the library, and by whom")
def speech(library: LibraryOf) -> SpeechAnswer:
    """The languages and the speakers with names that a filter may ask for, those of most videos first; 1,000 each."""
    return SpeechAnswer.of(library.catalog.speech)
