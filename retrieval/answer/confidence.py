"""Confidence as a score to compute with, and in words for people. Pure."""

from enum import StrEnum
from math import floor, log

MOST_SCORE = 40.0
"""No score is larger, and none smaller than the negative: the largest confidence below 1 has a score of 36.7."""


ABSTAIN_BELOW = 0.36
"""Moments less likely than this are weak: where even the best is, an answer abstains."""


class ConfidenceWords(StrEnum):
    """A confidence in a word or two, wherever people read it."""

    VERY_LIKELY = "very likely"
    LIKELY = "likely"
    PERHAPS = "perhaps"
    DOUBTFUL = "doubtful"
    UNLIKELY = "unlikely"


LEAST: tuple[tuple[ConfidenceWords, float], ...] = (
    (ConfidenceWords.VERY_LIKELY, 0.8),
    (ConfidenceWords.LIKELY, 0.6),
    (ConfidenceWords.PERHAPS, 0.4),
    (ConfidenceWords.DOUBTFUL, 0.2),
    (ConfidenceWords.UNLIKELY, 0.0),
)
"""The least confidence that each of them stands for, from the top."""

_TOLD_DIGITS = 4
"""Confidences are told to so many digits, and the words are those of what is told."""

_ROUNDING_ERROR = 1e-9
"""100 times 0.29 is a little less than 29."""


def words_of(confidence: float) -> ConfidenceWords:
    """The words for a confidence."""
    told = round(confidence, _TOLD_DIGITS)
    return next(words for words, least in LEAST if told >= least)


def percent_of(confidence: float) -> int:
    """Whole percent of the confidence that is told, never more of them: 79.9 % are 79, and likely, not yet 80."""
    return floor(100 * round(confidence, _TOLD_DIGITS) + _ROUNDING_ERROR)


def score_of(confidence: float) -> float:
    """The log-odds ``ln(c / (1 - c))`` of a confidence, within ±``MOST_SCORE``; the confidence is its logistic.

    It never decreases where the confidence grows, and goes on telling moments apart where that comes near 0 or 1.
    """
    if confidence <= 0.0:
        return -MOST_SCORE
    if confidence >= 1.0:
        return MOST_SCORE
    return max(-MOST_SCORE, log(confidence / (1.0 - confidence)))


def why_too_low(confidence: float, needed: float, by_whom: str) -> str:
    """That a best moment is not enough, in whole percent: the confidence never as the one that it is below."""
    return f"the best moment has a confidence of {percent_of(confidence)}%, below the {needed * 100:g}% {by_whom}"
