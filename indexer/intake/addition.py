"""What somebody wants in the library: a file that lies there, one that was uploaded, or an address."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from retrieval.domain import Lane


class Origin(StrEnum):
    """How a video comes to the library."""

    PATH = "path"
    UPLOAD = "upload"
    URL = "url"


@dataclass(frozen=True, slots=True)
class Addition:
    """One video to add. ``where`` is a path, or the address of an ``Origin.URL``.

    ``title`` and ``tags`` are what the user gave; without a title the file's name gives one.
    ``again`` indexes anew what is known already. With ``video``, the id of one in the library, only what of it is
    outdated is made anew, in these ``lanes``, or in all of them where none is named.
    """

    where: str
    origin: Origin = Origin.PATH
    title: str | None = None
    tags: tuple[str, ...] = ()
    again: bool = False
    video: str | None = None
    lanes: tuple[Lane, ...] = ()

    def covers(self, other: "Addition") -> bool:
        """Whether all is done for this one that is to be done for the other, at the same path."""
        if self.video is None or other.video is None:
            return self.video is None and self.again >= other.again
        return self.video == other.video and set(self.lanes or Lane) >= set(other.lanes or Lane)

    def as_dict(self) -> dict[str, Any]:
        """The addition as the queue keeps it: no class of ours by name, which would have to stay where it is."""
        return asdict(self) | {"origin": self.origin.value, "lanes": [lane.value for lane in self.lanes]}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> "Addition":
        """What ``as_dict`` made of it."""
        lanes = tuple(map(Lane, value.get("lanes", ())))
        return cls(**{**value, "origin": Origin(value["origin"]), "tags": tuple(value["tags"]), "lanes": lanes})
