from pathlib import Path

import numpy as np
import pytest

from retrieval.domain import Lane
from retrieval.encoders.base import EncoderSpec
from retrieval.encoders.clap import ClapEncoder
from retrieval.errors import ModelCorruptError
from tests import checkpoints

SPEC = EncoderSpec("tiny", Lane.SOUND, 24, "1")
RATE_HZ = 48_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoints.write_clap(tmp_path_factory.mktemp("clap"), SPEC.dim)


@pytest.fixture(scope="module")
def encoder(folder: Path) -> ClapEncoder:
    return ClapEncoder(folder, SPEC)


def tone(frequency_hz: float, duration_s: float) -> np.ndarray:
    return (0.3 * np.sin(2 * np.pi * frequency_hz * np.arange(int(duration_s * RATE_HZ)) / RATE_HZ)).astype(np.float32)


def test_sounds_and_texts_are_unit_vectors_of_one_space(encoder: ClapEncoder) -> None:
    embedding = encoder.embed_sounds([tone(440, 0.3), tone(880, 1.0)])
    texts = encoder.embed_texts(["a dog barks", "cat"])
    assert encoder.sample_rate_hz == RATE_HZ
    assert embedding.vectors.shape == texts.shape == (2, SPEC.dim)
    assert embedding.labels == ((), ())
    np.testing.assert_allclose(np.linalg.norm(np.vstack([embedding.vectors, texts]), axis=1), 1, atol=1e-5)


def test_a_clip_longer_than_the_window_is_the_mean_of_its_pieces_every_time(encoder: ClapEncoder) -> None:
    low, high = tone(440, 1.0), tone(5000, 0.5)
    pieces = encoder.embed_sounds([low, high]).vectors
    expected = pieces[0] * 1.0 + pieces[1] * 0.5
    long_clip = np.concatenate([low, high])
    first, again = (encoder.embed_sounds([long_clip]).vectors[0] for _ in range(2))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_allclose(first, expected / np.linalg.norm(expected), atol=1e-5)


def test_a_clip_of_no_samples_says_nothing(encoder: ClapEncoder) -> None:
    vectors = encoder.embed_sounds([np.zeros(0, np.float32), tone(440, 0.2)]).vectors
    assert not vectors[0].any()
    assert vectors[1].any()


def test_nothing_in_gives_nothing_out(encoder: ClapEncoder) -> None:
    assert encoder.embed_sounds([]).vectors.shape == (0, SPEC.dim)
    assert encoder.embed_texts([]).shape == (0, SPEC.dim)


def test_a_checkpoint_of_another_model_is_refused(folder: Path) -> None:
    with pytest.raises(ModelCorruptError, match="vectors of 24 numbers; other makes 512"):
        ClapEncoder(folder, EncoderSpec("other", Lane.SOUND, 512, "1"))


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelCorruptError, match="tiny cannot be loaded"):
        ClapEncoder(tmp_path, SPEC)
