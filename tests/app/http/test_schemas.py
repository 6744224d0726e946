"""The body of a search, there and back."""

import json
import math
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from app.http.schemas.search import OptionsBody, SearchBody, search_json
from retrieval.asking.query import Clip, GroupBy, Query, Term, parse_term
from retrieval.domain import Lane, Span
from retrieval.errors import InputError, QueryError
from retrieval.video_filter import Period, VideoFilter

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_query_survives_the_way_to_a_server() -> None:
    query = Query(
        steps=(Term("a dog", Lane.SOUND), parse_term("a door")),
        exclude=(parse_term("rain"),),
        within_s=12.0,
        lanes=frozenset({Lane.SOUND, Lane.VISUAL}),
        weights={Lane.SOUND: 2.0},
        where=VideoFilter(("abc",), ("*/talks/*",), ("work",), Span(3.0, 9.0), recorded=Period(NOON)),
        limit=7,
        group_by=GroupBy.VIDEO,
        cursor="abc",
        explain=True,
        min_confidence=0.25,
        correct=False,
    )
    assert SearchBody.model_validate(search_json(query)).to_query() == query


@pytest.mark.parametrize(
    "where",
    [
        VideoFilter(paths=("/a.mp4", "/b.mp4")),
        VideoFilter(paths=("/a.mp4",), path_globs=("*.mp4",)),
        VideoFilter(path_globs=("*.mp4", "/films/*")),
        VideoFilter(any_tags=("a", "b")),
        VideoFilter(any_tags=("a",), tags=("b", "c")),
        VideoFilter(recorded=Period(NOON, NOON + timedelta(hours=1))),
        VideoFilter(recorded=Period(end=NOON)),
        VideoFilter(languages=("de", "pt"), speakers=("Anna", "Bob")),
        VideoFilter(video_ids=("a.mp4", "b.mp4"), during=Span(0.0, 1.5)),
    ],
)
def test_a_filter_survives_the_way_to_a_server(where: VideoFilter) -> None:
    body = json.loads(json.dumps(search_json(Query((Term("a"),), where=where))))
    assert SearchBody.model_validate(body).to_query().where == where


DAY = datetime(2026, 5, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({}, VideoFilter()),
        ({"path": None, "recorded_at": None, "tag": [], "video_id": []}, VideoFilter()),
        ({"video_id": "a.mp4"}, VideoFilter(video_ids=("a.mp4",))),
        ({"video_id": {"eq": "a.mp4"}}, VideoFilter(video_ids=("a.mp4",))),
        ({"video_id": {"in": ["a", "b"]}}, VideoFilter(video_ids=("a", "b"))),
        ({"path": "*/talks/*"}, VideoFilter(path_globs=("*/talks/*",))),
        ({"path": ["/a.mp4"]}, VideoFilter(paths=("/a.mp4",))),
        ({"path": {"eq": "/a.mp4", "glob": "*.mp4"}}, VideoFilter(paths=("/a.mp4",), path_globs=("*.mp4",))),
        ({"path": {"glob": ["*.mp4", "b/*"]}}, VideoFilter(path_globs=("*.mp4", "b/*"))),
        ({"recorded_at": {"gte": None}}, VideoFilter()),
        ({"tag": "work"}, VideoFilter(tags=("work",))),
        ({"tag": {"eq": "work", "in": ["a", "b"]}}, VideoFilter(tags=("work",), any_tags=("a", "b"))),
        ({"tag": {"all": ["a", "b"]}}, VideoFilter(tags=("a", "b"))),
        ({"start_s": {"gte": 5}}, VideoFilter(during=Span(5.0, math.inf))),
        ({"start_s": {"gte": 5, "lte": 9}}, VideoFilter(during=Span(5.0, 9.0))),
        ({"start_s": {"gte": 5}, "end_s": 9}, VideoFilter(during=Span(5.0, 9.0))),
        ({"recorded_at": "2026-05-31"}, VideoFilter(recorded=Period(DAY, DAY + timedelta(days=1)))),
        ({"recorded_at": {"eq": "2026-05-31"}}, VideoFilter(recorded=Period(DAY, DAY + timedelta(days=1)))),
        ({"recorded_at": {"gte": "2026-05-31T02:00:00+02:00"}}, VideoFilter(recorded=Period(DAY))),
        ({"recorded_at": {"lte": "2026-05-30"}}, VideoFilter(recorded=Period(end=DAY))),
        ({"language": "German"}, VideoFilter(languages=("de",))),
        ({"language": ["de", "ger", "pt-BR"]}, VideoFilter(languages=("de", "pt"))),
        ({"language": {"eq": "de"}}, VideoFilter(languages=("de",))),
        ({"language": [], "speaker": {"in": ["Anna", "Bob"]}}, VideoFilter(speakers=("Anna", "Bob"))),
        ({"speaker": "Anna"}, VideoFilter(speakers=("Anna",))),
    ],
)
def test_a_filter_is_plain_values_or_operators(given: dict[str, object], meant: VideoFilter) -> None:
    assert SearchBody.model_validate({"query": {"text": "a"}, "filter": given}).to_query().where == meant
    options = OptionsBody.model_validate_json(json.dumps({"filter": given}))
    assert options.to_query(with_file=True).where == meant


@pytest.mark.parametrize(
    ("given", "where", "message"),
    [
        ({"path": 5}, "filter.path", "valid string"),
        ({"path": {"like": "a"}}, "filter.path.operators.like", "Extra inputs"),
        ({"path": {}}, "filter.path.operators", "no operator; give one of eq, in, glob"),
        ({"path": {"glob": []}}, "filter.path.operators.glob.list", "at least 1 item"),
        ({"path": {"glob": ["a", ""]}}, "filter.path.operators.glob.list.1", "at least 1 character"),
        ({"tag": {"in": []}}, "filter.tag.operators.in", "at least 1 item"),
        ({"video_id": {"gte": "a"}}, "filter.video_id.operators.gte", "Extra inputs"),
        ({"start_s": -1}, "filter.start_s", "greater than or equal to 0"),
        ({"start_s": {"gte": "soon"}}, "filter.start_s.operators.gte", "valid number"),
        ({"recorded_at": "yesterday"}, "filter.recorded_at", "no date or time as 2026-05-31"),
        ({"recorded_at": 2026}, "filter.recorded_at", "give a date or time as text"),
        ({"recorded_at": {"gte": "0001-01-01T00:00:00+14:00"}}, "filter.recorded_at", "no date or time"),
        ({"language": 5}, "filter.language", "valid string"),
        ({"language": ["de"] * 101}, "filter.language.list", "at most 100 items"),
        ({"speaker": {"in": []}}, "filter.speaker.operators.in", "at least 1 item"),
        ({"speaker": "a" * 201}, "filter.speaker.value", "at most 200 characters"),
    ],
)
def test_a_filter_that_cannot_be_names_the_field(given: dict[str, object], where: str, message: str) -> None:
    with pytest.raises(ValidationError) as raised:
        SearchBody.model_validate({"query": {"text": "a"}, "filter": given})
    first = raised.value.errors()[0]
    assert ".".join(map(str, first["loc"])).startswith(where)
    assert message in first["msg"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"path": {"eq": "/a", "in": ["/b"]}}, "filter.path has eq and in; give one of them"),
        ({"start_s": {"lte": 5}, "end_s": 5}, "say the same"),
        ({"start_s": 9, "end_s": 5}, "nothing lies between second 9 and second 5"),
        ({"recorded_at": {"eq": "2026-05-31", "gte": "2026-05-31"}}, "eq says it all"),
        ({"recorded_at": {"gte": "2026-06-01", "lte": "2026-05-31"}}, "nothing lies between 2026-06-01"),
        ({"recorded_at": {"lte": "9999-12-31"}}, "too far in the future"),
        ({"speaker": {"eq": "Anna", "in": ["Bob"]}}, "filter.speaker has eq and in; give one of them"),
        ({"language": "Klingonisch"}, "unknown language 'Klingonisch'"),
    ],
)
def test_a_filter_that_contradicts_itself_is_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        SearchBody.model_validate({"query": {"text": "a"}, "filter": given}).to_query()


def test_an_open_end_stays_open() -> None:
    query = Query((Term("a"),), where=VideoFilter(during=Span(5.0, float("inf"))))
    assert SearchBody.model_validate(search_json(query)).to_query() == query


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        SearchBody.model_validate({"query": {"text": "a"}, "colour": "red"})


def test_a_body_without_words_is_no_query() -> None:
    with pytest.raises(QueryError, match="empty"):
        SearchBody.model_validate({"query": {}}).to_query()


def test_a_clip_and_its_words_survive_the_way_to_a_server() -> None:
    like = Term("at night", like=Clip("talk.mp4", Span(1.5, 4.0)), text_share=0.25)
    query = Query((like, Term("a door")))
    assert SearchBody.model_validate(search_json(query)).to_query() == query
    alone = Query((Term("", like=Clip("talk.mp4", Span(1.5, 4.0))),))
    assert SearchBody.model_validate(search_json(alone)).to_query() == alone


def test_a_query_with_a_file_need_not_have_words() -> None:
    query = Query((Term(""), Term("a door")), limit=3)
    assert OptionsBody.model_validate(search_json(query)).to_query(with_file=True) == query
    assert OptionsBody().to_query(with_file=True) == Query((Term(""),))
