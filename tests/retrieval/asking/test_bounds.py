"""What a question may hold: everything has a limit, and every door says which."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

import app.cli.commands.search
from app.cli.main import cli
from app.http.application import create_app
from app.settings import Settings
from retrieval.asking.query import (
    MAX_EXCLUDED,
    MAX_QUERY_CHARS,
    MAX_STEPS,
    Clip,
    Query,
    Term,
    parse_lane,
    parse_term,
)
from retrieval.domain import Span
from retrieval.errors import CursorError, InputError
from retrieval.search import SearchEngine
from retrieval.storage.library import Library
from retrieval.video_filter import MAX_REFERENCE_CHARS, MAX_SPOKEN, MAX_VALUES, MAX_VIDEOS, VideoFilter, parse_time
from tests.fakes import TWO_VIDEOS, FakeEncoders, id_of, library_of

LONG = "a" * (MAX_REFERENCE_CHARS + 1)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with library_of(tmp_path_factory.mktemp("library"), TWO_VIDEOS) as opened:
        yield opened


class CountingEncoders(FakeEncoders):
    """Notes the texts of every call."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[list[str]] = []

    def visual(self) -> Any:
        encoder, calls = super().visual(), self.calls
        embed = encoder.embed_texts

        class Counting:
            spec, names = encoder.spec, encoder.names

            def embed_texts(self, texts: list[str]) -> Any:
                calls.append(list(texts))
                return embed(texts)

        return Counting()


@pytest.fixture(scope="module")
def client(library: Library) -> TestClient:
    api = create_app(Settings(data_dir=library.settings.data_dir))
    api.state.library, api.state.engine = library, SearchEngine(library, FakeEncoders())
    return TestClient(api)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": (Term("a"),) * (MAX_STEPS + 1)}, "9 steps in a row; at most 8"),
        ({"exclude": (Term("a"),) * (MAX_EXCLUDED + 1)}, "21 things must not be there; at most 20"),
        ({"cursor": "a" * 201}, "the cursor has 201 characters; at most 200"),
        ({"within_s": float("nan")}, "within_s is nan"),
    ],
)
def test_a_query_that_asks_too_much_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises((InputError, CursorError), match=message):
        Query(**{"steps": (Term("a"),), **change})


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"video_ids": ("a",) * (MAX_VIDEOS + 1)}, "101 videos; at most 100"),
        ({"paths": ("a",) * (MAX_VALUES + 1)}, "1,001 paths; at most 1,000"),
        ({"tags": ("a",) * (MAX_VALUES + 1)}, "1,001 tags; at most 1,000"),
        ({"any_tags": ("a", LONG)}, "one of the filter's tags of which one is enough has 4,097 characters"),
        ({"path_globs": ("a" * 1001,)}, "the glob has 1,001 characters"),
        ({"path_globs": ("a" * 600, "b" * 600)}, "the 2 globs have 1,200 characters; at most 1,000"),
        ({"path_globs": ("a", "")}, "one of the filter's globs is empty"),
        ({"tags": ("",)}, "one of the filter's tags is empty"),
        ({"languages": ("de",) * (MAX_SPOKEN + 1)}, "101 languages; at most 100"),
        ({"speakers": ("a",) * (MAX_SPOKEN + 1)}, "101 speakers; at most 100"),
        ({"speakers": ("a" * 201,)}, "one of the filter's speakers has 201 characters; at most 200"),
    ],
)
def test_a_filter_that_names_too_much_is_refused(parts: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        VideoFilter(**parts)


def test_no_text_is_repeated_back_whole() -> None:
    for ask in (
        lambda: parse_term("a" * 10_000_000),
        lambda: parse_lane(LONG),
        lambda: parse_time("2" * 1_000_000),
        lambda: Clip(LONG, Span(0, 1)),
        lambda: VideoFilter(languages=("l" * 200,)),
    ):
        with pytest.raises(Exception, match=r".") as told:
            ask()
        assert len(str(told.value)) < 400


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"query": {"text": "a", "not": ["b"] * (MAX_EXCLUDED + 1)}}, "query.not"),
        ({"query": {"then": ["b"] * (MAX_STEPS + 1)}}, "query.then"),
        ({"query": {"text": "a" * (MAX_QUERY_CHARS + 1)}}, "query.text"),
        ({"query": {"text": "a", "not": ["b" * (MAX_QUERY_CHARS + 1)]}}, "query.not.0"),
        ({"query": {"like": {"video_id": LONG, "start_s": 0.0, "end_s": 1.0}}}, "query.like.video_id"),
        ({"query": {"text": "a"}, "lanes": ["visual"] * 5}, "lanes"),
        ({"query": {"text": "a"}, "cursor": LONG}, "cursor"),
        ({"query": {"text": "a"}, "filter": {"video_id": ["a"] * (MAX_VIDEOS + 1)}}, "filter.video_id"),
        ({"query": {"text": "a"}, "filter": {"tag": LONG}}, "filter.tag"),
        ({"query": {"text": "a"}, "filter": {"path": "a" * 1001}}, "filter.path"),
        ({"query": {"text": "a"}, "filter": {"path": {"in": ["a"] * (MAX_VALUES + 1)}}}, "filter.path.in"),
    ],
)
def test_over_http_the_field_is_named(client: TestClient, body: dict[str, Any], param: str) -> None:
    answer = client.post("/v1/search", json=body)
    assert (answer.status_code, answer.json()["param"]) == (422, param)
    assert len(answer.text) < 1000
    if "query" in param or "filter" in param:
        answer = client.post("/v1/search/image", files={"file": b"x"}, data={"options": json.dumps(body)})
        assert answer.status_code == 422
        assert len(answer.text) < 1000


@pytest.mark.parametrize(
    ("path", "params"),
    [
        (f"/v1/videos/{id_of('a.mp4')}/timeline", {"text": "a", "not": ["b"] * (MAX_EXCLUDED + 1)}),
        (f"/v1/videos/{id_of('a.mp4')}/timeline", {"then": ["b"] * (MAX_STEPS + 1)}),
        (f"/v1/videos/{id_of('a.mp4')}/timeline", {"text": "a" * (MAX_QUERY_CHARS + 1)}),
        ("/v1/videos", {"path": "a" * 1001}),
        ("/v1/videos", {"q": "a " * 1000}),
        ("/v1/videos", {"tag": LONG}),
        ("/v1/judgements", {"query": "a" * (MAX_QUERY_CHARS + 1)}),
    ],
)
def test_so_is_a_parameter(client: TestClient, path: str, params: dict[str, Any]) -> None:
    assert client.get(path, params=params).status_code == 422


def test_json_that_nests_without_end_is_no_json(client: TestClient) -> None:
    for body in (b"[" * 900_000, b'{"query":' * 100_000, b'{"limit": ' + b"9" * 900_000 + b"}"):
        answer = client.post("/v1/search", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 422)
        assert len(answer.text) < 1000


def test_the_description_says_the_limits(client: TestClient) -> None:
    schemas = client.get("/v1/openapi.json").json()["components"]["schemas"]
    asked = schemas["QueryBody"]["properties"]
    assert (asked["not"]["maxItems"], asked["then"]["maxItems"]) == (MAX_EXCLUDED, MAX_STEPS)
    assert asked["not"]["items"]["maxLength"] == MAX_QUERY_CHARS


def test_the_command_says_it_too(library: Library, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    engine = SearchEngine(library, FakeEncoders())

    @contextmanager
    def opened(*_: object) -> Iterator[SearchEngine]:
        yield engine

    monkeypatch.setattr(app.cli.commands.search, "open_engine", opened)
    call = ["--data-dir", str(library.folder.path), "search", "red"]
    told = CliRunner().invoke(cli, [*call, *["--not", "blue"] * 21])
    assert str(told.exception) == "21 things must not be there; at most 20 are allowed"
    told = CliRunner().invoke(cli, [*call, "--path", "[" * 20_000])
    assert str(told.exception) == "the glob has 20,000 characters; at most 1,000 are allowed"

    monkeypatch.setattr("app.open_engine.open_engine", opened)
    queries = tmp_path / "queries.jsonl"
    case = {"qid": 1, "lane": "then", "query": ["a"] * 9, "relevant": [{"video": "a", "start_s": 0, "end_s": 1}]}
    queries.write_text(json.dumps(case))
    told = CliRunner().invoke(cli, ["--data-dir", str(library.folder.path), "eval", "run", "--queries", str(queries)])
    assert str(told.exception) == "9 steps in a row; at most 8 are allowed"


def test_what_is_said_twice_counts_once_and_words_are_embedded_together(library: Library) -> None:
    encoders = CountingEncoders()
    engine = SearchEngine(library, encoders)
    engine.search(Query((parse_term("red"),)))  # makes what is kept
    encoders.calls.clear()
    lane = frozenset({parse_lane("visual")})
    once = engine.search(Query((parse_term("red"),), (parse_term("high"),), lanes=lane, correct=False))
    again = engine.search(Query((parse_term("red"),), (parse_term("high"),) * 20, lanes=lane, correct=False))
    assert encoders.calls == [["red", "high"]] * 2
    assert [moment.score for moment in again.moments] == [moment.score for moment in once.moments]
