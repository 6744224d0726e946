"""Sentence encoders of the standard and max profiles: E5 and BGE by transformers."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

import numpy as np

from retrieval.encoders.base import EncoderSpec, Vectors
from retrieval.encoders.torch_runtime import (
    BATCH_SIZE,
    Device,
    inference,
    load_transformers,
    loading,
    unit_vectors,
)
from retrieval.errors import ModelCorruptError

if TYPE_CHECKING:
    from torch import Tensor


class Pooling(StrEnum):
    """How the vectors of a text's tokens become one."""

    MEAN = "mean"
    FIRST = "first"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a model was trained to see: how tokens are pooled, what stands before queries and passages."""

    pooling: Pooling
    query_prefix: str = ""
    passage_prefix: str = ""
    max_tokens: int = 512


RECIPES: dict[str, Recipe] = {
    "multilingual-e5-small": Recipe(Pooling.MEAN, "query: ", "passage: "),
    "bge-small-en": Recipe(Pooling.FIRST, "Represent this sentence for searching relevant passages: "),
    "bge-m3": Recipe(Pooling.FIRST),
}
"""By registry name, after each model's card."""


class TransformerSentenceEncoder:
    """A sentence space from a folder that a BERT-like model and its tokenizer were saved to."""

    def __init__(self, folder: Path, spec: EncoderSpec, recipe: Recipe, device: Device = "cpu") -> None:
        transformers = load_transformers()
        with loading(spec.name, folder):
            model = transformers.AutoModel.from_pretrained(folder, local_files_only=True)
            self._tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
        if model.config.hidden_size != spec.dim:
            raise ModelCorruptError(
                f"The model in {folder} makes vectors of {model.config.hidden_size} numbers; "
                f"{spec.name} makes {spec.dim}."
            )
        self._model = model.to(device).eval()
        self._recipe = recipe
        self._device = device
        self._spec = spec
        # A tokenizer keeps in itself how it pads and cuts, and is told with each call: one caller at a time.
        self._tokenizing = threading.Lock()

    @property
    def spec(self) -> EncoderSpec:
        return self._spec

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        return self._embed([self._recipe.query_prefix + text for text in texts])

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self._embed([self._recipe.passage_prefix + text for text in texts])

    def _embed(self, texts: list[str]) -> Vectors:
        vectors = np.zeros((len(texts), self._spec.dim), np.float32)
        # Texts of like length share a batch, so that little of it is padding.
        order = np.argsort([len(text) for text in texts], kind="stable")
        size = BATCH_SIZE[self._device]
        for start in range(0, len(texts), size):
            rows = order[start : start + size]
            with self._tokenizing:
                tokens = self._tokenizer(
                    [texts[row] for row in rows],
                    padding=True,
                    truncation=True,
                    max_length=self._recipe.max_tokens,
                    return_tensors="pt",
                ).to(self._device)
            with inference(self._device):
                states = self._model(**tokens).last_hidden_state
                vectors[rows] = unit_vectors(self._pool(states, tokens["attention_mask"]))
        return vectors

    def _pool(self, states: "Tensor", mask: "Tensor") -> "Tensor":
        match self._recipe.pooling:
            case Pooling.FIRST:
                return states[:, 0]
            case Pooling.MEAN:
                weights = mask.unsqueeze(-1).to(states.dtype)
                return (states * weights).sum(dim=1) / weights.sum(dim=1)
            case _:
                assert_never(self._recipe.pooling)
