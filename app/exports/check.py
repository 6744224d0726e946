"""Whether a file that was made is what it must be: every frame of its moment, and as long as that.

A seek that lands late and a decoder that gives up still end with exit code 0; what they leave is an error here.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from indexer.media.apart import probe, shown_during
from indexer.media.frames_shown import ROUNDING_S, Shown
from retrieval.domain import Span
from retrieval.errors import ExportFailedError, MediaError

if TYPE_CHECKING:
    from app.exports.clip import Cutting, PartShape
    from indexer.media.probe import MediaInfo

_LENGTH_S = 0.05
_SOUND_S = 0.15
"""Sound may end so much early: codecs count in blocks, and need a few to begin."""
_MOST_LACKING = 1
"""Frames in a row that may be missing where the source is damaged: no gap is longer than two frames."""
_WHOLE = Span(0.0, float("inf"))


def check_clip(made: Path, cut: "Cutting") -> None:
    """Raises ExportFailedError if the clip lacks frames or sound of its moment, or has another length."""
    info = _probed(made)
    length_s = cut.span.duration_s
    if cut.has_picture:
        check_frames([cut.span.start_s + time_s for time_s in _frames(info)], cut)
    if cut.heard is not None:
        heard_s = min(_end_s(cut.heard) - cut.span.start_s, length_s)
        if _sound_end_s(info) < heard_s - _SOUND_S:
            raise _wrong(f"its sound ends at {_sound_end_s(info):.2f} s of {heard_s:.2f} s", cut.info.path)
    made_s = info.duration_s or 0.0
    if abs(made_s - length_s) > _LENGTH_S + (1.5 * cut.frame_s if cut.has_picture else 0.0):
        raise _wrong(f"it lasts {made_s:.2f} s, and the moment {length_s:.2f} s", cut.info.path)


def check_frames(given_s: Sequence[float], cut: "Cutting") -> None:
    """Raises ExportFailedError if frames that the moment has are missing from ``given_s``, times on the video's clock.

    Packets may hold half a frame, or one that is never shown. So where frames seem to be missing, the moment is
    decoded once more, and what comes out then is what counts.
    """
    assert cut.shown is not None
    if not any(_lacking(given_s, cut.shown, cut.span)):
        return
    assert cut.info.video is not None
    seen = shown_during(
        cut.info.path, cut.info.video.index, cut.info.start_time_s, cut.span, decoding=True, roots=cut.info.roots
    )
    runs = [len(list(run)) for is_lacking, run in groupby(_lacking(given_s, seen or cut.shown, cut.span)) if is_lacking]
    if max(runs, default=0) > _MOST_LACKING:
        raise _wrong(f"{sum(runs)} of {len(cut.shown.times_s)} frames are missing", cut.info.path)


def check_part(made: Path, frames: int, given_s: Sequence[float], cut: "Cutting", shape: "PartShape") -> None:
    """Raises ExportFailedError if a part of a reel has another length, or was made without frames of its moment."""
    if cut.has_picture:
        check_frames(given_s, cut)
    check_reel(made, frames, shape)


def check_reel(made: Path, frames: int, shape: "PartShape") -> None:
    """Raises ExportFailedError unless the file has exactly so many frames, a frame apart, and sound as long."""
    info, length_s = _probed(made), float(shape.rate.time_of(frames))
    if shape.has_picture:
        times_s = _frames(info)
        if len(times_s) != frames:
            raise _wrong(f"it has {len(times_s)} frames, and should have {frames}", made)
        longest_s = max((after_s - before_s for before_s, after_s in pairwise(times_s)), default=0.0)
        if longest_s > float(2 / shape.rate.fps) - ROUNDING_S:
            raise _wrong(f"its picture stands still for {longest_s:.2f} s", made)
    if shape.has_sound and abs(_sound_end_s(info) - length_s) > _SOUND_S:
        raise _wrong(f"its sound ends at {_sound_end_s(info):.2f} s of {length_s:.2f} s", made)
    made_s = info.duration_s or 0.0
    if abs(made_s - length_s) > _LENGTH_S + float(1 / shape.rate.fps):
        raise _wrong(f"it lasts {made_s:.2f} s, and should last {length_s:.2f} s", made)


def _probed(made: Path) -> "MediaInfo":
    try:
        return probe(made)
    except MediaError as error:
        raise ExportFailedError("the file that ffmpeg made holds neither picture nor sound") from error


def _wrong(what: str, source: Path) -> ExportFailedError:
    return ExportFailedError(f"the file that ffmpeg made of {source} is wrong and was thrown away: {what}")


def _lacking(given_s: Sequence[float], expected: Shown, span: Span) -> Iterable[bool]:
    """For each frame of the moment, whether it is missing; one that was there before is due at the start."""
    given = np.array([-np.inf, *given_s, np.inf])
    due = np.maximum(np.array(expected.times_s), min(span.start_s, expected.last_s))
    after = np.searchsorted(given, due)
    return np.minimum(given[after] - due, due - given[after - 1]) > ROUNDING_S  # type: ignore[no-any-return]


def _frames(info: "MediaInfo") -> tuple[float, ...]:
    shown = shown_during(info.path, info.video.index, 0.0, _WHOLE) if info.video else None
    return shown.times_s if shown else ()


def _sound_end_s(info: "MediaInfo") -> float:
    heard = shown_during(info.path, info.audio.index, 0.0, _WHOLE) if info.audio else None
    return _end_s(heard) if heard else 0.0


def _end_s(heard: Shown) -> float:
    """When the last packet ends, which is taken to be as long as the one before."""
    times_s = heard.times_s
    return times_s[-1] + (times_s[-1] - times_s[-2] if len(times_s) > 1 else 0.0)
