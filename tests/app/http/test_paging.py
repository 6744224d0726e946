"""Pages of one answer: nothing twice, nothing left out, and cursors that know where they belong."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from hypothesis import given, settings
from hypothesis import strategies as st

from app.http.application import create_app
from app.settings import Settings
from retrieval.answer.paging import cursor_at, fingerprint, offset_of
from retrieval.asking.query import Clip, GroupBy, Query, Term
from retrieval.domain import Lane, Moment, Span
from retrieval.errors import CursorError, CursorExpiredError
from retrieval.search import SearchEngine
from retrieval.storage.library import Library
from retrieval.storage.records import VideoEdit
from retrieval.video_filter import Period, VideoFilter
from tests.fakes import FakeEncoders, FakeShot, id_of, library_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RED = Query((Term("red"),))
SHOTS = [FakeShot("red", "high", "the budget is tight"), FakeShot("green", "low"), FakeShot("blue", says="red tape")]

CHANGES: list[Callable[[Query], Query]] = [
    lambda query: replace(query, steps=(Term("green"),)),
    lambda query: replace(query, steps=(Term("red"), Term("green"))),
    lambda query: replace(query, steps=(Term("red", Lane.SPEECH),)),
    lambda query: replace(query, steps=(Term("red", like=Clip("a", Span(0.0, 1.0))),)),
    lambda query: replace(query, steps=(Term("red", examples={Lane.VISUAL: np.ones(4, np.float32)}),)),
    lambda query: replace(query, steps=(Term("red", examples={Lane.VISUAL: np.zeros(4, np.float32)}),)),
    lambda query: replace(query, steps=(Term("red", text_share=0.25),)),
    lambda query: replace(query, exclude=(Term("green"),)),
    lambda query: replace(query, within_s=5.0),
    lambda query: replace(query, lanes=frozenset({Lane.VISUAL})),
    lambda query: replace(query, weights={Lane.VISUAL: 2.0}),
    lambda query: replace(query, where=VideoFilter(tags=("a",))),
    lambda query: replace(query, where=VideoFilter(during=Span(0.0, float("inf")))),
    lambda query: replace(query, where=VideoFilter(video_ids=("a",))),
    lambda query: replace(query, where=VideoFilter(path_globs=("a",))),
    lambda query: replace(query, where=VideoFilter(paths=("a",))),
    lambda query: replace(query, where=VideoFilter(any_tags=("a",))),
    lambda query: replace(query, where=VideoFilter(recorded=Period(NOON))),
    lambda query: replace(query, where=VideoFilter(recorded=Period(end=NOON))),
    lambda query: replace(query, where=VideoFilter(languages=("de",))),
    lambda query: replace(query, where=VideoFilter(speakers=("Anna",))),
    lambda query: replace(query, min_confidence=0.5),
    lambda query: replace(query, group_by=GroupBy.NONE),
    lambda query: replace(query, correct=False),
]


@given(st.integers(1, 2**31), st.text())
def test_a_cursor_leads_back_to_where_it_was_given(offset: int, version: str) -> None:
    asked_again = replace(RED, cursor=cursor_at(offset, RED, version), limit=3, explain=True)
    assert offset_of(asked_again, version) == offset


def test_the_first_page_needs_no_cursor() -> None:
    assert offset_of(RED, "version 1") == 0


@pytest.mark.parametrize("change", CHANGES)
def test_a_cursor_of_another_query_is_an_error(change: Callable[[Query], Query]) -> None:
    asked = replace(change(RED), cursor=cursor_at(10, RED, "version 1"))
    with pytest.raises(CursorError, match="belongs to another query"):
        offset_of(asked, "version 1")


def test_every_part_of_a_query_is_told_apart() -> None:
    """All but three fields are part of the question; a new field needs a change above."""
    assert len({fingerprint(change(RED)) for change in CHANGES} | {fingerprint(RED)}) == len(CHANGES) + 1
    assert {field.name for field in fields(Query)} == {
        *("steps", "exclude", "within_s", "lanes", "weights", "where", "group_by", "min_confidence", "correct"),
        *("limit", "cursor", "explain"),
    }


def test_a_query_is_the_same_however_its_sets_and_mappings_are_ordered() -> None:
    one = replace(RED, lanes=frozenset([Lane.VISUAL, Lane.SOUND]), weights={Lane.VISUAL: 2.0, Lane.SOUND: 1.0})
    other = replace(RED, lanes=frozenset([Lane.SOUND, Lane.VISUAL]), weights={Lane.SOUND: 1, Lane.VISUAL: 2})
    assert fingerprint(one) == fingerprint(other)


def test_a_cursor_from_before_the_library_changed_has_expired() -> None:
    asked = replace(RED, cursor=cursor_at(10, RED, "version 1"))
    with pytest.raises(CursorExpiredError, match=r"cursor expired.*search again without a cursor"):
        offset_of(asked, "version 2")


@given(st.text())
def test_any_other_text_is_no_cursor(text: str) -> None:
    with pytest.raises(CursorError, match="is no cursor"):
        offset_of(replace(RED, cursor=text), "version 1")


@given(st.integers(0, 31), st.characters(codec="ascii") | st.sampled_from("+/-_"))
def test_a_cursor_that_was_changed_is_no_cursor(index: int, letter: str) -> None:
    cursor = cursor_at(10, RED, "version 1")
    changed = cursor[:index] + letter + cursor[index + 1 :]
    if changed != cursor:
        with pytest.raises(CursorError, match="is no cursor"):
            offset_of(replace(RED, cursor=changed), "version 1")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Three videos of nine shots, in each of which something red is seen, heard of, or neither."""
    videos = dict.fromkeys(("a.mp4", "b.mp4", "c.mp4"), SHOTS * 3)
    with library_of(tmp_path_factory.mktemp("library"), videos) as opened:
        opened.keep_vectors()
        yield opened


@pytest.fixture(scope="module")
def engine(library: Library) -> SearchEngine:
    return SearchEngine(library, FakeEncoders())


def pages(engine: SearchEngine, query: Query) -> list[tuple[Moment, ...]]:
    """All pages, one after the other."""
    answer = engine.search(query)
    found = [answer.moments]
    while answer.next_cursor is not None:
        answer = engine.search(replace(query, cursor=answer.next_cursor))
        found.append(answer.moments)
    return found


@settings(max_examples=8, deadline=None)
@given(
    limit=st.integers(4, 12),
    group_by=st.sampled_from(GroupBy),
    steps=st.sampled_from([(Term("red"),), (Term("high red"),), (Term("red"), Term("green"))]),
    exclude=st.sampled_from([(), (Term("blue"),)]),
)
def test_pages_together_are_the_whole_answer(
    engine: SearchEngine, limit: int, group_by: GroupBy, steps: tuple[Term, ...], exclude: tuple[Term, ...]
) -> None:
    query = Query(steps, exclude=exclude, group_by=group_by, limit=100)
    whole = engine.search(query)
    found = pages(engine, replace(query, limit=limit))
    assert whole.next_cursor is None
    assert [moment for page in found for moment in page] == list(whole.moments)
    assert [moment.rank for moment in whole.moments] == list(range(1, len(whole.moments) + 1))
    assert all(len(page) == limit for page in found[:-1])
    assert 0 < len(found[-1]) <= limit


def test_by_default_no_shot_is_shown_twice(engine: SearchEngine) -> None:
    """Shots of 4 s: what is red at 0 s, 12 s and 24 s is also where the budget is talked about."""
    moments = engine.search(Query((Term("red budget"),), limit=100)).moments
    shots = [(moment.video_id, int(moment.peak_s // 4)) for moment in moments]
    assert len(shots) == len(set(shots)) > 9
    undivided = engine.search(Query((Term("red budget"),), limit=100, group_by=GroupBy.NONE)).moments
    assert len(undivided) > len(moments)


def test_grouped_by_video_every_video_is_shown_once_and_says_what_else_it_has(engine: SearchEngine) -> None:
    moments = engine.search(Query((Term("red"),), group_by=GroupBy.VIDEO)).moments
    assert sorted(moment.video_id for moment in moments) == sorted(map(id_of, ("a.mp4", "b.mp4", "c.mp4")))
    assert all(moment.further is not None and moment.further >= 2 for moment in moments)
    assert all(moment.further is None for moment in engine.search(RED).moments)


def test_a_later_page_abstains_only_if_the_first_does(engine: SearchEngine) -> None:
    """Far down the list nothing is convincing, yet the query was answered."""
    first = engine.search(replace(RED, limit=1))
    assert not first.abstained
    query = replace(RED, limit=5)
    answer = engine.search(query)
    while answer.next_cursor is not None:
        answer = engine.search(replace(query, cursor=answer.next_cursor))
        assert not answer.abstained
    assert answer.moments[0].confidence < 0.25


def test_pages_end_when_the_library_changes(tmp_path: Path) -> None:
    videos = {"a.mp4": SHOTS * 3, "b.mp4": SHOTS * 3}
    with library_of(tmp_path, videos) as library:
        engine = SearchEngine(library, FakeEncoders())
        cursor = engine.search(replace(RED, limit=2)).next_cursor
        assert cursor is not None
        engine.search(replace(RED, cursor=cursor))
        library.remove_video(id_of("b.mp4"))
        with pytest.raises(CursorExpiredError):
            engine.search(replace(RED, cursor=cursor))


def test_a_tag_that_changes_what_is_searched_ends_the_pages_of_that_tag(tmp_path: Path) -> None:
    with library_of(tmp_path, {"a.mp4": SHOTS * 3, "b.mp4": SHOTS * 3}) as library:
        engine = SearchEngine(library, FakeEncoders())
        library.catalog.edit(id_of("a.mp4"), VideoEdit(frozenset({"tags"}), tags=("talk",)))
        tagged = Query((Term("red"),), where=VideoFilter(tags=("talk",)), limit=1)
        cursor = engine.search(tagged).next_cursor
        library.catalog.edit(id_of("b.mp4"), VideoEdit(frozenset({"tags"}), tags=("talk",)))
        with pytest.raises(CursorExpiredError):
            engine.search(replace(tagged, cursor=cursor))


def test_cursors_travel_over_http(engine: SearchEngine) -> None:
    """What a page gives leads on; of another query it is a bad request, and once the library changed it is gone."""
    api = create_app(Settings(data_dir=engine.library.settings.data_dir))
    api.state.library, api.state.engine = engine.library, engine
    with closing(TestClient(api)) as client:

        def ask(text: str, **body: object) -> Response:
            return client.post("/v1/search", json={"query": {"text": text}, "limit": 4, **body})

        first = ask("red").json()
        second = ask("red", cursor=first["next_cursor"])
        assert [moment["rank"] for moment in second.json()["moments"]] == [5, 6, 7, 8]
        last = ask("red", limit=100, cursor=first["next_cursor"]).json()
        assert "next_cursor" not in last
        other = ask("green", cursor=first["next_cursor"])
        assert (other.status_code, other.json()["code"]) == (400, "invalid_cursor")
        expired = ask("red", cursor=cursor_at(4, RED, "an older library"))
        assert (expired.status_code, expired.json()["code"]) == (410, "cursor_expired")
