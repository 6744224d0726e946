"""Vectors at unit length. Pure."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Real = TypeVar("Real", np.float32, np.float64)


def unit_rows(rows: NDArray[Real]) -> NDArray[Real]:
    """(n, dim) rows at unit length; a row of zeros stays zero."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: NDArray[Real] = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    return scaled
