"""Candidates among lines of speech and of screen text, over a store and a catalog that know nothing else."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from retrieval.asking.query import parse_term
from retrieval.domain import Lane, Line, LineKind, ScreenText, Segment, Span, SpeechOrigin, Word
from retrieval.encoders.base import EncoderSpec
from retrieval.lanes.candidate import Candidate
from retrieval.lanes.lines import text_candidates
from retrieval.lanes.terms import document_vector
from retrieval.storage.contents import Contents, Key
from retrieval.storage.vectors import Hit, SparseVector, VectorFilter, VectorStore

QUERY = np.array([1.0, 0.0], np.float32)
SPEC = EncoderSpec("words", Lane.SPEECH, 2, "1")


@dataclass
class Lines:
    """The lines of one video, each with its cosine to the query; store and catalog in one."""

    lines: Mapping[Key, Line]
    cosines: Mapping[int, float] = field(default_factory=dict)
    hits: frozenset[int] | None = None
    """The only lines that match the filter; all if None."""

    def _hit(self, key: Key, score: float) -> Hit:
        return Hit("point", key[0], key[1], self.lines[key].span, score)

    def _found(self, scores: Mapping[Key, float], limit: int) -> list[Hit]:
        matching = [key for key, score in scores.items() if score > 0 and (self.hits is None or key[1] in self.hits)]
        return [self._hit(key, scores[key]) for key in sorted(matching, key=lambda key: -scores[key])][:limit]

    def search(
        self, _space: str, queries: Sequence[NDArray[np.float32]], limit: int, _where: VectorFilter
    ) -> list[list[Hit]]:
        return [self._found({key: self.cosines.get(key[1], 0.01) for key in self.lines}, limit) for _ in queries]

    def search_sparse(self, _space: str, query: SparseVector, limit: int, _where: VectorFilter) -> list[Hit]:
        asked, scores = set(query.indices), {}
        for key, line in self.lines.items():
            vector = document_vector(line.text, 10.0, line.language if isinstance(line, Segment) else None)
            weights = dict(zip(vector.indices, vector.values, strict=True))
            scores[key] = sum(value for index, value in weights.items() if index in asked)
        return self._found(scores, limit)

    def lines_at(self, _kind: LineKind, keys: Iterable[Key]) -> Mapping[Key, Line]:
        return {key: self.lines[key] for key in keys if key in self.lines}


def talk(*said: tuple[str, float], word_s: float = 0.3) -> dict[Key, Line]:
    """Segments of a video "a", each with the second it starts at."""
    lines: dict[Key, Line] = {}
    for place, (text, start_s) in enumerate(said):
        words = tuple(
            Word(word, Span(start_s + at * word_s, start_s + (at + 1) * word_s), 1.0)
            for at, word in enumerate(text.split())
        )
        span = Span(start_s, words[-1].span.end_s)
        lines["a", place] = Segment(span, text, words, "en", 1.0, SpeechOrigin.TRANSCRIBED)
    return lines


def found(lines: Lines, query: str, lane: Lane = Lane.SPEECH, spec: EncoderSpec = SPEC) -> list[Candidate]:
    store, contents = cast(VectorStore, lines), cast(Contents, lines)
    return text_candidates(store, replace(spec, lane=lane), parse_term(query), QUERY, VectorFilter(), contents)


RECIPE = talk(
    ("Serve it with toast.", 0.0),
    ("One pound of lobster meat, one half pint of cream,", 4.0),
    ("yolks of four eggs,", 7.6),
    ("one wine glass of sherry.", 9.4),
    ("I like it best of all.", 14.0),
)


def test_what_is_found_is_the_whole_sentence_over_its_pauses() -> None:
    best = found(Lines(RECIPE), "a wine glass of sherry")[0]
    assert best.span == Span(4.0, RECIPE["a", 3].span.end_s)
    assert (
        best.evidence[0].text
        == "One pound of lobster meat, one half pint of cream, yolks of four eggs, one wine glass of sherry."
    )
    assert best.evidence[0].matched_words == ("wine", "glass", "sherry")


def test_a_sentence_is_as_near_as_the_nearest_of_its_lines() -> None:
    near, far = Lines(RECIPE, {2: 0.9}), Lines(RECIPE, {2: 0.2})
    assert found(near, "ingredients")[0].span.start_s == 4.0
    assert found(near, "ingredients")[0].lanes[Lane.SPEECH] > found(far, "ingredients")[0].lanes[Lane.SPEECH]


def test_a_quotation_is_found_across_two_segments_and_before_all_else() -> None:
    lines = Lines(RECIPE, {0: 0.6, 1: 0.1, 4: 0.6})
    best, *others = found(lines, '"half pint of cream yolks"')
    assert best.span == Span(4.0, RECIPE["a", 3].span.end_s)
    assert best.lanes[Lane.SPEECH] > 0.9
    assert all(other.lanes[Lane.SPEECH] < 0.5 for other in others if other.span.overlap_s(best.span) == 0)


def test_a_quotation_across_two_sentences_takes_in_both() -> None:
    best = found(Lines(talk(("It is late.", 0.0), ("Nobody came.", 1.2), ("So we left.", 2.2))), '"late nobody came"')[
        0
    ]
    assert (best.span.start_s, best.evidence[0].text) == (0.0, "It is late. Nobody came.")


def test_a_misheard_quotation_is_found_with_a_lower_score() -> None:
    heard = talk(
        ("Then did he hear a human voice speak in the midst of the kind.", 0.0), ("Nothing else was said.", 9.0)
    )
    lines = Lines(heard, {0: 0.6})
    misheard = found(lines, '"human voice spake in the midst of the kine"')[0]
    exact = found(lines, '"human voice speak in the midst of the kind"')[0]
    assert misheard.span == exact.span == heard["a", 0].span
    assert 0.5 < misheard.lanes[Lane.SPEECH] < exact.lanes[Lane.SPEECH]


def test_words_that_are_there_but_not_as_they_are_quoted_are_hardly_an_answer() -> None:
    lines = Lines(talk(("main will freeze, please", 0.0)), {0: 0.3})
    assert found(lines, '"please freeze main"')[0].lanes[Lane.SPEECH] < 0.3
    assert found(lines, "please freeze main")[0].lanes[Lane.SPEECH] > 0.5


def test_neighbours_that_the_filter_leaves_out_are_no_answers_of_their_own() -> None:
    answers = found(Lines(RECIPE, {1: 0.9}, hits=frozenset([0])), "lobster")
    assert [answer.evidence[0].text for answer in answers] == ["Serve it with toast."]


def test_of_a_long_line_the_sentence_that_answers_is_the_moment() -> None:
    lines = talk(("Good morning all. The budget is tight this year. Any questions from you?", 0.0))
    best = found(Lines(lines), "the budget is tight")[0]
    assert best.span == Span(0.3 * 3, 0.3 * 9)
    assert best.evidence[0].span == lines["a", 0].span


def test_sentences_that_answer_alike_and_follow_at_once_are_one_moment() -> None:
    lines = talk(("When is a lobster not a lobster?", 0.0), ("When is it a crayfish?", 2.5), ("I know.", 4.5))
    best = found(Lines(lines, {0: 0.6, 1: 0.6}), "lobster crayfish")[0]
    assert best.span == Span(0.0, lines["a", 1].span.end_s)
    assert best.evidence[0].text == "When is a lobster not a lobster? When is it a crayfish?"


def test_likeness_starts_where_texts_have_nothing_in_common() -> None:
    """A space may have no cosines below 0.7."""
    narrow = EncoderSpec("narrow", Lane.SPEECH, 2, "1", unrelated=0.75)
    assert [narrow.likeness(cosine) for cosine in (-0.2, 0.75, 0.875, 1.0)] == [0.0, 0.0, 0.5, 1.0]
    assert narrow == EncoderSpec("narrow", Lane.SPEECH, 2, "1")
    assert replace(narrow, unrelated_foreign=0.8).likeness(0.9, "pt-BR") == pytest.approx(0.5)
    assert replace(narrow, unrelated_foreign=0.8).likeness(0.875, "en-US") == 0.5


def test_an_english_space_says_less_of_lines_in_other_languages() -> None:
    """All of them are alike to it: words decide."""
    english = replace(SPEC, unrelated_foreign=0.3)
    lines = talk(("Er griff alles an, was ins Wasser kam.", 0.0))
    german = {key: replace(cast(Segment, line), language="de") for key, line in lines.items()}
    near = Lines(german, {0: 0.5})
    assert found(near, "Strände", spec=english)[0].lanes[Lane.SPEECH] < 0.05
    assert found(near, "Strände")[0].lanes[Lane.SPEECH] > 0.1
    assert found(Lines(lines, {0: 0.5}), "Strände", spec=english)[0].lanes[Lane.SPEECH] > 0.1
    assert found(near, "im Wasser angegriffen", spec=english)[0].lanes[Lane.SPEECH] > 0.1


def test_a_translated_line_is_found_by_what_it_says_in_english() -> None:
    english = replace(SPEC, unrelated_foreign=0.3)
    lines = talk(("Er griff alles an, was ins Wasser kam.", 0.0))
    spoken = {key: replace(cast(Segment, line), language="de") for key, line in lines.items()}
    translated = {key: replace(line, translation="He attacked what came into water.") for key, line in spoken.items()}
    asked = "he attacked everything in the water"
    best = found(Lines(translated, {0: 0.5}), asked, spec=english)[0]
    assert (
        best.lanes[Lane.SPEECH] > 0.5 > 0.1 > found(Lines(spoken, {0: 0.5}), asked, spec=english)[0].lanes[Lane.SPEECH]
    )
    assert best.evidence[0].text == "Er griff alles an, was ins Wasser kam."
    assert best.evidence[0].translation == "He attacked what came into water."


@pytest.mark.parametrize("query", ['"freeze main"', "freeze main"])
def test_written_lines_answer_each_for_itself(query: str) -> None:
    lines: dict[Key, Line] = {
        ("a", place): ScreenText(Span(place, place + 1.0), text, 1.0)
        for place, text in enumerate(["Please freeze main,", "freeze", "main"])
    }
    best = found(Lines(lines), query, Lane.SCREEN)[0]
    assert best.span == Span(0.0, 1.0)
