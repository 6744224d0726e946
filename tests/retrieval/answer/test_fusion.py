"""One list out of several lanes."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from retrieval.answer.fusion import NMS_IOU, fuse, in_order, merge
from retrieval.domain import Evidence, EvidenceKind, Lane, Span
from retrieval.lanes.candidate import Candidate

EQUAL = dict.fromkeys(Lane, 1.0)


def candidate(video: str, start_s: float, end_s: float, **lanes: float) -> Candidate:
    span = Span(start_s, end_s)
    evidence = tuple(Evidence(Lane(lane), EvidenceKind.FRAME, span, score) for lane, score in lanes.items())
    return Candidate(video, span, (start_s + end_s) / 2, {Lane(k): v for k, v in lanes.items()}, evidence)


def test_two_lanes_that_agree_are_surer_than_one() -> None:
    both = fuse({Lane.VISUAL: 0.5, Lane.SPEECH: 0.4}, EQUAL)
    assert both > fuse({Lane.VISUAL: 0.5}, EQUAL)


def test_a_weight_of_zero_silences_a_lane() -> None:
    assert fuse({Lane.SOUND: 0.9}, {Lane.SOUND: 0.0}) == 0.0


@given(
    st.dictionaries(st.sampled_from(list(Lane)), st.floats(0, 1), min_size=1),
    st.dictionaries(st.sampled_from(list(Lane)), st.floats(0, 10), min_size=1),
)
def test_fused_scores_are_probabilities(probabilities: dict[Lane, float], weights: dict[Lane, float]) -> None:
    assert 0.0 <= fuse(probabilities, weights) <= 1.0


def test_overlapping_candidates_merge_and_keep_the_strongest_lanes_span() -> None:
    ranked = merge(
        [candidate("a", 10, 16, visual=0.4), candidate("a", 11, 15, speech=0.9), candidate("b", 0, 5, visual=0.6)],
        EQUAL,
    )
    assert [found.video_id for _, found in ranked] == ["a", "b"]
    assert ranked[0][1].span == Span(11, 15)
    assert set(ranked[0][1].lanes) == {Lane.VISUAL, Lane.SPEECH}
    assert {item.lane for item in ranked[0][1].evidence} == {Lane.VISUAL, Lane.SPEECH}


@given(
    st.lists(
        st.tuples(
            st.sampled_from("ab"), st.floats(0, 50), st.floats(0.1, 20), st.sampled_from(list(Lane)), st.floats(0, 1)
        ),
        max_size=25,
    )
)
def test_no_two_moments_overlap_beyond_the_threshold(raw: list[tuple[str, float, float, Lane, float]]) -> None:
    candidates = [candidate(v, start, start + length, **{lane: p}) for v, start, length, lane, p in raw]
    ranked = merge(candidates, EQUAL)
    scores = [score for score, _ in ranked]
    assert scores == sorted(scores, reverse=True)
    for (_, one), (_, other) in combinations(ranked, 2):
        assert one.video_id != other.video_id or one.span.iou(other.span) <= NMS_IOU


def test_steps_must_follow_one_another_in_one_video_in_time() -> None:
    bark = [(0.9, candidate("a", 10, 12, sound=0.9)), (0.8, candidate("b", 10, 12, sound=0.8))]
    slam = [(0.9, candidate("a", 20, 21, sound=0.9)), (0.9, candidate("b", 2, 3, sound=0.9))]
    ranked = in_order([bark, slam], within_s=10)
    assert [(found.video_id, found.span) for _, found in ranked] == [("a", Span(10, 21))]
    assert in_order([bark, slam], within_s=5) == []


def test_a_chain_is_surer_than_the_mean_of_its_steps_and_ranked_by_it() -> None:
    """The geometric mean of 0.9 and 0.4 is 0.6; two steps of 0.6 that vouch for each other give 0.84."""
    first, second = [(0.9, candidate("a", 0, 1))], [(0.4, candidate("a", 2, 3)), (0.3, candidate("a", 5, 6))]
    ranked = in_order([first, second], within_s=10)
    assert [found.span for _, found in ranked] == [Span(0, 3), Span(0, 6)]
    assert abs(ranked[0][0] - 0.84) < 1e-9
