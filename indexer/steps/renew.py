"""Makes anew what is outdated of an indexed video: vectors beside those it has, then the one transaction that swaps."""

import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from indexer.media.indexed_file import FileState, files_of, state_of
from indexer.steps.embed import ReportShare, points
from indexer.steps.publish import (
    best_pictures,
    keep_thumbnails,
    line_points,
    require_room_beside,
    seen_in,
    space_of,
    terms_of,
    write_vectors,
)
from indexer.steps.spoken import spoken_during, spoken_in_lines
from indexer.steps.work_folder import Artefacts
from retrieval.domain import Lane
from retrieval.encoders.profiles import Encoders
from retrieval.errors import ConflictError, MomentsError, VideoFileChangedError, VideoNotFoundError
from retrieval.lanes.lane_table import LANES, LineTuning, WindowTuning
from retrieval.lanes.outdated import CONSTRUCTION, Redo, own_spaces, redo_of
from retrieval.storage.library import Library
from retrieval.storage.records import VideoContents, VideoRecord, VideoStatus
from retrieval.storage.vectors import Hit, Point, VectorFilter, VectorStore

EVERY_POINT = 2**31 - 1


def known_video(library: Library, video_id: str) -> VideoRecord:
    """The indexed video. Raises VideoNotFoundError if it was removed, ConflictError if it is not indexed."""
    record = library.catalog.get(video_id)
    if record is None or record.status is VideoStatus.REMOVING:
        raise VideoNotFoundError(f"video {video_id} was removed from the library")
    if record.status is not VideoStatus.INDEXED:
        raise ConflictError(f"{record.path} is {record.status}, not indexed: `moments index` indexes it")
    return record


def what_to_redo(record: VideoRecord, encoders: Encoders, lanes: Collection[Lane]) -> Redo:
    """What of these lanes is outdated; nothing is looked for in a picture or a sound that the file does not have."""
    redo = redo_of(record.encoders, record.construction, own_spaces(encoders)).within(lanes)
    absent = set() if record.has_picture else {Lane.VISUAL, Lane.SCREEN}
    if record.has_sound is False:
        absent |= {Lane.SOUND, Lane.SPEECH}
    return redo if redo.cuts else replace(redo, found=redo.found - absent, written=redo.written | redo.found & absent)


@dataclass(frozen=True, slots=True)
class _Renewal:
    """What is written of a video: ``anew`` to the encoders' own spaces, ``again`` to those where it is already."""

    anew: Mapping[Lane, Sequence[Point]]
    again: Mapping[Lane, Sequence[Point]]


def renew(
    library: Library,
    encoders: Encoders,
    artefacts: Artefacts,
    video_id: str,
    redo: Redo,
    report: ReportShare,
    *,
    speakers: bool,
) -> VideoRecord:
    """The record as stored. Until the transaction that swaps the spaces it is searched as before, from then on anew.

    Done again after a kill in the middle, it writes the same. Raises VideoNotFoundError if the video was removed
    meanwhile, VideoFileChangedError if its file is not what was read.
    """
    record = known_video(library, video_id)
    if redo.found:
        _require_same(library, record)
    kept = library.catalog.contents.of(video_id)
    contents = _contents(artefacts, kept, redo.found)
    if not speakers and Lane.SPEECH in redo.found:
        contents = contents.by_nobody()
    with library.vectors() as store:
        renewal = _renewal(store, encoders, artefacts, record, redo, contents, report)
    thumbnails = _best_pictures(artefacts) if Lane.VISUAL in redo.found else {}
    known = {spec.space: spec for spec in library.catalog.spaces()}
    again = {record.encoders[lane]: lane_points for lane, lane_points in renewal.again.items()}
    coming = {space_of(encoders.spec(lane)): lane_points for lane, lane_points in renewal.anew.items()}
    coming |= {space_of(known[space]): lane_points for space, lane_points in again.items()}
    require_room_beside(library, coming, thumbnails.values())
    report(0.1)
    try:
        with library.vectors() as store:
            write_vectors(store, library, encoders, renewal.anew)
            for space, lane_points in again.items():
                store.upsert(space, lane_points)
        if Lane.VISUAL in redo.found:
            keep_thumbnails(thumbnails, library.thumbnails_of(video_id), lambda _: None)
        stored = library.catalog.renew(_renewed(record, encoders, redo, renewal), kept, contents)
    except (MomentsError, OSError):
        _leave_nothing_of_removed(library, video_id)
        raise
    written = [point.id for lanes in (renewal.anew, renewal.again) for some in lanes.values() for point in some]
    touched = renewal.anew.keys() | renewal.again.keys()
    with library.vectors() as store:
        store.delete_videos(
            [video_id], but=written, within=[spec.space for spec in library.catalog.spaces() if spec.lane in touched]
        )
        retire_spaces(library, store, encoders, touched)
    return stored


def retire_spaces(library: Library, store: VectorStore, encoders: Encoders, lanes: Collection[Lane]) -> None:
    """Have these lanes searched in their own space where no video is in another one any more, and drop the others."""
    own_by_lane = own_spaces(encoders)
    others = [spec for spec in library.catalog.spaces() if spec.space != own_by_lane[spec.lane] and spec.lane in lanes]
    in_use = library.catalog.spaces_in_use() if others else frozenset()
    for spec in others:
        own = own_by_lane[spec.lane]
        if spec.space in in_use or own not in store.spaces():
            continue
        if store.active(spec.lane) == spec.space:
            store.activate(spec.lane, own)
        # What another process writes there, or a removal left, is not lost.
        if not store.count(spec.space):
            store.drop_space(spec.space)
            library.catalog.forget_space(spec.space)
            (library.folder.models_dir / f"bank-{spec.space}.npy").unlink(missing_ok=True)


def _leave_nothing_of_removed(library: Library, video_id: str) -> None:
    """If the video was removed meanwhile, delete what was written of it since; raises VideoNotFoundError then."""
    try:
        known_video(library, video_id)
    except (VideoNotFoundError, ConflictError):
        with library.vectors() as store:
            store.delete_videos([video_id])
        shutil.rmtree(library.thumbnails_of(video_id), ignore_errors=True)
        raise


def _require_same(library: Library, record: VideoRecord) -> None:
    states = {state_of(library.catalog, record, file, library.roots) for file in files_of(record)}
    if FileState.SAME not in states and FileState.CHANGED in states:
        raise VideoFileChangedError(
            f"{record.path} was changed while it was reindexed; run `moments index` on it to take up what is there now"
        )


def _contents(artefacts: Artefacts, kept: VideoContents, found: Collection[Lane]) -> VideoContents:
    """What was kept, with what was found anew in its place."""
    contents = kept
    if Lane.VISUAL in found:
        visual, about = artefacts.load_units(Lane.VISUAL)
        windows = (known.window for known in kept.windows)
        seen = seen_in(windows, artefacts.decoded(), visual, about["best_frames"])
        contents = replace(contents, windows=seen)
    if Lane.SOUND in found:
        contents = replace(contents, sound_events=artefacts.load_sound_events())
    if Lane.SPEECH in found:
        contents = replace(contents, segments=artefacts.load_segments("segments"), voices=artefacts.voices())
    if Lane.SCREEN in found:
        contents = replace(contents, screen_texts=artefacts.load_screen_texts())
    return contents


def _renewal(
    store: VectorStore,
    encoders: Encoders,
    artefacts: Artefacts,
    record: VideoRecord,
    redo: Redo,
    contents: VideoContents,
    report: ReportShare,
) -> _Renewal:
    # All units tell what is spoken meanwhile.
    touched = set(Lane) if Lane.SPEECH in redo.found else redo.lanes
    anew: dict[Lane, Sequence[Point]] = {}
    again: dict[Lane, Sequence[Point]] = {}
    for lane in (lane for lane in LANES if lane in touched):
        own, is_there = encoders.spec(lane), record.encoders.get(lane)
        spans = [kept.window.span for kept in contents.windows]
        match LANES[lane].tuning:
            case WindowTuning() if lane in redo.found:
                units, _ = artefacts.load_units(lane)
                spoken = spoken_during(spans, contents.segments, record.id)
                anew[lane] = points(record.id, record.content_hash, own, units, spans, spoken)
            case LineTuning() if lane in redo.lanes:
                anew[lane] = line_points(record, encoders, lane, contents, report)
            case _ if is_there is None or (lane in redo.lanes and is_there != own.space):
                anew[lane] = []
            case _:
                again[lane] = _retold(store, lane, is_there, record, contents)
    return _Renewal(anew, again)


def _retold(store: VectorStore, lane: Lane, space: str, record: VideoRecord, contents: VideoContents) -> list[Point]:
    """The lane's points as they are there, with what is spoken during them."""
    hits = store.fetch(space, VectorFilter(video_ids=frozenset({record.id})), EVERY_POINT)
    match LANES[lane].tuning:
        case WindowTuning():
            spoken = spoken_during([hit.span for hit in hits], contents.segments, record.id)
            return [
                _point(hit, meanwhile.languages, meanwhile.voices) for hit, meanwhile in zip(hits, spoken, strict=True)
            ]
        case LineTuning() as tuning:
            lines = contents.lines(tuning.lines)
            own, terms = spoken_in_lines(lines, contents.segments, record.id), terms_of(lines)
            return [
                replace(_point(hit, own[hit.ordinal].languages, own[hit.ordinal].voices), sparse=terms[hit.ordinal])
                for hit in hits
                if hit.ordinal < len(lines)
            ]


def _point(hit: Hit, languages: tuple[str, ...], voices: tuple[str, ...]) -> Point:
    assert hit.vector is not None, "points are fetched with their vectors"
    return Point(hit.id, hit.video_id, hit.ordinal, hit.span, hit.vector, None, languages, voices)


def _renewed(record: VideoRecord, encoders: Encoders, redo: Redo, renewal: _Renewal) -> VideoRecord:
    """The record with its new spaces; of the newest construction if nothing of it is of an older one any more."""
    own = own_spaces(encoders)
    spaces = {**record.encoders, **{lane: own[lane] for lane in renewal.anew}}
    rest = redo_of(spaces, record.construction, own)
    return replace(
        record,
        encoders=spaces,
        vectors={**record.vectors, **{lane: len(written) for lane, written in renewal.anew.items()}},
        profile=encoders.profile if spaces == own else record.profile,
        construction=CONSTRUCTION if rest.lanes <= redo.lanes else record.construction,
    )


def _best_pictures(artefacts: Artefacts) -> dict[float, Path]:
    _, about = artefacts.load_units(Lane.VISUAL)
    return best_pictures(artefacts.decoded(), about["best_frames"])
