"""Subtitles become segments with words, on the video's clock: the best whole ones, and partial ones beside them."""

from itertools import pairwise
from pathlib import Path

import ffmpeg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.media.probe import probe
from indexer.subtitles.reading import MOST_BYTES, Subtitles, has_words, read_subtitles, spread_words
from indexer.subtitles.sidecars import SubtitleKind
from retrieval.domain import Span, SpeechOrigin
from tests import media

SRT = """1
00:00:00,500 --> 00:00:01,500
<i>Hello</i> there,
General

2
00:00:02,000 --> 00:00:03,250
Bye &amp; thanks
"""


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Four seconds of a resting picture."""
    return media.video(tmp_path / "talk.mp4", media.colour("gray", 4))


def with_track(clip: Path, codec: str, name: str, **marks: str) -> Path:
    srt = clip.with_name("track.txt.srt")
    srt.write_text(SRT)
    inputs = (ffmpeg.input(str(clip)), ffmpeg.input(str(srt)))
    return media.write(clip.with_name(name), *inputs, vcodec="copy", scodec=codec, **marks)


def test_a_sidecar_is_read_with_its_language(clip: Path) -> None:
    clip.with_name("talk.en.srt").write_text(SRT)
    first, second = read_subtitles(probe(clip)).said
    assert (first.text, first.span) == ("Hello there, General", Span(0.5, 1.5))
    assert (second.text, second.span) == ("Bye & thanks", Span(2.0, 3.25))
    assert (first.language, first.origin, first.confidence) == ("en", SpeechOrigin.SIDECAR_SUBTITLE, 1.0)
    assert [word.text for word in first.words] == ["Hello", "there,", "General"]


@pytest.mark.parametrize(
    ("codec", "name"), [("mov_text", "a.mp4"), ("srt", "b.mkv"), ("webvtt", "c.mkv"), ("ass", "d.mkv")]
)
def test_embedded_text_tracks_are_read(clip: Path, codec: str, name: str) -> None:
    marks = {"metadata:s:s:0": "language=eng"}
    first, second = read_subtitles(probe(with_track(clip, codec, name, **marks))).said
    assert (first.text, second.text) == ("Hello there, General", "Bye & thanks")
    assert first.span.start_s == pytest.approx(0.5, abs=0.01)
    assert first.span.end_s == pytest.approx(1.5, abs=0.01)
    assert (first.language, first.origin) == ("en", SpeechOrigin.EMBEDDED_SUBTITLE)


def test_embedded_times_count_from_the_start_of_the_container(clip: Path) -> None:
    """The container starts at 5 s; the subtitle at half a second of it stays there."""
    path = with_track(clip, "srt", "late.mkv", output_ts_offset="5")
    info = probe(path)
    assert info.start_time_s > 4
    assert read_subtitles(info).said[0].span.start_s == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(
    ("times", "start_s", "told"),
    [
        ("10:00:01,500 --> 10:00:02,500", 1.5, "count from 10:00:00"),
        ("01:00:00,000 --> 01:00:02,500", 0.0, "count from 1:00:00"),
        ("14:35:14,000 --> 14:35:15,000", 2.0, "count from 14:35:12"),
        ("00:00:07,000 --> 00:00:08,000", 7.0, None),
        ("01:20:00,000 --> 01:20:02,500", 4800.0, None),
    ],
)
def test_times_of_a_sequence_count_from_its_timecode(
    tmp_path: Path, times: str, start_s: float, told: str | None
) -> None:
    """Four seconds whose timecode starts at 14:35:12; what lies past their end on any count stays there."""
    clip = media.video(tmp_path / "cut.mov", media.colour("gray", 4), timecode="14:35:12:00")
    clip.with_suffix(".srt").write_text(f"1\n{times}\nwords\n")
    found = read_subtitles(probe(clip))
    assert found.said[0].span.start_s == pytest.approx(start_s)
    assert [told in warning for warning in found.warnings if told] == ([True] if told else [])
    assert bool(found.warnings) == bool(told)


def test_a_sidecar_wins_over_an_embedded_track(clip: Path) -> None:
    path = with_track(clip, "srt", "both.mkv")
    path.with_suffix(".vtt").write_text("WEBVTT\n\n00:01.000 --> 00:02.000\nbeside\n")
    assert [segment.text for segment in read_subtitles(probe(path)).said] == ["beside"]


def test_a_sidecar_without_cues_leaves_the_embedded_track(clip: Path) -> None:
    path = with_track(clip, "srt", "both.mkv")
    path.with_suffix(".srt").write_bytes(bytes(range(256)))
    assert len(read_subtitles(probe(path)).said) == 2


def test_no_subtitles_no_segments(clip: Path) -> None:
    assert read_subtitles(probe(clip)).said == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_are_recognised(clip: Path, encoding: str) -> None:
    clip.with_suffix(".srt").write_bytes("1\n00:00:01,000 --> 00:00:02,000\nGrüße, José\n".encode(encoding))
    assert [segment.text for segment in read_subtitles(probe(clip)).said] == ["Grüße, José"]


def test_malformed_cues_are_skipped_and_the_rest_is_read(clip: Path) -> None:
    clip.with_suffix(".srt").write_text(
        "1\n00:00:01,000 --> never\nlost\n\n"
        "2\n00:00:03,000 --> 00:00:02,000\nbackwards\n\n"
        "3\n00:00:01,000 --> 00:00:02,000\n\n"
        "4\n00:00:01,000 --> 00:00:02,000\nkept\n5\n00:00:02,000 --> 09:00:00,000\nwatermark\n"
        "6\n0:00:02.5-->0:00:03.5\nloose\n"
    )
    assert [segment.text for segment in read_subtitles(probe(clip)).said] == ["kept", "loose"]


def test_scrolling_captions_say_every_line_once(clip: Path) -> None:
    """Automatic captions repeat the line before above the new one."""
    clip.with_suffix(".vtt").write_text(
        "WEBVTT\n\n00:00.000 --> 00:01.000\none two\n\n00:01.000 --> 00:01.010\none two\n\n"
        "00:01.010 --> 00:02.000\none two\nthree four\n\n00:02.000 --> 00:03.000\nthree four\nfive\n\n"
        "00:03.500 --> 00:03.900\nfive\n"
    )
    assert [segment.text for segment in read_subtitles(probe(clip)).said] == [
        "one two",
        "three four",
        "five",
        "five",
    ]


def cue(text: str, start_s: int = 1, end_s: int = 2) -> str:
    return f"1\n00:00:{start_s:02d},000 --> 00:00:{end_s:02d},000\n{text}\n\n"


def with_tracks(clip: Path, *tracks: tuple[str | bytes, str, str], sound: str | None = None) -> Path:
    """An MKV with SRT tracks of ``(text, marks, title)``, as ``("…", "default+forced", "English")``."""
    inputs, options = [ffmpeg.input(str(clip)).video], {}
    if sound:
        inputs.append(media.tone(4))
        options["metadata:s:a:0"] = f"language={sound}"
    for number, (text, marks, title) in enumerate(tracks):
        srt = clip.with_name(f"track{number}.txt")
        srt.write_bytes(text.encode() if isinstance(text, str) else text)
        inputs.append(ffmpeg.input(str(srt), f="srt"))
        language, _, name = title.partition(" ")
        options[f"disposition:s:{number}"] = marks or "0"
        options[f"metadata:s:s:{number}"] = f"language={language}"
        options[f"metadata:s:{len(inputs) - 1}"] = f"title={name}"
    return media.write(clip.with_name("tracks.mkv"), *inputs, vcodec="copy", scodec="copy", **options)


def texts(subtitles: Subtitles) -> tuple[list[str], list[str]]:
    return [segment.text for segment in subtitles.said], [segment.text for segment in subtitles.beside]


@pytest.mark.parametrize(
    ("marks", "title", "kind"),
    [
        ("", "eng English", SubtitleKind.FULL),
        ("forced", "eng English", SubtitleKind.PARTIAL),
        ("default+forced", "eng ", SubtitleKind.PARTIAL),
        ("", "eng Forced", SubtitleKind.PARTIAL),
        ("default", "eng Signs and Songs", SubtitleKind.PARTIAL),
        ("hearing_impaired", "eng ", SubtitleKind.HEARING_IMPAIRED),
        ("", "eng English SDH", SubtitleKind.HEARING_IMPAIRED),
        ("hearing_impaired", "eng Forced SDH", SubtitleKind.PARTIAL),
        ("comment", "eng ", SubtitleKind.COMMENTARY),
        ("", "eng Director's commentary", SubtitleKind.COMMENTARY),
    ],
)
def test_marks_and_title_say_the_kind_of_a_track(clip: Path, marks: str, title: str, kind: SubtitleKind) -> None:
    assert [track.kind for track in probe(with_tracks(clip, (cue("hello"), marks, title))).subtitle_tracks] == [kind]


def test_a_forced_track_is_beside_what_is_said_and_never_in_its_place(clip: Path) -> None:
    alone = read_subtitles(probe(with_tracks(clip, (cue("[alien] yield"), "default+forced", "eng "))))
    assert texts(alone) == ([], ["[alien] yield"])
    assert alone.beside[0].origin is SpeechOrigin.EMBEDDED_SUBTITLE
    both = with_tracks(
        clip, (cue("yield"), "default+forced", "eng "), (cue("full") + cue("of words", 3, 4), "", "eng ")
    )
    assert texts(read_subtitles(probe(both))) == (["full", "of words"], ["yield"])


def test_a_forced_sidecar_leaves_the_whole_track(clip: Path) -> None:
    path = with_tracks(clip, (cue("all that is said"), "", "eng "))
    path.with_name("tracks.en.forced.srt").write_text(cue("foreign line", 3, 4))
    assert texts(read_subtitles(probe(path))) == (["all that is said"], ["foreign line"])


def test_subtitles_for_the_hard_of_hearing_are_whole_but_come_after_plain_ones(clip: Path) -> None:
    clip.with_name("talk.en.sdh.srt").write_text(cue("[door] who is there"))
    assert texts(read_subtitles(probe(clip))) == (["[door] who is there"], [])
    clip.with_name("talk.eng.srt").write_text(cue("who is there"))
    assert texts(read_subtitles(probe(clip))) == (["who is there"], [])


def test_a_track_with_a_few_lines_beside_a_whole_one_is_partial_whatever_its_marks(clip: Path) -> None:
    few, whole = cue("sign", 3, 4), "".join(cue(f"line {n}", n, n + 1) for n in range(12))
    assert texts(read_subtitles(probe(with_tracks(clip, (few, "default", "eng "), (whole, "", "eng "))))) == (
        [f"line {n}" for n in range(12)],
        ["sign"],
    )


def test_a_line_that_is_said_is_not_repeated_beside(clip: Path) -> None:
    path = with_tracks(clip, (cue("Yield!") + cue("or run", 2, 3), "", "eng "), (cue("yield!"), "forced", "eng "))
    assert texts(read_subtitles(probe(path))) == (["Yield!", "or run"], [])


def test_commentary_is_beside(clip: Path) -> None:
    path = with_tracks(clip, (cue("we shot this in Rome"), "", "eng Commentary"), (cue("hello"), "", "eng "))
    assert texts(read_subtitles(probe(path))) == (["hello"], ["we shot this in Rome"])


def test_the_language_that_is_spoken_comes_before_translations(clip: Path) -> None:
    tracks = (cue("hallo"), "default", "ger "), (cue("hello"), "", "eng ")
    assert texts(read_subtitles(probe(with_tracks(clip, *tracks, sound="eng"))))[0] == ["hello"]
    assert texts(read_subtitles(probe(with_tracks(clip, *tracks, sound="deu"))))[0] == ["hallo"]
    path = with_tracks(clip, *tracks)
    assert texts(read_subtitles(probe(path)))[0] == ["hallo"]
    path = with_tracks(clip, *tracks, sound="eng")
    path.with_name("tracks.fr.srt").write_text(cue("bonjour"))
    assert texts(read_subtitles(probe(path)))[0] == ["hello"]
    path.with_name("tracks.en-GB.srt").write_text(cue("good day"))
    assert texts(read_subtitles(probe(path)))[0] == ["good day"]


def test_a_translation_alone_is_better_than_nothing(clip: Path) -> None:
    assert texts(read_subtitles(probe(with_tracks(clip, (cue("hallo"), "", "ger "), sound="eng"))))[0] == ["hallo"]


def test_ass_drawings_are_not_said_and_its_breaks_are_spaces(clip: Path) -> None:
    """The same script inside a file and beside one."""
    head = (
        "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname\nStyle: Default,Arial\n\n[Events]\n"
    )
    head += "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    script = head + (
        "Dialogue: 0,0:00:01.00,0:00:02.00,Default,Ann,0,0,0,,the {\\i1}lemur{\\i0}\\hjumps,\\Nand {note}sings\n"
        "Comment: 0,0:00:02.00,0:00:03.00,Default,,0,0,0,,not shown\n"
        "Dialogue: 0,0:00:02.00,0:00:03.00,Default,,0,0,0,,{\\an7\\p1}m 0 0 l 100 0{\\p0}\n"
        "Dialogue: 0,0:00:03.00,0:00:03.50,Default,,0,0,0,,{\\k20}ka{\\k20}ra\n"
    )
    beside = clip.with_suffix(".ass")
    beside.write_text(script)
    inside = media.write(
        clip.with_name("inside.mkv"), ffmpeg.input(str(clip)), ffmpeg.input(str(beside)), vcodec="copy", scodec="copy"
    )
    for path in (clip, inside):
        first, second = read_subtitles(probe(path)).said
        assert (first.text, first.span) == ("the lemur jumps, and sings", Span(1.0, 2.0))
        assert second.text == "kara"


def test_a_track_in_a_code_page_is_read_and_said(clip: Path) -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\nПривет, дорогие друзья\n".encode("cp1251")
    subtitles = read_subtitles(probe(with_tracks(clip, (text, "", "rus "))))
    assert texts(subtitles)[0] == ["Привет, дорогие друзья"]
    assert subtitles.warnings == ("subtitle track 1: not in UTF-8; read as cp1251",)


def test_what_a_file_was_read_as_is_told_and_a_guess_is_called_one(clip: Path) -> None:
    clip.with_name("talk.ru.srt").write_bytes(cue("Привет, дорогие друзья").encode("cp1251"))
    assert read_subtitles(probe(clip)).warnings == ("talk.ru.srt: not in UTF-8; read as cp1251",)
    clip.with_name("talk.ru.srt").unlink()
    clip.with_suffix(".srt").write_bytes(
        (cue("Dzień dobry, drodzy przyjaciele") + cue("Żółw idzie powoli przez łąkę", 3, 4)).encode("cp1250")
    )
    (warning,) = read_subtitles(probe(clip)).warnings
    assert "talk.srt: read as cp1250, which is a guess (iso8859-2 would fit too)" in warning


def test_files_that_are_not_read_are_named_with_the_reason(clip: Path) -> None:
    clip.with_suffix(".idx").write_text("# VobSub index file, v7\n")
    clip.with_suffix(".sub").write_bytes(b"\x00\x00\x01\xba\x44" + bytes(60))
    clip.with_suffix(".ttml").write_text("<tt/>")
    clip.with_name("talk.en.srt").write_text("no cue in it")
    clip.with_name("talk.de.srt").write_text(cue("hallo"))
    subtitles = read_subtitles(probe(clip))
    assert texts(subtitles)[0] == ["hallo"]
    assert sorted(subtitles.warnings) == [
        "talk.en.srt: no subtitle in it can be read",
        "talk.idx: subtitles made of pictures (VobSub) are not read",
        "talk.sub: subtitles made of pictures (VobSub) are not read",
        "talk.ttml: TTML is not read; SRT or WebVTT would be",
    ]


def test_a_huge_file_is_no_subtitle(clip: Path) -> None:
    with clip.with_suffix(".srt").open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    (warning,) = read_subtitles(probe(clip)).warnings
    assert warning.startswith("talk.srt: too large for subtitles")


def test_frames_are_counted_at_the_rate_of_the_video(clip: Path) -> None:
    """MicroDVD at 25 frames a second; a rate that the file states itself comes first."""
    clip.with_suffix(".sub").write_text("{25}{50}the heron|waits\n{60}{75}second\n")
    first, _ = read_subtitles(probe(clip)).said
    assert (first.text, first.span) == ("the heron waits", Span(1.0, 2.0))
    clip.with_suffix(".sub").write_text("{1}{1}50\n{50}{100}the heron\n")
    assert read_subtitles(probe(clip)).said[0].span == Span(1.0, 2.0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hello", True),
        ("[door slams]", False),
        ("(laughs) yes", True),
        ("（笑）", False),
        ("[a] (b)", False),
        ("話", True),
    ],
)
def test_a_description_is_not_words(text: str, expected: bool) -> None:
    assert has_words(text) is expected


@given(
    st.lists(st.text("abcdé", min_size=1, max_size=12), min_size=1, max_size=20),
    st.floats(0, 1e4),
    st.floats(0.1, 20),
)
def test_words_fill_the_cue_one_after_another(words: list[str], start_s: float, duration_s: float) -> None:
    span = Span(start_s, start_s + duration_s)
    spread = spread_words(" ".join(words), span)
    assert [word.text for word in spread] == words
    assert spread[0].span.start_s == span.start_s
    assert spread[-1].span.end_s == pytest.approx(span.end_s)
    assert all(one.span.end_s == two.span.start_s for one, two in pairwise(spread))
