"""Paths whatever their bytes: shown and stored as valid Unicode, and back."""

import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from retrieval.errors import MissingFileError
from retrieval.path_text import loaded, meant, readable, spellings, stored

PATHS = st.one_of(st.binary(max_size=40).map(os.fsdecode), st.text("a\\xe9\udce9\U0010fe80\U0010feff", max_size=9))


@given(PATHS, PATHS)
def test_what_is_stored_is_unicode_and_comes_back(one: str, other: str) -> None:
    one, other = os.fsdecode(os.fsencode(one)), os.fsdecode(os.fsencode(other))
    stored(one).encode()
    assert loaded(stored(one)) == one
    assert (stored(one) == stored(other)) == (one == other)


@given(PATHS)
def test_what_is_shown_is_unicode(path: str) -> None:
    readable(path).encode()


def test_a_path_that_is_text_is_left_as_it_is() -> None:
    for path in ("/films/a.mp4", "/films/fïlm 東京.mp4", "/films/a\\xe9.mp4"):
        assert readable(path) == stored(path) == path


def test_a_byte_that_is_no_text_is_written_out_and_understood(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.mp4")
    Path(path).touch()
    assert readable(path) == f"{tmp_path}/caf\\xe9.mp4"
    assert meant(readable(path)) == meant(path) == path
    assert path in spellings([readable(path)])
    (tmp_path / "caf\\xe9.mp4").touch()
    assert meant(readable(path)) == readable(path)


def test_an_error_can_always_be_told() -> None:
    assert MissingFileError("caf\udce9.mp4 does not exist").message == "caf\\xe9.mp4 does not exist"
