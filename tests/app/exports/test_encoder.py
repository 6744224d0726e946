"""The process that makes exports: what it may take, and what is said of one that runs wild."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from app.exports.ffmpeg_process import run_ffmpeg
from retrieval.errors import ExportFailedError
from retrieval.isolation.isolated import CallLimits

LIMITS = CallLimits(memory_bytes=500_000_000, silence_s=60.0, output_bytes=1_000_000)


@pytest.mark.parametrize(
    ("misdeed", "message"),
    [
        ("time.sleep(60)", "ffmpeg made no progress for 1 s"),
        ("open(path, 'wb', 0).write(bytes(2_000_000)); open(path, 'ab', 0).write(b'1')", "File too large"),
        ("print(len([bytearray(100_000_000) for _ in range(20)]))", "MemoryError"),
        ("os.abort()", r"it crashed \(SIGABRT\)"),
    ],
)
def test_an_encoder_that_runs_wild_is_stopped_with_the_reason(tmp_path: Path, misdeed: str, message: str) -> None:
    """Half a gigabyte of memory, a megabyte of output and, for one that sleeps, a second of silence are allowed."""
    output = tmp_path / "clip.mp4"
    encoder = [sys.executable, "-c", f"import os, sys, time; path = sys.argv[1]; {misdeed}", str(output)]
    with pytest.raises(ExportFailedError, match=message):
        run_ffmpeg(encoder, output, limits=replace(LIMITS, silence_s=1.0) if "sleep" in misdeed else LIMITS)


def test_of_an_encoder_that_complains_without_end_the_last_is_told(tmp_path: Path) -> None:
    complain = "import sys\nfor n in range(500_000): sys.stderr.write(f'frame {n:06d} is damaged\\n')\nsys.exit(1)"
    with pytest.raises(ExportFailedError) as raised:
        run_ffmpeg([sys.executable, "-c", complain], tmp_path / "clip.mp4")
    assert raised.value.message.endswith("frame 499998 is damaged; frame 499999 is damaged")
    assert len(raised.value.message) < 500
