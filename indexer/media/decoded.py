"""What one decoding pass leaves in a folder: sampled frames, samples, and the signal that shots come from."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.media.sound_file import NO_SOUND, Sound, sound_in
from indexer.media.uneventful import uneventful_stretches
from retrieval.atomic import replacing
from retrieval.domain import Span
from retrieval.stream_clock import StreamClock

FRAMES_FOLDER = "frames"
TEXT_FOLDER = "text"
SAMPLES_NAME = "sound_{index}_16khz_mono.s16le"
RECORD_NAME = "decoded.json"
_SIGNAL_NAME = "signal.npz"


@dataclass(frozen=True, slots=True)
class SampledFrame:
    """One kept frame. File names are relative to the folder; times are on the video's clock."""

    time_s: float
    file: str
    still_until_s: float
    """Up to here the picture stayed as it is in this frame."""
    text_file: str | None = None
    """A larger picture of the same, if it is worth reading text off."""


@dataclass(frozen=True, slots=True)
class HeardTrack:
    """A sound track that is listened to. The file name is relative to the folder."""

    index: int
    language: str | None
    """As the file has it, three letters mostly."""
    file: str


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """One file, decoded. Lies in ``folder`` and can be moved with it."""

    folder: Path
    duration_s: float
    """End of the last frame or sound, whichever is later: what the content shows, not what headers claim."""
    video_index: int | None
    """Index of the stream whose frames these are; None if there is no picture."""
    heard: tuple[HeardTrack, ...]
    """The tracks that differ and can be heard, the one that counts as the video's sound first; empty without sound."""
    frames: tuple[SampledFrame, ...]
    times_s: NDArray[np.float64]
    """(n,) presentation time of every decoded frame."""
    signal: NDArray[np.float32]
    """(n, 3) what ``shots.find_shots`` needs of every decoded frame."""
    warnings: tuple[str, ...]
    size: tuple[int, int] | None = None
    """Width and height of the largest picture, upright, in square pixels."""
    sound_track: int | None = None
    """Index of the track that counts as the video's sound, if it is not the one that players start with."""
    clock: StreamClock | None = None
    """How the file's timestamps run, where they start over or leap."""

    @property
    def has_audio(self) -> bool:
        return bool(self.heard)

    @property
    def sound(self) -> Sound:
        """The track that counts as the video's sound; without any, one of no length."""
        return self.sound_of(self.heard[0]) if self.heard else NO_SOUND

    def sound_of(self, track: HeardTrack) -> Sound:
        """What is heard in one of the tracks."""
        return sound_in(self.folder / track.file)

    @property
    def uneventful(self) -> tuple[Span, ...]:
        """Where no new picture comes and nothing is heard for long, in order."""
        heard_s = [self.sound_of(track).stretches_s() for track in self.heard]
        return uneventful_stretches(self.times_s, np.concatenate([np.zeros((0, 2)), *heard_s]), self.duration_s)

    def frame_path(self, frame: SampledFrame) -> Path:
        """The picture to encode and to show."""
        return self.folder / frame.file

    def text_path(self, frame: SampledFrame) -> Path | None:
        """The picture to read text off, if any."""
        return None if frame.text_file is None else self.folder / frame.text_file

    def save(self) -> None:
        """Write the record into ``folder``; the JSON comes last, so where it lies all is complete."""
        np.savez(self.folder / _SIGNAL_NAME, times_s=self.times_s, signal=self.signal)
        record = {
            "duration_s": self.duration_s,
            "video_index": self.video_index,
            "heard": [asdict(track) for track in self.heard],
            "frames": [asdict(frame) for frame in self.frames],
            "warnings": self.warnings,
            "size": self.size,
            "sound_track": self.sound_track,
            "clock": self.clock.to_json() if self.clock else None,
        }
        with replacing(self.folder / RECORD_NAME) as draft:
            draft.write_text(json.dumps(record), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "Decoded | None":
        """What was saved in ``folder``, or None if decoding did not get to its end there."""
        try:
            record = json.loads((folder / RECORD_NAME).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        with np.load(folder / _SIGNAL_NAME) as arrays:
            return cls(
                folder=folder,
                duration_s=record["duration_s"],
                video_index=record["video_index"],
                heard=tuple(HeardTrack(**track) for track in record["heard"]),
                frames=tuple(SampledFrame(**frame) for frame in record["frames"]),
                times_s=arrays["times_s"],
                signal=arrays["signal"],
                warnings=tuple(record["warnings"]),
                size=tuple(record["size"]) if record["size"] else None,
                sound_track=record["sound_track"],
                clock=StreamClock.from_json(record["clock"]) if record.get("clock") else None,
            )
