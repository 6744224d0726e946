"""What can be trusted of what a transcriber heard: the gate that invented speech fails. Pure."""

import re
from collections.abc import Sequence
from enum import StrEnum

from retrieval.domain import Segment

MAX_COMPRESSION_RATIO = 2.4
"""Text that zips better than this repeats itself; this and the next two are Whisper's own limits."""

MIN_AVG_LOGPROB = -1.0
MAX_NO_SPEECH_PROB = 0.6

MIN_CONFIDENT_LOGPROB = -0.5
"""Words must be at least this likely to stand against a high ``no_speech_prob``."""

MIN_WORD_CONFIDENCE = 0.2
"""Mean over the words. Clear speech has 0.6 to 0.8; lines heard rightly through noise go down to 0.23."""

MIN_WORDS_WITHOUT_PROOF = 3
MIN_SHORT_CONFIDENCE = 0.6
"""One or two words prove little, and noises are heard as just that: they must be clearer."""

MIN_SEGMENT_S = 0.3
"""A word that stands alone takes this long; what is shorter was a cough or a knock."""

MAX_WORDS_PER_S = 6.0
MIN_WORDS_PER_S = 0.35
MIN_REPEATS = 4
MIN_REPEATED_SHARE = 0.6

MIN_SPEECH_PROBABILITY = 0.6
"""Mean over a stretch; barks, sneezes and cries that pass the per-frame threshold seldom reach it."""

_INTERJECTIONS = frozenset(["ah", "eh", "er", "hm", "hmm", "huh", "mhm", "mm", "oh", "uh", "um"])


class Doubt(StrEnum):
    """Why a segment is not believed."""

    UNLIKELY_WORDS = "unlikely_words"
    NO_SPEECH = "no_speech"
    REPETITION = "repetition"
    UNSURE_WORDS = "unsure_words"
    IMPLAUSIBLE_RATE = "implausible_rate"
    TOO_SHORT = "too_short"
    NO_WORDS = "no_words"
    """Nothing but sounds that nobody searches for, and that engines hear in a cough."""


def doubt_of(segment: Segment) -> Doubt | None:
    """Why the segment is probably invented, or None if it can be trusted.

    The engine's own figures decide where there are any; word confidences, length and rate otherwise.
    """
    words = re.findall(r"\w[\w'’]*", segment.text.lower())
    if _INTERJECTIONS.issuperset(words):
        return Doubt.NO_WORDS
    if _repeats(words) or (segment.compression_ratio or 0.0) > MAX_COMPRESSION_RATIO:
        return Doubt.REPETITION
    if segment.avg_logprob is not None:
        return _doubt_of_figures(segment.avg_logprob, segment.no_speech_prob)
    if segment.span.duration_s < MIN_SEGMENT_S:
        return Doubt.TOO_SHORT
    rate = len(words) / segment.span.duration_s
    if len(words) >= MIN_WORDS_WITHOUT_PROOF and not MIN_WORDS_PER_S <= rate <= MAX_WORDS_PER_S:
        return Doubt.IMPLAUSIBLE_RATE
    proof = MIN_WORD_CONFIDENCE if len(words) >= MIN_WORDS_WITHOUT_PROOF else MIN_SHORT_CONFIDENCE
    return Doubt.UNSURE_WORDS if segment.confidence < proof else None


def _doubt_of_figures(avg_logprob: float, no_speech_prob: float | None) -> Doubt | None:
    if avg_logprob < MIN_AVG_LOGPROB:
        return Doubt.UNLIKELY_WORDS
    if (no_speech_prob or 0.0) > MAX_NO_SPEECH_PROB and avg_logprob < MIN_CONFIDENT_LOGPROB:
        return Doubt.NO_SPEECH
    return None


def _repeats(words: Sequence[str]) -> bool:
    """Whether most of the words are one phrase said over and over: what engines say about noise."""
    for size in range(1, len(words) // MIN_REPEATS + 1):
        run = 0
        for index in range(size, len(words)):
            run = run + 1 if words[index] == words[index - size] else 0
            repeats = run // size + 1
            if repeats >= MIN_REPEATS and repeats * size >= MIN_REPEATED_SHARE * len(words):
                return True
    return False
