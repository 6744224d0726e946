"""What people may call a voice."""

import pytest

from retrieval.errors import InputError
from retrieval.speaker_names import MAX_NAME_CHARS, name_key, parse_name

COMPOSED, DECOMPOSED = "Ren\N{LATIN SMALL LETTER E WITH ACUTE}e", "Rene\N{COMBINING ACUTE ACCENT}e"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("  Anna \n", "Anna"),
        (DECOMPOSED, COMPOSED),
        ("Anna   von  Berg", "Anna von Berg"),
        ("\u06a9\u200c\u06cc", "\u06a9\u200c\u06cc"),
        ("Speaker Two", "Speaker Two"),
        ("x" * MAX_NAME_CHARS, "x" * MAX_NAME_CHARS),
        ("\N{WOMAN}", "\N{WOMAN}"),
    ],
)
def test_a_name_is_kept_trimmed_and_composed(written: str, kept: str) -> None:
    assert parse_name(written) == kept


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", "a name of 0 characters; 1 to 100 are allowed"),
        ("  \t ", "a name of 0 characters"),
        ("x" * 101, "a name of 101 characters"),
        ("An\0na", r"control character U\+0000"),
        ("An\nna", r"control character U\+000A"),
        ("\x1b[31mAnna", r"control character U\+001B"),
        ("\u202eannA", r"control character U\+202E"),
        ("An\ud800na", "half a surrogate pair"),
        ("\u200d", "nothing that can be seen"),
        ("Speaker 2", "what a voice without a name is called"),
        ("SPEAKER  12", "what a voice without a name is called"),
        ("speaker3", "what a voice without a name is called"),
    ],
)
def test_what_cannot_be_a_name_says_why(written: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        parse_name(written)


def test_a_name_is_found_however_it_is_written() -> None:
    assert name_key("STRASSE") == name_key("stra\N{LATIN SMALL LETTER SHARP S}e")
    assert name_key(COMPOSED.upper()) == name_key(DECOMPOSED)
    assert name_key(" anna  BERG ") == name_key("Anna Berg")
    assert name_key("Anna") != name_key("Anne")
