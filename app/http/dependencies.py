"""What routes are given: the parts that the lifespan built, and who asks."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from threading import Event
from typing import Annotated, Any

from fastapi import Depends, Query, Request

from app.access.guard import Attempts, Caller, CallerKind, Guard
from app.exports.chosen import ChosenStretch
from app.exports.exporter import MAX_CLIP_S, Exporter
from app.exports.scratch import scratch_folder
from app.http.admission import Admission
from app.http.job_events import Told
from app.http.links import Links
from app.http.metrics import Metrics
from app.http.readiness import Warmup
from app.http.schemas.filters import FilterText, Glob, SpokenName, When
from app.http.schemas.search import SearchBody
from app.http.turns import Turn, Turns, takes_long
from indexer.jobs.queue import IndexJobs
from indexer.uploads import Uploads
from retrieval.domain import Gone, Span
from retrieval.example_searches import ExampleSearches
from retrieval.search import SearchEngine
from retrieval.storage.library import Library
from retrieval.storage.media_roots import MediaRoots
from retrieval.video_filter import MAX_GLOB_CHARS, MAX_SPOKEN, MAX_VALUES, MAX_VIDEOS, VideoFilter, period

_LOOK_EVERY_S = 0.25

_TURNS = Turns()
"""Of the whole process: it has one interpreter, however many applications."""


def _state(name: str) -> Any:
    """What the application keeps under this name."""

    # Not in a thread of its own, as FastAPI would run it otherwise.
    async def kept(request: Request) -> Any:
        return getattr(request.app.state, name)

    return Depends(kept)


LibraryOf = Annotated[Library, _state("library")]
EngineOf = Annotated[SearchEngine, _state("engine")]
ExamplesOf = Annotated[ExampleSearches, _state("examples")]
JobsOf = Annotated[IndexJobs, _state("jobs")]
ToldOf = Annotated[Told, _state("told")]
UploadsOf = Annotated[Uploads, _state("uploads")]
ExporterOf = Annotated[Exporter, _state("exporter")]
GuardOf = Annotated[Guard, _state("guard")]
AttemptsOf = Annotated[Attempts, _state("attempts")]
MetricsOf = Annotated[Metrics, _state("metrics")]
WarmupOf = Annotated[Warmup, _state("warmup")]


def _name(request: Request) -> str:
    """What tells callers apart: their key, or where they are."""
    caller: Caller | None = getattr(request.state, "caller", None)
    if caller is None or caller.kind is CallerKind.OPEN:
        return request.client.host if request.client else ""
    return f"{caller.kind} {caller.name}"


async def _heavy(request: Request) -> AsyncIterator[None]:
    async with request.app.state.heavy.one(_name(request), request.is_disconnected):
        yield


def _searches(request: Request, terms: int) -> AbstractAsyncContextManager[None]:
    """A place among the searches of this length."""
    state = request.app.state
    admission: Admission = state.long_searches if takes_long(terms) else state.searches
    return admission.one(_name(request), request.is_disconnected)


async def _search_body(request: Request, body: SearchBody) -> AsyncIterator[None]:
    async with _searches(request, body.query.terms):
        yield


async def _search_parameters(request: Request) -> AsyncIterator[None]:
    asked = request.query_params
    async with _searches(request, sum(len(asked.getlist(name)) for name in ("text", "then", "not"))):
        yield


def _scratch(library: LibraryOf) -> Iterator[Path]:
    """A folder that is removed when the response has been sent, or could not be."""
    with scratch_folder(library.folder.path) as folder:
        yield folder


async def _gone(request: Request) -> AsyncIterator[Gone]:
    """Asked from the thread that works for the request, which does not wait for the event loop to say so."""
    has_gone = Event()

    async def watch() -> None:
        while not await request.is_disconnected():
            await asyncio.sleep(_LOOK_EVERY_S)
        has_gone.set()

    watching = asyncio.create_task(watch())
    try:
        yield has_gone.is_set
    finally:
        watching.cancel()


async def _turn(gone: Annotated[Gone, Depends(_gone, scope="function")]) -> AsyncIterator[Turn]:
    turn = Turn(_TURNS, gone)
    try:
        yield turn
    finally:
        turn.end()


async def _links(request: Request) -> Links:
    return Links(request.scope.get("root_path", ""))


def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


def _roots(guard: GuardOf, caller: Annotated[Caller, Depends(_caller)]) -> MediaRoots:
    return guard.roots(caller)


async def _video_filter(
    video_id: Annotated[
        tuple[FilterText, ...],
        Query(max_length=MAX_VIDEOS, description="Ids, paths or file names, of which one is enough."),
    ] = (),
    path: Annotated[
        tuple[Glob, ...],
        Query(max_length=MAX_GLOB_CHARS, description="Globs, of which a path must match one; `*` crosses folders."),
    ] = (),
    tag: Annotated[
        tuple[FilterText, ...], Query(max_length=MAX_VALUES, description="Tags, all of which they must have.")
    ] = (),
    any_tag: Annotated[
        tuple[FilterText, ...], Query(max_length=MAX_VALUES, description="Tags, of which one is enough.")
    ] = (),
    recorded_from: Annotated[When | None, Query(description="Recorded on or after this day or time, in UTC.")] = None,
    recorded_to: Annotated[When | None, Query(description="Recorded on or before this day or time, in UTC.")] = None,
    language: Annotated[
        tuple[SpokenName, ...],
        Query(max_length=MAX_SPOKEN, description="Codes or English names of languages, of which one is spoken there."),
    ] = (),
    speaker: Annotated[
        tuple[SpokenName, ...], Query(max_length=MAX_SPOKEN, description="Names of speakers, of whom one speaks there.")
    ] = (),
) -> VideoFilter:
    recorded = period(recorded_from, recorded_to)
    return VideoFilter(video_id, path, tag, any_tags=any_tag, recorded=recorded, languages=language, speakers=speaker)


async def _stretch(
    video_id: str,
    start_s: Annotated[float, Query(ge=0, allow_inf_nan=False, description="Where it starts.")],
    end_s: Annotated[float, Query(gt=0, allow_inf_nan=False, description=f"At most {MAX_CLIP_S:g} s later.")],
) -> ChosenStretch:
    return ChosenStretch(video_id, Span(start_s, end_s))


HEAVY = Depends(_heavy, scope="function")
"""For routes that decode, embed or encode what the caller chose: only a few are at work at a time."""

SEARCH_BODY = Depends(_search_body, scope="function")
"""For routes that search by words: long searches have places of their own, so that short ones never wait for them."""

SEARCH_PARAMETERS = Depends(_search_parameters, scope="function")
"""The same, for what is asked in the address."""

LinksOf = Annotated[Links, Depends(_links)]
ScratchOf = Annotated[Path, Depends(_scratch)]
GoneOf = Annotated[Gone, Depends(_gone, scope="function")]
TurnOf = Annotated[Turn, Depends(_turn, scope="function")]
"""What searches ask instead: meanwhile shorter ones may pass."""

VideoFilterOf = Annotated[VideoFilter, Depends(_video_filter)]
"""Which videos the parameters of a list ask for; each may be given several times."""

StretchOf = Annotated[ChosenStretch, Depends(_stretch)]
"""The stretch of the video in the path that the parameters name."""

RootsOf = Annotated[MediaRoots, Depends(_roots)]
"""The folders whose files this caller may add: `roots.allowed(body.path)` is the path to use."""
