import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from retrieval.encoders.concepts import centred, combination, distinct, evidence
from retrieval.unit_rows import unit_rows

finite = st.floats(-100, 100, width=32)
matrices = arrays(np.float32, st.tuples(st.integers(1, 6), st.integers(1, 5)), elements=finite)


@given(matrices)
def test_unit_rows_are_of_length_one_or_zero(rows: np.ndarray) -> None:
    lengths = np.linalg.norm(unit_rows(rows).astype(np.float64), axis=1)
    there = np.linalg.norm(rows, axis=1) > 0
    np.testing.assert_allclose(lengths, there, atol=1e-3)


def test_one_certain_concept_is_its_own_vector() -> None:
    vectors = unit_rows(np.array([[1, 2, 3], [3, 2, 1]], np.float32))
    np.testing.assert_allclose(combination(np.array([[0, 0.4]], np.float32), vectors), vectors[1:], rtol=1e-6)


def test_equal_concepts_meet_half_way() -> None:
    between = combination(np.array([[0.3, 0.3]], np.float32), np.eye(2, dtype=np.float32))
    np.testing.assert_allclose(between, [[0.5**0.5, 0.5**0.5]], rtol=1e-6)


def test_no_concept_is_a_zero_vector() -> None:
    assert not combination(np.zeros((1, 2), np.float32), np.eye(2, dtype=np.float32)).any()


@given(
    arrays(np.float32, (3, 4), elements=st.floats(0, 1, width=32)),
    arrays(np.float32, (4, 5), elements=finite),
)
def test_a_convex_combination_is_no_longer_than_one_and_does_not_depend_on_scale(
    weights: np.ndarray, rows: np.ndarray
) -> None:
    vectors = unit_rows(rows)
    found = combination(weights, vectors)
    assert (np.linalg.norm(found, axis=1) < 1.001).all()
    sums = np.linalg.norm(weights @ vectors, axis=1)
    clear = sums > 1e-3  # where concepts cancel out, only rounding is left
    np.testing.assert_allclose(combination(weights * 2, vectors)[clear], found[clear], atol=1e-3)


def test_centring_removes_what_all_share() -> None:
    shared, own = np.ones((3, 4), np.float32) * 5, np.eye(3, 4, dtype=np.float32)
    vectors = centred(shared + own)
    np.testing.assert_allclose(vectors.sum(0), 0, atol=1e-5)
    assert (vectors @ vectors.T)[0, 1] < 0


def test_evidence_counts_from_the_floor() -> None:
    heard = evidence(np.array([[0.0, 0.1, 0.6]], np.float32), 0.1)
    np.testing.assert_allclose(heard, [[0, 0, 0.5]], atol=1e-6)


def test_distinct_keeps_the_first_of_things_alike() -> None:
    vectors = unit_rows(np.array([[1, 0], [1, 0.1], [0, 1], [-1, 0]], np.float32))
    assert distinct(np.array([1, 0, 2, 3]), vectors, 0.7) == [1, 2, 3]
    assert distinct(np.array([], np.intp), vectors, 0.7) == []
