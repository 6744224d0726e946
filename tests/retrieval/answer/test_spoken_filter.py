"""Searches for what happens while a language is spoken, or while somebody speaks."""

from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.asking.query import GroupBy, Query, parse_term
from retrieval.domain import Answer, Lane, Moment, Segment, Span
from retrieval.errors import InputError, SpeakerNotFoundError
from retrieval.search import SearchEngine
from retrieval.storage.library import Library
from retrieval.storage.records import Place, VideoRecord, VideoStatus
from retrieval.video_filter import VideoFilter
from tests.fakes import COLOURS, PITCHES_HZ, FakeEncoders, FakeShot, id_of, library_of

TALK = (
    FakeShot("red", "low", "the budget is tight", "en", 1),
    FakeShot("red", "low"),
    FakeShot("red", "low", "die Kasse ist leer", "de", 1),
    FakeShot("red", "low", "die Kasse ist voll", "de", 2),
    FakeShot("green", "high", "the budget is fine", "en", 2),
)
"""Voice 1 is Anna, voice 2 Bob; Anna speaks English in [0, 4), German in [8, 12), Bob German until 16, then English."""

_RANDOM = Random(7)
_SAID = ("the budget is tight", "a red car", "the sea is green", "")


def _any_shot() -> FakeShot:
    return FakeShot(
        _RANDOM.choice((*COLOURS, "")),
        _RANDOM.choice((*PITCHES_HZ, "")),
        _RANDOM.choice(_SAID),
        _RANDOM.choice(("en", "de", "pt-BR", None)),
        _RANDOM.choice((1, 2, None)),
    )


VIDEOS = {"talk.mp4": TALK, "mute.mp4": (FakeShot("red", "low"),) * 3} | {
    f"{number}.mp4": tuple(_any_shot() for _ in range(8)) for number in range(2)
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with library_of(tmp_path_factory.mktemp("library"), VIDEOS) as opened:
        voices = opened.catalog.voices
        for name in VIDEOS:
            for number in voices.speakers_of(id_of(name)):
                voices.rename(id_of(name), [number], ("Anna", "Bob")[number - 1])
        opened.keep_vectors()
        yield opened


@pytest.fixture(scope="module")
def engine(library: Library) -> SearchEngine:
    return SearchEngine(library, FakeEncoders())


def found(engine: SearchEngine, words: str, where: VideoFilter, **options: object) -> Answer:
    return engine.search(Query((parse_term(words),), where=where, limit=100, group_by=GroupBy.NONE, **options))  # type: ignore[arg-type]


def spans(answer: Answer, name: str = "talk.mp4") -> set[Span]:
    return {moment.span for moment in answer.moments if moment.video_id == id_of(name)}


def test_a_moment_of_any_lane_keeps_to_where_the_language_is_spoken(engine: SearchEngine) -> None:
    german = VideoFilter(("talk.mp4",), languages=("German",))
    assert spans(found(engine, "visual: red", german)) == {Span(8.0, 12.0), Span(12.0, 16.0)}
    assert spans(found(engine, "sound: low", german)) == {Span(8.0, 16.0)}
    lines = spans(found(engine, "speech: Kasse", german))
    assert lines
    assert all(8.0 <= span.start_s < span.end_s <= 16.0 for span in lines)


def test_a_line_of_speech_is_in_the_language_itself(engine: SearchEngine) -> None:
    answer = found(engine, "speech: budget Kasse", VideoFilter(("talk.mp4",), languages=("en",)))
    assert all(span.end_s <= 4.0 or span.start_s >= 16.0 for span in spans(answer))
    assert {item.language for moment in answer.moments for item in moment.evidence} == {"en"}


@pytest.mark.parametrize("name", ["Anna", "ANNA", " anna "])
def test_a_speaker_goes_by_the_name_however_it_is_written(engine: SearchEngine, name: str) -> None:
    where = VideoFilter(("talk.mp4",), speakers=(name,))
    assert spans(found(engine, "visual: red", where)) == {Span(0.0, 4.0), Span(8.0, 12.0)}
    lines = spans(found(engine, "speech: the budget", where))
    assert lines
    assert all(span.end_s <= 4.0 or 8.0 <= span.start_s < span.end_s <= 12.0 for span in lines)


def test_of_several_speakers_one_is_enough_and_who_speaks_it_must_be_the_one_who_was_asked_for(
    engine: SearchEngine,
) -> None:
    both = VideoFilter(("talk.mp4",), speakers=("Anna", "Bob"))
    assert Span(4.0, 8.0) not in spans(found(engine, "visual: red", both))
    assert spans(found(engine, "visual: green", both)) >= {Span(16.0, 20.0)}
    german = VideoFilter(("talk.mp4",), languages=("de",), speakers=("Anna",))
    assert spans(found(engine, "visual: red", german)) == {Span(8.0, 12.0)}


def test_nothing_is_found_where_nobody_speaks_the_language(engine: SearchEngine) -> None:
    answer = found(engine, "red", VideoFilter(languages=("it", "fr")))
    assert answer.abstained
    assert answer.reason == "no indexed video matches language 'it', 'fr'"
    assert (answer.searched.videos, answer.warnings) == (0, ())


def test_a_name_that_nobody_has_and_what_is_no_language_are_refused(engine: SearchEngine) -> None:
    with pytest.raises(SpeakerNotFoundError, match="nobody is called 'Carl'; there are 'Anna', 'Bob'"):
        found(engine, "red", VideoFilter(speakers=("Carl",)))
    with pytest.raises(InputError, match="unknown language 'Klingonisch'"):
        VideoFilter(languages=("Klingonisch",))


def is_meant(segment: Segment, where: VideoFilter) -> bool:
    numbers = {("Anna", "Bob").index(name) + 1 for name in where.speakers}
    language = (segment.language or "").partition("-")[0]
    return (not numbers or segment.speaker in numbers) and (not where.languages or language in where.languages)


def touches(one: Moment, other: Moment) -> bool:
    return one.video_id == other.video_id and one.span.overlap_s(other.span) > 0


WORDS = st.sampled_from(["red", "green", "sound: low", "speech: the budget", "a red car", "says green sea"])
FILTERS = st.builds(
    lambda languages, speakers: VideoFilter(languages=tuple(languages), speakers=tuple(speakers)),
    st.sets(st.sampled_from(["de", "en", "pt"])),
    st.sets(st.sampled_from(["Anna", "Bob"])),
)


@settings(max_examples=20, deadline=None)
@given(WORDS, FILTERS, st.booleans())
def test_what_a_filter_leaves_was_found_without_it_and_is_where_the_filter_says(
    engine: SearchEngine, words: str, where: VideoFilter, then: bool
) -> None:
    steps = (parse_term(words), parse_term("blue")) if then else (parse_term(words),)
    query = Query(steps, where=where, limit=100, group_by=GroupBy.NONE)
    everywhere = engine.search(Query(steps, limit=100, group_by=GroupBy.NONE)).moments
    moments = engine.search(query).moments
    places = [Place(moment.video_id, moment.span) for moment in moments]
    for moment, said in zip(moments, engine.library.catalog.contents.segments_during(places), strict=True):
        assert any(is_meant(segment, where) for segment in said) or not (where.languages or where.speakers)
        assert then or any(touches(moment, other) for other in everywhere)
        if {item.lane for item in moment.evidence} == {Lane.SPEECH} and not then:
            lines = [segment.span for segment in said if is_meant(segment, where)]
            assert any(line.start_s <= moment.span.start_s < line.end_s for line in lines)
            assert any(line.start_s < moment.span.end_s <= line.end_s for line in lines)


def test_videos_of_before_it_was_known_are_told_of(engine: SearchEngine, library: Library) -> None:
    old = VideoRecord("f" * 16, "f" * 64, "/old.mp4", "old", 1, 1, VideoStatus.INDEXED, construction=2)
    library.catalog.upsert(old)
    try:
        for where in (VideoFilter(languages=("de",)), VideoFilter(("/old.mp4", "talk.mp4"), speakers=("Anna",))):
            [warning] = found(engine, "red", where).warnings
            assert warning.startswith("not searched: 1 video was indexed before it was known what is spoken when")
        assert found(engine, "red", VideoFilter(("talk.mp4",), languages=("de",))).warnings == ()
        assert found(engine, "red", VideoFilter()).warnings == ()
    finally:
        library.catalog.remove(old.id)


def test_the_library_tells_what_is_spoken_and_who_has_a_name(library: Library) -> None:
    speech = library.catalog.speech
    languages = {spoken.language: spoken for spoken in speech.languages()}
    assert set(languages) == {"de", "en", "pt"}
    assert languages["de"].speech_s == sum(
        4.0 for shots in VIDEOS.values() for s in shots if s.says and s.language == "de"
    )
    anna, bob = (sum(any(s.says and s.speaker == n for s in shots) for shots in VIDEOS.values()) for n in (1, 2))
    assert {(speaker.name, speaker.videos) for speaker in speech.speakers()} == {("Anna", anna), ("Bob", bob)}
    library.catalog.set_status(id_of("talk.mp4"), VideoStatus.REMOVING)
    assert {speaker.videos for speaker in speech.speakers()} == {anna - 1, bob - 1}
    library.catalog.set_status(id_of("talk.mp4"), VideoStatus.INDEXED)
