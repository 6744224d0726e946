"""Who says what a search finds."""

from collections.abc import Iterator

import pytest

from retrieval.asking.query import Query, Term
from retrieval.domain import EvidenceKind, Lane, Speaker
from retrieval.search import SearchEngine
from retrieval.storage.library import Library
from tests.fakes import FakeEncoders, FakeShot, id_of, library_of

TALK = id_of("talk.mp4")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    said = [
        FakeShot(says="the budget is tight", speaker=1),
        FakeShot("red"),
        FakeShot(says="rain falls on the harbour", speaker=2),
        FakeShot("blue"),
        FakeShot(says="nobody knows the answer"),
    ]
    with library_of(tmp_path_factory.mktemp("library"), {"talk.mp4": said}) as opened:
        yield opened


def speaker_of(library: Library, words: str) -> Speaker | None:
    """Who says the best line for these words."""
    query = Query((Term(words),), lanes=frozenset({Lane.SPEECH}))
    best = SearchEngine(library, FakeEncoders()).search(query).moments[0]
    (proof,) = [item for item in best.evidence if item.kind is EvidenceKind.TRANSCRIPT]
    assert proof.text == words
    return proof.speaker


def test_evidence_says_by_name_or_number_who_says_it(library: Library) -> None:
    assert speaker_of(library, "the budget is tight") == Speaker(1)
    library.catalog.voices.rename(TALK, [1], "Anna")
    assert speaker_of(library, "the budget is tight") == Speaker(1, "Anna")
    assert speaker_of(library, "rain falls on the harbour") == Speaker(2)
    assert speaker_of(library, "nobody knows the answer") is None
