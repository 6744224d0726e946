"""Whether confidences are true: of all that is called 70 % likely, seven in ten should be right. Pure.

Confidences fall into ten bins of equal width, of which each is held against the share that was right there. The
expected calibration error is the mean distance of the two over all forecasts (Naeini et al., AAAI 2015). With few of
them it is never 0: what true confidences reach by chance is found by drawing outcomes from the confidences themselves
(consistency resampling; Bröcker and Smith, 2007).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import InputError

BINS = 10

DRAWS = 1_000
CHANCE = 0.95
"""True confidences have an error above ``Reliability.ece_by_chance`` in one of twenty draws."""

_Z = 1.96
_DRAWN_AT_ONCE = 2_000_000

_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Forecast:
    """A confidence, 0 to 1, and whether that of which it was told is right. Raises InputError for any other number."""

    confidence: float
    is_right: bool

    def __post_init__(self) -> None:
        if not 0.0 <= self.confidence <= 1.0:
            raise InputError(f"a confidence is {self.confidence!r}; it must be from 0 to 1")


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The forecasts from ``low`` up to ``high``: their mean confidence, and the share of them that is right.

    The true share lies between ``right_low`` and ``right_high`` with 95 % (Wilson's interval).
    """

    low: float
    high: float
    n: int
    said: float
    right: float
    right_low: float
    right_high: float

    def as_dict(self) -> dict[str, float]:
        """Bounds and shares in percent."""
        shares = {
            "from": self.low,
            "to": self.high,
            "said": self.said,
            "right": self.right,
            "right_low": self.right_low,
            "right_high": self.right_high,
        }
        return {"n": self.n, **{name: round(100 * share, 1) for name, share in shares.items()}}


@dataclass(frozen=True, slots=True)
class Reliability:
    """How true ``n`` confidences are; ``said`` and ``right`` are means over all, and no bin is empty.

    ``ece`` is the expected calibration error, ``ece_by_chance`` the largest that says nothing with so few forecasts,
    ``brier`` the mean squared distance of confidence and outcome. All from 0, which is perfect, to 1.
    """

    n: int
    said: float
    right: float
    ece: float
    ece_by_chance: float
    brier: float
    bins: tuple[ReliabilityBin, ...]

    def as_dict(self) -> dict[str, object]:
        """Shares in percent, errors from 0 to 1."""
        return {
            "n": self.n,
            "said": round(100 * self.said, 1),
            "right": round(100 * self.right, 1),
            "ece": round(self.ece, 3),
            "ece_by_chance": round(self.ece_by_chance, 3),
            "brier": round(self.brier, 3),
            "bins": [one.as_dict() for one in self.bins],
        }


def reliability(forecasts: Iterable[Forecast]) -> Reliability | None:
    """How true the confidences of the forecasts are, in whatever order they come; None if there are none."""
    ordered = sorted((one.confidence, one.is_right) for one in forecasts)
    if not ordered:
        return None
    said = np.asarray([confidence for confidence, _ in ordered], float)
    right = np.asarray([is_right for _, is_right in ordered], float)
    bins = np.minimum(np.floor(said * BINS), BINS - 1).astype(int)
    starts = np.flatnonzero(np.diff(bins, prepend=-1))
    return Reliability(
        n=len(said),
        said=float(said.mean()),
        right=float(right.mean()),
        ece=float(_errors(said, right[None], starts)[0]),
        ece_by_chance=_error_by_chance(said, starts),
        brier=float(np.mean((said - right) ** 2)),
        bins=tuple(
            _bin(int(bins[start]), said[start:end], right[start:end])
            for start, end in zip(starts, [*starts[1:], len(said)], strict=True)
        ),
    )


def wilson(right: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval for the share of which ``right`` of ``n`` are a sample."""
    share, z2 = right / n, _Z**2 / n
    middle = (share + z2 / 2) / (1 + z2)
    reach = (share * (1 - share) * z2 + z2**2 / 4) ** 0.5 / (1 + z2)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def _bin(place: int, said: _Floats, right: _Floats) -> ReliabilityBin:
    low, high = wilson(int(right.sum()), len(right))
    return ReliabilityBin(
        place / BINS, (place + 1) / BINS, len(said), float(said.mean()), float(right.mean()), low, high
    )


def _errors(said: _Floats, outcomes: _Floats, starts: NDArray[np.intp]) -> _Floats:
    """The calibration error of each row of outcomes (draws, n) of confidences (n,) that are sorted into bins."""
    gaps = np.add.reduceat(said - outcomes, starts, axis=1)
    errors: _Floats = np.abs(gaps).sum(axis=1) / len(said)
    return errors


def _error_by_chance(said: _Floats, starts: NDArray[np.intp]) -> float:
    random = np.random.default_rng(0)
    rows = max(1, _DRAWN_AT_ONCE // len(said))
    errors = [
        _errors(said, (random.random((min(rows, DRAWS - done), len(said))) < said).astype(float), starts)
        for done in range(0, DRAWS, rows)
    ]
    return float(np.quantile(np.concatenate(errors), CHANCE))
