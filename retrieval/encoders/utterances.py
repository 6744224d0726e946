"""From words to segments: where one ends, and cutting one in parts. Pure."""

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

from retrieval.domain import Segment, Span, Word

PAUSE_S = 0.5
"""Who pauses this long goes on with another segment."""

LONGEST_S = 12.0

_SENTENCE_END = re.compile(r"[.!?。！？…]+[\"'”’»)\]」』]*$")
_NO_SENTENCE_END = re.compile(r"(?:\d+|(?:\w\.)*\w|mr|mrs|ms|dr|st|prof|vs|ca|nr|bzw|mme|mlle)\.$", re.IGNORECASE)
CLAUSE_END = re.compile(r"[,;:،，、；：—–-]$")


def parted(segment: Segment) -> list[Segment]:
    """The segment cut at pauses, at ends of sentences, and wherever it would last longer than ``LONGEST_S``."""
    words = segment.words
    natural = [n for n in range(1, len(words)) if _pauses(words, n) or _ends_sentence(words, n)]
    cuts = []
    for first, last in zip([0, *natural], [*natural, len(words)], strict=True):
        cuts += [*([first] if first else []), *_cuts_of_long(words, first, last)]
    return split_segment(segment, cuts)


def split_segment(segment: Segment, before: Sequence[int]) -> list[Segment]:
    """The segment cut before the words with these indices, ascending, from 1 to one less than it has words.

    Each part has its own span, text, words, confidence (the mean of its words') and compression ratio; figures of the
    whole, such as its log-probability, stay with all.
    """
    if not before:
        return [segment]
    starts = _places(segment)
    parts = []
    for first, last in zip([0, *before], [*before, len(segment.words)], strict=True):
        words = segment.words[first:last]
        text = segment.text[starts[first] if first else 0 : starts[last] if last < len(starts) else None].strip()
        parts.append(
            replace(
                segment,
                span=Span(words[0].span.start_s, words[-1].span.end_s),
                text=text,
                words=words,
                confidence=mean_confidence(words),
                compression_ratio=None if segment.compression_ratio is None else compression_ratio(text),
            )
        )
    return parts


def mean_confidence(words: Sequence[Word]) -> float:
    """The mean of the words' confidences, 0 to 1."""
    return sum(word.confidence for word in words) / len(words)


def compression_ratio(text: str) -> float:
    """How many times smaller the text zips: about 1 for a sentence, much more for what repeats itself."""
    plain = text.encode()
    return len(plain) / len(zlib.compress(plain))


def has_full_stop(text: str) -> bool:
    """Whether the text ends with what ends a sentence, and not with an abbreviation or a number."""
    last = "".join(text.split()[-1:])
    return _SENTENCE_END.search(last) is not None and _NO_SENTENCE_END.match(last) is None


def _places(segment: Segment) -> list[int]:
    """Where each word starts in the segment's text."""
    places, at = [], 0
    for word in segment.words:
        found = segment.text.find(word.text, at)
        places.append(at if found < 0 else found)
        at = places[-1] + len(word.text)
    return places


def _pauses(words: Sequence[Word], n: int) -> bool:
    return words[n].span.start_s - words[n - 1].span.end_s >= PAUSE_S


def _ends_sentence(words: Sequence[Word], n: int) -> bool:
    return has_full_stop(words[n - 1].text) and not words[n].text[:1].islower()


def _cuts_of_long(words: Sequence[Word], first: int, last: int) -> Iterator[int]:
    """Where to cut words [first, last) so that no part lasts too long: after a clause, or else at the longest pause."""
    if last - first < 2 or words[last - 1].span.end_s - words[first].span.start_s <= LONGEST_S:
        return
    start_s, end_s = words[first].span.start_s, words[last - 1].span.end_s
    inner = [n for n in range(first + 1, last) if start_s + (end_s - start_s) / 4 <= words[n].span.start_s]
    inner = [n for n in inner if words[n].span.start_s <= end_s - (end_s - start_s) / 4] or [(first + last) // 2]
    cut = max(
        inner,
        key=lambda n: (
            CLAUSE_END.search(words[n - 1].text) is not None,
            words[n].span.start_s - words[n - 1].span.end_s,
        ),
    )
    yield from _cuts_of_long(words, first, cut)
    yield cut
    yield from _cuts_of_long(words, cut, last)
