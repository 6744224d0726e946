"""Which voices are the same: vectors kept as bytes, and compared."""

import numpy as np
import pytest

from retrieval.storage.voice_match import SAME_VOICE, cosines, packed, same, unpacked


def test_vectors_come_back_as_they_were_packed() -> None:
    assert len(packed([0.5, -0.25])) == 8
    assert unpacked([packed([0.5, -0.25]), packed([1.0, 0.0])]).tolist() == [[0.5, -0.25], [1.0, 0.0]]
    assert unpacked([]).shape == (0, 0)


def test_a_vector_of_another_dim_is_like_nothing() -> None:
    kept = unpacked([packed([1.0, 0.0]), packed([1.0]), packed([0.0, 1.0])])
    assert kept.tolist() == [[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]]
    assert cosines(kept, kept).tolist() == [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    assert cosines(kept, unpacked([packed([1.0])])).tolist() == [[0.0], [0.0], [0.0]]


def test_length_does_not_matter() -> None:
    assert cosines(unpacked([packed([3.0, 4.0])]), unpacked([packed([0.5, 0.0])])) == pytest.approx(0.6)


def test_each_voice_is_the_same_as_one_at_most_the_most_alike_first() -> None:
    before = np.eye(3, dtype=np.float32)
    now = np.array([[0.9, 0.1, 0.0], [1.0, 0.0, 0.0], [0.0, 0.7, 0.7]], np.float32)
    assert list(same(before, now)) == [(0, 1)]
    assert list(same(before, before)) == [(0, 0), (1, 1), (2, 2)]
    assert list(same(before[:0], now)) == []
    edge = np.array([[SAME_VOICE, (1 - SAME_VOICE**2) ** 0.5, 0.0]], np.float32)
    assert list(same(before[:1], edge * np.array([[1.0, 1.001, 1.0]], np.float32))) == []
    assert list(same(before[:1], edge * np.array([[1.001, 1.0, 1.0]], np.float32))) == [(0, 0)]
