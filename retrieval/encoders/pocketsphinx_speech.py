"""Speech to text of the lite profile: pocketsphinx with the English model that its wheel carries."""

import json
import os
import queue
import re
import struct
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from retrieval.domain import Segment, Span, SpeechOrigin, Word
from retrieval.encoders.base import SPEECH_RATE_HZ, Samples
from retrieval.errors import ModelError, ModelUnavailableError

NAME = "pocketsphinx-en-us"

_FRAME_S = 0.01
_STRETCH_S = 20.0  # longer ones decode no better, and leave workers idle at the end
_MIN_STRETCH_S = 0.1
_JOINED_PAUSE_S = 0.6
_SEGMENT_PAUSE_S = 0.6
_LONG_SEGMENT_S = 8.0
_LONG_SEGMENT_PAUSE_S = 0.1
_FRAGMENT_WORDS = 4
_FRAGMENT_PAUSE_S = 1.5
_LOUDNESS_RMS = 0.1
_MAX_GAIN = 30.0
_MAX_WORKERS = 8
_NOT_A_WORD = re.compile(r"^[<\[+].*[>\]+]$")
_VARIANT = re.compile(r"\(\d+\)$")

DecodedWord = tuple[str, int, int, float]
"""Word as the engine writes it, first and last 10-ms frame, posterior probability."""


class PocketsphinxTranscriber:
    """Hears part of clear English, and little of the rest; every word carries its posterior probability."""

    name = NAME
    languages = frozenset({"en"})

    def __init__(self, workers: int | None = None) -> None:
        self._workers = workers or min(os.cpu_count() or 1, _MAX_WORKERS)

    def transcribe(self, samples: Samples, speech: Sequence[Span]) -> Iterator[Segment]:
        """Segments in time order, heard inside ``speech`` only; 16 kHz samples.

        Raises ModelUnavailableError without pocketsphinx, ModelError if the engine dies.
        """
        stretches = stretches_of(samples, speech)
        if not stretches:
            return
        with ExitStack() as stack:
            count = min(self._workers, len(stretches))
            idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
            for _ in range(count):
                idle.put(stack.enter_context(_Worker()))

            def decode(stretch: Span) -> list[Word]:
                worker = idle.get()
                try:
                    return words_of(worker.decode(levelled(_cut(samples, stretch))), stretch.start_s)
                finally:
                    idle.put(worker)

            threads = stack.enter_context(ThreadPoolExecutor(count, thread_name_prefix="pocketsphinx"))
            yield from segments_of(chain.from_iterable(threads.map(decode, stretches)))


class _Worker:
    """One decoding process; it ends when its stdin closes, so it never outlives this one."""

    def __init__(self) -> None:
        script = Path(__file__).with_name("pocketsphinx_worker.py")
        # -P keeps this folder, whose modules have common names, off the worker's import path.
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def decode(self, samples: NDArray[np.int16]) -> list[DecodedWord]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(struct.pack("<I", samples.nbytes) + samples.astype("<i2").tobytes())
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise self._failure() from error
        line = self._process.stdout.readline()
        if not line:
            raise self._failure()
        return [(str(w), int(first), int(last), float(p)) for w, first, last, p in json.loads(line)]

    def _failure(self) -> ModelError:
        assert self._process.stderr is not None
        said = self._process.stderr.read().decode(errors="replace").strip()
        if "No module named 'pocketsphinx'" in said:
            return ModelUnavailableError("Speech needs the package pocketsphinx, which is not installed.")
        reason = said.splitlines()[-1] if said else "no message"
        return ModelError(f"The pocketsphinx process ended with code {self._process.wait()}: {reason}")

    def __enter__(self) -> "_Worker":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()  # idle by now, or its answer is no longer wanted
        self._process.communicate()


def stretches_of(samples: Samples, speech: Sequence[Span]) -> list[Span]:
    """What is decoded in one go: near neighbours joined, long ones cut where they are quietest."""
    joined: list[Span] = []
    for span in speech:
        if joined and span.start_s - joined[-1].end_s < _JOINED_PAUSE_S:
            joined[-1] = Span(joined[-1].start_s, span.end_s)
        else:
            joined.append(span)
    return [part for span in joined for part in _shortened(samples, span)]


def _shortened(samples: Samples, span: Span) -> Iterator[Span]:
    while span.duration_s > _STRETCH_S:
        middle = Span(span.start_s + _STRETCH_S / 2, min(span.start_s + _STRETCH_S, span.end_s - 1.0))
        cut_s = middle.start_s + _quietest_s(_cut(samples, middle))
        yield Span(span.start_s, cut_s)
        span = Span(cut_s, span.end_s)
    if span.duration_s >= _MIN_STRETCH_S:
        yield span


def _quietest_s(samples: Samples, frame_s: float = 0.2) -> float:
    """Middle of the quietest frame, in seconds from the first sample."""
    size = round(frame_s * SPEECH_RATE_HZ)
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    return (int(np.argmin(np.square(frames).mean(axis=1))) + 0.5) * frame_s


def _cut(samples: Samples, span: Span) -> Samples:
    return samples[round(span.start_s * SPEECH_RATE_HZ) : round(span.end_s * SPEECH_RATE_HZ)]


def levelled(samples: Samples) -> NDArray[np.int16]:
    """The samples as int16 at the loudness that the acoustic model was taught with."""
    loudness = float(np.sqrt(np.mean(np.square(samples)))) if len(samples) else 0.0
    gain = min(_LOUDNESS_RMS / max(loudness, 1e-6), _MAX_GAIN)
    loud: NDArray[np.float32] = np.clip(samples * gain, -1.0, 1.0) * 32767
    return loud.astype(np.int16)


def words_of(decoded: Sequence[DecodedWord], start_s: float) -> list[Word]:
    """Spoken words with times moved by ``start_s``; silences, noises and variant marks are gone."""
    return [
        Word(
            text=_VARIANT.sub("", text),
            span=Span(start_s + first * _FRAME_S, start_s + (last + 1) * _FRAME_S),
            confidence=min(max(probability, 0.0), 1.0),
        )
        for text, first, last, probability in decoded
        if not _NOT_A_WORD.match(text)
    ]


def segments_of(words: Iterable[Word]) -> Iterator[Segment]:
    """Utterances: words between two pauses, each handed out as soon as it is complete.

    A long one ends at the next breath, and a fragment waits longer for its rest.
    """
    current: list[Word] = []
    for word in words:
        if current and word.span.start_s - current[-1].span.end_s >= _pause_that_ends(current):
            yield _segment(current)
            current = []
        current.append(word)
    if current:
        yield _segment(current)


def _pause_that_ends(words: Sequence[Word]) -> float:
    if words[-1].span.end_s - words[0].span.start_s >= _LONG_SEGMENT_S:
        return _LONG_SEGMENT_PAUSE_S
    return _FRAGMENT_PAUSE_S if len(words) < _FRAGMENT_WORDS else _SEGMENT_PAUSE_S


def _segment(words: Sequence[Word]) -> Segment:
    return Segment(
        span=Span(words[0].span.start_s, words[-1].span.end_s),
        text=" ".join(word.text for word in words),
        words=tuple(words),
        language="en",
        confidence=sum(word.confidence for word in words) / len(words),
        origin=SpeechOrigin.TRANSCRIBED,
    )
