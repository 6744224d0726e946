"""At most one moment per shot, or per video."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.answer.grouping import LONG_SHOT_S, Group, Home, Ranked, grouped, one_per_shot, one_per_video
from retrieval.asking.query import GroupBy
from retrieval.domain import Lane, Span
from retrieval.lanes.candidate import Candidate
from retrieval.storage.library import Library
from tests.fakes import FakeShot, id_of, library_of


def candidate(video: str, peak_s: float, shot: int | None = None, links: tuple[Candidate, ...] = ()) -> Candidate:
    return Candidate(video, Span(peak_s - 0.5, peak_s + 0.5), peak_s, {Lane.SPEECH: 0.5}, (), shot, links)


@st.composite
def rankings(draw: st.DrawFn) -> tuple[list[Ranked], list[Home]]:
    """Moments with falling scores, and the shot of each."""
    raw = draw(
        st.lists(
            st.tuples(
                st.floats(0, 1), st.sampled_from("ab"), st.sampled_from([0, 1, 2, None]), st.floats(0, 3 * LONG_SHOT_S)
            ),
            max_size=30,
        )
    )
    raw.sort(key=lambda item: -item[0])
    return (
        [(score, candidate(video, peak_s)) for score, video, _, peak_s in raw],
        [(video, shot) for _, video, shot, _ in raw],
    )


def same(one: tuple[Ranked, Home], other: tuple[Ranked, Home]) -> bool:
    return one[1] == other[1] and abs(one[0][1].peak_s - other[0][1].peak_s) < LONG_SHOT_S


@given(rankings())
def test_a_shot_is_shown_once_by_its_best_moment_and_nothing_else_is_lost(
    ranking: tuple[list[Ranked], list[Home]],
) -> None:
    found, homes = ranking
    kept = one_per_shot(found, homes)
    placed = list(zip(found, homes, strict=True))
    kept_places = [pair for pair in placed if any(pair[0] is ranked for ranked in kept)]
    assert [pair[0] for pair in kept_places] == kept
    for index, pair in enumerate(kept_places):
        assert not any(same(pair, other) for other in kept_places[:index])
    for index, pair in enumerate(placed):
        if pair not in kept_places:
            assert any(same(pair, better) for better in placed[:index] if better in kept_places)


@given(rankings(), st.floats(0, 1))
def test_a_video_is_shown_once_with_the_number_of_its_other_good_moments(
    ranking: tuple[list[Ranked], list[Home]], good_score: float
) -> None:
    found, _ = ranking
    groups = one_per_video(found, good_score)
    assert sorted(group.best.video_id for group in groups) == sorted({one.video_id for _, one in found})
    assert [group.score for group in groups] == sorted((group.score for group in groups), reverse=True)
    for group in groups:
        scores = [score for score, one in found if one.video_id == group.best.video_id]
        assert group.score == max(scores)
        assert group.further == sum(score >= good_score for score in scores[1:])


def test_a_shot_without_an_end_is_not_one_thing() -> None:
    """A lecture in a single shot: mentions minutes apart are all answers, those seconds apart are one."""
    found = [(0.9, candidate("a", 100.0)), (0.8, candidate("a", 110.0)), (0.7, candidate("a", 100.0 + LONG_SHOT_S))]
    assert one_per_shot(found, [("a", 0)] * 3) == [found[0], found[2]]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Video a has three shots of 4 s."""
    with library_of(tmp_path_factory.mktemp("library"), {"a": [FakeShot("red")] * 3}) as opened:
        yield opened


def kept(library: Library, by: GroupBy, *candidates: Candidate) -> list[Candidate]:
    found = [(0.9 - 0.1 * rank, one) for rank, one in enumerate(candidates)]
    return [group.best for group in grouped(found, by, library.catalog.contents, most=100, good_score=0.25)]


def test_lanes_that_know_no_shots_are_grouped_with_those_that_do(library: Library) -> None:
    seen, said = candidate(id_of("a"), 5.0, shot=1), candidate(id_of("a"), 7.9)
    later, at_the_cut = candidate(id_of("a"), 9.0), candidate(id_of("a"), 8.0)
    assert kept(library, GroupBy.SHOT, seen, said, later, at_the_cut) == [seen, later]
    assert kept(library, GroupBy.NONE, seen, said, later) == [seen, said, later]
    assert kept(library, GroupBy.VIDEO, seen, said, later) == [seen]


def test_a_sequence_belongs_to_the_shot_in_which_it_begins(library: Library) -> None:
    begin = candidate(id_of("a"), 1.0)
    chains = [candidate(id_of("a"), end_s, links=(begin, candidate(id_of("a"), end_s))) for end_s in (5.0, 9.0)]
    assert kept(library, GroupBy.SHOT, *chains) == chains[:1]


def test_a_moment_at_the_very_end_is_kept(library: Library) -> None:
    last = candidate(id_of("a"), 12.0)
    assert kept(library, GroupBy.SHOT, last) == [last]


def test_further_moments_are_counted_shot_by_shot(library: Library) -> None:
    found = [(0.9, candidate(id_of("a"), 1.0)), (0.8, candidate(id_of("a"), 2.0)), (0.7, candidate(id_of("a"), 5.0))]
    [group] = grouped(found, GroupBy.VIDEO, library.catalog.contents, most=100, good_score=0.25)
    assert group.further == 1


@pytest.mark.parametrize("by", GroupBy)
def test_the_first_groups_are_the_same_however_many_are_asked_for(library: Library, by: GroupBy) -> None:
    found = [(1.0 - 0.01 * rank, candidate(id_of("a"), (rank * 5) % 12.0)) for rank in range(70)]

    def first(most: int) -> list[Group]:
        return grouped(found, by, library.catalog.contents, most=most, good_score=0.25)

    assert [first(most) for most in (1, 2)] == [first(100)[:1], first(100)[:2]]
    assert len(first(100)) == {GroupBy.NONE: 70, GroupBy.SHOT: 3, GroupBy.VIDEO: 1}[by]
