"""Visual encoders of the standard and max profiles: contrastive text-image models by open_clip."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from retrieval.encoders.base import Embedding, EncoderSpec, Frames, Vectors
from retrieval.encoders.torch_runtime import BATCH_SIZE, Device, inference, loading, unit_vectors
from retrieval.errors import ModelCorruptError

if TYPE_CHECKING:
    from torch import Tensor


class OpenClipEncoder:
    """A text-image space from a folder with open_clip_config.json, weights and, for SigLIP, a tokenizer."""

    names: Sequence[str] = ()

    def __init__(self, folder: Path, spec: EncoderSpec, device: Device = "cpu") -> None:
        import open_clip

        source = f"local-dir:{folder}"
        with loading(spec.name, folder):
            model, preprocess = open_clip.create_model_from_pretrained(source, device=device)
            tokenizer = open_clip.get_tokenizer(source)
        self._model = model.eval()
        self._preprocess = preprocess
        self._tokenizer = tokenizer
        self._device = device
        self._spec = spec
        # A tokenizer keeps in itself how it pads and cuts, and is told with each call: one caller at a time.
        self._tokenizing = threading.Lock()
        dim = self.embed_texts(["a"]).shape[1]
        if dim != spec.dim:
            raise ModelCorruptError(
                f"The model in {folder} makes vectors of {dim} numbers; {spec.name} makes {spec.dim}."
            )

    @property
    def spec(self) -> EncoderSpec:
        return self._spec

    def embed_frames(self, frames: Frames) -> Embedding:
        """One unit vector per frame, resized and normalised as the model's own transform does it."""
        import torch

        vectors = np.zeros((len(frames), self._spec.dim), np.float32)
        size = BATCH_SIZE[self._device]
        for start in range(0, len(frames), size):
            batch = torch.from_numpy(np.ascontiguousarray(frames[start : start + size])).to(self._device)
            with inference(self._device):
                # open_clip's transform takes batches of tensors as well as pictures, if they are 0 to 1.
                pixels = self._preprocess(batch.permute(0, 3, 1, 2).float() / 255)
                vectors[start : start + size] = unit_vectors(self._model.encode_image(pixels))
        return Embedding(vectors, labels=((),) * len(frames))

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, self._spec.dim), np.float32)
        with self._tokenizing:
            tokens = self._tokenizer(list(texts)).to(self._device)
        with inference(self._device):
            return unit_vectors(_encode_text(self._model, tokens))


def _encode_text(model: Any, tokens: "Tensor") -> Any:
    """What ``model.encode_text`` gives, without the padding after the last word where it cannot matter.

    The towers of plain CLIP models are causal and read out at the end-of-text token (the highest id), so
    nothing after it has any effect: 13 tokens instead of 77 take a quarter of the time.
    """
    import open_clip
    import torch

    if not isinstance(model, open_clip.CLIP) or model.attn_mask is None or model.text_pool_type != "argmax":
        return model.encode_text(tokens)
    ends = tokens.argmax(dim=-1)
    length = int(ends.max()) + 1
    states = model.token_embedding(tokens[:, :length]) + model.positional_embedding[:length]
    states = model.transformer(states, attn_mask=model.attn_mask[:length, :length])
    pooled = model.ln_final(states)[torch.arange(len(tokens), device=tokens.device), ends]
    projection = model.text_projection
    return projection(pooled) if isinstance(projection, torch.nn.Module) else pooled @ projection
