"""Candidates of the lanes whose unit is a line: what is said, and what is shown in writing."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from retrieval.asking.query import Term
from retrieval.domain import Evidence, Lane, Line, Segment, Span, Speaker, SpeechOrigin
from retrieval.lanes.candidate import Candidate
from retrieval.lanes.lane_table import LANES, line_tuning
from retrieval.lanes.phonetics import SOUND_TERM_WEIGHT, sound_terms
from retrieval.lanes.terms import document_terms, matched_words, query_vector, with_terms
from retrieval.lanes.word_match import (
    Phrase,
    contains_phrase,
    coverage,
    matching_phrase,
    phrases_by_sound,
    said_words,
)
from retrieval.storage.contents import Contents, Key
from retrieval.storage.vectors import Hit, VectorFilter, VectorStore

DENSE_HITS = 50
SPARSE_HITS = 50


CHANCE_LIKENESS = 0.25
"""How much of any query can be heard in any line of speech; only what goes beyond counts."""

LEAST_SHARE = 0.5

MOST_ALIKE = 20
LEAST_LIKE = 0.01
"""So many lines that share words or sounds with a term are read for it; others are like it from this probability on."""

LONGEST_PAUSE_S = 1.5
LIKE_THE_OTHER = 0.6
LEAST_JOINED = 0.3
"""When two segments are one utterance: the pause between them, how alike their scores are, and how high."""

LONGEST_CUE_S = 8.0

_PHRASE_BONUS = 0.5
"""A quoted phrase that stands there word for word takes away this share of what doubt is left."""


def text_candidates(
    lane: Lane,
    store: VectorStore,
    space: str,
    term: Term,
    query: NDArray[np.float32],
    where: VectorFilter,
    contents: Contents,
) -> list[Candidate]:
    """The lane's best lines for a term and its unit sentence vector (dim,), best first."""
    dense = store.search(space, [query], DENSE_HITS, where)[0]
    asked, tuning = query_vector(term.text), line_tuning(lane)
    if tuning.is_heard:
        asked = with_terms(asked, sound_terms(said_words(term.text)), SOUND_TERM_WEIGHT)
    sparse = store.search_sparse(space, asked, SPARSE_HITS, where)
    cosines: dict[Key, float] = {(hit.video_id, hit.ordinal): hit.score for hit in dense}
    lowest = min(cosines.values(), default=0.0)
    keys = list(dict.fromkeys([*cosines, *((hit.video_id, hit.ordinal) for hit in sparse)]))
    found = _scored(lane, term, contents.lines_at(tuning.lines, keys), cosines, lowest)
    return sorted(found, key=lambda candidate: -candidate.lanes[lane])


def lines_like(
    lane: Lane,
    terms: Sequence[Term],
    queries: Sequence[NDArray[np.float32]],
    hits: Sequence[Hit],
    contents: Contents,
) -> list[list[Candidate]]:
    """For each term and its unit sentence vector (dim,) those of the lines hit that are like it, in no order.

    The nearest, and those that share most words or sounds with it, as a search finds them.
    """
    if not hits:
        return [[] for _ in terms]
    keys = [(hit.video_id, hit.ordinal) for hit in hits]
    tuning = line_tuning(lane)
    lines = contents.lines_at(tuning.lines, keys)
    shared_by = [_terms_of_line(lane, lines[key].text) if key in lines else frozenset() for key in keys]
    places: dict[str, list[int]] = defaultdict(list)
    for place, found in enumerate(shared_by):
        for one in found:
            places[one].append(place)
    cosines = np.stack(queries) @ np.stack([hit.vector for hit in hits if hit.vector is not None]).T
    like = []
    for term, near in zip(terms, cosines, strict=True):
        shared = Counter(place for one in _terms_of_line(lane, term.text) for place in places.get(one, ()))
        nearest = np.argsort(-near, kind="stable")[:DENSE_HITS].tolist()
        likely = [at for at in nearest if tuning.probability(float(near[at]), 0.0, 0.0) >= LEAST_LIKE]
        chosen = [keys[at] for at in {*likely, *(at for at, _ in shared.most_common(MOST_ALIKE))} if keys[at] in lines]
        of_term = {key: float(cosine) for key, cosine in zip(keys, near, strict=True)}
        like.append(_scored(lane, term, {key: lines[key] for key in chosen}, of_term, 0.0))
    return like


def _terms_of_line(lane: Lane, text: str) -> frozenset[str]:
    """The words of a text, and, of speech, its sounds."""
    sounds = sound_terms(said_words(text)) if line_tuning(lane).is_heard else ()
    return frozenset([*document_terms(text), *sounds])


def _scored(
    lane: Lane,
    term: Term,
    lines: Mapping[Key, Line],
    cosines: Mapping[Key, float],
    lowest: float,
) -> list[Candidate]:
    """A candidate for each line, but one for segments of one utterance; ``lowest`` stands for cosines not known."""
    candidates: dict[Key, Candidate] = {}
    tuning = line_tuning(lane)
    by_sound = _heard_in(term, lines)
    for key, line in lines.items():
        language = line.language if isinstance(line, Segment) else None
        covered = coverage(term.text, line.text, language)
        phrase, likeness = _phrase_of(term, line, by_sound.get(key), covered)
        probability = tuning.probability(cosines.get(key, lowest), covered, likeness)
        if any(contains_phrase(quoted, line.text) for quoted in term.quoted):
            probability += _PHRASE_BONUS * (1.0 - probability)
        span = phrase.span if phrase is not None else line.span
        evidence = Evidence(
            lane,
            LANES[lane].evidence,
            line.span,
            probability,
            text=line.text,
            matched_words=matched_words(term.text, line.text, language),
            origin=line.origin if isinstance(line, Segment) else None,
            speaker=Speaker(line.speaker) if isinstance(line, Segment) and line.speaker is not None else None,
            language=language,
        )
        middle_s = (span.start_s + span.end_s) / 2
        candidates[key] = Candidate(key[0], span, middle_s, {lane: probability}, (evidence,))
    return _joined(lane, candidates) if tuning.is_heard else list(candidates.values())


def _joined(lane: Lane, candidates: Mapping[Key, Candidate]) -> list[Candidate]:
    """Segments of which each answers about as well as the next, and follows at once, as one candidate.

    A speaker pauses within a sentence; the recogniser makes two segments of it.
    """
    joined: list[Candidate] = []
    previous: Key | None = None
    for key in sorted(candidates):
        candidate = candidates[key]
        if previous == (key[0], key[1] - 1) and _is_one_utterance(lane, joined[-1], candidate):
            before = joined.pop()
            better = max(before, candidate, key=lambda one: one.lanes[lane])
            first, second = before.evidence[0], candidate.evidence[0]
            evidence = replace(
                better.evidence[0],
                span=Span(first.span.start_s, second.span.end_s),
                text=f"{first.text} {second.text}",
                matched_words=tuple(dict.fromkeys(first.matched_words + second.matched_words)),
                language=first.language if first.language == second.language else None,
                speaker=first.speaker if first.speaker == second.speaker else None,
            )
            span = Span(before.span.start_s, candidate.span.end_s)
            candidate = replace(better, span=span, evidence=(evidence,))
        joined.append(candidate)
        previous = key
    return joined


def _is_one_utterance(lane: Lane, before: Candidate, after: Candidate) -> bool:
    scores = (before.lanes[lane], after.lanes[lane])
    gap_s = after.span.start_s - before.span.end_s
    return gap_s <= LONGEST_PAUSE_S and min(scores) >= LIKE_THE_OTHER * max(scores) and min(scores) >= LEAST_JOINED


def _heard_in(term: Term, lines: Mapping[Key, Line]) -> Mapping[Key, Phrase | None]:
    """What each transcribed line has that sounds like the term.

    Sound counts only where a machine listened: it may have misheard, subtitles were written.
    """
    transcribed = {
        key: line.words
        for key, line in lines.items()
        if isinstance(line, Segment) and line.words and line.origin is SpeechOrigin.TRANSCRIBED
    }
    return dict(zip(transcribed, phrases_by_sound(term.text, list(transcribed.values())), strict=True))


def _phrase_of(term: Term, line: Line, by_sound: Phrase | None, covered: float) -> tuple[Phrase | None, float]:
    """The words of a segment that answer, if fewer than all, and how much they sound like the query."""
    if not isinstance(line, Segment) or not line.words:
        return None, 0.0
    likeness = max(0.0, by_sound.share - CHANCE_LIKENESS) if by_sound is not None else 0.0
    if line.span.duration_s <= LONGEST_CUE_S and line.origin is not SpeechOrigin.TRANSCRIBED:
        return None, likeness
    if covered >= LEAST_SHARE:
        return matching_phrase(term.text, line.words, line.language), likeness
    return (by_sound if likeness > 0.0 else None), likeness
