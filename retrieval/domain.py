"""The words of Moments as values: spans, shots, windows, segments, moments. No I/O here.

Times are seconds on the video's own presentation clock (pts minus the container's start),
half-open ``[start_s, end_s)``.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

Gone = Callable[[], bool]
"""Whether whoever asked has gone away: asked now and then by long work, which then stops."""


def never() -> bool:
    """False: somebody who stays."""
    return False


class Lane(StrEnum):
    """One way in which a video can be searched."""

    VISUAL = "visual"
    SOUND = "sound"
    SPEECH = "speech"
    SCREEN = "screen"


class Profile(StrEnum):
    """A named set of models; ``auto`` resolves to one of the others."""

    LITE = "lite"
    STANDARD = "standard"
    MAX = "max"
    AUTO = "auto"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open stretch of time ``[start_s, end_s)`` of one video."""

    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s

    def overlap_s(self, other: "Span") -> float:
        """Seconds that both spans share, 0 if none."""
        return max(0.0, min(self.end_s, other.end_s) - max(self.start_s, other.start_s))

    def iou(self, other: "Span") -> float:
        """Temporal intersection over union, 0 to 1."""
        shared = self.overlap_s(other)
        union = self.duration_s + other.duration_s - shared
        return shared / union if union > 0 else 0.0


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The spans in time order, those that touch as one."""
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span.start_s <= joined[-1].end_s:
            joined[-1] = Span(joined[-1].start_s, max(joined[-1].end_s, span.end_s))
        else:
            joined.append(span)
    return tuple(joined)


@dataclass(frozen=True, slots=True)
class Shot:
    """What lies between two cuts."""

    ordinal: int
    span: Span


@dataclass(frozen=True, slots=True)
class Window:
    """A short index unit inside one shot; what is embedded. ``ordinal`` counts from 0 per video."""

    ordinal: int
    shot_ordinal: int
    span: Span


@dataclass(frozen=True, slots=True)
class Label:
    """A name that a classifier gives to a frame or a sound, with its probability."""

    name: str
    score: float


@dataclass(frozen=True, slots=True)
class Word:
    """One spoken word with its own times and the engine's confidence, 0 to 1."""

    text: str
    span: Span
    confidence: float


class SpeechOrigin(StrEnum):
    """Where a segment's words came from."""

    TRANSCRIBED = "transcribed"
    EMBEDDED_SUBTITLE = "embedded_subtitle"
    SIDECAR_SUBTITLE = "sidecar_subtitle"


@dataclass(frozen=True, slots=True)
class Segment:
    """One utterance of speech. Engine figures are None where the engine gives none.

    ``speaker`` is the number of the ``Voice`` that says it, None where that is not known. ``translation`` is rough
    English by the engine itself, None of English and where nothing needs it.
    """

    span: Span
    text: str
    words: tuple[Word, ...]
    language: str | None
    confidence: float
    origin: SpeechOrigin
    avg_logprob: float | None = None
    no_speech_prob: float | None = None
    compression_ratio: float | None = None
    speaker: int | None = None
    translation: str | None = None


@dataclass(frozen=True, slots=True)
class Voice:
    """One voice of a video: ``number`` counts from 1 by who speaks first.

    ``vector`` is its unit voice vector (256,), ``speech_s`` how long it speaks, ``certainty``, 0 to 1, how sure it is
    that these words are its own.
    """

    number: int
    vector: tuple[float, ...]
    speech_s: float
    certainty: float


@dataclass(frozen=True, slots=True)
class Speaker:
    """A voice of a video as people know it: by the name that somebody gave it, otherwise by its number."""

    number: int
    name: str | None = None

    @property
    def label(self) -> str:
        return self.name or f"Speaker {self.number}"


@dataclass(frozen=True, slots=True)
class ScreenText:
    """Text read off frames, with the span over which it was visible and the reader's confidence."""

    span: Span
    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class SoundEvent:
    """A labelled sound with its onset and end, and its highest probability."""

    span: Span
    label: str
    score: float


class Timed(StrEnum):
    """What indexing finds in a video that has times of its own."""

    SHOTS = "shots"
    SEGMENTS = "segments"
    SCREEN_TEXTS = "screen_texts"
    SOUND_EVENTS = "sound_events"


Line = Segment | ScreenText
"""A line of text: of what is said, or of what is shown in writing."""

LineKind = Literal[Timed.SEGMENTS, Timed.SCREEN_TEXTS]
"""What consists of lines."""


class EvidenceKind(StrEnum):
    """What kind of proof a lane offers for a moment."""

    FRAME = "frame"
    SOUND = "sound"
    TRANSCRIPT = "transcript"
    SCREEN_TEXT = "screen_text"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why one lane found a moment: the best frame, the line heard and who says it, the text read, the sound.

    ``caveat`` says in a few words why it proves less than it seems to; its score is lower for that.
    ``step`` is the number, from 1, of the step of a sequence that it proves; None where one thing was looked for.
    """

    lane: Lane
    kind: EvidenceKind
    span: Span
    score: float
    text: str | None = None
    matched_words: tuple[str, ...] = ()
    frame_s: float | None = None
    origin: SpeechOrigin | None = None
    language: str | None = None
    speaker: Speaker | None = None
    translation: str | None = None
    caveat: str | None = None
    step: int | None = None


class WeightSource(StrEnum):
    """Why a lane counts as much as it does."""

    EVEN = "even"
    WORDS = "words"
    SCOPE = "scope"
    CALLER = "caller"


@dataclass(frozen=True, slots=True)
class LaneWeight:
    """How much a lane counts. ``words`` of the query ask for it; None where they ask for other lanes.

    ``proves``, 0 to 1, is how likely what the lane finds is what was meant, if it is right: less than 1 for words that
    are said or written where the query describes a sight or a sound, with ``described`` the words by which it does.
    """

    value: float
    source: WeightSource
    words: str | None = None
    proves: float = 1.0
    described: str | None = None


class Boundary(StrEnum):
    """What a moment's start or end lies on."""

    SHOT = "shot"
    PHRASE = "phrase"
    UTTERANCE = "utterance"
    VISIBLE_SPAN = "visible_span"
    SOUND_ONSET = "sound_onset"
    SOUND_END = "sound_end"
    SCORE_CURVE = "score_curve"


@dataclass(frozen=True, slots=True)
class LaneExplanation:
    """What one lane said of a moment: its own probability and rank there, None if it did not find it."""

    weight: LaneWeight
    probability: float | None
    rank: int | None


@dataclass(frozen=True, slots=True)
class Correction:
    """A word of a query that was searched for as another one, for nobody writes it so."""

    written: str
    meant: str


@dataclass(frozen=True, slots=True)
class StepExplanation:
    """How one step of a query was found. ``spanned_by`` is the lane whose start and end it has.

    ``text`` is what was searched for, ``corrected`` which of its words were written otherwise.
    """

    text: str
    fused: float
    lanes: Mapping[Lane, LaneExplanation]
    spanned_by: Lane
    start: Boundary
    end: Boundary
    corrected: tuple[Correction, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a moment has its rank. ``fused`` is the score before what is unwanted there took its share."""

    steps: tuple[StepExplanation, ...]
    fused: float
    unwanted: float


@dataclass(frozen=True, slots=True)
class MomentStep:
    """One step of a sequence in the moment that has all of them: what was looked for, where it is, and its picture."""

    text: str
    span: Span
    picture_s: float | None


@dataclass(frozen=True, slots=True)
class Moment:
    """The answer: a span of one video found for one query.

    ``confidence``, 0 to 1, is the probability that it is what was meant; ``score`` its log-odds, to compute with.

    ``further`` counts the other moments of the video where an answer has one moment per video;
    ``explanation`` is there if the query asked for it. ``picture_s`` is when the frame is seen that shows the
    moment best, None in a video without pictures. ``times_break`` says that players of the file itself count otherwise.
    ``steps`` are those of a sequence, none where one thing was looked for.
    """

    rank: int
    video_id: str
    path: str
    title: str
    span: Span
    peak_s: float
    score: float
    confidence: float
    lanes: Mapping[Lane, float]
    evidence: tuple[Evidence, ...] = field(default=())
    further: int | None = None
    explanation: Explanation | None = None
    picture_s: float | None = None
    times_break: bool = False
    recorded_at: datetime | None = None
    steps: tuple[MomentStep, ...] = ()


@dataclass(frozen=True, slots=True)
class Searched:
    """How much a search went through; ``outdated`` of the videos want to be reindexed."""

    videos: int
    seconds: float
    outdated: int = 0


@dataclass(frozen=True, slots=True)
class QueryTranscript:
    """The words that a spoken query was heard to say, how sure that is, 0 to 1, and its language if it is known."""

    text: str
    confidence: float
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Moments, best first. ``abstained`` says that nothing is good enough, and ``reason`` why.

    ``transcript`` is what was searched for, where the query was spoken. ``next_cursor`` asks for the
    next page, None at the end. ``corrected`` are the words of the query that were taken for others, ``warnings``
    say what could not be searched.
    """

    moments: tuple[Moment, ...]
    abstained: bool
    reason: str | None
    searched: Searched
    transcript: QueryTranscript | None = None
    next_cursor: str | None = None
    corrected: tuple[Correction, ...] = ()
    warnings: tuple[str, ...] = ()
