"""`moments speakers`, and who speaks in what other commands print."""

from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from app.cli.main import cli
from app.cli.print_moments import evidence_text
from app.cli.server_client import Server
from retrieval.domain import Evidence, EvidenceKind, Lane, Span, Speaker
from retrieval.settings import RetrievalSettings
from retrieval.storage.library import Library
from tests.catalogs import spoken, video
from tests.terminal import Call, moments
from tests.voices import voice

ONE, TWO = (video(number).id for number in (1, 2))


@pytest.fixture
def data(tmp_path: Path) -> str:
    """Film 1, in which three voices speak, and film 2, whose voice 1 is like film 1's first."""
    folder = tmp_path / "data"
    with Library(RetrievalSettings(data_dir=folder), "test") as library:
        library.catalog.publish(
            video(1), spoken(voice(1, 0), voice(2, 1, speech_s=10.0, certainty=0.3), voice(3, 2, speech_s=2.5))
        )
        library.catalog.publish(video(2), spoken(voice(1, 0, cosine=0.8)))
    return str(folder)


@pytest.fixture
def call(data: str, capsys: pytest.CaptureFixture[str]) -> "Caller":
    return Caller(data, capsys)


class Caller:
    """`moments` on the library, as on a terminal or for a program."""

    def __init__(self, data: str, capsys: pytest.CaptureFixture[str]) -> None:
        self._data, self._capsys = data, capsys

    def __call__(self, *arguments: str) -> Call:
        return moments(self._capsys, "--data-dir", self._data, *arguments)

    def json(self, *arguments: str) -> Call:
        return self("--json", *arguments)


def rows(call: Call) -> list[list[str]]:
    return [line.split("  ") for line in call.out.splitlines()[1:]]


def cells(call: Call) -> list[list[str]]:
    return [[cell.strip() for cell in row if cell.strip()] for row in rows(call)]


def test_it_lists_who_speaks_how_long_how_surely_and_who_it_may_be(call: Caller) -> None:
    assert call("speakers", "rename", "1.mp4", "2", "Ben").code == 0
    assert call("speakers", "rename", "1.mp4", "Speaker 1", "Anna").code == 0
    listed = cells(call("speakers"))
    assert listed == [
        [TWO, "Speaker 1", "1", "0:30.0", "very likely", "Anna? (as in Film 1)", "Film 2"],
        [ONE, "Anna", "1", "0:30.0", "very likely", "Film 1"],
        [ONE, "Ben", "2", "0:10.0", "doubtful", "Film 1"],
        [ONE, "Speaker 3", "3", "0:02.5", "very likely", "Film 1"],
    ]
    assert cells(call("speakers", "2.mp4")) == listed[:1]
    assert cells(call("speakers", "--name", "ANNA")) == listed[1:2]


def test_voices_of_one_name_are_one_person(call: Caller) -> None:
    call("speakers", "rename", "1.mp4", "1", "Anna")
    call("speakers", "rename", "1.mp4", "2", "ANNA")
    listed = cells(call("speakers", "1.mp4"))
    assert listed[0] == [ONE, "Anna", "1, 2", "0:40.0", "likely", "Film 1"]
    assert [one["label"] for one in call.json("speakers", "1.mp4").row["speakers"]] == ["Anna", "ANNA", "Speaker 3"]
    both = call.json("speakers", "rename", "1.mp4", "anna", "Cy").row["speakers"]
    assert [(one["number"], one["name"]) for one in both] == [(1, "Cy"), (2, "Cy")]


def test_a_name_is_taken_away(call: Caller) -> None:
    call("speakers", "rename", "1.mp4", "1", "Anna")
    [cleared] = call.json("speakers", "rename", "1.mp4", "Anna", "--clear").row["speakers"]
    assert (cleared["number"], cleared["name"]) == (1, None)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("rename", "1.mp4", "1"), 2, "give a NAME, or --clear"),
        (("rename", "1.mp4", "1", "Anna", "--clear"), 2, "give a NAME, or --clear"),
        (("rename", "1.mp4", "1", "Speaker 7"), 2, "what a voice without a name is called"),
        (("rename", "1.mp4", "9", "Anna"), 1, "no speaker '9'; its speakers are: Speaker 1, Speaker 2, Speaker 3"),
        (("rename", "1.mp4", "Anna", "Ben"), 1, "no speaker 'Anna'"),
        (("rename", "no.mp4", "1", "Anna"), 1, "no video"),
        (("confirm", "1.mp4", "1"), 1, "no name is proposed for 1 of Film 1"),
        (("forget",), 2, "give a VIDEO, or --all"),
        (("forget", "1.mp4", "--all"), 2, "give a VIDEO, or --all"),
        (("no.mp4",), 1, "no.mp4"),
    ],
)
def test_what_cannot_be_says_why(call: Caller, arguments: tuple[str, ...], code: int, words: str) -> None:
    done = call("speakers", *arguments)
    assert done.code == code
    assert words in done.errors


def test_a_proposal_is_confirmed_or_refused(call: Caller) -> None:
    call("speakers", "rename", "1.mp4", "1", "Anna")
    [refused] = call.json("speakers", "refuse", "2.mp4", "1").row["speakers"]
    assert (refused["name"], refused["proposal"]) == (None, None)
    assert call("speakers", "confirm", "2.mp4", "1").code == 1
    call("speakers", "rename", "1.mp4", "1", "Anne")
    [confirmed] = call.json("speakers", "confirm", "2.mp4", "1").row["speakers"]
    assert confirmed["name"] == "Anne"


def test_forgetting_asks_first(data: str, call: Caller) -> None:
    asked = CliRunner().invoke(cli, ["--data-dir", data, "speakers", "forget", "1.mp4"], input="n\n")
    assert "Delete the voices of /films/1.mp4, and their names?" in asked.output
    assert len(cells(call("speakers"))) == 4
    assert call.json("speakers", "forget", "1.mp4", "--yes").row == {"video_id": ONE, "forgotten": 3}
    assert call("speakers", "forget", "--all", "--yes").out == "forgot 1 voice\n"
    assert call("speakers").out.startswith("No voices are known yet.")
    assert call("speakers", "1.mp4").out.startswith("No voices are known of that video")


def test_a_server_that_keeps_the_vectors_forgets_the_voices_in_them(
    call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answer(method: str, address: str, **_: object) -> httpx.Response:
        asked.append(f"{method} {address}")
        return httpx.Response(204)

    monkeypatch.setattr(httpx, "request", answer)
    monkeypatch.setattr("app.cli.commands.speakers.server_of", lambda _: Server("http://127.0.0.1:1"))
    assert call("speakers", "forget", "1.mp4", "--yes").out == "forgot 3 voices\n"
    assert call("speakers", "forget", "--all", "--yes").out == "forgot 1 voice\n"
    assert asked == [
        f"DELETE http://127.0.0.1:1/v1/videos/{ONE}/speakers",
        "DELETE http://127.0.0.1:1/v1/speakers",
    ]


def test_show_says_who_says_what(call: Caller) -> None:
    call("speakers", "rename", "1.mp4", "1", "An[red]na")
    shown = call("show", "1.mp4").out
    assert "An[red]na: line 0" in shown
    assert "Speaker 2: line 1" in shown
    told = call.json("show", "1.mp4").row["segments"]
    assert told[0]["speaker"] == {"number": 1, "name": "An[red]na", "label": "An[red]na"}


def test_a_proof_of_speech_says_whose_it_is() -> None:
    for speaker, line in ((Speaker(2, "Anna"), "Anna: a red car"), (Speaker(2), "Speaker 2: a red car")):
        item = Evidence(
            Lane.SPEECH, EvidenceKind.TRANSCRIPT, Span(0.0, 2.0), 0.9, "a red car", ("Anna",), speaker=speaker
        )
        assert evidence_text(item).plain == f"says      {line}"
