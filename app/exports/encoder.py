"""Runs ffmpeg: a few at a time, on a few threads, stopped when nobody waits for the result any more."""

import os
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from retrieval.errors import ExportFailedError, StorageFullError, TooBusyError

_POLL_S = 0.25
THREADS = max(1, min(4, (os.cpu_count() or 2) // 2))
_TOLD_OF_STDERR = 2

Gone = Callable[[], bool]
"""Whether whoever asked has gone away."""


def never() -> bool:
    """False: somebody who stays."""
    return False


class EncoderSlots:
    """At most so many encoders at a time; who comes late waits a little, then is sent away."""

    def __init__(self, slots: int, patience_s: float = 10.0) -> None:
        self._free = threading.Semaphore(slots)
        self._slots = slots
        self._patience_s = patience_s

    @contextmanager
    def one(self) -> Iterator[None]:
        """A slot for the block. Raises TooBusyError."""
        if not self._free.acquire(timeout=self._patience_s):
            raise TooBusyError(f"all {self._slots} encoders are at work; try again in {TooBusyError.retry_after_s} s")
        try:
            yield
        finally:
            self._free.release()


def run_ffmpeg(arguments: Sequence[str], output: Path, gone: Gone = never) -> None:
    """Run one ffmpeg, which writes ``output``. Raises ExportFailedError or StorageFullError with what it said."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said, cwd=output.parent
        )
        try:
            _wait(process, gone)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        said.seek(0)
        lines = said.read().decode(errors="replace").strip().splitlines()
    if process.returncode == 0 and output.exists() and output.stat().st_size:
        return
    why = "; ".join(lines[-_TOLD_OF_STDERR:]) or f"exit code {process.returncode}"
    if "No space left on device" in why:
        raise StorageFullError(f"the disk is full: {why}")
    raise ExportFailedError(f"ffmpeg could not make the file: {why}")


def _wait(process: "subprocess.Popen[bytes]", gone: Gone) -> None:
    while True:
        try:
            process.wait(_POLL_S)
        except subprocess.TimeoutExpired:
            if gone():
                raise ExportFailedError("stopped: whoever asked for the file has gone away") from None
        else:
            return
