"""`POST /v1/search`: words, a clip, a picture, a sound or a spoken question in, moments out."""

import time
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Body, Form, Response, UploadFile
from pydantic import ValidationError

from app.contract.answers import QueryTranscriptAnswer
from app.contract.linked import ExampleAnswer, SearchAnswer
from app.http.dependencies import HEAVY, SEARCH_BODY, EngineOf, ExamplesOf, LinksOf, MetricsOf, TurnOf
from app.http.links import Links
from app.http.metrics import Metrics
from app.http.schemas.search import SEARCH_EXAMPLES, OptionsBody, SearchBody
from app.http.schemas.system import ExamplesAnswer
from app.http.system_answer import library_size
from app.http.turns import Turn
from retrieval.asking.query import MAX_QUERY_CHARS, Query
from retrieval.asking.spoken import transcribe_query
from retrieval.domain import Answer
from retrieval.errors import InputError
from retrieval.query_file import QueryFile, QueryFileKind, search_with
from retrieval.search import SearchEngine

router = APIRouter(prefix="/v1", tags=["search"])

Options = Annotated[
    str,
    Form(
        description="JSON: the body of `POST /v1/search`, in which `query` may be left out.",
        examples=['{"limit": 5, "filter": {"tag": "work"}}'],
    ),
]
ExtraWords = Annotated[
    str,
    Form(
        max_length=MAX_QUERY_CHARS,
        description="Words that are searched for together with the file.",
        examples=["at night"],
    ),
]

_ANSWER: dict[str, Any] = {
    "response_model": SearchAnswer,
    "responses": {
        409: {"description": "The index was made by other models."},
        410: {"description": "The cursor expired, for the library has changed since."},
    },
}


@router.post("/search", operation_id="search", summary="Find moments", dependencies=[SEARCH_BODY], **_ANSWER)
def search(
    body: Annotated[SearchBody, Body(openapi_examples=SEARCH_EXAMPLES)],
    engine: EngineOf,
    links: LinksOf,
    metrics: MetricsOf,
    turn: TurnOf,
) -> Response:
    """Moments that answer the query, best first, each with times, confidence and evidence."""
    query = body.to_query()
    return _timed(links, metrics, lambda: engine.search(query, turn.of(query)))


@router.get("/examples", operation_id="getExamples", summary="Searches to begin with")
def examples(engine: EngineOf, known: ExamplesOf, links: LinksOf, turn: TurnOf) -> ExamplesAnswer:
    """Words out of the newest videos that a search is sure to find, with what it finds; and how much there is."""
    return ExamplesAnswer(
        library=library_size(engine),
        searches=[
            ExampleAnswer(lane=example.lane, text=example.text, moment=links.moment(example.moment))
            for example in known.of(engine, turn)
        ],
    )


@router.post(
    "/search/spoken",
    operation_id="searchSpoken",
    summary="Find moments by a spoken question",
    dependencies=[HEAVY],
    **_ANSWER,
)
def search_spoken(
    file: UploadFile, engine: EngineOf, links: LinksOf, metrics: MetricsOf, turn: TurnOf, options: Options = "{}"
) -> Response:
    """Moments for the words said in an audio file; `transcript` is what was heard."""
    return _timed(links, metrics, _with_file(engine, QueryFileKind.SPOKEN, file, turn, options))


@router.post(
    "/search/spoken/words",
    operation_id="hearQuestion",
    summary="Hear a spoken question",
    dependencies=[HEAVY],
    response_model=QueryTranscriptAnswer,
)
def hear_question(file: UploadFile, engine: EngineOf, turn: TurnOf) -> QueryTranscriptAnswer:
    """The words said in an audio file, to be looked at before or while they are searched for; nothing is searched."""
    return QueryTranscriptAnswer.of(transcribe_query(file.file, engine.encoders, turn))


@router.post(
    "/search/sound", operation_id="searchSound", summary="Find moments by a sound", dependencies=[HEAVY], **_ANSWER
)
def search_sound(
    file: UploadFile,
    engine: EngineOf,
    links: LinksOf,
    metrics: MetricsOf,
    turn: TurnOf,
    options: Options = "{}",
    text: ExtraWords = "",
) -> Response:
    """Moments that sound like an audio file, and like `text` if there is any."""
    return _timed(links, metrics, _with_file(engine, QueryFileKind.SOUND, file, turn, options, text))


@router.post(
    "/search/image", operation_id="searchImage", summary="Find moments by an image", dependencies=[HEAVY], **_ANSWER
)
def search_image(
    file: UploadFile,
    engine: EngineOf,
    links: LinksOf,
    metrics: MetricsOf,
    turn: TurnOf,
    options: Options = "{}",
    text: ExtraWords = "",
) -> Response:
    """Moments that look like an image file, and are like `text` if there is any."""
    return _timed(links, metrics, _with_file(engine, QueryFileKind.IMAGE, file, turn, options, text))


def _with_file(
    engine: SearchEngine, kind: QueryFileKind, file: UploadFile, turn: Turn, options: str, text: str = ""
) -> Callable[[], Answer]:
    query = _query(options, text)
    return lambda: search_with(engine, query, QueryFile(kind, file.file), turn.of(query, with_file=True))


def _query(options: str, text: str) -> Query:
    try:
        body = OptionsBody.model_validate_json(options or "{}")
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(["options", *(str(part) for part in first["loc"])])
        raise InputError(f"{where}: {first['msg']}") from error
    if text.strip():
        if body.query.text is not None:
            raise InputError("the words are given twice, as text and as options.query.text; give them once")
        body = body.model_copy(update={"query": body.query.model_copy(update={"text": text})})
    return body.to_query(with_file=True)


def _timed(links: Links, metrics: Metrics, ask: Callable[[], Answer]) -> Response:
    started = time.perf_counter()
    answer = ask()
    metrics.searched(answer)
    moments = [links.moment(moment) for moment in answer.moments]
    told = SearchAnswer.of(answer, moments, round((time.perf_counter() - started) * 1000, 1))
    # Written here: FastAPI would look through all of it once more.
    return Response(told.model_dump_json(), media_type="application/json")
