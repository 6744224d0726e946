"""glibc's heaps, which keep what a burst of requests took: few of them, and emptied when the burst is over."""

import ctypes
from contextlib import suppress

_M_ARENA_MAX = -8
"""The name that glibc's malloc.h gives to how many heaps there are at most."""


def share_heaps() -> None:
    """Let the threads share two heaps: of one each, what a burst of requests took would stay with them."""
    with suppress(OSError, AttributeError):  # another C library has no such heaps
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


def give_back() -> None:
    """Give free memory back to the system. Takes some milliseconds, in which other threads go on."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
