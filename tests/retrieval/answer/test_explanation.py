"""Why a moment has its rank."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli.print_moments import explanation_lines
from app.contract.answers import PlainAnswer
from retrieval.answer.explanation import Ranking, explain
from retrieval.answer.fusion import chained, in_order, merge
from retrieval.asking.query import Query, Term, lane_weights, parse_term
from retrieval.domain import (
    Answer,
    Boundary,
    Evidence,
    EvidenceKind,
    Explanation,
    Lane,
    LaneExplanation,
    LaneWeight,
    Moment,
    ScreenText,
    Searched,
    Segment,
    Shot,
    SoundEvent,
    Span,
    SpeechOrigin,
    StepExplanation,
    WeightSource,
)
from retrieval.lanes.candidate import Candidate
from retrieval.search import SearchEngine
from retrieval.storage.catalog import Catalog
from retrieval.storage.contents import Contents
from retrieval.storage.database import open_database
from retrieval.storage.library import Library
from retrieval.storage.records import VideoContents, VideoRecord
from tests.fakes import FakeEncoders, FakeShot, id_of, library_of

VIDEO = "0" * 16
ALL = frozenset(Lane)


def candidate(lane: Lane, start_s: float, end_s: float, probability: float) -> Candidate:
    span = Span(start_s, end_s)
    evidence = Evidence(lane, EvidenceKind.FRAME, span, probability)
    return Candidate(VIDEO, span, (start_s + end_s) / 2, {lane: probability}, (evidence,))


def ranking(words: str, *candidates: Candidate, lanes: frozenset[Lane] = ALL) -> Ranking:
    term = parse_term(words)
    weights = lane_weights(term, lanes, None)
    found = merge(candidates, {lane: weight.value for lane, weight in weights.items()})
    return Ranking(term, weights, candidates, found)


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Contents]:
    """Shots [0, 10) and [10, 30), a line [2, 8), a slide visible [12, 18), rain [21.5, 24.25)."""
    catalog = Catalog(open_database(f"sqlite:///{tmp_path_factory.mktemp('catalog') / 'catalog.sqlite'}"))
    line = Segment(Span(2.0, 8.0), "the budget is tight", (), "en", 0.9, SpeechOrigin.TRANSCRIBED)
    catalog.publish(
        VideoRecord(VIDEO, VIDEO, "/a.mp4", "a", 1, 1, duration_s=30.0),
        VideoContents(
            shots=(Shot(0, Span(0.0, 10.0)), Shot(1, Span(10.0, 30.0))),
            segments=(line,),
            screen_texts=(ScreenText(Span(12.0, 18.0), "agenda", 0.9),),
            sound_events=(SoundEvent(Span(21.5, 24.25), "rain", 0.9),),
        ),
    )
    yield catalog.contents
    catalog.close()


@pytest.mark.parametrize(
    ("lane", "span", "start", "end"),
    [
        (Lane.VISUAL, Span(0.0, 10.0), Boundary.SHOT, Boundary.SHOT),
        (Lane.VISUAL, Span(10.0, 14.0), Boundary.SHOT, Boundary.SCORE_CURVE),
        (Lane.SPEECH, Span(2.0, 8.0), Boundary.UTTERANCE, Boundary.UTTERANCE),
        (Lane.SPEECH, Span(3.5, 8.0), Boundary.PHRASE, Boundary.UTTERANCE),
        (Lane.SCREEN, Span(12.0, 18.0), Boundary.VISIBLE_SPAN, Boundary.VISIBLE_SPAN),
        (Lane.SOUND, Span(21.5, 24.25), Boundary.SOUND_ONSET, Boundary.SOUND_END),
        (Lane.SOUND, Span(20.0, 30.0), Boundary.SCORE_CURVE, Boundary.SHOT),
    ],
)
def test_a_start_and_an_end_say_what_they_lie_on(
    contents: Contents, lane: Lane, span: Span, start: Boundary, end: Boundary
) -> None:
    found = ranking("rain", candidate(lane, span.start_s, span.end_s, 0.5))
    [step] = explain(0.5, found.found[0][1], [found], contents).steps
    assert (step.spanned_by, step.start, step.end) == (lane, start, end)


def test_a_lane_tells_its_probability_and_the_rank_it_gave(contents: Contents) -> None:
    seen = [candidate(Lane.VISUAL, start_s, start_s + 2.0, 0.1 * start_s) for start_s in (2.0, 4.0, 6.0)]
    said = candidate(Lane.SPEECH, 4.0, 6.0, 0.8)
    found = ranking("the budget", *seen, said)
    score, best = found.found[0]

    explanation = explain(score, best, [found], contents)

    [step] = explanation.steps
    assert step.spanned_by is Lane.SPEECH
    assert step.lanes[Lane.SPEECH] == LaneExplanation(LaneWeight(1.0, WeightSource.EVEN), 0.8, 1)
    assert step.lanes[Lane.VISUAL] == LaneExplanation(LaneWeight(1.0, WeightSource.EVEN), 0.4, 2)
    assert step.lanes[Lane.SOUND] == LaneExplanation(LaneWeight(0.4, WeightSource.EVEN), None, None)
    assert step.fused == explanation.fused == score
    assert explanation.unwanted == 0.0


def test_a_sequence_is_explained_step_by_step(contents: Contents) -> None:
    bark = ranking("a bark", candidate(Lane.SOUND, 1.0, 2.0, 0.9), lanes=frozenset({Lane.SOUND}))
    slam = ranking("a slam", candidate(Lane.SOUND, 4.0, 5.0, 0.4), lanes=frozenset({Lane.SOUND}))
    [(score, chain)] = in_order([bark.found, slam.found], within_s=10.0)

    explanation = explain(score, chain, [bark, slam], contents)

    assert [step.text for step in explanation.steps] == ["a bark", "a slam"]
    first, second = explanation.steps
    assert explanation.fused == pytest.approx(chained(first.fused * second.fused, 2)) == pytest.approx(score)


def test_what_is_not_wanted_takes_its_share(contents: Contents) -> None:
    found = ranking("a bark", candidate(Lane.SOUND, 1.0, 2.0, 0.9))
    score, best = found.found[0]
    assert explain(0.25 * score, best, [found], contents).unwanted == pytest.approx(0.75)


def test_weights_say_where_they_come_from() -> None:
    weights = lane_weights(parse_term("where she says hello"), ALL, {Lane.VISUAL: 2.0})
    assert (weights[Lane.SPEECH].source, weights[Lane.SPEECH].words) == (WeightSource.WORDS, "where she says")
    assert (weights[Lane.SCREEN].source, weights[Lane.SCREEN].words) == (WeightSource.WORDS, None)
    assert weights[Lane.SPEECH].value > 1.0 > weights[Lane.SCREEN].value
    assert weights[Lane.VISUAL] == LaneWeight(2.0, WeightSource.CALLER)
    assert lane_weights(parse_term("screen: plan"), ALL, None)[Lane.SCREEN].source is WeightSource.SCOPE
    assert lane_weights(parse_term('"plan b"'), ALL, None)[Lane.SCREEN].words == '"plan b"'


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    shots = [FakeShot("red", says="the budget is tight"), FakeShot("green"), FakeShot("blue", "low")]
    with library_of(tmp_path, {"a.mp4": shots}) as opened:
        yield opened


def test_a_search_explains_every_moment_if_asked_and_only_then(library: Library) -> None:
    engine = SearchEngine(library, FakeEncoders())
    query = Query((Term("where he says the budget is tight"),), exclude=(Term("blue"),))
    plain, explained = engine.search(query), engine.search(Query(query.steps, query.exclude, explain=True))

    assert all(moment.explanation is None for moment in plain.moments)
    best = explained.moments[0]
    assert best.video_id == id_of("a.mp4")
    assert best.explanation is not None
    assert best.explanation.steps[0].lanes[Lane.SPEECH].rank == 1
    assert best.explanation.steps[0].lanes[Lane.SPEECH].weight.words == "where he says"
    for moment in explained.moments:
        assert moment.explanation is not None
        assert moment.confidence == pytest.approx(moment.explanation.fused * (1.0 - moment.explanation.unwanted))
    assert [moment.span for moment in plain.moments] == [moment.span for moment in explained.moments]


EXPLAINED = Answer(
    (
        Moment(
            *(11, "0123456789abcdef", "/videos/talk.mp4", "talk"),
            span=Span(1.0, 2.5),
            peak_s=1.75,
            score=0.9,
            confidence=0.9,
            lanes={Lane.SPEECH: 0.9},
            further=3,
            explanation=Explanation(
                (
                    StepExplanation(
                        "she says [hello]",
                        0.9,
                        {
                            Lane.SPEECH: LaneExplanation(LaneWeight(1.5, WeightSource.WORDS, "says"), 0.9, 1),
                            Lane.VISUAL: LaneExplanation(LaneWeight(0.75, WeightSource.WORDS), None, None),
                            Lane.SOUND: LaneExplanation(LaneWeight(2.0, WeightSource.CALLER), 0.1, 7),
                        },
                        Lane.SPEECH,
                        Boundary.PHRASE,
                        Boundary.UTTERANCE,
                    ),
                ),
                fused=0.9,
                unwanted=0.25,
            ),
        ),
    ),
    abstained=False,
    reason=None,
    searched=Searched(1, 10.0),
    next_cursor="abc",
)


def test_an_explained_page_survives_the_way_to_a_server_and_back() -> None:
    told = PlainAnswer.of(EXPLAINED)
    assert PlainAnswer.model_validate_json(told.model_dump_json()).to_answer() == EXPLAINED
    value = told.model_dump(mode="json")
    assert (value["next_cursor"], value["moments"][0]["further"]) == ("abc", 3)
    [step] = value["moments"][0]["explanation"]["steps"]
    assert step["boundaries"] == {"lane": "speech", "start": "phrase", "end": "utterance"}
    assert step["lanes"]["speech"] == {
        "weight": 1.5,
        "weight_from": "words",
        "words": "says",
        "probability": 0.9,
        "rank": 1,
    }


def test_a_person_reads_one_line_per_lane() -> None:
    explanation = EXPLAINED.moments[0].explanation
    assert explanation is not None
    assert list(explanation_lines(explanation)) == [
        "speech  0.90, rank 1; weight 1.5 (the query says 'says')",
        "visual  not found; weight 0.75 (the query asks for other lanes)",
        "sound   0.10, rank 7; weight 2 (as you set it)",
        "starts with phrase, ends with utterance, by speech; fused 0.90",
        "what is not wanted may be there too: 25% taken off",
    ]
