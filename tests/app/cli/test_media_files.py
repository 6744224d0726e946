"""What a folder scan takes, what it passes over, and what it says of that."""

import os
import re
from pathlib import Path
from typing import Any

import pytest

from app.cli.media_files import media_files
from indexer.intake.media_names import DOUBTFUL_SUFFIXES, SURE_SUFFIXES, is_media
from indexer.media.probe import probe
from retrieval.demuxers import DEMUXERS
from tests.media import colour, tone, write
from tests.places import ROOT
from tests.terminal import moments

NO_MEDIA = {"apl", "avif", "heic", "heif", "mks"}
"""Lists, still pictures and subtitles, whose endings libav names with the demuxers that Moments allows."""

MPEG2: dict[str, Any] = {"vcodec": "mpeg2video", "acodec": "mp2"}
MADE: dict[str, dict[str, Any]] = {
    "camera.mod": {"f": "vob", **MPEG2},
    "renamed.mod": {"f": "mp4", "acodec": "aac"},
    "jvc.tod": {"f": "mpegts", **MPEG2},
    "stream.ts": {"f": "mpegts", **MPEG2},
    "STREAM.MTS": {"f": "mpegts", "mpegts_m2ts_mode": 1, **MPEG2},
    "disc.dat": {"f": "mpeg", "vcodec": "mpeg1video", "acodec": "mp2"},
    "picture.m2v": {"f": "mpeg2video", "vcodec": "mpeg2video", "an": None},
    "film.divx": {"f": "avi", "vcodec": "mpeg4", "acodec": "mp3"},
    "film.f4v": {"f": "f4v", "acodec": "aac"},
    "phone.3g2": {"f": "3g2", "vcodec": "mpeg4", "acodec": "aac"},
    "raw.h264": {"f": "h264", "an": None},
    "raw.avc": {"f": "h264", "an": None},
    "book.m4b": {"f": "ipod", "vn": None, "acodec": "aac"},
    "film.asf": {"f": "asf", "vcodec": "mpeg4", "acodec": "mp2"},
    "real.rm": {"f": "rm", "vcodec": "rv10", "acodec": "ac3"},
    "apple.caf": {"f": "caf", "vn": None, "acodec": "pcm_s16be"},
    "tv.wtv": {"f": "wtv", **MPEG2},
    "old.au": {"f": "au", "vn": None},
    "old.voc": {"f": "voc", "vn": None},
    "layer.mpa": {"f": "mp2", "vn": None},
    "tape.dv": {
        "f": "dv",
        "vcodec": "dvvideo",
        "pix_fmt": "yuv411p",
        "s": "720x480",
        "r": "30000/1001",
        "ar": 48000,
        "ac": 2,
    },
}
NOT_MADE = {
    "module.ts": b"let free: number = 1;\nexport const name = 'x';\n" * 90,
    "module.mts": b"GGGG",
    "empty.ts": b"",
    "Module.mod": b"MODULE Foo;\nBEGIN\nEND Foo.\n",
    "music.mod": b"a song".ljust(1080, b"\0") + b"M.K." + bytes(2000),
    "plan.mpp": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(900),
    "page.ps": b"%!PS-Adobe-3.0\n",
    "data.dat": b"1;2;3\n" * 900,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of red with a tone in every container of ``MADE``, and what only looks like media by its name."""
    made = tmp_path_factory.mktemp("scan")
    for name, options in MADE.items():
        sources = [colour("red", 1, fps=25, size="352x288"), tone(1, rate_hz=44_100)]
        write(
            made / name, *(sources[:1] if "an" in options else sources[1:] if "vn" in options else sources), **options
        )
    for name, content in NOT_MADE.items():
        (made / name).write_bytes(content)
    return made


def test_every_ending_that_libav_gives_to_an_allowed_demuxer_is_taken() -> None:
    import av

    known = {ending for name in DEMUXERS.split(",") for ending in av.ContainerFormat(name, "r").extensions}
    assert {f".{ending}" for ending in known - NO_MEDIA} <= SURE_SUFFIXES | DOUBTFUL_SUFFIXES
    assert not SURE_SUFFIXES & DOUBTFUL_SUFFIXES


@pytest.mark.parametrize("name", MADE)
def test_what_the_demuxers_open_is_taken(folder: Path, name: str) -> None:
    info = probe(folder / name)
    assert info.video or info.audio
    assert is_media(folder / name)


def test_a_scan_takes_media_and_tells_what_it_passed_over(folder: Path) -> None:
    found = media_files((str(folder),))
    assert {file.name for file in found.files} == set(MADE)
    assert found.files == sorted(found.files)
    assert found.passed_over == {".ts": 2, ".mod": 2, ".mts": 1, ".mpp": 1, ".ps": 1, ".dat": 1}
    told = found.told() or ""
    assert told.startswith("passed over 8 files: 2 ")
    assert told.endswith("; name one to index it all the same")


def test_what_belongs_to_media_or_the_system_is_not_told(tmp_path: Path) -> None:
    for name in ("a.srt", "a.en.vtt", "a.ass", "Thumbs.db", "desktop.ini", ".DS_Store", "a.nfo"):
        (tmp_path / name).touch()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "a.jpg").touch()
    assert media_files((str(tmp_path),)).told() is None


def test_many_kinds_are_told_briefly(tmp_path: Path) -> None:
    for number in range(9):
        for copy in range(9 - number):
            (tmp_path / f"{copy}.x{number}").touch()
    (tmp_path / "x. A whole sentence").touch()
    assert media_files((str(tmp_path),)).told() == (
        "passed over 46 files: 9 .x0, 8 .x1, 7 .x2, 6 .x3, 5 .x4, 4 .x5, 7 others; name one to index it all the same"
    )


def test_linked_folders_are_told_and_unreadable_ones_kept(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "link").symlink_to(tmp_path)
    found = media_files((str(tmp_path / "real"),))
    assert found.told() == "passed over 1 linked folder; name one to index it all the same"


def test_a_name_with_brackets_is_that_file_or_a_glob(tmp_path: Path) -> None:
    for name in ("talk [1080p].mp4", "b.mp4", "c.mp4"):
        (tmp_path / name).touch()
    (tmp_path / "season [2]").mkdir()
    (tmp_path / "season [2]" / "d.mp4").touch()

    def names(argument: str) -> list[str]:
        return [file.name for file in media_files((f"{tmp_path}/{argument}",)).files]

    assert names("talk [1080p].mp4") == ["talk [1080p].mp4"]
    assert names("talk [1080p].*") == ["talk [1080p].mp4"]
    assert names("[bc].mp4") == ["b.mp4", "c.mp4"]
    assert names("season [2]/*.mp4") == ["d.mp4"]
    assert names("season*") == ["d.mp4"]
    assert names("[x].mp4") == ["[x].mp4"]


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_the_command_says_it_on_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: tuple[str, ...]
) -> None:
    (tmp_path / "a.jpg").touch()
    run = moments(capsys, "--data-dir", str(tmp_path / "data"), *form, "index", str(tmp_path))
    assert run.code == 2
    assert "no media file in" in run.errors
    assert "passed over 1 file: 1 .jpg; name one to index it all the same" in run.errors


def test_an_unreadable_doubtful_file_is_taken_so_that_it_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.ts").symlink_to(tmp_path / "gone")
    assert is_media(tmp_path / "a.ts")
    assert not is_media(tmp_path / "a.txt")


def test_the_page_offers_the_same_endings() -> None:
    script = (ROOT / "app/web/js/library/media-files.js").read_text(encoding="utf-8")
    lists = re.findall(r"endings\(`\n(.*?)`\)", script, re.DOTALL)
    assert [{f".{ending}" for ending in words.split()} for words in lists] == [SURE_SUFFIXES, DOUBTFUL_SUFFIXES]


def test_a_pipe_with_a_doubtful_ending_is_not_waited_for(tmp_path: Path) -> None:
    """As it may take a file's place after the folder was listed; it is named when its turn comes."""
    os.mkfifo(tmp_path / "a.ts")
    assert is_media(tmp_path / "a.ts")
