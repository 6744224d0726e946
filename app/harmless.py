"""Text that others wrote, made harmless for a terminal: nothing in it moves the cursor, colours or turns round."""

import json
import logging
import re
import shlex
import textwrap
from typing import Any

import click

from retrieval.path_text import readable

_CONTROLS = "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029"
_TURNING = "\u202a-\u202e\u2066-\u2069"
"""Marks that turn the direction of what follows: with them "gpj.exe" reads as "exe.jpg"."""

_HARMFUL = re.compile(f"[{_CONTROLS}{_TURNING}]")
_UNPRINTED = re.compile(f"[\x7f-\x9f\u2028\u2029{_TURNING}\ud800-\udfff]")
_BREAKS = re.compile("[\t\n]")
_BELOW = "    "


def harmless(text: str) -> str:
    """The text with control characters written out, as ``\\x1b``; lines and tabs stay."""
    return _HARMFUL.sub(_written_out, readable(text))


def one_line(text: str) -> str:
    """The text as above on one line: for names, titles and messages."""
    return _BREAKS.sub(_written_out, harmless(text))


class LogFormatter(logging.Formatter):
    """One line for each record, and a traceback below it that cannot be taken for another.

    Logs name files, and quote what was in them and what others asked: a line break there is written out.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  the library's name
        return one_line(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802
        return textwrap.indent(harmless(super().formatException(ei)), _BELOW)


def json_line(value: object, *, ascii_only: bool = False) -> str:
    """One JSON document on one line; what no terminal should get is escaped in it, as JSON has it."""
    text = json.dumps(value, ensure_ascii=ascii_only)
    return _UNPRINTED.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def say(text: str, *, err: bool = False) -> None:
    """Print one line of plain text."""
    click.echo(one_line(text), err=err)


def shell_word(path: str) -> str:
    """The path as a shell reads it, harmless to look at: what cannot be printed as it is stands in ``$'…'``."""
    if one_line(path) == path:
        return shlex.quote(path)
    written = "".join(_shell_character(character) for character in path)
    return f"$'{written}'"


def _shell_character(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    if one_line(character) == character:
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))


def _written_out(found: re.Match[str]) -> str:
    return found.group().encode("unicode_escape").decode()
