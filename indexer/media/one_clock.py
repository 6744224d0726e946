"""A stretch of a file that cannot be cut by its own timestamps, as a copy with those of the one clock.

Where they start over or leap, packets are copied without decoding; where there are none, frames without loss.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

from indexer.media.container_clock import Track
from indexer.media.probe import MediaInfo, open_media
from indexer.media.stream_clock import CLOCK_HZ, MPEG, USUAL_FRAME_S, OnClock
from retrieval.domain import Span
from retrieval.storage.media_roots import ANYWHERE
from retrieval.stream_clock import StreamClock

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

UNTIMED = frozenset({"h264", "hevc", "m4v", "mpegvideo", "obu", "vc1"})
"""Pictures alone, without timestamps or with guessed ones: frames follow one another at the rate that they state."""
_LEAD_S = 1.0
_LEADS_S = (3.0, 15.0, 75.0)
"""How far before the stretch to begin, until a keyframe of the picture lies in between."""
_AFTER_S = 3.0
_LONG_AFTER_S = 15.0
"""Streams end this far after the stretch; one that has ended before does not keep the other from ending."""
_NEAR_BYTES = 200_000


def copied(info: MediaInfo, clock: StreamClock, span: Span, copy: Path) -> MediaInfo:
    """What the ``copy`` holds: the packets of the span and a little around it, on the clock."""
    import av

    wanted = [stream.index for stream in (info.video, info.audio) if stream]
    with open_media(info.path, info.roots) as container, av.open(str(copy), "w") as made:
        streams = [container.streams[index] for index in wanted]
        copies = [made.add_stream_from_template(cast("VideoStream | AudioStream", stream)) for stream in streams]
        if info.container in MPEG:
            begin = _place_before(container, info, clock, span.start_s)
            container.seek(begin, unsupported_byte_offset=True)
        made.start_encoding()
        last_ticks: dict[int, int] = {}
        for packet in _until_after(container, streams, clock, span.end_s):
            copied = copies[wanted.index(packet.stream_index)]
            written_in = cast(Fraction, copied.time_base)  # known since the header was written
            shown, decoded = (
                None if ticks is None else round(ticks * packet.time_base / written_in)
                for ticks in (packet.pts, packet.dts)
            )
            decoded = shown if decoded is None else decoded
            if decoded is None:
                continue
            # Decoding of a new piece begins before it is shown, and so before the end of the last: muxers refuse that.
            decoded = max(decoded, last_ticks.get(packet.stream_index, decoded - 1) + 1)
            last_ticks[packet.stream_index] = packet.dts = decoded
            packet.pts = decoded if shown is None else max(shown, decoded)
            packet.duration = round((packet.duration or 0) * packet.time_base / written_in)
            packet.time_base, packet.stream = written_in, copied
            made.mux(packet)
    videos = (replace(info.video, index=0),) if info.video else ()
    audios = (replace(info.audio, index=len(videos)),) if info.audio else ()
    return replace(
        info,
        path=copy,
        container=made.format.name,
        start_time_s=0.0,
        video_streams=videos,
        audio_tracks=audios,
        clock=None,
        roots=ANYWHERE,
    )


def timed(info: MediaInfo, span: Span, copy: Path) -> MediaInfo:
    """What the ``copy`` holds: the frames of the span and some before it, without loss, at the times of the index."""
    import av

    assert info.video is not None
    with open_media(info.path, info.roots) as container, av.open(str(copy), "w") as made:
        stream = container.streams.video[0]
        frame_s = 1 / info.video.frame_rate_fps if info.video.frame_rate_fps else USUAL_FRAME_S
        track = Track(stream, info.start_time_s, frame_s)
        copied = made.add_stream("ffv1", rate=CLOCK_HZ)
        copied.time_base = copied.codec_context.time_base = Fraction(1, CLOCK_HZ)
        copied.width, copied.height = info.video.coded_width, info.video.coded_height
        copied.pix_fmt = stream.codec_context.pix_fmt or "yuv420p"
        if stream.sample_aspect_ratio:
            copied.codec_context.sample_aspect_ratio = stream.sample_aspect_ratio
        for frame, time_s in _frames(container, track):
            if time_s > span.end_s:
                break
            if time_s > span.start_s - _LEAD_S:
                frame = frame.reformat(copied.width, copied.height, copied.pix_fmt)
                frame.pts, frame.time_base = round(time_s * CLOCK_HZ), Fraction(1, CLOCK_HZ)
                made.mux(copied.encode(frame))
        made.mux(copied.encode(None))
    return replace(
        info,
        path=copy,
        container=made.format.name,
        start_time_s=0.0,
        video_streams=(replace(info.video, index=0),),
        roots=ANYWHERE,
    )


def _frames(container: "InputContainer", track: Track) -> "Iterator[tuple[VideoFrame, float]]":
    import av

    packets = container.demux(track.stream)
    with suppress(av.FFmpegError):  # what was read before the damage counts
        for packet in packets:
            if packet.size:
                yield from cast("Iterator[tuple[VideoFrame, float]]", track.decode(packet))
    yield from cast("Iterator[tuple[VideoFrame, float]]", track.decode(None))


def _place_before(container: "InputContainer", info: MediaInfo, clock: StreamClock, start_s: float) -> int:
    """A byte of the file from which on there is a keyframe before that second; 0 is its start."""
    stream = container.streams[(info.video or info.audio or info.audio_tracks[0]).index]
    for lead_s in _LEADS_S:
        place, end = 0, info.size_bytes
        while end - place > _NEAR_BYTES:
            middle = (place + end) // 2
            time_s = next(_times(container, stream, clock, middle, keyframes=False), None)
            if time_s is not None and time_s < start_s - lead_s:
                place = middle
            else:
                end = middle
        keyframe_s = next(_times(container, stream, clock, place, keyframes=True), None)
        if keyframe_s is not None and keyframe_s <= start_s:
            return place
    return 0


def _times(
    container: "InputContainer", stream: "Stream", clock: StreamClock, place: int, *, keyframes: bool
) -> Iterator[float]:
    """When the stream's packets from a byte on are shown, by the clock."""
    import av

    on_clock = OnClock(clock)
    with suppress(av.FFmpegError):
        container.seek(place, unsupported_byte_offset=True)
        for packet in container.demux(stream):
            ticks = packet.dts if packet.pts is None else packet.pts
            if packet.size and ticks is not None and (packet.is_keyframe or not keyframes):
                yield ticks * float(packet.time_base) + on_clock.offset_s(packet)


def _until_after(
    container: "InputContainer", streams: "list[Stream]", clock: StreamClock, end_s: float
) -> "Iterator[Packet[Stream]]":
    """Packets by the clock, those of pictures from a keyframe on, until all streams are past the end."""
    import av

    on_clock, past, begun = OnClock(clock), set[int](), set[int]()
    with suppress(av.FFmpegError):  # what was read before the damage counts
        for packet in container.demux(streams):
            if not packet.size:
                continue
            packet = on_clock.shifted(packet)
            if packet.stream_index in begun or packet.is_keyframe:
                begun.add(packet.stream_index)
                yield packet
            time_s = (packet.dts or packet.pts or 0) * float(packet.time_base)
            if time_s > end_s + _AFTER_S:
                past.add(packet.stream_index)
            if len(past) == len(streams) or time_s > end_s + _LONG_AFTER_S:
                return
