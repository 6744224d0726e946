import json
import random
from collections.abc import Mapping, Sequence
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.errors import InputError
from retrieval.evaluation.qvhighlights import (
    IOU_THRESHOLDS,
    GroundTruth,
    HighlightScores,
    MomentScores,
    Prediction,
    read_ground_truth,
    read_predictions,
    score,
)

CLIPS = 75
slow = settings(max_examples=20, deadline=None)
BRIEF_NAMES = [
    "MR-full-R1@0.5",
    "MR-full-R1@0.7",
    "MR-full-mAP",
    "MR-full-mAP@0.5",
    "MR-full-mAP@0.75",
    "MR-long-mAP",
    "MR-middle-mAP",
    "MR-short-mAP",
    "HL-min-Fair-mAP",
    "HL-min-Fair-Hit1",
    "HL-min-Good-mAP",
    "HL-min-Good-Hit1",
    "HL-min-VeryGood-mAP",
    "HL-min-VeryGood-Hit1",
]


def moments(found: Sequence[Sequence[float]], true: Sequence[Sequence[float]]) -> dict[str, MomentScores]:
    """Scores of one query's windows [start, end, score] against its true ones [start, end], where there are any."""
    windows = tuple((start_s, end_s, value) for start_s, end_s, value in found)
    truth = GroundTruth(1, 150, tuple((start_s, end_s) for start_s, end_s in true), None)
    scores = score([Prediction(1, windows, None)], [truth]).moments
    return {name: found for name, found in scores.items() if found}


def highlights(
    predicted: Sequence[float], given_scores: Mapping[int, Sequence[float]], clips: int
) -> Mapping[str, HighlightScores]:
    """Scores of one query's clip saliency against what three annotators gave."""
    truth = GroundTruth(1, 2 * clips, ((0, 2),), {clip: tuple(row) for clip, row in given_scores.items()})
    return score([Prediction(1, None, tuple(predicted))], [truth]).highlights


def test_a_right_answer_at_rank_two_is_half_of_the_precision() -> None:
    full = moments([[20, 30, 0.9], [0, 10, 0.5]], [[0, 10]])["full"]
    assert set(full.average_precision.values()) == {50.0}
    assert set(full.recall_at_1.values()) == {0.0}


def test_thresholds_are_half_to_ninety_five_percent_in_steps_of_five() -> None:
    """IoU of [0, 10) and [0, 8) is 0.8: right up to that threshold and wrong above."""
    full = moments([[0, 8, 1]], [[0, 10]])["full"]
    assert full.recall_at_1 == {str(bar): 100.0 if bar <= 0.8 else 0.0 for bar in IOU_THRESHOLDS}
    assert full.average_precision == {**full.recall_at_1, "average": 70.0}
    assert " ".join(full.recall_at_1) == "0.5 0.55 0.6 0.65 0.7 0.75 0.8 0.85 0.9 0.95"


def test_precision_ranks_by_score_but_recall_at_one_by_file_order() -> None:
    full = moments([[20, 30, 0.1], [0, 10, 0.9]], [[0, 10]])["full"]
    assert full.average_precision["average"] == 100
    assert full.recall_at_1["0.5"] == 0


def test_equal_scores_rank_in_file_order() -> None:
    assert moments([[0, 10, 0.5], [20, 30, 0.5]], [[0, 10]])["full"].average_precision["0.5"] == 100
    assert moments([[20, 30, 0.5], [0, 10, 0.5]], [[0, 10]])["full"].average_precision["0.5"] == 50


def test_only_the_first_ten_windows_of_the_file_count() -> None:
    wrong = [[50, 60, 0.1]] * 10
    assert moments([*wrong[:9], [0, 10, 0.9]], [[0, 10]])["full"].average_precision["0.5"] == 100
    assert moments([*wrong, [0, 10, 0.9]], [[0, 10]])["full"].average_precision["0.5"] == 0


def test_a_second_answer_to_the_same_truth_is_wrong() -> None:
    """Precision 1, 1/2, 2/3 at recall 1/2, 1/2, 1: the area under the envelope is 1/2 + 1/2 * 2/3."""
    full = moments([[0, 10, 0.9], [0, 10, 0.8], [20, 30, 0.7]], [[0, 10], [20, 30]])["full"]
    assert full.average_precision["0.5"] == 83.33


def test_a_truth_that_is_never_found_adds_nothing() -> None:
    assert moments([[0, 10, 0.9]], [[0, 10], [20, 30]])["full"].average_precision["average"] == 50


def test_of_two_truths_met_equally_the_later_one_is_taken() -> None:
    """[0, 10) meets both halves at 0.5 and takes the second, so that [5, 10) finds nothing left."""
    full = moments([[0, 10, 0.9], [5, 10, 0.8]], [[0, 5], [5, 10]])["full"]
    assert full.average_precision["0.5"] == 50


def test_an_inverted_or_empty_window_meets_nothing() -> None:
    full = moments([[10, 0, 0.9], [5, 5, 0.8]], [[0, 10]])["full"]
    assert set(full.average_precision.values()) == {0.0}
    assert set(full.recall_at_1.values()) == {0.0}


@pytest.mark.parametrize(
    ("length_s", "name"),
    [
        (2, "short"),
        (10, "short"),
        (10.5, "middle"),
        (30, "middle"),
        (30.5, "long"),
        (150, "long"),
        (151, None),
    ],
)
def test_length_ranges_include_their_upper_end(length_s: float, name: str | None) -> None:
    scores = moments([[0, length_s, 1]], [[0, length_s]])
    assert set(scores) == {"full", *([name] if name else [])}


def test_in_a_length_range_answers_to_truth_of_another_length_are_wrong() -> None:
    """The best answer meets the long truth, so the short one is found second: precision 1/2."""
    scores = moments([[40, 100, 0.9], [0, 10, 0.8]], [[0, 10], [40, 100]])
    assert scores["full"].average_precision["average"] == 100
    assert scores["short"].average_precision["average"] == 50
    assert scores["long"].average_precision["average"] == 100
    assert "middle" not in scores


def test_clips_with_equal_saliency_come_in_together() -> None:
    """Two clips tie at the top, one of them right (1/2); the last of four is right too (2/4)."""
    scores = highlights([0.9, 0.9, 0.1, 0.0], {0: (4, 0, 0), 3: (4, 0, 0)}, clips=4)
    assert scores["VeryGood"].average_precision == pytest.approx(100 * 0.5 / 3, abs=0.005)
    assert scores["VeryGood"].hit_at_1 == 100


def test_saliency_bars_are_fair_good_and_very_good() -> None:
    scores = highlights([1, 0], {0: (2, 3, 4)}, clips=2)
    assert [scores[bar].average_precision for bar in ("Fair", "Good", "VeryGood")] == [100, 66.67, 33.33]
    assert [scores[bar].hit_at_1 for bar in ("Fair", "Good", "VeryGood")] == [100, 100, 100]


def test_clips_without_a_score_have_zero_and_scores_past_the_end_are_dropped() -> None:
    truth = {1: (4, 4, 4)}
    assert highlights([-0.5], truth, clips=3)["Fair"].average_precision == 50
    assert highlights([0.1, 0.9, 0.2, 5.0], truth, clips=3)["Fair"].average_precision == 100
    assert highlights([0.1, 0.9, 0.2, 5.0], truth, clips=3)["Fair"].hit_at_1 == 0


def test_a_video_of_nothing_but_highlights_scores_full_and_one_without_scores_none() -> None:
    assert highlights([0, 1], {0: (4, 4, 4), 1: (4, 4, 4)}, clips=2)["Fair"].average_precision == 100
    assert highlights([0, 1], {0: (1, 1, 1)}, clips=2)["Fair"].average_precision == 0


@given(
    st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=12).filter(
        lambda clips: len({label for _, label in clips}) == 2
    )
)
def test_clip_precision_is_the_mean_best_precision_at_each_score_that_finds_more(clips: list[tuple[int, bool]]) -> None:
    """Computed anew from the definition, in exact fractions, score by score."""
    points = []
    for bar in sorted({value for value, _ in clips}, reverse=True):
        kept = [label for value, label in clips if value >= bar]
        points.append((sum(kept), Fraction(sum(kept), len(kept))))
    before = [0] + [found for found, _ in points]
    best = [
        max(precision for _, precision in points[position:])
        for position, (found, _) in enumerate(points)
        if found > before[position]
    ]
    labels = {clip: (4 * label,) * 3 for clip, (_, label) in enumerate(clips)}
    scores = highlights([value for value, _ in clips], labels, clips=len(clips))
    assert scores["Fair"].average_precision == pytest.approx(float(100 * sum(best) / len(best)), abs=0.0051)


def random_rows(seed: int, queries: int) -> tuple[list[Prediction], list[GroundTruth]]:
    rng = random.Random(seed)
    predictions, truth = [], []
    for qid in range(queries):
        edges = sorted(rng.sample(range(CLIPS + 1), 2 * rng.choice([1, 1, 2, 3])))
        windows = tuple((2 * a, 2 * b) for a, b in zip(edges[::2], edges[1::2], strict=True))
        clips = [clip for a, b in zip(edges[::2], edges[1::2], strict=True) for clip in range(a, b)]
        truth.append(GroundTruth(qid, 150, windows, {c: tuple(rng.choices(range(5), k=3)) for c in clips}))
        answers = [sorted((rng.uniform(0, 150), rng.uniform(0, 150))) for _ in range(8)]
        answers += [list(window) for window in windows]
        rng.shuffle(answers)
        found = tuple((start, end, round(rng.random(), 2)) for start, end in answers)
        predictions.append(Prediction(qid, found, tuple(round(rng.uniform(-1, 1), 1) for _ in range(CLIPS))))
    return predictions, truth


@slow
@given(st.integers(0, 10**6), st.integers(1, 4))
def test_every_figure_is_a_percentage_and_recall_falls_as_the_bar_rises(seed: int, queries: int) -> None:
    report = score(*random_rows(seed, queries))
    assert all(value is None or 0 <= value <= 100 for value in report.brief().values())
    for scores in filter(None, report.moments.values()):
        recalls = list(scores.recall_at_1.values())
        assert recalls == sorted(recalls, reverse=True)


@slow
@given(st.integers(0, 10**6), st.integers(2, 4))
def test_the_order_of_queries_does_not_matter(seed: int, queries: int) -> None:
    predictions, truth = random_rows(seed, queries)
    report = score(predictions, truth)
    other = score(predictions[::-1], truth[1:] + truth[:1])
    assert other.brief() == pytest.approx(report.brief(), abs=0.0101)


@slow
@given(st.integers(0, 10**6), st.integers(1, 4))
def test_perfect_windows_give_a_hundred(seed: int, queries: int) -> None:
    _, truth = random_rows(seed, queries)
    windows = {wanted.qid: tuple((*window, 1.0) for window in wanted.windows) for wanted in truth}
    brief = score([Prediction(qid, found, None) for qid, found in windows.items()], truth).brief()
    assert {figure for name, figure in brief.items() if name.startswith("MR-full")} == {100.0}


@slow
@given(st.integers(0, 10**6))
def test_saliency_asks_for_order_alone(seed: int) -> None:
    (predicted,), truth = random_rows(seed, 1)
    assert predicted.saliency is not None
    stretched = Prediction(predicted.qid, None, tuple(value**3 + value for value in predicted.saliency))
    assert score([stretched], truth).highlights == score([predicted], truth).highlights


def prediction_line(**changes: object) -> str:
    row = {"qid": 1, "query": "a dog", "vid": "v_0", "pred_relevant_windows": [[0, 10, 0.9]]}
    return json.dumps({**row, "pred_saliency_scores": [0.5, 0.4], **changes})


def truth_line(**changes: object) -> str:
    row = {"qid": 1, "query": "a dog", "vid": "v_0", "duration": 150, "relevant_windows": [[0, 4]]}
    return json.dumps({**row, "relevant_clip_ids": [0, 1], "saliency_scores": [[1, 2, 3], [4, 4, 4]], **changes})


def without(line: str, field: str) -> str:
    return json.dumps({name: value for name, value in json.loads(line).items() if name != field})


def test_the_brief_has_the_evaluators_names_in_its_order() -> None:
    report = score(read_predictions([prediction_line(), "\n"], "p"), read_ground_truth([truth_line()], "t"))
    printed = json.loads(json.dumps(report.as_dict()))
    assert list(printed["brief"]) == BRIEF_NAMES
    assert list(printed) == [
        "brief", "HL-min-Fair", "HL-min-Good", "HL-min-VeryGood", "full", "long", "middle", "short",
    ]  # fmt: skip
    assert printed["HL-min-Good"] == {"HL-mAP": 66.67, "HL-Hit1": 100.0}  # 1/2, 1/2 and 1 by annotator
    assert printed["full"]["MR-mAP"]["average"] == printed["brief"]["MR-full-mAP"]
    assert printed["long"] is None
    assert printed["brief"]["MR-long-mAP"] is None


def test_a_task_that_no_prediction_answers_is_left_out() -> None:
    truth = read_ground_truth([without(truth_line(), "saliency_scores")], "t")
    windows_alone = read_predictions([without(prediction_line(), "pred_saliency_scores")], "p")
    assert list(score(windows_alone, truth).as_dict()) == ["brief", "full", "long", "middle", "short"]
    saliency_alone = read_predictions([without(prediction_line(), "pred_relevant_windows")], "p")
    with_saliency = read_ground_truth([truth_line()], "t")
    assert list(score(saliency_alone, with_saliency).brief()) == BRIEF_NAMES[8:]
    with pytest.raises(InputError, match=r"ground truth of qid 1 has no saliency_scores"):
        score(saliency_alone, truth)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", r"p line 1: not JSON"),
        ("[]", r"p line 1: must be a JSON object, is list"),
        ("", r"p: no lines"),
        (without(prediction_line(), "qid"), r"p line 1: field 'qid' is missing"),
        (prediction_line(qid=1.5), r"p line 1: qid is 1\.5; it must be a whole number or a text"),
        (prediction_line(pred_relevant_windows=[]), r"pred_relevant_windows is \[\]; it must be one or more"),
        (prediction_line(pred_relevant_windows=[[0, 10]]), r"one or more \[start_s, end_s, score\]"),
        (prediction_line(pred_relevant_windows=[[0, 10, float("nan")]]), r"one or more \[start_s"),
        (
            prediction_line(pred_saliency_scores=[0.1, "x"]),
            r"pred_saliency_scores is .*one number for each clip",
        ),
        (prediction_line(pred_saliency_scores=[]), r"one number for each clip"),
    ],
)
def test_a_broken_prediction_names_its_line_and_field(line: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_predictions([line], "p")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (without(truth_line(), "relevant_windows"), r"t line 2: field 'relevant_windows' is missing"),
        (truth_line(relevant_windows=[[4, 4]]), r"the end after the start"),
        (truth_line(duration="150"), r't line 2: duration is "150"; it must be seconds, at least 2'),
        (truth_line(duration=1.9), r"seconds, at least 2"),
        (truth_line(relevant_clip_ids=[0, 75]), r"clip ordinals from 0 to 74"),
        (truth_line(relevant_clip_ids=[0, -1]), r"clip ordinals from 0 to 74"),
        (truth_line(saliency_scores=[[1, 2, 3]]), r"2 rows of 3 numbers"),
        (truth_line(saliency_scores=[[1, 2], [1, 2]]), r"2 rows of 3 numbers"),
        (without(truth_line(), "relevant_clip_ids"), r"field 'relevant_clip_ids' is missing"),
    ],
)
def test_a_broken_truth_names_its_line_and_field(line: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_ground_truth([truth_line(), line], "t")


def test_predictions_and_truth_must_hold_the_same_queries_once() -> None:
    predictions = read_predictions([prediction_line(), prediction_line(qid=2)], "p")
    truth = read_ground_truth([truth_line(), truth_line(qid=3)], "t")
    with pytest.raises(InputError, match=r"predictions lack 1 of 2 queries, the first is qid 3"):
        score(predictions, truth)
    with pytest.raises(InputError, match=r"ground truth lacks 1 of 2 queries, the first is qid 2"):
        score(predictions, truth[:1])
    with pytest.raises(InputError, match=r"predictions: qid 1 comes twice"):
        score(predictions[:1] * 2, truth)
    with pytest.raises(InputError, match=r"ground truth: no queries to score"):
        score(predictions, [])


def test_all_predictions_or_none_answer_a_task() -> None:
    mixed = [prediction_line(), without(prediction_line(qid=2), "pred_saliency_scores")]
    truth = read_ground_truth([truth_line(), truth_line(qid=2)], "t")
    with pytest.raises(InputError, match=r"1 of 2 predictions have pred_saliency_scores; all or none must"):
        score(read_predictions(mixed, "p"), truth)
    with pytest.raises(InputError, match=r"neither pred_relevant_windows nor pred_saliency_scores"):
        score([Prediction(1, None, None), Prediction(2, None, None)], truth)
