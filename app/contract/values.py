"""The kinds of values that answers are made of, with the digits to which they are told."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from retrieval.answer.confidence import MOST_SCORE
from retrieval.path_text import readable


def to_ms(time_s: float) -> float:
    """The time to the millisecond, as all times are told."""
    return round(time_s, 3)


def _to(digits: int) -> BeforeValidator:
    """Rounds a number before its bounds are checked: what is a hair's breadth outside them is within."""

    def rounded(value: object) -> object:
        return round(value, digits) if isinstance(value, float) else value

    return BeforeValidator(rounded)


def _readable(value: object) -> object:
    return readable(value) if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_readable)]
"""What others wrote, files' names among it: bytes that are no text are written out."""

TimeS = Annotated[float, _to(3)]
"""Seconds, to the millisecond: a time, or a length of time."""

Seconds = Annotated[float, _to(3), Field(description="Seconds on the video's own clock.")]
Probability = Annotated[float, Field(ge=0, le=1), _to(4)]
Score = Annotated[float, Field(ge=-MOST_SCORE, le=MOST_SCORE), _to(4)]
Share = Annotated[float, _to(4)]
Speed = Annotated[float, _to(2)]


def is_none(value: object) -> bool:
    """Whether a field is left out that is only there where there is something to tell."""
    return value is None
