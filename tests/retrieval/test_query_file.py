"""Queries that come with a file, from the file to the moments."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from retrieval.asking.query import Clip, Query, Term
from retrieval.domain import QueryTranscript, Span
from retrieval.errors import InputError, QueryError
from retrieval.query_file import QueryFile, QueryFileKind, search_with
from retrieval.search import SearchEngine
from tests.fakes import TWO_VIDEOS, FakeEncoders, FakeTranscriber, FakeVoiceActivity, library_of
from tests.media import tone, write

NO_WORDS = Query((Term(""),))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchEngine]:
    with library_of(tmp_path_factory.mktemp("library"), TWO_VIDEOS) as library:
        library.keep_vectors()
        yield SearchEngine(library, FakeEncoders(FakeTranscriber("the budget is tight", 0.75)))


@pytest.fixture(scope="module")
def high(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("sound") / "high.wav", tone(1.0, 4000))


def test_a_spoken_query_finds_its_words_and_says_which_they_were(engine: SearchEngine, high: Path) -> None:
    answer = search_with(engine, NO_WORDS, QueryFile(QueryFileKind.SPOKEN, high))
    assert answer.transcript == QueryTranscript("the budget is tight", 0.75, "en")
    assert answer.moments[0].path == "/videos/a.mp4"
    assert answer.moments[0].evidence[0].text == "the budget is tight"


def test_a_spoken_query_in_which_nobody_speaks_is_an_error(engine: SearchEngine, high: Path) -> None:
    silent = SearchEngine(engine.library, FakeEncoders(voices=FakeVoiceActivity(None)))
    with pytest.raises(QueryError, match="no speech"):
        search_with(silent, NO_WORDS, QueryFile(QueryFileKind.SPOKEN, high))


def test_a_sound_is_searched_for_as_bytes_too(engine: SearchEngine, high: Path) -> None:
    answer = search_with(engine, NO_WORDS, QueryFile(QueryFileKind.SOUND, high.read_bytes()))
    assert {(moment.path, moment.span) for moment in answer.moments[:2]} == {
        ("/videos/a.mp4", Span(0.0, 4.0)),
        ("/videos/b.mp4", Span(96.0, 100.0)),
    }
    assert answer.transcript is None


def test_steps_may_follow_a_file(engine: SearchEngine, tmp_path: Path) -> None:
    """Red, and a second later something blue: only at the end of B."""
    Image.new("RGB", (16, 16), "red").save(tmp_path / "red.png")
    query = Query((Term(""), Term("blue")), within_s=1.0)
    answer = search_with(engine, query, QueryFile(QueryFileKind.IMAGE, tmp_path / "red.png"))
    assert (answer.moments[0].path, answer.moments[0].span) == ("/videos/b.mp4", Span(96.0, 104.0))


def test_a_spoken_query_has_no_words_besides(engine: SearchEngine, high: Path) -> None:
    with pytest.raises(InputError, match="brings its own words; leave out 'a dog'"):
        search_with(engine, Query((Term("a dog"),)), QueryFile(QueryFileKind.SPOKEN, high))


@pytest.mark.parametrize("kind", QueryFileKind)
def test_a_file_and_a_clip_are_too_much(engine: SearchEngine, high: Path, kind: QueryFileKind) -> None:
    query = Query((Term("", like=Clip("a.mp4", Span(0.0, 1.0))),))
    with pytest.raises(InputError, match="either like a clip or like a file"):
        search_with(engine, query, QueryFile(kind, high))
