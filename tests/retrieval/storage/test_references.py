"""How users point at videos: ids, starts of ids, paths, ends of paths, globs."""

import os
import time
from pathlib import Path

import pytest

from retrieval.errors import InputError, VideoNotFoundError
from retrieval.storage.references import matching, resolve
from retrieval.video_filter import MAX_GLOB_CHARS

VIDEOS = [
    ("abc0000000000001", "/films/talk.mp4"),
    ("abc0000000000002", "/old/talk.mp4"),
    ("def0000000000003", "/films/lecture.mkv"),
    ("0000000000000004", "/films/def0"),
]


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("abc0000000000002", 1),
        ("DEF0", 2),
        ("def00", 2),
        ("/films/talk.mp4", 0),
        ("/films/../films/talk.mp4", 0),
        ("lecture.mkv", 2),
        ("old/talk.mp4", 1),
        ("films/talk.mp4", 0),
        ("films/def0", 3),
    ],
)
def test_a_reference_finds_its_video(reference: str, found: int) -> None:
    assert resolve(reference, VIDEOS) == VIDEOS[found][0]


def test_a_relative_path_is_one_from_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    here = [("1" * 16, os.fspath(tmp_path / "talk.mp4")), *VIDEOS]
    assert resolve("./talk.mp4", here) == "1" * 16


@pytest.mark.parametrize("reference", ["talk.mp4", "abc0", "ABC00000"])
def test_what_may_mean_several_videos_names_them(reference: str) -> None:
    with pytest.raises(InputError, match=r"may mean 2 videos: abc.*1 \(/films/talk.mp4\), abc.*; give an id"):
        resolve(reference, VIDEOS)


def test_of_many_candidates_a_few_are_named() -> None:
    many = [(f"{i:016x}", f"/{i}/a.mp4") for i in range(9)]
    with pytest.raises(InputError, match=r"may mean 9 videos: .* and 4 more; give an id"):
        resolve("a.mp4", many)


@pytest.mark.parametrize("reference", ["alk.mp4", "abc", "%", "", "/films", "talk"])
def test_what_means_nothing_is_said_to(reference: str) -> None:
    with pytest.raises(VideoNotFoundError, match="no video"):
        resolve(reference, VIDEOS)


@pytest.mark.parametrize(
    ("path", "glob", "matched"),
    [
        ("/films/talks/a.mp4", "/films/talks/*", True),
        ("/films/talks/a.mp4", "talks/*", True),
        ("/films/talks/a.mp4", "*.mp4", True),
        ("/films/talks/a.mp4", "/films/*", True),
        ("/films/talks/a.mp4", "alks/*", False),
        ("/films/talks/a.mp4", "a.MP4", False),
        ("/films/talks/a.mp4", "[ab].mp4", True),
        ("/films/other_c.mp4", "other?c.mp4", True),
        ("/films/a.mp4", "%", False),
        ("/films/a.mp4", "/*/a", False),
    ],
)
def test_a_glob_describes_paths(path: str, glob: str, matched: bool) -> None:
    assert matching([glob], [(path, "it")]) == (["it"] if matched else [])


def test_of_several_globs_one_is_enough_and_the_order_stays() -> None:
    named = [(path, path) for path in ("/films/talk [5].mp4", "/b.mkv", "/films/a.mp4")]
    assert matching(["*.mkv", "talk [5].mp4", "/none/*"], named) == ["/films/talk [5].mp4", "/b.mkv"]
    assert matching(["*.mkv", "*b*"], named) == ["/b.mkv"]
    assert matching(["/none/*", "*.avi"], named) == []


def test_without_a_glob_all_match() -> None:
    assert matching([], [("/a.mp4", 1), ("/b.mp4", 2)]) == [1, 2]


@pytest.mark.parametrize(
    ("glob", "found"),
    [
        ("talk [1080p].mp4", ["/films/talk [1080p].mp4"]),
        ("*k [1080p]*", ["/films/talk [1080p].mp4"]),
        ("talk [89].mp4", ["/films/talk 9.mp4"]),
        ("talk [12", ["/films/talk [12"]),
        ("talk [[]1080p].mp4", ["/films/talk [1080p].mp4"]),
        ("talk [7].mp4", []),
    ],
)
def test_brackets_stand_for_themselves_where_nothing_else_matches(glob: str, found: list[str]) -> None:
    paths = ("/films/talk [1080p].mp4", "/films/talk 9.mp4", "/films/talk [12")
    assert matching([glob], [(path, path) for path in paths]) == found


def test_accents_may_be_written_either_way() -> None:
    decomposed, composed = "/films/cafe\u0301.mp4", "/films/caf\u00e9.mp4"
    for stored in (decomposed, composed):
        for written in (decomposed, composed):
            assert resolve(Path(written).name, [("1" * 16, stored)]) == "1" * 16
            assert matching([f"*{written[-6:]}"], [(stored, 1)]) == [1]
    both = [("1" * 16, decomposed), ("2" * 16, composed)]
    assert resolve(decomposed, both) == "1" * 16
    assert resolve(composed, both) == "2" * 16


def test_a_byte_that_is_no_text_can_be_written_out() -> None:
    video = ("1" * 16, "/films/caf\udce9.mp4")
    for reference in ("caf\udce9.mp4", "caf\\xe9.mp4", "/films/caf\\xe9.mp4"):
        assert resolve(reference, [video, *VIDEOS]) == "1" * 16
    for glob in ("caf?.mp4", "*\udce9*", "caf\\xe9.mp4"):
        assert matching([glob], [(video[1], 1), ("/films/b.mp4", 2)]) == [1]


@pytest.mark.parametrize("part", ["*a", "*", "[", "[a", "*[ab]", "?*", "[!"])
def test_no_glob_takes_long(part: str) -> None:
    glob = (part * MAX_GLOB_CHARS)[: MAX_GLOB_CHARS - 1] + "]"
    paths = [(f"/{'ab' * 2000}{number}", number) for number in range(50)]
    began = time.monotonic()
    matching([glob], paths)
    assert time.monotonic() - began < 3


def test_a_glob_is_bounded() -> None:
    with pytest.raises(InputError, match="the glob has 1,001 characters; at most 1,000"):
        matching(["a" * 1001], [])
