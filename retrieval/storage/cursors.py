"""Where the next page of a list by age starts, as an opaque string that is safe in a URL."""

import base64
import binascii
from datetime import UTC, datetime

from retrieval.errors import CursorError


def encode(created_at: datetime, key: str) -> str:
    """The cursor that stands for the place after this entry."""
    return base64.urlsafe_b64encode(f"{created_at.isoformat()} {key}".encode()).decode().rstrip("=")


def decode(cursor: str) -> tuple[datetime, str]:
    """Time in UTC and key of the entry that the page starts after. Raises CursorError for what is no cursor."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        created_at, key = text.split(" ")
        return datetime.fromisoformat(created_at).astimezone(UTC), key
    except (ValueError, OverflowError, binascii.Error) as error:
        raise CursorError(f"{cursor!r} is no cursor; give the next_cursor of the page before") from error
