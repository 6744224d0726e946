"""Values as JSON can hold them, and back into the types that a signature names: nothing else can be made of them.

For what comes out of a process that may have been taken over by the file it read: unlike a pickle, a text of
JSON makes no object but those of the type that was asked for.
"""

import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints


def plain(value: Any) -> Any:
    """The value as lists, dicts, numbers, texts and None. Raises TypeError for what is made of anything else."""
    if value is None or isinstance(value, bool | int | float | str):
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Path | Fraction):
        return str(value)
    if isinstance(value, Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list | frozenset):
        return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} is no plain value")


def built(kind: Any, value: Any) -> Any:
    """What ``plain`` made ``value`` of, if that was a ``kind``. Raises TypeError or ValueError for anything else."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is None or kind is type(None):
        return _checked(value is None, kind, value)
    if origin in (Union, types.UnionType):
        return _built_one_of(arguments, value)
    if origin is tuple and arguments[-1] is not Ellipsis:
        _checked(isinstance(value, list) and len(value) == len(arguments), kind, value)
        return tuple(built(item_kind, item) for item_kind, item in zip(arguments, value, strict=True))
    if origin in (tuple, list, frozenset):
        return origin(built(arguments[0], item) for item in _checked(isinstance(value, list), kind, value))
    if origin is not None and issubclass(origin, Mapping):
        items = _checked(isinstance(value, dict), kind, value).items()
        # JSON has no other keys than texts.
        read_key = int if arguments[0] is int else lambda key: built(arguments[0], key)
        return {read_key(key): built(arguments[1], item) for key, item in items}
    if isinstance(kind, type) and is_dataclass(kind):
        given = _checked(isinstance(value, dict), kind, value)
        hints = get_type_hints(kind)
        return kind(**{field.name: built(hints[field.name], given[field.name]) for field in fields(kind)})
    if kind is float:
        return float(_checked(isinstance(value, int | float) and not isinstance(value, bool), kind, value))
    if kind in (bool, int, str):
        return _checked(type(value) is kind, kind, value)
    read = _FROM_TEXT.get(kind)
    if read is not None:
        return read(_checked(isinstance(value, str), kind, value))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    raise TypeError(f"{kind} is no kind of plain value")


_FROM_TEXT: Mapping[Any, Callable[[str], Any]] = {
    Path: Path,
    Fraction: Fraction,
    datetime: datetime.fromisoformat,
}


def _built_one_of(kinds: tuple[Any, ...], value: Any) -> Any:
    if value is None and type(None) in kinds:
        return None
    for kind in kinds:
        if kind is not type(None):
            try:
                return built(kind, value)
            except (TypeError, ValueError, KeyError):
                continue
    raise TypeError(f"{str(value)[:80]} is none of {kinds}")


def _checked(is_right: bool, kind: Any, value: Any) -> Any:
    if not is_right:
        raise TypeError(f"{str(value)[:80]} is no {kind}")
    return value
