"""One stream being decoded: its frames with their times on the video's clock, and what was wrong."""

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
LONGEST_VIDEO_S = 7 * 24 * 3600.0
"""Timestamps that leap further are damage; following them would make hours out of nothing."""
LONGEST_FRAME_S = 10.0
RESTART_S = 1.0
"""Timestamps that fall back further start over, as in recordings joined end to end; the clock runs on."""
PREROLL_S = 0.0005


class Track:
    """Decodes packets of one stream; what does not decode is counted and left out."""

    def __init__(self, stream: "VideoStream | AudioStream", origin_s: float, interval_s: float) -> None:
        self.stream = stream
        self.frames = 0
        self.damaged = 0
        """Frames that came out with holes in them."""
        self.undecodable = 0
        """Packets that gave nothing."""
        self.misplaced = 0
        """Frames left out because their time leaps ahead or runs backwards."""
        self.restarts = 0
        self.end_s = 0.0
        """When the last frame ends."""
        self._base_s = float(stream.time_base or 0)
        self._origin_s = origin_s
        self._interval_s = interval_s
        self._last_s: float | None = None

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
        time_s = self.end_s if frame.pts is None else frame.pts * self._base_s - self._origin_s
        if self._last_s is not None and time_s < self._last_s - RESTART_S:
            self.restarts += 1
            self._origin_s -= self.end_s - time_s
            time_s = self.end_s
        if time_s < -PREROLL_S:
            return None
        time_s = max(time_s, 0.0)
        last_s = -PREROLL_S if self._last_s is None else self._last_s
        if not last_s < time_s < min(last_s + LONGEST_GAP_S, LONGEST_VIDEO_S):
            self.misplaced += 1
            return None
        if self._last_s is not None:
            self._interval_s = min(time_s - last_s, LONGEST_FRAME_S)
        # No frame follows the last to say when it ends, and its header may claim hours.
        duration_s = frame.duration * self._base_s
        lasts_s = duration_s if 0 < duration_s <= LONGEST_FRAME_S else self._interval_s
        self._last_s, self.end_s = time_s, time_s + lasts_s
        return time_s
