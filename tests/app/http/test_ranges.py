"""`Range` headers as RFC 9110 reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.http.byte_ranges import ByteRange, byte_ranges

SIZE = 1000


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("bytes=0-99", [(0, 100)]),
        ("bytes=900-", [(900, 1000)]),
        ("bytes=-100", [(900, 1000)]),
        ("bytes=-5000", [(0, 1000)]),
        ("bytes=990-2000", [(990, 1000)]),
        ("Bytes = 0-0", [(0, 1)]),
        ("bytes=0-9, 20-29,,", [(0, 10), (20, 30)]),
        ("bytes=20-29,0-9", [(20, 30), (0, 10)]),
        ("bytes=0-9,5000-", [(0, 10)]),
    ],
)
def test_ranges_that_are_in_the_file_are_given(header: str, found: list[tuple[int, int]]) -> None:
    assert byte_ranges(header, SIZE) == tuple(ByteRange(*pair) for pair in found)


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=5000-6000", "bytes=-0", "bytes=1000-1001,2000-"])
def test_nothing_is_left_of_ranges_past_the_end(header: str) -> None:
    assert byte_ranges(header, SIZE) == ()


@pytest.mark.parametrize(
    "header",
    [
        *("", "bytes", "bytes=", "bytes=,", "bytes=-", "bytes=a-b", "bytes=1-2x", "bytes=--5", "bytes=1_0-20"),
        *("bytes=9-1", "bytes=0-9,9-1", "items=0-5", "bytes=٣-٩", "bytes=0-" + "9" * 5000),
        "bytes=" + ",".join(f"{start}-{start}" for start in range(17)),
        "bytes=0-,0-",
    ],
)
def test_what_is_no_range_of_bytes_or_too_many_is_ignored(header: str) -> None:
    assert byte_ranges(header, SIZE) is None


def test_an_empty_file_has_no_ranges() -> None:
    assert byte_ranges("bytes=0-", 0) == ()


@given(st.text(), st.integers(0, 10**6))
def test_no_header_leads_out_of_the_file(text: str, size: int) -> None:
    for header in (text, f"bytes={text}"):
        for one in byte_ranges(header, size) or ():
            assert 0 <= one.start < one.end <= size
