"""`moments eval run` and `eval calibration`: how true confidences are, of one library and of several together."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from retrieval.search import SearchEngine
from retrieval.settings import RetrievalSettings
from retrieval.storage.library import Library
from tests.fakes import TWO_VIDEOS, FakeEncoders, library_of
from tests.terminal import moments


def query(qid: int, lane: str, text: str | list[str], *spans: tuple[str, float, float]) -> str:
    relevant = [{"video": video, "start_s": start_s, "end_s": end_s} for video, start_s, end_s in spans]
    return json.dumps({"qid": qid, "lane": lane, "query": text, "relevant": relevant})


QUERIES = "\n".join(
    [
        query(1, "visual", "red", ("a.mp4", 0, 4), ("a.mp4", 100, 104), ("b.mp4", 96, 100)),
        query(2, "speech", "the budget is tight", ("a.mp4", 0, 4)),
        query(3, "then", ["red", "green"], ("a.mp4", 0, 8)),
        query(4, "absent", "purple"),
    ]
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of two videos, with queries in `queries.jsonl`."""
    folder = tmp_path_factory.mktemp("library")
    with library_of(folder, TWO_VIDEOS):
        pass
    (folder / "queries.jsonl").write_text(QUERIES)
    return folder


@pytest.fixture(autouse=True)
def fake_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Evaluation searches with encoders that know colours."""

    @contextmanager
    def open_engine(settings: RetrievalSettings, _command: str) -> Iterator[SearchEngine]:
        with Library(settings, "test") as library:
            yield SearchEngine(library, FakeEncoders())

    monkeypatch.setattr("app.open_engine.open_engine", open_engine)


def arguments(folder: Path) -> tuple[str, ...]:
    return ("--data-dir", str(folder), "eval", "run", "--queries", str(folder / "queries.jsonl"))


def test_the_report_says_how_true_confidences_are(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A lane is asked about every query but that of two steps, and answers where it has anything."""
    table = moments(capsys, "--json", *arguments(folder)).row["calibration"]
    assert {lane: row["n"] for lane, row in table["by_query"].items()} == {
        "visual": 1,
        "speech": 1,
        "then": 1,
        "absent": 1,
    }
    assert table["first"]["n"] == 4
    assert sum(one["n"] for one in table["first"]["bins"]) == 4
    assert table["by_query"]["absent"]["right"] == 0
    assert table["moments"]["n"] > 8
    assert {lane: row["n"] for lane, row in table["alone"].items()} == {"visual": 3, "sound": 3, "speech": 3}
    # By looks red alone is found; the one line that is said stands where the first red is.
    assert table["alone"]["visual"]["right"] == 33.3
    assert table["alone"]["speech"]["right"] == 66.7


def test_a_person_reads_the_table_after_the_scores(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = moments(capsys, *arguments(folder)).out.splitlines()
    headings = [number for number, line in enumerate(lines) if line.split("  ")[0] in ("lane", "first answers")]
    assert len(headings) >= 2
    assert lines[headings[1]].split() == ["first", "answers", "n", "said", "%", "right", "%", "95", "%", "between"]
    rows = {line.split("  ")[0] or line.strip().split("  ")[0] for line in lines}
    assert {"confidence of", "asked for: visual", "asked for: absent", "all moments", "speech alone"} <= rows
    assert "by chance" in lines[-1]


def test_answers_of_several_runs_make_one_table(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    alone = moments(capsys, "--json", *arguments(folder), "--answers", str(one)).row["calibration"]
    moments(capsys, "--json", *arguments(folder), "--answers", str(other))
    assert [json.loads(line)["qid"] for line in one.read_text().splitlines()] == [1, 2, 3, 4]

    base = ("--data-dir", str(tmp_path / "no library"), "--json", "eval", "calibration")
    assert moments(capsys, *base, str(one)).row == alone
    pooled = moments(capsys, *base, str(one), str(other)).row
    assert pooled["first"]["n"] == 2 * alone["first"]["n"]
    assert (pooled["first"]["ece"], pooled["first"]["brier"]) == (alone["first"]["ece"], alone["first"]["brier"])
    shown = moments(capsys, "eval", "calibration", str(one), str(other)).out
    assert shown.startswith("first answers")


def test_what_overlap_is_right_can_be_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answers = tmp_path / "answers.jsonl"
    row = {"qid": 1, "lane": "visual", "moments": [{"confidence": 0.7, "iou": 0.4}], "alone": {}}
    answers.write_text(json.dumps(row))
    base = ("--json", "eval", "calibration", str(answers))
    assert moments(capsys, *base).row["first"]["right"] == 0
    assert moments(capsys, *base, "--iou", "0.3").row["first"]["right"] == 100
    refused = moments(capsys, *base, "--iou", "0")
    assert (refused.code, refused.row["error"]["message"]) == (
        2,
        "an IoU of 0 makes no answer right or wrong; it must be above 0 and up to 1",
    )


def test_a_file_of_something_else_is_refused_by_its_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answers = tmp_path / "answers.jsonl"
    answers.write_text("qid,lane\n")
    refused = moments(capsys, "--json", "eval", "calibration", str(answers))
    assert refused.code == 2
    assert refused.row["error"]["message"].startswith(f"{answers} line 1: not JSON")
