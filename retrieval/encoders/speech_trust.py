"""What can be trusted of what a transcriber heard: the gate that invented speech fails. Pure."""

import re
from collections.abc import Sequence
from enum import StrEnum

from retrieval.domain import Segment
from retrieval.encoders.utterances import compression_ratio

MAX_COMPRESSION_RATIO = 2.4
"""Text that zips better than this repeats itself; this and the next are Whisper's own limits."""

MIN_AVG_LOGPROB = -1.0

MIN_WORD_CONFIDENCE = 0.4
"""Mean over the words: of 240 recordings of rain, dogs, sneezes, what was heard as three words or more had less."""

MIN_WORDS_WITHOUT_PROOF = 3
MIN_SHORT_CONFIDENCE = 0.6
"""One or two words prove little, and noises are heard as just that: they must be clearer."""

MIN_REPEATS = 4
MIN_REPEATED_SHARE = 0.6

MIN_SPEECH_PROBABILITY = 0.6
"""Mean over a stretch; barks, sneezes and cries that pass the per-frame threshold seldom reach it."""

_WORD = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|\w[\w'’]*")
"""A word, or one letter of the scripts that put no spaces between words."""

_INTERJECTIONS = frozenset(["ah", "eh", "er", "hm", "hmm", "huh", "mhm", "mm", "oh", "uh", "um"])


class Doubt(StrEnum):
    """Why a segment is not believed."""

    UNLIKELY_WORDS = "unlikely_words"
    REPETITION = "repetition"
    UNSURE_WORDS = "unsure_words"
    NO_WORDS = "no_words"
    """Nothing but sounds that nobody searches for, and that engines hear in a cough."""


def doubt_of(segment: Segment) -> Doubt | None:
    """Why the segment is probably invented, or None if it can be trusted.

    How likely the engine calls silence decides nothing: it is as sure of that under clear speech.
    """
    words = _words(segment.text)
    if _INTERJECTIONS.issuperset(words):
        return Doubt.NO_WORDS
    if is_repetitive(segment.text):
        return Doubt.REPETITION
    if segment.avg_logprob is not None and segment.avg_logprob < MIN_AVG_LOGPROB:
        return Doubt.UNLIKELY_WORDS
    proof = MIN_WORD_CONFIDENCE if len(words) >= MIN_WORDS_WITHOUT_PROOF else MIN_SHORT_CONFIDENCE
    return Doubt.UNSURE_WORDS if segment.confidence < proof else None


def is_repetitive(text: str) -> bool:
    """Whether the text says one thing over and over, as engines do about noise."""
    return compression_ratio(text) > MAX_COMPRESSION_RATIO or _repeats(_words(text))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _repeats(words: Sequence[str]) -> bool:
    """Whether most of the words are one phrase again and again."""
    for size in range(1, len(words) // MIN_REPEATS + 1):
        run = 0
        for index in range(size, len(words)):
            run = run + 1 if words[index] == words[index - size] else 0
            repeats = run // size + 1
            if repeats >= MIN_REPEATS and repeats * size >= MIN_REPEATED_SHARE * len(words):
                return True
    return False
