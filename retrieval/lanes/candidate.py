"""What a lane proposes: a span of a video that may be a moment."""

from collections.abc import Mapping
from dataclasses import dataclass

from retrieval.domain import Evidence, Lane, Span


@dataclass(frozen=True, slots=True)
class Candidate:
    """A span that one or more lanes propose; ``lanes`` holds each lane's probability of a match.

    The first evidence is that of the lane whose span it is. ``links`` are the steps of a sequence.
    """

    video_id: str
    span: Span
    peak_s: float
    lanes: Mapping[Lane, float]
    evidence: tuple[Evidence, ...]
    shot_ordinal: int | None = None
    links: tuple["Candidate", ...] = ()
