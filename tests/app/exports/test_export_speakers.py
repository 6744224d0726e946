"""Who speaks in exported moments: in tables, and in subtitles on the clock of the clip."""

import csv
import io
import json
from collections.abc import Iterator

import pytest

from app.exports.chosen import Chosen, ChosenStretch, look_up
from app.exports.subtitles import cues
from app.exports.tables import csv_text, json_text
from retrieval.domain import Span
from retrieval.storage.library import Library
from retrieval.subtitle_text import vtt
from tests.fakes import FakeShot, id_of, library_of

TALK = id_of("talk.mp4")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Three utterances of 4 s: the first is Anna's, the second that of a voice without a name, the third nobody's."""
    said = [FakeShot(says="hello", speaker=1), FakeShot(says="good day", speaker=2), FakeShot(says="and so on")]
    with library_of(tmp_path_factory.mktemp("library"), {"talk.mp4": said}) as opened:
        opened.catalog.voices.rename(TALK, [1], "=Anna")
        yield opened


@pytest.fixture
def moments(library: Library) -> list[Chosen]:
    """One moment of all that is said, and one of the end."""
    return look_up(library, [ChosenStretch(TALK, Span(start_s, 12.0)) for start_s in (0.0, 8.0)])


def test_a_table_names_those_who_speak_in_each_moment(moments: list[Chosen]) -> None:
    rows = list(csv.DictReader(io.StringIO(csv_text(moments).removeprefix("\ufeff"))))
    assert [row["speakers"] for row in rows] == ["'=Anna, Speaker 2", ""]


def test_json_says_of_each_line_whose_it_is(moments: list[Chosen]) -> None:
    first, second = json.loads(json_text("talk", moments))["moments"]
    assert [line["speaker"] for line in first["speech"]] == ["=Anna", "Speaker 2", None]
    assert [line["speaker"] for line in second["speech"]] == [None]


def test_subtitles_keep_who_speaks_on_another_clock(library: Library) -> None:
    written = vtt(cues(look_up(library, [ChosenStretch(TALK, Span(4.0, 12.0))]), [0.0]))
    assert "00:00:00.000 --> 00:00:04.000\n<v Speaker 2>good day</v>\n" in written
    assert written.endswith("and so on\n")
