"""Where the next page of an answer starts: a cursor, good for one query on one state of the library."""

import base64
import json
import struct
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from hashlib import blake2b

import numpy as np

from retrieval.asking.query import Query
from retrieval.errors import CursorError, CursorExpiredError

_BODY = struct.Struct(">I8s8s")
_CHECK_BYTES = 4
_NOT_PART_OF_THE_QUESTION = frozenset({"limit", "cursor", "explain"})


def cursor_at(offset: int, query: Query, library_version: str) -> str:
    """The cursor of the page that starts with the moment after ``offset`` others."""
    body = _BODY.pack(offset, _digest(fingerprint(query)), _digest(library_version))
    return base64.urlsafe_b64encode(body + _check(body)).decode()


def offset_of(query: Query, library_version: str) -> int:
    """How many moments come before the page that the query asks for, 0 without a cursor.

    Raises CursorError for a cursor that no page of this query gave, CursorExpiredError if the library has
    changed since it was given.
    """
    if query.cursor is None:
        return 0
    offset, of_query, of_library = _decoded(query.cursor)
    if of_query != _digest(fingerprint(query)):
        raise CursorError("the cursor belongs to another query; repeat the query that gave it, word for word")
    if of_library != _digest(library_version):
        raise CursorExpiredError("the cursor expired, for the library has changed since; search again without a cursor")
    return offset


def fingerprint(query: Query) -> str:
    """Text that is the same for queries that find the same, however many moments they ask for."""
    return json.dumps(
        {
            field.name: _plain(getattr(query, field.name))
            for field in fields(query)
            if field.name not in _NOT_PART_OF_THE_QUESTION
        }
    )


def _plain(value: object) -> object:
    """The value as JSON has it, the same whatever the order of sets and mappings."""
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, np.ndarray):
        return _digest(value.tobytes().hex()).hex()
    if isinstance(value, Mapping):
        return sorted([str(key), _plain(item)] for key, item in value.items())
    if isinstance(value, frozenset):
        return sorted(str(item) for item in value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value):
        return [[field.name, _plain(getattr(value, field.name))] for field in fields(value)]
    raise TypeError(f"a query has no part of type {type(value).__name__}")


def _decoded(cursor: str) -> tuple[int, bytes, bytes]:
    try:
        raw = base64.b64decode(cursor, altchars=b"-_", validate=True)
    except ValueError as error:
        raise _no_cursor(cursor) from error
    body = raw[:-_CHECK_BYTES]
    # Python reads + as - and / as _: only the spelling that was given out is a cursor.
    is_as_given = base64.urlsafe_b64encode(raw).decode() == cursor
    if len(body) != _BODY.size or raw != body + _check(body) or not is_as_given:
        raise _no_cursor(cursor)
    offset, of_query, of_library = _BODY.unpack(body)
    return offset, of_query, of_library


def _no_cursor(cursor: str) -> CursorError:
    shown = cursor if len(cursor) <= 60 else f"{cursor[:57]}..."
    return CursorError(f"{shown!r} is no cursor; give the next_cursor of the page before")


def _digest(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=8).digest()


def _check(body: bytes) -> bytes:
    return blake2b(body, digest_size=_CHECK_BYTES).digest()
