"""Health, and what this server runs on."""

from typing import Any

from fastapi import APIRouter, Request

from app.dependencies import EngineOf, LibraryOf
from retrieval.domain import Lane

router = APIRouter(tags=["system"])


@router.get("/healthz", summary="Is the server alive?")
def healthz() -> dict[str, str]:
    """Always ok, as long as there is an answer."""
    return {"status": "ok"}


@router.get("/v1/system", summary="What runs here")
def system(request: Request, engine: EngineOf, library: LibraryOf) -> dict[str, Any]:
    """Profile, encoders and the size of the library."""
    totals = library.catalog.totals()
    encoders = engine.encoders
    return {
        "version": request.app.version,
        "profile": encoders.profile.value,
        "encoders": {lane.value: encoders.spec(lane).name for lane in Lane},
        "videos": totals.videos,
        "seconds": round(totals.duration_s, 3),
    }
