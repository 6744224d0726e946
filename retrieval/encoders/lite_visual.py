"""The visual lane without downloads: EfficientNet-Lite0, and what two models of our own read off it.

One half of a frame's vector says what things are seen: the sentence vectors of their names, weighted by probability
(concepts.py). The other half says what people would say of the frame, by a linear map learnt on captioned photographs
(projection.py). The network runs once over the whole frame at its own shape; labels are looked for in every 3 by 3
cells of its feature map, so that what fills a tenth of the frame is seen as well. docs/models/lite_objects.md tells how
the head and the labels' vectors were made, docs/models/lite_projection.md how the map was.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.domain import Label, Lane
from retrieval.encoders.base import Embedding, EncoderSpec, Frames, Vectors
from retrieval.encoders.concepts import combination, distinct, evidence
from retrieval.encoders.efficientnet import load_tensors
from retrieval.encoders.graph import Graph
from retrieval.encoders.lite_network import LOOKS, fitted, network
from retrieval.encoders.once import once
from retrieval.encoders.projection import Projection, load_pictures, load_projection
from retrieval.encoders.sentence import DIM, MiniLmEncoder
from retrieval.encoders.tensor_files import Tensors, read_safetensors
from retrieval.errors import ModelCorruptError, ModelUnavailableError
from retrieval.unit_rows import unit_rows

CONSTRUCTION = "2"
"""Raise whenever the way from frames to vectors changes."""
WEIGHTS = Path(__file__).parent / "weights"
HEAD = WEIGHTS / "lite_objects.safetensors"
VOCABULARY = WEIGHTS / "lite_vocabulary.safetensors"
PROJECTION = WEIGHTS / "lite_projection.safetensors"
PICTURES = WEIGHTS / "lite_pictures.safetensors"

BATCH_FRAMES = 2
"""What a core's cache holds the features of: larger batches are slower."""

NOISE = 0.02
"""Probability below which a label is not counted as seen."""
LEAST_SHOWN = 0.2
MOST_SHOWN = 5
SAME_THING = 0.7
"""Cosine of two labels' sentence vectors from which only the surer one is shown: couch and studio couch."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the network makes of n frames: ``probabilities`` (n, labels), and ``looks`` (n, LOOKS) to be projected."""

    probabilities: NDArray[np.float32]
    looks: NDArray[np.float32]


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

    def __init__(
        self,
        sentences: MiniLmEncoder | None = None,
        head: Path = HEAD,
        projection: Path = PROJECTION,
        pictures: Path = PICTURES,
    ) -> None:
        self._sentences = sentences or MiniLmEncoder()
        self._head = head
        self._projection_file = projection
        self._pictures = pictures

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
        seen = self.see(frames)
        vectors = mixed(self.named(seen.probabilities), self._projection.project(seen.looks))
        return Embedding(vectors, tuple(self._labels(row) for row in seen.probabilities))

    def reference_vectors(self) -> Vectors:
        """(m, dim) what windows of things in general look like in this space: photographs of everyday life."""
        return self._reference_vectors

    def see(self, frames: Frames) -> Seen:
        """What the network itself finds in frames of any size."""
        batches = [
            self._graph.run(fitted(frames[at : at + BATCH_FRAMES])) for at in range(0, len(frames), BATCH_FRAMES)
        ]
        probabilities = [np.hstack([classes, objects]) for classes, objects, _ in batches]
        nothing = Seen(np.zeros((0, len(self.vocabulary.names)), np.float32), np.zeros((0, LOOKS), np.float32))
        return Seen(
            np.concatenate([nothing.probabilities, *probabilities]),
            np.concatenate([nothing.looks, *(looks for _, _, looks in batches)]),
        )

    def named(self, probabilities: NDArray[np.float32]) -> Vectors:
        """(n, dim) the sum of the names of what is seen, by probabilities (n, labels): zeros where nothing is."""
        return combination(evidence(probabilities, NOISE), self.vocabulary.vectors)

    def _labels(self, probabilities: NDArray[np.float32]) -> tuple[Label, ...]:
        likely = np.flatnonzero(probabilities >= LEAST_SHOWN)
        order = likely[np.argsort(-probabilities[likely], kind="stable")]
        shown = distinct(order, self.vocabulary.plain_vectors, SAME_THING)[:MOST_SHOWN]
        names = self.vocabulary.names
        return tuple(Label(names[index], min(1.0, float(probabilities[index]))) for index in shown)

    def _revision(self) -> str:
        head = _checksum(self._head, "object head")
        projection = _checksum(self._projection_file, "projection")
        return f"{CONSTRUCTION}-{head}-{projection}-{self._sentences.spec.fingerprint}"

    @once
    def _projection(self) -> Projection:
        return load_projection(self._projection_file, LOOKS, DIM)

    @once
    def _reference_vectors(self) -> Vectors:
        return load_pictures(self._pictures, DIM)

    @once
    def _graph(self) -> Graph:
        objects, head = load_head(self._head)
        if objects != self.vocabulary.names[-len(objects) :]:
            raise ModelCorruptError(
                f"{self._head} knows other objects than {VOCABULARY}: make that anew with `python -m "
                "training.lite_vocabulary`, or install Moments again"
            )
        return Graph(network(load_tensors(), head))


def mixed(named: Vectors, described: Vectors) -> Vectors:
    """(n, dim) unit vectors halfway between what is named and what is described, of n rows each."""
    return unit_rows(named + described)


def load_head(path: Path) -> tuple[tuple[str, ...], Tensors]:
    """Names of the objects, and the head's tensors as float32. Raises ModelCorruptError."""
    tensors, about = read_safetensors(path)
    return _names(path, about, "classes"), {name: tensor.astype(np.float32) for name, tensor in tensors.items()}


def load_vocabulary(path: Path) -> VisualVocabulary:
    """What can be seen, by the file that training/lite_vocabulary.py makes. Raises ModelCorruptError."""
    tensors, about = read_safetensors(path)
    vectors, plain = (unit_rows(tensors[name].astype(np.float32)) for name in ("vectors", "plain_vectors"))
    return VisualVocabulary(_names(path, about, "names"), vectors, plain)


def _checksum(path: Path, what: str) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    except OSError as error:
        raise ModelUnavailableError(f"no {what} at {path}: install Moments again") from error


def _names(path: Path, about: Mapping[str, str], key: str) -> tuple[str, ...]:
    try:
        return tuple(json.loads(about[key]))
    except (KeyError, ValueError) as error:
        raise ModelCorruptError(f"{path} names no {key}: install Moments again") from error
