"""What is kept with a job beside its row, by whichever process works on it, for all others and for later."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from indexer.jobs.runs import RunProgress


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of a job, or what of it is to be written; None is what is not.

    ``deaths`` counts the processes that ended in the middle of it without a word; ``at_work`` says that one is in
    the middle of it, or died there.
    """

    progress: RunProgress | None = None
    deaths: int | None = None
    at_work: bool | None = None

    def as_dict(self) -> dict[str, Any]:
        """What is to be written, as the queue keeps it: what is None stays as it was."""
        kept: dict[str, Any] = {}
        if self.progress is not None:
            kept["progress"] = self.progress.as_dict()
        if self.deaths is not None:
            kept["deaths"] = self.deaths
        if self.at_work is not None:
            kept["at_work"] = self.at_work
        return kept

    @classmethod
    def from_dict(cls, value: Mapping[str, Any] | None) -> "Kept":
        """What the queue keeps of a job: None of one that nobody has begun."""
        value = value or {}
        progress = value.get("progress")
        return cls(RunProgress.from_dict(progress) if progress else None, value.get("deaths"), value.get("at_work"))
