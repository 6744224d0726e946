from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.steps.screen_text import Reading, is_same_line, merge_readings
from retrieval.domain import ScreenText, Shot, Span

ONE_SHOT = [Shot(0, Span(0.0, 30.0))]
TWO_SHOTS = [Shot(0, Span(0.0, 10.0)), Shot(1, Span(10.0, 20.0))]


def reading(time_s: float, *texts: str, confidence: float = 0.9) -> Reading:
    return Reading(time_s, tuple(ScreenText(Span(0.0, 0.0), text, confidence) for text in texts))


def shown(readings: Sequence[Reading], shots: Sequence[Shot]) -> list[tuple[float, float, str]]:
    return [(text.span.start_s, text.span.end_s, text.text) for text in merge_readings(readings, shots)]


def test_a_slide_is_one_text_for_all_of_its_shot() -> None:
    """Read once, a little after the cut."""
    readings = [reading(0.5), reading(10.4, "Q3 projections", "- Revenue up 14 percent")]
    assert shown(readings, TWO_SHOTS) == [(10.0, 20.0, "Q3 projections\n- Revenue up 14 percent")]


def test_an_added_bullet_is_a_text_of_its_own_under_the_same_title() -> None:
    readings = [
        reading(0.0, "Agenda", "- Hiring"),
        reading(8.0, "Agenda", "- Hiring", "- Budget"),
        reading(20.0, "Agenda", "- Hiring", "- Budget", "- Offsite"),
    ]
    assert shown(readings, ONE_SHOT) == [
        (0.0, 30.0, "Agenda\n- Hiring"),
        (8.0, 30.0, "Agenda\n- Budget"),
        (20.0, 30.0, "Agenda\n- Offsite"),
    ]


def test_text_ends_with_the_reading_that_no_longer_finds_it() -> None:
    readings = [reading(0.0), reading(5.0, "Exit 14"), reading(9.0), reading(15.0)]
    assert shown(readings, ONE_SHOT) == [(5.0, 9.0, "Exit 14")]


def test_a_line_that_one_reading_misses_was_there_all_the_time() -> None:
    readings = [reading(0.0, "Exit"), reading(5.0), reading(9.0, "Exit"), reading(12.0)]
    assert shown(readings, ONE_SHOT) == [(0.0, 12.0, "Exit")]


def test_a_line_that_two_readings_miss_was_gone() -> None:
    readings = [reading(0.0, "Exit"), reading(5.0), reading(7.0), reading(9.0, "Exit"), reading(12.0)]
    assert shown(readings, ONE_SHOT) == [(0.0, 5.0, "Exit"), (9.0, 12.0, "Exit")]


def test_of_near_readings_the_surest_is_kept() -> None:
    readings = [
        reading(0.0, "Expired certlficate", confidence=0.8),
        reading(4.0, "Expired certificate", confidence=0.97),
        reading(8.0, "Expired certificat", confidence=0.9),
    ]
    (text,) = merge_readings(readings, ONE_SHOT)
    assert (text.span, text.text) == (Span(0.0, 30.0), "Expired certificate")
    assert text.confidence == pytest.approx(0.97)


def test_a_score_that_changes_is_another_text() -> None:
    readings = [reading(0.0, "Lions 2:1 Bears"), reading(4.0, "Lions 2:2 Bears")]
    assert shown(readings, ONE_SHOT) == [(0.0, 4.0, "Lions 2:1 Bears"), (4.0, 30.0, "Lions 2:2 Bears")]


def test_a_caption_that_stays_over_a_cut_is_one_text() -> None:
    readings = [reading(0.0, "LIVE"), reading(10.3, "LIVE")]
    assert shown(readings, TWO_SHOTS) == [(0.0, 20.0, "LIVE")]


def test_two_slides_with_one_title_stay_two() -> None:
    readings = [reading(0.0, "Results", "- Speed"), reading(10.0, "Results", "- Memory")]
    assert shown(readings, TWO_SHOTS) == [(0.0, 10.0, "Results\n- Speed"), (10.0, 20.0, "Results\n- Memory")]


def test_the_same_line_twice_on_one_picture_is_written_twice() -> None:
    assert shown([reading(0.0, "Add to cart", "Add to cart")], ONE_SHOT) == [(0.0, 30.0, "Add to cart\nAdd to cart")]


def test_no_picture_no_text() -> None:
    assert merge_readings([], ONE_SHOT) == ()
    assert merge_readings([reading(0.0, "Exit")], []) == ()


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("- Churn down", "-Churn down", True),
        ("Root cause: expired", "Root cause expired", True),
        ("version 4.2.0", "version 4.2.1", False),
        ("Two designers", "Six engineers", False),
        ("->", "=>", False),
        ("->", "->", True),
    ],
)
def test_which_lines_are_the_same(first: str, second: str, same: bool) -> None:
    assert is_same_line(first, second) is same


WORDS = st.sampled_from(["Agenda", "Hiring", "Budget", "2:1", "2:2", "Exit", "Exlt", " ", "->"])


@given(
    cuts=st.lists(st.integers(1, 60), min_size=1, max_size=5, unique=True).map(sorted),
    pictures=st.lists(st.tuples(st.floats(0, 59.9), st.lists(WORDS, max_size=4)), max_size=12),
)
def test_spans_lie_inside_the_video_in_order_and_never_empty(
    cuts: list[int], pictures: list[tuple[float, list[str]]]
) -> None:
    edges = [0, *cuts]
    shots = [Shot(i, Span(float(start), float(end))) for i, (start, end) in enumerate(zip(edges, cuts, strict=False))]
    texts = merge_readings([reading(time_s, *lines) for time_s, lines in pictures], shots)
    assert [text.span for text in texts] == sorted(text.span for text in texts)
    for text in texts:
        assert 0 <= text.span.start_s < text.span.end_s <= cuts[-1]
        assert text.text.strip()
        assert 0 < text.confidence <= 1
    read = {line for time_s, lines in pictures if time_s < cuts[-1] for line in lines if line.strip()}
    assert bool(texts) == bool(read) or len({time_s for time_s, _ in pictures}) < len(pictures)
