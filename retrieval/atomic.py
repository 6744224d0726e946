"""Small files that are either the old or the new one, whenever the process is killed."""

import os
import uuid
from pathlib import Path


def write_atomically(path: Path, text: str) -> None:
    """Replace the file's content in one step; readers see all of the old or all of the new."""
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
