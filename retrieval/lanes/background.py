"""What a space looks like at large, by a fixed bank of descriptions: to tell a match from what matches everything."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from retrieval.lanes.calibration import (
    PRIOR_WINDOWS,
    REACHED_BY,
    USUAL,
    USUAL_ABOVE_REFERENCES,
    Extremes,
    Floats,
    best_mean,
    locally_scaled,
    neighbourhood,
)

TELLING = 150
"""So many of a bank are enough to tell how a space's scores are spread, and how high they come by chance."""
ABOVE_MEAN = 2.0
"""In deviations: what is absent reaches at least so much more somewhere than it gets at large."""
LEAST_SAMPLE = 30
"""Windows that a library must have before they can stand for what windows are like."""

_SUBJECTS = (
    "a man", "a woman", "a child", "a group of people", "two people", "a crowd", "a dog", "a cat", "a horse",
    "a bird", "a car", "a bus", "a train", "an airplane", "a boat", "a bicycle", "a motorcycle", "a truck",
    "a table", "a chair", "a bed", "a sofa", "a kitchen", "a bathroom", "a computer", "a phone", "a book",
    "a clock", "a bottle", "a cup", "a plate of food", "a pizza", "a cake", "fruit", "vegetables", "flowers",
    "trees", "a mountain", "a beach", "the sea", "a river", "snow", "the sky", "a street", "a building",
    "a bridge", "a field of grass", "a park", "a ball game", "a tennis player", "a surfer", "a skier",
    "a skateboarder", "an elephant", "a giraffe", "a zebra", "a bear", "a cow", "a sheep", "a traffic light",
    "a stop sign", "a bench", "an umbrella", "a suitcase", "a kite", "a toy", "a slide with text",
    "a chart", "a map", "a painting", "a statue", "a fire", "a machine", "a tool", "a musical instrument",
)  # fmt: skip
_PREDICATES = (
    "seen up close", "standing outside", "in a room", "on the road", "near the water", "at night",
    "sitting down", "walking along", "in black and white", "next to a window", "with other people",
    "in the background", "on a sunny day", "being held", "moving fast",
)  # fmt: skip


def background_texts() -> tuple[str, ...]:
    """About 150 short descriptions of common things, in a fixed order."""
    count = len(_PREDICATES)
    return tuple(
        f"{subject} {_PREDICATES[(2 * row + turn * 7) % count]}"
        for row, subject in enumerate(_SUBJECTS)
        for turn in range(2)
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a query stands: the locally scaled cosine that its scores count from, and its score at large."""

    bar: float
    at_large: float


class Background:
    """A space at large: a bank of descriptions (m, dim), a sample (n, dim) of the library's windows, and references.

    References (r, dim) are windows of no library that show things in general; few encoders have them. ``windows`` is
    how many the library has, of which the sample is some. With ``extremes`` given, the bank does not tell them.
    """

    def __init__(
        self,
        bank: NDArray[np.float32],
        sample: NDArray[np.float32],
        references: NDArray[np.float32] | None = None,
        windows: int | None = None,
        extremes: Extremes | None = None,
    ) -> None:
        self.bank = bank
        self.sample = sample if len(sample) else np.zeros((0, bank.shape[1]), np.float32)
        self._references = references
        self._near = self.near(self.sample)
        self._references_near = None if references is None else self.near(references)
        of_bank = locally_scaled(bank[:TELLING] @ self.sample.T, self._near)
        self._mean = float(of_bank.mean(dtype=np.float64)) if of_bank.size else 0.0
        self._deviation = max(float(of_bank.std(dtype=np.float64)), 1e-6) if of_bank.size else 1.0
        self.extremes = extremes or self._told_by(of_bank, len(self.sample) if windows is None else windows)

    @cached_property
    def of_examples(self) -> "Background":
        """The same for examples, which windows are compared with by another scale than words: their own."""
        # As a bank, windows of the library are nothing absent.
        return Background(self.sample, self.sample, extremes=USUAL) if len(self.sample) >= LEAST_SAMPLE else self

    def near(self, vectors: NDArray[np.float32]) -> Floats:
        """What the nearest descriptions of the bank get from windows (n, dim): (n,), whatever is asked for."""
        return neighbourhood(vectors @ self.bank.T)

    def standing(self, query: NDArray[np.float32]) -> Standing:
        """That of a unit vector (dim,)."""
        sampled = locally_scaled(query[None] @ self.sample.T, self._near)
        bar = float(self._bars(query[None], sampled)[0])
        return Standing(bar, (float(self._means(sampled)[0]) - bar) / self._deviation)

    def scores(
        self, query: NDArray[np.float32], standing: Standing, vectors: NDArray[np.float32], near: Floats
    ) -> Floats:
        """Scores (n,) of windows (n, dim) with their ``near``, in deviations above what the query's count from."""
        scaled = locally_scaled(vectors @ query, near)
        return np.asarray((scaled - standing.bar) / self._deviation, np.float32)

    def _told_by(self, of_bank: Floats, windows: int) -> Extremes:
        """How high the scores of what is absent come: (k, n) scaled cosines of some of the bank with the sample."""
        usual = USUAL if self._references is None else USUAL_ABOVE_REFERENCES
        if not len(self.sample):
            return usual
        best = (of_bank.max(axis=1) - self._bars(self.bank[:TELLING], of_bank)) / self._deviation
        return Extremes.of(best, usual, len(self.sample), windows)

    def _bars(self, queries: NDArray[np.float32], sampled: Floats) -> Floats:
        """What queries (k, dim) count from: what they reach among references, else their mean in the sample (k, n).

        What is no sight ("how you could help your nation") hardly reaches any reference, but is as near to all that a
        library shows: it counts from there.
        """
        at_large = self._means(sampled)
        if self._references is None or self._references_near is None:
            return at_large
        reached = best_mean(locally_scaled(queries @ self._references.T, self._references_near), REACHED_BY)
        return np.asarray(np.maximum(reached, at_large + ABOVE_MEAN * self._deviation), np.float32)

    def _means(self, sampled: Floats) -> Floats:
        """What queries get at large, by the sample (k, n): of a small one drawn to what the bank gets."""
        count = sampled.shape[1]
        own = sampled.mean(axis=1) if count else np.zeros(len(sampled), np.float32)
        return np.asarray((own * count + self._mean * PRIOR_WINDOWS) / (count + PRIOR_WINDOWS), np.float32)
