"""What is said, held against queries that ask for it and queries that ask for a sight; with the sentences of lite."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from retrieval.asking.query import Query, parse_term
from retrieval.domain import Answer, EvidenceKind, Lane, Moment, Profile
from retrieval.encoders.base import EncoderSpec, TextEncoder
from retrieval.encoders.sentence import MiniLmEncoder
from retrieval.search import SearchEngine
from retrieval.settings import RetrievalSettings
from retrieval.storage.library import Library
from tests.fakes import FakeEncoders, FakeShot, fill

_SENTENCES = MiniLmEncoder()


class WithSentences(FakeEncoders):
    """The fake ones, but for the sentences of lite; what is seen is told in sentences, too."""

    def spec(self, lane: Lane) -> EncoderSpec:
        if lane is Lane.SOUND:
            return super().spec(lane)
        return replace(_SENTENCES.spec, lane=lane)

    def text_encoder(self, lane: Lane) -> TextEncoder:
        return super().text_encoder(lane) if lane is Lane.SOUND else _SENTENCES

    def sentences(self) -> MiniLmEncoder:  # type: ignore[override]
        return _SENTENCES


TALK = tuple(
    FakeShot(says=line)
    for line in (
        "You know how much they hate that man.",
        "Our dog barks at night and wakes up the whole house.",
        "A person has to learn how to deal with people.",
        "Projections for the third quarter are twenty-five percent up.",
        "We won the final two to one after extra time.",
        "He bought a new lorry in his favourite colour.",
        "NASA will launch version four point two point zero.",
        "Doctor Smith planned the whole thing.",
        "My skateboard broke when I was twelve.",
    )
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchEngine]:
    folder = tmp_path_factory.mktemp("library")
    with Library(RetrievalSettings(data_dir=folder, profile=Profile.LITE), "test") as library:
        fill(library, {"talk.mp4": TALK}, WithSentences())
        yield SearchEngine(library, WithSentences())


def asked(engine: SearchEngine, words: str, *, without: str | None = None, explain: bool = False) -> Answer:
    exclude = (parse_term(without),) if without else ()
    return engine.search(Query((parse_term(words),), exclude, explain=explain))


def best(engine: SearchEngine, words: str) -> Moment:
    return asked(engine, words).moments[0]


@pytest.mark.parametrize(
    ("words", "highest"),
    [
        ("a man in a hat", 0.12),
        ("someone in a hat", 0.12),
        ("a hat", 0.12),
        ("a person", 0.12),
        ("a dog barks", 0.3),
        ("a plane", 0.12),
    ],
)
def test_what_is_asked_for_as_a_sight_is_hardly_proved_by_what_is_said(
    engine: SearchEngine, words: str, highest: float
) -> None:
    answer = asked(engine, words)
    assert all(moment.confidence <= highest for moment in answer.moments)
    assert all(item.caveat for moment in answer.moments for item in moment.evidence)


def test_a_person_without_a_skateboard_is_no_speech(engine: SearchEngine) -> None:
    assert asked(engine, "a person", without="skateboard").abstained


def test_a_query_for_what_is_said_is_answered_by_it(engine: SearchEngine) -> None:
    for words in (
        "she says that the dog barks",
        '"our dog barks"',
        "“our dog barks”",
        "«our dog barks»",
        "speech: dog",
    ):
        moment = best(engine, words)
        assert moment.confidence > 0.6, words
        assert moment.evidence[0].text == TALK[1].says
        assert moment.evidence[0].caveat is None


def test_the_explanation_says_that_words_prove_little(engine: SearchEngine) -> None:
    moment = asked(engine, "a dog barks", explain=True).moments[0]
    assert moment.evidence[0].caveat == "the words are said, which proves little of what is seen or heard"
    assert moment.explanation is not None
    weight = moment.explanation.steps[0].lanes[Lane.SPEECH].weight
    assert (weight.proves, weight.described) == (0.25, "a dog")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("Q3 projections", 3),
        ("projections 3rd quarter", 3),
        ("25 percent", 3),
        ("25 %", 3),
        ("2:1", 4),
        ("won 2-1", 4),
        ("favorite color", 5),
        ("colour favourite", 5),
        ("a truck that he bought, she said", 5),
        ("4.2.0", 6),
        ("N.A.S.A.", 6),
        ("Dr. Smith", 7),
        ("dr smith plans", 7),
        ("“Dr. Smith”", 7),
        ("night wakes house whole dog", 1),
        ("projectons for the third quartar", 3),
    ],
)
def test_a_line_is_found_however_the_query_writes_it(engine: SearchEngine, words: str, line: int) -> None:
    moment = best(engine, words)
    assert moment.evidence[0].kind is EvidenceKind.TRANSCRIPT
    assert moment.evidence[0].text == TALK[line].says
    assert moment.confidence > 0.4
