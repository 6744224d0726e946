"""The progress bar of indexing: stage, speed as a multiple of real time, time left. On a terminal only."""

import sys
import time
from pathlib import Path

from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from app.cli.terminal import make_console
from app.harmless import one_line


class _SpeedColumn(ProgressColumn):
    """Seconds of media per second."""

    def render(self, task: Task) -> Text:
        speed = task.fields.get("speed")
        return Text(f"{speed:.1f}× real time" if speed else "", style="dim")


class IndexProgress:
    """A bar over all files and the stage of the one at work."""

    def __init__(self, files: int) -> None:
        self._files = files
        self._media_s = 0.0
        self._started = time.monotonic()
        self._shares: dict[str, float] = {}
        self._lengths_s: dict[str, float] = {}
        self._finished = 0
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            TextColumn("{task.fields[stage]}", style="cyan"),
            BarColumn(bar_width=30),
            TextColumn("{task.percentage:>3.0f}%"),
            _SpeedColumn(),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=make_console(stderr=True),
            disable=not sys.stderr.isatty(),
            transient=True,
        )
        self._task: TaskID = self._progress.add_task("starting", total=float(files), stage="", speed=None)

    def __enter__(self) -> "IndexProgress":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, job_id: str, file: Path, stage: str | None, whole: float, length_s: float | None) -> None:
        """A job is in ``stage``, and ``whole`` of it is done; ``length_s`` is what its file claims to last."""
        self._shares[job_id] = whole
        self._lengths_s[job_id] = length_s or 0.0
        number = f"{self._finished + 1}/{self._files} " if self._files > 1 else ""
        self._progress.update(
            self._task,
            description=f"{number}{one_line(file.name[:40])}",
            stage=stage or "waiting",
            completed=self._finished + sum(self._shares.values()),
            speed=self._speed(),
        )

    def _speed(self) -> float:
        """Seconds of media worked off per second, what is half done counted by its share."""
        running_s = sum(share * self._lengths_s.get(job_id, 0.0) for job_id, share in self._shares.items())
        return (self._media_s + running_s) / max(time.monotonic() - self._started, 1e-3)

    def done(self, job_id: str, media_s: float | None) -> None:
        """A job is done; ``media_s`` is the length of its file."""
        self._shares.pop(job_id, None)
        self._finished += 1
        self._media_s += media_s or 0.0
        self._progress.update(self._task, completed=self._finished + sum(self._shares.values()), speed=self._speed())
