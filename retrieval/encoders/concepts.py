"""Concepts as vectors: what a classifier sees, said in the space of sentences (ConSE, arXiv 1312.5650).

Pure functions over arrays.
"""

import numpy as np
from numpy.typing import NDArray

from retrieval.encoders.base import Vectors
from retrieval.unit_rows import unit_rows

ConceptWeights = NDArray[np.float32]
"""(n, k) not negative: how much each of k concepts says about each of n rows."""


def centred(vectors: Vectors) -> Vectors:
    """Unit vectors of what tells the rows apart: without what all of them share.

    Sentence vectors lie in a narrow cone; its axis makes every label a little like every query, and frames
    with many weak labels like everything (hubness, arXiv 1412.6568).
    """
    return unit_rows(np.asarray(vectors - vectors.mean(axis=0), np.float32))


def combination(weights: ConceptWeights, vectors: Vectors) -> Vectors:
    """(n, dim) unit vectors: the concepts' ``vectors`` (k, dim) summed by ``weights``.

    A row without any weight has nothing to say and stays zero.
    """
    return unit_rows(np.asarray(weights @ vectors, np.float32))


def evidence(probabilities: NDArray[np.float32], floor: float) -> ConceptWeights:
    """How far each probability is above ``floor``: what a classifier says of everything says nothing."""
    return np.asarray(np.clip(probabilities - floor, 0, None), np.float32)


def distinct(order: NDArray[np.intp], vectors: Vectors, most_similar: float) -> list[int]:
    """The indices of ``order`` without those whose vector is too similar to an earlier one's."""
    kept: list[int] = []
    for index in order.tolist():
        if not kept or float((vectors[kept] @ vectors[index]).max()) < most_similar:
            kept.append(index)
    return kept
