"""Attributes that are made when first asked for, once, whichever threads ask."""

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class once(Generic[T]):  # noqa: N801  used as property is
    """Like ``functools.cached_property``, which from Python 3.12 on lets two threads make two of a thing.

    Asking for one attribute may ask for others of the same object; a circle is an error of the program.
    """

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self._name = make.__name__
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> "once[T]": ...
    @overload
    def __get__(self, instance: object, owner: type | None = None) -> T: ...

    def __get__(self, instance: object | None, owner: type | None = None) -> "once[T] | T":
        if instance is None:
            return self
        kept = instance.__dict__
        # setdefault is one step to other threads; the attribute found there later is not asked for here again.
        with kept.setdefault(f"_lock_of_{self._name}", threading.RLock()):
            if self._name not in kept:
                kept[self._name] = self._make(instance)
            made: T = kept[self._name]
            return made
