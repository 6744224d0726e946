"""Names that others gave to files, made safe."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.intake.file_names import MAX_NAME_BYTES, safe_name


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("talk.mp4", "talk.mp4"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\talk.mp4", "talk.mp4"),
        ("/absolute/talk.mp4", "talk.mp4"),
        ("nul\0byte.mp4", "nulbyte.mp4"),
        ("line\nbreak.mp4", "linebreak.mp4"),
        ("turned\u202e4pm.exe", "turned4pm.exe"),
        ("Übergröße 日本語.mkv", "Übergröße 日本語.mkv"),
        ("U\u0308ber.mp4", "Über.mp4"),
        (".hidden.mp4", "hidden.mp4"),
        ("-rf.mp4", "rf.mp4"),
        ("..", "video"),
        ("", "video"),
        ("\0", "video"),
        (" . ", "video"),
        ("folder/", "video"),
    ],
)
def test_a_name_keeps_what_is_harmless(given_name: str, kept: str) -> None:
    assert safe_name(given_name) == kept


def test_a_long_name_keeps_its_suffix() -> None:
    name = safe_name("ä" * 300 + ".mp4")
    assert name.endswith("ä.mp4")
    assert len(name.encode()) <= MAX_NAME_BYTES


def test_a_suffix_that_is_none_is_cut_with_the_rest() -> None:
    assert len(safe_name("a." + "b" * 300).encode()) <= MAX_NAME_BYTES


@given(st.text(max_size=400))
def test_no_name_leads_out_of_its_folder(text: str) -> None:
    name = safe_name(text)
    assert name not in ("", ".", "..")
    assert not set(name) & set("/\\\0\n\r")
    assert name[0] not in ".-"
    assert len(name.encode()) <= MAX_NAME_BYTES
    assert safe_name(name) == name
