"""Searches to begin with: words out of the library that find what they were taken from."""

from pathlib import Path

import pytest

from retrieval import example_searches as examples
from retrieval.domain import Label, Lane, ScreenText, SoundEvent, Span, Window
from retrieval.example_searches import ExampleSearches, example_searches
from retrieval.search import SearchEngine
from retrieval.storage.records import VideoContents, VideoWindow
from tests.fakes import TWO_VIDEOS, FakeEncoders, FakeShot, fill, id_of, library_of


def test_what_is_said_most_clearly_is_an_example_with_the_moment_that_it_finds(tmp_path: Path) -> None:
    with library_of(tmp_path, TWO_VIDEOS) as library:
        (example,) = example_searches(SearchEngine(library, FakeEncoders()))
    assert (example.lane, example.text) == (Lane.SPEECH, "the budget is tight")
    assert (example.moment.video_id, example.moment.span) == (id_of("a.mp4"), Span(0.0, 4.0))
    assert example.moment.confidence >= examples.LEAST_CONFIDENCE


def test_an_empty_library_has_none(tmp_path: Path) -> None:
    with library_of(tmp_path, {}) as library:
        assert example_searches(SearchEngine(library, FakeEncoders())) == ()


def test_examples_are_found_once_and_again_when_the_library_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    with library_of(tmp_path, {"a.mp4": (FakeShot(says="the budget is tight"),)}) as library:
        engine, known = SearchEngine(library, FakeEncoders()), ExampleSearches()
        monkeypatch.setattr(examples, "_proved", lambda *_: asked.append("searched"))
        for _ in range(2):
            assert known.of(engine) == ()
        first = len(asked)
        fill(library, {"b.mp4": (FakeShot(says="nobody knows the answer"),)}, FakeEncoders())
        known.of(engine)
    assert first == len(Lane)
    assert len(asked) == 2 * first


def test_texts_of_each_lane_are_those_that_are_likeliest_to_be_found() -> None:
    """Names of the clearest frames, sounds that tell something, and lines that read like a phrase."""
    spans = [Span(float(start), start + 1.0) for start in range(4)]
    windows = [
        VideoWindow(Window(number, 0, spans[number]), 0.5, (Label(name, score), Label("noise", 0.9)))
        for number, (name, score) in enumerate([("a dog", 0.4), ("a bus", 0.8)])
    ]
    contents = VideoContents(
        windows=tuple(windows),
        screen_texts=(
            ScreenText(spans[0], "Q3 §§ 7%\n- Freeze main on Thursday", 0.9),
            ScreenText(spans[1], "Tag it", 0.9),
            ScreenText(spans[2], "Fr33z mn", 0.99),
        ),
        sound_events=(
            SoundEvent(spans[0], "Speech, male", 0.99),
            SoundEvent(spans[1], "Dog barking", 0.7),
            SoundEvent(spans[2], "Rain", 0.9),
        ),
    )
    texts = examples._texts([contents])
    assert texts[Lane.VISUAL] == ["a bus", "a dog"]
    assert texts[Lane.SOUND] == ["rain", "dog barking"]
    assert texts[Lane.SCREEN] == ["Freeze main on Thursday", "Tag it"]
    assert texts[Lane.SPEECH] == []
