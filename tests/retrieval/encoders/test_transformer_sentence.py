from pathlib import Path

import numpy as np
import pytest

from retrieval.domain import Lane
from retrieval.encoders.base import EncoderSpec
from retrieval.encoders.registry import MODELS, Role
from retrieval.encoders.transformer_sentence import RECIPES, Pooling, Recipe, TransformerSentenceEncoder
from retrieval.errors import ModelCorruptError
from tests import checkpoints

SPEC = EncoderSpec("tiny", Lane.SPEECH, 24, "1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoints.write_bert(tmp_path_factory.mktemp("bert"), SPEC.dim)


@pytest.fixture(scope="module", params=list(Pooling))
def encoder(request: pytest.FixtureRequest, folder: Path) -> TransformerSentenceEncoder:
    return TransformerSentenceEncoder(folder, SPEC, Recipe(request.param, max_tokens=16))


def test_texts_are_unit_vectors_in_the_order_given(encoder: TransformerSentenceEncoder) -> None:
    texts = ["the cat sleeps " * n for n in (5, 1, 3, 2, 9, 4, 8, 7, 6, 10)]
    vectors = encoder.embed_passages(texts)
    assert vectors.shape == (10, SPEC.dim)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    alone = np.vstack([encoder.embed_passages([text]) for text in texts])
    np.testing.assert_allclose(vectors, alone, atol=1e-5)


def test_a_text_longer_than_the_model_reads_is_cut(encoder: TransformerSentenceEncoder) -> None:
    words = "cat " * 14
    whole, cut = encoder.embed_texts([words + "dog " * 50, words])
    np.testing.assert_allclose(whole, cut, atol=1e-5)


def test_queries_and_passages_carry_their_own_prefix(folder: Path) -> None:
    plain = TransformerSentenceEncoder(folder, SPEC, Recipe(Pooling.MEAN))
    e5 = TransformerSentenceEncoder(folder, SPEC, Recipe(Pooling.MEAN, "query: ", "passage: "))
    np.testing.assert_allclose(e5.embed_texts(["a dog"]), plain.embed_texts(["query: a dog"]), atol=1e-6)
    np.testing.assert_allclose(e5.embed_passages(["a dog"]), plain.embed_texts(["passage: a dog"]), atol=1e-6)
    assert not np.allclose(e5.embed_texts(["a dog"]), e5.embed_passages(["a dog"]))


def test_no_texts_have_no_vectors(encoder: TransformerSentenceEncoder) -> None:
    assert encoder.embed_texts([]).shape == (0, SPEC.dim)


def test_every_sentence_model_to_be_fetched_has_a_recipe() -> None:
    fetched = {model for model in MODELS.values() if not model.source.is_installed}
    assert set(RECIPES) == {model.name for model in fetched if model.role is Role.SENTENCE}


def test_a_checkpoint_of_another_model_is_refused(folder: Path) -> None:
    with pytest.raises(ModelCorruptError, match="vectors of 24 numbers; other makes 384"):
        TransformerSentenceEncoder(folder, EncoderSpec("other", Lane.SPEECH, 384, "1"), Recipe(Pooling.MEAN))


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelCorruptError, match="tiny cannot be loaded"):
        TransformerSentenceEncoder(tmp_path, SPEC, Recipe(Pooling.MEAN))
