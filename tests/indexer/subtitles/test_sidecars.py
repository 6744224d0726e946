"""Which subtitle files belong to a video, and what their names say of them."""

import unicodedata
from pathlib import Path
from typing import Literal

import pytest

from indexer.subtitles.sidecars import Sidecar, SubtitleKind, find_sidecars, kind_in_words

FULL, HEARING, PARTIAL, COMMENTARY = SubtitleKind


def found(folder: Path, media: str, *names: str) -> dict[str, Sidecar]:
    for name in (media, *names):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("x")
    return {str(sidecar.path.relative_to(folder)): sidecar for sidecar in find_sidecars(folder / media)}


@pytest.mark.parametrize(
    ("name", "language", "kind"),
    [
        ("talk.srt", None, FULL),
        ("talk.mp4.srt", None, FULL),
        ("talk.mp4.en.srt", "en", FULL),
        ("talk.en.srt", "en", FULL),
        ("talk.eng.srt", "en", FULL),
        ("talk.en-US.srt", "en-US", FULL),
        ("talk.pt_BR.srt", "pt-BR", FULL),
        ("talk.English.srt", "en", FULL),
        ("TALK.EN.SRT", "en", FULL),
        ("talk.en.sdh.srt", "en", HEARING),
        ("talk.en.cc.vtt", "en", HEARING),
        ("talk.en.hi.srt", "en", HEARING),
        ("talk.hi.en.srt", "en", HEARING),
        ("talk.hi.srt", "hi", FULL),
        ("talk.English (SDH).srt", "en", HEARING),
        ("talk.en.forced.srt", "en", PARTIAL),
        ("talk.forced.en.srt", "en", PARTIAL),
        ("talk.en_forced.srt", "en", PARTIAL),
        ("talk.en.sdh.forced.srt", "en", PARTIAL),
        ("talk.Signs & Songs.ass", None, PARTIAL),
        ("talk.en.lyrics.srt", "en", PARTIAL),
        ("talk.en.commentary.srt", "en", COMMENTARY),
        ("talk.Director's cut.en.srt", "en", FULL),
        ("talk.klingon_home.srt", None, FULL),
        ("Subs/talk.en.srt", "en", FULL),
        ("subtitles/talk.srt", None, FULL),
        ("talk.ssa", None, FULL),
        ("talk_en.srt", "en", FULL),
        ("talk-pt-BR.srt", "pt-BR", FULL),
        ("Talk - English.srt", "en", FULL),
        ("talk (en).srt", "en", FULL),
        ("talk [English SDH].srt", "en", HEARING),
        ("talk_en.forced.srt", "en", PARTIAL),
        ("talk_forced.srt", None, PARTIAL),
        ("talk.sub", None, FULL),
        ("talk.idx", None, FULL),
    ],
)
def test_a_name_says_language_and_kind(tmp_path: Path, name: str, language: str | None, kind: SubtitleKind) -> None:
    sidecar = found(tmp_path, "talk.mp4", name)[name]
    assert (sidecar.language, sidecar.kind) == (language, kind)


def test_a_mark_makes_it_the_default(tmp_path: Path) -> None:
    sidecars = found(tmp_path, "talk.mp4", "talk.en.default.srt", "talk.de.srt")
    assert [sidecar.is_default for sidecar in sidecars.values()] == [False, True]


@pytest.mark.parametrize(
    "name",
    [
        "talks.srt",
        "tal.srt",
        "talk.txt",
        "talk.one.two.srt",
        "talk-2.srt",
        "talk_two.srt",
        "talk en.srt",
        "talk_en.x.srt",
        "Other/talk.srt",
    ],
)
def test_other_files_are_not_taken(tmp_path: Path, name: str) -> None:
    assert found(tmp_path, "talk.mp4", name) == {}


def test_what_is_named_after_another_file_is_that_files(tmp_path: Path) -> None:
    names = ("talk.mkv", "talk.part2.mp4", "talk.mkv.srt", "talk.part2.srt", "talk.part2.en.srt", "talk.srt")
    assert list(found(tmp_path, "talk.mp4", *names)) == ["talk.srt"]
    assert list(found(tmp_path, "talk.mkv")) == ["talk.mkv.srt", "talk.srt"]
    assert list(found(tmp_path, "talk.part2.mp4")) == ["talk.part2.srt", "talk.part2.en.srt"]


def test_what_looks_like_a_mark_may_be_the_name_of_another_file(tmp_path: Path) -> None:
    names = ("talk_de.mp4", "talk_de.srt", "talk_de.en.srt", "talk_en.srt")
    assert list(found(tmp_path, "talk.mp4", *names)) == ["talk_en.srt"]
    assert list(found(tmp_path, "talk_de.mp4")) == ["talk_de.srt", "talk_de.en.srt"]


@pytest.mark.parametrize(("media", "subtitles"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_accents_may_be_written_either_way(
    tmp_path: Path, media: Literal["NFC", "NFD"], subtitles: Literal["NFC", "NFD"]
) -> None:
    video = unicodedata.normalize(media, "café.mp4")
    names = [unicodedata.normalize(subtitles, name) for name in ("café.srt", "CAFÉ.fr.srt")]
    assert list(found(tmp_path, video, *names)) == names


def test_dots_in_the_name_are_part_of_it(tmp_path: Path) -> None:
    assert list(found(tmp_path, "a.b.c.mp4", "a.b.c.en.srt", "a.b.srt", "a.srt")) == ["a.b.c.en.srt"]


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("English [Forced]", PARTIAL),
        ("Signs/Songs", PARTIAL),
        ("Forcés", PARTIAL),
        ("Karaoke", PARTIAL),
        ("English (non-forced)", FULL),
        ("Full with signs", FULL),
        ("English SDH", HEARING),
        ("Closed Captions", HEARING),
        ("Director's Commentary", COMMENTARY),
        ("English", None),
        ("Designs and reinforced accents", None),
    ],
)
def test_a_title_says_the_kind(title: str, kind: SubtitleKind | None) -> None:
    assert kind_in_words(title) is kind
