"""Which of a file's sound tracks to listen to: the first that can be heard, and whichever say something else."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.encoders.base import SPEECH_RATE_HZ, Recording
from retrieval.mono import SILENCE_RMS

_BLOCK = SPEECH_RATE_HZ // 10
_BLOCKS_AT_ONCE = 600
_LOUD_BLOCKS = 10
"""A track is as loud as it is for a second: one click does not make it heard."""
_BANDS_HZ = (100, 250, 500, 1000, 2000, 4000, 8000)
_FAINT = 0.01
"""A track that stays 40 dB below the loudest holds nothing to be found."""
_MUCH_FAINTER = 0.05
"""Nobody listens to a track that is 26 dB fainter than another, though it be the first: it is hum or crosstalk."""
_OTHER_DB = 6.0
_OTHER_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class TrackProfile:
    """How one track sounds over time."""

    bands_db: NDArray[np.float32]
    """(blocks, bands), a tenth of a second each."""
    loudness: float
    """Root mean square of its loudest second, 0 to 1."""


def chosen(tracks: Sequence[Recording], on_progress: Callable[[float], None] = lambda _: None) -> tuple[int, ...]:
    """Positions of the tracks to listen to, the main one first. ``tracks`` come in order of preference.

    Those that hold the same as one before them, or nothing that can be heard, are left out. Empty if none
    can be heard. ``on_progress`` gets the seconds of sound, of all tracks together, that were compared.
    """
    profiles = []
    done_s = 0.0
    for samples in tracks:

        def told(more_s: float, before_s: float = done_s) -> None:
            on_progress(before_s + more_s)

        profiles.append(profile_of(samples, told))
        done_s += len(samples) / SPEECH_RATE_HZ
    loudest = max((profile.loudness for profile in profiles), default=0.0)
    heard = [
        position for position, profile in enumerate(profiles) if profile.loudness > max(SILENCE_RMS, _FAINT * loudest)
    ]
    # Sorting is stable: of those that are loud enough, the preferred.
    heard.sort(key=lambda position: profiles[position].loudness < _MUCH_FAINTER * loudest)
    kept: list[int] = []
    for position in heard:
        if all(_differ(profiles[position], profiles[other]) for other in kept):
            kept.append(position)
    return tuple(kept)


def profile_of(samples: Recording, on_progress: Callable[[float], None] = lambda _: None) -> TrackProfile:
    """What ``chosen`` compares; reads a minute at a time. ``on_progress`` gets the seconds that were read."""
    parts = [np.zeros((0, len(_BANDS_HZ) - 1), np.float32)]
    for number, part in enumerate(_band_powers(samples), start=1):
        parts.append(part)
        on_progress(number * _BLOCKS_AT_ONCE * _BLOCK / SPEECH_RATE_HZ)
    powers = np.concatenate(parts)
    totals = np.sort(powers.sum(axis=1))
    loud = totals[-min(_LOUD_BLOCKS, len(totals))] if len(totals) else 0.0
    return TrackProfile(np.asarray(10 * np.log10(powers + 1e-12), np.float32), float(np.sqrt(loud)))


def _band_powers(samples: Recording) -> Iterator[NDArray[np.float32]]:
    edges = np.searchsorted(np.fft.rfftfreq(_BLOCK, 1 / SPEECH_RATE_HZ), _BANDS_HZ)
    step = _BLOCK * _BLOCKS_AT_ONCE
    for start in range(0, len(samples) - _BLOCK + 1, step):
        piece = samples[start : start + step]
        if not piece.any():
            yield np.zeros((len(piece) // _BLOCK, len(_BANDS_HZ) - 1), np.float32)
            continue
        blocks = piece[: len(piece) // _BLOCK * _BLOCK].reshape(-1, _BLOCK).astype(np.float32) / 32768
        powers = np.square(np.abs(np.fft.rfft(blocks, axis=1))) * 2 / _BLOCK**2
        yield np.asarray(np.add.reduceat(powers, edges, axis=1)[:, :-1], np.float32)


def _differ(one: TrackProfile, other: TrackProfile) -> bool:
    """Whether two tracks hold different sound, rather than the same at another level or by another codec."""
    length = min(len(one.bands_db), len(other.bands_db))
    first, second = one.bands_db[:length], other.bands_db[:length]
    floor_db = 20 * np.log10(_FAINT * max(one.loudness, other.loudness))
    audible = (first.max(axis=1) > floor_db) | (second.max(axis=1) > floor_db)
    if not audible.any():
        return True
    gain_db = np.median(first[audible] - second[audible])
    distance_db = np.abs(np.maximum(first[audible], floor_db) - np.maximum(second[audible] + gain_db, floor_db)).mean(
        axis=1
    )
    return bool(np.mean(distance_db > _OTHER_DB) > _OTHER_SHARE)
