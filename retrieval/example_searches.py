"""Searches to begin with, made of what the library holds and proved by searching for them: one for each lane."""

import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

from retrieval.asking.query import Query, parse_term
from retrieval.domain import EvidenceKind, Gone, Lane, Moment, ScreenText, Segment, SoundEvent, never
from retrieval.lanes.lane_table import LANES
from retrieval.search import SearchEngine
from retrieval.storage.records import VideoContents, VideoStatus, VideoWindow

NEWEST_VIDEOS = 6
TRIED_OF_LANE = 3
"""So many texts of a lane are searched for at most."""
LEAST_CONFIDENCE = 0.5
MOST_WORDS = 7

_LEAST_SAID_WORDS = 4
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_PHRASE = re.compile(r"[^\W\d_]{2,}(?: [\w'’-]+){1,6}")
"""Text read off pictures is full of splinters; this reads like words of a slide."""
_DULL_SOUND = re.compile(r"(?:speech|silence|music|inside|outside|noise)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ExampleSearch:
    """Words out of one lane, and the best moment that a search for them finds."""

    lane: Lane
    text: str
    moment: Moment


class ExampleSearches:
    """Finds examples, once for each state of the library; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: tuple[str, tuple[ExampleSearch, ...]] | None = None

    def of(self, engine: SearchEngine, gone: Gone = never) -> tuple[ExampleSearch, ...]:
        """At most one example for each lane, the surest first. Raises HungUpError."""
        version = engine.library.catalog.version()
        known = self._known
        if known is None or known[0] != version:
            with self._lock:
                known = self._known
                if known is None or known[0] != version:
                    known = self._known = (version, example_searches(engine, gone))
        return known[1]


def example_searches(engine: SearchEngine, gone: Gone = never) -> tuple[ExampleSearch, ...]:
    """At most one example for each lane out of the newest videos, the surest first. Raises HungUpError."""
    catalog = engine.library.catalog
    videos = catalog.videos(NEWEST_VIDEOS, status=VideoStatus.INDEXED).videos
    contents = [catalog.contents.of(video.id) for video in videos]
    found = [
        example
        for lane, texts in _texts(contents).items()
        if (example := _proved(engine, lane, texts, gone)) is not None
    ]
    return tuple(sorted(found, key=lambda example: -example.moment.confidence))


def _proved(engine: SearchEngine, lane: Lane, texts: Iterable[str], gone: Gone) -> ExampleSearch | None:
    """The first of the texts that a search finds in that lane, and for sure."""
    for text in texts:
        answer = engine.search(Query((parse_term(text),), limit=1, min_confidence=LEAST_CONFIDENCE), gone)
        if answer.moments and lane in answer.moments[0].lanes:
            return ExampleSearch(lane, text, answer.moments[0])
    return None


def _texts(contents: Iterable[VideoContents]) -> Mapping[Lane, list[str]]:
    """What may be searched for in each lane, the likeliest to be found first."""
    contents = list(contents)
    found: dict[Lane, list[str]] = {}
    for lane, spec in LANES.items():
        texts: Iterator[str]
        match spec.evidence:
            case EvidenceKind.FRAME:
                texts = _seen([window for video in contents for window in video.windows])
            case EvidenceKind.SOUND:
                texts = _heard([event for video in contents for event in video.sound_events])
            case EvidenceKind.TRANSCRIPT:
                texts = _said([segment for video in contents for segment in video.segments])
            case EvidenceKind.SCREEN_TEXT:
                texts = _shown([text for video in contents for text in video.screen_texts])
            case _:
                assert_never(spec.evidence)
        found[lane] = [text for text in dict.fromkeys(texts) if _can_be_asked(text)][:TRIED_OF_LANE]
    return found


def _can_be_asked(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _seen(windows: Iterable[VideoWindow]) -> Iterator[str]:
    """Names of what frames show, the clearest first."""
    labels = [label for window in windows for label in window.labels[:1]]
    yield from (label.name for label in sorted(labels, key=lambda label: -label.score))


def _heard(events: Iterable[SoundEvent]) -> Iterator[str]:
    telling = [event for event in events if not _DULL_SOUND.match(event.label)]
    yield from (event.label.lower() for event in sorted(telling, key=lambda event: -event.score))


def _said(segments: Iterable[Segment]) -> Iterator[str]:
    """The first words of what is said most clearly."""
    long = [segment for segment in segments if len(segment.text.split()) >= _LEAST_SAID_WORDS]
    for segment in sorted(long, key=lambda segment: -segment.confidence):
        yield _EDGES.sub("", " ".join(segment.text.split()[:MOST_WORDS]))


def _shown(texts: Iterable[ScreenText]) -> Iterator[str]:
    """Lines that read like a phrase, the longest of the surest first."""
    lines = [
        (_EDGES.sub("", line), shown.confidence) for shown in texts for line in shown.text.splitlines() if line.strip()
    ]
    phrases = [(line, confidence) for line, confidence in lines if _PHRASE.fullmatch(line)]
    yield from (line for line, _ in sorted(phrases, key=lambda pair: (-round(pair[1], 1), -len(pair[0].split()))))
