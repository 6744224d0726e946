"""Lines that follow one another as the sentences that they say: who speaks pauses in mid-sentence. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from retrieval.domain import Line, Segment, Span, Word
from retrieval.encoders.utterances import CLAUSE_END, PAUSE_S, has_full_stop
from retrieval.lanes.terms import spaced
from retrieval.storage.contents import Key

SHORT_PAUSE_S, LONGEST_PAUSE_S = 1.1, 1.5
LONGEST_SENTENCE_S = 20.0
"""A longer pause ends a sentence, and so does so long a stretch: not every engine and language has full stops."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Lines of one video in a row, at least one; ``key`` is that of the first."""

    key: Key
    lines: tuple[Line, ...]

    @property
    def keys(self) -> tuple[Key, ...]:
        video_id, first = self.key
        return tuple((video_id, first + place) for place in range(len(self.lines)))

    @property
    def span(self) -> Span:
        return Span(self.lines[0].span.start_s, self.lines[-1].span.end_s)

    @property
    def text(self) -> str:
        return spaced(line.text for line in self.lines)

    @property
    def words(self) -> tuple[Word, ...]:
        """All that are said; none where a line has no times of words."""
        said = [line.words if isinstance(line, Segment) else () for line in self.lines]
        return tuple(word for words in said for word in words) if all(said) else ()


def sentences(lines: Mapping[Key, Line]) -> list[Passage]:
    """The lines in order, each with those of the same sentence."""
    return [part for run in runs(lines) for part in _parted(run)]


def runs(lines: Mapping[Key, Line]) -> list[Passage]:
    """The lines in order, those together that follow one another at once; of written lines each for itself."""
    found: list[tuple[Key, list[Line]]] = []
    for key in sorted(lines):
        line = lines[key]
        if found and _follows(found[-1][0], found[-1][1], key, line):
            found[-1][1].append(line)
        else:
            found.append((key, [line]))
    return [Passage(first, tuple(those)) for first, those in found]


def sentences_of(run: Passage, first: int, last: int) -> Passage:
    """The sentences of a run that its lines ``first`` to ``last`` are of, as one passage."""
    touched = [
        part for part in _parted(run) if part.key[1] <= run.key[1] + last and part.keys[-1][1] >= run.key[1] + first
    ]
    return Passage(touched[0].key, tuple(line for part in touched for line in part.lines))


def sentence_around(words: Sequence[Word], first: int, last: int) -> tuple[int, int]:
    """The words of the sentences that have the words ``first`` to ``last``: the first and the last of them."""
    while first > 0 and not _ends(words[first - 1], words[first]):
        first -= 1
    while last + 1 < len(words) and not _ends(words[last], words[last + 1]):
        last += 1
    return first, last


def _ends(before: Line | Word, after: Line | Word) -> bool:
    """Whether a sentence ends between them.

    A recogniser puts a full stop where it is given no more to hear, and then goes on in lower case. Where it puts
    none, a capital letter after a pause begins another.
    """
    first = after.text.lstrip("\"'“‘«([「『¿¡")[:1]
    pause_s = after.span.start_s - before.span.end_s
    if has_full_stop(before.text):
        return pause_s > SHORT_PAUSE_S or not first.islower()
    return pause_s >= PAUSE_S and first.isupper() and not CLAUSE_END.search(before.text)


def _follows(key: Key, lines: Sequence[Line], next_key: Key, after: Line) -> bool:
    before = lines[-1]
    if not isinstance(before, Segment) or not isinstance(after, Segment):
        return False
    return (
        next_key == (key[0], key[1] + len(lines))
        and after.span.start_s - before.span.end_s <= LONGEST_PAUSE_S
        and (before.language, before.speaker, before.origin) == (after.language, after.speaker, after.origin)
    )


def _parted(run: Passage) -> list[Passage]:
    """A run cut at the ends of sentences, and before what would make one too long."""
    starts = [0]
    for place in range(1, len(run.lines)):
        lasts_s = run.lines[place].span.end_s - run.lines[starts[-1]].span.start_s
        if _ends(run.lines[place - 1], run.lines[place]) or lasts_s > LONGEST_SENTENCE_S:
            starts.append(place)
    return [
        Passage((run.key[0], run.key[1] + first), run.lines[first:last])
        for first, last in zip(starts, [*starts[1:], len(run.lines)], strict=True)
    ]
