"""Where somebody speaks: silero-vad's ONNX model under onnxruntime, and segmentation of our own."""

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.domain import Span
from retrieval.encoders.base import SPEECH_RATE_HZ, Recording, Samples
from retrieval.encoders.once import once
from retrieval.errors import InputError, ModelCorruptError, ModelUnavailableError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

FRAME_SAMPLES = 512
"""Samples per probability; the model knows no other step at 16 kHz."""

FRAME_S = FRAME_SAMPLES / SPEECH_RATE_HZ

_CONTEXT_SAMPLES = 64
_HIDDEN_DIM = 128
_FRAMES_PER_RUN = 512  # 16 s: longer runs are no faster and take more memory


@dataclass(frozen=True, slots=True)
class Speech:
    """A stretch in which somebody speaks, and the mean probability (0 to 1) that this is so."""

    span: Span
    probability: float


class SpeechFinder(Protocol):
    """Tells where somebody speaks."""

    def find_speech(self, samples: Recording, on_progress: Callable[[float], None] = ..., /) -> list[Speech]:
        """Stretches of speech in time order, apart from each other and inside the 16 kHz samples.

        ``on_progress`` gets the second up to which all is heard.
        """
        ...


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When speech starts and ends. Two levels, so that a dip inside a word does not split it."""

    enter: float = 0.5
    leave: float = 0.35
    min_speech_s: float = 0.2
    min_silence_s: float = 0.3
    padding_s: float = 0.15


class VoiceActivity:
    """Finds speech in 16 kHz audio of any length in constant memory, about 500 x real time on one core."""

    def __init__(self, model: Path | None = None, thresholds: Thresholds = Thresholds()) -> None:
        self._model = model
        self._thresholds = thresholds

    def find_speech(self, samples: Recording, on_progress: Callable[[float], None] = lambda _: None) -> list[Speech]:
        return speech_of(self.probabilities(samples, on_progress), len(samples) / SPEECH_RATE_HZ, self._thresholds)

    def probabilities(
        self, samples: Recording, on_progress: Callable[[float], None] = lambda _: None
    ) -> NDArray[np.float32]:
        """(ceil(n / 512),) float32: how likely each 32-ms frame holds speech."""
        if isinstance(samples, np.ndarray) and samples.ndim != 1:
            raise InputError(f"Voice activity reads mono samples of shape (n,), not {samples.shape}.")
        hidden = np.zeros((1, 1, _HIDDEN_DIM), np.float32)
        cell = hidden
        found: list[NDArray[np.float32]] = []
        was_silent = False
        context = np.zeros(_CONTEXT_SAMPLES, np.float32)
        step = _FRAMES_PER_RUN * FRAME_SAMPLES
        for start in range(0, len(samples), step):
            piece = samples[start : start + step]
            is_silent = not piece.any()
            if is_silent and was_silent:
                # A whole run of silence leaves the model at rest: the next would say and change nothing.
                found.append(np.full(-(-len(piece) // FRAME_SAMPLES), found[-1][-1], np.float32))
            else:
                frames, context = _frames(to_float(piece), context)
                spoken, hidden, cell = self._session.run(None, {"input": frames, "h": hidden, "c": cell})
                found.append(spoken)
            was_silent = is_silent
            on_progress((start + len(piece)) / SPEECH_RATE_HZ)
        return np.concatenate(found) if found else np.zeros(0, np.float32)

    @once
    def _session(self) -> "InferenceSession":
        import onnxruntime

        path = self._model or bundled_model()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's errors share no base class
            raise ModelCorruptError(f"Cannot load the voice activity model {path}: {error}") from error


def bundled_model() -> Path:
    """The ONNX file that silero-vad's wheel carries, found without importing the package (it loads torch).

    Raises ModelUnavailableError if the wheel is missing or has another layout.
    """
    package = importlib.util.find_spec("silero_vad")
    if package is None or package.origin is None:
        raise ModelUnavailableError("Voice activity needs the package silero-vad, which is not installed.")
    path = Path(package.origin).parent / "data" / "silero_vad_16k_sequence.onnx"
    if not path.is_file():
        raise ModelUnavailableError(f"The installed silero-vad lacks {path.name}; version 6.2 or later has it.")
    return path


def speech_of(
    probabilities: NDArray[np.float32], duration_s: float, thresholds: Thresholds = Thresholds()
) -> list[Speech]:
    """Stretches of speech from one probability per 32-ms frame: hysteresis, then gaps, length, padding."""
    kept = [
        (first, last)
        for first, last in _bridged(_runs(probabilities, thresholds), thresholds.min_silence_s)
        if (last - first) * FRAME_S >= thresholds.min_speech_s
    ]
    found = []
    for ordinal, (first, last) in enumerate(kept):
        start_s, end_s = first * FRAME_S, last * FRAME_S
        # Two neighbours share the pause between them, so that padding never makes them overlap.
        before_s = start_s - kept[ordinal - 1][1] * FRAME_S if ordinal else 2 * start_s
        after_s = kept[ordinal + 1][0] * FRAME_S - end_s if ordinal + 1 < len(kept) else np.inf
        span = Span(
            start_s - min(thresholds.padding_s, before_s / 2),
            min(end_s + min(thresholds.padding_s, after_s / 2), duration_s),
        )
        found.append(Speech(span, float(probabilities[first:last].mean())))
    return found


def _runs(probabilities: NDArray[np.float32], thresholds: Thresholds) -> Iterator[tuple[int, int]]:
    """Runs of frames [first, last) that reach ``enter`` and stay above ``leave``."""
    above = np.concatenate([[False], probabilities >= thresholds.leave, [False]])
    edges = np.flatnonzero(np.diff(above.astype(np.int8)))
    for low, last in edges.reshape(-1, 2).tolist():
        loud = np.flatnonzero(probabilities[low:last] >= thresholds.enter)
        if loud.size:
            yield low + int(loud[0]), last


def _bridged(runs: Iterator[tuple[int, int]], min_silence_s: float) -> Iterator[tuple[int, int]]:
    """Runs joined wherever the pause between two is too short to be one."""
    current: tuple[int, int] | None = None
    for first, last in runs:
        if current and (first - current[1]) * FRAME_S < min_silence_s:
            current = (current[0], last)
            continue
        if current:
            yield current
        current = (first, last)
    if current:
        yield current


def _frames(piece: Samples, context: Samples) -> tuple[NDArray[np.float32], Samples]:
    """(n, 576) float32: each frame preceded by the 64 samples before it; and the context of what comes next."""
    joined = np.concatenate([context, np.pad(piece, (0, -len(piece) % FRAME_SAMPLES))])
    windows = np.lib.stride_tricks.sliding_window_view(joined, _CONTEXT_SAMPLES + FRAME_SAMPLES)
    return np.ascontiguousarray(windows[::FRAME_SAMPLES]), joined[-_CONTEXT_SAMPLES:]


def to_float(samples: NDArray[Any]) -> NDArray[np.float32]:
    """The samples as float32 of -1 to 1."""
    if samples.dtype == np.int16:
        return samples.astype(np.float32) / np.float32(32768)
    return np.asarray(samples, np.float32)
