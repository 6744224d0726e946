"""Subtitles become segments with words: sidecars first, then embedded text, on the video's clock."""

from itertools import pairwise
from pathlib import Path

import ffmpeg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.probe import probe
from indexer.subtitles import Cue, parse_cues, read_subtitles, spread_words
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
    first, second = read_subtitles(probe(clip))
    assert (first.text, first.span) == ("Hello there, General", Span(0.5, 1.5))
    assert (second.text, second.span) == ("Bye & thanks", Span(2.0, 3.25))
    assert (first.language, first.origin, first.confidence) == ("en", SpeechOrigin.SIDECAR_SUBTITLE, 1.0)
    assert [word.text for word in first.words] == ["Hello", "there,", "General"]


@pytest.mark.parametrize(
    ("codec", "name"), [("mov_text", "a.mp4"), ("srt", "b.mkv"), ("webvtt", "c.mkv"), ("ass", "d.mkv")]
)
def test_embedded_text_tracks_are_read(clip: Path, codec: str, name: str) -> None:
    marks = {"metadata:s:s:0": "language=eng"}
    first, second = read_subtitles(probe(with_track(clip, codec, name, **marks)))
    assert (first.text, second.text) == ("Hello there, General", "Bye & thanks")
    assert first.span.start_s == pytest.approx(0.5, abs=0.01)
    assert first.span.end_s == pytest.approx(1.5, abs=0.01)
    assert (first.language, first.origin) == ("eng", SpeechOrigin.EMBEDDED_SUBTITLE)


def test_embedded_times_count_from_the_start_of_the_container(clip: Path) -> None:
    """The container starts at 5 s; the subtitle at half a second of it stays there."""
    path = with_track(clip, "srt", "late.mkv", output_ts_offset="5")
    info = probe(path)
    assert info.start_time_s > 4
    assert read_subtitles(info)[0].span.start_s == pytest.approx(0.5, abs=0.05)


def test_a_sidecar_wins_over_an_embedded_track(clip: Path) -> None:
    path = with_track(clip, "srt", "both.mkv")
    path.with_suffix(".vtt").write_text("WEBVTT\n\n00:01.000 --> 00:02.000\nbeside\n")
    assert [segment.text for segment in read_subtitles(probe(path))] == ["beside"]


def test_a_sidecar_without_cues_leaves_the_embedded_track(clip: Path) -> None:
    path = with_track(clip, "srt", "both.mkv")
    path.with_suffix(".srt").write_bytes(bytes(range(256)))
    assert len(read_subtitles(probe(path))) == 2


def test_no_subtitles_no_segments(clip: Path) -> None:
    assert read_subtitles(probe(clip)) == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_are_recognised(clip: Path, encoding: str) -> None:
    clip.with_suffix(".srt").write_bytes("1\n00:00:01,000 --> 00:00:02,000\nGrüße, José\n".encode(encoding))
    assert [segment.text for segment in read_subtitles(probe(clip))] == ["Grüße, José"]


def test_malformed_cues_are_skipped_and_the_rest_is_read(clip: Path) -> None:
    clip.with_suffix(".srt").write_text(
        "1\n00:00:01,000 --> never\nlost\n\n"
        "2\n00:00:03,000 --> 00:00:02,000\nbackwards\n\n"
        "3\n00:00:01,000 --> 00:00:02,000\n\n"
        "4\n00:00:01,000 --> 00:00:02,000\nkept\n5\n00:00:02,000 --> 09:00:00,000\nwatermark\n"
        "6\n0:00:02.5-->0:00:03.5\nloose\n"
    )
    assert [segment.text for segment in read_subtitles(probe(clip))] == ["kept", "loose"]


def test_web_captions_with_notes_settings_and_voices() -> None:
    text = (
        "WEBVTT - title\n\nNOTE a note\nof two lines\n\nSTYLE\n::cue { color: red }\n\n"
        "intro\n00:01.000 --> 00:02.500 align:start position:10%\n<v Ann>Good <00:01.500><c>morning</c>\n\n"
        "01:00:01.000 --> 01:00:02.000\n- Late\n"
    )
    assert list(parse_cues(text)) == [Cue(1.0, 2.5, ("Good morning",)), Cue(3601.0, 3602.0, ("- Late",))]


def test_scrolling_captions_say_every_line_once(clip: Path) -> None:
    """Automatic captions repeat the line before above the new one."""
    clip.with_suffix(".vtt").write_text(
        "WEBVTT\n\n00:00.000 --> 00:01.000\none two\n\n00:01.000 --> 00:01.010\none two\n\n"
        "00:01.010 --> 00:02.000\none two\nthree four\n\n00:02.000 --> 00:03.000\nthree four\nfive\n\n"
        "00:03.500 --> 00:03.900\nfive\n"
    )
    assert [segment.text for segment in read_subtitles(probe(clip))] == [
        "one two",
        "three four",
        "five",
        "five",
    ]


@given(st.text(max_size=400))
def test_any_text_is_parsed_without_an_error(text: str) -> None:
    for cue in parse_cues(text):
        assert cue.lines == tuple(line for line in cue.lines if line.strip())


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
