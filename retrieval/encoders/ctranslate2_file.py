"""Whisper out of CTranslate2's format: the checkpoint that openai-whisper would have of the same weights."""

import math
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.encoders.tensor_files import Tensors
from retrieval.encoders.torch_runtime import Device
from retrieval.errors import ModelCorruptError

_VERSION = 6
_DTYPES = ("<f4", "i1", "<i2", "<i4", "<f2", "<u2")
"""By the numbers that the format has for them; the last one is bfloat16, the upper half of a float32."""

_BFLOAT16 = 5

_PARTS: tuple[tuple[str, str, tuple[tuple[str, ...], ...]], ...] = (
    ("attn", "self_attention", (("query", "key", "value"), ("out",))),
    ("cross_attn", "attention", (("query",), ("key", "value"), ("out",))),
    ("mlp", "ffn", (("0",), ("2",))),
)
"""The parts of a layer as either calls them, and what each ``linear_<n>`` holds, one below the other."""


def load_whisper(path: Path, device: Device) -> Any:
    """A model of openai-whisper with the weights of a ``model.bin``. Raises ModelCorruptError."""
    import torch
    from whisper.model import ModelDimensions, Whisper

    dims, state = whisper_checkpoint(path)
    model = Whisper(ModelDimensions(**dims))
    # The arrays themselves become the weights: 290 MB of base are not copied once more.
    model.load_state_dict({name: torch.from_numpy(values) for name, values in state.items()}, assign=True)
    return model.to(device)


def whisper_checkpoint(path: Path) -> tuple[dict[str, int], Tensors]:
    """Dimensions and float32 state dict of a ``model.bin``, as a checkpoint of openai-whisper has them.

    Half and quantised weights become what CTranslate2 takes them for. Raises ModelCorruptError.
    """
    try:
        variables = _variables(path)
        return _dims(variables), dict(_state(variables))
    except (OSError, ValueError, struct.error) as error:
        raise ModelCorruptError(f"{path} is no Whisper of CTranslate2's: {error}") from error
    except KeyError as error:
        raise ModelCorruptError(f"{path} is no Whisper of CTranslate2's: it has no {error}") from error


def _variables(path: Path) -> Tensors:
    """Every variable by its name, in float32 where it is a weight: the format of CTranslate2's ``ModelSpec.save``."""
    stored = _Stored(path)
    (version,) = stored.numbers("I")
    if version != _VERSION:
        raise ValueError(f"it has version {version} of the format, not {_VERSION}")
    if (name := stored.text()) != "WhisperSpec":
        raise ValueError(f"it holds a {name}")
    stored.numbers("I")
    (count,) = stored.numbers("I")
    found = dict(stored.variable() for _ in range(count))
    (count,) = stored.numbers("I")
    for _ in range(count):
        alias = stored.text()
        found[alias] = found[stored.text()]
    stored.require_end()
    scales = {name: scale for name, scale in found.items() if name.endswith("_scale")}
    return {name: _scaled(values, scales.get(f"{name}_scale")) for name, values in found.items() if name not in scales}


class _Stored:
    """The file, read from its start on; little-endian, not aligned."""

    def __init__(self, path: Path) -> None:
        self._bytes = np.memmap(path, np.uint8, "r")
        self._at = 0

    def numbers(self, kinds: str) -> tuple[int, ...]:
        return struct.unpack(f"<{kinds}", self._take(struct.calcsize(f"<{kinds}")).data)

    def text(self) -> str:
        (length,) = self.numbers("H")
        return self._take(length).tobytes().removesuffix(b"\0").decode()

    def variable(self) -> tuple[str, NDArray[Any]]:
        name = self.text()
        (rank,) = self.numbers("B")
        shape = self.numbers(f"{rank}I")
        kind, size_bytes = self.numbers("BI")
        if kind >= len(_DTYPES):
            raise ValueError(f"{name} is of the unknown type {kind}")
        dtype = np.dtype(_DTYPES[kind])
        if math.prod(shape) * dtype.itemsize != size_bytes:
            raise ValueError(f"{name} of shape {shape} has {size_bytes} bytes")
        values = self._take(size_bytes).view(dtype).reshape(shape)
        if kind == _BFLOAT16:
            values = (values.astype(np.uint32) << 16).view(np.float32)
        return name, values

    def require_end(self) -> None:
        if self._at != len(self._bytes):
            raise ValueError(f"it goes on for {len(self._bytes) - self._at} bytes behind its end")

    def _take(self, size_bytes: int) -> NDArray[np.uint8]:
        taken = self._bytes[self._at : self._at + size_bytes]
        if len(taken) != size_bytes:
            raise ValueError(f"it ends after {len(self._bytes)} bytes, in the middle")
        self._at += size_bytes
        return taken


def _scaled(values: NDArray[Any], scale: NDArray[Any] | None) -> NDArray[Any]:
    """Weights in float32; quantised ones are divided by the scale of their row, or by that of all."""
    if scale is None:
        return values.astype(np.float32) if values.dtype.kind == "f" else values
    scales = np.asarray(scale, np.float32)
    return values.astype(np.float32) / scales.reshape(*scales.shape, *[1] * (values.ndim - scales.ndim))


def _dims(variables: Mapping[str, NDArray[Any]]) -> dict[str, int]:
    audio_ctx, audio_state = variables["encoder/position_encodings/encodings"].shape
    text_ctx, text_state = variables["decoder/position_encodings/encodings"].shape
    return {
        "n_mels": variables["encoder/conv1/weight"].shape[1],
        "n_audio_ctx": audio_ctx,
        "n_audio_state": audio_state,
        "n_audio_head": int(variables["encoder/num_heads"]),
        "n_audio_layer": _layers(variables, "encoder"),
        "n_vocab": variables["decoder/embeddings/weight"].shape[0],
        "n_text_ctx": text_ctx,
        "n_text_state": text_state,
        "n_text_head": int(variables["decoder/num_heads"]),
        "n_text_layer": _layers(variables, "decoder"),
    }


def _layers(variables: Mapping[str, NDArray[Any]], side: str) -> int:
    return sum(name.startswith(f"{side}/layer_") and name.endswith("/ffn/linear_0/weight") for name in variables)


def _state(variables: Mapping[str, NDArray[Any]]) -> Iterator[tuple[str, NDArray[Any]]]:
    for conv in ("conv1", "conv2"):
        for kind in ("weight", "bias"):
            yield f"encoder.{conv}.{kind}", variables[f"encoder/{conv}/{kind}"]
    yield "decoder.token_embedding.weight", variables["decoder/embeddings/weight"]
    for side, norm in (("encoder", "ln_post"), ("decoder", "ln")):
        yield f"{side}.positional_embedding", variables[f"{side}/position_encodings/encodings"]
        yield from _norm(variables, f"{side}.{norm}", side)
        for number in range(_layers(variables, side)):
            yield from _layer(variables, f"{side}.blocks.{number}", f"{side}/layer_{number}")


def _layer(variables: Mapping[str, NDArray[Any]], ours: str, theirs: str) -> Iterator[tuple[str, NDArray[Any]]]:
    for part, found, linears in _PARTS:
        if part == "cross_attn" and theirs.startswith("encoder"):
            continue
        yield from _norm(variables, f"{ours}.{part}_ln", f"{theirs}/{found}")
        for number, names in enumerate(linears):
            for kind in ("weight", "bias"):
                rows = np.split(variables[f"{theirs}/{found}/linear_{number}/{kind}"], len(names))
                # A bias of the keys would move all scores of a query alike: openai-whisper has none.
                wanted = (pair for pair in zip(names, rows, strict=True) if (pair[0], kind) != ("key", "bias"))
                yield from ((f"{ours}.{part}.{name}.{kind}", values) for name, values in wanted)


def _norm(variables: Mapping[str, NDArray[Any]], ours: str, theirs: str) -> Iterator[tuple[str, NDArray[Any]]]:
    yield f"{ours}.weight", variables[f"{theirs}/layer_norm/gamma"]
    yield f"{ours}.bias", variables[f"{theirs}/layer_norm/beta"]
