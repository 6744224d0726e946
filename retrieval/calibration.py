"""From raw similarities to scores that compare across lanes and queries, and to probabilities.

A cosine means nothing by itself: some windows lie near every query (hubs), some queries near every
window. Both are taken out, as in query-bank normalisation (arXiv 2112.12777): first a window's
similarity is held against what a fixed bank of other descriptions gets from it, then against what
this query gets from the library at large.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

PRIOR_WINDOWS = 50.0
"""How many imagined windows of mean 0 and deviation 1 stand in for a library that is still small."""


def standardise_by_bank(similarities: Floats, bank_similarities: Floats) -> Floats:
    """How far each window's similarity (n,) lies above what the bank (n, m) gets there, in deviations."""
    mean = bank_similarities.mean(axis=1)
    deviation = bank_similarities.std(axis=1)
    return np.asarray((similarities - mean) / np.maximum(deviation, 1e-6), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class LibraryLevel:
    """What this query gets from the library at large: mean and deviation of standardised scores."""

    mean: float
    deviation: float


def library_level(sample: Floats) -> LibraryLevel:
    """The level over a sample (n,) of the library, drawn towards (0, 1) where the sample is small."""
    count = float(len(sample)) + PRIOR_WINDOWS
    mean = float(sample.sum(dtype=np.float64)) / count
    square = (float((sample.astype(np.float64) ** 2).sum()) + PRIOR_WINDOWS) / count
    return LibraryLevel(mean, max(square - mean**2, 1e-6) ** 0.5)


def above_level(scores: Floats, level: LibraryLevel) -> Floats:
    """Standardised scores (n,) in deviations above the library's level for this query."""
    return np.asarray((scores - level.mean) / level.deviation, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Logistic:
    """Probability ``1 / (1 + exp(-(slope * x + offset)))``, fitted on planted corpora (docs/quality.md)."""

    slope: float
    offset: float

    def probability(self, value: float) -> float:
        return float(1.0 / (1.0 + np.exp(-np.clip(self.slope * value + self.offset, -30.0, 30.0))))

    def probabilities(self, values: Floats) -> Floats:
        scaled = np.clip(self.slope * values + self.offset, -30.0, 30.0)
        return np.asarray(1.0 / (1.0 + np.exp(-scaled)), dtype=np.float32)
