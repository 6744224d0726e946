"""Sound encoders of the standard and max profiles: CLAP by transformers."""

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from retrieval.encoders.base import Embedding, EncoderSpec, Samples, Vectors
from retrieval.encoders.torch_runtime import (
    BATCH_SIZE,
    Device,
    inference,
    load_transformers,
    loading,
    unit_vectors,
)
from retrieval.errors import ModelCorruptError
from retrieval.unit_rows import unit_rows


class ClapEncoder:
    """A text-audio space from a folder that ClapModel and ClapProcessor were saved to."""

    names: Sequence[str] = ()

    def __init__(self, folder: Path, spec: EncoderSpec, device: Device = "cpu") -> None:
        transformers = load_transformers()
        with loading(spec.name, folder):
            model = transformers.ClapModel.from_pretrained(folder, local_files_only=True)
            self._tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
            self._features = transformers.ClapFeatureExtractor.from_pretrained(folder, local_files_only=True)
        if model.config.projection_dim != spec.dim:
            raise ModelCorruptError(
                f"The model in {folder} makes vectors of {model.config.projection_dim} numbers; "
                f"{spec.name} makes {spec.dim}."
            )
        self._model = model.to(device).eval()
        self._device = device
        self._spec = spec
        # A tokenizer keeps in itself how it pads and cuts, and is told with each call: one caller at a time.
        self._tokenizing = threading.Lock()

    @property
    def spec(self) -> EncoderSpec:
        return self._spec

    @property
    def sample_rate_hz(self) -> int:
        return int(self._features.sampling_rate)

    def embed_sounds(self, clips: Sequence[Samples]) -> Embedding:
        """One unit vector per clip; a clip longer than the model's window is the mean of its pieces.

        The model's own way with long clips is a random cut, which would give other vectors each time.
        """
        longest = int(self._features.nb_max_samples)
        pieces: list[Samples] = []
        owners: list[int] = []
        for owner, clip in enumerate(clips):
            for start in range(0, len(clip), longest):
                pieces.append(clip[start : start + longest])
                owners.append(owner)
        sums = np.zeros((len(clips), self._spec.dim), np.float32)
        if pieces:
            seconds = np.array([len(piece) for piece in pieces], np.float32)[:, None]
            np.add.at(sums, owners, self._embed_pieces(pieces) * seconds)
        return Embedding(unit_rows(sums), labels=((),) * len(clips))

    def _embed_pieces(self, pieces: Sequence[Samples]) -> Vectors:
        size = BATCH_SIZE[self._device]
        parts = []
        for start in range(0, len(pieces), size):
            inputs = self._features(
                list(pieces[start : start + size]), sampling_rate=self.sample_rate_hz, return_tensors="pt"
            ).to(self._device)
            with inference(self._device):
                parts.append(unit_vectors(self._model.get_audio_features(**inputs).pooler_output))
        return np.concatenate(parts)

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, self._spec.dim), np.float32)
        with self._tokenizing:
            tokens = self._tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt").to(self._device)
        with inference(self._device):
            return unit_vectors(self._model.get_text_features(**tokens).pooler_output)
