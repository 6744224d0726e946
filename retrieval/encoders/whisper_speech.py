"""Speech to text of all profiles: Whisper, by faster-whisper or openai-whisper."""

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from retrieval.domain import Segment, Span, SpeechOrigin, Word
from retrieval.encoders.base import SPEECH_RATE_HZ, Samples
from retrieval.encoders.ctranslate2_file import load_whisper
from retrieval.encoders.torch_runtime import Device, loading

WINDOW_S = 30.0
"""Whisper always encodes this much, however short the clip."""

_JOIN_GAP_S = 1.0
_DOUBTFUL_LOGPROB = -1.0
_COMPUTE_TYPES: dict[Device, str] = {"cpu": "int8", "cuda": "float16"}
"""What CTranslate2 counts in: the smallest numbers that are fast there and lose no words."""

Listen = Callable[[Samples, str | None], list[Segment]]
"""Segments of one clip, times from its start; the language is detected when None is given."""


def join_spans(speech: Sequence[Span], gap_s: float = _JOIN_GAP_S, longest_s: float = WINDOW_S) -> list[Span]:
    """Clips that hold all of ``speech``; neighbours at most ``gap_s`` apart share one, up to ``longest_s``.

    Every clip costs the encoding of a whole 30-s window, so 2-s utterances go in together.
    """
    clips: list[Span] = []
    for span in speech:
        if clips and span.start_s - clips[-1].end_s <= gap_s and span.end_s - clips[-1].start_s <= longest_s:
            clips[-1] = Span(clips[-1].start_s, max(clips[-1].end_s, span.end_s))
        else:
            clips.append(span)
    return clips


class WhisperTranscriber:
    """Segments from a checkpoint of openai-whisper, or from CTranslate2's ``model.bin``, by openai-whisper.

    ``size`` names the official model it is, as in ``base``.

    Decodes greedily at temperature 0: the same sound gives the same words, and what comes out badly keeps
    the figures that say so.
    """

    def __init__(self, checkpoint: Path, size: str, device: Device = "cpu") -> None:
        import whisper

        with loading(f"whisper-{size}", checkpoint):
            if checkpoint.suffix == ".bin":
                model = load_whisper(checkpoint, device)
            else:
                model = whisper.load_model(str(checkpoint), device=device)
            # Only official names bring along which attention heads follow the words in time.
            model.set_alignment_heads(whisper._ALIGNMENT_HEADS[size])
        self._model = model
        self._device = device
        self._size = size
        # While it decodes, the library hangs its memory of past words on the model itself: one clip at a time.
        self._listening = threading.Lock()

    @property
    def name(self) -> str:
        return f"whisper-{self._size}"

    def transcribe(self, samples: Samples, speech: Sequence[Span]) -> Iterator[Segment]:
        return _transcribe_clips(samples, speech, self._listen)

    def _listen(self, clip: Samples, language: str | None) -> list[Segment]:
        with self._listening:
            result = self._model.transcribe(
                clip,
                language=language,
                temperature=0.0,
                word_timestamps=True,
                condition_on_previous_text=False,
                compression_ratio_threshold=None,
                logprob_threshold=None,
                no_speech_threshold=None,
                fp16=self._device == "cuda",
            )
        return [
            Segment(
                span=Span(found["start"], found["end"]),
                text=found["text"],
                words=tuple(
                    Word(word["word"], Span(word["start"], word["end"]), word["probability"]) for word in found["words"]
                ),
                language=result["language"],
                confidence=_confidence(found["avg_logprob"]),
                origin=SpeechOrigin.TRANSCRIBED,
                avg_logprob=found["avg_logprob"],
                no_speech_prob=found["no_speech_prob"],
                compression_ratio=found["compression_ratio"],
            )
            for found in result["segments"]
        ]


class FasterWhisperTranscriber:
    """Segments from a folder in CTranslate2's format: the same words as openai-whisper's, in less time."""

    def __init__(self, folder: Path, size: str, device: Device = "cpu") -> None:
        import faster_whisper

        with loading(f"whisper-{size}", folder):
            self._model: Any = faster_whisper.WhisperModel(
                str(folder),
                device=device,
                compute_type=_COMPUTE_TYPES[device],
                local_files_only=True,
            )
        self._size = size

    @property
    def name(self) -> str:
        return f"whisper-{self._size}"

    def transcribe(self, samples: Samples, speech: Sequence[Span]) -> Iterator[Segment]:
        return _transcribe_clips(samples, speech, self._listen)

    def _listen(self, clip: Samples, language: str | None) -> list[Segment]:
        segments, info = self._model.transcribe(
            clip,
            language=language,
            beam_size=1,
            temperature=0.0,
            word_timestamps=True,
            condition_on_previous_text=False,
            compression_ratio_threshold=None,
            log_prob_threshold=None,
            no_speech_threshold=None,
        )
        return [
            Segment(
                span=Span(found.start, found.end),
                text=found.text,
                words=tuple(
                    Word(word.word, Span(word.start, word.end), word.probability) for word in found.words or ()
                ),
                language=info.language,
                confidence=_confidence(found.avg_logprob),
                origin=SpeechOrigin.TRANSCRIBED,
                avg_logprob=found.avg_logprob,
                no_speech_prob=found.no_speech_prob,
                compression_ratio=found.compression_ratio,
            )
            for found in segments
        ]


def _confidence(avg_logprob: float) -> float:
    return min(1.0, math.exp(avg_logprob))


def _transcribe_clips(samples: Samples, speech: Sequence[Span], listen: Listen) -> Iterator[Segment]:
    """Segments of all clips on the clock of ``samples``.

    Detecting the language costs another pass of the encoder, so it is kept from clip to clip until the words
    come out badly, as they do when someone goes on in another language.
    """
    language: str | None = None
    for clip in join_spans(speech):
        first, last = (round(time_s * SPEECH_RATE_HZ) for time_s in (clip.start_s, clip.end_s))
        heard = listen(samples[first:last], language) if last > first else []
        for segment in heard:
            placed = _on_the_clock(segment, clip)
            if placed.text and placed.span.duration_s > 0:
                yield placed
        doubtful = any((segment.avg_logprob or 0.0) < _DOUBTFUL_LOGPROB for segment in heard)
        language = heard[0].language if heard and not doubtful else None


def _on_the_clock(segment: Segment, clip: Span) -> Segment:
    def shift(span: Span) -> Span:
        # Clips are padded with silence to 30 s, and now and then words are heard in it. The times are
        # numpy's, from both libraries.
        start_s = min(clip.start_s + max(float(span.start_s), 0.0), clip.end_s)
        return Span(start_s, min(max(clip.start_s + float(span.end_s), start_s), clip.end_s))

    words = tuple(
        Word(word.text.strip(), shift(word.span), float(word.confidence)) for word in segment.words if word.text.strip()
    )
    span = Span(words[0].span.start_s, words[-1].span.end_s) if words else shift(segment.span)
    return replace(segment, text=segment.text.strip(), words=words, span=span)
