"""Confidence as a score to compute with. Pure."""

from math import log

MOST_SCORE = 40.0
"""No score is larger, and none smaller than the negative: the largest confidence below 1 has a score of 36.7."""


def score_of(confidence: float) -> float:
    """The log-odds ``ln(c / (1 - c))`` of a confidence, within ±``MOST_SCORE``; the confidence is its logistic.

    It never decreases where the confidence grows, and goes on telling moments apart where that comes near 0 or 1.
    """
    if confidence <= 0.0:
        return -MOST_SCORE
    if confidence >= 1.0:
        return MOST_SCORE
    return max(-MOST_SCORE, log(confidence / (1.0 - confidence)))
