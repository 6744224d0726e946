"""What Moments keeps is for its user alone; what the user asks to have written is as open as their own files."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PRIVATE = 0o077
_users: list[int] = []
"""The umasks of who called, innermost last. The umask is the process's own: there is no other place for this."""


@contextmanager
def private_files() -> Iterator[None]:
    """New files and folders, those of child processes too, are closed to all but this user."""
    _users.append(os.umask(PRIVATE))
    os.umask(PRIVATE | _users[-1])
    try:
        yield
    finally:
        os.umask(_users.pop())


@contextmanager
def users_umask() -> Iterator[None]:
    """New files and folders are as open as the user's own, as those of other programs."""
    before = os.umask(_users[-1] if _users else PRIVATE)
    try:
        yield
    finally:
        os.umask(before)


def hand_over(file: Path) -> None:
    """Make a file that the user asked for as open as if they had written it."""
    if _users:
        file.chmod(0o666 & ~_users[-1])
