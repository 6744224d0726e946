"""From what a network sees to what people would say of it: a linear map into the space of sentences.

docs/models/lite_projection.md tells how it was learnt.
"""

from collections.abc import Iterator
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
    return Projection(*_tensors(path, matrix=(features, dim), offset=(dim,)))


@dataclass(frozen=True, slots=True)
class References:
    """Unit vectors of things in general: (m, dim) of ``pictures``, and (k, dim) of ``captions`` of other pictures."""

    pictures: Vectors
    captions: Vectors


def load_references(path: Path, dim: int) -> References:
    """What training/lite_projection.py writes. Raises ModelUnavailableError or ModelCorruptError."""
    return References(*map(unit_rows, _tensors(path, pictures=(-1, dim), captions=(-1, dim))))


def _tensors(path: Path, **shapes: tuple[int, ...]) -> Iterator[NDArray[np.float32]]:
    """The tensors of a file that are named, as float32; -1 stands for any length."""
    tensors, _ = read_safetensors(path)
    for name, shape in shapes.items():
        tensor = tensors.get(name)
        if tensor is None or len(tensor.shape) != len(shape):
            raise ModelCorruptError(f"{path} holds no {name} of shape {shape}: install Moments again")
        if any(wanted not in (-1, size) for size, wanted in zip(tensor.shape, shape, strict=True)):
            raise ModelCorruptError(
                f"{name} in {path} has the shape {tensor.shape}, not {shape}: install Moments again"
            )
        if not np.isfinite(tensor).all():
            raise ModelCorruptError(f"{name} in {path} holds numbers that are none: install Moments again")
        yield np.asarray(tensor, np.float32)
