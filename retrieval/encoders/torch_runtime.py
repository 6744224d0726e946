"""Where torch models run, and how their outputs become unit vectors."""

import contextlib
import ctypes
import importlib.util
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from retrieval.encoders.base import Vectors
from retrieval.errors import InputError, ModelCorruptError
from retrieval.unit_rows import unit_rows

if TYPE_CHECKING:
    from torch import Tensor

Device = Literal["cpu", "cuda"]

# Larger batches are slower on a CPU (cache) and hold up the first result; a GPU wants to be filled.
BATCH_SIZE: dict[Device, int] = {"cpu": 8, "cuda": 64}


def choose_device(wanted: str) -> Device:
    """``cpu`` or ``cuda`` for a setting of auto, cpu or cuda; InputError for anything else."""
    match wanted:
        case "cpu":
            return "cpu"
        case "cuda":
            return "cuda"
        case "auto":
            return "cuda" if _gpu_is_usable() else "cpu"
        case _:
            raise InputError(f"Unknown device {wanted!r}: choose auto, cpu or cuda.")


def _gpu_is_usable() -> bool:
    if importlib.util.find_spec("torch") is None:
        return False
    # Asking the driver takes no time; importing torch takes seconds, so only machines with a GPU pay it.
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    count = ctypes.c_int(0)
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0 or count.value == 0:
        return False
    import torch

    return torch.cuda.is_available()


@contextlib.contextmanager
def inference(device: Device) -> Iterator[None]:
    """A context for forward passes: no gradients, half precision on a GPU."""
    import torch

    with torch.inference_mode(), torch.autocast(device, torch.float16, enabled=device == "cuda"):
        yield


@contextlib.contextmanager
def loading(name: str, source: Path) -> Iterator[None]:
    """A context for a library's loader: whatever broken weights make it raise becomes ModelCorruptError."""
    from safetensors import SafetensorError

    try:
        yield
    except (
        OSError,
        RuntimeError,
        ValueError,
        KeyError,
        EOFError,
        pickle.UnpicklingError,
        SafetensorError,
    ) as error:
        raise ModelCorruptError(f"{name} cannot be loaded from {source}: {error}") from error


def load_transformers() -> Any:
    """The transformers library, kept from drawing progress bars of its own."""
    import transformers
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    return transformers


def unit_vectors(features: "Tensor") -> Vectors:
    """Rows of ``features`` on the CPU as float32 of unit length."""
    return unit_rows(np.asarray(features.float().cpu().numpy(), dtype=np.float32))
