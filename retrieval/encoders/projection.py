"""From what a network sees to what people would say of it: a linear map into the space of sentences.

docs/models/lite_projection.md tells how it was learnt.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.encoders.base import Vectors
from retrieval.encoders.tensor_files import read_safetensors
from retrieval.errors import ModelCorruptError
from retrieval.unit_rows import unit_rows


@dataclass(frozen=True, slots=True)
class Projection:
    """``matrix`` (features, dim) and ``offset`` (dim,), float32: where a frame's features put it among sentences."""

    matrix: NDArray[np.float32]
    offset: NDArray[np.float32]

    def project(self, features: NDArray[np.float32]) -> Vectors:
        """(n, dim) unit vectors of (n, features)."""
        return unit_rows(np.asarray(features @ self.matrix + self.offset, np.float32))


def load_projection(path: Path, features: int, dim: int) -> Projection:
    """The map that training/lite_projection.py writes. Raises ModelUnavailableError or ModelCorruptError."""
    matrix, offset = (_tensor(path, name, shape) for name, shape in (("matrix", (features, dim)), ("offset", (dim,))))
    return Projection(matrix, offset)


def load_pictures(path: Path, dim: int) -> Vectors:
    """(m, dim) unit vectors of pictures in general. Raises ModelUnavailableError or ModelCorruptError."""
    return unit_rows(_tensor(path, "vectors", (-1, dim)))


def _tensor(path: Path, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """One tensor of a file, as float32; -1 stands for any length."""
    tensors, _ = read_safetensors(path)
    tensor = tensors.get(name)
    if tensor is None or len(tensor.shape) != len(shape):
        raise ModelCorruptError(f"{path} holds no {name} of shape {shape}: install Moments again")
    if any(wanted not in (-1, size) for size, wanted in zip(tensor.shape, shape, strict=True)):
        raise ModelCorruptError(f"{name} in {path} has the shape {tensor.shape}, not {shape}: install Moments again")
    if not np.isfinite(tensor).all():
        raise ModelCorruptError(f"{name} in {path} holds numbers that are none: install Moments again")
    return np.asarray(tensor, np.float32)
