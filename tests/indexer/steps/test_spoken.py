"""What is spoken during units: held against looking at every segment for every unit."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import pipeline
from indexer.intake.addition import Addition, Origin
from indexer.pipeline import Indexer
from indexer.repair import repair_vectors
from indexer.settings import IndexSettings
from indexer.steps.spoken import Spoken, spoken_during, spoken_in_lines
from indexer.steps.work_folder import Artefacts
from retrieval.domain import Lane, ScreenText, Segment, Span, SpeechOrigin
from retrieval.storage.library import Library
from retrieval.storage.vectors import VectorFilter
from tests.index_fakes import IndexEncoders
from tests.media import colour, video
from tests.voices import voice

VIDEO = "0" * 16


def said(start_s: float, end_s: float, language: str | None = None, speaker: int | None = None) -> Segment:
    span = Span(start_s, end_s)
    return Segment(span, "hm", (), language, 0.9, SpeechOrigin.TRANSCRIBED, speaker=speaker)


def test_a_window_has_the_languages_and_voices_of_what_is_said_during_any_part_of_it() -> None:
    segments = [said(1.0, 3.0, "de", 1), said(3.0, 3.5, "pt-BR", 2), said(6.0, 8.0, "de")]
    windows = [Span(start_s, start_s + 2.0) for start_s in (0.0, 2.0, 4.0, 6.0)]
    assert spoken_during(windows, segments, VIDEO) == [
        Spoken(("de",), (f"{VIDEO}:1",)),
        Spoken(("de", "pt"), (f"{VIDEO}:1", f"{VIDEO}:2")),
        Spoken(),
        Spoken(("de",)),
    ]


def test_a_line_of_speech_has_its_own_language_and_voice_whatever_else_is_said_meanwhile() -> None:
    segments = [said(0.0, 4.0, "de", 1), said(2.0, 6.0, "en", 2), said(3.0, 5.0)]
    assert spoken_in_lines(segments, segments, VIDEO) == [
        Spoken(("de",), (f"{VIDEO}:1",)),
        Spoken(("en",), (f"{VIDEO}:2",)),
        Spoken(),
    ]


def test_a_screen_text_has_what_is_said_while_it_is_shown() -> None:
    texts = [ScreenText(Span(0.0, 10.0), "title", 0.9), ScreenText(Span(4.0, 4.5), "name", 0.9)]
    spoken = spoken_in_lines(texts, [said(3.0, 4.0, "en", 3)], VIDEO)
    assert spoken == [Spoken(("en",), (f"{VIDEO}:3",)), Spoken()]


TIMES_S = st.integers(0, 20).map(float)
SPANS = st.tuples(TIMES_S, TIMES_S).map(lambda times: Span(min(times), max(times)))
SEGMENTS = st.builds(
    lambda span, language, speaker: said(span.start_s, span.end_s, language, speaker),
    SPANS,
    st.sampled_from([None, "de", "de-CH", "en"]),
    st.sampled_from([None, 1, 2]),
)


@given(st.lists(SPANS, max_size=12), st.lists(SEGMENTS, max_size=12))
def test_it_is_what_looking_at_all_segments_finds(spans: list[Span], segments: list[Segment]) -> None:
    for span, spoken in zip(spans, spoken_during(spans, segments, VIDEO), strict=True):
        there = [one for one in segments if one.span.start_s < span.end_s and one.span.end_s > span.start_s]
        assert spoken.languages == tuple(sorted({one.language[:2] for one in there if one.language}))
        assert spoken.voices == tuple(sorted({f"{VIDEO}:{one.speaker}" for one in there if one.speaker}))


def say_it_in_german(artefacts: Artefacts, *_: object, **__: object) -> None:
    artefacts.save_lines("segments", [said(0.0, 1.0, "de", 1)])
    artefacts.save_voices([voice(1, 0)])


def test_the_points_of_every_lane_tell_what_is_spoken_and_those_that_are_mended_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four seconds in two windows, of which somebody speaks German in the first."""
    monkeypatch.setattr(pipeline, "hear", say_it_in_german)
    file = video(tmp_path / "talk.mp4", colour("red", 4.0))
    settings = IndexSettings(data_dir=tmp_path / "data")
    encoders = IndexEncoders()
    with Library(settings, "test") as library:
        indexer = Indexer(library, encoders, settings)
        added = Addition(str(file), Origin.PATH)
        outcome = indexer.index("job", added, lambda _, run: run(), lambda *_: None, lambda *_: None)
        assert outcome.video_id is not None
        asked = (
            VectorFilter(),
            VectorFilter(languages=frozenset({"de"})),
            VectorFilter(voices=frozenset({f"{outcome.video_id}:1"})),
        )

        def counts(lane: Lane) -> list[int]:
            with library.vectors() as store:
                return [store.count(encoders.spec(lane).space, where) for where in asked]

        assert (counts(Lane.VISUAL), counts(Lane.SPEECH)) == ([2, 1, 1], [1, 1, 1])
        with library.vectors() as store:
            store.drop_space(encoders.spec(Lane.SPEECH).space)
        repair_vectors(library, encoders, lambda _: None)
        assert counts(Lane.SPEECH) == [1, 1, 1]
