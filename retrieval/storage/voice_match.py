"""Which voices are the same, by their vectors. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from retrieval.unit_rows import unit_rows

SAME_VOICE = 0.8
"""Cosine from which a voice is the one that the same file had when it was indexed before."""
LIKE_VOICE = 0.6
"""Cosine from which a voice may be one of another video; ``LEAST_SPEECH_S`` of each make it so exact."""
LEAST_SPEECH_S = 6.0

VoiceVectors = NDArray[np.float32]


def packed(vector: Sequence[float]) -> bytes:
    """The vector as a database keeps it: little-endian float32."""
    return np.asarray(vector, dtype="<f4").tobytes()


def unpacked(stored: Sequence[bytes]) -> VoiceVectors:
    """(n, dim) of the vectors that were ``packed`` so; zeros, which are like nothing, for one of a dim unlike most."""
    size = max(Counter(map(len, stored)).items(), key=itemgetter(1, 0), default=(0, 0))[0]
    whole = b"".join(vector if len(vector) == size else bytes(size) for vector in stored)
    return np.frombuffer(whole, "<f4").reshape(len(stored), size // 4).astype(np.float32)


def cosines(ones: VoiceVectors, others: VoiceVectors) -> VoiceVectors:
    """(n, m) cosines of n vectors with m others; 0 where the two are of different dims or have no length."""
    if ones.shape[1] != others.shape[1]:
        return np.zeros((len(ones), len(others)), np.float32)
    return np.asarray(unit_rows(ones) @ unit_rows(others).T, np.float32)


def same(before: VoiceVectors, now: VoiceVectors) -> Iterator[tuple[int, int]]:
    """Indexes of the voices that are the same, each at most once, the most alike first."""
    alike = cosines(before, now)
    while alike.size and alike.max() >= SAME_VOICE:
        one, other = map(int, np.unravel_index(alike.argmax(), alike.shape))
        alike[one, :] = alike[:, other] = -1.0
        yield one, other
