"""Which frames a player shows during a span: found from the file's packets, without decoding."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, cast

from indexer.media.container_clock import FrameClock
from indexer.media.probe import open_media
from retrieval.domain import Span
from retrieval.storage.media_roots import ANYWHERE, MediaRoots

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.stream import VideoStream

ROUNDING_S = 0.0015
"""Times are passed on rounded to the millisecond: a frame that starts so little later is meant."""
_REORDERED_S = 2.0
"""Packets follow one another in decoding order; frames are shown at most so much out of it."""
_LEADS_S = (0.0, 2.0, 8.0, 32.0)
"""How far before a span to look for its first keyframe: demuxers search by decoding times, and roughly."""


@dataclass(frozen=True, slots=True)
class Shown:
    """When each frame of a span appears, in seconds on the video's clock, in order.

    The first may appear before the span and still be there when it starts. Times are multiples of
    ``tick_s`` on the file's clock.
    """

    times_s: tuple[float, ...]
    tick_s: float

    @property
    def first_s(self) -> float:
        return self.times_s[0]

    @property
    def last_s(self) -> float:
        return self.times_s[-1]


def shown_during(
    path: Path,
    stream_index: int,
    start_time_s: float,
    span: Span,
    *,
    decoding: bool = False,
    roots: MediaRoots = ANYWHERE,
) -> Shown | None:
    """The frames of one stream in the span; None if it has none until the span's end.

    ``start_time_s`` is the container's start, as ``probe`` gives it. With ``decoding``, what counts is what
    comes out of the decoder: a packet may hold half a frame, one that is never shown, or nothing but damage.
    Of a stream of sound, the frames are its packets.
    """
    on_file = Span(span.start_s + start_time_s, span.end_s + start_time_s)
    leads_s = [lead_s for lead_s in _LEADS_S if lead_s < span.start_s]
    for lead_s in (*leads_s, None):
        with open_media(path, roots) as container:
            stream = container.streams[stream_index]
            tick_s = float(stream.time_base or 1)
            packets = _packets_from_before(container, stream, on_file, lead_s)
            ticks = list(_decoded(packets, cast("VideoStream", stream)) if decoding else map(_shown_at, packets))
        if ticks or lead_s is None:
            break
    times_s = sorted({tick * tick_s - start_time_s for tick in ticks})
    at_start = [time_s for time_s in times_s if time_s <= span.start_s + ROUNDING_S]
    later = [time_s for time_s in times_s if span.start_s + ROUNDING_S < time_s < span.end_s - ROUNDING_S]
    inside = (*at_start[-1:], *later)
    return Shown(inside, tick_s) if inside else None


def _packets_from_before(
    container: "InputContainer", stream: "Stream", on_file: Span, lead_s: float | None
) -> "Iterator[Packet[Stream]]":
    """Packets from a keyframe before the span to the span's end; none if the search finds no such keyframe.

    Without ``lead_s``, from the first of the file.
    """
    import av

    tick_s = float(stream.time_base or 1)
    is_reached = lead_s is None
    if lead_s is not None:
        with suppress(av.FFmpegError):  # what cannot be searched is read from its start
            container.seek(round((on_file.start_s - lead_s) / tick_s), stream=stream)
    with suppress(av.FFmpegError):  # what was read before the damage counts
        for packet in container.demux(stream):
            decoded = packet.pts if packet.dts is None else packet.dts
            if decoded is None or packet.is_discard:
                continue
            if not is_reached and packet.is_keyframe:
                if _shown_at(packet) * tick_s > on_file.start_s + ROUNDING_S:
                    return
                is_reached = True
            if is_reached:
                yield packet
            if decoded * tick_s > on_file.end_s + _REORDERED_S:
                return


def _shown_at(packet: "Packet[Stream]") -> int:
    ticks = packet.dts if packet.pts is None else packet.pts
    assert ticks is not None
    return ticks


def _decoded(packets: "Iterable[Packet[Stream]]", stream: "VideoStream") -> Iterator[int]:
    """When each frame appears that these packets hold, in ticks of the stream's clock."""
    import av

    clock = FrameClock()
    for packet in chain(cast("Iterable[Packet[VideoStream]]", packets), (None,)):
        with suppress(av.FFmpegError):  # a packet that does not decode shows nothing
            for frame in stream.codec_context.decode(packet):
                ticks = clock.ticks(frame)
                if ticks is not None:
                    yield ticks
