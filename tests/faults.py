"""Functions for a process of their own that do what broken files make decoders do."""

import ctypes
import errno
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import NotMediaError


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Told:
    """Every kind of plain value."""

    path: Path
    colour: Colour
    ratio: Fraction | None
    spans: tuple[tuple[float, int], ...]
    pid: int


def tell(path: Path) -> Told:
    return Told(path, Colour.RED, Fraction(30000, 1001), ((0.5, 1), (float("inf"), 2)), os.getpid())


def array(rows: int) -> NDArray[np.float32]:
    return np.arange(rows * 3, dtype=np.float32).reshape(rows, 3)


def array_instead_of_told() -> Told:
    return np.zeros(3)  # type: ignore[return-value]


def text_instead_of_number() -> int:
    return "seven"  # type: ignore[return-value]


def refuse(*_: Any, **__: Any) -> None:
    raise NotMediaError("this is no media file")


def find_the_disk_full(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def stumble(*_: Any, **__: Any) -> None:
    raise ZeroDivisionError("nobody thought of this")


def crash(*_: Any, **__: Any) -> None:
    """Read address 0, as decoders do."""
    ctypes.string_at(0)


def abort(*_: Any, **__: Any) -> None:
    os.abort()


def exit_without_a_word(*_: Any, **__: Any) -> None:
    os._exit(3)


def hang(*_: Any, **__: Any) -> None:
    while True:
        time.sleep(60)


def hang_busy(*_: Any, **__: Any) -> None:
    while True:
        pass


def hang_and_report(*_: Any, on_progress: Callable[[float], None]) -> None:
    """Get on for a moment, then report the same for ever."""
    on_progress(1.0)
    while True:
        on_progress(2.0)
        time.sleep(0.01)


def eat(*_: Any, **__: Any) -> None:
    hoard = []
    while True:
        hoard.append(np.ones(1_000_000))


def write_without_end(folder: Path) -> None:
    with (folder / "much").open("wb") as file:
        while True:
            file.write(bytes(1_000_000))


def write_many_files(folder: Path) -> None:
    for number in range(1_000_000):
        (folder / f"{number}").write_bytes(bytes(10_000))
        time.sleep(0.001)


def talk_without_end(*_: Any, **__: Any) -> int:
    for _line in range(100_000):
        os.write(2, b"frame is damaged\n")
    return 7


def forge_a_pickle(marker: Path) -> Told:
    """Take over the process, and answer with what would run in whoever unpickles it."""
    import pickle

    class Payload:
        def __reduce__(self) -> tuple[Any, ...]:
            return marker.touch, ()

    from retrieval.isolation.children import ANSWER, HEADER

    told = pickle.dumps(Payload())
    os.write(3, HEADER.pack(ANSWER, len(told)) + told)
    os._exit(0)


def announce_much(*_: Any) -> None:
    """Say that an answer of a terabyte follows."""
    from retrieval.isolation.children import ANSWER, HEADER

    os.write(3, HEADER.pack(ANSWER, 10**12))
    time.sleep(60)


def count(to: int, *, on_progress: Callable[[float], None]) -> int:
    for number in range(1, to + 1):
        on_progress(number)
    return to


def note_pid_and_hang(note: Path, *, on_progress: Callable[[float], None]) -> None:
    note.write_text(str(os.getpid()))
    on_progress(1.0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(1)


def note_pid_and_count(note: Path, *, on_progress: Callable[[float], None]) -> int:
    note.write_text(str(os.getpid()))
    for number in range(1, 6):
        on_progress(number)
        time.sleep(0.1)
    return 5


def where() -> str:
    return str(Path.cwd())


def niceness() -> int:
    return os.nice(0)


def loaded() -> tuple[str, ...]:
    return tuple(sys.modules)
