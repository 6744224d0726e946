"""Which bytes of a file a `Range` header asks for (RFC 9110, section 14). Pure."""

import re
from dataclasses import dataclass

MOST_RANGES = 16
"""A header that asks for more is taken for an attack, and answered with the whole file."""

_ONE = re.compile(r"(\d*)-(\d*)", re.ASCII)
_MOST_DIGITS = 18


@dataclass(frozen=True, slots=True, order=True)
class ByteRange:
    """Bytes from ``start`` up to, but not with, ``end``."""

    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start


def byte_ranges(header: str, size_bytes: int) -> tuple[ByteRange, ...] | None:
    """The stretches of a file that are asked for, as they are asked for; none if all lie past its end.

    None stands for the whole file: a header of another unit or another form is to be ignored, and so is one
    that asks for the same bytes over and over.
    """
    unit, _, listed = header.partition("=")
    asked = [part.strip() for part in listed.split(",") if part.strip()]
    if unit.strip().lower() != "bytes" or not 0 < len(asked) <= MOST_RANGES:
        return None
    found = []
    for part in asked:
        matched = _ONE.fullmatch(part)
        if matched is None or max(map(len, matched.groups())) > _MOST_DIGITS or part == "-":
            return None
        first, last = matched.groups()
        if first and last and int(last) < int(first):
            return None
        start = int(first) if first else max(0, size_bytes - int(last))
        end = min(size_bytes, int(last) + 1) if first and last else size_bytes
        if start < end:
            found.append(ByteRange(start, end))
    if sum(one.length for one in found) > size_bytes:
        return None
    return tuple(found)
