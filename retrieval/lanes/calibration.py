"""From raw similarities to scores that compare across lanes and queries, and to probabilities.

A cosine means nothing by itself: some windows lie near every text (hubs), encoders differ in scale, and some
queries are near everything. A window's cosine is held against what a fixed bank of other descriptions gets
there, in the way of cross-domain similarity local scaling (arXiv 1710.04087); the bank's own scores over the
library then give the scale, and the spread of the query's own scores is half taken out.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

NEIGHBOURS = 10
PRIOR_WINDOWS = 50.0
"""How many imagined windows of deviation 1 stand in for a library that is still small."""


def neighbourhood(bank_similarities: Floats) -> Floats:
    """What the nearest descriptions of the bank get from each window: (n, m) cosines to (n,) means."""
    count = min(NEIGHBOURS, bank_similarities.shape[1])
    nearest = np.partition(bank_similarities, -count, axis=1)[:, -count:]
    return np.asarray(nearest.mean(axis=1), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Scale:
    """Mean and deviation of the bank's locally scaled scores over a library: what all scores there are measured by."""

    mean: float
    deviation: float


def scale_of(bank_similarities: Floats) -> Scale:
    """The scale that (n, m) cosines of the bank with a library's windows give; (0, 1) without any window."""
    if not len(bank_similarities):
        return Scale(0.0, 1.0)
    scaled = bank_similarities - 0.5 * neighbourhood(bank_similarities)[:, None]
    return Scale(float(scaled.mean(dtype=np.float64)), max(float(scaled.std(dtype=np.float64)), 1e-6))


def locally_scaled(similarities: Floats, near: Floats, scale: Scale) -> Floats:
    """Scores (n,) in deviations: cosines less half of what the bank's nearest get there."""
    return np.asarray((similarities - 0.5 * near - scale.mean) / scale.deviation, dtype=np.float32)


def spread(scores: Floats) -> float:
    """Deviation of a query's scores over a sample (n,) of the library, drawn towards 1 where that is small."""
    count = float(len(scores)) + PRIOR_WINDOWS
    own = float(scores.var(dtype=np.float64)) * len(scores) if len(scores) else 0.0
    return float(((own + PRIOR_WINDOWS) / count) ** 0.5)


@dataclass(frozen=True, slots=True)
class Logistic:
    """Probability ``1 / (1 + exp(-(slope * x + offset)))``, fitted on planted corpora (docs/quality.md)."""

    slope: float
    offset: float

    def probability(self, value: float) -> float:
        return 1.0 / (1.0 + math.exp(-min(30.0, max(-30.0, self.slope * value + self.offset))))

    def probabilities(self, values: Floats) -> Floats:
        scaled = np.clip(self.slope * values + self.offset, -30.0, 30.0)
        return np.asarray(1.0 / (1.0 + np.exp(-scaled)), dtype=np.float32)
