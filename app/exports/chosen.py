"""The moments that somebody chose: looked up, checked against their videos, with what is said in them."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.domain import Span
from retrieval.errors import InputError, MissingFileError, VideoFileGoneError, VideoNotFoundError
from retrieval.storage.records import Place, VideoStatus

if TYPE_CHECKING:
    from indexer.media.probe import MediaInfo
    from retrieval.domain import ScreenText, Segment, Speaker
    from retrieval.storage.library import Library
    from retrieval.storage.media_roots import MediaRoots
    from retrieval.stream_clock import StreamClock

MAX_MOMENTS = 200
ROUNDING_S = 0.1
"""A moment may end so much after its video: times are passed on rounded, and headers round as well."""


@dataclass(frozen=True, slots=True)
class ChosenStretch:
    """A stretch of a video that somebody wants; ``video`` is an id, a path or a file name."""

    video: str
    span: Span
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """A choice that exists: a span inside one video of the library."""

    video_id: str
    path: Path
    title: str
    span: Span
    video_duration_s: float
    clock: "StreamClock | None" = None
    segments: "tuple[Segment, ...]" = ()
    screen_texts: "tuple[ScreenText, ...]" = ()
    size: tuple[int, int] | None = None
    """Width and height of its largest picture, as it was indexed."""
    sound_track: int | None = None
    """The stream that was listened to, if it is not the one that players start with."""
    speakers: "Mapping[int, Speaker]" = field(default_factory=dict)
    """Who speaks in the video, by number."""


def look_up(library: "Library", choices: Sequence[ChosenStretch]) -> list[Chosen]:
    """The choices in the order given. Raises InputError or VideoNotFoundError that names the first bad one."""
    if not 1 <= len(choices) <= MAX_MOMENTS:
        raise InputError(f"moments: {len(choices)} are given; 1 to {MAX_MOMENTS} are allowed")
    found = [_look_up(library, choice, f"moments.{number}") for number, choice in enumerate(choices)]
    places = [Place(chosen.video_id, chosen.span) for chosen in found]
    segments = library.catalog.contents.segments_during(places)
    screen_texts = library.catalog.contents.screen_texts_during(places)
    speakers = {video_id: library.catalog.voices.speakers_of(video_id) for video_id in {one.video_id for one in found}}
    return [
        replace(chosen, segments=said, screen_texts=shown, speakers=speakers[chosen.video_id])
        for chosen, said, shown in zip(found, segments, screen_texts, strict=True)
    ]


def with_files(library: "Library", moments: Sequence[Chosen]) -> list[Chosen]:
    """The moments, each with a path where its video's content lies now.

    Raises VideoFileChangedError for a file that is not the one that was indexed, PathNotAllowedError for one that
    leads out of the media roots, VideoFileGoneError.
    """
    from indexer.media.indexed_file import indexed_file

    paths: dict[str, Path] = {}
    for moment in moments:
        if moment.video_id not in paths:
            record = library.catalog.resolve(moment.video_id)
            paths[moment.video_id] = indexed_file(library.catalog, record, library.roots)
    return [replace(moment, path=paths[moment.video_id]) for moment in moments]


def file_infos(moments: Iterable[Chosen], roots: "MediaRoots") -> "dict[Path, MediaInfo]":
    """What each file holds, by its path.

    Raises VideoFileGoneError, PathNotAllowedError for what leads out of ``roots``, and MediaError for what is no media
    any more.
    """
    from indexer.media.apart import probe

    infos: dict[Path, MediaInfo] = {}
    for moment in moments:
        if moment.path not in infos:
            try:
                info = probe(moment.path, roots=roots).as_indexed(moment.size, moment.sound_track)
                infos[moment.path] = replace(info, clock=moment.clock)
            except MissingFileError as error:
                raise VideoFileGoneError(f"{moment.path} does not exist any more") from error
    return infos


def _look_up(library: "Library", choice: ChosenStretch, where: str) -> Chosen:
    record = library.catalog.resolve(choice.video)
    if record.status is VideoStatus.REMOVING:
        raise VideoNotFoundError(f"video {record.id} is being removed")
    if record.status is VideoStatus.FAILED:
        raise InputError(f"{where}: video {record.id} could not be indexed, so that nothing of it can be exported")
    if record.duration_s is None:
        raise InputError(f"{where}: video {record.id} is not indexed yet, so its length is not known")
    span = clamp(choice.span, record.duration_s, f"{where}.")
    return Chosen(
        record.id,
        Path(record.path),
        choice.title or record.title,
        span,
        record.duration_s,
        record.clock,
        size=(record.width, record.height) if record.width and record.height else None,
        sound_track=record.sound_track,
    )


def clamp(span: Span, duration_s: float, where: str = "") -> Span:
    """The span, cut at the video's end if it ends a rounding after that. Raises InputError if it lies outside."""
    if not (math.isfinite(span.start_s) and math.isfinite(span.end_s) and 0 <= span.start_s < span.end_s):
        raise InputError(
            f"{where}start_s is {span.start_s:g} and {where}end_s is {span.end_s:g}; "
            "a moment starts at 0 or later, and ends after that"
        )
    for name, time_s in (("start_s", span.start_s), ("end_s", span.end_s - ROUNDING_S)):
        if time_s >= duration_s:
            given = getattr(span, name)
            raise InputError(f"{where}{name} is {given:g}; the video ends at {duration_s:.3f} s")
    return Span(span.start_s, min(span.end_s, duration_s))
