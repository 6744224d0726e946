"""How loud a moment is from its start to its end."""

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from app.exports.chosen import ChosenStretch
from app.exports.exporter import Exporter
from retrieval.asking.media_input import read_sound
from retrieval.domain import Gone
from retrieval.encoders.base import Samples
from retrieval.errors import InputError, QueryError

if TYPE_CHECKING:
    from retrieval.storage.library import Library

MOST_BARS = 1_000


def waveform(exporter: Exporter, library: "Library", choice: ChosenStretch, bars: int, gone: Gone) -> list[float]:
    """The loudest of each of so many equal parts, against the loudest of all; zeros where nothing is heard.

    Read of the clip that a player would be given. Raises as ``Exporter.clip``.
    """
    clip = exporter.clip(library, choice, gone)
    try:
        samples = read_sound(clip, choice.span.duration_s)
    except (InputError, QueryError):
        # Without sound, or with silence alone.
        return [0.0] * bars
    return peaks_of(samples, bars)


def peaks_of(samples: Samples, bars: int) -> list[float]:
    """The largest of each of ``bars`` equal parts of (n,) samples, 1 for the largest of all."""
    edges = np.linspace(0, len(samples), bars + 1).astype(int)
    parts = [np.abs(samples[start:end]) for start, end in pairwise(edges)]
    peaks = np.array([part.max() if len(part) else 0.0 for part in parts])
    most = peaks.max(initial=0.0)
    return [round(float(peak), 3) for peak in (peaks / most if most > 0 else peaks)]
