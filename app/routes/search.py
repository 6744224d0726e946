"""`POST /v1/search`: words, a clip, a picture, a sound or a spoken question in, moments out."""

import time
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Form, UploadFile
from pydantic import ValidationError

from app.answers import answer_json
from app.dependencies import EngineOf
from app.schemas.search import OptionsBody, SearchBody
from retrieval.domain import Answer
from retrieval.errors import InputError
from retrieval.file_queries import FileKind, QueryFile, search_with
from retrieval.query import Query
from retrieval.search import SearchEngine

router = APIRouter(prefix="/v1", tags=["search"])

Options = Annotated[str, Form(description="JSON: the body of `POST /v1/search`, in which `query` may be left out.")]
Words = Annotated[str, Form(description="Words that are searched for together with the file.")]


@router.post("/search", summary="Find moments")
def search(body: SearchBody, engine: EngineOf) -> dict[str, Any]:
    """Moments that answer the query, best first, each with times, confidence and evidence."""
    return _timed(lambda: engine.search(body.to_query()))


@router.post("/search/spoken", summary="Find moments by a spoken question")
def search_spoken(file: UploadFile, engine: EngineOf, options: Options = "{}") -> dict[str, Any]:
    """Moments for the words said in an audio file; `transcript` is what was heard."""
    return _with_file(engine, FileKind.SPOKEN, file, options)


@router.post("/search/sound", summary="Find moments by a sound")
def search_sound(file: UploadFile, engine: EngineOf, options: Options = "{}", text: Words = "") -> dict[str, Any]:
    """Moments that sound like an audio file, and like `text` if there is any."""
    return _with_file(engine, FileKind.SOUND, file, options, text)


@router.post("/search/image", summary="Find moments by an image")
def search_image(file: UploadFile, engine: EngineOf, options: Options = "{}", text: Words = "") -> dict[str, Any]:
    """Moments that look like an image file, and are like `text` if there is any."""
    return _with_file(engine, FileKind.IMAGE, file, options, text)


def _with_file(engine: SearchEngine, kind: FileKind, file: UploadFile, options: str, text: str = "") -> dict[str, Any]:
    query = _query(options, text)
    return _timed(lambda: search_with(engine, query, QueryFile(kind, file.file)))


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


def _timed(ask: Callable[[], Answer]) -> dict[str, Any]:
    started = time.perf_counter()
    value = answer_json(ask())
    return {**value, "took_ms": round((time.perf_counter() - started) * 1000, 1)}
