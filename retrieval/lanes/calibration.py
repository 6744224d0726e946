"""From raw similarities to scores that compare across queries, and to probabilities, in any space.

A cosine means nothing by itself: some windows lie near every text (hubs), encoders differ in scale, and some queries
are near everything. So a window's cosine loses half of what the nearest descriptions of a bank get there (cross-domain
similarity local scaling, arXiv 1710.04087), and a query's scores are held against what the query gets elsewhere. How
high something that is not there comes by chance, the bank tells: its own best scores over the library follow the law of
extreme values, whatever the encoder. No constant here was fitted on one space.
"""

from dataclasses import dataclass
from math import exp, log

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

NEIGHBOURS = 10
REACHED_BY = 10
"""So many of the best scores elsewhere tell what something absent reaches."""

PRIOR_WINDOWS = 30.0
"""How many imagined windows stand by those of a library that is still small."""

LEAST_SCALE = 0.2
"""In deviations: no smaller difference is told from chance, however alike the best scores of the bank are."""


def neighbourhood(bank_similarities: Floats) -> Floats:
    """What the nearest descriptions of the bank get from each window: (n, m) cosines to (n,) means."""
    return best_mean(bank_similarities, NEIGHBOURS)


def best_mean(scores: Floats, count: int) -> Floats:
    """The mean of the best ``count`` of each row: (n, m) to (n,)."""
    count = min(count, scores.shape[1])
    best = np.partition(scores, -count, axis=1)[:, -count:]
    return np.asarray(best.mean(axis=1), dtype=np.float32)


def locally_scaled(similarities: Floats, near: Floats) -> Floats:
    """Cosines (n,) or (k, n) less half of what the bank's nearest get at each of the n windows."""
    return np.asarray(similarities - 0.5 * near, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Extremes:
    """The law of the best score of something absent: Gumbel's, its most frequent value and its scale."""

    location: float
    scale: float

    @classmethod
    def of(cls, best: Floats, usual: "Extremes", windows: int, of_windows: int) -> "Extremes":
        """That of the bank's best scores (m,) over a sample of ``windows``, in a library of ``of_windows``.

        By quartiles: some of the bank may well be there. Drawn towards what is usual where windows are few.
        """
        if not windows:
            return usual
        low, middle, high = np.quantile(best, (0.25, 0.5, 0.75)).tolist()
        scale = max((high - low) / (_standard(0.75) - _standard(0.25)), LEAST_SCALE)
        location = middle - scale * _standard(0.5) + scale * log(max(1.0, of_windows / windows))
        share = windows / (windows + PRIOR_WINDOWS)
        return cls(share * location + (1.0 - share) * usual.location, share * scale + (1.0 - share) * usual.scale)

    def probability(self, score: float, at_chance: float) -> float:
        """How likely a window of this score is what was meant; ``at_chance`` are the log-odds at ``location``.

        Above what chance reaches, its odds fall e-fold with each ``scale``; so do the odds that it is chance.
        """
        odds = (score - self.location) / self.scale + at_chance
        return 1.0 / (1.0 + exp(-min(30.0, max(-30.0, odds))))

    def probabilities(self, scores: Floats, at_chance: float) -> Floats:
        """The same of scores of any shape."""
        odds = (scores - self.location) / self.scale + at_chance
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(odds, -30.0, 30.0))), dtype=np.float32)


USUAL = Extremes(3.0, 0.6)
"""Of scores in deviations above what a query gets at large: of some hundreds of windows, in most spaces."""
USUAL_ABOVE_REFERENCES = Extremes(0.0, 0.5)
"""Of scores in deviations above what a query reaches among reference windows."""


def _standard(share: float) -> float:
    """The value below which so much of Gumbel's distribution of location 0 and scale 1 lies."""
    return -log(-log(share))
