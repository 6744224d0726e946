"""Runs ffmpeg: a few at a time, within limits, stopped when nobody waits for the result any more."""

import errno
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from retrieval.domain import Gone, never
from retrieval.errors import ExportFailedError, HungUpError, StorageFullError, TooBusyError
from retrieval.isolation.children import NICENESS
from retrieval.isolation.isolated import CallLimits
from retrieval.storage.room import says_full

_FULL_DISK_CODE = 256 - errno.ENOSPC
_POLL_S = 0.25
THREADS = max(1, min(4, (os.cpu_count() or 2) // 2))
_TOLD_OF_STDERR = 2
_KEPT_OF_STDERR_BYTES = 4_000
_MOST_STDERR_BYTES = 10_000_000

ENCODING = CallLimits(memory_bytes=8_000_000_000, silence_s=180.0, output_bytes=100_000_000_000)
"""What one ffmpeg may take; it is silent as long as it neither reads nor writes."""


class EncoderSlots:
    """At most so many encoders at a time; who comes late waits a little, then is sent away."""

    def __init__(self, slots: int, patience_s: float = 10.0) -> None:
        self._free = threading.Semaphore(slots)
        self._slots = slots
        self._patience_s = patience_s

    @contextmanager
    def one(self, gone: Gone = never) -> Iterator[None]:
        """A slot for the block. Raises TooBusyError, or HungUpError for who goes away while waiting."""
        until_s = time.monotonic() + self._patience_s
        while not self._free.acquire(timeout=_POLL_S):
            if gone():
                raise HungUpError("whoever asked for the file has gone away")
            if time.monotonic() > until_s:
                raise TooBusyError(
                    f"all {self._slots} encoders are at work; try again in {TooBusyError.retry_after_s} s"
                )
        try:
            yield
        finally:
            self._free.release()


def run_ffmpeg(
    arguments: Sequence[str],
    output: Path,
    gone: Gone = never,
    limits: CallLimits = ENCODING,
    *,
    descriptors: Sequence[int] = (),
) -> None:
    """Run one ffmpeg, which writes ``output`` and has these descriptors of this process.

    Raises ExportFailedError or StorageFullError with what it said.
    """
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            cwd=output.parent,
            pass_fds=descriptors,
        )
        try:
            _limit(process, limits)
            _wait(process, output, said, gone, limits)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        said.seek(max(0, said.seek(0, os.SEEK_END) - _KEPT_OF_STDERR_BYTES))
        lines = said.read().decode(errors="replace").strip("\0\n ").splitlines()
    if process.returncode == 0 and output.exists() and output.stat().st_size:
        return
    why = "; ".join([*lines[-_TOLD_OF_STDERR:], *_how_it_ended(process.returncode, bool(lines))])
    # What it says of a full disk may itself have found no room.
    if says_full(why) or process.returncode == _FULL_DISK_CODE:
        raise StorageFullError(f"the disk is full: {why}")
    raise ExportFailedError(f"ffmpeg could not make the file: {why}")


def _limit(process: "subprocess.Popen[bytes]", limits: CallLimits) -> None:
    """Limit what the process takes, where the system lets one limit another."""
    with suppress(ImportError, AttributeError, OSError):
        import resource

        os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
        for kind, limit in (
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_DATA, limits.memory_bytes),
            (resource.RLIMIT_FSIZE, limits.output_bytes),
        ):
            resource.prlimit(process.pid, kind, (limit, limit))


def _wait(process: "subprocess.Popen[bytes]", output: Path, said: IO[bytes], gone: Gone, limits: CallLimits) -> None:
    moved, moved_at_s = -1, time.monotonic()
    while True:
        try:
            process.wait(_POLL_S)
        except subprocess.TimeoutExpired:
            if gone():
                raise HungUpError("whoever asked for the file has gone away") from None
        else:
            return
        if (moved_now := _moved_bytes(process.pid, output)) != moved:
            moved, moved_at_s = moved_now, time.monotonic()
        elif time.monotonic() - moved_at_s > limits.silence_s:
            raise ExportFailedError(f"ffmpeg made no progress for {limits.silence_s:.0f} s")
        _bound(said.fileno())


def _bound(said: int) -> None:
    """Leave only the end of what was said, in its place, if it takes too much: what comes next is written behind it."""
    about = os.fstat(said)
    if about.st_blocks * 512 > _MOST_STDERR_BYTES:
        end = os.pread(said, _KEPT_OF_STDERR_BYTES, about.st_size - _KEPT_OF_STDERR_BYTES)
        os.ftruncate(said, 0)
        os.pwrite(said, end, about.st_size - len(end))


def _moved_bytes(pid: int, output: Path) -> int:
    """How much it has read and written so far, as far as the system says it; decoding up to a moment writes nothing."""
    with suppress(OSError, IndexError, ValueError):
        counts = Path(f"/proc/{pid}/io").read_text("ascii").split()
        return int(counts[1]) + int(counts[3])
    with suppress(OSError):
        return output.stat().st_size
    return 0


def _how_it_ended(code: int, has_spoken: bool) -> list[str]:
    if code >= 0:
        return [] if has_spoken else [f"exit code {code}"]
    try:
        return [f"it crashed ({signal.Signals(-code).name})"]
    except ValueError:
        return [f"it crashed (signal {-code})"]
