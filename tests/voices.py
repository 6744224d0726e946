"""Voices with known vectors: those of the same ``who`` are alike, others have a cosine near 0."""

import numpy as np

from retrieval.domain import Voice

DIM = 256


def voice(number: int, who: int, *, cosine: float = 1.0, speech_s: float = 30.0, certainty: float = 0.9) -> Voice:
    """A voice at this cosine to that of ``who``, as the catalog keeps it: float32, of unit length."""
    own = np.zeros(DIM, np.float32)
    own[who], own[DIM - 1 - number] = cosine, np.sqrt(1.0 - cosine**2)
    return Voice(number, tuple(own.tolist()), speech_s, certainty)
