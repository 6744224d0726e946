"""Clips for a transcriber that always encodes 30 s: utterances end to end, and the way back of times. Pure."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from retrieval.domain import Span
from retrieval.encoders.base import SPEECH_RATE_HZ, Recording, Samples

CLIP_S = 28.0
"""As much as goes into one clip: what is asked of a window to its last frame comes out worse."""

FRAME_SAMPLES = 320
"""Samples per frame of what Whisper's encoder puts out. Clips are whole frames: aligners trip over a part of one."""

FRAME_S = FRAME_SAMPLES / SPEECH_RATE_HZ

_QUIET_S = 0.1
_AROUND_S = 0.2
_LONGEST_SAMPLES = round(CLIP_S * SPEECH_RATE_HZ)


@dataclass(frozen=True, slots=True)
class Utterance:
    """Samples [first, last) of a recording in which somebody speaks, ``CLIP_S`` of them at most."""

    first: int
    last: int

    @property
    def length(self) -> int:
        return self.last - self.first

    @property
    def duration_s(self) -> float:
        return self.length / SPEECH_RATE_HZ

    @property
    def span(self) -> Span:
        return Span(self.first / SPEECH_RATE_HZ, self.last / SPEECH_RATE_HZ)


@dataclass(frozen=True, slots=True)
class SpeechClip:
    """Utterances in time order, one right after the other.

    Voice activity pads each by 0.15 s, so that 0.3 s are left of every longer pause.
    """

    utterances: tuple[Utterance, ...]

    def samples(self, recording: Recording) -> Samples:
        """What is heard of the recording's float32 samples: whole frames, the last filled up with silence."""
        sound = np.concatenate([recording[one.first : one.last] for one in self.utterances])
        return np.pad(sound, (0, -len(sound) % FRAME_SAMPLES))

    def frames(self) -> list[slice]:
        """Which of the encoder's frames belong to each utterance; one at least, shared if need be."""
        starts = self._starts()
        return [
            slice(start // FRAME_SAMPLES, max(start // FRAME_SAMPLES + 1, (start + one.length) // FRAME_SAMPLES))
            for start, one in zip(starts, self.utterances, strict=True)
        ]

    def place(self, said: Span) -> tuple[int, Span]:
        """The utterance that holds the middle of seconds of the clip, and when that is in the recording.

        What reaches out of the utterance is cut off. In time order as the seconds of the clip are.
        """
        starts = self._starts()
        middle = (said.start_s + said.end_s) / 2 * SPEECH_RATE_HZ
        ordinal = max(0, bisect_right(starts, middle) - 1)
        utterance = self.utterances[ordinal]
        shift_s = (utterance.first - starts[ordinal]) / SPEECH_RATE_HZ
        start_s = min(max(said.start_s + shift_s, utterance.span.start_s), utterance.span.end_s)
        end_s = min(max(said.end_s + shift_s, start_s), utterance.span.end_s)
        return ordinal, Span(start_s, end_s)

    def frames_during(self, said: Span) -> slice:
        """The encoder's frames of seconds of the recording, and a little around them in the same utterances."""
        first, last = (round(time_s * SPEECH_RATE_HZ) for time_s in (said.start_s - _AROUND_S, said.end_s + _AROUND_S))
        inside = [
            (start + max(first, one.first) - one.first, start + min(last, one.last) - one.first)
            for start, one in zip(self._starts(), self.utterances, strict=True)
            if first < one.last and one.first < last
        ]
        return slice(inside[0][0] // FRAME_SAMPLES, -(-inside[-1][1] // FRAME_SAMPLES))

    def _starts(self) -> list[int]:
        return [0, *accumulate(one.length for one in self.utterances[:-1])]


def clips_of(samples: Samples, speech: Sequence[Span]) -> Iterator[SpeechClip]:
    """All speech of 16 kHz samples in clips of at most ``CLIP_S``; longer utterances are cut where it is quiet."""
    clip: list[Utterance] = []
    room = _LONGEST_SAMPLES
    for utterance in (part for span in speech for part in _utterances(samples, span)):
        if clip and utterance.length > room:
            yield SpeechClip(tuple(clip))
            clip, room = [], _LONGEST_SAMPLES
        clip.append(utterance)
        room -= utterance.length
    if clip:
        yield SpeechClip(tuple(clip))


def halves(samples: Samples, utterance: Utterance) -> tuple[Utterance, Utterance]:
    """The utterance in two, cut at the quietest place of its middle half."""
    quarter = utterance.length // 4
    cut = quietest(samples, utterance.first + quarter, utterance.last - quarter)
    return Utterance(utterance.first, cut), Utterance(cut, utterance.last)


def quietest(samples: Samples, first: int, last: int) -> int:
    """The middle of the quietest tenth of a second of samples [first, last)."""
    width = min(round(_QUIET_S * SPEECH_RATE_HZ), last - first)
    energy = np.concatenate([[0.0], np.cumsum(np.square(samples[first:last], dtype=np.float64))])
    return first + int(np.argmin(energy[width:] - energy[: len(energy) - width])) + width // 2


def _utterances(samples: Samples, span: Span) -> Iterator[Utterance]:
    first, end = (min(round(time_s * SPEECH_RATE_HZ), len(samples)) for time_s in (span.start_s, span.end_s))
    while end - first > _LONGEST_SAMPLES:
        cut = quietest(samples, first + _LONGEST_SAMPLES // 2, first + _LONGEST_SAMPLES)
        yield Utterance(first, cut)
        first = cut
    if end > first:
        yield Utterance(first, end)
