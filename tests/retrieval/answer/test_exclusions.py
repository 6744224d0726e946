"""What must not be there, looked for where moments were found and nowhere else."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest

from retrieval.answer.exclusions import LOOKED_AT_S, Excluded, Spots, places_of, without
from retrieval.asking.query import MAX_EXCLUDED, Query, parse_term
from retrieval.domain import Lane, LaneWeight, Span, WeightSource
from retrieval.lanes.candidate import Candidate
from retrieval.search import SearchEngine
from retrieval.storage.qdrant_embedded import EdgeVectorStore
from retrieval.storage.vectors import VectorFilter
from tests.fakes import TWO_VIDEOS, FakeEncoders, library_of


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchEngine]:
    with library_of(tmp_path_factory.mktemp("library"), TWO_VIDEOS) as library:
        library.keep_vectors()
        yield SearchEngine(library, FakeEncoders())


def moment(video_id: str, start_s: float, end_s: float) -> Candidate:
    return Candidate(video_id, Span(start_s, end_s), start_s, {Lane.VISUAL: 0.8}, ())


def seen(*spots: tuple[str, float, float, float]) -> Excluded:
    videos, spans = [spot[0] for spot in spots], [Span(spot[1], spot[2]) for spot in spots]
    there = {Lane.VISUAL: Spots.of(videos, spans, [spot[3] for spot in spots])}
    return Excluded(parse_term("a cat"), {Lane.VISUAL: LaneWeight(1.0, WeightSource.CALLER)}, there)


def test_a_moment_falls_by_what_is_likely_during_it_and_by_nothing_else() -> None:
    first, second, third = moment("a", 0, 10), moment("a", 20, 30), moment("b", 0, 10)
    found = [(0.8, first), (0.7, second), (0.6, third)]
    cat = seen(("a", 4, 6, 0.75), ("a", 6, 8, 0.5), ("a", 10, 12, 0.9), ("a", 29.5, 31.5, 0.9))
    lowered = without(found, [cat])
    assert [one for _, one in lowered] == [second, third, first]
    assert [score for score, _ in lowered] == pytest.approx([0.7, 0.6, 0.8 * 0.25])
    both = without(found, [cat, seen(("b", 0, 10, 0.5))])
    assert {one.video_id: score for score, one in both}["b"] == pytest.approx(0.3)
    assert without(found, []) == found


def test_moments_that_touch_are_one_place_and_the_best_come_first_up_to_a_limit() -> None:
    near = [(0.9, moment("a", 0, 10)), (0.8, moment("a", 8, 14)), (0.7, moment("a", 20, 22))]
    assert places_of(near) == (("a", (Span(0, 14), Span(20, 22))),)
    long = [(0.9, moment("b", 0, LOOKED_AT_S + 1)), (0.8, moment("c", 0, 1))]
    assert [video_id for video_id, _ in places_of(long)] == ["b"]


def test_many_exclusions_ask_the_store_once_per_lane(engine: SearchEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: Counter[str] = Counter()
    fetch, search = EdgeVectorStore.fetch, EdgeVectorStore.search

    def counting_fetch(store: EdgeVectorStore, space: str, where: VectorFilter, limit: int) -> object:
        calls["places" if where.places is not None else "fetch"] += 1
        return fetch(store, space, where, limit)

    def counting_search(store: EdgeVectorStore, *args: object, **more: object) -> object:
        calls["search"] += 1
        return search(store, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(EdgeVectorStore, "fetch", counting_fetch)
    monkeypatch.setattr(EdgeVectorStore, "search", counting_search)
    excluded = tuple(parse_term(f"kettle {number}") for number in range(MAX_EXCLUDED))
    engine.search(Query((parse_term("red"),), excluded))
    assert calls["places"] == len(Lane)
    assert calls["search"] == len(Lane)


@pytest.mark.parametrize("excluded", ["red", "visual: red"])
def test_what_is_the_same_as_the_query_takes_its_moments_away(engine: SearchEngine, excluded: str) -> None:
    plain = engine.search(Query((parse_term("visual: red"),)))
    answer = engine.search(Query((parse_term("visual: red"),), (parse_term(excluded),)))
    assert plain.moments[0].confidence > 0.5
    assert np.max([moment.confidence for moment in answer.moments]) < 0.5
