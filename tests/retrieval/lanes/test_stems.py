"""Stems of other languages: any form of a word finds any other, in lines of that language alone."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import snowballstemmer

from retrieval.lanes.stems import STEMMED, stem_in, stemmed_language
from retrieval.lanes.terms import document_vector, query_vector
from retrieval.lanes.word_match import coverage, matched_words


def shared(query: str, text: str, language: str | None) -> bool:
    """Whether the sparse vectors of both have a term in common: whether the line is found at all."""
    return bool(set(query_vector(query).indices) & set(document_vector(text, 10.0, language).indices))


@pytest.mark.parametrize(
    ("language", "query", "text"),
    [
        ("de", "Haus", "Die alten Häuser am Fluss"),
        ("ger", "HÄUSER", "das Haus"),
        ("de-AT", "Zeitung", "alle Zeitungen"),
        ("fr", "cheval", "les chevaux"),
        ("es", "canción", "dos canciones"),
        ("es", "canciones", "una canción"),
        ("it", "ragazzo", "i ragazzi"),
        ("pt_BR", "falar", "falamos"),
        ("ru", "друг", "о друге"),
        ("ru", "новый", "новая"),
        ("fi", "talo", "taloissa"),
        ("tr", "ev", "evler"),
    ],
)
def test_another_form_of_a_word_is_found(language: str, query: str, text: str) -> None:
    assert shared(query, text, language)
    assert coverage(query, text, language) == 1.0
    assert len(matched_words(query, text, language)) == 1


def test_stems_of_one_language_count_in_no_other() -> None:
    for language in (None, "en", "fr", "ja"):
        assert not shared("Zeitung", "alle Zeitungen", language)
        assert coverage("Zeitung", "alle Zeitungen", language) == 0.0


@pytest.mark.parametrize("language", [None, "en", "en-GB", "ja", "zh", "th", "und"])
def test_lines_without_a_stemmer_have_the_terms_they_had(language: str | None) -> None:
    for text in ("projects 4.2.0", "今日は天気の話", "อากาศ"):
        assert document_vector(text, 10.0, language) == document_vector(text, 10.0)


@pytest.mark.parametrize(
    ("query", "text"), [("projects 4.2.0", "project 4.2.0"), ("corazon", "el corazón"), ("天気", "天気の話")]
)
def test_a_line_of_any_language_is_found_by_all_it_was_found_by_without_stems(query: str, text: str) -> None:
    """An index made before there were stems has none, and its lines are compared by their plain terms."""
    for language in ("de", "es", "ru"):
        plain, stemmed = document_vector(text, 10.0), document_vector(text, 10.0, language)
        kept = dict(zip(stemmed.indices, stemmed.values, strict=True))
        assert set(query_vector(query).indices) & set(plain.indices)
        assert all(kept[index] == value for index, value in zip(plain.indices, plain.values, strict=True))
        assert coverage(query, text, language) == coverage(query, text) == 1.0


def test_a_contraction_is_covered_no_more_than_whole() -> None:
    assert coverage("l'homme", "l'homme et l'homme", "fr") == 1.0
    assert coverage("homme", "l'homme", "fr") == 1.0
    assert coverage("l'homme", "un homme", "fr") <= 1.0


def test_every_language_of_snowball_has_its_codes() -> None:
    others = {"english", "porter", "dutch_porter", "sesotho"}
    assert set(STEMMED) == set(snowballstemmer.algorithms()) - others
    assert stemmed_language("st") is None


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Threads take turns as often as they can."""
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval_s)


@pytest.mark.usefixtures("hasty_threads")
def test_threads_that_stem_at_once_get_the_stems_of_their_words() -> None:
    """As searches do that a server answers at the same time."""
    words = [
        f"{start}{end}" for start in ("kitap", "öğret", "güzel", "çalış") for end in ("lar", "mende", "likten", "ım")
    ]
    alone = [snowballstemmer.stemmer("turkish").stemWord(word) for word in words]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(50):
            stem_in.cache_clear()
            assert list(pool.map(stem_in, ["turkish"] * len(words), words)) == alone
