"""The visual lane without downloads: EfficientNet-Lite0 and a head of our own for 80 everyday objects.

A frame is the sum of the sentence vectors of what is seen in it, weighted by probability (concepts.py).
The network runs once over the whole frame at its own shape; labels are looked for in every 3 by 3 cells of
its feature map, so that what fills a tenth of the frame is seen as well. docs/models/lite_objects.md tells
how the head and the labels' vectors were made.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retrieval.domain import Label, Lane
from retrieval.encoders.base import Embedding, EncoderSpec, Frames, Vectors
from retrieval.encoders.concepts import combination, distinct, evidence
from retrieval.encoders.efficientnet import features, load_tensors
from retrieval.encoders.graph import Graph, linear
from retrieval.encoders.once import once
from retrieval.encoders.sentence import DIM, MiniLmEncoder
from retrieval.encoders.tensor_files import Tensors, read_safetensors
from retrieval.errors import ModelCorruptError, ModelUnavailableError
from retrieval.unit_rows import unit_rows

if TYPE_CHECKING:
    from openvino import Model, Node

CONSTRUCTION = "1"
"""Raise whenever the way from frames to vectors changes."""
HEAD = Path(__file__).parent / "weights" / "lite_objects.safetensors"
VOCABULARY = Path(__file__).parent / "weights" / "lite_vocabulary.safetensors"

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
class VisualVocabulary:
    """Everything that can be seen: readable names and, row by row, their unit vectors in the space.

    ``plain_vectors`` are the sentence vectors of the names alone, which tell what means the same.
    """

    names: tuple[str, ...]
    vectors: Vectors
    plain_vectors: Vectors


class LiteVisualEncoder:
    """A text-image space over sentence vectors. Models are loaded at first use; threads may share them."""

    def __init__(self, sentences: MiniLmEncoder | None = None, head: Path = HEAD) -> None:
        self._sentences = sentences or MiniLmEncoder()
        self._head = head

    @once
    def spec(self) -> EncoderSpec:
        asked_by = self._sentences.spec.fingerprint
        return EncoderSpec("lite-visual", Lane.VISUAL, DIM, self._revision(), asked_by=asked_by)

    @once
    def vocabulary(self) -> VisualVocabulary:
        """ImageNet's 1000 classes, then the 80 everyday objects."""
        return load_vocabulary(VOCABULARY)

    @property
    def names(self) -> Sequence[str]:
        return self.vocabulary.names

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """One unit vector per text."""
        return self._sentences.embed_texts(texts)

    def embed_frames(self, frames: Frames) -> Embedding:
        """One unit vector per frame, and the best few labels that are 20 % probable or more, best first."""
        seen = [self._probabilities(frames[at : at + BATCH_FRAMES]) for at in range(0, len(frames), BATCH_FRAMES)]
        probabilities = np.concatenate([np.zeros((0, len(self.vocabulary.names)), np.float32), *seen])
        vectors = combination(evidence(probabilities, NOISE), self.vocabulary.vectors)
        return Embedding(vectors, tuple(self._labels(row) for row in probabilities))

    def _probabilities(self, frames: Frames) -> NDArray[np.float32]:
        return np.hstack(self._graph.run(fitted(frames)))

    def _labels(self, probabilities: NDArray[np.float32]) -> tuple[Label, ...]:
        likely = np.flatnonzero(probabilities >= LEAST_SHOWN)
        order = likely[np.argsort(-probabilities[likely], kind="stable")]
        shown = distinct(order, self.vocabulary.plain_vectors, SAME_THING)[:MOST_SHOWN]
        names = self.vocabulary.names
        return tuple(Label(names[index], min(1.0, float(probabilities[index]))) for index in shown)

    def _revision(self) -> str:
        try:
            weights = hashlib.sha256(self._head.read_bytes()).hexdigest()[:8]
        except OSError as error:
            raise ModelUnavailableError(f"no object head at {self._head}: install Moments again") from error
        return f"{CONSTRUCTION}-{weights}-{self._sentences.spec.fingerprint}"

    @once
    def _graph(self) -> Graph:
        objects, head = load_head(self._head)
        if objects != self.vocabulary.names[-len(objects) :]:
            raise ModelCorruptError(
                f"{self._head} knows other objects than {VOCABULARY}: make that anew with `python -m "
                "training.lite_vocabulary`, or install Moments again"
            )
        return Graph(network(load_tensors(), head))


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


def load_head(path: Path) -> tuple[tuple[str, ...], Tensors]:
    """Names of the objects, and the head's tensors as float32. Raises ModelCorruptError."""
    tensors, about = read_safetensors(path)
    return _names(path, about, "classes"), {name: tensor.astype(np.float32) for name, tensor in tensors.items()}


def load_vocabulary(path: Path) -> VisualVocabulary:
    """What can be seen, by the file that training/lite_vocabulary.py makes. Raises ModelCorruptError."""
    tensors, about = read_safetensors(path)
    vectors, plain = (unit_rows(tensors[name].astype(np.float32)) for name in ("vectors", "plain_vectors"))
    return VisualVocabulary(_names(path, about, "names"), vectors, plain)


def _names(path: Path, about: Mapping[str, str], key: str) -> tuple[str, ...]:
    try:
        return tuple(json.loads(about[key]))
    except (KeyError, ValueError) as error:
        raise ModelCorruptError(f"{path} names no {key}: install Moments again") from error


def network(backbone: Tensors, head: Tensors) -> "Model":
    """From (n, height, width, 3) uint8 RGB to probabilities of the 1000 classes and of the objects."""
    import openvino
    from openvino import opset13 as ops

    def classified(node: "Node") -> "Node":
        return ops.softmax(linear(node, backbone["_fc.weight"], backbone["_fc.bias"]), -1)

    frames = ops.parameter([-1, -1, -1, 3], np.uint8, "frames")
    seen = features(frames, backbone)
    around = ops.avg_pool(seen, [1, 1], [0, 0], [0, 0], [3, 3], exclude_pad=False)
    rows = ops.reshape(around, np.array([0, 0, -1]), special_zero=True)
    cells = ops.transpose(rows, np.array([0, 2, 1]))
    every_cell = np.array([1])
    in_whole = classified(ops.reduce_mean(seen, np.array([2, 3])))
    classes = ops.divide(ops.add(in_whole, ops.reduce_max(classified(cells), every_cell)), np.float32(2))
    hidden = ops.relu(linear(cells, head["hidden.weight"], head["hidden.bias"]))
    objects = ops.sigmoid(linear(hidden, head["out.weight"], head["out.bias"]))
    return openvino.Model([classes, ops.reduce_max(objects, every_cell)], [frames], "lite_visual")
