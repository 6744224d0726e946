"""The whole way, as a user goes it: files in, moments out, on profile lite."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.cli.sample_video import make_sample
from indexer.media.ffmpeg_binary import ffmpeg_path
from retrieval.encoders.base import SPEECH_RATE_HZ
from tests.library import command, environment, moments
from tests.places import ROOT, SHARED, SHARED_MEDIA
from tests.spoken import said, silence

PLANTED = SHARED / "bench" / "planted.py"
LINES = (
    "We expect the revenue to grow by fourteen percent next year.",
    "A boat crossed the harbour before the sun came up.",
)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's sample: ten shots of 5 to 12 s, slides at 17 s and 36 s, rain from 30 s to 36 s, a voice from 49 s."""
    return make_sample(tmp_path_factory.mktemp("media") / "sample.mp4")


@pytest.fixture(scope="module")
def library(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the sample in it."""
    folder = tmp_path_factory.mktemp("library")
    indexed = moments(folder, "index", str(sample))
    assert indexed.code == 0, indexed.errors
    assert indexed.row["status"] == "indexed"
    return folder


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A data folder that is not there yet."""
    return tmp_path / "fresh"


def best(library: Path, words: str, *options: str) -> dict[str, Any]:
    answer = moments(library, "search", words, *options).row
    assert answer["moments"], answer
    moment: dict[str, Any] = answer["moments"][0]
    return moment


def overlaps(moment: dict[str, Any], start_s: float, end_s: float) -> bool:
    shared = min(moment["end_s"], end_s) - max(moment["start_s"], start_s)
    return bool(shared > 0.5 * (moment["end_s"] - moment["start_s"]))


def test_the_index_covers_the_whole_file(library: Path, sample: Path) -> None:
    video = moments(library, "show", str(sample)).row
    assert video["duration_s"] == pytest.approx(66.0, abs=0.2)
    assert len(video["shots"]) == 10
    assert video["shots"][0]["start_s"] == 0.0
    assert video["shots"][-1]["end_s"] == video["duration_s"]


def test_a_picture_is_found_by_description(library: Path) -> None:
    assert overlaps(best(library, "a cat"), 5, 11)
    assert overlaps(best(library, "a cup of coffee on a table"), 11, 17)


def test_a_slide_is_found_by_its_text_with_the_words_that_matched(library: Path) -> None:
    moment = best(library, "the slide about revenue and churn")
    assert overlaps(moment, 17, 24)
    proof = next(item for item in moment["evidence"] if item["lane"] == "screen")
    assert "Revenue" in proof["matched_words"]


def test_a_code_on_a_slide_is_found_exactly(library: Path) -> None:
    assert overlaps(best(library, "4.2.0"), 36, 43)


def test_a_line_is_found_by_its_meaning(library: Path) -> None:
    moment = best(library, "where she talks about the next release", "--lane", "speech")
    assert overlaps(moment, 36, 43)
    assert moment["evidence"][0]["origin"] == "embedded_subtitle"


def test_what_a_voice_says_is_found_by_its_meaning(library: Path) -> None:
    moment = best(library, "how you could help your nation", "--lane", "speech")
    assert overlaps(moment, 49, 61)
    assert moment["evidence"][0]["origin"] == "transcribed"
    assert "your country" in moment["evidence"][0]["text"]


def test_a_sound_is_found(library: Path) -> None:
    assert overlaps(best(library, "the sound of rain", "--lane", "sound"), 30, 36)


def test_the_same_file_again_is_unchanged_and_a_moved_one_keeps_its_id(library: Path, sample: Path) -> None:
    before = moments(library, "index", str(sample)).row
    assert before["status"] == "unchanged"
    moved = sample.with_name("moved.mp4")
    sample.rename(moved)
    try:
        after = moments(library, "index", str(moved)).row
        assert (after["status"], after["video_id"]) == ("unchanged", before["video_id"])
        assert moments(library, "videos").row["videos"][0]["path"] == str(moved)
    finally:
        moved.rename(sample)
        moments(library, "index", str(sample))


def test_broken_files_fail_with_a_line_each_and_the_others_go_on(library: Path, sample: Path, tmp_path: Path) -> None:
    own = shutil.copytree(library, tmp_path / "library")
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("this is no video\n" * 50)
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(sample.read_bytes()[:20_000])
    missing = tmp_path / "missing.mp4"
    os.mkfifo(tmp_path / "endless.mp4")
    names = ["empty.mp4", "text.mp4", "cut.mp4", "missing.mp4", "endless.mp4"]
    done = moments(own, "index", *(str(tmp_path / name) for name in names), str(sample))
    assert done.code == 1
    codes = {Path(row["path"]).name: row["error"] and row["error"]["code"] for row in done.rows}
    assert codes == {
        "empty.mp4": "empty_file",
        "text.mp4": "not_media",
        "cut.mp4": codes["cut.mp4"],
        "missing.mp4": "file_not_found",
        "endless.mp4": "endless_stream",
        "sample.mp4": None,
    }
    assert codes["cut.mp4"] in ("not_media", "undecodable")
    assert all(str(missing.parent) in row["error"]["message"] for row in done.rows if row["error"])
    status = {Path(video["path"]).name: video["status"] for video in moments(own, "videos").row["videos"]}
    # What could be read at all is listed; of the others, their jobs tell.
    assert status == {"sample.mp4": "indexed"} | dict.fromkeys(("empty.mp4", "text.mp4", "cut.mp4"), "failed")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("search", ""), 2),
        (("search", "x" * 10_000), 2),
        (("search", "?!"), 2),
        (("search", "a cat", "--lane", "smell"), 2),
        (("search", "a cat", "--limit", "0"), 2),
        (("search", "a cat", "--video", "nosuchvideo"), 1),
        (("show", "nosuchvideo"), 1),
        (("remove", "nosuchvideo"), 1),
    ],
)
def test_what_cannot_be_is_one_clear_error(library: Path, arguments: tuple[str, ...], code: int) -> None:
    run = moments(library, *arguments)
    assert run.code == code
    assert run.row["error"]["message"]
    assert "Traceback" not in run.errors


def test_an_index_of_other_encoders_names_the_command_that_helps(library: Path) -> None:
    wrong = command(library, "search", "a cat")
    wrong[wrong.index("lite")] = "standard"
    done = subprocess.run(wrong, capture_output=True, text=True, env=environment(), cwd=ROOT, check=False)
    assert done.returncode == 1
    assert "moments --profile lite search" in done.stderr


def test_removing_leaves_nothing_behind(sample: Path, fresh: Path) -> None:
    indexed = moments(fresh, "index", str(sample)).row
    assert (fresh / "thumbnails" / indexed["video_id"]).is_dir()

    assert moments(fresh, "remove", indexed["video_id"]).code == 0

    assert moments(fresh, "videos").row["videos"] == []
    assert list((fresh / "thumbnails").iterdir()) == []
    assert list((fresh / "work").iterdir()) == []
    findings = moments(fresh, "doctor").row
    assert findings["ok"], findings
    assert moments(fresh, "search", "a cat").row["abstained"]


def test_keyframes_alone_are_indexed_on_request(sample: Path, fresh: Path) -> None:
    assert moments(fresh, "index", "--fastest", str(sample)).row["status"] == "indexed"
    assert moments(fresh, "show", str(sample)).row["duration_s"] == pytest.approx(66.0, abs=0.2)


def test_a_killed_run_goes_on_and_ends_as_a_clean_one(library: Path, sample: Path, fresh: Path) -> None:
    doomed = subprocess.Popen(
        command(fresh, "index", str(sample)), stdout=subprocess.DEVNULL, env=environment(), cwd=ROOT
    )
    deadline = time.monotonic() + 120
    while not list(fresh.glob("work/*/decoded/decoded.json")):
        assert time.monotonic() < deadline
        assert doomed.poll() is None
        time.sleep(0.05)
    doomed.send_signal(signal.SIGKILL)
    doomed.wait()
    assert moments(fresh, "search", "a cat").row["abstained"]

    again = moments(fresh, "index", str(sample)).row

    assert again["status"] == "indexed"
    clean, resumed = (moments(folder, "show", str(sample)).row for folder in (library, fresh))
    for video in (clean, resumed):
        for changing in ("created_at", "indexed_at", "index_seconds"):
            del video[changing]
    assert resumed == clean


def test_two_processes_share_a_data_folder(library: Path, sample: Path, tmp_path: Path) -> None:
    """While one process indexes, others search, and a second indexing run is told who is at work."""
    shutil.copytree(library, tmp_path / "library")
    other = tmp_path / "other.mp4"
    other.write_bytes(sample.read_bytes() + b"\0" * 16)
    first = subprocess.Popen(
        command(tmp_path / "library", "index", str(other)),
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
        cwd=ROOT,
    )
    deadline = time.monotonic() + 120
    while not list((tmp_path / "library").glob("work/*/decoded")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    second = moments(tmp_path / "library", "index", str(sample))
    found = moments(tmp_path / "library", "search", "a cat")
    out, _ = first.communicate(timeout=300)

    assert found.code == 0
    assert overlaps(found.row["moments"][0], 5, 11)
    assert second.code == 1
    assert "moments index" in second.errors
    assert json.loads(out)["status"] == "indexed"
    assert len(moments(tmp_path / "library", "videos").row["videos"]) == 2


def planted_by_ours(folder: Path, library: Path, fresh: Path) -> None:
    """A talk of two lines in a voice, beside the sample, and what is asked about both."""
    (folder / "videos").mkdir(parents=True)
    shutil.copytree(library, fresh)
    talk = np.concatenate([silence(2), said(LINES[0]), silence(2), said(LINES[1]), silence(2)])
    ends_s = (2 + len(said(LINES[0])) / SPEECH_RATE_HZ, len(talk) / SPEECH_RATE_HZ - 2)
    with wave.open(str(folder / "videos" / "talk.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SPEECH_RATE_HZ)
        file.writeframes(talk.tobytes())
    asked = (
        ("visual", "a cat", "sample.mp4", 5.0, 11.0),
        ("visual", "a cup of coffee on a table", "sample.mp4", 11.0, 17.0),
        ("visual", "an astronaut in a space suit", "sample.mp4", 24.0, 30.0),
        ("visual", "a motorcycle in a garage", "sample.mp4", 43.0, 49.0),
        ("screen", "Churn down to 2.1 percent", "sample.mp4", 17.0, 24.0),
        ("screen", "Tag version 4.2.0", "sample.mp4", 36.0, 43.0),
        ("sound", "the sound of rain", "sample.mp4", 30.0, 36.0),
        ("speech", LINES[0], "talk.wav", 2.0, ends_s[0]),
        ("speech", LINES[1], "talk.wav", ends_s[0] + 2, ends_s[1]),
    )
    rows = [
        {
            "qid": number,
            "lane": lane,
            "query": words,
            "relevant": [{"video": video, "start_s": start_s, "end_s": end_s}],
        }
        for number, (lane, words, video, start_s, end_s) in enumerate(asked)
    ]
    (folder / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def planted_by_others(folder: Path, _library: Path, _fresh: Path) -> None:
    """Two videos of eight shots, made of photographs, recorded sounds and JFK's sentence."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "ffmpeg").symlink_to(ffmpeg_path())
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    options = ["--videos", "2", "--shots", "8", "--seed", "3"]
    assets = ["--assets", str(PLANTED.parent / "assets"), "--out", str(folder)]
    maker = [sys.executable, str(PLANTED), *options, *assets]
    subprocess.run(maker, check=True, capture_output=True, env={**os.environ, "PATH": path})
    shutil.copy2(SHARED_MEDIA / "jfk.flac", folder / "videos" / "jfk.flac")


@pytest.mark.parametrize("planted", [planted_by_ours, *([planted_by_others] if PLANTED.is_file() else [])])
def test_planted_moments_are_found(
    planted: Callable[[Path, Path, Path], None], library: Path, fresh: Path, tmp_path: Path
) -> None:
    """Every slide first, what is seen far above chance, and what is said."""
    corpus = tmp_path / "corpus"
    planted(corpus, library, fresh)
    indexed = moments(fresh, "index", str(corpus / "videos"))
    assert indexed.code == 0, indexed.errors
    scores = moments(fresh, "eval", "run", "--queries", str(corpus / "queries.jsonl")).row

    assert scores["screen"]["r1@0.5"] == 100.0
    chance = 100.0 / 17
    assert scores["visual"]["r1@0.5"] > 4 * chance
    spoken = moments(fresh, "search", "ask not what your country can do for you").row["moments"]
    assert any(item["lane"] == "speech" for item in spoken[0]["evidence"])
