"""`POST` and `GET /v1/judgements`: whether returned moments were right."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from app.answers import judgement_json
from app.dependencies import LibraryOf
from app.schemas.judgements import JudgementBody
from retrieval.domain import Span

router = APIRouter(prefix="/v1/judgements", tags=["judgements"])


@router.post("", status_code=201, summary="Judge a moment")
def judge(body: JudgementBody, library: LibraryOf) -> dict[str, Any]:
    """The verdict as stored; the same moment judged again has the later one."""
    video_id = library.catalog.resolve(body.video_id).id
    span = Span(body.start_s, body.end_s)
    return judgement_json(library.catalog.judgements.add(body.query, video_id, span, body.is_right, body.lane))


@router.get("", summary="List judgements")
def list_judgements(
    library: LibraryOf,
    query: Annotated[str | None, Query(description="Only verdicts on these words.")] = None,
    video_id: Annotated[str | None, Query(description="Only verdicts on this video.")] = None,
) -> dict[str, Any]:
    """Verdicts, oldest first."""
    video_id = None if video_id is None else library.catalog.resolve(video_id).id
    return {"judgements": [judgement_json(item) for item in library.catalog.judgements.all(query, video_id)]}
