"""How a stretch of a video is written on the command line: VIDEO@START-END."""

import re

from retrieval.domain import Span
from retrieval.errors import InputError

_CLOCK = r"((?:\d+:){0,2}\d+(?:\.\d+)?)"
_TIMES = re.compile(rf"{_CLOCK}\s*[-–]\s*{_CLOCK}")


def parse_stretch(reference: str, what: str) -> tuple[str, Span]:
    """The video and the span that are meant. Times are seconds, or as printed: 2:31.5 or 1:02:31."""
    video, _, times = reference.rpartition("@")
    found = _TIMES.fullmatch(times.strip())
    if not video or found is None:
        raise InputError(f"{what} {reference!r} is not of the form VIDEO@START-END, as talk.mp4@12.5-17")
    return video, Span(_seconds(found.group(1)), _seconds(found.group(2)))


def _seconds(clock: str) -> float:
    seconds = 0.0
    for part in clock.split(":"):
        seconds = seconds * 60 + float(part)
    return seconds
