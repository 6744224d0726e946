"""How honest confidence is in spaces that this project ships no weights of, simulated after what is published of them.

    python bench/simulated_spaces.py

A latent concept model. A picture (or sound) shows a topic and details of it; what is said of it names the topic and
some of the details. Both are vectors of their modality's mean, of what they show or say, and of noise. The shares are
set so that cosines of matched and unmatched pairs, the gap between the modalities, and how often a text finds its
picture first come out as published; see ``SPACES``. Needs numpy and this project only.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.domain import Lane
from retrieval.encoders.base import Vectors
from retrieval.evaluation.metrics import auroc
from retrieval.lanes.background import Background
from retrieval.lanes.calibration import neighbourhood
from retrieval.lanes.lane_table import window_tuning
from retrieval.unit_rows import unit_rows

TOPICS, DETAILS_OF_TOPIC, GENERAL_DETAILS = 200, 24, 400
SHOWN_OF_TOPIC, SHOWN_IN_GENERAL = 5, 3
BANK = 150
ABSENT = 100
AT_CHANCE = window_tuning(Lane.VISUAL).at_chance
"""A lane that few queries are about has less, and words that ask for it make up for that."""
PRESENT_SHARE = 5 / 6
"""Of all queries, for the calibration error: as in the planted corpora about one in six is absent."""


@dataclass(frozen=True, slots=True)
class SpaceFigures:
    """A space to simulate: ``published`` figures, and the shares that give them.

    ``unmatched`` is the mean cosine of unmatched pairs, ``own`` the mean cosine within a modality, and both set the
    gap. ``window_share`` and ``text_share`` are what is shown and said of a vector's rest, else noise, ``rank`` how
    many dimensions that has, ``topic`` how much of it the topic alone takes, and ``hub`` the deviation of how near a
    vector is to the other modality as a whole. ``gallery`` is that of the published recall.
    """

    published: str
    dim: int
    rank: int
    unmatched: float
    own: float
    window_share: float
    text_share: float
    topic: float
    hub: float
    gallery: int


SPACES = {
    "CLIP ViT-B/32": SpaceFigures(
        "COCO text to image R@1 30 %, matched 0.30, unmatched 0.15 ± 0.03, gap 0.82",
        dim=512, rank=200, unmatched=0.15, own=0.49, window_share=0.36, text_share=0.37, topic=0.6, hub=0.015,
        gallery=5000,
    ),
    "SigLIP2 B/16": SpaceFigures(
        "COCO text to image R@1 53 %, matched 0.10 to 0.15, unmatched 0.00 ± 0.03",
        dim=768, rank=200, unmatched=0.0, own=0.4, window_share=0.27, text_share=0.31, topic=0.3, hub=0.012,
        gallery=5000,
    ),
    "CLAP HTSAT": SpaceFigures(
        "AudioCaps text to audio R@1 34 %, matched 0.4 to 0.5, unmatched 0.05 ± 0.1",
        dim=512, rank=34, unmatched=0.05, own=0.2, window_share=0.49, text_share=0.55, topic=0.91, hub=0.03,
        gallery=960,
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Things:
    """n things that can be shown and said: their topics (n,) and their details (n, d)."""

    topics: NDArray[np.intp]
    details: NDArray[np.intp]

    def only(self, rows: NDArray[np.intp]) -> "Things":
        return Things(self.topics[rows], self.details[rows])


class SimulatedSpace:
    """One space, by its figures and a seed."""

    def __init__(self, figures: SpaceFigures, seed: int) -> None:
        self._figures = figures
        self._rng = np.random.default_rng(seed)
        self._topics = self._concepts(TOPICS)
        self._details = self._concepts(TOPICS * DETAILS_OF_TOPIC + GENERAL_DETAILS)
        popular = 1.0 / np.arange(1, TOPICS + 1) ** 0.7
        self._popular = popular / popular.sum()
        across = figures.unmatched / figures.own
        self._window_mean, self._text_mean = np.zeros(figures.dim), np.zeros(figures.dim)
        self._window_mean[0] = 1.0
        self._text_mean[:2] = across, (1.0 - across**2) ** 0.5

    def _concepts(self, count: int) -> NDArray[np.float64]:
        vectors = np.zeros((count, self._figures.dim))
        vectors[:, 2 : 2 + self._figures.rank] = _unit(self._rng.normal(size=(count, self._figures.rank)))
        return vectors

    def things(self, count: int) -> Things:
        """Things of popular and of rare topics, each with details of its topic and of things in general."""
        topics = self._rng.choice(TOPICS, count, p=self._popular)
        order = self._rng.random((count, DETAILS_OF_TOPIC)) * np.arange(1, DETAILS_OF_TOPIC + 1) ** 0.5
        of_topic = np.argsort(order, axis=1)[:, :SHOWN_OF_TOPIC] + topics[:, None] * DETAILS_OF_TOPIC
        general = (GENERAL_DETAILS * self._rng.random((count, SHOWN_IN_GENERAL)) ** 2).astype(np.intp)
        return Things(topics, np.hstack([of_topic, TOPICS * DETAILS_OF_TOPIC + general]))

    def windows(self, things: Things) -> Vectors:
        """(n, dim) windows that show the things, some details more than others."""
        clear = self._rng.gamma(4.0, 0.25, size=things.details.shape)
        figures = self._figures
        return self._vectors(self._window_mean, self._text_mean, self._meant(things, clear), figures.window_share)

    def texts(self, things: Things, share: float = 0.5) -> Vectors:
        """(n, dim) texts that say the things, with one of the details at least and on average this share of them."""
        said = (self._rng.random(things.details.shape) < share).astype(np.float64)
        said[np.arange(len(said)), self._rng.integers(0, said.shape[1], len(said))] = 1.0
        figures = self._figures
        return self._vectors(self._text_mean, self._window_mean, self._meant(things, said), figures.text_share)

    def _meant(self, things: Things, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        details = _unit((self._details[things.details] * weights[..., None]).sum(axis=1))
        topic = self._figures.topic
        return _unit(topic**0.5 * self._topics[things.topics] + (1.0 - topic) ** 0.5 * details)

    def _vectors(
        self, mean: NDArray[np.float64], other: NDArray[np.float64], meant: NDArray[np.float64], share: float
    ) -> Vectors:
        count, dim = meant.shape
        noise = self._rng.normal(size=(count, dim)) / dim**0.5
        rest = _unit(share**0.5 * meant + (1.0 - share) ** 0.5 * noise)
        own = self._figures.own
        hub: NDArray[np.float64] = self._figures.hub * self._rng.normal(size=(count, 1))
        return unit_rows((own**0.5 * mean + (1.0 - own) ** 0.5 * rest + hub * other).astype(np.float32))


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths: NDArray[np.float64] = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.maximum(lengths, 1e-9)


@dataclass(frozen=True, slots=True)
class Geometry:
    """What comes out of a simulated space, to be compared with what is published."""

    unmatched: float
    unmatched_deviation: float
    matched: float
    gap: float
    hub_skewness: float
    first: float


def geometry(figures: SpaceFigures, seed: int = 0, queries: int = 500) -> Geometry:
    """Cosines, the gap between the means, the skewness of how often a window is among the ten nearest, and R@1."""
    space = SimulatedSpace(figures, seed)
    things = space.things(figures.gallery)
    windows, texts = space.windows(things), space.texts(things.only(np.arange(queries)))
    cosines = texts @ windows.T
    matched = cosines[np.arange(queries), np.arange(queries)]
    unmatched = cosines[:, queries:]
    nearest = np.argpartition(-cosines, 10, axis=1)[:, :10]
    counts = np.bincount(nearest.ravel(), minlength=len(windows)).astype(np.float64)
    return Geometry(
        float(unmatched.mean()),
        float(unmatched.std()),
        float(matched.mean()),
        float(np.linalg.norm(windows.mean(axis=0) - texts.mean(axis=0))),
        float((((counts - counts.mean()) / counts.std()) ** 3).mean()),
        float((cosines.argmax(axis=1) == np.arange(queries)).mean()),
    )


@dataclass(frozen=True, slots=True)
class Honesty:
    """Of queries to libraries of one size: how well they are told from absent ones, and how honest confidence is."""

    first: float
    auroc: float
    best_auroc: float
    calibration_error: float


def honesty(figures: SpaceFigures, windows: int, at_chance: float, seeds: Sequence[int]) -> Honesty:
    """Present and absent queries to libraries of so many windows, one a seed.

    ``best_auroc`` is that of the constants that tell them apart best here: how much of what the bank's nearest get is
    taken off, how much of what a query gets at large, and how far scores are divided by the query's own spread.
    """
    firsts, areas, confidences, rights, weights = [], [], [], [], []
    by_constants: dict[tuple[float, float, float], list[float]] = {}
    for seed in seeds:
        space = SimulatedSpace(figures, seed)
        things = space.things(windows + ABSENT)
        library = space.windows(things.only(np.arange(windows)))
        asked = np.concatenate([np.arange(min(windows, ABSENT)), np.arange(windows, windows + ABSENT)])
        texts, present = space.texts(things.only(asked)), asked < windows
        background = Background(space.texts(space.things(BANK), share=0.25), library)
        near = background.near(library)
        scores = np.stack([background.scores(one, background.standing(one), library, near) for one in texts])
        best = scores.max(axis=1)
        right = present & (scores.argmax(axis=1) == asked)
        firsts.append(right[present].mean())
        areas.append(_area(best, present))
        confidences.append(background.extremes.probabilities(best, at_chance))
        rights.append(right)
        weights.append(np.where(present, PRESENT_SHARE / present.sum(), (1.0 - PRESENT_SHARE) / (~present).sum()))
        for constants, area in _areas_by_constants(texts, library, background.bank, present).items():
            by_constants.setdefault(constants, []).append(area)
    return Honesty(
        float(np.mean(firsts)),
        float(np.mean(areas)),
        max(float(np.mean(found)) for found in by_constants.values()),
        calibration_error(np.concatenate(confidences), np.concatenate(rights), np.concatenate(weights)),
    )


def _area(scores: NDArray[np.float32], present: NDArray[np.bool_]) -> float:
    area = auroc(scores[present].tolist(), scores[~present].tolist())
    assert area is not None
    return area


def _areas_by_constants(
    texts: Vectors, library: Vectors, bank: Vectors, present: NDArray[np.bool_]
) -> dict[tuple[float, float, float], float]:
    found = {}
    cosines, near = texts @ library.T, neighbourhood(library @ bank.T)
    for local in (0.0, 0.25, 0.5, 0.75, 1.0):
        scaled = np.asarray(cosines - local * near, np.float32)
        for centred in (0.0, 0.5, 1.0):
            above = scaled.max(axis=1) - centred * scaled.mean(axis=1)
            for power in (0.0, 0.25, 0.5, 1.0):
                found[local, centred, power] = _area(above / scaled.std(axis=1) ** power, present)
    return found


def calibration_error(
    confidences: NDArray[np.float32], right: NDArray[np.bool_], weights: NDArray[np.float64], bins: int = 10
) -> float:
    """Expected difference between confidence and the share that is right, in bins of equal weight."""
    order = np.argsort(confidences, kind="stable")
    shares = np.cumsum(weights[order]) / weights.sum()
    places = np.minimum((shares * bins).astype(np.intp), bins - 1)
    off = weights[order] * (confidences[order] - right[order])
    return float(np.abs(np.bincount(places, off, bins)).sum() / weights.sum())


def main() -> None:
    for name, figures in SPACES.items():
        made = geometry(figures)
        print(f"{name}: published {figures.published}")
        print(
            f"  simulated R@1 {made.first:.0%}, matched {made.matched:.2f}, unmatched {made.unmatched:.2f} ± "
            f"{made.unmatched_deviation:.2f}, gap {made.gap:.2f}, skewness of hubs {made.hub_skewness:.1f}"
        )
        for windows in (60, 300, 1000):
            found = honesty(figures, windows, AT_CHANCE, range(8))
            print(
                f"  {windows} windows: first right {found.first:.0%}, AUROC {found.auroc:.3f} (best constants "
                f"{found.best_auroc:.3f}), calibration error {found.calibration_error:.3f}"
            )


if __name__ == "__main__":
    main()
