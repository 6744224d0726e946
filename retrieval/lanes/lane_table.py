"""The lanes, one row each: what is true of a single lane stands here and nowhere else.

A lane more is a name in `Lane`, a row here, an encoder that has its role, and a step that saves its units.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import exp

from retrieval.domain import Boundary, EvidenceKind, Lane, LineKind, Timed
from retrieval.encoders.registry import Role
from retrieval.lanes.calibration import Logistic


class Unit(StrEnum):
    """What of a video one vector stands for."""

    WINDOW = "window"
    LINE = "line"


class Colour(StrEnum):
    """The colours that the web page has for lanes, one for each."""

    BLUE = "blue"
    ORANGE = "orange"
    GREEN = "green"
    PURPLE = "purple"
    RED = "red"


@dataclass(frozen=True, slots=True)
class WindowTuning:
    """How a lane of windows reads its curve. ``keep``, ``valley`` and ``doubt`` are those of ``find_peaks``.

    ``within_shot`` says that no moment reaches over a cut, ``to_onsets`` that its edges are moved to where what sounds
    there begins and ends, ``shows_frame`` that its proof is a picture.
    """

    probability: Logistic
    keep: float
    valley: float
    doubt: float
    within_shot: bool
    to_onsets: bool
    shows_frame: bool


@dataclass(frozen=True, slots=True)
class LineTuning:
    """How a lane of lines weighs them: log-odds of a match, a sum over likeness, share of words, and what is quoted.

    ``lines`` are those of a video that are searched. ``is_heard`` says that they were said: one sentence may be several
    of them.
    """

    lines: LineKind
    is_heard: bool
    offset: float
    by_likeness: float
    by_coverage: float
    by_quotation: float

    def probability(self, likeness: float, covered: float, quoted: float = 0.0) -> float:
        """The odds as a probability.

        ``likeness`` is that of ``EncoderSpec``; ``quoted`` is 1 where what the query quotes stands word for word, -1
        where it does not, less than 1 where words were misheard, and 0 where it quotes nothing.
        """
        odds = self.offset + self.by_likeness * likeness + self.by_coverage * covered + self.by_quotation * quoted
        return 1.0 / (1.0 + exp(-odds))


@dataclass(frozen=True, slots=True)
class Edge:
    """What the edges of a lane's moments may lie on, and what a start and an end there are called."""

    on: Timed
    start: Boundary
    end: Boundary


@dataclass(frozen=True, slots=True)
class LaneSpec:
    """All that is particular to one lane.

    ``role`` is that of the encoder whose space its vectors are in. ``hints`` are words of a query that ask for it, and
    ``unasked_weight`` is what it counts where nothing in a query asks for any lane. The first of ``edges`` that fits
    is the reason for where a moment starts or ends, else ``other_edge``. ``needs_sound`` says that only videos with
    sound have units of it. ``name``, ``about`` and ``verb`` are words for people: "Said", "spoken words", a moment that
    "says" something.
    """

    lane: Lane
    role: Role
    evidence: EvidenceKind
    tuning: WindowTuning | LineTuning
    hints: re.Pattern[str]
    edges: tuple[Edge, ...]
    other_edge: Boundary
    name: str
    about: str
    verb: str
    colour: Colour
    unasked_weight: float = 1.0
    needs_sound: bool = False

    @property
    def unit(self) -> Unit:
        match self.tuning:
            case WindowTuning():
                return Unit.WINDOW
            case LineTuning():
                return Unit.LINE

    @property
    def has_terms(self) -> bool:
        """Whether its units are found by their words too, and its space has sparse vectors."""
        return self.unit is Unit.LINE


_ON_SHOTS = Edge(Timed.SHOTS, Boundary.SHOT, Boundary.SHOT)

_ROWS = (
    LaneSpec(
        Lane.VISUAL,
        Role.VISUAL,
        EvidenceKind.FRAME,
        WindowTuning(
            Logistic(1.7, -6.0),
            keep=0.35,
            valley=1.0,
            doubt=0.0,
            within_shot=True,
            to_onsets=False,
            shows_frame=True,
        ),
        # Without a word that asks for another lane, a query mostly means what can be seen.
        hints=re.compile(r"(?!)"),
        edges=(_ON_SHOTS,),
        other_edge=Boundary.SCORE_CURVE,
        name="Seen",
        about="what the picture shows",
        verb="looks",
        colour=Colour.BLUE,
    ),
    LaneSpec(
        Lane.SOUND,
        Role.SOUND,
        EvidenceKind.SOUND,
        WindowTuning(
            Logistic(2.2, -8.8),
            keep=0.5,
            valley=1.0,
            doubt=0.25,
            within_shot=False,
            to_onsets=True,
            shows_frame=False,
        ),
        hints=re.compile(
            r"\b(the )?(sounds?|noises?) of\b|\b(hear|hearing|heard|audible|loud|noise|barks?|barking|crowing|"
            r"sneez(e|es|ing)|cough(s|ing)?|applause|clapping|laughter|ringing|ticking|crackling|whistling|"
            r"humming|buzzing|crying|screaming|howling|meowing|siren|slams?|thunder|engine running)\b",
            re.IGNORECASE,
        ),
        edges=(Edge(Timed.SOUND_EVENTS, Boundary.SOUND_ONSET, Boundary.SOUND_END), _ON_SHOTS),
        other_edge=Boundary.SCORE_CURVE,
        name="Heard",
        about="noises and music",
        verb="sounds",
        colour=Colour.ORANGE,
        # Words that name a thing mostly mean its looks: a bark somewhere proves little about "a dog on a sofa".
        unasked_weight=0.4,
        needs_sound=True,
    ),
    LaneSpec(
        Lane.SPEECH,
        Role.SENTENCE,
        EvidenceKind.TRANSCRIPT,
        LineTuning(Timed.SEGMENTS, is_heard=True, offset=-5.6, by_likeness=7.0, by_coverage=5.5, by_quotation=3.0),
        hints=re.compile(
            r"\b(says?|said|saying|mentions?|mentioned|mentioning|talks? about|talking about|talked about|"
            r"speaks? (of|about)|speaking (of|about)|tells?|told|explains?|explained|discuss(es|ed)?|"
            r"introduces? (himself|herself|themselves)|asks?|answers?|quote|where (he|she|they|someone) "
            r"(says?|mentions?|talks?))\b",
            re.IGNORECASE,
        ),
        edges=(Edge(Timed.SEGMENTS, Boundary.UTTERANCE, Boundary.UTTERANCE),),
        other_edge=Boundary.PHRASE,
        name="Said",
        about="spoken words",
        verb="says",
        colour=Colour.GREEN,
    ),
    LaneSpec(
        Lane.SCREEN,
        Role.SENTENCE,
        EvidenceKind.SCREEN_TEXT,
        LineTuning(Timed.SCREEN_TEXTS, is_heard=False, offset=-7.0, by_likeness=6.0, by_coverage=7.0, by_quotation=3.0),
        hints=re.compile(
            r"\b(slides?|on screen|on-screen|screen shows|caption(ed)? (says|reads)|title card|written|"
            r"reads|the words?|headline|subtitle says|error message|source code|bullet points?)\b",
            re.IGNORECASE,
        ),
        edges=(Edge(Timed.SCREEN_TEXTS, Boundary.VISIBLE_SPAN, Boundary.VISIBLE_SPAN), _ON_SHOTS),
        other_edge=Boundary.SCORE_CURVE,
        name="On screen",
        about="text in the picture",
        verb="on screen",
        colour=Colour.PURPLE,
    ),
)

LANES: Mapping[Lane, LaneSpec] = {row.lane: row for row in _ROWS}
"""Every lane's row, in the order in which lanes are searched and shown."""


def line_lanes() -> tuple[Lane, ...]:
    """The lanes whose unit is a line of text."""
    return tuple(lane for lane, spec in LANES.items() if spec.unit is Unit.LINE)


def window_lanes() -> tuple[Lane, ...]:
    """The lanes whose unit is the window."""
    return tuple(lane for lane, spec in LANES.items() if spec.unit is Unit.WINDOW)


def window_tuning(lane: Lane) -> WindowTuning:
    """That of a lane of windows. Raises ValueError for any other."""
    tuning = LANES[lane].tuning
    if not isinstance(tuning, WindowTuning):
        raise ValueError(f"the unit of lane {lane} is the {LANES[lane].unit}, not the window")
    return tuning


def line_tuning(lane: Lane) -> LineTuning:
    """That of a lane of lines. Raises ValueError for any other."""
    tuning = LANES[lane].tuning
    if not isinstance(tuning, LineTuning):
        raise ValueError(f"the unit of lane {lane} is the {LANES[lane].unit}, not the line")
    return tuning
