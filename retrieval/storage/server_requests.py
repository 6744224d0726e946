"""Points and filters as qdrant-client takes them, and its errors in our words."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from retrieval.domain import Span
from retrieval.errors import StorageAwayError, StorageError
from retrieval.storage import payload as keys
from retrieval.storage.vectors import Point, SparseVector, VectorFilter

if TYPE_CHECKING:
    from qdrant_client import models


def server_point(point: Point) -> "models.PointStruct":
    """The point as the client takes it."""
    from qdrant_client import models

    vectors: dict[str, models.Vector] = {keys.DENSE: point.vector.tolist()}
    if point.sparse is not None:
        vectors[keys.SPARSE] = server_terms(point.sparse)
    return models.PointStruct(id=point.id, vector=vectors, payload=keys.payload_of(point))


def server_terms(terms: SparseVector) -> "models.SparseVector":
    """The sparse vector as the client takes it."""
    from qdrant_client import models

    return models.SparseVector(indices=list(terms.indices), values=list(terms.values))


def server_filter(where: VectorFilter) -> "models.Filter":
    """The filter as the client takes it."""
    from qdrant_client import models

    must: list[models.Condition] = [
        models.FieldCondition(key=key, match=models.MatchAny(any=values)) for key, values in keys.wanted_keywords(where)
    ]
    if where.during is not None:
        must += _touching(where.during)
    if where.places is not None:
        must.append(models.Filter(should=[_server_place(video_id, spans) for video_id, spans in where.places]))
    excluded = models.FieldCondition(key=keys.VIDEO_ID, match=models.MatchAny(any=sorted(where.excluded_video_ids)))
    return models.Filter(must=must, must_not=[excluded] if where.excluded_video_ids else None)


def _touching(span: Span) -> "list[models.Condition]":
    from qdrant_client import models

    before, after = keys.finite(span.end_s), keys.finite(span.start_s)
    return [
        models.FieldCondition(key=keys.START_S, range=models.Range(lt=before)),
        models.FieldCondition(key=keys.END_S, range=models.Range(gt=after)),
    ]


def _server_place(video_id: str, spans: Iterable[Span]) -> "models.Filter":
    from qdrant_client import models

    there = models.FieldCondition(key=keys.VIDEO_ID, match=models.MatchValue(value=video_id))
    return models.Filter(must=[there], should=[models.Filter(must=_touching(span)) for span in spans])


def server_others(video_ids: Iterable[str], but: Iterable[str]) -> "models.Filter":
    """The points of these videos, but for those of these ids."""
    from qdrant_client import models

    meant = models.FieldCondition(key=keys.VIDEO_ID, match=models.MatchAny(any=sorted(video_ids)))
    kept: list[models.ExtendedPointId] = sorted(but)
    return models.Filter(must=[meant], must_not=[models.HasIdCondition(has_id=kept)] if kept else None)


@contextmanager
def translated(server: str = "the Qdrant server") -> Iterator[None]:
    """Raises the client's errors as StorageError that names the ``server``."""
    from qdrant_client.common.client_exceptions import QdrantException
    from qdrant_client.http.exceptions import ApiException, ResponseHandlingException

    try:
        yield
    except (ResponseHandlingException, OSError) as error:
        raise StorageAwayError(f"{server} refused or did not answer: {error}") from error
    except (ApiException, QdrantException, ValueError) as error:
        raise StorageError(f"{server} refused or did not answer: {error}") from error
