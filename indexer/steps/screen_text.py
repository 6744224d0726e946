"""Screen text of one video: the lines of single readings become blocks with the time they were visible."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby

from retrieval.domain import ScreenText, Shot, Span

SAME_LINE_SIMILARITY = 0.8
"""Share of letters that two readings of one line have in common at least; digits must all agree."""

MAX_MISSED_READINGS = 1
"""A line that one reading misses and the next has again was there all the time."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read off the frame of ``time_s``, in reading order; empty if it held no text."""

    time_s: float
    lines: tuple[ScreenText, ...]


@dataclass(slots=True, eq=False)
class _Track:
    """One line on its way through the readings of one shot."""

    best: ScreenText
    start_s: float
    position: int
    is_title: bool
    end_s: float = 0.0
    last_reading: int = 0

    def accept(self, line: ScreenText, ordinal: int, end_s: float) -> None:
        if line.confidence > self.best.confidence:
            self.best = line
        self.last_reading, self.end_s = ordinal, end_s


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines that came and went together. ``title`` heads the picture but stood there longer."""

    span: Span
    lines: tuple[ScreenText, ...]
    title: ScreenText | None


def merge_readings(readings: Iterable[Reading], shots: Sequence[Shot]) -> tuple[ScreenText, ...]:
    """Blocks of text in time order, each with the span over which it was visible.

    A block is the set of lines that appear and vanish together within one shot, so a slide is one text
    and a bullet that is added later is a text of its own, which repeats the slide's title. What was read
    holds until the next reading or the end of the shot; the first reading of a shot holds from its start.
    Readings may be few (only where the picture changed), but one that found nothing must be among them.
    """
    if not shots:
        return ()
    starts = [shot.span.start_s for shot in shots]
    ordered = sorted(readings, key=lambda reading: reading.time_s)
    done: list[_Block] = []
    latest: list[_Block] = []
    for index, group in groupby(ordered, key=lambda r: max(0, bisect_right(starts, r.time_s) - 1)):
        span = shots[index].span
        inside = [reading for reading in group if reading.time_s < span.end_s]
        if not inside:
            continue
        ended, latest = _continued(latest, list(_blocks(_tracks(inside, span))))
        done += ended
    return tuple(sorted(map(_screen_text, done + latest), key=lambda text: (text.span, text.text)))


def _tracks(readings: Sequence[Reading], shot: Span) -> list[_Track]:
    """Every line of one shot, from its first reading to its last."""
    starts_s = [shot.start_s, *(reading.time_s for reading in readings[1:])]
    ends_s = [*starts_s[1:], shot.end_s]
    done: list[_Track] = []
    alive: list[_Track] = []
    for ordinal, (reading, start_s, end_s) in enumerate(zip(readings, starts_s, ends_s, strict=True)):
        if end_s <= start_s:
            continue
        for position, line in enumerate(line for line in reading.lines if line.text.strip()):
            known = next((t for t in alive if t.end_s < end_s and is_same_line(t.best.text, line.text)), None)
            if known is None:
                known = _Track(line, start_s, position, is_title=position == 0)
                alive.append(known)
            known.accept(line, ordinal, end_s)
        done += [t for t in alive if ordinal - t.last_reading > MAX_MISSED_READINGS]
        alive = [t for t in alive if ordinal - t.last_reading <= MAX_MISSED_READINGS]
    return done + alive


def _blocks(tracks: Sequence[_Track]) -> Iterator[_Block]:
    titles = [track for track in tracks if track.is_title]
    ordered = sorted(tracks, key=lambda t: (t.start_s, t.end_s, t.position))
    for (start_s, end_s), group in groupby(ordered, key=lambda t: (t.start_s, t.end_s)):
        members = list(group)
        longer = [t for t in titles if t not in members and t.start_s <= start_s and t.end_s >= end_s]
        title = max(longer, key=lambda t: t.start_s).best if longer else None
        yield _Block(Span(start_s, end_s), tuple(t.best for t in members), title)


def _continued(earlier: Sequence[_Block], later: Sequence[_Block]) -> tuple[list[_Block], list[_Block]]:
    """The earlier blocks that ended, and the later ones; what stands on both sides of a cut is one block."""
    ended, current = list(earlier), []
    for block in later:
        for index, before in enumerate(ended):
            if before.span.end_s == block.span.start_s and _says_the_same(before, block):
                whole = Span(before.span.start_s, block.span.end_s)
                block = _Block(whole, before.lines, before.title)
                del ended[index]
                break
        current.append(block)
    return ended, current


def _says_the_same(first: _Block, second: _Block) -> bool:
    return len(first.lines) == len(second.lines) and all(
        is_same_line(a.text, b.text) for a, b in zip(first.lines, second.lines, strict=True)
    )


def is_same_line(first: str, second: str) -> bool:
    """Whether two readings are of one line: nearly the same letters, and exactly the same digits.

    A score that goes from 2:1 to 2:2 is news; a letter more or less is the reader's slip.
    """
    if first == second:
        return True
    if re.findall(r"\d", first) != re.findall(r"\d", second):
        return False
    letters, others = _letters(first), _letters(second)
    if letters == others:
        return bool(letters)
    if 2 * min(len(letters), len(others)) < SAME_LINE_SIMILARITY * (len(letters) + len(others)):
        return False
    return SequenceMatcher(None, letters, others, autojunk=False).ratio() >= SAME_LINE_SIMILARITY


def _letters(text: str) -> str:
    return re.sub(r"\W", "", text).casefold()


def _screen_text(block: _Block) -> ScreenText:
    shown = block.lines if block.title is None else (block.title, *block.lines)
    size = sum(len(line.text) for line in shown)
    return ScreenText(
        span=block.span,
        text="\n".join(line.text for line in shown),
        confidence=sum(line.confidence * len(line.text) for line in shown) / size,
    )
