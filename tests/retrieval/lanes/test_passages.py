"""Lines that follow one another, as sentences."""

from hypothesis import given
from hypothesis import strategies as st

from retrieval.domain import ScreenText, Segment, Span, SpeechOrigin, Word
from retrieval.lanes.passages import LONGEST_SENTENCE_S, runs, sentence_around, sentences, sentences_of
from retrieval.storage.contents import Key


def said(
    text: str, start_s: float, *, word_s: float = 0.4, language: str = "en", speaker: int | None = None
) -> Segment:
    words = tuple(
        Word(word, Span(start_s + place * word_s, start_s + (place + 1) * word_s), 1.0)
        for place, word in enumerate(text.split())
    )
    span = Span(start_s, words[-1].span.end_s)
    return Segment(span, text, words, language, 1.0, SpeechOrigin.TRANSCRIBED, speaker=speaker)


def talk(*lines: tuple[str, float]) -> dict[Key, Segment]:
    """Lines of one video, each with the pause before it."""
    found: dict[Key, Segment] = {}
    now_s = 0.0
    for place, (text, pause_s) in enumerate(lines):
        found["a", place] = said(text, now_s + pause_s)
        now_s = found["a", place].span.end_s
    return found


def texts(lines: dict[Key, Segment]) -> list[str]:
    return [passage.text for passage in sentences(lines)]


def test_a_sentence_goes_on_over_pauses_until_its_full_stop() -> None:
    lines = talk(
        ("However,", 0.0),
        ("due to the slow channels,", 0.6),
        ("it came late.", 0.7),
        ("Nobody minded.", 0.3),
    )
    assert texts(lines) == ["However, due to the slow channels, it came late.", "Nobody minded."]
    first = sentences(lines)[0]
    assert first.span == Span(0.0, lines["a", 2].span.end_s)
    assert [word.text for word in first.words] == first.text.split()


def test_a_full_stop_is_not_believed_where_the_next_words_begin_small_and_soon() -> None:
    assert texts(talk(("He asked himself.", 0.0), ("something warm.", 0.9))) == ["He asked himself. something warm."]
    assert len(texts(talk(("He asked himself.", 0.0), ("something warm.", 1.2)))) == 2


def test_an_abbreviation_ends_no_sentence() -> None:
    assert texts(talk(("I met Mr.", 0.0), ("Hale.", 0.1))) == ["I met Mr. Hale."]


def test_without_a_full_stop_a_capital_letter_after_a_pause_begins_another() -> None:
    assert len(texts(talk(("we came", 0.0), ("Then we saw", 0.6)))) == 2
    assert texts(talk(("the town of", 0.0), ("Sintra", 0.1))) == ["the town of Sintra"]
    assert texts(talk(("the people,", 0.0), ("Jews and others", 0.6))) == ["the people, Jews and others"]


def test_long_pauses_other_speakers_and_other_languages_part_what_is_said() -> None:
    assert len(texts(talk(("we came and", 0.0), ("saw", 1.6)))) == 2
    one, other = said("we came and", 0.0, speaker=1), said("saw", 1.5, speaker=2)
    assert len(sentences({("a", 0): one, ("a", 1): other})) == 2
    other = said("voilà", 1.5, language="fr")
    assert len(sentences({("a", 0): one, ("a", 1): other})) == 2


def test_lines_that_do_not_follow_one_another_are_not_of_one_sentence() -> None:
    lines = talk(("one,", 0.0), ("two,", 0.1), ("three", 0.1))
    assert texts({key: lines[key] for key in [("a", 0), ("a", 2)]}) == ["one,", "three"]
    assert texts({("a", 0): lines["a", 0], ("b", 1): lines["a", 1]}) == ["one,", "two,"]


def test_a_sentence_without_end_is_cut() -> None:
    lines = talk(*[("and so on and so on,", 0.1)] * 20)
    assert all(passage.span.duration_s <= LONGEST_SENTENCE_S for passage in sentences(lines))
    assert len(runs(lines)) == 1


def test_written_lines_stand_for_themselves() -> None:
    lines = {("a", place): ScreenText(Span(place, place + 1), "one,", 1.0) for place in range(3)}
    assert len(runs(lines)) == len(sentences(lines)) == 3


def test_texts_are_joined_as_their_script_does_it() -> None:
    assert texts(talk(("復興努力に対する、", 0.0), ("内部関係者", 0.1))) == ["復興努力に対する、内部関係者"]


def test_the_sentence_around_words_ends_at_full_stops() -> None:
    words = said("Good morning. The plan, Mr. Hale, is tight. Any questions?", 0.0).words
    assert sentence_around(words, 4, 4) == (2, 7)
    assert sentence_around(words, 1, 3) == (0, 7)
    assert sentence_around(words, 8, 9) == (8, 9)


@given(
    st.lists(
        st.tuples(st.sampled_from(["One.", "two", "Three", "four,", "五。"]), st.sampled_from([0.0, 0.6, 1.2, 2.0])),
        min_size=1,
        max_size=12,
    )
)
def test_every_line_is_in_one_sentence_and_sentences_of_a_run_are_whole(lines: list[tuple[str, float]]) -> None:
    all_lines = talk(*lines)
    parts = sentences(all_lines)
    assert [key for part in parts for key in part.keys] == sorted(all_lines)
    for run in runs(all_lines):
        for place in range(len(run.lines)):
            part = sentences_of(run, place, place)
            assert part in parts
            assert run.keys[place] in part.keys
