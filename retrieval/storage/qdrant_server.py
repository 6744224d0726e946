"""Vectors on a Qdrant server or cluster: one collection per space, one alias per lane."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retrieval.domain import Lane
from retrieval.errors import StorageError
from retrieval.storage import payload as keys
from retrieval.storage.server_requests import server_filter, server_others, server_point, server_terms, translated
from retrieval.storage.vectors import Hit, Point, Space, SparseVector, VectorFilter

if TYPE_CHECKING:
    from qdrant_client import QdrantClient, models

_PREFIX = "moments-"
"""Before every collection and alias: a server may hold those of others, which are not ours to touch."""

_UPSERT_BATCH = 256
_TIMEOUT_S = 60


class ServerVectorStore:
    """The ``VectorStore`` on a server. Every write waits until the server has applied it."""

    def __init__(self, client: "QdrantClient") -> None:
        self._client = client
        self._known: set[str] = set()
        self._lock = threading.Lock()

    @classmethod
    def connect(cls, url: str, api_key: str | None = None) -> "ServerVectorStore":
        """A store on the server at ``url``. Raises StorageError if nothing answers there."""
        from qdrant_client import QdrantClient

        with translated(f"the Qdrant server at {url}"):
            # The compatibility check would warn on stderr about every server of another minor version.
            client = QdrantClient(url=url, api_key=api_key, timeout=_TIMEOUT_S, check_compatibility=False)
            client.get_collections()
        return cls(client)

    def ensure_space(self, space: Space) -> None:
        name = _PREFIX + space.name
        with self._lock, translated():
            if self._client.collection_exists(name):
                keys.check_shape(self._space(space.name), space)
            else:
                self._create(name, space)
            self._index_payload(name)

    def spaces(self) -> tuple[str, ...]:
        with translated():
            collections = self._client.get_collections().collections
        return tuple(sorted(c.name.removeprefix(_PREFIX) for c in collections if c.name.startswith(_PREFIX)))

    def drop_space(self, name: str) -> None:
        with self._lock, translated():
            self._known.discard(name)
            self._client.delete_collection(_PREFIX + name)

    def put_aside(self, name: str) -> str | None:
        if name not in self.spaces():
            return None
        raise StorageError(
            f"the collection {_PREFIX}{name} on the Qdrant server cannot be read, and a server cannot put one aside: "
            "restore it from a snapshot there, or delete it there and run `moments doctor --repair`"
        )

    def activate(self, lane: Lane, space: str) -> None:
        from qdrant_client import models

        if not self._exists(space):
            raise keys.no_space(space, self.spaces())
        alias = models.CreateAlias(collection_name=_PREFIX + space, alias_name=_PREFIX + lane)
        with translated():
            self._client.update_collection_aliases([models.CreateAliasOperation(create_alias=alias)])

    def active(self, lane: Lane) -> str | None:
        with translated():
            aliases = self._client.get_aliases().aliases
        targets = {alias.alias_name: alias.collection_name for alias in aliases}
        collection = targets.get(_PREFIX + lane)
        return collection.removeprefix(_PREFIX) if collection else None

    def require_room(self, coming: Mapping[Space, Sequence[Point]]) -> None:
        """Nothing is known of the server's disk: it refuses by itself what it has no room for."""

    def upsert(self, space: str, points: Iterable[Point]) -> None:
        if not self._exists(space):
            raise keys.no_space(space, self.spaces())
        with translated():
            for batch in keys.batches(points, _UPSERT_BATCH):
                self._client.upsert(_PREFIX + space, [server_point(point) for point in batch], wait=True)

    def delete_videos(
        self, video_ids: Iterable[str], *, but: Iterable[str] = (), within: Iterable[str] | None = None
    ) -> None:
        others = server_others(video_ids, but)
        for name in keys.chosen(self.spaces(), within):
            with translated():
                self._client.delete(_PREFIX + name, others, wait=True)

    def forget_voices(self, video_id: str | None) -> None:
        where = server_filter(VectorFilter() if video_id is None else VectorFilter(frozenset({video_id})))
        for name in self.spaces():
            with translated():
                self._client.delete_payload(_PREFIX + name, [keys.VOICES], where, wait=True)

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
        from qdrant_client import models

        params = models.SearchParams(
            exact=exact,
            quantization=models.QuantizationSearchParams(ignore=exact, rescore=True, oversampling=keys.OVERSAMPLING),
        )
        requests = [
            models.QueryRequest(
                query=vector.tolist(),
                using=keys.DENSE,
                limit=limit,
                filter=server_filter(where),
                params=params,
                with_payload=True,
                with_vector=[keys.DENSE] if with_vectors else False,
            )
            for vector in vectors
        ]
        return self._query(space, requests)

    def search_sparse(
        self, space: str, terms: SparseVector, limit: int, where: VectorFilter = VectorFilter()
    ) -> list[Hit]:
        from qdrant_client import models

        request = models.QueryRequest(
            query=server_terms(terms),
            using=keys.SPARSE,
            limit=limit,
            filter=server_filter(where),
            with_payload=True,
        )
        return self._query(space, [request])[0]

    def fetch(self, space: str, where: VectorFilter, limit: int) -> list[Hit]:
        if not self._exists(space):
            return []
        hits: list[Hit] = []
        offset = None
        while True:
            with translated():
                records, offset = self._client.scroll(
                    _PREFIX + space,
                    server_filter(where),
                    limit=keys.SCROLL_PAGE,
                    offset=offset,
                    with_payload=True,
                    with_vectors=[keys.DENSE],
                )
            hits += [keys.hit_of(row.id, 0.0, row.payload or {}, row.vector) for row in records]
            if offset is None:
                return keys.in_order(hits)[:limit]

    def sample(self, space: str, limit: int) -> NDArray[np.float32]:
        if not self._exists(space):
            return keys.stacked([])
        with translated():
            records, _ = self._client.scroll(
                _PREFIX + space, limit=limit, with_payload=False, with_vectors=[keys.DENSE]
            )
        return keys.stacked([row.vector for row in records])

    def count(self, space: str, where: VectorFilter = VectorFilter()) -> int:
        if not self._exists(space):
            return 0
        with translated():
            return self._client.count(_PREFIX + space, server_filter(where), exact=True).count

    def counts_by_video(self, space: str) -> Mapping[str, int]:
        if not self._exists(space):
            return {}
        with translated():
            facet = self._client.facet(_PREFIX + space, keys.VIDEO_ID, limit=keys.EVERY_VIDEO, exact=True)
        return {str(hit.value): hit.count for hit in facet.hits if hit.count}

    def optimize(self) -> None:
        """The server builds its graphs by itself, in the background."""

    def close(self) -> None:
        self._client.close()

    def _create(self, name: str, space: Space) -> None:
        from qdrant_client import models
        from qdrant_client.http.exceptions import UnexpectedResponse

        try:
            self._client.create_collection(
                name,
                vectors_config={keys.DENSE: models.VectorParams(size=space.dim, distance=models.Distance.COSINE)},
                sparse_vectors_config={keys.SPARSE: models.SparseVectorParams(modifier=models.Modifier.IDF)}
                if space.sparse
                else None,
                hnsw_config=models.HnswConfigDiff(m=keys.HNSW_M, ef_construct=keys.HNSW_EF_CONSTRUCT),
                quantization_config=models.ScalarQuantization(
                    scalar=models.ScalarQuantizationConfig(type=models.ScalarType.INT8, always_ram=True)
                ),
            )
        except UnexpectedResponse as error:
            # Another worker made it in the meantime.
            if error.status_code != HTTPStatus.CONFLICT:
                raise

    def _index_payload(self, name: str) -> None:
        """Make the payload indexes that the collection lacks: one that an earlier version made has fewer."""
        from qdrant_client import models

        there, kinds = self._client.get_collection(name).payload_schema, models.PayloadSchemaType
        wanted = dict.fromkeys(keys.KEYWORDS, kinds.KEYWORD) | dict.fromkeys(keys.NUMBERS, kinds.FLOAT)
        for field, kind in wanted.items():
            if field not in there:
                self._client.create_payload_index(name, field, kind)

    def _query(self, space: str, requests: "list[models.QueryRequest]") -> list[list[Hit]]:
        if not requests or not self._exists(space):
            return [[] for _ in requests]
        try:
            with translated():
                answers = self._client.query_batch_points(_PREFIX + space, requests)
        except StorageError:
            # Another worker may have dropped it since: a space that does not exist has no hits.
            with self._lock:
                self._known.discard(space)
            if self._exists(space):
                raise
            return [[] for _ in requests]
        return [
            [keys.hit_of(row.id, row.score, row.payload or {}, row.vector) for row in answer.points]
            for answer in answers
        ]

    def _exists(self, space: str) -> bool:
        """Whether the collection is there, asked once: a search should cost one round trip."""
        if space not in self._known:
            with translated():
                if not self._client.collection_exists(_PREFIX + space):
                    return False
            with self._lock:
                self._known.add(space)
        return True

    def _space(self, name: str) -> Space:
        params = self._client.get_collection(_PREFIX + name).config.params
        dense = params.vectors[keys.DENSE].size if isinstance(params.vectors, dict) else 0
        return Space(name, dense, keys.SPARSE in (params.sparse_vectors or {}))
