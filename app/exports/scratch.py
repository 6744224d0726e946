"""Folders for files on their way to whoever asked for them."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NAME = "exports"


@contextmanager
def scratch_folder(data_dir: Path) -> Iterator[Path]:
    """An empty folder on the library's disk, for the block."""
    (data_dir / _NAME).mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=data_dir / _NAME) as folder:
        yield Path(folder)


def sweep_scratch(data_dir: Path) -> None:
    """Remove what a killed server left behind. Called by the one that owns the folder, before it answers."""
    shutil.rmtree(data_dir / _NAME, ignore_errors=True)
