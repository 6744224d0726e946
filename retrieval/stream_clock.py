"""What to add to the timestamps of a file whose own start over or leap, by stream and place in the file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Break:
    """Where the file's own times do not run on: ``jump_s`` ahead, or back if negative, at ``time_s`` of the clock."""

    time_s: float
    jump_s: float


@dataclass(frozen=True, slots=True)
class StreamClock:
    """The clock of one such file; its second 0 is where the file starts.

    ``offsets_s`` has, for each stream by its index, places in the file in bytes and what counts from there on.
    """

    offsets_s: Mapping[int, tuple[tuple[int, float], ...]]
    breaks: tuple[Break, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "offsets_s": {str(index): [list(place) for place in places] for index, places in self.offsets_s.items()},
            "breaks": [[found.time_s, found.jump_s] for found in self.breaks],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "StreamClock":
        return cls(
            {int(index): tuple((pos, add_s) for pos, add_s in places) for index, places in value["offsets_s"].items()},
            tuple(Break(time_s, jump_s) for time_s, jump_s in value["breaks"]),
        )
