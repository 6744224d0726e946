"""What somebody wants in the library: a file that lies there, one that was uploaded, or an address."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Origin(StrEnum):
    """How a video comes to the library."""

    PATH = "path"
    UPLOAD = "upload"
    URL = "url"


@dataclass(frozen=True, slots=True)
class Addition:
    """One video to add. ``where`` is a path, or the address of an ``Origin.URL``.

    ``title`` and ``tags`` are what the user gave; without a title the file's name gives one.
    ``again`` indexes anew what is known already.
    """

    where: str
    origin: Origin = Origin.PATH
    title: str | None = None
    tags: tuple[str, ...] = ()
    again: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The addition as the queue keeps it: no class of ours by name, which would have to stay where it is."""
        return asdict(self) | {"origin": self.origin.value}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> "Addition":
        """What ``as_dict`` made of it."""
        return cls(**{**value, "origin": Origin(value["origin"]), "tags": tuple(value["tags"])})
