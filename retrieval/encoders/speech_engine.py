"""Which library runs a model of speech on this machine."""

import ctypes
import importlib.util
import sys

from retrieval.encoders.registry import Model, ModelLibrary
from retrieval.encoders.torch_runtime import Device
from retrieval.settings import SpeechEngine

_CUBLAS = {"linux": "libcublas.so.12", "win32": "cublas64_12.dll"}
"""What CTranslate2 counts with on a GPU, by platform; a torch for another CUDA does not bring it."""


def engine_for(model: Model, wanted: SpeechEngine, device: Device) -> ModelLibrary:
    """The library that the weights are for, or openai-whisper, which reads them too, where that one cannot run."""
    if model.library is ModelLibrary.FASTER_WHISPER and not (wanted == "auto" and _ctranslate2_runs(device)):
        return ModelLibrary.OPENAI_WHISPER
    return model.library


def _ctranslate2_runs(device: Device) -> bool:
    # It has no wheel for every platform.
    if not all(importlib.util.find_spec(name) for name in ("faster_whisper", "ctranslate2")):
        return False
    return device == "cpu" or _has_cublas()


def _has_cublas() -> bool:
    try:
        ctypes.CDLL(_CUBLAS[sys.platform])
    except (KeyError, OSError):
        return False
    return True
