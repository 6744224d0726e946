"""Sound of any number of channels as 16 kHz mono in which channels out of phase do not cancel each other."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from retrieval.encoders.base import SPEECH_RATE_HZ, Samples

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.resampler import AudioResampler

REACH = 255
"""Samples that the phase shifter looks back and ahead: 16 ms, enough from 60 Hz on."""
CANCELLED_RATIO = 4.0
"""Where the difference of the channels has four times the power of their sum, the sum has lost the sound."""
AUDIBLE_RMS = 1e-3
SILENCE_RMS = 1e-4
"""Quieter than this is silence: it is not indexed, and finds nothing as a query."""


class MonoMix:
    """Mixes frames of one format, in order: the mean of the channels, and their difference beside it.

    The difference of left and right is turned by 90° before it is added, so that nothing that is in either
    cancels: what both channels have alike comes out as it is, what they have with opposite signs (one of them
    connected the wrong way round) as loud as it is, what only one has at 0.7 of that. Surround sound is
    mixed to stereo first.
    """

    def __init__(self) -> None:
        from av.audio.resampler import AudioResampler

        self._mean = AudioResampler(format="s16p", layout="mono", rate=SPEECH_RATE_HZ)
        self._stereo: AudioResampler | None = None
        self._is_first = True
        self._waiting = np.zeros(0, np.float32)
        self._difference = np.zeros(REACH, np.float32)
        self.cancelled_s = 0.0
        """Audible seconds so far in which the mean alone would have lost the sound."""

    def add(self, frame: "AudioFrame") -> Iterator[Samples]:
        """What is finished once this frame is there."""
        if self._is_first:
            self._is_first = False
            if frame.layout.nb_channels > 1:
                from av.audio.resampler import AudioResampler

                self._stereo = AudioResampler(format="s16p", layout="stereo", rate=SPEECH_RATE_HZ)
        yield from self._mixed(frame)

    def end(self) -> Iterator[Samples]:
        """The rest."""
        if not self._is_first:
            yield from self._mixed(None)

    def _mixed(self, frame: "AudioFrame | None") -> Iterator[Samples]:
        mean = _samples(self._mean, frame, 1)[0]
        if self._stereo is None:
            yield mean
            return
        left, right = _samples(self._stereo, frame, 2)
        difference = (left - right) / 2
        self._note(mean, difference)
        if frame is None:
            difference = np.append(difference, np.zeros(REACH, np.float32))
        self._waiting = np.append(self._waiting, mean)
        self._difference = np.append(self._difference, difference)
        count = len(self._difference) - 2 * REACH
        if count > 0:
            count = min(count, len(self._waiting))
            yield self._waiting[:count] + _turned(self._difference[: count + 2 * REACH])
            self._waiting, self._difference = self._waiting[count:], self._difference[count:]

    def _note(self, mean: Samples, difference: Samples) -> None:
        if not len(difference):
            return
        lost, kept = float(np.mean(np.square(difference))), float(np.mean(np.square(mean)))
        if lost > AUDIBLE_RMS**2 and lost > CANCELLED_RATIO * kept:
            self.cancelled_s += len(difference) / SPEECH_RATE_HZ


def _samples(resampler: "AudioResampler", frame: "AudioFrame | None", channels: int) -> Samples:
    """(channels, n) at 16 kHz; None gives what the resampler still holds."""
    parts = [part.to_ndarray() for part in resampler.resample(frame) if part is not None]
    if not parts:
        return np.zeros((channels, 0), np.float32)
    return np.concatenate(parts, axis=1, dtype=np.float32) / np.float32(32768)


def _phase_shifter() -> Samples:
    """A Hilbert transformer of 2 * REACH + 1 taps under a Blackman window."""
    taps = np.arange(-REACH, REACH + 1)
    ideal = np.where(taps % 2 == 0, 0.0, 2 / (np.pi * np.where(taps == 0, 1, taps)))
    return np.asarray(ideal * np.blackman(len(taps) + 2)[1:-1], np.float32)


_SHIFTER = _phase_shifter()


def _turned(samples: Samples) -> Samples:
    """The samples turned by 90°, without the REACH at either end."""
    if not samples.any():
        return np.zeros(len(samples) - 2 * REACH, np.float32)
    size = 1 << (len(samples) + len(_SHIFTER) - 2).bit_length()
    spectrum = np.fft.rfft(samples, size) * np.fft.rfft(_SHIFTER, size)
    return np.asarray(np.fft.irfft(spectrum, size)[2 * REACH : len(samples)], np.float32)
