"""Values that leave a child process come back as what they were, and as nothing else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

import pytest

from retrieval.isolation.plain_values import built, plain


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Part:
    name: str
    sizes: tuple[int, ...]


@dataclass(frozen=True)
class Whole:
    parts: tuple[Part, ...]
    pair: tuple[float, str]
    programs: frozenset[int]
    offsets_s: Mapping[int, tuple[float, ...]]
    rate: Fraction | None
    path: Path
    at: datetime
    colour: Colour


WHOLE = Whole(
    (Part("a", (1, 2)), Part("b", ())),
    (1.5, "x"),
    frozenset((3, 1)),
    {0: (0.5,), 7: ()},
    Fraction(30000, 1001),
    Path("/films/a.mp4"),
    datetime(2026, 5, 31, 12, tzinfo=UTC),
    Colour.RED,
)


def test_what_is_written_as_json_comes_back_as_it_was() -> None:
    assert built(Whole, json.loads(json.dumps(plain(WHOLE)))) == WHOLE


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (int, "1"),
        (int, True),
        (str, 1),
        (tuple[int, str], [1]),
        (frozenset[int], ["a"]),
        (Mapping[int, str], {"a": "b"}),
        (Part, {"name": "a", "sizes": "12"}),
        (Part, ["a", []]),
        (Colour, "blue"),
        (int | None, "x"),
    ],
)
def test_a_value_of_another_kind_is_refused(kind: type, value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        built(kind, value)


def test_what_is_no_plain_value_is_not_written() -> None:
    with pytest.raises(TypeError, match="object is no plain value"):
        plain([object()])
