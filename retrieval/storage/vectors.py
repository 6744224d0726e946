"""The one protocol for vector stores, and the values that cross it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.domain import Lane, Span


@dataclass(frozen=True, slots=True)
class Space:
    """The vectors of one lane made by one encoder: one collection. ``sparse`` adds BM25 vectors."""

    name: str
    dim: int
    sparse: bool = False


@dataclass(frozen=True, slots=True)
class SparseVector:
    """Term weights by hashed term; ``indices`` are distinct, 0 to 2**32 - 1."""

    indices: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """One vector with what is needed to find and filter it. ``id`` is a UUID string.

    ``languages`` are those that are spoken meanwhile, ``voices`` the keys of those who speak (``voice_key``).
    """

    id: str
    video_id: str
    ordinal: int
    span: Span
    vector: NDArray[np.float32]
    sparse: SparseVector | None = None
    languages: tuple[str, ...] = ()
    voices: tuple[str, ...] = ()


def voice_key(video_id: str, number: int) -> str:
    """What a voice of a video is called in points."""
    return f"{video_id}:{number}"


Places = tuple[tuple[str, tuple[Span, ...]], ...]
"""Spans by the id of their video."""


@dataclass(frozen=True, slots=True)
class VectorFilter:
    """Which points may match; None means no limit.

    Points that touch ``during`` match it, those that touch one of the ``places`` match these. Of ``languages`` and
    of ``voices`` one is enough; points that were written before these were known have none.
    """

    video_ids: frozenset[str] | None = None
    excluded_video_ids: frozenset[str] = frozenset()
    during: Span | None = None
    places: Places | None = None
    languages: frozenset[str] | None = None
    voices: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A point that matched. ``score`` is the cosine, or the BM25 sum for a sparse query."""

    id: str
    video_id: str
    ordinal: int
    span: Span
    score: float
    vector: NDArray[np.float32] | None = field(default=None, compare=False)


class VectorStore(Protocol):
    """Vectors by space. Writes are durable when the call returns; all methods are thread-safe."""

    def ensure_space(self, space: Space) -> None:
        """Create the space if it is missing. Raises StorageError if it exists with another shape."""
        ...

    def spaces(self) -> tuple[str, ...]:
        """Names of all spaces, sorted."""
        ...

    def drop_space(self, name: str) -> None:
        """Delete a space with all its points; a missing one is fine."""
        ...

    def require_room(self, coming: Mapping[Space, Sequence[Point]]) -> None:
        """Raises StorageFullError unless these points can be written; of a server's disk nothing is known here."""
        ...

    def upsert(self, space: str, points: Iterable[Point]) -> None:
        """Write points; the same id again replaces the point."""
        ...

    def put_aside(self, name: str) -> str | None:
        """Where a space that cannot be read lies from now on, no more among the spaces; None if there is none.

        Raises StorageError if it cannot be put anywhere.
        """
        ...

    def delete_videos(
        self, video_ids: Iterable[str], *, but: Iterable[str] = (), within: Iterable[str] | None = None
    ) -> None:
        """Delete every point of these videos in these spaces, or every one, but for the points of these ids.

        Names of spaces that do not exist are fine.
        """
        ...

    def forget_voices(self, video_id: str | None) -> None:
        """Points of this video, or of all for None, tell no more whose voices are heard during them."""
        ...

    def search(
        self,
        space: str,
        vectors: Sequence[NDArray[np.float32]],
        limit: int,
        where: VectorFilter = VectorFilter(),
        *,
        exact: bool = False,
        with_vectors: bool = False,
    ) -> list[list[Hit]]:
        """Best hits per query vector, best first. A space that does not exist has no hits."""
        ...

    def search_sparse(
        self, space: str, terms: SparseVector, limit: int, where: VectorFilter = VectorFilter()
    ) -> list[Hit]:
        """Best BM25 hits (IDF is the store's work), best first."""
        ...

    def fetch(self, space: str, where: VectorFilter, limit: int) -> list[Hit]:
        """Points with their vectors, ordered by video and ordinal; scores are 0."""
        ...

    def sample(self, space: str, limit: int) -> NDArray[np.float32]:
        """Up to ``limit`` vectors (n, dim): those with the lowest ids.

        Ids are hashes, so this is as good as random, and the same every time.
        """
        ...

    def count(self, space: str, where: VectorFilter = VectorFilter()) -> int:
        """How many points match; 0 for a space that does not exist."""
        ...

    def counts_by_video(self, space: str) -> Mapping[str, int]:
        """Points per video, for consistency checks."""
        ...

    def activate(self, lane: Lane, space: str) -> None:
        """Make the lane searched in ``space`` from now on. Raises StorageError if it is missing."""
        ...

    def active(self, lane: Lane) -> str | None:
        """Name of the space that the lane is searched in; None before the first ``activate``."""
        ...

    def optimize(self) -> None:
        """Build what makes searching large spaces fast; may take minutes."""
        ...

    def close(self) -> None:
        """Release files and connections; the store is not used afterwards."""
        ...
