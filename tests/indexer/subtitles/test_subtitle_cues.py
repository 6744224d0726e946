"""Cues of subtitle files, whatever their format and markup."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.subtitles.cues import ReadCue, clean, cues_in_text, parse_cues


def test_web_captions_with_notes_settings_and_voices() -> None:
    text = (
        "WEBVTT - title\n\nNOTE a note\nof two lines\n\nSTYLE\n::cue { color: red }\n\n"
        "intro\n00:01.000 --> 00:02.500 align:start position:10%\n<v Ann>Good <00:01.500><c>morning</c>\n\n"
        "01:00:01.000 --> 01:00:02.000\n- Late\n"
    )
    assert list(parse_cues(text)) == [ReadCue(1.0, 2.5, ("Good morning",)), ReadCue(3601.0, 3602.0, ("- Late",))]


def test_a_cue_of_srt_may_have_blank_lines() -> None:
    text = (
        "1\n00:00:01,000 --> 00:00:02,000\nfirst half\n\nsecond half\n\n"
        "2\n00:00:03,000 --> 00:00:04,000\n\n3\n00:00:05,000 --> 00:00:06,000\n42\n\n"
        "4\n-00:00:09,066 --> -00:00:04,995\nbefore the start\n\n5\n00:00:07,000 --> 00:00:08,000\n2024\n"
    )
    assert list(parse_cues(text)) == [
        ReadCue(1.0, 2.0, ("first half", "second half")),
        ReadCue(3.0, 4.0, ()),
        ReadCue(5.0, 6.0, ("42",)),
        ReadCue(7.0, 8.0, ("2024",)),
    ]


def test_an_arrow_in_the_words_is_no_cue() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\nfrom a --> b\n"
    assert list(parse_cues(text)) == [ReadCue(1.0, 2.0, ("from a --> b",))]
    assert list(parse_cues(text.replace("from a --> b", "5 -> 3"))) == [ReadCue(1.0, 2.0, ("5 -> 3",))]


@pytest.mark.parametrize(
    "times",
    [
        "00:00:01:500 --> 00:00:02:250",
        "00:00:01,5000 --> 00:00:02,2500",
        "00: 00: 01,500 -> 00: 00: 02,250",
        "00:00:01, 500-->00:00:02, 250",
    ],
)
def test_times_are_read_as_translators_and_converters_garble_them(times: str) -> None:
    assert list(parse_cues(f"1\n{times}\nsaid\n")) == [ReadCue(1.5, 2.25, ("said",))]


@pytest.mark.parametrize(
    ("line", "read"),
    [
        (r"{\an8}over\Nthere\nand\hhere", "over / there / and here"),
        (r"{\p1}m 0 0 l 100 0 100 100{\p0}", ""),
        (r"before {\pos(1,2)\p2}m 0 0{\p0}after", "before after"),
        (r"{\pos(10,20)\pbo3}stays", "stays"),
        (r"{\k20}ka{\kf30}ra", "kara"),
        ("{y:i}slanted {C:$0000ff}blue", "slanted blue"),
        ("{laughs} yes", "{laughs} yes"),
        (r"{\i1{\b1}slanted{\r}", "slanted"),
        (r"\{braces\}", "{braces}"),
        ('<font color="#fff"><i>the koala</i></font> &amp; &lt;i&gt;&nbsp;b', "the koala & <i> b"),
        ("<v Ann>Good <00:01.500><c.loud>morning</c>", "Good morning"),
        ("i <3 you, 5 < 6 > 4", "i <3 you, 5 < 6 > 4"),
        ("♪ la la ♫", "la la"),
        ("\u202bשלום\u202c", "שלום"),
        ("the end\x1a", "the end"),
        ("\x1b[31mred\x00", "[31mred"),
    ],
)
def test_markup_is_not_read(line: str, read: str) -> None:
    assert " / ".join(clean([line])) == read


def test_numbers_of_any_length_are_read_past() -> None:
    many = "9" * 5000
    assert list(parse_cues(f"{many}:00:00,000 --> 00:00:02,000\nlost\n")) == []
    assert clean([f"{{\\p{many}}}m 0 0{{\\p0}}kept"]) == ("kept",)


def test_braces_of_ass_are_never_words() -> None:
    assert clean([r"{note to self}hello{\p1}m 0 0 l 1 1"], is_ass=True) == ("hello",)


@pytest.mark.parametrize(
    "text",
    [
        "{1}{1}25\n{25}{100}{y:i}the otter|floats\n{125}{200}second\n",
        "{25}{100}the otter|floats\n{125}{200}second\n",
        "0:00:01.000,0:00:04.000\nthe otter\nfloats\n\n0:00:05.000,0:00:08.000\nsecond\n",
        "[10][40]the otter|floats\n[50][80]second\n[90][80]\n",
        "<SAMI><BODY>\n<SYNC Start=1000><P Class=ENCC>the otter<br>floats\n<SYNC Start=4000><P Class=ENCC>&nbsp;\n"
        "<SYNC Start=5000><P Class=ENCC>second\n<SYNC Start=8000><P Class=ENCC>&nbsp;\n</BODY></SAMI>",
        "; made by hand\n[Script Info]\n\n[Events]\n"
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        "Dialogue: 0,0:00:01.00,0:00:04.00,Default,,0,0,0,,the otter\\Nfloats\n"
        "Dialogue: 0,0:00:05.00,0:00:08.00,Default,,0,0,0,,second\n",
    ],
    ids=["microdvd with its rate", "microdvd", "sbv", "mpl2", "sami", "ass"],
)
def test_other_formats_are_known_by_what_they_contain(text: str) -> None:
    assert cues_in_text(text, Fraction(25)) == [
        ReadCue(1.0, 4.0, ("the otter", "floats")),
        ReadCue(5.0, 8.0, ("second",)),
    ]


@pytest.mark.parametrize("text", ["", "words\nand words", "[00:01.00]la la", "\nDialogue: nothing"])
def test_what_is_no_subtitle_has_no_cues(text: str) -> None:
    assert cues_in_text(text) == []


@given(st.text(max_size=400))
def test_any_text_is_parsed_without_an_error(text: str) -> None:
    for cue in parse_cues(text):
        assert cue.lines == tuple(line for line in cue.lines if line.strip())


@pytest.mark.parametrize(
    "text",
    [
        "1\n{n}:00:01,000 --> {n}:00:02,000\nlost\n\n2\n00:00:01,000 --> 00:00:02,000\nkept\n",
        "1\n00:{n}:01,000 --> 00:{n}:02,000\nlost\n\n2\n00:00:01,000 --> 00:00:02,000\nkept\n",
        "{n}\n00:00:01,000 --> 00:00:02,000\nkept &#{m};\n",
        "{{{n}}}{{{n}}}lost\n{{25}}{{50}}kept\n",
        "[{n}][{n}]lost\n[10][20]kept\n",
        "Dialogue: 0,{n}:00:01.00,{n}:00:02.00,D,,0,0,0,,lost\nDialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,kept\n",
        "{n}:00:01.00,{n}:00:02.00\nlost\n\n0:00:01.00,0:00:02.00\nkept\n",
    ],
)
def test_numbers_of_hundreds_of_digits_cost_only_their_own_cue(text: str) -> None:
    cues = cues_in_text(text.format(n="9" * 400, m="9" * 5_000), Fraction(25))
    assert [cue.start_s for cue in cues if cue.lines == ("kept",)] == [1.0]
