"""Titles and paths as lists and names of files can hold them."""

import re

_NAME_LENGTH = 80


def one_line(text: str) -> str:
    """The text on one line, without control characters: nothing in it can start a line or end a field."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def file_stem(text: str) -> str:
    """A name for a file on any system: no separators, no leading dots, not too long, never empty."""
    name = re.sub(r'[\\/:*?"<>|]+', "-", one_line(text))[:_NAME_LENGTH].strip(" .")
    return name or "moments"
