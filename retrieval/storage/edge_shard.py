"""One Qdrant Edge shard on disk: how it is created, opened and asked; its errors in our words."""

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.domain import Span
from retrieval.errors import DataFolderBusyError, MomentsError, StorageFullError, VectorsDamagedError
from retrieval.storage import payload as keys
from retrieval.storage.room import says_full
from retrieval.storage.vectors import Point, Space, SparseVector, VectorFilter

if TYPE_CHECKING:
    import qdrant_edge as edge

_BYTES_PER_KB = 1024
_BYTES_PER_FLOAT = 4
_FULL_SCAN_KB = 10_000
"""What a filter leaves below this size is scanned: a graph finds little among few."""

_NO_LIMIT_KB = 2**40
"""Segments are never split by size: two halves of a space would each stay below the graph's threshold."""


def create_shard(folder: Path, space: Space, hnsw_from_points: int) -> None:
    """Make an empty shard that searches exactly up to ``hnsw_from_points`` points and by HNSW above."""
    import qdrant_edge as edge

    threshold_kb = max(1, hnsw_from_points * space.dim * _BYTES_PER_FLOAT // _BYTES_PER_KB)
    config = edge.EdgeConfig(
        vectors={keys.DENSE: edge.EdgeVectorParams(size=space.dim, distance=edge.Distance.Cosine)},
        sparse_vectors={keys.SPARSE: edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf)} if space.sparse else None,
        hnsw_config=edge.HnswIndexConfig(
            m=keys.HNSW_M,
            ef_construct=keys.HNSW_EF_CONSTRUCT,
            full_scan_threshold=min(threshold_kb, _FULL_SCAN_KB),
        ),
        quantization_config=edge.ScalarQuantizationConfig(edge.ScalarType.Int8),
        optimizers=edge.EdgeOptimizersConfig(
            indexing_threshold=threshold_kb, default_segment_number=1, max_segment_size=_NO_LIMIT_KB
        ),
    )
    folder.mkdir(parents=True)
    shard = edge.EdgeShard.create(str(folder), config)
    index_payload(shard)
    shard.close()


def index_payload(shard: "edge.EdgeShard") -> None:
    """Make the payload indexes that the shard lacks: one that an earlier version made has fewer."""
    import qdrant_edge as edge

    there, kinds = shard.info().payload_schema, edge.PayloadSchemaType
    wanted = dict.fromkeys(keys.KEYWORDS, kinds.Keyword) | dict.fromkeys(keys.NUMBERS, kinds.Float)
    for field, kind in wanted.items():
        if field not in there:
            shard.update(edge.UpdateOperation.create_field_index(field, kind))


def open_shard(folder: Path) -> "edge.EdgeShard":
    """The shard of this folder, which no other process and no other object may have open."""
    import qdrant_edge as edge

    return edge.EdgeShard.load(str(folder))


def edge_point(point: Point) -> "edge.Point":
    """The point as Qdrant Edge takes it."""
    import qdrant_edge as edge

    vectors: dict[str, object] = {keys.DENSE: point.vector}
    if point.sparse is not None:
        vectors[keys.SPARSE] = edge_terms(point.sparse)
    return edge.Point(point.id, vectors, keys.payload_of(point))  # type: ignore[arg-type]


def edge_terms(terms: SparseVector) -> "edge.SparseVector":
    """The sparse vector as Qdrant Edge takes it."""
    import qdrant_edge as edge

    return edge.SparseVector(list(terms.indices), list(terms.values))


def edge_filter(where: VectorFilter) -> "edge.Filter":
    """The filter as Qdrant Edge takes it."""
    import qdrant_edge as edge

    must: list[edge.ConditionType] = [
        edge.FieldCondition(key, match=edge.MatchAny(values)) for key, values in keys.wanted_keywords(where)
    ]
    if where.during is not None:
        must += _touching(where.during)
    if where.places is not None:
        must.append(edge.Filter(should=[_edge_place(video_id, spans) for video_id, spans in where.places]))
    excluded = edge.FieldCondition(keys.VIDEO_ID, match=edge.MatchAny(sorted(where.excluded_video_ids)))
    return edge.Filter(must=must, must_not=[excluded] if where.excluded_video_ids else None)


def _touching(span: Span) -> "list[edge.ConditionType]":
    import qdrant_edge as edge

    return [
        edge.FieldCondition(keys.START_S, range=edge.RangeFloat(lt=span.end_s)),
        edge.FieldCondition(keys.END_S, range=edge.RangeFloat(gt=span.start_s)),
    ]


def _edge_place(video_id: str, spans: Iterable[Span]) -> "edge.Filter":
    import qdrant_edge as edge

    there = edge.FieldCondition(keys.VIDEO_ID, match=edge.MatchValue(video_id))
    return edge.Filter(must=[there], should=[edge.Filter(must=_touching(span)) for span in spans])


def edge_others(video_ids: Iterable[str], but: Iterable[str]) -> "edge.Filter":
    """The points of these videos, but for those of these ids."""
    import qdrant_edge as edge

    meant = edge.FieldCondition(keys.VIDEO_ID, match=edge.MatchAny(sorted(video_ids)))
    kept: set[int | uuid.UUID | str] = set(but)
    return edge.Filter(must=[meant], must_not=[edge.HasIdCondition(kept)] if kept else None)


@contextmanager
def translated(folder: Path) -> Iterator[None]:
    """Raises the library's errors as VectorsDamagedError, and that of its lock as DataFolderBusyError.

    What it says of a full disk is a StorageFullError.
    """
    try:
        yield
    except MomentsError:
        raise
    except BaseException as error:
        # A panic of the library is none of Python's exceptions, and is met where a file of a shard is cut.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        if "WouldBlock" in str(error):
            raise DataFolderBusyError(
                f"the vectors in {folder} are open in another process; wait for it or ask it over HTTP"
            ) from error
        if says_full(error):
            raise StorageFullError(f"the vectors in {folder} cannot be written: {error}") from error
        raise VectorsDamagedError(
            f"the vectors in {folder} cannot be read or written: {error}; `moments doctor` says what is wrong with "
            "them, and `moments doctor --repair` makes anew what is damaged"
        ) from error
