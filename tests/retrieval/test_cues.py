"""Subtitles: words of any kind come back as the words that they were."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.domain import Segment, Span, Speaker, SpeechOrigin, Word
from retrieval.errors import NothingSaidError
from retrieval.subtitle_text import LONGEST_S, MOST_CHARS, Cue, cues_of, srt, timestamp, vtt

HELLO = Cue(Span(1.0, 2.5), "Hello there", "en")


def said(text: str, start_s: float, end_s: float, *, timed: bool = True) -> Segment:
    """An utterance whose words, if timed, are spread evenly."""
    words = text.split()
    step_s = (end_s - start_s) / max(1, len(words))
    times = [Span(start_s + place * step_s, start_s + (place + 1) * step_s) for place in range(len(words))]
    timed_words = tuple(Word(word, span, 1.0) for word, span in zip(words, times, strict=True)) if timed else ()
    return Segment(Span(start_s, end_s), text, timed_words, "en", 0.9, SpeechOrigin.TRANSCRIBED)


def test_webvtt_is_written_with_dots_and_a_header() -> None:
    assert vtt([HELLO]) == "WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.500\nHello there\n"
    assert vtt([]) == "WEBVTT\n"


def test_subrip_is_written_with_commas_and_without_a_header() -> None:
    second = Cue(Span(3.0, 4.0), "again")
    assert srt([HELLO, second]) == (
        "1\n00:00:01,000 --> 00:00:02,500\nHello there\n\n2\n00:00:03,000 --> 00:00:04,000\nagain\n"
    )
    with pytest.raises(NothingSaidError):
        srt([Cue(Span(0.0, 1.0), " ")])


def test_cues_in_several_languages_say_in_which_each_is() -> None:
    german, unknown = Cue(Span(3.0, 4.0), "a < b", "de"), Cue(Span(5.0, 6.0), "hm")
    lines = vtt([HELLO, german, unknown]).splitlines()
    assert [line for line in lines if line.startswith("<lang") or line == "hm"] == [
        "<lang en>Hello there</lang>",
        "<lang de>a &lt; b</lang>",
        "hm",
    ]
    assert "<lang" not in vtt([HELLO, unknown])
    assert "lang" not in srt([HELLO, german])


def test_words_that_look_like_markup_stay_words() -> None:
    odd = Cue(Span(0.0, 1.0), "a --> b <i>& c\n\nWEBVTT\r\n00:01 --> 00:02")
    assert vtt([odd]).splitlines()[4:] == ["a --&gt; b &lt;i&gt;&amp; c", "WEBVTT", "00:01 --&gt; 00:02"]
    assert srt([odd]).splitlines()[2:] == ["a - -> b < i>& c", "WEBVTT", "00:01 - -> 00:02"]


@given(st.lists(st.text(), max_size=5))
def test_whatever_is_said_there_is_one_arrow_per_cue_and_no_cue_is_cut_short(texts: list[str]) -> None:
    cues = [Cue(Span(float(place), place + 1.0), text) for place, text in enumerate(texts)]
    kept = sum(1 for text in texts if text.replace("\0", "").split())
    for write in (vtt, srt) if kept else (vtt,):
        written = write(cues)
        assert written.count("-->") == kept
        assert [line for line in written.splitlines() if line.endswith("-->")] == []
        blocks = [block for block in written.removeprefix("WEBVTT").split("\n\n") if block.strip()]
        assert len(blocks) == kept


@pytest.mark.parametrize(
    ("time_s", "text"),
    [(0.0, "00:00:00.000"), (59.9996, "00:01:00.000"), (3661.25, "01:01:01.250"), (360_000.0, "100:00:00.000")],
)
def test_times_are_rounded_to_the_millisecond(time_s: float, text: str) -> None:
    assert timestamp(time_s) == text


def test_a_short_utterance_is_one_cue() -> None:
    assert cues_of([said("Hello there", 1.0, 2.5)], {}) == [HELLO]


def test_a_long_utterance_is_cut_between_words() -> None:
    """Sixty words in thirty seconds: no cue is longer than can be read, and no word is lost."""
    text = " ".join(f"word{number}" for number in range(60))
    cues = cues_of([said(text, 10.0, 40.0)], {})
    assert " ".join(cue.text for cue in cues) == text
    assert all(cue.span.duration_s <= LONGEST_S and len(cue.text) <= MOST_CHARS for cue in cues)
    assert (cues[0].span.start_s, cues[-1].span.end_s) == (10.0, 40.0)


def test_a_long_line_without_times_of_words_stays_whole() -> None:
    text = "word " * 40
    assert cues_of([said(text, 0.0, 30.0, timed=False)], {}) == [Cue(Span(0.0, 30.0), text, "en")]


def test_webvtt_says_of_every_cue_who_speaks() -> None:
    cues = [
        Cue(Span(0.0, 1.0), "Hi & bye", speaker="A<n>na & --> Co"),
        Cue(Span(1.0, 2.0), "again", speaker="Speaker 2"),
    ]
    assert vtt([*cues, HELLO]).splitlines()[4::4] == [
        "<v A&lt;n&gt;na &amp; --&gt; Co>Hi &amp; bye</v>",
        "<v Speaker 2>again</v>",
        "Hello there",
    ]


def test_subrip_says_who_speaks_where_it_is_another_than_before() -> None:
    said_by = ("Anna", "Anna", "B<b>en -->", None, "Anna")
    cues = [Cue(Span(float(place), place + 1.0), "Hi", speaker=who) for place, who in enumerate(said_by)]
    assert srt(cues).splitlines()[2::4] == ["Anna: Hi", "Hi", "B< b>en - ->: Hi", "Hi", "Anna: Hi"]


def test_every_part_of_a_long_utterance_is_its_speakers() -> None:
    long = replace(said("many words " * 30, 0.0, 30.0), speaker=2)
    for speakers, label in (({2: Speaker(2, "Anna")}, "Anna"), ({2: Speaker(2)}, "Speaker 2"), ({}, None)):
        cues = cues_of([long, said("and nobody", 30.0, 31.0)], speakers)
        assert len(cues) > 4
        assert {cue.speaker for cue in cues[:-1]} == {label}
        assert cues[-1].speaker is None
