"""Words by their sound."""

from hypothesis import given
from hypothesis import strategies as st

from retrieval.lanes.phonetics import heard_best, phonemes_of, sound_terms

HEARD = "committed in agony at midnight repeated the guy in a new charity and i'm sheila and check them".split()
WORD = st.sampled_from(sorted({*HEARD, "jersey", "texas", "zyxgh", "beep"}))


def test_a_misheard_name_is_found_where_it_was_said() -> None:
    """A recogniser heard these words where a speaker on the telephone said the queries."""
    jersey = heard_best(["Diane", "in", "New", "Jersey"], [HEARD])[0]
    texas = heard_best(["Sheila", "in", "Texas"], [HEARD])[0]
    assert jersey is not None
    assert texas is not None
    assert HEARD[jersey.first_word : jersey.last_word + 1] == ["guy", "in", "a", "new", "charity"]
    assert HEARD[texas.first_word] == "sheila"
    assert min(jersey.likeness, texas.likeness) > 0.3


def test_what_was_not_said_sounds_unlike() -> None:
    other = heard_best(
        ["a", "large", "bird", "sitting", "on", "a", "wooden", "fence", "near", "the", "water"], [HEARD]
    )[0]
    assert other is not None
    assert other.likeness < 0.3


def test_a_word_out_of_the_dictionary_is_spelt_out() -> None:
    assert len(phonemes_of("zyxgh")) == 5
    assert phonemes_of("2027") == ()


def test_a_word_of_the_dictionary_has_its_first_pronunciation_without_stress_and_notes() -> None:
    """Of "jersey" JH ER Z IY; of "aalborg" AO L B AO R G, with a note that it is a place; of "a" AH, then EY."""
    assert len(phonemes_of("Jersey")) == 4
    assert phonemes_of("jersey")[0] == phonemes_of("gin")[0]
    assert phonemes_of("aalborg") == (*phonemes_of("all"), *phonemes_of("borg"))
    assert phonemes_of("a") == phonemes_of("uh")


@given(st.lists(WORD, min_size=1, max_size=6))
def test_a_phrase_is_found_whole_in_itself(words: list[str]) -> None:
    found = heard_best(words, [words])[0]
    assert found is not None
    assert found.likeness == 1.0
    assert (found.first_word, found.last_word) == (0, len(words) - 1)


@given(st.lists(WORD, max_size=6), st.lists(WORD, max_size=12))
def test_likeness_is_a_share_and_the_stretch_lies_in_the_line(phrase: list[str], line: list[str]) -> None:
    found = heard_best(phrase, [line])[0]
    if found is not None:
        assert 0.0 < found.likeness <= 1.0
        assert 0 <= found.first_word <= found.last_word < len(line)


def test_sound_terms_reach_across_words() -> None:
    together = sound_terms(["new", "jersey"])
    assert len(together) == len(phonemes_of("new")) + len(phonemes_of("jersey")) - 2
    assert sound_terms([]) == []


@given(st.lists(st.lists(WORD, max_size=12), min_size=1, max_size=6), st.lists(WORD, max_size=6))
def test_lines_are_heard_alike_alone_and_in_company(lines: list[list[str]], phrase: list[str]) -> None:
    assert heard_best(phrase, lines) == [heard_best(phrase, [line])[0] for line in lines]
