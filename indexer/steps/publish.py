"""Makes an indexed video searchable: vectors, thumbnails, then the one transaction that shows it."""

import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from indexer.media.decoded import Decoded
from indexer.media.indexed_file import FileState, file_now, gone_paths, state_of
from indexer.steps.attended import attended
from indexer.steps.embed import ReportShare, UnitVectors, points
from indexer.steps.spoken import spoken_during, spoken_in_lines
from indexer.steps.stages import cuts_of
from indexer.steps.work_folder import Artefacts
from retrieval.atomic import replacing_folder, sweep_drafts
from retrieval.domain import Lane, Line, Segment, Window
from retrieval.encoders.base import EncoderSpec, SentenceEncoder, Vectors
from retrieval.encoders.profiles import Encoders
from retrieval.errors import VideoFileChangedError
from retrieval.lanes.lane_table import LANES, LineTuning, WindowTuning, line_tuning, window_lanes
from retrieval.lanes.outdated import CONSTRUCTION
from retrieval.lanes.terms import document_vector
from retrieval.storage.library import Library
from retrieval.storage.records import VideoContents, VideoRecord, VideoStatus, VideoWindow
from retrieval.storage.room import require_room
from retrieval.storage.vectors import Point, Space, SparseVector, VectorStore
from retrieval.thumbnails import thumbnail_file
from retrieval.unit_rows import unit_rows

STILL_WRITTEN = "the file was still being written while it was indexed: index it again when it is complete"
_ROW_BYTES = 2_000
"""What the catalog takes for a window, segment or screen text, with its indexes."""
LINE_BATCH = 64
POINT_BATCH = 512
WRITING = (0.1, 0.8)
"""Where in this step the writing of vectors, the longest part of it, starts and ends."""
AVERAGE_TERMS = 10.0
"""Terms of a usual line: BM25 compares lengths with it, the same on every machine that fills a space."""


def publish(
    library: Library,
    encoders: Encoders,
    artefacts: Artefacts,
    record: VideoRecord,
    window_s: float,
    began_at: float,
    report: ReportShare,
    *,
    speakers: bool,
) -> VideoRecord:
    """The record as stored. The video is searchable from here on; one that was there before is so all the while.

    So is the video that lay at its path, which is being removed from here on. Done again after a kill in the middle,
    it writes the same. ``report`` gets the share that is done and may raise: of a video that is searchable already only
    until its vectors are replaced. Without ``speakers`` nothing is kept of who spoke, whatever an earlier step found.
    Raises VideoFileChangedError if what lies there by now has been indexed meanwhile.
    """
    decoded = artefacts.decoded()
    loaded = {lane: artefacts.load_units(lane) for lane in window_lanes()}
    units = {lane: of_lane for lane, (of_lane, _) in loaded.items()}
    visual, about = loaded[Lane.VISUAL]
    contents = _contents(artefacts, decoded, window_s, visual, about["best_frames"])
    if not speakers:
        contents = contents.by_nobody()
    by_lane = {lane: _points_of(lane, record, encoders, units, contents, report) for lane in LANES}
    thumbnails = best_pictures(decoded, about["best_frames"])
    coming = {space_of(encoders.spec(lane)): lane_points for lane, lane_points in by_lane.items()}
    require_room_beside(library, coming, thumbnails.values())
    known = library.catalog.get(record.id)
    if known is None:
        library.catalog.upsert(replace(record, status=VideoStatus.INDEXING))
    elif known.status is VideoStatus.REMOVING:
        library.catalog.set_status(record.id, VideoStatus.INDEXING)
    # Half of its vectors replaced, a video that could be searched would be worse than before.
    told = report if known is None else _go_on
    with library.vectors() as store:
        write_vectors(store, library, encoders, by_lane, told)
    keep_thumbnails(thumbnails, library.thumbnails_of(record.id), told)
    (file,) = record.files
    is_changed = state_of(library.catalog, record, file, library.roots) is FileState.CHANGED
    finished = _finished(record, decoded, by_lane, is_changed, time.time() - began_at)
    try:
        stored = library.catalog.publish(
            finished,
            contents,
            forget=() if known is None else gone_paths(known),
            changed_to=file_now(file.path) if is_changed else None,
        )
    except VideoFileChangedError:
        library.remove_video(record.id)
        raise
    # Last, so that at no time there are fewer vectors than the catalog counts, and a search finds what it found.
    with library.vectors() as store:
        store.delete_videos([record.id], but=[point.id for written in by_lane.values() for point in written])
    return stored


def _contents(
    artefacts: Artefacts, decoded: Decoded, window_s: float, visual: UnitVectors, best_frames: Sequence[int]
) -> VideoContents:
    """All that the steps found, with the best frame and the labels of each window that was seen."""
    cuts = cuts_of(decoded, window_s)
    return VideoContents(
        cuts.shots,
        seen_in(cuts.windows, decoded, visual, best_frames),
        artefacts.load_segments("segments"),
        artefacts.load_screen_texts(),
        artefacts.load_sound_events(),
        artefacts.voices(),
    )


def seen_in(
    windows: Iterable[Window], decoded: Decoded, visual: UnitVectors, best_frames: Sequence[int]
) -> tuple[VideoWindow, ...]:
    """The windows, with the best frame and the labels of each that was seen."""
    best_frame = dict(zip(visual.ordinals, best_frames, strict=True))
    labels = dict(zip(visual.ordinals, visual.labels, strict=True))
    return tuple(
        VideoWindow(
            window,
            decoded.frames[best_frame[window.ordinal]].time_s if window.ordinal in best_frame else None,
            labels.get(window.ordinal, ()),
        )
        for window in windows
    )


def best_pictures(decoded: Decoded, best_frames: Iterable[int]) -> dict[float, Path]:
    """The files of the frames that stand for windows, by their times in seconds."""
    pictures = [decoded.frames[index] for index in sorted(set(best_frames))]
    return {picture.time_s: decoded.frame_path(picture) for picture in pictures}


def _points_of(
    lane: Lane,
    record: VideoRecord,
    encoders: Encoders,
    units: Mapping[Lane, UnitVectors],
    contents: VideoContents,
    report: ReportShare,
) -> list[Point]:
    """A lane's points: of its ``units``, windows that its step left in the work folder, or of its lines."""
    match LANES[lane].tuning:
        case WindowTuning():
            spans = [kept.window.span for kept in contents.windows]
            spoken = spoken_during(spans, contents.segments, record.id)
            return points(record.id, record.content_hash, encoders.spec(lane), units[lane], spans, spoken)
        case LineTuning():
            return line_points(record, encoders, lane, contents, report)


def _finished(
    record: VideoRecord, decoded: Decoded, by_lane: Mapping[Lane, Sequence[Point]], is_changed: bool, index_s: float
) -> VideoRecord:
    """The record with all that is known once the video is indexed."""
    return replace(
        record,
        duration_s=decoded.duration_s,
        warnings=(*record.warnings, *decoded.warnings, *([STILL_WRITTEN] if is_changed else [])),
        was_changing=is_changed,
        index_s=index_s,
        has_sound=decoded.has_audio,
        sound_track=decoded.sound_track,
        width=decoded.size[0] if decoded.size else record.width,
        height=decoded.size[1] if decoded.size else record.height,
        clock=decoded.clock,
        vectors={lane: len(lane_points) for lane, lane_points in by_lane.items()},
        construction=CONSTRUCTION,
    )


def require_room_beside(library: Library, coming: Mapping[Space, Sequence[Point]], thumbnails: Iterable[Path]) -> None:
    """Raises StorageFullError if not all of it fits: asked before anything of what was indexed earlier is replaced."""
    beside = sum(file.stat().st_size for file in thumbnails) + _ROW_BYTES * sum(map(len, coming.values()))
    require_room(library.folder.path, beside, "thumbnails and rows of the video")
    with library.vectors() as store:
        store.require_room(coming)


def _go_on(_done: float) -> None:
    pass


def write_vectors(
    store: VectorStore,
    library: Library,
    encoders: Encoders,
    by_lane: Mapping[Lane, Sequence[Point]],
    report: ReportShare = _go_on,
) -> None:
    """Write points of these lanes; those that were there before, of the same units, are replaced."""
    total = max(1, sum(map(len, by_lane.values())))
    written = 0
    for lane, lane_points in by_lane.items():
        spec = encoders.spec(lane)
        store.ensure_space(space_of(spec))
        report(WRITING[0] + (WRITING[1] - WRITING[0]) * written / total)
        library.catalog.add_space(spec)
        for start in range(0, len(lane_points), POINT_BATCH):
            batch = lane_points[start : start + POINT_BATCH]
            store.upsert(spec.space, batch)
            written += len(batch)
            report(WRITING[0] + (WRITING[1] - WRITING[0]) * written / total)
        if store.active(lane) not in store.spaces():
            store.activate(lane, spec.space)


def space_of(spec: EncoderSpec) -> Space:
    """The space that the encoder's vectors are written to."""
    return Space(spec.space, spec.dim, LANES[spec.lane].has_terms)


def line_points(
    record: VideoRecord,
    encoders: Encoders,
    lane: Lane,
    contents: VideoContents,
    report: ReportShare = _go_on,
) -> list[Point]:
    """Points of the lane's lines, segments or screen texts: a sentence vector and BM25 terms each."""
    lines = contents.lines(line_tuning(lane).lines)
    if not lines:
        return []
    spec: EncoderSpec = encoders.spec(lane)
    waiting = partial(report, 0.0)
    sentences: SentenceEncoder = attended(encoders.sentences, waiting)
    vectors = _line_vectors(lines, sentences, waiting)
    units = UnitVectors(tuple(range(len(lines))), vectors, tuple(() for _ in lines))
    spoken = spoken_in_lines(lines, contents.segments, record.id)
    spans = [line.span for line in lines]
    return points(record.id, record.content_hash, spec, units, spans, spoken, terms_of(lines))


def terms_of(lines: Sequence[Line]) -> list[SparseVector]:
    """The BM25 terms of each line, in its own language if that is known."""
    languages = [line.language if isinstance(line, Segment) else None for line in lines]
    return [
        document_vector(line.text, AVERAGE_TERMS, language) for line, language in zip(lines, languages, strict=True)
    ]


def _line_vectors(lines: Sequence[Line], sentences: SentenceEncoder, waiting: Callable[[], None]) -> Vectors:
    """A sentence vector per line, at least one; of a translated line halfway between what is said and what it means."""

    def embedded(texts: Sequence[str]) -> Vectors:
        batches = [texts[start : start + LINE_BATCH] for start in range(0, len(texts), LINE_BATCH)]
        return np.concatenate([attended(partial(sentences.embed_passages, batch), waiting) for batch in batches])

    vectors = embedded([line.text for line in lines])
    translations = {n: line.translation for n, line in enumerate(lines) if isinstance(line, Segment)}
    meant = {n: translation for n, translation in translations.items() if translation}
    if meant:
        vectors[list(meant)] = unit_rows(vectors[list(meant)] + embedded(list(meant.values())))
    return vectors


def keep_thumbnails(pictures: Mapping[float, Path], folder: Path, report: ReportShare) -> None:
    """Copy the frames that stand for windows, by their times; the folder appears whole, replacing an earlier one."""
    # Whoever indexes a video is alone with it.
    sweep_drafts(folder.parent, folder.name, older_than_s=0.0)
    with replacing_folder(folder) as draft:
        for time_s, file in pictures.items():
            shutil.copyfile(file, thumbnail_file(draft, time_s))
            report(WRITING[1])
