"""What becomes of one file, and what is known of it before: values that the queue keeps."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from indexer.intake.identify import IdentifiedFile
from retrieval.domain import Lane
from retrieval.lanes.outdated import Redo
from retrieval.storage.records import Failure


class Status(StrEnum):
    """What became of one file."""

    INDEXED = "indexed"
    REINDEXED = "reindexed"
    UNCHANGED = "unchanged"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file; ``seconds`` is the time that indexing took.

    ``lanes`` are those that were made anew, where only some were; ``outdated`` those of an unchanged video that want to
    be.
    """

    path: str
    video_id: str | None
    status: Status
    duration_s: float | None = None
    seconds: float = 0.0
    windows: int = 0
    warnings: tuple[str, ...] = ()
    failure: Failure | None = None
    lanes: tuple[Lane, ...] = ()
    outdated: tuple[Lane, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The outcome as the queue keeps it: no class of ours by name, which would have to stay where it is."""
        return asdict(self) | {
            "status": self.status.value,
            "lanes": [lane.value for lane in self.lanes],
            "outdated": [lane.value for lane in self.outdated],
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> "Outcome":
        """What ``as_dict`` made of it, or that of an earlier version, which knew less."""
        failure = value["failure"]
        return cls(
            **{
                **value,
                "status": Status(value["status"]),
                "warnings": tuple(value["warnings"]),
                "failure": Failure(**failure) if failure else None,
                "lanes": tuple(map(Lane, value.get("lanes", ()))),
                "outdated": tuple(map(Lane, value.get("outdated", ()))),
            }
        )


@dataclass(frozen=True, slots=True)
class Identified:
    """What the first step hands on: who the file is and, if it is indexed already, that outcome.

    ``is_new`` says that the library had no such video, ``began_at`` when this was found, in seconds since 1970.
    ``redo`` is what is to be made anew of a video that is in the library, where that is not all.
    """

    source: IdentifiedFile
    unchanged: Outcome | None
    is_new: bool
    began_at: float
    redo: Redo | None = None

    def as_dict(self) -> dict[str, Any]:
        """What was identified as the queue keeps it."""
        return {
            "source": self.source.as_dict(),
            "unchanged": self.unchanged.as_dict() if self.unchanged else None,
            "is_new": self.is_new,
            "at": self.began_at,
            "redo": self.redo.as_dict() if self.redo else None,
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> "Identified":
        """What ``as_dict`` made of it."""
        unchanged = value["unchanged"]
        return cls(
            IdentifiedFile.from_dict(value["source"]),
            Outcome.from_dict(unchanged) if unchanged else None,
            value["is_new"],
            value["at"],
            Redo.from_dict(redo) if (redo := value.get("redo")) else None,
        )
