"""The body of a search, there and back."""

import pytest
from pydantic import ValidationError

from app.schemas.search import OptionsBody, SearchBody, search_json
from retrieval.domain import Lane, Span
from retrieval.errors import QueryError
from retrieval.query import Clip, GroupBy, Query, Term, VideoFilter, parse_term


def test_a_query_survives_the_way_to_a_server() -> None:
    query = Query(
        steps=(Term("a dog", Lane.SOUND), parse_term("a door")),
        exclude=(parse_term("rain"),),
        within_s=12.0,
        lanes=frozenset({Lane.SOUND, Lane.VISUAL}),
        weights={Lane.SOUND: 2.0},
        where=VideoFilter(("abc",), "*/talks/*", ("work",), Span(3.0, 9.0)),
        limit=7,
        group_by=GroupBy.VIDEO,
        cursor="abc",
        explain=True,
    )
    assert SearchBody.model_validate(search_json(query)).to_query() == query


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
