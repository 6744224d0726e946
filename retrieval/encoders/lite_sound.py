"""Sound by a small tagger of our own: what is heard, as a convex combination of sentence vectors (ConSE).

A class stands for the mean sentence vector of its prompts; a clip is their sum, weighted by probability
(arXiv 1312.5650). The last component, which texts leave at 0, brings it to unit length: a cosine is then
the expected similarity, and a clip of which the tagger is unsure scores lower than one of which it is sure.
"""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from retrieval.domain import Label, Lane, Span
from retrieval.encoders.base import Embedding, EncoderSpec, Recording, Samples, TextEncoder, Vectors
from retrieval.encoders.graph import Graph, constant, linear
from retrieval.encoders.log_mel import (
    BANDS,
    HOP_SAMPLES,
    PATCH_FRAMES,
    PATCH_SAMPLES,
    SAMPLE_RATE_HZ,
    Patches,
    patches,
)
from retrieval.encoders.once import once
from retrieval.encoders.tensor_files import Tensors, read_safetensors
from retrieval.errors import ModelCorruptError
from retrieval.unit_rows import unit_rows

if TYPE_CHECKING:
    from openvino import Model

REVISION = "2"
"""Raise whenever the weights, the prompts or the way from probabilities to vectors change."""
HOP_S = HOP_SAMPLES / SAMPLE_RATE_HZ
LEAD_SAMPLES = (PATCH_SAMPLES - HOP_SAMPLES) // 2
BLOCK_HOPS = 128
POOLING_POWER = 4.0
LEAST_PROBABILITY = 0.15
"""Fainter classes are left out; a clip with no other class is a zero vector."""

PROMPTS: dict[str, tuple[str, ...]] = {
    "baby crying": ("a baby crying", "an infant crying and wailing", "a child sobbing"),
    "chainsaw": ("a chainsaw running", "the sound of a chainsaw cutting wood", "a power saw motor buzzing"),
    "clock ticking": ("a clock ticking", "the tick tock of a clock", "a ticking watch"),
    "dog barking": ("a dog barking", "a dog's bark, woof", "dogs barking and howling"),
    "crackling fire": ("a crackling fire", "the sound of fire crackling", "burning wood in a campfire"),
    "helicopter": ("a helicopter flying", "the sound of helicopter rotor blades", "an aircraft overhead"),
    "sneeze": ("someone sneezing", "a person sneezes, achoo", "a sneeze"),
    "rain": ("the sound of rain", "rain falling", "raindrops in a rainstorm"),
    "rooster crowing": (
        "a rooster crowing",
        "a cock crowing, cock-a-doodle-doo",
        "chicken and rooster sounds",
    ),
    "sea waves": ("waves on the sea shore", "ocean waves crashing on the beach", "the sound of the sea surf"),
    "speech": ("a person speaking", "someone talking", "people having a conversation"),
    "music": ("music playing", "a song with musical instruments", "a melody"),
}


@dataclass(frozen=True, slots=True)
class SoundTags:
    """(hops, classes) probabilities; row ``i`` is what is heard in ``[i, i + 1) * HOP_S`` seconds."""

    names: tuple[str, ...]
    probabilities: NDArray[np.float32]

    @property
    def times_s(self) -> NDArray[np.float64]:
        """Middle of each hop."""
        return np.asarray((np.arange(len(self.probabilities)) + 0.5) * HOP_S, np.float64)


class LiteSoundEncoder:
    """A text-audio space over the sentence vectors of another encoder. Clips are 16 kHz mono."""

    def __init__(self, sentences: TextEncoder, weights: Path | None = None) -> None:
        self._sentences = sentences
        self._weights = weights or Path(__file__).parent / "weights" / "lite_sound.safetensors"

    @property
    def spec(self) -> EncoderSpec:
        sentences = self._sentences.spec
        return EncoderSpec("lite-sound", Lane.SOUND, sentences.dim, REVISION, asked_by=sentences.fingerprint)

    @property
    def names(self) -> Sequence[str]:
        return tuple(PROMPTS)

    @property
    def sample_rate_hz(self) -> int:
        return SAMPLE_RATE_HZ

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """One unit vector per text: its sentence vector, with 0 where clips keep their doubt."""
        vectors = self._sentences.embed_texts(texts).copy()
        vectors[:, -1] = 0
        return unit_rows(vectors)

    def embed_sounds(self, clips: Sequence[Samples]) -> Embedding:
        """One row per clip; all zeros and no labels where no class is heard, as in silence."""
        cut = [_hop_patches(clip, 0, _hop_count(clip)) for clip in clips]
        probabilities = self._tagger.run(np.concatenate([np.zeros((0, PATCH_FRAMES, BANDS), np.float32), *cut]))
        ends = np.cumsum([len(part) for part in cut])[:-1]
        return self._embed([pooled(part) for part in np.split(probabilities, ends)] if cut else [])

    def tag(self, samples: Recording, on_progress: Callable[[float], None] = lambda _: None) -> SoundTags:
        """What is heard hop by hop. ``on_progress`` gets the share that is done, 0 to 1."""
        return self._tagger.tag(samples, on_progress)

    def embed_spans(self, tags: SoundTags, spans: Sequence[Span]) -> Embedding:
        """One row per span of a recording tagged in one pass, from the hops that lie mostly inside."""
        return self._embed([pooled(tags.probabilities[_hops_of(span)]) for span in spans])

    def _embed(self, clips: Sequence[NDArray[np.float32]]) -> Embedding:
        names = self._tagger.names
        rows = np.stack(clips) if clips else np.zeros((0, len(names)), np.float32)
        heard = np.where(rows >= LEAST_PROBABILITY, rows, 0)
        sums = heard @ self._class_vectors
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        sums = sums / np.maximum(lengths, 1)
        doubt = np.sqrt(1 - np.minimum(lengths, 1) ** 2) * (lengths > 0)
        sums[:, -1] = doubt[:, 0]
        labels = tuple(
            tuple(Label(names[column], float(row[column])) for column in np.argsort(-row) if row[column] > 0)
            for row in heard
        )
        return Embedding(unit_rows(sums), labels)

    @once
    def _tagger(self) -> "SoundTagger":
        return SoundTagger(self._weights)

    @once
    def _class_vectors(self) -> NDArray[np.float32]:
        prompts = [PROMPTS[name] for name in self._tagger.names]
        vectors = self.embed_texts([text for texts in prompts for text in texts])
        ends = np.cumsum([len(texts) for texts in prompts])[:-1]
        return unit_rows(np.stack([part.mean(axis=0) for part in np.split(vectors, ends)]))


class SoundTagger:
    """Samples in, probabilities out, by a network built straight from its weights.

    Raises ModelUnavailableError or ModelCorruptError for weights that are missing or of another shape.
    """

    def __init__(self, weights: Path) -> None:
        tensors, about = read_safetensors(weights)
        try:
            self.names: tuple[str, ...] = tuple(json.loads(about["classes"]))
            strides = json.loads(about["strides"])
            self._graph = Graph(network(tensors, strides, float(about["mel_mean"]), float(about["mel_scale"])))
        except (KeyError, ValueError, RuntimeError) as error:
            raise ModelCorruptError(f"{weights} is not a sound tagger: {error}") from error
        if unknown := sorted(set(self.names) - set(PROMPTS)):
            raise ModelCorruptError(f"{weights} has classes without prompts: {unknown}; known: {sorted(PROMPTS)}")

    def tag(self, samples: Recording, on_progress: Callable[[float], None] = lambda _: None) -> SoundTags:
        """What is heard hop by hop; at most BLOCK_HOPS of the samples are held as floats at a time."""
        count = _hop_count(samples)
        rows = []
        for start in range(0, count, BLOCK_HOPS):
            end = min(count, start + BLOCK_HOPS)
            # Silence is tagged once: hours of it cost nothing.
            tagged = np.repeat(self._silence, end - start, axis=0)
            heard = _heard_hops(samples, start, end)
            if heard.any():
                runs = np.flatnonzero(np.diff(np.pad(heard.astype(np.int8), 1))).reshape(-1, 2) + start
                cut = [_hop_patches(samples, first, last) for first, last in runs.tolist()]
                tagged[heard] = self.run(np.concatenate(cut))
            rows.append(tagged)
            on_progress(end / count)
        return SoundTags(self.names, np.concatenate([np.zeros((0, len(self.names)), np.float32), *rows]))

    @once
    def _silence(self) -> NDArray[np.float32]:
        return self.run(patches(np.zeros(PATCH_SAMPLES, np.float32)))

    def run(self, batch: Patches) -> NDArray[np.float32]:
        """(n, classes) probabilities of the patches."""
        parts = [batch[start : start + BLOCK_HOPS] for start in range(0, len(batch), BLOCK_HOPS)]
        rows = [self._graph.run(part)[0] for part in parts]
        return np.concatenate([np.zeros((0, len(self.names)), np.float32), *rows])


def network(tensors: Tensors, strides: Sequence[int], mean: float, scale: float) -> "Model":
    """Convolutions, each with bias and ReLU, then mean and maximum over the map, then one linear layer."""
    import openvino
    from openvino import opset13 as ops

    batch = ops.parameter([-1, PATCH_FRAMES, BANDS], np.float32)
    scaled = ops.divide(ops.subtract(batch, np.float32(mean)), np.float32(scale))
    node = ops.unsqueeze(scaled, np.int64(1))
    for number, stride in enumerate(strides):
        kernel, bias = tensors[f"conv{number}.weight"], tensors[f"conv{number}.bias"]
        node = ops.convolution(node, constant(kernel), [stride, stride], [1, 1], [1, 1], [1, 1])
        node = ops.relu(ops.add(node, constant(bias[None, :, None, None])))
    places = np.array([2, 3], np.int64)
    summary = ops.concat([ops.reduce_mean(node, places), ops.reduce_max(node, places)], 1)
    tags = ops.sigmoid(linear(summary, tensors["head.weight"], tensors["head.bias"]))
    return openvino.Model([tags], [batch], "lite_sound")


def _hop_count(samples: Recording) -> int:
    return math.ceil(len(samples) / HOP_SAMPLES)


def _hop_patches(samples: Recording, first: int, end: int) -> Patches:
    """One patch around each hop from ``first`` up to ``end``."""
    part = _samples_around(samples, first, end)
    scaled = part / np.float32(32768) if part.dtype == np.int16 else part
    return patches(scaled.astype(np.float32))


def _heard_hops(samples: Recording, first: int, end: int) -> NDArray[np.bool_]:
    """Whether there is anything but zeros in the patch of each hop from ``first`` up to ``end``."""
    part = _samples_around(samples, first, end)
    if not part.any():
        return np.zeros(end - first, np.bool_)
    around = np.lib.stride_tricks.sliding_window_view(part != 0, PATCH_SAMPLES)[::HOP_SAMPLES]
    return np.asarray(around.any(axis=1), np.bool_)


def _samples_around(samples: Recording, first: int, end: int) -> NDArray[Any]:
    """What the patches of the hops from ``first`` up to ``end`` are made of; beyond the samples there is silence."""
    start = first * HOP_SAMPLES - LEAD_SAMPLES
    stop = (end - 1) * HOP_SAMPLES - LEAD_SAMPLES + PATCH_SAMPLES
    part = np.asarray(samples[max(0, start) : stop])
    before = max(0, -start)
    return np.pad(part, (before, stop - start - before - len(part)))


def _hops_of(span: Span) -> slice:
    """The hops whose middle lies in the span; the nearest one if the span is too short for any."""
    first, end = round(span.start_s / HOP_S), round(span.end_s / HOP_S)
    return slice(first, end) if end > first else slice(int(span.start_s / HOP_S), int(span.start_s / HOP_S) + 1)


def pooled(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """The power mean of the hops, between mean and maximum: one bark in a window still counts."""
    if not len(probabilities):
        return np.zeros(probabilities.shape[1], np.float32)
    return np.asarray(np.mean(probabilities**POOLING_POWER, axis=0) ** (1 / POOLING_POWER), np.float32)
