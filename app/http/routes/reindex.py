"""`POST /v1/reindex`: what an older version or other models indexed, made anew."""

from fastapi import APIRouter

from app.contract.jobs import OutcomeAnswer, ReindexAnswer
from app.http.dependencies import EngineOf, JobsOf, RootsOf
from app.http.schemas.videos import ReindexBody
from indexer.reindex import to_reindex

router = APIRouter(prefix="/v1/reindex", tags=["jobs"])


@router.post("", status_code=202, operation_id="reindex", summary="Bring outdated videos up to date")
def reindex(body: ReindexBody, engine: EngineOf, jobs: JobsOf, roots: RootsOf) -> ReindexAnswer:
    """Put those videos on the queue of which an older version, or other models, made something otherwise.

    Only the lanes that changed are made anew, decoding what they need once. Each video is searched as before until its
    new vectors are there. How many want it, `GET /v1/system` says.
    """
    library = engine.library
    videos = None if body.videos is None else [library.catalog.resolve(video).id for video in body.videos]
    wanted = to_reindex(library, engine.encoders, videos, body.lanes or (), roots)
    return ReindexAnswer(
        jobs=list(jobs.add_all(wanted.additions)),
        left=[OutcomeAnswer.of(outcome) for outcome in wanted.left],
        up_to_date=[] if videos is None else [record.id for record in wanted.up_to_date],
    )
