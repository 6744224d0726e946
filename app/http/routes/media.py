"""What can be seen, heard and read of one video: its file, pictures of it, its transcript, its timeline."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, assert_never

from fastapi import APIRouter, Query, Request, Response

from app.contract.contents import TranscriptAnswer
from app.contract.timelines import TimelineAnswer, WaveformAnswer
from app.exports.formats import FILE_KINDS, ExportFormat
from app.exports.waveform import MOST_BARS, waveform
from app.http.dependencies import (
    HEAVY,
    SEARCH_PARAMETERS,
    EngineOf,
    ExporterOf,
    GoneOf,
    LibraryOf,
    LinksOf,
    StretchOf,
    TurnOf,
)
from app.http.file_response import answer_with_file, inline, own_file
from app.http.media_types import media_type_of
from app.http.schemas.search import Words
from indexer.media.indexed_file import open_indexed_file
from retrieval.asking import query as asked
from retrieval.domain import Lane
from retrieval.errors import NoPictureError
from retrieval.subtitle_text import cues_of, srt, vtt
from retrieval.thumbnails import most_telling_s, nearest_s, thumbnail_file, thumbnail_times_s

router = APIRouter(prefix="/v1/videos/{video_id}", tags=["videos"])

PICTURE_CACHE = "private, max-age=31536000, immutable"
"""A video's id stands for its content, so that the picture of a second never becomes another."""

_JSON = "application/json"
_MOST_MOMENTS = 50
_BYTES: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_CACHED: dict[int | str, dict[str, Any]] = {304: {"description": "It is as it was."}}


class TranscriptFormat(StrEnum):
    """How a transcript is written."""

    JSON = "json"
    VTT = "vtt"
    SRT = "srt"


@router.head("/stream", include_in_schema=False)
@router.get(
    "/stream",
    operation_id="getVideoFile",
    summary="Get a video's file",
    response_class=Response,
    responses={
        200: {"description": "The whole file.", "content": {"video/*": _BYTES, "audio/*": _BYTES}},
        206: {"description": "The ranges asked for.", "content": {"video/*": _BYTES, "multipart/byteranges": _BYTES}},
        403: {"description": "Its path leads out of the folders whose files may be read."},
        409: {"description": "What lies at its path is not the file that was indexed."},
        416: {"description": "All ranges lie past the end of the file."},
        **_CACHED,
    },
)
def stream(video_id: str, request: Request, library: LibraryOf) -> Response:
    """The file as it is, for a player: `Range`, `If-Range`, `If-None-Match` and `If-Modified-Since` work."""
    file = open_indexed_file(library.catalog, library.catalog.resolve(video_id), library.roots)
    path = Path(str(file.name))
    return answer_with_file(request, file, media_type_of(path), name=path.name)


@router.head("/thumbnail", include_in_schema=False)
@router.get(
    "/thumbnail",
    operation_id="getThumbnail",
    summary="Get a picture of a video",
    response_class=Response,
    responses={200: {"description": "A JPEG.", "content": {"image/jpeg": _BYTES}}, **_CACHED},
)
def thumbnail(
    video_id: str,
    request: Request,
    library: LibraryOf,
    t_s: Annotated[
        float | None, Query(ge=0, allow_inf_nan=False, description="The second to show; without it, a telling one.")
    ] = None,
) -> Response:
    """The picture that is nearest to a second, of those that were kept: about one per window."""
    record = library.catalog.resolve(video_id)
    folder = library.thumbnails_of(record.id)
    times_s = thumbnail_times_s(folder)
    if not times_s:
        raise NoPictureError(f"there is no picture of {record.path}: it has none, or is not indexed yet")
    shown_s = most_telling_s(folder, times_s) if t_s is None else nearest_s(times_s, t_s)
    file = thumbnail_file(folder, shown_s)
    return answer_with_file(request, own_file(file), "image/jpeg", name=file.name, cache_control=PICTURE_CACHE)


@router.get(
    "/waveform",
    operation_id="getWaveform",
    summary="Get how loud a stretch of a video is",
    dependencies=[HEAVY],
    responses={
        403: {"description": "The video's path leads out of the folders whose files may be read."},
        409: {"description": "The video's file is not the one that was indexed."},
    },
)
def waveform_of(
    stretch: StretchOf,
    library: LibraryOf,
    exporter: ExporterOf,
    gone: GoneOf,
    response: Response,
    bars: Annotated[int, Query(ge=1, le=MOST_BARS, description="Into how many equal parts it is cut.")] = 64,
) -> WaveformAnswer:
    """The loudest of each part, against the loudest of all: the picture of what can only be heard."""
    peaks = waveform(exporter, library, stretch, bars, gone)
    response.headers["Cache-Control"] = PICTURE_CACHE
    return WaveformAnswer(peaks=peaks)


@router.get(
    "/transcript",
    operation_id="getTranscript",
    summary="Get what is said in a video",
    response_model=TranscriptAnswer,
    responses={200: {"content": {"text/vtt": {}, "application/x-subrip": {}}}},
)
def transcript(
    video_id: str,
    library: LibraryOf,
    wanted: Annotated[
        TranscriptFormat, Query(alias="format", description="JSON with words, or subtitles.")
    ] = TranscriptFormat.JSON,
) -> Response:
    """Every utterance with its times, heard or read from subtitles, and with who says it where that is known."""
    record = library.catalog.resolve(video_id)
    segments = library.catalog.contents.segments_of(record.id)
    speakers = library.catalog.voices.speakers_of(record.id)
    headers = {"Content-Disposition": inline(f"{record.title}.{wanted}")}
    match wanted:
        case TranscriptFormat.JSON:
            return Response(TranscriptAnswer.of(record, segments, speakers).model_dump_json(), media_type=_JSON)
        case TranscriptFormat.VTT:
            written = vtt(cues_of(segments, speakers))
            return Response(written, headers=headers, media_type=FILE_KINDS[ExportFormat.VTT].media_type)
        case TranscriptFormat.SRT:
            written = srt(cues_of(segments, speakers))
            return Response(written, headers=headers, media_type=FILE_KINDS[ExportFormat.SRT].media_type)
        case _:
            assert_never(wanted)


@router.get(
    "/timeline",
    operation_id="getTimeline",
    summary="Get what lies where in a video",
    response_model=TimelineAnswer,
    responses={409: {"description": "The index was made by other models."}},
    dependencies=[SEARCH_PARAMETERS],
)
def timeline(
    video_id: str,
    library: LibraryOf,
    engine: EngineOf,
    links: LinksOf,
    turn: TurnOf,
    then: Annotated[
        list[Words],
        Query(default_factory=list, max_length=asked.MAX_STEPS, description="Steps that follow one another."),
    ],
    not_: Annotated[
        list[Words],
        Query(alias="not", default_factory=list, max_length=asked.MAX_EXCLUDED, description="What must not be there."),
    ],
    lane: Annotated[
        list[Lane], Query(default_factory=list, max_length=len(Lane), description="Lanes to search; all if left out.")
    ],
    text: Annotated[Words | None, Query(description="Words to look for.", examples=["a dog"])] = None,
    correct: Annotated[
        bool, Query(description="Whether misspelt words are searched for as those that were probably meant.")
    ] = True,
) -> Response:
    """Shots, speech, screen text, sounds and pictures; with words, also the score curve and the moments here."""
    record = library.catalog.resolve(video_id)
    contents = library.catalog.contents.of(record.id)
    speakers = library.catalog.voices.speakers_of(record.id)
    thumbnails_s = thumbnail_times_s(library.thumbnails_of(record.id))
    told = TimelineAnswer.of_contents(record, contents, thumbnails_s, speakers)
    steps = [*([] if text is None else [text]), *then]
    if steps or not_:
        query = asked.Query(
            tuple(asked.parse_term(step) for step in steps),
            tuple(asked.parse_term(term) for term in not_),
            lanes=frozenset(lane or Lane),
            limit=_MOST_MOMENTS,
            correct=correct,
        )
        answer, curve = engine.search_video(query, record, contents.windows, turn.of(query))
        told = told.with_found(answer, curve, [links.moment(moment) for moment in answer.moments])
    return Response(told.model_dump_json(), media_type=_JSON)
