"""Answers as forecasts: which count where, which are right, and how files of them are read."""

import json
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.domain import Lane, Span
from retrieval.errors import InputError
from retrieval.evaluation.calibration_table import Claim, ClaimedAnswer, calibration_table, read_answers
from retrieval.evaluation.judged import ANY_LANE
from retrieval.evaluation.metrics import CASE_LANES, CaseResult, LaneBest, LibrarySpan, QueryCase

told = st.builds(Claim, st.floats(0.0, 1.0), st.floats(0.0, 1.0))
answers = st.lists(
    st.builds(
        ClaimedAnswer,
        st.integers(0, 9) | st.text(min_size=1, max_size=3),
        st.sampled_from([*CASE_LANES, ANY_LANE]),
        st.lists(told, max_size=4).map(tuple),
        st.dictionaries(st.sampled_from(Lane), told),
    ),
    max_size=12,
)


def answer(lane: str, *moments: Claim, alone: dict[Lane, Claim] | None = None) -> ClaimedAnswer:
    return ClaimedAnswer(1, lane, moments, alone or {})


def test_a_result_is_told_with_its_overlaps() -> None:
    """[0, 4) of [0, 10) is an IoU of 0.4; another video has none."""
    truth = LibrarySpan("a.mp4", Span(0, 10))
    near, elsewhere = LibrarySpan("a.mp4", Span(0, 4)), LibrarySpan("b.mp4", Span(0, 10))
    case = QueryCase(7, "visual", "a dog", (truth,))
    result = CaseResult(
        case, (near, elsewhere, truth), (0.9, 0.5, 0.1), False, alone={Lane.SPEECH: LaneBest(elsewhere, 0.3)}
    )
    assert ClaimedAnswer.of(result) == ClaimedAnswer(
        7, "visual", (Claim(0.9, 0.4), Claim(0.5, 0.0), Claim(0.1, 1.0)), {Lane.SPEECH: Claim(0.3, 0.0)}
    )


def test_every_answer_counts_in_its_rows() -> None:
    """A query for what is absent has nothing that it could meet: sure of it is wrong."""
    table = calibration_table(
        [
            answer("visual", Claim(0.9, 1.0), Claim(0.2, 0.0), alone={Lane.VISUAL: Claim(0.8, 1.0)}),
            answer("visual", Claim(0.7, 0.4), alone={Lane.VISUAL: Claim(0.6, 0.5), Lane.SPEECH: Claim(0.9, 0.0)}),
            answer("absent", Claim(0.5, 0.0)),
            answer("speech"),
        ]
    )
    assert table.first is not None
    assert table.first.n == 3
    assert (table.first.said, table.first.right) == pytest.approx((0.7, 1 / 3))
    assert {lane: (row.n, row.right) for lane, row in table.by_query.items()} == {"visual": (2, 0.5), "absent": (1, 0)}
    assert table.moments is not None
    assert (table.moments.n, table.moments.right) == (4, 0.25)
    assert {lane: (row.n, row.right) for lane, row in table.alone.items()} == {Lane.VISUAL: (2, 1), Lane.SPEECH: (1, 0)}


def test_less_overlap_makes_more_answers_right() -> None:
    found = [answer("visual", Claim(0.7, 0.4))]
    rights = []
    for iou in (0.3, 0.4, 0.5):
        first = calibration_table(found, iou).first
        assert first is not None
        rights.append(first.right)
    assert rights == [1, 1, 0]


@pytest.mark.parametrize("iou", [0.0, -1.0, 1.01, float("nan")])
def test_an_overlap_that_decides_nothing_is_refused(iou: float) -> None:
    with pytest.raises(InputError, match="above 0 and up to 1"):
        calibration_table([], iou)


def test_no_answers_make_an_empty_table() -> None:
    assert calibration_table([]).as_dict() == {"first": None, "by_query": {}, "moments": None, "alone": {}}


@given(answers, st.randoms(use_true_random=False))
def test_the_order_of_queries_does_not_matter(found: list[ClaimedAnswer], rng: random.Random) -> None:
    shuffled = list(found)
    rng.shuffle(shuffled)
    assert calibration_table(shuffled) == calibration_table(found)


@given(answers)
def test_the_rows_by_query_split_the_first_answers(found: list[ClaimedAnswer]) -> None:
    table = calibration_table(found)
    assert sum(row.n for row in table.by_query.values()) == (table.first.n if table.first else 0)


@given(answers.filter(bool))
def test_a_file_of_answers_is_read_as_it_was_written(found: list[ClaimedAnswer]) -> None:
    assert list(read_answers([json.dumps(one.as_dict()) for one in found], "answers.jsonl")) == found


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"qid": None}, "qid is null; it must be a whole number or a text"),
        ({"lane": "smell"}, 'lane is "smell"; it must be one of visual, sound, speech, screen, then, absent, any'),
        ({"lane": ["visual"]}, 'lane is ["visual"]; it must be one of'),
        ({"moments": {}}, "moments is {}; it must be a list of"),
        ({"moments": [0.5]}, "moments is [0.5]; it must be made of"),
        ({"moments": [{"confidence": 1.5, "iou": 0}]}, "it must be made of"),
        ({"moments": [{"confidence": 0.5}]}, "it must be made of"),
        ({"alone": []}, "alone is []; it must be an object"),
        ({"alone": {"smell": {"confidence": 0.5, "iou": 0}}}, "for each of visual, sound, speech, screen"),
        ({"alone": {"visual": {"confidence": 0.5, "iou": -1}}}, "it must be made of"),
    ],
)
def test_a_line_that_cannot_be_is_refused_by_name_and_number(change: dict[str, object], message: str) -> None:
    good = answer("visual", Claim(0.5, 0.5)).as_dict()
    with pytest.raises(InputError, match=re.escape(message)) as raised:
        read_answers([json.dumps(good), json.dumps({**good, **change})], "answers.jsonl")
    assert raised.value.message.startswith("answers.jsonl line 2: ")


def test_a_file_of_queries_is_no_file_of_answers() -> None:
    with pytest.raises(InputError, match=r"q\.jsonl line 1: field 'moments' is missing"):
        read_answers(['{"qid": 1, "lane": "visual", "query": "a dog", "relevant": []}'], "q.jsonl")
