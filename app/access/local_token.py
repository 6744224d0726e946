"""The token with which the user's own commands ask the server that keeps their data folder open."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from retrieval.errors import StorageError

TOKEN_FILE = "server.token"


@contextmanager
def local_token(folder: Path) -> Iterator[str]:
    """A new token for the block, in a file of the folder that only this user can read."""
    path = folder / TOKEN_FILE
    token = secrets.token_urlsafe(32)
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"{path} is in the way of the server's token: {error.strerror}; remove it") from error
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(token)
    try:
        yield token
    finally:
        path.unlink(missing_ok=True)


def read_local_token(folder: Path) -> str | None:
    """The token of the server that runs on this folder, if this user may read it."""
    try:
        return (folder / TOKEN_FILE).read_text(encoding="ascii") or None
    except (OSError, UnicodeDecodeError):
        return None
