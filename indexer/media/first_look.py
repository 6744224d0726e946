"""What headers do not tell of a stream of pictures: its turn, its colours, and whether it is only a cover."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from indexer.media.colours import Colours, colours_of

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_PACKETS_TRIED = 60
_PACKETS_BESIDE = 2_000
"""After so many packets of another stream of pictures, one that has shown a single frame will show no more."""
_SHORTEST_SOUND_S = 1.0


@dataclass(slots=True)
class Look:
    """What the first packets of one stream show."""

    rotation_deg: int = 0
    """Clockwise turn that makes the coded picture upright: 0, 90, 180 or 270."""
    colours: Colours | None = None
    """None until a frame decodes."""
    packets: int = 0
    decoded: bool = False
    lasts_s: float = 0.0
    """How long the first packet is shown, as it says itself; 0 if it does not."""

    def add(self, packet: "Packet[Stream]") -> None:
        """Count a packet; look at what decodes of the first few."""
        import av

        self.packets += 1
        if self.packets == 1:
            self.lasts_s = float((packet.duration or 0) * (packet.time_base or 0))
        if self.decoded or self.packets > _PACKETS_TRIED:
            return
        with suppress(av.FFmpegError):
            for frame in packet.decode():
                self.see(frame)  # type: ignore[arg-type]

    def see(self, frame: "VideoFrame") -> None:
        """Take what a decoded frame says."""
        self.decoded = True
        self.rotation_deg = round(-frame.rotation / 90) * 90 % 360
        self.colours = colours_of(frame)

    @property
    def done(self) -> bool:
        return self.packets > 1 and (self.decoded or self.packets >= _PACKETS_TRIED)


def first_look(container: "InputContainer") -> Mapping[int, Look]:
    """By stream index, what the first frames of all streams of pictures show. Reads no further than it must."""
    import av
    from av.stream import Disposition

    looks = {
        stream.index: Look()
        for stream in container.streams.video
        if stream.codec_context and not stream.disposition & Disposition.attached_pic
    }
    try:
        for packet in container.demux([container.streams[index] for index in looks]):
            if packet.size:
                looks[packet.stream_index].add(packet)
            others = max((look.packets for look in looks.values()), default=0)
            if others > _PACKETS_BESIDE or all(look.done for look in looks.values()):
                break
    except av.FFmpegError:
        pass  # a file that stops early still has headers; decoding says what is wrong with it
    for index, look in looks.items():
        if not look.decoded:  # some decoders keep the first frames back, and there may be no more
            with suppress(av.FFmpegError):
                for frame in cast("VideoStream", container.streams[index]).codec_context.decode(None):
                    look.see(frame)
    return looks


def is_cover(look: Look, sound_s: float | None) -> bool:
    """Whether a stream is one picture that goes with a sound, rather than a picture held while it is heard.

    ``sound_s`` is how long there is sound, None for none: a single frame without sound is a video.
    """
    if look.packets != 1 or sound_s is None:
        return False
    return sound_s >= _SHORTEST_SOUND_S and look.lasts_s < sound_s / 2
