"""What the embedded vector store promises beyond the contract: one owner, nothing lost, fast when large."""

import json
import shutil
import signal
import subprocess
import sys
import threading
import uuid
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from retrieval.domain import Lane, Span
from retrieval.errors import DataFolderBusyError, InputError, StorageError, StorageFullError
from retrieval.storage.edge_shard import open_shard
from retrieval.storage.qdrant_embedded import EdgeVectorStore
from retrieval.storage.vectors import Point, Space, SparseVector, VectorFilter
from tests.places import ROOT

DIM = 8
SPACE = Space("speech-00000001", DIM, sparse=True)
ONES: NDArray[np.float32] = np.ones(DIM, dtype=np.float32)


def point(video_id: str, ordinal: int, terms: dict[int, float] | None = None) -> Point:
    return Point(
        id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{video_id}:{ordinal}")),
        video_id=video_id,
        ordinal=ordinal,
        span=Span(ordinal, ordinal + 1),
        vector=ONES,
        sparse=SparseVector(tuple(terms), tuple(terms.values())) if terms else None,
    )


def random_points(count: int, seed: int = 0) -> list[Point]:
    """Points on 20 clusters, 50 a video."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((20, DIM))
    rows = (centres[rng.integers(0, 20, count)] + rng.standard_normal((count, DIM))).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    ids = [str(uuid.UUID(int=int(rng.integers(1, 2**62)))) for _ in range(count)]
    return [Point(ids[i], f"v{i // 50}", i % 50, Span(i % 50, i % 50 + 1.0), rows[i]) for i in range(count)]


def points_in_graph(folder: Path) -> int:
    shard = open_shard(folder / SPACE.name / "shard")
    count = shard.info().indexed_vectors_count
    shard.close()
    return count


def test_above_the_threshold_a_graph_finds_what_exact_search_finds(tmp_path: Path) -> None:
    store = EdgeVectorStore(tmp_path, hnsw_from_points=1000)
    store.ensure_space(SPACE)
    points = random_points(3000)
    store.upsert(SPACE.name, points)
    queries = [p.vector for p in random_points(20, seed=1)]

    store.optimize()

    by_graph = store.search(SPACE.name, queries, limit=10)
    by_scan = store.search(SPACE.name, queries, limit=10, exact=True)
    truth = np.argsort(-(np.array(queries) @ np.array([p.vector for p in points]).T), axis=1)[:, :10]
    assert [[hit.id for hit in hits] for hits in by_scan] == [[points[i].id for i in row] for row in truth]
    shared = [len({hit.id for hit in a} & {hit.id for hit in b}) for a, b in zip(by_graph, by_scan, strict=True)]
    assert np.mean(shared) > 9
    store.close()
    assert points_in_graph(tmp_path) == 3000


def test_below_the_threshold_search_stays_exact(tmp_path: Path) -> None:
    store = EdgeVectorStore(tmp_path)
    store.ensure_space(SPACE)
    store.upsert(SPACE.name, random_points(3000))
    store.optimize()
    store.close()
    assert points_in_graph(tmp_path) == 0


def test_everything_is_there_after_closing_and_opening_again(tmp_path: Path) -> None:
    first = EdgeVectorStore(tmp_path)
    first.ensure_space(SPACE)
    first.activate(Lane.SPEECH, SPACE.name)
    first.upsert(SPACE.name, [point("a", 0, {3: 1.0})])
    first.close()

    second = EdgeVectorStore(tmp_path)
    assert second.spaces() == (SPACE.name,)
    assert second.active(Lane.SPEECH) == SPACE.name
    assert second.search(SPACE.name, [ONES], limit=1)[0][0].score == pytest.approx(1.0, abs=1e-5)
    assert len(second.search_sparse(SPACE.name, SparseVector((3,), (1.0,)), limit=1)) == 1
    with pytest.raises(StorageError, match="vectors of 8 numbers"):
        second.ensure_space(Space(SPACE.name, 4, sparse=True))
    second.close()


def test_a_space_of_an_earlier_version_is_given_the_indexes_it_lacks(tmp_path: Path) -> None:
    import qdrant_edge as edge

    first = EdgeVectorStore(tmp_path)
    first.ensure_space(SPACE)
    first.upsert(SPACE.name, [replace(point("a", 0), languages=("de",)), point("a", 1)])
    first.close()
    shard = open_shard(tmp_path / SPACE.name / "shard")
    for field in ("languages", "voices"):
        shard.update(edge.UpdateOperation.delete_field_index(field))
    shard.close()

    second = EdgeVectorStore(tmp_path)
    second.ensure_space(SPACE)
    assert second.count(SPACE.name, VectorFilter(languages=frozenset({"de"}))) == 1
    second.close()
    assert set(open_shard(tmp_path / SPACE.name / "shard").info().payload_schema) == {
        "video_id",
        "start_s",
        "end_s",
        "languages",
        "voices",
    }


def test_a_second_owner_is_told_that_the_store_is_busy(tmp_path: Path) -> None:
    first = EdgeVectorStore(tmp_path)
    first.ensure_space(SPACE)
    first.upsert(SPACE.name, [point("a", 0)])
    second = EdgeVectorStore(tmp_path)
    with pytest.raises(DataFolderBusyError, match="open in another process"):
        second.count(SPACE.name)
    first.close()
    assert second.count(SPACE.name) == 1
    second.close()


def test_a_space_left_half_made_by_a_killed_process_is_made_again(tmp_path: Path) -> None:
    leftover = tmp_path / f".{SPACE.name}.{'0' * 32}"
    (leftover / "shard" / "segments").mkdir(parents=True)
    (leftover / "space.json").write_text(json.dumps({"dim": DIM, "sparse": True}))
    store = EdgeVectorStore(tmp_path)
    assert store.spaces() == ()
    store.ensure_space(SPACE)
    assert store.spaces() == (SPACE.name,)
    assert not leftover.exists()
    store.close()


def test_a_damaged_shard_is_a_clear_error(tmp_path: Path) -> None:
    first = EdgeVectorStore(tmp_path)
    first.ensure_space(SPACE)
    first.close()
    (tmp_path / SPACE.name / "shard" / "edge_config.json").write_text("{")
    with pytest.raises(StorageError, match="cannot be read or written"):
        EdgeVectorStore(tmp_path).count(SPACE.name)


@pytest.mark.parametrize("name", ["../up", "", "Speech", ".hidden", "a/b"])
def test_a_space_name_that_is_no_plain_folder_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="lower-case letters"):
        EdgeVectorStore(tmp_path).ensure_space(Space(name, DIM))


def test_threads_that_write_and_read_at_once_lose_nothing(tmp_path: Path) -> None:
    store = EdgeVectorStore(tmp_path)
    store.ensure_space(SPACE)
    failures: list[Exception] = []

    def work(number: int) -> None:
        try:
            for ordinal in range(20):
                store.upsert(SPACE.name, [point(f"v{number}", ordinal)])
                store.search(SPACE.name, [ONES], limit=3)
        except StorageError as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert store.counts_by_video(SPACE.name) == {f"v{number}": 20 for number in range(4)}
    store.close()


WRITER = """
import sys, uuid, numpy as np
from pathlib import Path
from retrieval.domain import Span
from retrieval.storage.edge_shard import open_shard
from retrieval.storage.qdrant_embedded import EdgeVectorStore
from retrieval.storage.vectors import Point, Space
store = EdgeVectorStore(Path(sys.argv[1]))
store.ensure_space(Space("visual-1", 32))
vector = np.ones(32, dtype=np.float32)
for batch in range(10_000):
    ids = range(batch * 50, batch * 50 + 50)
    store.upsert("visual-1", [Point(str(uuid.UUID(int=i)), "v", i, Span(i, i + 1), vector) for i in ids])
    print(batch, flush=True)
"""


def test_acknowledged_writes_survive_kill_9(tmp_path: Path) -> None:
    """The writer prints each batch of 50 after the store took it, and is killed in full flight."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert writer.stdout is not None
    lines = iter(writer.stdout.readline, "")
    for line in lines:
        if int(line) >= 40:
            break
    writer.send_signal(signal.SIGKILL)
    acknowledged = max([int(rest) for rest in lines], default=40) + 1
    writer.wait()
    writer.stdout.close()

    store = EdgeVectorStore(tmp_path)
    found = {hit.ordinal for hit in store.fetch("visual-1", VectorFilter(), limit=10**6)}
    assert set(range(acknowledged * 50)) <= found
    store.upsert("visual-1", [Point(str(uuid.uuid4()), "w", 0, Span(0, 1), np.ones(32, dtype=np.float32))])
    assert store.counts_by_video("visual-1")["w"] == 1
    store.close()


TAKER_OF_TURNS = """
import sys, uuid, numpy as np
from pathlib import Path
from retrieval.domain import Span
from retrieval.storage.folder import DataFolder, LockName
from retrieval.storage.qdrant_embedded import EdgeVectorStore
from retrieval.storage.vectors import Point, Space
folder, video_id, vector = DataFolder.create(Path(sys.argv[1])), sys.argv[2], np.ones(8, dtype=np.float32)
for ordinal in range(5):
    with folder.hold(LockName.VECTORS, "moments index", wait_s=60):
        store = EdgeVectorStore(folder.vectors_dir)
        store.ensure_space(Space("speech-00000001", 8, sparse=True))
        store.upsert("speech-00000001", [Point(str(uuid.uuid4()), video_id, ordinal, Span(0, 1), vector)])
        assert store.search("speech-00000001", [vector], limit=1)[0]
        store.close()
"""


def test_processes_that_take_turns_with_the_lock_lose_nothing(tmp_path: Path) -> None:
    takers = [
        subprocess.Popen([sys.executable, "-c", TAKER_OF_TURNS, str(tmp_path), name], cwd=ROOT) for name in ("a", "b")
    ]
    assert [taker.wait() for taker in takers] == [0, 0]
    store = EdgeVectorStore(tmp_path / "vectors")
    assert store.counts_by_video(SPACE.name) == {"a": 5, "b": 5}
    store.close()


def test_a_full_disk_is_an_error_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files mapped into memory that find no room end the process, not the call."""
    store = EdgeVectorStore(tmp_path)
    store.ensure_space(SPACE)
    store.upsert(SPACE.name, [point("a", 0)])
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 0))
    with pytest.raises(StorageFullError, match="a new space of vectors takes about 24 MB"):
        store.ensure_space(replace(SPACE, name="another"))
    with pytest.raises(StorageFullError, match="writing vectors"):
        store.upsert(SPACE.name, [point("b", 0)])
    with pytest.raises(StorageFullError, match="removing vectors"):
        store.delete_videos(["a"])
    assert sorted(tmp_path.rglob("*")) == before
    assert (store.spaces(), store.count(SPACE.name)) == ((SPACE.name,), 1)
    monkeypatch.undo()
    store.upsert(SPACE.name, [point("b", 0)])
    assert store.count(SPACE.name) == 2
    store.close()
