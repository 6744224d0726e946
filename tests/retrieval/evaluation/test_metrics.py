import json
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias, TypedDict, Unpack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.domain import Span
from retrieval.errors import InputError
from retrieval.evaluation.metrics import (
    CaseResult,
    LibrarySpan,
    QueryCase,
    abstention,
    auroc,
    length_class,
    mean_iou,
    median_rank,
    query_free_ranking,
    query_free_results,
    rank_of_first_right,
    read_cases,
    recall_at,
    summarise,
)


def at(start_s: float, end_s: float, video: str = "a.mp4") -> LibrarySpan:
    return LibrarySpan(video, Span(start_s, end_s))


RIGHT, NEAR, WRONG = at(0, 10), at(0, 4), at(50, 60)
ELSEWHERE = at(0, 10, "b.mp4")


def case(lane: str = "visual", relevant: Sequence[LibrarySpan] = (RIGHT,), qid: int = 0) -> QueryCase:
    return QueryCase(qid, lane, "a dog", tuple(relevant))


class OfCase(TypedDict, total=False):
    """What ``case`` may be told."""

    lane: str
    relevant: Sequence[LibrarySpan]
    qid: int


def result(
    *ranked: LibrarySpan,
    confidence: float = 0.5,
    abstained: bool = False,
    latency_s: float | None = None,
    **of_case: Unpack[OfCase],
) -> CaseResult:
    return CaseResult(case(**of_case), ranked, (confidence,) * len(ranked), abstained, latency_s)


Rows: TypeAlias = list[tuple[list[LibrarySpan], list[LibrarySpan]]]
numbers_s = st.integers(0, 40).map(float)
library_spans = st.builds(
    lambda start_s, length_s, video: at(start_s, start_s + length_s, video),
    numbers_s,
    st.integers(1, 40).map(float),
    st.sampled_from(["a.mp4", "b.mp4"]),
)
answer_rows = st.lists(library_spans, max_size=12)
truth_rows = st.lists(library_spans, min_size=1, max_size=3)
queries = st.lists(st.tuples(answer_rows, truth_rows), min_size=1, max_size=8)
bars = st.sampled_from([0.1, 0.3, 0.5, 0.7, 0.9, 1.0])
scores = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=20)
results = st.lists(
    st.builds(
        lambda ranked, relevant, lane, confidence, abstained: CaseResult(
            QueryCase(0, lane if relevant else "absent", "q", tuple(relevant)),
            tuple(ranked),
            (confidence,) * len(ranked),
            abstained,
        ),
        answer_rows,
        st.lists(library_spans, max_size=3),
        st.sampled_from(["visual", "screen", "then"]),
        st.sampled_from([0.0, 0.25, 0.5, 1.0]),
        st.booleans(),
    ),
    min_size=1,
    max_size=10,
)


def test_the_right_time_in_another_video_is_wrong() -> None:
    assert RIGHT.iou(ELSEWHERE) == 0
    assert recall_at([[ELSEWHERE]], [[RIGHT]], 1, 0.1) == 0
    assert recall_at([[ELSEWHERE, RIGHT]], [[RIGHT]], 2, 1.0) == 100


def test_recall_counts_an_answer_that_just_reaches_the_overlap() -> None:
    """[0, 4) of [0, 10) is an IoU of 0.4."""
    assert recall_at([[NEAR]], [[RIGHT]], 1, 0.4) == 100
    assert recall_at([[NEAR]], [[RIGHT]], 1, 0.41) == 0


def test_any_relevant_span_will_do() -> None:
    assert recall_at([[WRONG]], [[RIGHT, WRONG]], 1, 1.0) == 100
    assert rank_of_first_right([ELSEWHERE, WRONG, RIGHT], [RIGHT, WRONG]) == 2


def test_mean_iou_takes_the_top_answer_alone_and_counts_no_answer_as_zero() -> None:
    assert mean_iou([[NEAR, RIGHT], []], [[RIGHT], [RIGHT]]) == pytest.approx(20)


def test_the_median_rank_is_none_once_it_lies_beyond_what_came_back() -> None:
    assert median_rank([[RIGHT], [WRONG, RIGHT], [WRONG]], [[RIGHT]] * 3) == 2
    assert median_rank([[RIGHT], [WRONG, WRONG, RIGHT]], [[RIGHT]] * 2) == 2
    assert median_rank([[RIGHT], [WRONG]], [[RIGHT]] * 2) is None


def test_auroc_counts_ties_half() -> None:
    assert auroc([0.9, 0.5], [0.5, 0.1]) == 3.5 / 4
    assert auroc([1, 1], [1, 1, 1]) == 0.5
    assert auroc([1], []) is None
    assert auroc([], [1]) is None


def test_scores_that_are_not_numbers_are_refused() -> None:
    with pytest.raises(InputError, match="not a finite number"):
        auroc([float("nan")], [0.5])


@pytest.mark.parametrize(("k", "iou"), [(0, 0.5), (1, 0.0), (1, 1.1)])
def test_recall_at_no_rank_or_no_overlap_is_refused(k: int, iou: float) -> None:
    with pytest.raises(InputError, match="k must be at least 1 and IoU above 0"):
        recall_at([[RIGHT]], [[RIGHT]], k, iou)


def test_rankings_and_queries_must_pair_up() -> None:
    with pytest.raises(InputError, match="1 rankings for 2 queries"):
        mean_iou([[RIGHT]], [[RIGHT], [RIGHT]])
    with pytest.raises(InputError, match="0 rankings for 0 queries"):
        recall_at([], [], 1, 0.5)


@given(queries, st.integers(1, 12), bars, bars)
def test_recall_rises_with_k_and_falls_with_the_overlap_asked_for(
    rows: Rows, k: int, one_bar: float, other_bar: float
) -> None:
    ranked, truth = [row for row, _ in rows], [spans for _, spans in rows]
    low, high = sorted((one_bar, other_bar))
    assert 0 <= recall_at(ranked, truth, k, high) <= recall_at(ranked, truth, k, low) <= 100
    assert recall_at(ranked, truth, k, low) <= recall_at(ranked, truth, k + 1, low)


@given(queries, bars)
def test_a_top_answer_is_right_as_often_as_its_overlap_allows(rows: Rows, bar: float) -> None:
    """Markov: the share of answers with IoU >= t is at most the mean IoU over t."""
    ranked, truth = [row for row, _ in rows], [spans for _, spans in rows]
    overlap = mean_iou(ranked, truth)
    assert 0 <= overlap <= 100 + 1e-9
    assert recall_at(ranked, truth, 1, bar) * bar <= overlap + 1e-9


@given(st.lists(truth_rows, min_size=1, max_size=8))
def test_perfect_answers_give_a_hundred(truth: list[list[LibrarySpan]]) -> None:
    summary = summarise([result(spans[0], relevant=spans, confidence=1.0) for spans in truth])
    assert summary.all is not None
    figures = summary.all.as_dict()
    recalls = ["r1@0.3", "r1@0.5", "r1@0.7", "r5@0.5", "r10@0.5", "miou", "miou_right"]
    assert {figures[name] for name in recalls} == {100.0}
    assert figures["median_rank"] == 1


@given(scores, scores)
def test_auroc_mirrors_when_the_sides_change_places(positive: list[float], negative: list[float]) -> None:
    area, mirrored = auroc(positive, negative), auroc(negative, positive)
    assert area is not None
    assert mirrored is not None
    assert 0 <= area <= 1
    assert area + mirrored == pytest.approx(1)


@given(scores, scores)
def test_auroc_is_the_share_of_pairs_in_the_right_order(positive: list[float], negative: list[float]) -> None:
    pairs = [(p > n) + 0.5 * (p == n) for p in positive for n in negative]
    assert auroc(positive, negative) == pytest.approx(sum(pairs) / len(pairs))


@given(scores, scores)
def test_auroc_asks_for_order_alone(positive: list[float], negative: list[float]) -> None:
    cubed = [value**3 for value in positive], [value**3 for value in negative]
    assert auroc(*cubed) == auroc(positive, negative)


@given(results, st.randoms(use_true_random=False))
def test_a_summary_does_not_depend_on_the_order_of_queries(found: list[CaseResult], rng: random.Random) -> None:
    shuffled = list(found)
    rng.shuffle(shuffled)
    assert summarise(shuffled).as_dict() == summarise(found).as_dict()


@given(results)
def test_lanes_and_lengths_both_split_the_present_queries(found: list[CaseResult]) -> None:
    summary = summarise(found)
    present = sum(bool(one.case.relevant) for one in found)
    assert sum(group.n for group in summary.lanes.values()) == present
    assert sum(group.n for group in summary.lengths.values()) == present
    assert (summary.all.n if summary.all else 0) == present
    assert summary.absent.n == len(found) - present


def test_a_summary_has_the_documented_names_and_figures() -> None:
    """Of three visual queries one is right at once and one at rank 2; the slide is met by 0.4."""
    summary = summarise(
        [
            result(RIGHT, confidence=0.9, latency_s=0.010),
            result(WRONG, RIGHT, confidence=0.6, latency_s=0.020),
            result(ELSEWHERE, confidence=0.2, abstained=True, latency_s=0.030),
            result(NEAR, lane="screen", relevant=[at(0, 10), at(90, 130)], confidence=0.8),
            result(WRONG, lane="absent", relevant=[], confidence=0.6),
            result(lane="absent", relevant=[], confidence=0.0, abstained=True),
        ]
    )
    printed = json.loads(json.dumps(summary.as_dict()))
    assert printed["visual"] == {
        "n": 3,
        "r1@0.3": 33.3,
        "r1@0.5": 33.3,
        "r1@0.7": 33.3,
        "r5@0.5": 66.7,
        "r10@0.5": 66.7,
        "miou": 33.3,
        "miou_right": 100.0,
        "median_rank": 2,
        "latency_p50_ms": 20.0,
        "latency_p95_ms": 29.0,
    }
    assert printed["screen"]["r1@0.3"] == 100
    assert printed["screen"]["r1@0.5"] == 0
    assert printed["screen"]["miou"] == 40
    assert printed["screen"]["miou_right"] is None
    assert printed["screen"]["median_rank"] is None
    assert printed["screen"]["latency_p50_ms"] is None
    assert printed["all"]["n"] == 4
    assert printed["all"]["r1@0.5"] == 25
    # Confidence 0.9, 0.6, 0.2, 0.8 against 0.6 and 0.0: 6.5 of 8 pairs are in order.
    assert printed["absent"] == {"n": 2, "abstain_recall": 50.0, "false_abstain": 25.0, "auroc": 0.812}
    assert {length: group["n"] for length, group in printed["by_length"].items()} == {"middle": 4}


def test_a_side_without_queries_has_no_figures() -> None:
    only_present = abstention([result(RIGHT)])
    assert (only_present.n, only_present.abstain_recall, only_present.auroc) == (0, None, None)
    assert only_present.false_abstain == 0
    only_absent = summarise([result(lane="absent", relevant=[])])
    assert only_absent.all is None
    assert only_absent.absent.false_abstain is None


@pytest.mark.parametrize(
    ("lengths_s", "name"),
    [((9.9,), "short"), ((10.0,), "middle"), ((30.0,), "middle"), ((30.1,), "long"), ((2.0, 30.0), "middle")],
)
def test_length_classes_meet_at_ten_and_thirty_seconds(lengths_s: tuple[float, ...], name: str) -> None:
    assert length_class(case(relevant=[at(0, length_s) for length_s in lengths_s])) == name


def test_the_query_free_ranking_takes_each_videos_longest_shot_first() -> None:
    shots = {
        "a.mp4": [Span(0, 4), Span(4, 10), Span(10, 14)],
        "b.mp4": [Span(0, 8)],
        "c.mp4": [],
    }
    assert query_free_ranking(shots) == (at(0, 8, "b.mp4"), at(4, 10), at(0, 4), at(10, 14))
    assert query_free_ranking({}) == ()


def test_the_query_free_baseline_answers_every_case_alike() -> None:
    cases = [case(qid=1), case(qid=2, relevant=[at(0, 8, "b.mp4")]), case("absent", [], qid=3)]
    found = query_free_results(cases, {"a.mp4": [Span(0, 4)], "b.mp4": [Span(0, 8)]}, limit=1)
    summary = summarise(found)
    assert summary.all is not None
    assert summary.all.r1_iou50 == 50
    assert summary.all.r10_iou50 == 50
    assert summary.absent.auroc == 0.5
    assert summary.absent.abstain_recall == 0


@given(st.dictionaries(st.sampled_from("abc"), st.lists(library_spans.map(lambda found: found.span), max_size=5)))
def test_the_query_free_ranking_holds_every_shot_once(shots: dict[str, list[Span]]) -> None:
    ranking = query_free_ranking(shots)
    assert sorted((answer.video, answer.span) for answer in ranking) == sorted(
        (video, span) for video, spans in shots.items() for span in spans
    )


def line(**changes: object) -> str:
    row = {
        "qid": 0,
        "lane": "visual",
        "query": "a dog",
        "relevant": [{"video": "a.mp4", "start_s": 0, "end_s": 2.5}],
    }
    return json.dumps({**row, **changes})


def test_a_queries_file_is_read_in_order() -> None:
    cases = read_cases(
        [
            line(),
            "",
            line(qid="b", lane="then", query=["one", "two"]),
            line(qid=2, lane="absent", relevant=[]),
        ],
        "queries.jsonl",
    )
    first = QueryCase(0, "visual", "a dog", (at(0.0, 2.5),))
    assert cases == (
        first,
        replace(first, qid="b", lane="then", query=("one", "two")),
        replace(first, qid=2, lane="absent", relevant=()),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", r"q line 2: not JSON"),
        ("7", r"q line 2: must be a JSON object, is int"),
        ("[" * 100_000, r"q line 2: not JSON"),
        ("{}", r"q line 2: field 'qid' is missing"),
        (line(qid=0), r"q line 2: qid is 0; it must be used once in the file"),
        (line(qid=True), r"q line 2: qid is true; it must be a whole number or a text"),
        (line(qid=1, lane="smell"), r'q line 2: lane is "smell"; it must be one of visual, sound, speech'),
        (line(qid=1, query=" "), r"query is .*a text that is not empty"),
        (line(qid=1, query=["a", "b"]), r"query is .*a text that is not empty"),
        (line(qid=1, lane="then", query=["a"]), r"query is .*a list of two or more texts"),
        (line(qid=1, relevant=[]), r"relevant is \[\]; it must be empty for the lane absent, and only there"),
        (line(qid=1, lane="absent"), r"it must be empty for the lane absent"),
        (line(qid=1, relevant={}), r"relevant is \{\}; it must be a list of"),
        (line(qid=1, relevant=["a.mp4"]), r"it must be a list of"),
        (line(qid=1, relevant=[{"video": "a.mp4", "start_s": 3, "end_s": 3}]), r"end_s\": after start_s"),
        (line(qid=1, relevant=[{"video": "a.mp4", "start_s": -1, "end_s": 3}]), r"start_s\": from 0"),
        (line(qid=1, relevant=[{"video": "a.mp4", "start_s": 0, "end_s": 10**400}]), r"it must be a list of"),
        (line(qid=1, relevant=[{"video": "a.mp4", "start_s": 0}]), r"it must be a list of"),
        (line(qid=1, relevant=[{"video": "", "start_s": 0, "end_s": 1}]), r"it must be a list of"),
    ],
)
def test_a_broken_queries_file_names_its_line_and_field(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_cases([line(), text], "q")


def test_a_queries_file_without_queries_is_refused() -> None:
    with pytest.raises(InputError, match=r"q: no lines; one JSON object a line is expected"):
        read_cases(["\n"], "q")
