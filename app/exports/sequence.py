"""Moments one after another on one clock, in whole frames: what editing lists and reels are written from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.exports.timecode import USUAL_RATE, Rate, StartTimecode, nearest_rate
from retrieval.domain import Span

if TYPE_CHECKING:
    from app.exports.chosen import Chosen
    from indexer.media.colours import Colours
    from indexer.media.probe import MediaInfo

USUAL_SIZE = (1920, 1080)
LONGEST_SIDE = 1920
FIRST_HOUR_S = 3600
"""Sequences start at timecode 01:00:00:00, as cutting programs have it."""


@dataclass(frozen=True, slots=True)
class SourceMedia:
    """A media file as a cutting program sees it. Without pictures, ``size`` is None; without sound, ``channels`` is 0.

    ``rate`` is the standard rate nearest to the file's own, ``frames`` its length at that rate.
    """

    video_id: str
    path: Path
    rate: Rate
    frames: int
    start: StartTimecode
    size: tuple[int, int] | None
    channels: int
    sample_rate_hz: int
    colours: "Colours | None" = None

    @property
    def start_frame(self) -> int:
        """The number that the file's first frame bears, counted at its own rate."""
        return self.start.frame(self.rate)


@dataclass(frozen=True, slots=True)
class Cut:
    """One moment in the sequence: ``frames`` long from frame ``record_in`` on, at the sequence's rate."""

    source: SourceMedia
    title: str
    span: Span
    record_in: int
    frames: int

    @property
    def record_out(self) -> int:
        return self.record_in + self.frames

    @property
    def source_in(self) -> int:
        """The frame that the cut starts with, counted from the file's first at the file's rate.

        The nearest to the moment's start. Every list and the reel start there: this is the one place that rounds.
        """
        return min(self.source.rate.frame_at(self.span.start_s), self.source.frames - 1)

    def read(self, rate: Rate) -> Span:
        """The seconds of the file that the cut shows in a sequence of ``rate``."""
        start = self.source.rate.time_of(self.source_in)
        return Span(float(start), float(start + rate.time_of(self.frames)))


@dataclass(frozen=True, slots=True)
class EditSequence:
    """Cuts without gaps or overlaps; frame 0 bears the timecode 01:00:00:00."""

    name: str
    rate: Rate
    size: tuple[int, int]
    cuts: tuple[Cut, ...]

    @property
    def frames(self) -> int:
        return self.cuts[-1].record_out

    @property
    def start_frame(self) -> int:
        """The number of the first frame."""
        return StartTimecode(FIRST_HOUR_S, 0, self.rate.drops).frame(self.rate)


def lay_out(
    name: str, chosen: "Sequence[Chosen]", infos: "Mapping[Path, MediaInfo]", rate: Rate | None = None
) -> EditSequence:
    """The moments in their order, at ``rate`` or else that of the first that has pictures.

    Starts and ends go to the nearest frame; no moment is shorter than a frame.
    """
    sources = [_source(moment, infos[moment.path]) for moment in chosen]
    rate = rate or next((source.rate for source in sources if source.size), USUAL_RATE)
    cuts: list[Cut] = []
    record_in = 0
    for moment, source in zip(chosen, sources, strict=True):
        frames = max(1, rate.frame_at(moment.span.end_s) - rate.frame_at(moment.span.start_s))
        cuts.append(Cut(source, moment.title, moment.span, record_in, frames))
        record_in += frames
    return EditSequence(name, rate, _common_size([source.size for source in sources if source.size]), tuple(cuts))


def _source(moment: "Chosen", info: "MediaInfo") -> SourceMedia:
    video, audio = info.video, info.audio
    rate = nearest_rate(video.nominal_rate_fps) if video else USUAL_RATE
    return SourceMedia(
        video_id=moment.video_id,
        path=moment.path,
        rate=rate,
        frames=max(1, rate.frame_at(moment.video_duration_s)),
        start=StartTimecode.parse(info.start_timecode, rate),
        size=(video.width, video.height) if video and video.width and video.height else None,
        colours=video.colours if video else None,
        channels=audio.channels if audio else 0,
        sample_rate_hz=audio.rate_hz if audio else 0,
    )


def _common_size(sizes: list[tuple[int, int]]) -> tuple[int, int]:
    """The largest picture's size, in even numbers, its longer side 1920 pixels at most."""
    width, height = max(sizes, key=lambda size: size[0] * size[1], default=USUAL_SIZE)
    scale = min(1.0, LONGEST_SIDE / max(width, height))
    return even(width * scale), even(height * scale)


def even(pixels: float) -> int:
    """The nearest even number, 2 at least: what H.264 with 4:2:0 colour can be."""
    return max(2, round(pixels / 2) * 2)
