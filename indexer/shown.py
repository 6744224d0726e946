"""Which frames a player shows during a span: found from the file's packets, without decoding."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from indexer.probe import open_media
from retrieval.domain import Span

ROUNDING_S = 0.0015
"""Times are passed on rounded to the millisecond: a frame that starts so little later is meant."""
_REORDERED_S = 2.0
"""Packets follow one another in decoding order; frames are shown at most so much out of it."""


@dataclass(frozen=True, slots=True)
class Shown:
    """When the first and the last frame of a span appear, in seconds on the video's clock.

    The first may appear before the span and still be there when it starts. Times are multiples of
    ``tick_s`` on the file's clock.
    """

    first_s: float
    last_s: float
    tick_s: float


def shown_during(path: Path, stream_index: int, start_time_s: float, span: Span) -> Shown | None:
    """The frames of one stream in the span; None if it has none until the span's end.

    ``start_time_s`` is the container's start, as ``probe`` gives it.
    """
    with open_media(path) as container:
        tick_s = float(container.streams[stream_index].time_base or 1)
    around_start = _frame_times(path, stream_index, tick_s, start_time_s, span.start_s)
    around_end = _frame_times(path, stream_index, tick_s, start_time_s, span.end_s)
    at_start = [time_s for time_s in around_start if time_s <= span.start_s + ROUNDING_S]
    later = [time_s for time_s in (*around_start, *around_end) if span.start_s < time_s < span.end_s - ROUNDING_S]
    if not at_start and not later:
        return None
    first_s = max(at_start) if at_start else min(later)
    return Shown(first_s, max((first_s, *later)), tick_s)


def _frame_times(path: Path, stream_index: int, tick_s: float, origin_s: float, time_s: float) -> list[float]:
    """When frames around ``time_s`` appear: from the keyframe before it to a little after it."""
    import av

    times_s: list[float] = []
    with open_media(path) as container:
        stream = container.streams[stream_index]
        with suppress(av.FFmpegError):  # what cannot be searched is read from its start
            container.seek(round((time_s + origin_s) / tick_s), stream=stream)
        with suppress(av.FFmpegError):  # what was read before the damage counts
            for packet in container.demux(stream):
                shown = packet.dts if packet.pts is None else packet.pts
                decoded = packet.pts if packet.dts is None else packet.dts
                if shown is None or decoded is None or packet.is_discard:
                    continue
                times_s.append(shown * tick_s - origin_s)
                if decoded * tick_s - origin_s > time_s + _REORDERED_S:
                    break
    return times_s
