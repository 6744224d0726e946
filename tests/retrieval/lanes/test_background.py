"""What a space looks like at large, and where queries stand in it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.lanes.background import ABOVE_MEAN, Background, background_texts
from retrieval.lanes.calibration import USUAL, Floats
from retrieval.unit_rows import unit_rows

DIM = 64


def vectors(count: int, seed: int, towards: float = 0.0) -> Floats:
    """Unit vectors at random, all of them a little along the first axis."""
    found = np.random.default_rng(seed).normal(size=(count, DIM))
    found[:, 0] += towards * DIM**0.5
    return unit_rows(found.astype(np.float32))


def scores(background: Background, query: Floats, windows: Floats) -> Floats:
    return background.scores(query, background.standing(query), windows, background.near(windows))


def test_background_texts_are_many_and_all_different() -> None:
    texts = background_texts()
    assert len(set(texts)) == len(texts) >= 150


def test_scores_count_from_what_a_query_gets_at_large() -> None:
    """One query lies near every window, the other is at random: neither is told to be likelier for that."""
    windows = vectors(2_000, 1, towards=0.4)
    background = Background(vectors(150, 2), windows)
    near_all, other = vectors(1, 3, towards=0.6)[0], vectors(1, 4)[0]
    assert (windows @ near_all).mean() > (windows @ other).mean() + 0.1
    for query in (near_all, other):
        assert scores(background, query, windows).mean() == pytest.approx(background.standing(query).at_large, abs=0.05)
        assert background.standing(query).at_large == pytest.approx(0.0, abs=0.05)


def test_with_references_scores_count_from_the_best_among_them() -> None:
    """A query that comes near many pictures in general has to come nearer to a window of the library."""
    usual, at_random = vectors(2, 4)
    windows, general = vectors(300, 1), np.vstack([vectors(400, 2), unit_rows(vectors(10, 5) + usual)])
    plain, held = Background(vectors(150, 3), windows), Background(vectors(150, 3), windows, general)
    lowered = {
        name: float((scores(plain, query, windows) - scores(held, query, windows)).mean())
        for name, query in (("usual", usual), ("at random", at_random))
    }
    assert lowered["usual"] > lowered["at random"] + 0.5


def test_what_is_near_all_windows_and_no_reference_is_no_likelier_for_that() -> None:
    """As words that name no sight are near every slide of a library, and far from all photographs."""
    slides, general = vectors(300, 1, towards=0.6), vectors(400, 2, towards=-0.6)
    held = Background(vectors(150, 3), slides, general)
    near_all = vectors(1, 5, towards=1.2)[0]
    assert (slides @ near_all).mean() > (general @ near_all).max()
    assert held.standing(near_all).at_large == pytest.approx(-ABOVE_MEAN, abs=1e-4)
    assert scores(held, near_all, slides).mean() == pytest.approx(-ABOVE_MEAN, abs=0.3)


def test_references_leave_the_order_of_windows_as_it_is() -> None:
    windows, query = vectors(300, 1), vectors(1, 4)[0]
    plain, held = (Background(vectors(150, 3), windows, general) for general in (None, vectors(400, 2)))
    assert np.argsort(scores(plain, query, windows)).tolist() == np.argsort(scores(held, query, windows)).tolist()


@pytest.mark.parametrize("general", [None, vectors(400, 9)])
def test_the_best_score_of_what_is_absent_is_no_more_likely_than_chance_and_a_match_is(general: Floats | None) -> None:
    windows = vectors(500, 1)
    background = Background(vectors(150, 2), windows, general)
    noise = np.random.default_rng(5).normal(size=(100, DIM)) * 0.6 / DIM**0.5
    matches = unit_rows((windows[:100] + noise).astype(np.float32))

    def best(queries: Floats) -> list[float]:
        return [background.extremes.probability(float(scores(background, one, windows).max()), 0.0) for one in queries]

    assert 0.3 < np.median(best(vectors(100, 6))) < 0.75
    assert np.median(best(matches)) > 0.95


@given(st.floats(0.05, 20.0), st.floats(-0.5, 0.5))
def test_confidence_ignores_the_scale_and_the_offset_of_an_encoder(scale: float, gap: float) -> None:
    """Cosines of another space, ``scale * cosine + gap``, as an axis of their own makes them."""
    windows, bank, queries = vectors(200, 1), vectors(100, 2), vectors(5, 3)

    def in_space(found: Floats, other: float) -> Floats:
        return np.hstack([found * np.float32(scale**0.5), np.full((len(found), 1), other, np.float32)])

    plain = Background(bank, windows)
    there = Background(in_space(bank, gap), in_space(windows, 1.0))
    for query, moved in zip(queries, in_space(queries, gap), strict=True):
        usual = plain.extremes.probabilities(scores(plain, query, windows), -0.75)
        other = there.extremes.probabilities(scores(there, moved, in_space(windows, 1.0)), -0.75)
        np.testing.assert_allclose(usual, other, atol=2e-3)


def test_an_empty_library_has_the_usual_extremes() -> None:
    background = Background(vectors(150, 2), np.zeros((0, 0), np.float32))
    assert background.extremes == USUAL
    assert np.isfinite(scores(background, vectors(1, 3)[0], vectors(4, 1))).all()


def test_a_library_of_windows_that_are_all_the_same_makes_no_infinite_score() -> None:
    same = np.repeat(vectors(1, 1), 50, axis=0)
    background = Background(np.repeat(vectors(1, 2), 150, axis=0), same)
    assert np.isfinite(background.extremes.probabilities(scores(background, vectors(1, 3)[0], same), -0.75)).all()


def test_examples_are_compared_with_windows_once_there_are_enough() -> None:
    few, many = Background(vectors(150, 2), vectors(10, 1)), Background(vectors(150, 2), vectors(60, 1))
    assert few.of_examples is few
    assert many.of_examples.bank is many.sample
    assert many.of_examples.extremes == USUAL
