"""What every encoder offers: an identity, and batch methods from inputs to unit vectors."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from retrieval.domain import Label, Lane, ScreenText, Segment, Span
from retrieval.languages import main_language

Vectors = NDArray[np.float32]
"""(n, dim) float32; every row is of unit length, or all zeros where there is nothing to say."""

Frames = NDArray[np.uint8]
"""(n, height, width, 3) uint8 RGB, upright, square pixels."""

Samples = NDArray[np.float32]
"""(n,) float32 mono, -1 to 1."""

SPEECH_RATE_HZ = 16_000
FRAME_SIDE_PX = 640
"""The long side of pictures for encoders at most, a video's and a query's, so that both are seen alike."""


class Recording(Protocol):
    """16 kHz mono sound of any length, read a slice at a time: float32 of -1 to 1, or int16. Arrays are, too."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> NDArray[Any]: ...


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """Who made the vectors of a space: enough to tell whether two vectors may be compared.

    ``unrelated`` is the cosine, or less, of two texts that have nothing in common; ``unrelated_foreign`` that of two in
    a language other than English, for a model that knows no other and finds them all alike. ``asked_by`` is the
    fingerprint of the sentence encoder that makes queries of words, where another than this one does.
    """

    name: str
    lane: Lane
    dim: int
    revision: str
    unrelated: float = field(default=0.0, compare=False)
    unrelated_foreign: float | None = field(default=None, compare=False)
    asked_by: str | None = field(default=None, compare=False)

    def is_asked_as(self, other: "EncoderSpec") -> bool:
        """Whether a query of words for this space may be compared with the vectors of the other one, too."""
        if self.space == other.space:
            return True
        is_same = (self.lane, self.dim, self.asked_by) == (other.lane, other.dim, other.asked_by)
        return is_same and self.asked_by is not None

    @property
    def fingerprint(self) -> str:
        """Eight hex digits that change whenever vectors of this encoder do."""
        identity = f"{self.name}:{self.lane}:{self.dim}:{self.revision}"
        return hashlib.sha256(identity.encode()).hexdigest()[:8]

    @property
    def space(self) -> str:
        """Name of the space, and so of the collection: lane and fingerprint."""
        return f"{self.lane}-{self.fingerprint}"

    @property
    def knows_english_only(self) -> bool:
        return self.unrelated_foreign is not None

    def likeness(self, cosine: float, language: str | None = None) -> float:
        """What a cosine with a text in ``language`` says, 0 to 1; of a text whose language is not known, as English."""
        unrelated = self.unrelated
        if self.unrelated_foreign is not None and language is not None and main_language(language) != "en":
            unrelated = self.unrelated_foreign
        return max(0.0, (cosine - unrelated) / (1.0 - unrelated))


@dataclass(frozen=True, slots=True)
class Embedding:
    """Vectors and, from encoders that classify, the best labels of each row (else empty tuples)."""

    vectors: Vectors
    labels: tuple[tuple[Label, ...], ...]


class TextEncoder(Protocol):
    """Turns words into vectors of one space."""

    @property
    def spec(self) -> EncoderSpec: ...

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """One unit vector per text."""
        ...


class SentenceEncoder(TextEncoder, Protocol):
    """A sentence space. ``embed_texts`` is for queries; models without the distinction do the same twice."""

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """One unit vector per text of the index, to be compared with ``embed_texts`` of a query."""
        ...


class VisualEncoder(TextEncoder, Protocol):
    """A text-image space."""

    @property
    def names(self) -> Sequence[str]:
        """What it can name; nothing if it does not classify."""
        ...

    def embed_frames(self, frames: Frames) -> Embedding:
        """One unit vector per frame; any frame size."""
        ...


@runtime_checkable
class ReferenceEncoder(Protocol):
    """An encoder of windows that knows some of its space without any library; others lack the method."""

    def reference_vectors(self) -> Vectors:
        """(m, dim) unit vectors of what windows of things in general look like in this space."""
        ...


class SoundEncoder(TextEncoder, Protocol):
    """A text-audio space."""

    @property
    def names(self) -> Sequence[str]:
        """What it can name; nothing if it does not classify."""
        ...

    @property
    def sample_rate_hz(self) -> int: ...

    def embed_sounds(self, clips: Sequence[Samples]) -> Embedding:
        """One unit vector per clip of mono samples at ``sample_rate_hz``; clips may differ in length."""
        ...


class Transcriber(Protocol):
    """Speech to text."""

    @property
    def name(self) -> str: ...

    def transcribe(self, samples: Samples, speech: Sequence[Span], *, translate: bool = False) -> Iterator[Segment]:
        """Segments in time order, heard inside ``speech`` only; 16 kHz samples.

        With ``translate`` those that are not in English have their translation, if there is a sensible one.

        Times are seconds from the first sample. Nothing is filtered here: the trust gate decides.
        """
        ...


class VoiceEncoder(Protocol):
    """Whose voice it is."""

    @property
    def spread(self) -> NDArray[np.float32]:
        """(k,) how far voices differ in each trait: the variance over voices where pieces of one voice have 1."""
        ...

    def embed_voices(self, samples: Recording, starts: Sequence[int]) -> Vectors:
        """One unit vector per 1.6 s of 16 kHz samples, from each of the ``starts`` on.

        They ascend, are multiples of 160 and may lie outside of the samples, where silence is. The more alike two
        voices, the higher is their vectors' cosine; it is around 0 for any two.
        """
        ...

    def traits(self, vectors: Vectors) -> NDArray[np.float32]:
        """(n, k) what tells voices apart in the vectors, each trait independent of the others."""
        ...


class ScreenReader(Protocol):
    """Reads text off one frame."""

    @property
    def name(self) -> str: ...

    def read(self, frame: Frames) -> list[ScreenText]:
        """Lines of one (height, width, 3) RGB frame in reading order; spans are left at zero."""
        ...
