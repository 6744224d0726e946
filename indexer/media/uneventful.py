"""Stretches of a file in which nothing comes, which need be looked at only once."""

import numpy as np
from numpy.typing import NDArray

from retrieval.domain import Span

UNEVENTFUL_S = 30.0
"""Where nothing comes for so long, there is nothing to tell one moment of it from another."""


def uneventful_stretches(
    times_s: NDArray[np.float64], heard_s: NDArray[np.float64], duration_s: float
) -> tuple[Span, ...]:
    """Where no new picture comes and nothing is heard for at least UNEVENTFUL_S, in [0, duration_s).

    ``times_s`` (n,) are the times of all pictures, ``heard_s`` (m, 2) where each stretch of sound starts and ends, both
    in any order. A picture that stands for so long is shown by the stretch that begins with it.
    """
    starts_s = np.concatenate((times_s, heard_s[:, 0]))
    order = np.argsort(starts_s, kind="stable")
    starts_s, ends_s = starts_s[order], np.concatenate((times_s, heard_s[:, 1]))[order]
    before_s = np.maximum.accumulate(np.concatenate(([0.0], ends_s)))
    after_s = np.minimum(np.concatenate((starts_s, [duration_s])), duration_s)
    return tuple(
        Span(float(before_s[index]), float(after_s[index]))
        for index in np.flatnonzero(after_s - before_s >= UNEVENTFUL_S)
    )
