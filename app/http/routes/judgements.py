"""`POST`, `GET` and `DELETE /v1/judgements`: whether returned moments were right."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi import Path as PathPart

from app.contract.judgements import JudgementAnswer, JudgementsAnswer
from app.http.dependencies import LibraryOf
from app.http.schemas.judgements import JudgementBody
from retrieval.asking.query import MAX_QUERY_CHARS
from retrieval.domain import Span
from retrieval.video_filter import MAX_REFERENCE_CHARS

router = APIRouter(prefix="/v1/judgements", tags=["judgements"])

_HIGHEST_ID = 2**31 - 1


@router.post("", status_code=201, operation_id="judge", summary="Judge a moment")
def judge(body: JudgementBody, library: LibraryOf) -> JudgementAnswer:
    """The verdict as stored; the same moment judged again has the later one."""
    video_id = library.catalog.resolve(body.video_id).id
    span = Span(body.start_s, body.end_s)
    return JudgementAnswer.of(library.catalog.judgements.add(body.query, video_id, span, body.is_right, body.lane))


@router.get("", operation_id="listJudgements", summary="List judgements")
def list_judgements(
    library: LibraryOf,
    query: Annotated[str | None, Query(max_length=MAX_QUERY_CHARS, description="Only verdicts on these words.")] = None,
    video_id: Annotated[
        str | None, Query(max_length=MAX_REFERENCE_CHARS, description="Only verdicts on this video.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many.")] = 100,
    cursor: Annotated[str | None, Query(description="The `next_cursor` of the page before.")] = None,
) -> JudgementsAnswer:
    """Verdicts, oldest first."""
    video_id = None if video_id is None else library.catalog.resolve(video_id).id
    page = library.catalog.judgements.page(limit, cursor=cursor, query=query, video_id=video_id)
    told = [JudgementAnswer.of(item) for item in page.judgements]
    return JudgementsAnswer(judgements=told, next_cursor=page.next_cursor)


@router.delete("/{judgement_id}", status_code=204, operation_id="removeJudgement", summary="Take a judgement back")
def remove_judgement(judgement_id: Annotated[int, PathPart(ge=1, le=_HIGHEST_ID)], library: LibraryOf) -> None:
    """Forget the verdict."""
    library.catalog.judgements.remove(judgement_id)
