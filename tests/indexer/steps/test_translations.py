"""What becomes of translations: kept between steps, and what a line is found by."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from indexer.steps.publish import AVERAGE_TERMS, line_points
from indexer.steps.transcribe import transcribe
from indexer.steps.work_folder import Artefacts
from retrieval.domain import Lane, Segment, Span, SpeechOrigin
from retrieval.lanes.terms import document_vector
from retrieval.storage.records import VideoContents, VideoRecord
from tests.fakes import FakeEncoders, FakeSentences, FakeTranscriber, FakeVoiceActivity

RECORD = VideoRecord("0" * 16, "0" * 32, "/a.mp4", "a", 7, 8)
HOUSE = Segment(Span(0.5, 1.25), "ein Haus", (), "de", 0.9, SpeechOrigin.TRANSCRIBED, translation="a house")


def test_only_who_asks_for_translations_gets_them() -> None:
    ears = FakeTranscriber("ein rotes Haus", language="de", translation="a red house")
    sound = np.zeros(32_000, np.int16)
    for translate, translation in ((True, "a red house"), (False, None)):
        heard = transcribe(sound, lambda: ears, FakeVoiceActivity(), translate=translate).segments
        assert [one.translation for one in heard] == [translation]


def test_the_work_folder_keeps_translations(tmp_path: Path) -> None:
    artefacts = Artefacts(tmp_path)
    artefacts.save_lines("segments", (HOUSE,))
    assert artefacts.load_segments("segments") == (HOUSE,)


def test_a_translated_line_lies_between_both_texts_and_has_the_words_that_are_said() -> None:
    """So has one whose vectors are made anew from the catalog."""
    contents = VideoContents(segments=(HOUSE, replace(HOUSE, translation=None)))
    translated, plain = line_points(RECORD, FakeEncoders(), Lane.SPEECH, contents)
    english, german = FakeSentences().embed_texts(["a house", "ein Haus"])
    assert np.array_equal(plain.vector, german)
    assert np.linalg.norm(translated.vector) == pytest.approx(1.0)
    assert translated.vector @ english == pytest.approx(translated.vector @ german, abs=1e-6)
    assert translated.vector @ english > german @ english
    assert translated.sparse == plain.sparse
    assert plain.sparse == document_vector("ein Haus", AVERAGE_TERMS, "de")
