"""One contract for every vector store."""

import os
import uuid
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from retrieval.domain import Lane, Span
from retrieval.errors import StorageError
from retrieval.storage.qdrant_embedded import EdgeVectorStore
from retrieval.storage.qdrant_server import ServerVectorStore
from retrieval.storage.vectors import Point, Space, SparseVector, VectorFilter, VectorStore, voice_key

DIM = 8
SPACE = Space("speech-00000001", DIM, sparse=True)
SERVER_URL = "MOMENTS_TEST_QDRANT_URL"


IMPLEMENTATIONS = ["embedded", "client in memory", *(["server"] if SERVER_URL in os.environ else [])]


@pytest.fixture(params=IMPLEMENTATIONS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VectorStore]:
    if request.param == "embedded":
        opened: VectorStore = EdgeVectorStore(tmp_path / "vectors")
    elif request.param == "client in memory":
        from qdrant_client import QdrantClient

        # The client without a server says that it ignores payload indexes and quantisation: so it does.
        warnings.filterwarnings("ignore", message="Payload indexes have no effect")
        warnings.filterwarnings("ignore", message="Local mode performs exact")
        opened = ServerVectorStore(QdrantClient(":memory:"))
    else:
        opened = ServerVectorStore.connect(os.environ[SERVER_URL])
        for leftover in opened.spaces():
            opened.drop_space(leftover)
    yield opened
    opened.close()


def vector(*angles: float) -> NDArray[np.float32]:
    """A unit vector that leans by ``angles[i]`` radians from axis 0 towards axis i + 1."""
    raw = np.zeros(DIM, dtype=np.float32)
    raw[0] = 1.0
    raw[1 : 1 + len(angles)] = np.tan(angles)
    return raw / np.float32(np.linalg.norm(raw))


def point(
    video_id: str,
    ordinal: int,
    lean: float = 0.0,
    terms: dict[int, float] | None = None,
    window_s: float = 2.0,
) -> Point:
    return Point(
        id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{video_id}:{ordinal}")),
        video_id=video_id,
        ordinal=ordinal,
        span=Span(ordinal * window_s, (ordinal + 1) * window_s),
        vector=vector(lean),
        sparse=SparseVector(tuple(terms), tuple(terms.values())) if terms else None,
    )


def test_points_that_are_kept_stay_when_those_of_their_video_are_deleted(store: VectorStore) -> None:
    store.ensure_space(SPACE)
    kept = point("a", 1)
    store.upsert(SPACE.name, [point("a", 0), kept, point("a", 2), point("b", 0)])
    store.delete_videos(["a"], within=["speech-00000002", "speech-none"])
    store.delete_videos(["a"], but=[kept.id], within=iter([SPACE.name]))
    assert [(hit.video_id, hit.ordinal) for hit in store.fetch(SPACE.name, VectorFilter(), 10)] == [("a", 1), ("b", 0)]
    store.delete_videos(["a"])
    assert store.counts_by_video(SPACE.name) == {"b": 1}


def test_points_of_other_spaces_stay_where_some_are_named(store: VectorStore) -> None:
    other = replace(SPACE, name="speech-00000002")
    for space in (SPACE, other):
        store.ensure_space(space)
        store.upsert(space.name, [point("a", 0), point("b", 0)])
    store.delete_videos(["a"], within=[other.name])
    assert store.counts_by_video(SPACE.name) == {"a": 1, "b": 1}
    assert store.counts_by_video(other.name) == {"b": 1}


def test_putting_a_space_aside_that_is_not_there_does_nothing(store: VectorStore) -> None:
    assert store.put_aside("speech-00000009") is None


def test_a_search_ranks_by_cosine_and_returns_all_that_was_stored(store: VectorStore) -> None:
    store.ensure_space(SPACE)
    store.upsert(SPACE.name, [point("a", 0, 0.9), point("a", 1, 0.1), point("b", 2, 0.5)])

    [hits] = store.search(SPACE.name, [vector(0.0)], limit=2, with_vectors=True)

    assert [(hit.video_id, hit.ordinal, hit.span) for hit in hits] == [
        ("a", 1, Span(2.0, 4.0)),
        ("b", 2, Span(4.0, 6.0)),
    ]
    assert [hit.score for hit in hits] == pytest.approx([np.cos(0.1), np.cos(0.5)], abs=1e-5)
    assert hits[0].id == point("a", 1).id
    assert hits[0].vector is not None
    assert hits[0].vector.dtype == np.float32
    assert hits[0].vector == pytest.approx(vector(0.1), abs=1e-6)


def test_several_queries_give_one_list_each_in_their_order(store: VectorStore) -> None:
    store.ensure_space(SPACE)
    store.upsert(SPACE.name, [point("a", 0, 0.0), point("a", 1, 1.5)])

    answers = store.search(SPACE.name, [vector(1.5), vector(0.0)], limit=1, exact=True)

    assert [[hit.ordinal for hit in hits] for hits in answers] == [[1], [0]]
    assert answers[0][0].vector is None
    assert store.search(SPACE.name, [], limit=1) == []


def test_the_same_id_again_replaces_the_point(store: VectorStore) -> None:
    store.ensure_space(SPACE)
    store.upsert(SPACE.name, [point("a", 0, 0.9)])
    store.upsert(SPACE.name, [point("a", 0, 0.0)])

    assert store.count(SPACE.name) == 1
    assert store.search(SPACE.name, [vector(0.0)], limit=5)[0][0].score == pytest.approx(1.0, abs=1e-5)


def test_more_points_than_one_batch_all_arrive(store: VectorStore) -> None:
    store.ensure_space(SPACE)
    store.upsert(SPACE.name, (point(f"v{i % 3}", i) for i in range(1203)))

    assert store.count(SPACE.name) == 1203
    assert store.counts_by_video(SPACE.name) == {"v0": 401, "v1": 401, "v2": 401}
    assert len(store.fetch(SPACE.name, VectorFilter(), limit=2000)) == 1203


def spoken(video_id: str, ordinal: int, languages: tuple[str, ...] = (), voices: tuple[str, ...] = ()) -> Point:
    return replace(point(video_id, ordinal, 0.1, {7: 1.0}), languages=languages, voices=voices)


def test_points_are_found_by_who_speaks_meanwhile_and_in_which_language(store: VectorStore) -> None:
    store.ensure_space(SPACE)
    anna, bob = voice_key("a", 1), voice_key("a", 2)
    points = [
        spoken("a", 0, ("de",), (anna,)),
        spoken("a", 1, ("de", "fr"), (anna, bob)),
        spoken("a", 2),
        spoken("b", 0, ("en",), (voice_key("b", 1),)),
    ]
    store.upsert(SPACE.name, points)
    wanted: list[tuple[VectorFilter, set[tuple[str, int]]]] = [
        (VectorFilter(languages=frozenset({"de"})), {("a", 0), ("a", 1)}),
        (VectorFilter(languages=frozenset({"fr", "en"})), {("a", 1), ("b", 0)}),
        (VectorFilter(languages=frozenset({"de"}), during=Span(0.0, 2.0)), {("a", 0)}),
        (VectorFilter(languages=frozenset({"it"})), set()),
        (VectorFilter(languages=frozenset()), set()),
        (VectorFilter(voices=frozenset({anna})), {("a", 0), ("a", 1)}),
        (VectorFilter(voices=frozenset({bob, voice_key("b", 1)})), {("a", 1), ("b", 0)}),
        (VectorFilter(voices=frozenset({anna}), languages=frozenset({"fr"})), {("a", 1)}),
        (VectorFilter(video_ids=frozenset({"b"}), voices=frozenset({anna})), set()),
    ]
    for where, found in wanted:
        [dense] = store.search(SPACE.name, [vector(0.0)], 10, where)
        sparse = store.search_sparse(SPACE.name, SparseVector((7,), (1.0,)), 10, where)
        for hits in (dense, sparse, store.fetch(SPACE.name, where, 10)):
            assert {(hit.video_id, hit.ordinal) for hit in hits} == found, where
        assert store.count(SPACE.name, where) == len(found), where


def test_voices_are_forgotten_of_one_video_or_of_all_and_nothing_else(store: VectorStore) -> None:
    store.ensure_space(SPACE)
    anna, bob = voice_key("a", 1), voice_key("b", 1)
    store.upsert(SPACE.name, [spoken("a", 0, ("de",), (anna,)), spoken("b", 0, ("de",), (bob,))])
    german = VectorFilter(languages=frozenset({"de"}))

    def told() -> list[int]:
        wheres = (VectorFilter(voices=frozenset({anna})), VectorFilter(voices=frozenset({bob})), german)
        return [store.count(SPACE.name, where) for where in wheres]

    store.forget_voices("a")
    assert told() == [0, 1, 2]
    store.forget_voices(None)
    store.forget_voices(None)
    assert told() == [0, 0, 2]


def test_a_silent_window_with_an_all_zero_vector_is_kept(store: VectorStore) -> None:
    store.ensure_space(SPACE)
    silent = Point(str(uuid.uuid4()), "a", 0, Span(0.0, 2.0), np.zeros(DIM, dtype=np.float32))
    store.upsert(SPACE.name, [silent, point("a", 1, 0.2)])

    [hits] = store.search(SPACE.name, [vector(0.0)], limit=5)

    assert [(hit.ordinal, round(hit.score, 2)) for hit in hits] == [(1, 0.98), (0, 0.0)]


def test_a_filter_holds_for_every_way_of_asking(store: VectorStore) -> None:
    store.ensure_space(SPACE)
    everything = [("a", 0), ("a", 1), ("a", 2), ("b", 0), ("c", 1)]
    store.upsert(SPACE.name, [point(video, i, 0.1, {7: 1.0}) for video, i in everything])
    a, b = frozenset({"a"}), frozenset({"b"})
    wanted: list[tuple[VectorFilter, set[tuple[str, int]]]] = [
        (VectorFilter(), set(everything)),
        (VectorFilter(video_ids=a | b), {("a", 0), ("a", 1), ("a", 2), ("b", 0)}),
        (VectorFilter(video_ids=frozenset()), set()),
        (VectorFilter(excluded_video_ids=a), {("b", 0), ("c", 1)}),
        (VectorFilter(video_ids=a | b, excluded_video_ids=a), {("b", 0)}),
        (VectorFilter(during=Span(2.0, 4.0)), {("a", 1), ("c", 1)}),
        (VectorFilter(during=Span(1.9, 2.1)), {("a", 0), ("a", 1), ("b", 0), ("c", 1)}),
        (VectorFilter(during=Span(3.0, float("inf"))), {("a", 1), ("a", 2), ("c", 1)}),
        (VectorFilter(video_ids=a, during=Span(0.0, 2.0)), {("a", 0)}),
        (
            VectorFilter(places=(("a", (Span(0.5, 1.5), Span(4.5, 5.0))), ("c", (Span(2.0, 3.0),)))),
            {("a", 0), ("a", 2), ("c", 1)},
        ),
        (VectorFilter(places=(("b", (Span(100.0, float("inf")),)),)), set()),
    ]
    for where, found in wanted:
        [dense] = store.search(SPACE.name, [vector(0.0)], 10, where)
        sparse = store.search_sparse(SPACE.name, SparseVector((7,), (1.0,)), 10, where)
        fetched = store.fetch(SPACE.name, where, 10)
        for hits in (dense, sparse, fetched):
            assert {(hit.video_id, hit.ordinal) for hit in hits} == found, where
        assert store.count(SPACE.name, where) == len(found), where


def test_a_rare_term_outweighs_a_common_one(store: VectorStore) -> None:
    store.ensure_space(SPACE)
    common, rare = 5, 2**32 - 1
    store.upsert(
        SPACE.name,
        [point("a", i, terms={common: 1.0}) for i in range(8)]
        + [point("a", 8, terms={rare: 1.0}), point("a", 9, terms={11: 1.0})],
    )

    hits = store.search_sparse(SPACE.name, SparseVector((common, rare), (1.0, 1.0)), limit=10)

    assert hits[0].ordinal == 8
    assert hits[0].score > 2 * hits[1].score > 0
    assert {hit.ordinal for hit in hits} == set(range(9))


def test_points_without_terms_are_invisible_to_a_search_for_terms(store: VectorStore) -> None:
    store.ensure_space(SPACE)
    store.upsert(SPACE.name, [point("a", 0), point("a", 1, terms={3: 0.5})])

    hits = store.search_sparse(SPACE.name, SparseVector((3,), (1.0,)), limit=10)

    assert [hit.ordinal for hit in hits] == [1]


def test_fetch_orders_by_video_and_ordinal_and_brings_vectors(store: VectorStore) -> None:
    store.ensure_space(SPACE)
    store.upsert(SPACE.name, [point("b", 1), point("a", 10), point("a", 9, 0.3), point("b", 0)])

    hits = store.fetch(SPACE.name, VectorFilter(), limit=3)

    assert [(hit.video_id, hit.ordinal, hit.score) for hit in hits] == [
        ("a", 9, 0.0),
        ("a", 10, 0.0),
        ("b", 0, 0.0),
    ]
    assert hits[0].vector == pytest.approx(vector(0.3), abs=1e-6)


def test_a_sample_is_part_of_the_space_and_the_same_every_time(store: VectorStore) -> None:
    store.ensure_space(SPACE)
    store.upsert(SPACE.name, [point("a", number, lean=number / 20) for number in range(20)])
    hits = store.fetch(SPACE.name, VectorFilter(), 20)
    everything = {tuple(np.round(hit.vector, 4)) for hit in hits if hit.vector is not None}
    assert len(everything) == 20

    sample = store.sample(SPACE.name, 5)

    assert sample.shape == (5, DIM)
    assert {tuple(np.round(row, 4)) for row in sample} <= everything
    assert np.array_equal(sample, store.sample(SPACE.name, 5))
    assert len(store.sample(SPACE.name, 100)) == 20
    assert len(store.sample("speech-ffffffff", 5)) == 0


def test_deleting_a_video_takes_it_out_of_every_space(store: VectorStore) -> None:
    other = Space("visual-00000002", DIM)
    for space in (SPACE, other):
        store.ensure_space(space)
        store.upsert(space.name, [point("a", 0), point("a", 1), point("b", 0), point("c", 0)])

    store.delete_videos(["a", "c", "never seen"])
    store.delete_videos([])

    for space in (SPACE, other):
        assert store.counts_by_video(space.name) == {"b": 1}


def test_a_space_that_does_not_exist_is_empty_to_read_and_an_error_to_write(store: VectorStore) -> None:
    assert store.search("visual-none", [vector(0.0), vector(0.1)], limit=3) == [[], []]
    assert store.search_sparse("visual-none", SparseVector((1,), (1.0,)), limit=3) == []
    assert store.fetch("visual-none", VectorFilter(), limit=3) == []
    assert store.count("visual-none") == 0
    assert store.counts_by_video("visual-none") == {}
    store.drop_space("visual-none")
    store.ensure_space(SPACE)
    with pytest.raises(StorageError, match=r"visual-none does not exist; there are: speech-00000001"):
        store.upsert("visual-none", [point("a", 0)])


def test_spaces_are_listed_made_once_and_dropped(store: VectorStore) -> None:
    assert store.spaces() == ()
    store.ensure_space(SPACE)
    store.ensure_space(Space("sound-0000000a", 4))
    store.upsert(SPACE.name, [point("a", 0)])
    store.ensure_space(SPACE)
    assert store.spaces() == ("sound-0000000a", SPACE.name)
    assert store.count(SPACE.name) == 1

    store.drop_space(SPACE.name)
    assert store.spaces() == ("sound-0000000a",)
    store.ensure_space(SPACE)
    assert store.count(SPACE.name) == 0


@pytest.mark.parametrize("other", [Space(SPACE.name, DIM + 1, sparse=True), Space(SPACE.name, DIM, sparse=False)])
def test_a_space_of_another_shape_is_refused(store: VectorStore, other: Space) -> None:
    store.ensure_space(SPACE)
    with pytest.raises(StorageError, match=r"vectors of 8 numbers with terms, not vectors of"):
        store.ensure_space(other)


def test_a_vector_of_the_wrong_size_is_an_error_of_ours(store: VectorStore) -> None:
    store.ensure_space(SPACE)
    wrong = Point(str(uuid.uuid4()), "a", 0, Span(0.0, 1.0), np.ones(DIM + 1, dtype=np.float32))
    with pytest.raises(StorageError):
        store.upsert(SPACE.name, [wrong])
    with pytest.raises(StorageError):
        store.search(SPACE.name, [np.ones(DIM + 1, dtype=np.float32)], limit=1)


def test_a_lane_is_switched_from_one_space_to_another(store: VectorStore) -> None:
    newer = Space("speech-00000009", DIM)
    store.ensure_space(SPACE)
    store.ensure_space(newer)
    assert store.active(Lane.SPEECH) is None

    store.activate(Lane.SPEECH, SPACE.name)
    store.activate(Lane.SCREEN, SPACE.name)
    store.activate(Lane.SPEECH, newer.name)

    assert store.active(Lane.SPEECH) == newer.name
    assert store.active(Lane.SCREEN) == SPACE.name
    assert store.spaces() == (SPACE.name, newer.name)
    store.drop_space(newer.name)
    assert store.active(Lane.SPEECH) is None
    with pytest.raises(StorageError, match="does not exist"):
        store.activate(Lane.SPEECH, newer.name)


@pytest.mark.skipif(SERVER_URL not in os.environ, reason=f"{SERVER_URL} names no Qdrant server to test on")
def test_the_contract_ran_on_a_server(request: pytest.FixtureRequest) -> None:
    """Stands in the report for the whole contract when there is no server to run it on."""
    assert any("[server" in item.name for item in request.session.items)


def test_a_server_that_does_not_answer_is_a_clear_error() -> None:
    with pytest.raises(StorageError, match="did not answer"):
        ServerVectorStore.connect("http://127.0.0.1:9")
