"""What a person reads of a moment on the terminal."""

from dataclasses import replace

import pytest

from app.cli.print_moments import evidence_text, print_moment
from app.cli.terminal import make_console
from retrieval.domain import Evidence, EvidenceKind, Lane, Span
from retrieval.lanes.lane_table import LANES
from tests.app.contract.test_answers import MOMENT


@pytest.mark.parametrize(
    ("lane", "line"),
    [
        (Lane.VISUAL, "looks     a red car"),
        (Lane.SOUND, "sounds    a red car"),
        (Lane.SPEECH, "says      a red car"),
        (Lane.SCREEN, "on screen a red car"),
    ],
)
def test_a_proof_begins_with_what_its_lane_says_of_a_moment(lane: Lane, line: str) -> None:
    item = Evidence(lane, LANES[lane].evidence, Span(0.0, 2.0), 0.9, text="a red car")
    assert evidence_text(item).plain == line


def test_a_caveat_stands_after_the_line_and_what_has_no_name_is_the_best_there_is() -> None:
    said = Evidence(Lane.SPEECH, EvidenceKind.TRANSCRIPT, Span(0, 1), 0.1, "a dog barks", caveat="the words are said")
    assert evidence_text(said).plain == "says      a dog barks  (the words are said)"
    frame = Evidence(Lane.VISUAL, EvidenceKind.FRAME, Span(0, 4), 0.5, frame_s=2.0)
    assert evidence_text(frame).plain == "looks     best frame at 0:02.0"
    sound = Evidence(Lane.SOUND, EvidenceKind.SOUND, Span(61, 62), 0.5)
    assert evidence_text(sound).plain == "sounds    best sound at 1:01.0"


def test_a_line_of_speech_says_in_which_language_it_is() -> None:
    item = Evidence(Lane.SPEECH, LANES[Lane.SPEECH].evidence, Span(0.0, 2.0), 0.9, text="ein Haus", language="de")
    assert evidence_text(item).plain == "says (de) ein Haus"


def test_a_translation_stands_after_the_line() -> None:
    house = Evidence(Lane.SPEECH, LANES[Lane.SPEECH].evidence, Span(0.0, 2.0), 0.9, "ein Haus", translation="a house")
    assert evidence_text(house).plain == "says      ein Haus  “a house” in English"


@pytest.mark.parametrize(
    ("confidence", "shown"),
    [(0.8, "80% very likely"), (0.7999, "79% likely"), (0.5951, "59% perhaps"), (0.1999, "19% unlikely")],
)
def test_the_percent_agree_with_the_words_beside_them(
    confidence: float, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_moment(make_console(), replace(MOMENT, confidence=confidence))
    assert capsys.readouterr().out.splitlines()[0].endswith(f" {shown}")
