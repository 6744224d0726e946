"""What `moments videos`, `show` and `doctor` say of videos that could not be indexed."""

from pathlib import Path

import pytest

from retrieval.advice import ADVICE
from retrieval.domain import Profile
from retrieval.settings import RetrievalSettings
from retrieval.storage.library import Library
from retrieval.storage.records import Failure, VideoContents, VideoFile, VideoRecord
from tests.fakes import size_and_time
from tests.terminal import moments

JUNK, TALK, WELL = "a" * 16, "b" * 16, "c" * 16


@pytest.fixture
def data(tmp_path: Path) -> str:
    """A library of a file that failed, an indexed one whose next indexing failed, and one that is well."""
    folder = tmp_path / "data"
    with Library(RetrievalSettings(data_dir=folder, profile=Profile.LITE), "test") as library:
        for video_id, name in ((JUNK, "junk.mp4"), (TALK, "talk.mp4"), (WELL, "well.mp4")):
            path = tmp_path / name
            path.write_text(name)
            file = VideoFile(str(path), *size_and_time(path))
            record = VideoRecord(video_id, video_id * 2, str(path), path.stem, *size_and_time(path), files=(file,))
            if video_id != JUNK:
                library.catalog.publish(record, VideoContents())
            if video_id != WELL:
                code = "not_media" if video_id == JUNK else "decoder_hung"
                library.catalog.note_failure(str(path), Failure(code, f"{name} is\nno use\x1b[2J"), record)
    return str(folder)


def test_the_list_tells_how_far_each_video_is(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    call = moments(capsys, "--data-dir", data, "videos")
    rows = [line.split() for line in call.out.splitlines()[1:]]
    assert {row[0]: row[1] for row in rows} == {JUNK: "failed", TALK: "indexed", WELL: "indexed"}
    assert next(row for row in rows if row[0] == TALK)[2] == "!"
    assert "2 of them failed; for the reasons:  moments videos --failed" in call.errors


def test_those_that_failed_are_listed_with_reason_and_advice(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    call = moments(capsys, "--data-dir", data, "videos", "--failed")
    assert WELL not in call.out
    for words in (
        "(not_media): junk.mp4 is\\nno use\\x1b[2J",
        "indexing it again failed on 20",
        "(decoder_hung): talk.mp4 is",
        ADVICE["not_media"],
        ADVICE["decoder_hung"],
    ):
        assert words in call.out
    only = moments(capsys, "--data-dir", data, "videos", "--failed", "--path", "*junk*")
    assert TALK not in only.out
    none = moments(capsys, "--data-dir", data, "videos", "--failed", "--path", "*well*")
    assert none.out == "No video failed of those that match path like '*well*'\n"


def test_json_has_code_message_advice_and_time(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    listed = {
        video["video_id"]: video for video in moments(capsys, "--data-dir", data, "--json", "videos").row["videos"]
    }
    assert listed[WELL]["failure"] is None
    failure = listed[JUNK]["failure"]
    assert failure.pop("failed_at").startswith("20")
    assert failure == {
        "code": "not_media",
        "message": "junk.mp4 is\nno use\x1b[2J",
        "advice": ADVICE["not_media"],
    }
    assert (listed[JUNK]["status"], listed[TALK]["status"]) == ("failed", "indexed")


def test_show_says_why(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = moments(capsys, "--data-dir", data, "show", "junk.mp4").out
    assert "failed on 20" in told
    assert ADVICE["not_media"] in told


def test_doctor_counts_them_apart_from_what_is_half_way(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    call = moments(capsys, "--data-dir", data, "--profile", "lite", "--json", "doctor")
    found = {finding["name"]: finding for finding in call.row["findings"]}
    assert call.code == 1
    assert not found["failed"]["ok"]
    assert found["failed"]["detail"].startswith("2 videos could not be indexed, or not again, such as ")
    assert "moments videos --failed" in found["failed"]["advice"]
    assert found["complete"]["ok"]


def test_one_that_failed_is_removed_like_any_other(
    data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert moments(capsys, "--data-dir", data, "remove", "junk.mp4").code == 0
    assert JUNK not in moments(capsys, "--data-dir", data, "videos").out
    assert (tmp_path / "junk.mp4").exists()
