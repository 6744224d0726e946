"""What may be asked: a query's parts, checked once, and the lanes its words hint at."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from retrieval.asking.described import WRITTEN, described, speaks
from retrieval.domain import Correction, Lane, LaneWeight, Span, WeightSource
from retrieval.errors import CursorError, InputError, QueryError
from retrieval.lanes.lane_table import LANES, LineTuning, line_lanes, window_lanes
from retrieval.path_text import readable
from retrieval.video_filter import MAX_REFERENCE_CHARS, VideoFilter

MAX_QUERY_CHARS = 1_000
MAX_LIMIT = 100
MAX_STEPS = 8
MAX_EXCLUDED = 20
MAX_CLIP_S = 300.0
MAX_CURSOR_CHARS = 200

_MOST_RAW_CHARS = 10 * MAX_QUERY_CHARS
"""Not even looked at beyond it, for what is left of it without its spaces."""
_SHOWN_CHARS = 60

_SCOPED = re.compile(rf"^\s*({'|'.join(Lane)})\s*:\s*(.+)$", re.IGNORECASE | re.DOTALL | re.ASCII)
QUOTED = re.compile(
    r"(?:[\"“”„«»「『]|(?<!\w)[‘‚‹])"
    r"((?:[^\"“”„«»「」『』‘’‚‹›]|(?<=\w)’(?=\w)){2,})"
    r"(?:[\"”“»«」』]|[’‘›](?!\w))"
)
"""What stands in quotation marks, straight or curly ones, guillemets or corner brackets; an apostrophe is none."""

_HINTED_WEIGHT = 3.0
_UNHINTED_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class Clip:
    """A stretch of an indexed video, to find more like it. ``video`` is an id, a path or a file name."""

    video: str
    span: Span

    def __post_init__(self) -> None:
        if len(self.video) > MAX_REFERENCE_CHARS:
            raise InputError(
                f"the clip's video is named by {len(self.video):,} characters; "
                f"at most {MAX_REFERENCE_CHARS:,} are allowed"
            )
        if not 0 <= self.span.start_s < self.span.end_s:
            raise InputError(
                f"the clip of {self.video} goes from {self.span.start_s:g} s to {self.span.end_s:g} s; "
                "it must start at 0 s or later, and end after that"
            )
        if self.span.duration_s > MAX_CLIP_S:
            raise InputError(
                f"the clip of {self.video} lasts {self.span.duration_s:g} s; at most {MAX_CLIP_S:g} s are allowed"
            )


@dataclass(frozen=True, slots=True)
class Term:
    """One thing to look for; ``lane`` is set where the words were scoped ("screen: hiring plan").

    ``examples`` are unit vectors (dim,) of a picture, a sound or a clip by lane; a lane that has one is
    searched with it, mixed with the words where there are any. ``like`` is the clip that an example is made
    of when the search runs; what it overlaps is not found.
    """

    text: str
    lane: Lane | None = None
    examples: Mapping[Lane, NDArray[np.float32]] = field(default_factory=dict, compare=False)
    text_share: float = 0.5
    """How much the words weigh where they are mixed with an example, 0 to 1."""
    like: Clip | None = None
    corrected: tuple[Correction, ...] = ()
    """Words of ``text`` that were written otherwise."""

    def __post_init__(self) -> None:
        if not 0 <= self.text_share <= 1:
            raise InputError(f"the share of the text is {self.text_share}; allowed is 0 to 1")

    @property
    def quoted(self) -> tuple[str, ...]:
        """Phrases in quotation marks: to be found word for word."""
        return tuple(found.group(1).strip() for found in QUOTED.finditer(self.text))


class GroupBy(StrEnum):
    """Of what an answer has one moment: of anything that was found, of each shot, of each video."""

    NONE = "none"
    SHOT = "shot"
    VIDEO = "video"


@dataclass(frozen=True, slots=True)
class Query:
    """A whole question: one term, or several in order (``then``), with what must not be there."""

    steps: tuple[Term, ...]
    exclude: tuple[Term, ...] = ()
    within_s: float = 30.0
    lanes: frozenset[Lane] = frozenset(Lane)
    weights: Mapping[Lane, float] | None = None
    where: VideoFilter = field(default_factory=VideoFilter)
    limit: int = 10
    group_by: GroupBy = GroupBy.SHOT
    cursor: str | None = None
    """The ``next_cursor`` of the page before, whose query this is but for ``limit`` and ``explain``."""
    explain: bool = False
    min_confidence: float = 0.0
    """Moments with less are left out."""
    correct: bool = True
    """Whether words that nobody writes so are searched for as those that were probably meant."""

    def __post_init__(self) -> None:
        if not self.steps:
            raise QueryError("the query is empty; give words that describe the moment")
        if len(self.steps) > MAX_STEPS:
            raise QueryError(f"{len(self.steps):,} steps in a row; at most {MAX_STEPS} are allowed")
        if len(self.exclude) > MAX_EXCLUDED:
            raise QueryError(f"{len(self.exclude):,} things must not be there; at most {MAX_EXCLUDED} are allowed")
        if not self.lanes:
            raise InputError(f"no lane to search; allowed are {', '.join(Lane)}")
        if not 1 <= self.limit <= MAX_LIMIT:
            raise InputError(f"limit is {self.limit}; allowed is 1 to {MAX_LIMIT}")
        if not 0 <= self.min_confidence <= 1:
            raise InputError(f"min_confidence is {self.min_confidence}; allowed is 0 to 1")
        if not self.within_s > 0:
            raise InputError(f"within_s is {self.within_s}; it must be above 0 seconds")
        if self.cursor is not None and len(self.cursor) > MAX_CURSOR_CHARS:
            raise CursorError(f"the cursor has {len(self.cursor):,} characters; at most {MAX_CURSOR_CHARS} are allowed")
        for lane, weight in (self.weights or {}).items():
            if not 0 <= weight <= 10:
                raise InputError(f"the weight of lane {lane} is {weight}; allowed is 0 to 10")


def parse_term(text: str) -> Term:
    """The term that a person's words mean. Raises QueryError for words that cannot be searched for."""
    if len(text) > _MOST_RAW_CHARS:
        raise _too_long(len(text))
    cleaned = " ".join(readable(text).split())
    if not cleaned:
        raise QueryError("the query is empty; give words that describe the moment")
    if len(cleaned) > MAX_QUERY_CHARS:
        raise _too_long(len(cleaned))
    if not any(character.isalnum() for character in cleaned):
        raise QueryError(f"the query {cleaned!r} has no letter or digit; give words that describe the moment")
    scoped = _SCOPED.match(cleaned)
    if scoped and any(character.isalnum() for character in scoped.group(2)):
        return Term(scoped.group(2).strip(), Lane(scoped.group(1).lower()))
    return Term(cleaned)


def _too_long(chars: int) -> QueryError:
    return QueryError(f"the query has {chars:,} characters; at most {MAX_QUERY_CHARS:,} are allowed")


def parse_lane(name: str) -> Lane:
    """The lane of that name. Raises InputError that lists the lanes there are."""
    try:
        return Lane(name.strip().lower())
    except ValueError:
        raise InputError(f"unknown lane {name[:_SHOWN_CHARS]!r}; allowed are {', '.join(Lane)}") from None


def lane_hints(term: Term) -> dict[Lane, str]:
    """The words that ask for a lane ("she says", "the sound of"), by lane; often none."""
    if term.lane is not None:
        return {term.lane: f"{term.lane}:"}
    hints = {lane: found.group(0) for lane, spec in LANES.items() if (found := spec.hints.search(term.text))}
    for phrase in term.quoted[:1]:
        hints = dict.fromkeys(line_lanes(), f'"{phrase}"') | hints
    return hints


def described_by(term: Term) -> str | None:
    """The words by which the term describes a sight or a sound; None if it asks for words said or written."""
    hints = lane_hints(term)
    if any(lane in hints for lane in line_lanes()):
        return None
    return described(term.text) or (None if speaks(term.text) else hints.get(Lane.SOUND))


def lane_weights(term: Term, lanes: frozenset[Lane], override: Mapping[Lane, float] | None) -> dict[Lane, LaneWeight]:
    """How much each searched lane counts for this term, and why; what the caller sets wins.

    Where no lane that sees or hears is searched, words are what is asked for.
    """
    weights = {
        lane: _lane_weight(term, lane, override or {})
        for lane in Lane
        if lane in lanes and (term.lane is None or lane is term.lane) and (term.text or lane in term.examples)
    }
    searched = {lane: weight for lane, weight in weights.items() if weight.value > 0}
    shown = described_by(term) if any(lane in searched for lane in window_lanes()) else None
    return {lane: _proving(weight, lane, term, shown) for lane, weight in searched.items()} if shown else searched


def _proving(weight: LaneWeight, lane: Lane, term: Term, shown: str) -> LaneWeight:
    tuning = LANES[lane].tuning
    if not isinstance(tuning, LineTuning) or (not tuning.is_heard and WRITTEN.search(term.text)):
        return weight
    return replace(weight, proves=tuning.proves_described, described=shown)


def why_no_lane(term: Term, query: Query) -> str:
    """Why there is no lane to search for the term."""
    lanes = ", ".join(lane for lane in Lane if lane in query.lanes)
    if term.lane is not None:
        return f"{term.text!r} is to be found in lane {term.lane}, and the lanes to search are {lanes}"
    if term.examples and not term.text:
        shown = ", ".join(term.examples)
        return f"the example is to be found in lane {shown}, and the lanes to search are {lanes}"
    return f"no lane is left to search for {term.text!r}: every weight is 0"


def _lane_weight(term: Term, lane: Lane, override: Mapping[Lane, float]) -> LaneWeight:
    hints = lane_hints(term)
    # Where an example speaks for other lanes, this one has only the words, and counts as much as they do.
    share = min(1.0, 2 * term.text_share) if term.examples and lane not in term.examples else 1.0
    if lane in override:
        return LaneWeight(share * override[lane], WeightSource.CALLER)
    if not hints:
        return LaneWeight(share * LANES[lane].unasked_weight, WeightSource.EVEN)
    source = WeightSource.WORDS if term.lane is None else WeightSource.SCOPE
    return LaneWeight(share * (_HINTED_WEIGHT if lane in hints else _UNHINTED_WEIGHT), source, hints.get(lane))
