"""The voices that steps leave behind: whole again when they are read, and published only where that is wanted."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from indexer import pipeline
from indexer.intake.addition import Addition, Origin
from indexer.pipeline import Indexer
from indexer.settings import IndexSettings
from indexer.steps.work_folder import Artefacts
from retrieval.domain import Segment, Span, SpeechOrigin
from retrieval.storage.library import Library
from tests.index_fakes import IndexEncoders
from tests.media import colour, video
from tests.voices import voice

T = TypeVar("T")

LINE = Segment(Span(0.0, 1.0), "hello", (), "en", 0.9, SpeechOrigin.TRANSCRIBED, speaker=1)


def step(name: str, run: Callable[[], T]) -> T:  # noqa: ARG001
    return run()


def leave_a_voice(artefacts: Artefacts, *_: object, **__: object) -> None:
    """What an earlier run of the step left, before it was told to keep no voices."""
    artefacts.save_lines("segments", [LINE])
    artefacts.save_voices([voice(1, 0)])


def test_voices_come_back_as_they_were_left(tmp_path: Path) -> None:
    artefacts = Artefacts(tmp_path)
    assert artefacts.voices() == ()
    artefacts.save_voices([voice(1, 0), voice(2, 3, cosine=0.6, speech_s=2.5, certainty=0.25)])
    artefacts.save_lines("segments", [LINE])
    assert artefacts.voices() == (voice(1, 0), voice(2, 3, cosine=0.6, speech_s=2.5, certainty=0.25))
    assert artefacts.load_segments("segments") == (LINE,)


def test_without_speakers_nothing_of_voices_is_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "hear", leave_a_voice)
    file = video(tmp_path / "talk.mp4", colour("red", 2.0))
    settings = IndexSettings(data_dir=tmp_path / "data", speakers=False)
    with Library(settings, "test") as library:
        indexer = Indexer(library, IndexEncoders(), settings)
        addition = Addition(str(file), Origin.PATH)
        outcome = indexer.index("job", addition, step, lambda *_: None, lambda *_: None)
        assert outcome.failure is None
        contents = library.catalog.contents.of(outcome.video_id or "")
        assert [(segment.text, segment.speaker) for segment in contents.segments] == [("hello", None)]
        assert contents.voices == ()
        assert library.catalog.voices.page(10).voices == ()
