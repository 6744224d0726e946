"""Files and folders that are either the old or the new one, whenever the process is killed.

Each is written as a draft beside it, as open to others as the umask says, and takes its place in one step. Whatever is
raised in between leaves the old one and no draft; a kill leaves the old one and a draft, which ``sweep_drafts``
removes. Drafts have names of their own, so threads and processes may write the same at once: the last one stays.
"""

import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ABANDONED_S = 24 * 3600.0
"""A draft that nobody has written to for so long was left by a process that was killed."""

_DRAFT = re.compile(r"\.(?P<of>.+)\.[0-9a-f]{32}(\.[^.]+)?", re.DOTALL)


@contextmanager
def replacing(path: Path, *, synced: bool = False) -> Iterator[Path]:
    """The draft to write in the block, which becomes ``path``; its suffix is the same, by which libraries go.

    ``synced`` is for what cannot be made again: it is on the disk before it takes its place. Anything else may be empty
    after a power cut.
    """
    draft = _draft_of(path)
    try:
        yield draft
        if synced:
            with draft.open("rb+") as file:
                os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def write_atomically(path: Path, text: str) -> None:
    """Replace the file's content in one step, on the disk when this returns."""
    with replacing(path, synced=True) as draft:
        draft.write_text(text, encoding="utf-8")


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """The draft to fill in the block, which becomes ``path``. Raises OSError if a filled one lies there by then."""
    draft = _draft_of(path)
    try:
        draft.mkdir(parents=True)
        yield draft
        draft.rename(path)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """The draft to fill in the block, which becomes ``path``. No step replaces a folder: for a moment there is none."""
    aside = _draft_of(path)
    try:
        with new_folder(path) as draft:
            yield draft
            with suppress(FileNotFoundError):
                path.rename(aside)
    except BaseException:
        if aside.exists():
            aside.rename(path)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def remove_folder(path: Path) -> None:
    """Remove the folder as a whole: a kill in the middle leaves none of it at its path. Raises OSError."""
    doomed = _draft_of(path)
    try:
        path.rename(doomed)
    except FileNotFoundError:
        return
    shutil.rmtree(doomed)


def sweep_drafts(folder: Path, name: str | None = None, *, older_than_s: float = ABANDONED_S) -> None:
    """Remove what killed processes left half made in the folder, of one name or of all.

    Whoever is alone in writing there need not wait: 0 s.
    """
    for left in folder.glob(".*"):
        matched = _DRAFT.fullmatch(left.name)
        if matched is None or (name is not None and matched["of"] != name) or _age_s(left) < older_than_s:
            continue
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def _draft_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.{uuid.uuid4().hex}{path.suffix}")


def _age_s(path: Path) -> float:
    try:
        return max(0.0, time.time() - path.stat().st_mtime)
    except FileNotFoundError:
        return 0.0
