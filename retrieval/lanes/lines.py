"""Candidates of the lanes whose unit is a line: what is said, and what is shown in writing."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from retrieval.asking.query import Term
from retrieval.domain import Evidence, Lane, Line, Segment, Span, Speaker, Word
from retrieval.encoders.base import EncoderSpec
from retrieval.lanes.candidate import Candidate
from retrieval.lanes.lane_table import LANES, line_tuning
from retrieval.lanes.passages import (
    LONGEST_PAUSE_S,
    LONGEST_SENTENCE_S,
    Passage,
    runs,
    sentence_around,
    sentences,
    sentences_of,
)
from retrieval.lanes.quotations import LEAST_LIKE, Quotation, quotation
from retrieval.lanes.terms import document_terms, query_vector, spaced
from retrieval.lanes.word_match import coverage, matched_words, matching_words, to_pauses
from retrieval.storage.contents import Contents, Key
from retrieval.storage.vectors import Hit, VectorFilter, VectorStore

DENSE_HITS = 50
SPARSE_HITS = 50

BEST_HITS = 15
AROUND = 3
"""Of so many of the nearest hits, and of those with most of the words, so many lines before and after are read too."""

LEAST_SHARE = 0.5
"""Words of a passage that have less of the query's do not tell which part of it answers."""

MOST_ALIKE = 20
LEAST_CHANCE = 0.01
"""So many lines that share words with a term are read for it; others are like it from this probability on."""

LIKE_THE_OTHER = 0.6
LEAST_JOINED = 0.3
LONGEST_JOINED_S = 30.0
"""When two sentences are one answer: how alike their scores are, how high, and how long they may be together."""


def text_candidates(
    store: VectorStore,
    spec: EncoderSpec,
    term: Term,
    query: NDArray[np.float32],
    where: VectorFilter,
    contents: Contents,
) -> list[Candidate]:
    """The lane's best passages for a term and its unit sentence vector (dim,), best first."""
    dense = store.search(spec.space, [query], DENSE_HITS, where)[0]
    sparse = store.search_sparse(spec.space, query_vector(term.text), SPARSE_HITS, where)
    near: dict[Key, float] = {(hit.video_id, hit.ordinal): hit.score for hit in dense}
    with_words = [(hit.video_id, hit.ordinal) for hit in sparse]
    cosines = dict.fromkeys(with_words, min(near.values(), default=0.0)) | near
    tuning = line_tuning(spec.lane)
    best = cosines if term.quoted else [*list(near)[:BEST_HITS], *with_words[:BEST_HITS]]
    around = _around(best) if tuning.is_heard else set()
    found = _scored(spec, term, contents.lines_at(tuning.lines, around.union(cosines)), cosines)
    return sorted(found, key=lambda candidate: -candidate.lanes[spec.lane])


def proving(candidates: Sequence[Candidate], lane: Lane, proves: float) -> list[Candidate]:
    """The candidates, less likely and with a caveat where a line that is right ``proves`` little."""
    if proves >= 1.0:
        return list(candidates)
    caveat = line_tuning(lane).caveat
    weakened = []
    for candidate in candidates:
        evidence = tuple(replace(item, score=proves * item.score, caveat=caveat) for item in candidate.evidence)
        lanes = {lane: proves * value for lane, value in candidate.lanes.items()}
        weakened.append(replace(candidate, lanes=lanes, evidence=evidence))
    return weakened


def _around(keys: Iterable[Key]) -> set[Key]:
    return {(video_id, at + step) for video_id, at in keys for step in range(-AROUND, AROUND + 1) if at + step >= 0}


def lines_like(
    spec: EncoderSpec,
    terms: Sequence[Term],
    queries: Sequence[NDArray[np.float32]],
    hits: Sequence[Hit],
    contents: Contents,
) -> list[list[Candidate]]:
    """For each term and its unit sentence vector (dim,) those of the lines hit that are like it, in no order.

    The nearest, and those that share most words with it, as a search finds them.
    """
    if not hits:
        return [[] for _ in terms]
    keys = [(hit.video_id, hit.ordinal) for hit in hits]
    tuning = line_tuning(spec.lane)
    lines = contents.lines_at(tuning.lines, keys)
    shared_by = [frozenset(document_terms(lines[key].text)) if key in lines else frozenset() for key in keys]
    places: dict[str, list[int]] = defaultdict(list)
    for place, found in enumerate(shared_by):
        for one in found:
            places[one].append(place)
    cosines = np.stack(queries) @ np.stack([hit.vector for hit in hits if hit.vector is not None]).T
    like = []
    for term, near in zip(terms, cosines, strict=True):
        shared = Counter(place for one in frozenset(document_terms(term.text)) for place in places.get(one, ()))
        nearest = np.argsort(-near, kind="stable")[:DENSE_HITS].tolist()
        likely = [at for at in nearest if tuning.probability(spec.likeness(float(near[at])), 0.0) >= LEAST_CHANCE]
        chosen = [keys[at] for at in {*likely, *(at for at, _ in shared.most_common(MOST_ALIKE))} if keys[at] in lines]
        of_term = {key: float(cosine) for key, cosine in zip(keys, near, strict=True)}
        like.append(_scored(spec, term, {key: lines[key] for key in chosen}, of_term))
    return like


def _scored(spec: EncoderSpec, term: Term, lines: Mapping[Key, Line], cosines: Mapping[Key, float]) -> list[Candidate]:
    """A candidate for each passage in which a line was hit, that is, has a cosine."""
    found: dict[tuple[Key, ...], Candidate] = {}
    for passage in [*sentences(lines), *_quoting(term, lines)]:
        near = [cosines[key] for key in passage.keys if key in cosines]
        if near and passage.keys not in found:
            found[passage.keys] = _candidate(spec, term, passage, max(near))
    return list(found.values()) if term.quoted else _joined(spec.lane, found)


def _quoting(term: Term, lines: Mapping[Key, Line]) -> list[Passage]:
    """The sentences, one or several in a row, in which something stands that the term quotes."""
    found = []
    for run in runs(lines) if term.quoted else ():
        said = [(place, word) for place, line in enumerate(run.lines) for word in line.text.split()]
        for phrase in term.quoted:
            stands = quotation(phrase, [word for _, word in said])
            if stands is not None:
                found.append(sentences_of(run, said[stands.first][0], said[stands.last][0]))
    return found


def _candidate(spec: EncoderSpec, term: Term, passage: Passage, cosine: float) -> Candidate:
    lane, first, text, words = spec.lane, passage.lines[0], passage.text, passage.words
    segment = first if isinstance(first, Segment) else None
    language = segment.language if segment else None
    translation = _in_english(line.translation for line in passage.lines if isinstance(line, Segment))
    covered = coverage(term.text, text, language)
    stand = [quotation(phrase, [word.text for word in words] or text.split()) for phrase in term.quoted]
    likeness = spec.likeness(cosine, "en" if translation else language)
    translated = coverage(term.text, translation) if translation else 0.0
    probability = line_tuning(lane).probability(likeness, max(covered, translated), _as_quoted(stand))
    matched: tuple[int, int] | None = None
    if quoted := [one for one in stand if one is not None]:
        matched = min(one.first for one in quoted), max(one.last for one in quoted)
    elif covered >= LEAST_SHARE:
        matched = matching_words(term.text, words, language)
    span = _around_words(passage, words, matched) if words and matched else passage.span
    evidence = Evidence(
        lane,
        LANES[lane].evidence,
        passage.span,
        probability,
        text=text,
        matched_words=matched_words(term.text, text, language),
        origin=segment.origin if segment else None,
        speaker=Speaker(segment.speaker) if segment and segment.speaker is not None else None,
        language=language,
        translation=translation,
    )
    middle_s = (span.start_s + span.end_s) / 2
    return Candidate(passage.key[0], span, middle_s, {lane: probability}, (evidence,))


def _in_english(translations: Iterable[str | None]) -> str | None:
    """All of them as one; lines of one sentence have the same."""
    return spaced(dict.fromkeys(one for one in translations if one)) or None


def _as_quoted(stand: Sequence[Quotation | None]) -> float:
    """From -1, where nothing of what is quoted stands there, to 1, where all does word for word; 0 if nothing is."""
    chances = [-1.0 if one is None else (one.likeness - LEAST_LIKE) / (1.0 - LEAST_LIKE) for one in stand]
    return fmean(chances) if chances else 0.0


def _around_words(passage: Passage, words: Sequence[Word], matched: tuple[int, int]) -> Span:
    """The span of the sentences that the matched words, first and last, are of; of an endless one what is near."""
    first, last = sentence_around(words, *matched)
    if words[last].span.end_s - words[first].span.start_s > LONGEST_SENTENCE_S:
        first, last = to_pauses(words, *matched)
    if (first, last) == (0, len(words) - 1):
        return passage.span
    return Span(words[first].span.start_s, words[last].span.end_s)


def _joined(lane: Lane, candidates: Mapping[tuple[Key, ...], Candidate]) -> list[Candidate]:
    """Sentences of which each answers about as well as the next, and follows at once, as one candidate."""
    joined: list[Candidate] = []
    previous: Key | None = None
    for keys in sorted(candidates):
        candidate = candidates[keys]
        if previous == (keys[0][0], keys[0][1] - 1) and _is_one_answer(lane, joined[-1], candidate):
            before = joined.pop()
            better = max(before, candidate, key=lambda one: one.lanes[lane])
            first, second = before.evidence[0], candidate.evidence[0]
            evidence = replace(
                better.evidence[0],
                span=Span(first.span.start_s, second.span.end_s),
                text=spaced([first.text or "", second.text or ""]),
                matched_words=tuple(dict.fromkeys(first.matched_words + second.matched_words)),
                language=first.language if first.language == second.language else None,
                speaker=first.speaker if first.speaker == second.speaker else None,
                translation=_in_english([first.translation, second.translation]),
            )
            span = Span(before.span.start_s, candidate.span.end_s)
            candidate = replace(better, span=span, evidence=(evidence,))
        joined.append(candidate)
        previous = keys[-1]
    return joined


def _is_one_answer(lane: Lane, before: Candidate, after: Candidate) -> bool:
    scores = (before.lanes[lane], after.lanes[lane])
    gap_s = after.span.start_s - before.span.end_s
    return (
        line_tuning(lane).is_heard
        and gap_s <= LONGEST_PAUSE_S
        and after.span.end_s - before.span.start_s <= LONGEST_JOINED_S
        and min(scores) >= LIKE_THE_OTHER * max(scores)
        and min(scores) >= LEAST_JOINED
    )
