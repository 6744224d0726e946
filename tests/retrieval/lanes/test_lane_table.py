"""The lane table: a row for every lane, and look-ups that refuse what they do not know."""

import pytest

from retrieval.asking.query import lane_hints, parse_term
from retrieval.domain import EvidenceKind, Lane
from retrieval.lanes.lane_table import LANES, Colour, line_lanes, line_tuning, window_lanes, window_tuning


def test_every_lane_has_one_row_in_the_order_of_the_lanes() -> None:
    assert list(LANES) == list(Lane)
    assert all(spec.lane is lane for lane, spec in LANES.items())


def test_a_lane_is_of_windows_or_of_lines() -> None:
    assert sorted(window_lanes() + line_lanes()) == sorted(Lane)


def test_no_two_lanes_prove_in_the_same_way_or_look_alike() -> None:
    assert {spec.evidence for spec in LANES.values()} == set(EvidenceKind)
    assert len({spec.colour for spec in LANES.values()}) == len(LANES) <= len(Colour)
    assert len({spec.name for spec in LANES.values()}) == len(LANES)


@pytest.mark.parametrize("lane", Lane)
def test_the_tuning_of_the_other_unit_is_refused(lane: Lane) -> None:
    of_the_other = line_tuning if lane in window_lanes() else window_tuning
    with pytest.raises(ValueError, match=f"the unit of lane {lane} is the"):
        of_the_other(lane)


@pytest.mark.parametrize("text", ["a dog on a sofa", "somebody walks", "12:30", "visual", ""])
def test_no_word_asks_for_the_visual_lane(text: str) -> None:
    assert LANES[Lane.VISUAL].hints.search(text) is None


@pytest.mark.parametrize("lane", Lane)
def test_every_lane_can_be_asked_for_by_its_name(lane: Lane) -> None:
    term = parse_term(f"{lane.upper()} : a dog")
    assert (term.text, term.lane) == ("a dog", lane)
    assert set(lane_hints(term)) == {lane}


def test_a_letter_that_only_looks_like_one_of_a_lanes_name_asks_for_no_lane() -> None:
    """The long s, which Python takes for an s where case does not matter."""
    assert parse_term("\u017fcreen: a dog").lane is None
