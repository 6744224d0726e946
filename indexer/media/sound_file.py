"""Sound as decoding leaves it in a file: 16 kHz mono on the video's clock, without the silence."""

from array import array
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.domain import Span
from retrieval.encoders.base import SPEECH_RATE_HZ

BLOCK_SAMPLES = 7_680
"""Silence is left out by the block: 0.48 s, what the tagger of sounds steps over at a time."""

_LEAST_SAMPLES = SPEECH_RATE_HZ // 100


class Sound:
    """The samples of one track, read from its file as they are asked for; what was left out is read as zeros.

    Sample ``n`` is heard at ``n / 16000`` seconds. Nothing is held or mapped, however long it is.
    """

    def __init__(self, path: Path | None, length: int, blocks: NDArray[np.int64]) -> None:
        """``blocks`` are the numbers of those that lie in the file, one after another in ascending order."""
        self._path = path
        self._length = length
        self._blocks = blocks

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, part: slice) -> NDArray[np.int16]:
        first, end, step = part.indices(self._length)
        if step != 1 or end <= first:
            return np.zeros(0, np.int16) if step == 1 else self[:][part]
        origin, past = first // BLOCK_SAMPLES, -(-end // BLOCK_SAMPLES)
        grid = np.zeros((past - origin, BLOCK_SAMPLES), np.int16)
        begin, stop = (int(place) for place in np.searchsorted(self._blocks, (origin, past)))
        if self._path is not None and begin < stop:
            kept = np.fromfile(
                self._path, "<i2", (stop - begin) * BLOCK_SAMPLES, offset=begin * BLOCK_SAMPLES * grid.itemsize
            )
            grid[self._blocks[begin:stop] - origin] = kept.reshape(-1, BLOCK_SAMPLES)
        return grid.reshape(-1)[first - origin * BLOCK_SAMPLES : end - origin * BLOCK_SAMPLES]

    def is_silent(self, span: Span) -> bool:
        """Whether there is nothing but zeros in the span, as far as can be told without reading."""
        edges = (int(span.start_s * SPEECH_RATE_HZ) // BLOCK_SAMPLES, -(-span.end_s * SPEECH_RATE_HZ // BLOCK_SAMPLES))
        begin, stop = np.searchsorted(self._blocks, edges)
        return bool(begin == stop)

    def stretches_s(self) -> NDArray[np.float64]:
        """(n, 2) where each stretch with anything in it starts and ends, in order."""
        after_gap = np.flatnonzero(np.diff(self._blocks) > 1) + 1
        firsts = self._blocks[np.concatenate(([0], after_gap))] if len(self._blocks) else self._blocks
        lasts = self._blocks[np.concatenate((after_gap - 1, [-1]))] if len(self._blocks) else self._blocks
        return np.stack([firsts, lasts + 1], axis=1) * (BLOCK_SAMPLES / SPEECH_RATE_HZ)


NO_SOUND = Sound(None, 0, np.zeros(0, np.int64))


class SoundFileWriter:
    """Takes samples in the order in which they are heard, with gaps; ``close`` makes it what ``sound_in`` reads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("wb")
        self._blocks = array("q")
        self._block = 0
        self._samples = np.zeros(BLOCK_SAMPLES, np.int16)
        self.length = 0
        """Samples so far, silence and all."""

    def skip_to(self, length: int) -> None:
        """Nothing is heard until sample ``length``."""
        self.length = max(self.length, length)

    def write(self, samples: NDArray[np.int16]) -> None:
        """What is heard next."""
        while len(samples):
            block, within = divmod(self.length, BLOCK_SAMPLES)
            if block != self._block:
                self._keep()
                self._block = block
            some = samples[: BLOCK_SAMPLES - within]
            self._samples[within : within + len(some)] = some
            self.length += len(some)
            samples = samples[len(some) :]

    def close(self) -> None:
        """Write what is still held, and which blocks lie in the file."""
        self._keep()
        self._file.close()
        np.savez(_index_of(self._path), length=self.length, blocks=np.array(self._blocks, np.int64))

    def _keep(self) -> None:
        if self._samples.any():
            self._file.write(self._samples.astype("<i2").tobytes())
            self._blocks.append(self._block)
            self._samples[:] = 0


def sound_in(path: Path) -> Sound:
    """The sound that was written to a file; none if it is too short to be heard."""
    with np.load(_index_of(path)) as index:
        length, blocks = int(index["length"]), index["blocks"]
    return Sound(path, length, blocks) if length >= _LEAST_SAMPLES else NO_SOUND


def delete_sound(path: Path) -> None:
    """Delete a file of sound and what belongs to it."""
    path.unlink()
    _index_of(path).unlink()


def _index_of(path: Path) -> Path:
    return path.with_suffix(".npz")
