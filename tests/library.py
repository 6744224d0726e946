"""`moments` as scripts call it: a subprocess, JSON lines on standard output."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.places import ROOT

TIMEOUT_S = 300


@dataclass(frozen=True)
class Run:
    """What one call gave."""

    code: int
    rows: list[dict[str, Any]]
    errors: str

    @property
    def row(self) -> dict[str, Any]:
        (only,) = self.rows
        return only


def environment() -> dict[str, str]:
    """This process's environment without MOMENTS_ variables, and without the hub."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MOMENTS_")}
    return {**clean, "HF_HUB_OFFLINE": "1"}


def command(data_dir: Path, *arguments: str) -> list[str]:
    return [
        sys.executable,
        "-m",
        "app.cli.main",
        "--data-dir",
        str(data_dir),
        "--profile",
        "lite",
        "--json",
        *arguments,
    ]


def moments(data_dir: Path, *arguments: str) -> Run:
    """Call `moments --data-dir … --profile lite --json …`."""
    done = subprocess.run(
        command(data_dir, *arguments),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        env=environment(),
        cwd=ROOT,
        check=False,
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return Run(done.returncode, rows, done.stderr)
