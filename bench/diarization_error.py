"""Diarization error: the share of what is said that is missed, invented, or given to another voice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

STEP_S = 0.01


@dataclass(frozen=True, slots=True)
class Said:
    """A span in which somebody speaks."""

    start_s: float
    end_s: float
    who: str


@dataclass(frozen=True, slots=True)
class Errors:
    """Seconds, overlapping speech counted for each voice in it."""

    missed_s: float
    invented_s: float
    confused_s: float
    said_s: float

    @property
    def rate(self) -> float:
        return (self.missed_s + self.invented_s + self.confused_s) / self.said_s if self.said_s else 0.0


def read_rttm(file: Path) -> list[Said]:
    lines = (line.split() for line in file.read_text("utf-8").splitlines())
    return [Said(float(cells[3]), float(cells[3]) + float(cells[4]), cells[7]) for cells in lines if cells]


def errors(truth: Sequence[Said], found: Sequence[Said], collar_s: float = 0.0) -> Errors:
    """Errors under the best one-to-one naming of the voices found, leaving out ``collar_s`` around each true edge."""
    steps = 1 + max((round(one.end_s / STEP_S) for one in (*truth, *found)), default=0)
    counted = np.ones(steps, bool)
    if collar_s:
        for edge_s in (edge for one in truth for edge in (one.start_s, one.end_s)):
            counted[max(0, round((edge_s - collar_s) / STEP_S)) : round((edge_s + collar_s) / STEP_S)] = False
    true, told = _grid(truth, steps)[:, counted], _grid(found, steps)[:, counted]
    speaking, heard = true.sum(0), told.sum(0)
    shared = true.astype(np.int64) @ told.T.astype(np.int64)
    right = int(shared[linear_sum_assignment(-shared)].sum())
    return Errors(
        STEP_S * float(np.maximum(0, speaking - heard).sum()),
        STEP_S * float(np.maximum(0, heard - speaking).sum()),
        STEP_S * float(np.minimum(speaking, heard).sum() - right),
        STEP_S * float(speaking.sum()),
    )


def _grid(said: Sequence[Said], steps: int) -> NDArray[np.bool_]:
    names = sorted({one.who for one in said})
    grid = np.zeros((len(names), steps), bool)
    for one in said:
        grid[names.index(one.who), round(one.start_s / STEP_S) : round(one.end_s / STEP_S)] = True
    return grid


def total(parts: Iterable[Errors]) -> Errors:
    sums = np.sum([(one.missed_s, one.invented_s, one.confused_s, one.said_s) for one in parts], axis=0)
    return Errors(*map(float, sums))
