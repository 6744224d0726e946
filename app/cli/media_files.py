"""The files that arguments of a command name, and what was left out of the folders among them."""

import glob
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from app.cli.terminal import counted
from indexer.intake.media_names import is_media

_QUIET_SUFFIXES = frozenset(
    (
        ".ass .bup .db .dfxp .idx .ifo .ini .json .lrc .md5 .mks .nfo .sbv .scc .sfv .sha1 .sha256 .smi .srt .ssa .stl "
        ".sub .sup .thm .ttml .usf .vtt .xmp"
    ).split()
)
"""What lies beside media and belongs to it, or to the system: nobody expects it in the library."""

_LONGEST_SUFFIX = 9
_KINDS_NAMED = 6


@dataclass(slots=True)
class MediaFiles:
    """Files to index in the order given; how many of each kind were passed over, and how many links to folders."""

    files: list[Path] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)
    linked_folders: int = 0

    def told(self) -> str | None:
        """One line on what was passed over and how to take it; None if nobody will miss anything."""
        told = []
        if total := self.passed_over.total():
            first = self.passed_over.most_common(_KINDS_NAMED)
            kinds = [f"{count:,} {kind}" for kind, count in first]
            if rest := total - sum(count for _, count in first):
                kinds.append(f"{rest:,} {'other' if rest == 1 else 'others'}")
            told.append(f"{counted(total, 'file')}: {', '.join(kinds)}")
        if self.linked_folders:
            told.append(counted(self.linked_folders, "linked folder"))
        return f"passed over {' and '.join(told)}; name one to index it all the same" if told else None


def media_files(arguments: tuple[str, ...]) -> MediaFiles:
    """The files that arguments name: files as they are, folders searched for media, globs expanded.

    What does not exist is kept, and so is a folder that cannot be read: it is reported like any other failure.
    """
    found = MediaFiles()
    for argument in arguments:
        for path in _named(argument):
            if path.is_dir():
                _search(path, found)
            else:
                found.files.append(path)
    found.files = list(dict.fromkeys(found.files))
    return found


def _named(argument: str) -> list[Path]:
    """The paths that an argument names: itself if that exists, else what it matches as a glob, else itself."""
    path = Path(argument).expanduser()
    if not os.path.lexists(path) and any(character in argument for character in "*?["):
        # Where brackets match nothing as a choice of characters, they stand for themselves.
        for pattern in (str(path), str(path).replace("[", "[[]")):
            if matches := sorted(glob.glob(pattern, recursive=True)):  # noqa: PTH207
                return [Path(match).absolute() for match in matches]
    return [path.absolute()]


def _search(folder: Path, found: MediaFiles) -> None:
    """Add the folder's media, sorted, but nothing hidden; links to other folders are not followed."""
    files: list[Path] = []
    for parent, folders, names in os.walk(folder, onerror=lambda error: files.append(Path(error.filename))):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found.linked_folders += sum(Path(parent, name).is_symlink() for name in folders)
        for name in names:
            file = Path(parent, name)
            if name.startswith(".") or not file.is_file():
                continue
            if is_media(file):
                files.append(file)
            elif file.suffix.lower() not in _QUIET_SUFFIXES:
                found.passed_over[_kind(file)] += 1
    found.files += sorted(files)


def _kind(file: Path) -> str:
    suffix = file.suffix.lower()
    return suffix if suffix and len(suffix) <= _LONGEST_SUFFIX else "without a suffix"
