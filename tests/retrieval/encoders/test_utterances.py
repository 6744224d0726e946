from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.domain import Segment, Span, SpeechOrigin, Word
from retrieval.encoders.utterances import LONGEST_S, PAUSE_S, compression_ratio, parted, split_segment


def spoken(text: str, *times_s: tuple[float, float], confidence: float = 0.5) -> Segment:
    """The text's words at these times, or each half a second without a pause."""
    texts = text.split()
    spans = [Span(*one) for one in times_s] or [Span(n / 2, n / 2 + 0.5) for n in range(len(texts))]
    words = tuple(Word(one, span, confidence) for one, span in zip(texts, spans, strict=True))
    whole = Span(words[0].span.start_s, words[-1].span.end_s)
    return Segment(whole, text, words, "en", confidence, SpeechOrigin.TRANSCRIBED, -0.2, 0.1, 1.0)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("We go. You stay! Who are you? Me.", ["We go.", "You stay!", "Who are you?", "Me."]),
        ("Mr. Smith met Dr. J. Doe at 3. Then he left", ["Mr. Smith met Dr. J. Doe at 3. Then he left"]),
        ("He said “Go.” Nobody went", ["He said “Go.”", "Nobody went"]),
        ("it was... well, late", ["it was... well, late"]),
    ],
)
def test_segments_end_where_sentences_do(text: str, parts: list[str]) -> None:
    assert [part.text for part in parted(spoken(text))] == parts


def test_letters_of_scripts_without_spaces_are_split_too() -> None:
    words = (Word("你好。", Span(0, 1), 0.9), Word("再", Span(1, 2), 0.9), Word("见", Span(2, 3), 0.9))
    whole = Segment(Span(0, 3), "你好。再见", words, "zh", 0.9, SpeechOrigin.TRANSCRIBED)
    assert [part.text for part in parted(whole)] == ["你好。", "再见"]


def test_segments_end_at_pauses() -> None:
    times_s = [(0.0, 1.0), (1.4, 2.0), (2.5, 3.0)]
    assert [part.span for part in parted(spoken("one two three", *times_s))] == [Span(0.0, 2.0), Span(2.5, 3.0)]


def test_a_long_sentence_is_cut_after_a_clause() -> None:
    """Fifteen seconds, with a comma after the fourteenth of thirty words."""
    words = [f"word{n}" for n in range(30)]
    words[13] += ","
    first, second = parted(spoken(" ".join(words)))
    assert first.text.endswith("word13,")
    assert second.text.startswith("word14")


def test_parts_have_figures_of_their_own() -> None:
    whole = spoken("  I came ,  I saw", (0.0, 0.5), (0.5, 1.0), (1.0, 1.1), (1.2, 1.4), (1.4, 2.0))
    first, second = split_segment(whole, [3])
    assert (first.text, second.text) == ("I came ,", "I saw")
    assert (first.span, second.span) == (Span(0.0, 1.1), Span(1.2, 2.0))
    assert first.compression_ratio == compression_ratio("I came ,")
    assert (first.avg_logprob, first.no_speech_prob, first.language) == (-0.2, 0.1, "en")


def test_the_confidence_of_a_part_is_that_of_its_words() -> None:
    words = tuple(Word(text, Span(n, n + 1), n / 4) for n, text in enumerate("abcd"))
    whole = Segment(Span(0, 4), "a b c d", words, None, 0.375, SpeechOrigin.TRANSCRIBED)
    assert [part.confidence for part in split_segment(whole, [1, 3])] == [0.0, 0.375, 0.75]
    assert [part.compression_ratio for part in split_segment(whole, [1, 3])] == [None, None, None]


def test_a_segment_that_is_not_cut_stays_as_it_is() -> None:
    whole = spoken("as it is")
    assert split_segment(whole, []) == [whole]


said = st.lists(
    st.tuples(st.sampled_from(["a", "bb", "it", "end.", "so,", "Why?"]), st.floats(0, 1.5), st.floats(0, 3)), min_size=1
)


@given(said)
def test_parts_hold_all_words_in_order_and_are_short(steps: list[tuple[str, float, float]]) -> None:
    times_s, at_s = [], 0.0
    for _, pause_s, length_s in steps:
        times_s.append((at_s + pause_s, at_s + pause_s + length_s))
        at_s = times_s[-1][1]
    whole = spoken(" ".join(word for word, _, _ in steps), *times_s)
    parts = parted(whole)
    assert [word for part in parts for word in part.words] == list(whole.words)
    assert " ".join(part.text for part in parts) == whole.text
    for part in parts:
        assert part.text == " ".join(word.text for word in part.words)
        assert part.span.duration_s <= LONGEST_S or len(part.words) == 1
        assert all(b.span.start_s - a.span.end_s < PAUSE_S for a, b in pairwise(part.words))
