from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from indexer.steps.said_by import said_by, steady
from indexer.steps.voice_turns import VoiceTurn
from retrieval.domain import Segment, Span, SpeechOrigin, Word

ANNA, BEN = 1, 2
TURNS = [VoiceTurn(Span(0.0, 2.0), ANNA), VoiceTurn(Span(2.0, 4.0), BEN), VoiceTurn(Span(10.0, 12.0), ANNA)]


def spoken(text: str, start_s: float, word_s: float = 0.5) -> Segment:
    """A segment whose words follow one another, ``word_s`` each."""
    words = tuple(
        Word(word, Span(start_s + at * word_s, start_s + (at + 1) * word_s), 0.9)
        for at, word in enumerate(text.split())
    )
    return Segment(Span(words[0].span.start_s, words[-1].span.end_s), text, words, "en", 0.9, SpeechOrigin.TRANSCRIBED)


def line(start_s: float, end_s: float) -> Segment:
    """A line of subtitles."""
    return Segment(Span(start_s, end_s), "a line", (), "en", 1.0, SpeechOrigin.SIDECAR_SUBTITLE)


def test_a_segment_is_cut_where_another_voice_goes_on() -> None:
    first, second = said_by([spoken("How are you, Ben? Fine, thank you, Anna.", 0.0)], TURNS)
    assert (first.text, first.speaker, first.span) == ("How are you, Ben?", ANNA, Span(0.0, 2.0))
    assert (second.text, second.speaker, second.span) == ("Fine, thank you, Anna.", BEN, Span(2.0, 4.0))
    assert [word.text for word in second.words] == ["Fine,", "thank", "you,", "Anna."]


def test_a_word_is_said_by_whose_turn_is_nearest_and_by_nobody_far_from_any() -> None:
    near, far = said_by([spoken("well then", 4.0, 0.3), spoken("who is that", 7.0)], TURNS)
    assert (near.speaker, far.speaker) == (BEN, None)


def test_a_single_word_stays_with_those_around_it() -> None:
    assert steady([1, 1, 2, 1, 1]) == [1] * 5
    assert steady([2, 1, 1]) == [1, 1, 1]
    assert steady([1, 1, 2]) == [1, 1, 1]
    assert steady([1, 1, None, None, 2, 2]) == [1, 1, 1, 1, 2, 2]
    assert steady([1, 2]) == [1, 1]
    assert steady([None]) == [None]
    assert steady([]) == []


def test_a_line_of_subtitles_has_the_voice_that_says_most_of_it_if_that_is_clear() -> None:
    clear, even, silent = said_by([line(0.0, 2.5), line(1.0, 3.0), line(5.0, 9.0)], TURNS)
    assert (clear.speaker, even.speaker, silent.speaker) == (ANNA, None, None)
    assert clear.text == "a line"


def test_without_turns_nobody_is_known() -> None:
    segments = [spoken("who is that", 0.0), line(1.0, 2.0)]
    assert said_by(segments, []) == segments


WORDS = st.lists(st.sampled_from(["yes", "no,", "yes.", "well", "a", "aa"]), min_size=1, max_size=12)


@st.composite
def conversations(draw: st.DrawFn) -> tuple[list[Segment], list[VoiceTurn]]:
    """Segments one after another, and turns that need not fit them."""
    segments, now_s = [], 0.0
    for words in draw(st.lists(WORDS, max_size=6)):
        segments.append(spoken(" ".join(words), now_s, draw(st.sampled_from([0.1, 0.4]))))
        now_s = segments[-1].span.end_s + draw(st.sampled_from([0.0, 0.3, 3.0]))
    turns, now_s = [], 0.0
    for voice in draw(st.lists(st.integers(1, 3), max_size=8)):
        turns.append(VoiceTurn(Span(now_s, now_s + draw(st.sampled_from([0.2, 0.9, 4.0]))), voice))
        now_s = turns[-1].span.end_s + draw(st.sampled_from([0.0, 2.0]))
    return segments, turns


@given(conversations())
def test_nothing_said_is_lost_or_moved(conversation: tuple[list[Segment], list[VoiceTurn]]) -> None:
    segments, turns = conversation
    told = said_by(segments, turns)
    assert [word for segment in told for word in segment.words] == [word for one in segments for word in one.words]
    assert " ".join(segment.text for segment in told) == " ".join(segment.text for segment in segments)
    assert all(one.span <= other.span for one, other in pairwise(told))
    known = {turn.voice for turn in turns}
    assert {segment.speaker for segment in told} <= {None, *known}
    assert all(segment.text.split() == [word.text for word in segment.words] for segment in told)
