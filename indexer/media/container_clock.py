"""One stream being decoded: its frames with their times on the video's clock, and what was wrong."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.packet import Packet
    from av.stream import Stream
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

LONGEST_GAP_S = 3600.0
"""Timestamps that leap further are damage; following them would make hours out of nothing."""
PAST_THE_END = 50
"""So many frames on end that lie past what is indexed are no stray ones: all that follow do."""
LONGEST_FRAME_S = 10.0
PREROLL_S = 0.0005


class FrameClock:
    """Which of a frame's two timestamps to believe, as all players of libav do it (``best_effort_timestamp``).

    Containers without presentation times (AVI, many DVDs) get guessed ones, which run backwards where the guess is
    wrong; the decoding time of the packet that brought the frame out is then the better one.
    """

    def __init__(self) -> None:
        self._last_pts: int | None = None
        self._last_dts: int | None = None
        self._faulty_pts = 0
        self._faulty_dts = 0

    def ticks(self, frame: "VideoFrame | AudioFrame") -> int | None:
        """When the frame is shown, in ticks of its stream; None if nothing says so."""
        pts, dts = frame.pts, frame.dts
        if dts is not None:
            self._faulty_dts += self._last_dts is not None and dts <= self._last_dts
        if pts is not None:
            self._faulty_pts += self._last_pts is not None and pts <= self._last_pts
        self._last_dts = pts if dts is None else dts
        self._last_pts = dts if pts is None else pts
        if pts is None or (self._faulty_pts > self._faulty_dts and dts is not None):
            return dts
        return pts


class Track:
    """Decodes packets of one stream; what does not decode is counted and left out."""

    def __init__(
        self, stream: "VideoStream | AudioStream", origin_s: float, interval_s: float, longest_s: float = math.inf
    ) -> None:
        """Frames from ``longest_s`` on are left out."""
        self.stream = stream
        self.frames = 0
        self.damaged = 0
        """Frames that came out with holes in them."""
        self.undecodable = 0
        """Packets that gave nothing."""
        self.misplaced = 0
        """Frames left out because their time leaps ahead or runs backwards."""
        self.late = 0
        """Frames left out because they lie past what is indexed."""
        self.is_over = False
        """Whether all that follows does."""
        self.end_s = 0.0
        """When the last frame ends."""
        self._longest_s = longest_s
        self._late_on_end = 0
        self._base_s = float(stream.time_base or 0)
        self._origin_s = origin_s
        # A rate that headers claim may be one frame in days.
        self._interval_s = min(interval_s, LONGEST_FRAME_S)
        self._last_s: float | None = None
        self._clock = FrameClock()

    def decode(self, packet: "Packet[Stream] | None") -> Iterator[tuple["VideoFrame | AudioFrame", float]]:
        """Frames that come out of this packet, and when each is shown or heard; None flushes the decoder."""
        import av

        try:
            frames = self.stream.codec_context.decode(packet)
        except av.error.EOFError:
            return
        except av.FFmpegError:
            self.undecodable += 1
            return
        for frame in frames:
            self.frames += 1
            self.damaged += frame.is_corrupt
            time_s = self._place(frame)
            if time_s is not None:
                yield frame, time_s

    def _place(self, frame: "VideoFrame | AudioFrame") -> float | None:
        """The frame's second; None if a player would not show it, or its time makes no sense."""
        ticks = self._clock.ticks(frame)
        time_s = self.end_s if ticks is None else ticks * self._base_s - self._origin_s
        if frame.dts is None and self._last_s is not None and time_s <= self._last_s:
            # What the decoder gives up at its end has a guessed time only.
            time_s = self.end_s
        if time_s < -PREROLL_S:
            return None
        time_s = max(time_s, 0.0)
        last_s = -PREROLL_S if self._last_s is None else self._last_s
        leaps = frame.dts is not None and time_s - (frame.dts * self._base_s - self._origin_s) > LONGEST_GAP_S
        if leaps or not last_s < time_s:
            self.misplaced += 1
            return None
        if time_s >= self._longest_s:
            self.late += 1
            self._late_on_end += 1
            self.is_over = self._late_on_end >= PAST_THE_END
            return None
        self._late_on_end = 0
        if self._last_s is not None:
            self._interval_s = min(time_s - last_s, LONGEST_FRAME_S)
        # No frame follows the last to say when it ends, and its header may claim hours.
        duration_s = frame.duration * self._base_s
        lasts_s = duration_s if 0 < duration_s <= LONGEST_FRAME_S else self._interval_s
        self._last_s, self.end_s = time_s, time_s + lasts_s
        return time_s
