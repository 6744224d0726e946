"""Vectors in the data folder: Qdrant Edge, one shard folder per space, one owner process at a time.

An acknowledged write is in the shard's write-ahead log and survives a killed process; ``optimize``
and ``close`` also push it to the disk. Whoever opens the store holds the data folder's vectors lock.
"""

import json
import re
import threading
import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from retrieval.atomic import new_folder, remove_folder, sweep_drafts, write_atomically
from retrieval.domain import Lane
from retrieval.errors import InputError, VectorsDamagedError
from retrieval.storage import payload as keys
from retrieval.storage.edge_shard import (
    create_shard,
    edge_filter,
    edge_others,
    edge_point,
    edge_terms,
    index_payload,
    open_shard,
    translated,
)
from retrieval.storage.room import require_room
from retrieval.storage.vectors import Hit, Point, Space, SparseVector, VectorFilter

if TYPE_CHECKING:
    from qdrant_edge import EdgeShard, QueryRequest

HNSW_FROM_POINTS = 100_000
"""Below, exact search answers in 10 ms and opens three times faster than a graph would."""

_UPSERT_BATCH = 500
_NEW_SPACE_BYTES = 24_000_000
"""What an empty space and its first write take on disk (20 MB measured), in files that are mapped into memory."""
_WRITE_BYTES = 16_000_000
"""What any write may take beside its points: the first of a space touches 13 MB."""
_DELETE_BYTES = 2_000_000
_BYTES_PER_FLOAT = 12
_BYTES_PER_POINT = 2_000
"""What a point takes in the log, the vectors and the payload together (3.7 kB of 384 floats measured)."""
_SPACE_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_ACTIVE = "active.json"
_DAMAGED = ".damaged-"


def room_for(points: Sequence[Point]) -> int:
    """About how many bytes on disk the points may take."""
    return _WRITE_BYTES + sum(point.vector.size * _BYTES_PER_FLOAT + _BYTES_PER_POINT for point in points)


class EdgeVectorStore:
    """The embedded ``VectorStore``. Spaces open on first use, so a search opens only what it reads."""

    def __init__(self, folder: Path, *, hnsw_from_points: int = HNSW_FROM_POINTS) -> None:
        self._folder = folder
        self._hnsw_from_points = hnsw_from_points
        self._shards: dict[str, EdgeShard] = {}
        self._lock = threading.RLock()

    def ensure_space(self, space: Space) -> None:
        with self._lock, translated(self._folder):
            existing = self._space(space.name)
            if existing is None:
                self._create(space)
            else:
                keys.check_shape(existing, space)
                index_payload(self._existing(space.name))

    def spaces(self) -> tuple[str, ...]:
        # Without its note, too: what lies there is in the way of a new one.
        return tuple(sorted(entry.name for entry in self._folder.glob("[!.]*") if entry.is_dir()))

    def drop_space(self, name: str) -> None:
        with self._lock, translated(self._folder):
            if self._space(name) is None:
                return
            if shard := self._shards.pop(name, None):
                shard.close()
            active = {lane: space for lane, space in self._active().items() if space != name}
            write_atomically(self._folder / _ACTIVE, json.dumps(active))
            remove_folder(self._folder / name)

    def put_aside(self, name: str) -> str | None:
        with self._lock, translated(self._folder):
            if not (self._folder / name).exists():
                return None
            if shard := self._shards.pop(name, None):
                with suppress(Exception):
                    shard.close()
            aside = self._folder / f"{_DAMAGED}{name}-{uuid.uuid4().hex[:8]}"
            (self._folder / name).rename(aside)
            return str(aside)

    def activate(self, lane: Lane, space: str) -> None:
        with self._lock, translated(self._folder):
            if self._space(space) is None:
                raise keys.no_space(space, self.spaces())
            chosen: dict[str, str] = {}
            with suppress(VectorsDamagedError):  # what cannot be read is written anew, a lane at a time
                chosen = self._active()
            write_atomically(self._folder / _ACTIVE, json.dumps(chosen | {lane.value: space}))

    def active(self, lane: Lane) -> str | None:
        with self._lock:
            return self._active().get(lane.value)

    def require_room(self, coming: Mapping[Space, Sequence[Point]]) -> None:
        there = self.spaces()
        needed = _DELETE_BYTES * len(there)
        for space, points in coming.items():
            if space.name not in there:
                needed += _NEW_SPACE_BYTES - _WRITE_BYTES + room_for(points)
            elif points:
                needed += room_for(points)
        require_room(self._folder, needed, "writing the vectors of a video")

    def upsert(self, space: str, points: Iterable[Point]) -> None:
        import qdrant_edge as edge

        with self._lock, translated(self._folder):
            shard = self._existing(space)
            for batch in keys.batches(points, _UPSERT_BATCH):
                require_room(self._folder, room_for(batch), "writing vectors")
                shard.update(edge.UpdateOperation.upsert_points([edge_point(point) for point in batch]))

    def delete_videos(
        self, video_ids: Iterable[str], *, but: Iterable[str] = (), within: Iterable[str] | None = None
    ) -> None:
        import qdrant_edge as edge

        others = edge_others(video_ids, but)
        with self._lock:
            require_room(self._folder, _DELETE_BYTES, "removing vectors", of_reserve=True)
            for name in keys.chosen(self.spaces(), within):
                with translated(self._folder):
                    self._existing(name).update(edge.UpdateOperation.delete_points_by_filter(others))

    def forget_voices(self, video_id: str | None) -> None:
        import qdrant_edge as edge

        where = edge_filter(VectorFilter() if video_id is None else VectorFilter(frozenset({video_id})))
        with self._lock:
            require_room(self._folder, _DELETE_BYTES, "removing voices", of_reserve=True)
            for name in self.spaces():
                with translated(self._folder):
                    self._existing(name).update(edge.UpdateOperation.delete_payload_by_filter(where, [keys.VOICES]))

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
        import qdrant_edge as edge

        quantization = edge.QuantizationSearchParams(ignore=exact, rescore=True, oversampling=keys.OVERSAMPLING)
        requests = [
            edge.QueryRequest(
                limit=limit,
                query=edge.Query.Nearest(vector, using=keys.DENSE),  # type: ignore[arg-type]
                filter=edge_filter(where),
                params=edge.SearchParams(exact=exact, quantization=quantization),
                with_payload=True,
                with_vector=[keys.DENSE] if with_vectors else False,
            )
            for vector in vectors
        ]
        return self._query(space, requests)

    def search_sparse(
        self, space: str, terms: SparseVector, limit: int, where: VectorFilter = VectorFilter()
    ) -> list[Hit]:
        import qdrant_edge as edge

        request = edge.QueryRequest(
            limit=limit,
            query=edge.Query.Nearest(edge_terms(terms), using=keys.SPARSE),
            filter=edge_filter(where),
            with_payload=True,
        )
        return self._query(space, [request])[0]

    def fetch(self, space: str, where: VectorFilter, limit: int) -> list[Hit]:
        import qdrant_edge as edge

        hits: list[Hit] = []
        offset = None
        with self._lock, translated(self._folder):
            shard = self._shard(space)
            while shard is not None:
                records, offset = shard.scroll(
                    edge.ScrollRequest(
                        offset=offset,
                        limit=keys.SCROLL_PAGE,
                        filter=edge_filter(where),
                        with_payload=True,
                        with_vector=[keys.DENSE],
                    )
                )
                hits += [keys.hit_of(row.id, 0.0, row.payload or {}, row.vector) for row in records]
                if offset is None:
                    break
        return keys.in_order(hits)[:limit]

    def sample(self, space: str, limit: int) -> NDArray[np.float32]:
        import qdrant_edge as edge

        with self._lock, translated(self._folder):
            shard = self._shard(space)
            if shard is None:
                return keys.stacked([])
            request = edge.ScrollRequest(limit=limit, with_payload=False, with_vector=[keys.DENSE])
            records, _ = shard.scroll(request)
        return keys.stacked([row.vector for row in records])

    def count(self, space: str, where: VectorFilter = VectorFilter()) -> int:
        import qdrant_edge as edge

        with self._lock, translated(self._folder):
            shard = self._shard(space)
            return shard.count(edge.CountRequest(filter=edge_filter(where))) if shard else 0

    def counts_by_video(self, space: str) -> Mapping[str, int]:
        import qdrant_edge as edge

        with self._lock, translated(self._folder):
            shard = self._shard(space)
            if shard is None:
                return {}
            facet = shard.facet(edge.FacetRequest(keys.VIDEO_ID, limit=keys.EVERY_VIDEO, exact=True))
            return {hit.value: hit.count for hit in facet if hit.count}

    def optimize(self) -> None:
        with self._lock:
            for name in self.spaces():
                with translated(self._folder):
                    shard = self._existing(name)
                    require_room(self._folder, _size_bytes(self._folder / name), "ordering vectors anew")
                    shard.flush()
                    shard.optimize()

    def close(self) -> None:
        with self._lock:
            while self._shards:
                with translated(self._folder):
                    self._shards.popitem()[1].close()

    def _query(self, space: str, requests: "list[QueryRequest]") -> list[list[Hit]]:
        import qdrant_edge as edge

        with self._lock, translated(self._folder):
            shard = self._shard(space)
            if shard is None:
                return [[] for _ in requests]
            answers = shard.query_batch(edge.QueryBatchRequest(requests))
        return [[keys.hit_of(row.id, row.score, row.payload or {}, row.vector) for row in rows] for rows in answers]

    def _create(self, space: Space) -> None:
        if not _SPACE_NAME.fullmatch(space.name):
            raise InputError(f"a space cannot be called {space.name!r}: lower-case letters, digits and hyphens only")
        self._folder.mkdir(parents=True, exist_ok=True)
        # Whoever holds the vectors lock is alone here.
        sweep_drafts(self._folder, older_than_s=0.0)
        require_room(self._folder, _NEW_SPACE_BYTES, "a new space of vectors")
        with new_folder(self._folder / space.name) as draft:
            create_shard(draft / "shard", space, self._hnsw_from_points)
            write_atomically(draft / "space.json", json.dumps({"dim": space.dim, "sparse": space.sparse}))

    def _space(self, name: str) -> Space | None:
        try:
            stored = self._note(self._folder / name / "space.json")
            if stored is None and name in self.spaces():
                raise FileNotFoundError(f"{name} has no space.json")
            return None if stored is None else Space(name, int(stored["dim"]), bool(stored["sparse"]))
        except (KeyError, TypeError, ValueError) as error:
            raise _unreadable(self._folder / name / "space.json", error) from error

    def _active(self) -> dict[str, str]:
        return {lane: str(space) for lane, space in (self._note(self._folder / _ACTIVE) or {}).items()}

    def _note(self, file: Path) -> dict[str, Any] | None:
        """What a file beside the shards says; None if there is none. Raises VectorsDamagedError."""
        try:
            note = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise _unreadable(file, error) from error
        if not isinstance(note, dict):
            raise _unreadable(file, TypeError("it is no JSON object"))
        return note

    def _shard(self, name: str) -> "EdgeShard | None":
        if name not in self._shards:
            if self._space(name) is None:
                return None
            shard = self._folder / name / "shard"
            require_room(self._folder, _filled_by_opening(shard), "opening a space of vectors", of_reserve=True)
            self._shards[name] = open_shard(shard)
        return self._shards[name]

    def _existing(self, name: str) -> "EdgeShard":
        shard = self._shard(name)
        if shard is None:
            raise keys.no_space(name, self.spaces())
        return shard


def _unreadable(file: Path, error: Exception) -> VectorsDamagedError:
    return VectorsDamagedError(f"{file} cannot be read: {error}; `moments doctor --repair` makes it anew")


def _filled_by_opening(shard: Path) -> int:
    """What opening may take: it reads the vectors and their indexes whole, and some disks fill holes that are read."""
    read = [*shard.glob("segments/*/payload_index/**/*"), *shard.glob("segments/*/vector_storage-*/**/*.mmap")]
    read += shard.glob("segments/*/vector_storage-*/**/flags_*.dat")
    abouts = [file.stat() for file in read if file.is_file()]
    return sum(max(0, about.st_size - about.st_blocks * 512) for about in abouts)


def _size_bytes(folder: Path) -> int:
    """What the files of a folder take on disk, where those that are mapped are mostly holes."""
    return sum(file.stat().st_blocks * 512 for file in folder.rglob("*") if file.is_file())
