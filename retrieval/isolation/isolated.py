"""Calls a function in a process of its own: what crashes, hangs or grows without end there harms nothing here.

It keeps accidents and bombs from the caller. It is no prison: the process may do what this user may.
"""

import importlib
import inspect
import io
import json
import logging
import os
import selectors
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar, cast, get_origin

from retrieval.errors import DecoderCrashedError, DecoderFailedError, DecoderHungError, DecoderLimitError, MomentsError
from retrieval.isolation.children import (
    ANSWER,
    ARRAY,
    CRASH,
    HEADER,
    LIMIT,
    PROGRESS,
    REFUSAL,
    Child,
    new_child,
    nursery,
)
from retrieval.isolation.plain_values import built

T = TypeVar("T")

IS_POSSIBLE = hasattr(os, "fork")
"""Windows has no fork: functions run in this process there, without limits."""

_TICK_S = 0.25
_LOOK_AT_FOLDER_S = 2.0
_LONGEST_MESSAGE_BYTES = 256_000_000
_SAID_KEPT_BYTES = 8_000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CallLimits:
    """What one call may take.

    ``silence_s`` is how long it may go on without reporting that it gets on, or altogether if it reports
    nothing; ``output_bytes`` counts for each file that it writes, and for its folder if that is watched.
    """

    memory_bytes: int
    silence_s: float
    cpu_s: int | None = None
    output_bytes: int = 1_000_000_000


class UnforeseenError(Exception):
    """What a function raised in its process that is no error of Moments; its traceback is in the log."""


def run_isolated(
    function: Callable[..., T],
    *arguments: Any,
    limits: CallLimits,
    name: str,
    on_progress: Callable[[float], None] | None = None,
    waiting: Callable[[], None] | None = None,
    watched: Path | None = None,
    options: Mapping[str, Any] | None = None,
) -> T:
    """What ``function`` returns, which runs in a process of its own; ``name`` says in errors what it reads.

    The function stands in a module by its name, and returns a NumPy array, or plain values and dataclasses as
    its annotation says. With ``on_progress`` it is given one, whose values arrive here, the last again and again
    while it is silent; ``waiting`` is called every moment likewise. Either can raise, which ends the process at
    once. ``watched`` is a folder that it fills, ``options`` are arguments by name.

    Raises what it raises of the error tree; DecoderCrashedError, DecoderHungError or DecoderLimitError if it does
    not get to its end; UnforeseenError for anything else.
    """
    if not IS_POSSIBLE:
        return function(*arguments, **(options or {}), **({"on_progress": on_progress} if on_progress else {}))
    rules = {"memory_bytes": limits.memory_bytes, "output_bytes": limits.output_bytes, "cpu_s": limits.cpu_s}
    with new_child(function.__module__) as child:
        child.ask(function, arguments, options or {}, rules, reports=on_progress is not None)
        return cast(T, _Call(child, function, limits, name, on_progress, waiting, watched).result())


def warm_up() -> None:
    """Start what the first call would have to wait for, a quarter of a second, and return at once."""
    if IS_POSSIBLE:
        nursery().start()


class _Call:
    """One call on its way: messages as they come in, and the rules that it must keep meanwhile."""

    def __init__(
        self,
        child: Child,
        function: Callable[..., Any],
        limits: CallLimits,
        name: str,
        on_progress: Callable[[float], None] | None,
        waiting: Callable[[], None] | None,
        watched: Path | None,
    ) -> None:
        self._child = child
        self._function = function
        self._limits = limits
        self._name = name
        self._on_progress = on_progress
        self._waiting = waiting
        self._watched = watched
        self._received = bytearray()
        self._said = bytearray()
        self._done = 0.0

    def result(self) -> Any:
        heard_s = told_s = looked_s = time.monotonic()
        with selectors.DefaultSelector() as ready:
            for end in (self._child.connection, self._child.said):
                end.setblocking(False)
                ready.register(end, selectors.EVENT_READ)
            while True:
                for key, _ in ready.select(_TICK_S):
                    if key.fileobj is self._child.said:
                        self._listen(ready)
                        continue
                    is_open = self._receive()
                    while (message := self._message()) is not None:
                        if message[0] != PROGRESS:
                            return self._outcome(*message)
                        told_s = time.monotonic()
                        if (done := self._number(message[1])) > self._done:
                            self._done, heard_s = done, told_s
                        self._tell()
                    if not is_open:
                        self._died()
                now_s = time.monotonic()
                if now_s - heard_s > self._limits.silence_s:
                    self._fail(DecoderHungError(f"{self._name}: made no progress for {self._limits.silence_s:.0f} s"))
                if now_s - told_s >= _TICK_S:
                    told_s = now_s
                    self._tell()
                if self._watched is not None and now_s - looked_s > _LOOK_AT_FOLDER_S:
                    looked_s = now_s
                    if _size_of(self._watched) > self._limits.output_bytes:
                        self._fail(self._over("output"))

    def _number(self, told: bytes) -> float:
        try:
            return float(json.loads(told))
        except (TypeError, ValueError):
            self._fail(self._nonsense())

    def _tell(self) -> None:
        if self._on_progress is not None:
            self._on_progress(self._done)
        if self._waiting is not None:
            self._waiting()

    def _listen(self, ready: selectors.BaseSelector) -> None:
        heard = b""
        with suppress(OSError):
            heard = self._child.said.recv(65_536)
        if not heard:
            ready.unregister(self._child.said)
        self._said = (self._said + heard)[-_SAID_KEPT_BYTES:]

    def _receive(self) -> bool:
        """Take what has come; False if nothing will come any more."""
        try:
            fresh = self._child.connection.recv(1 << 20)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self._received += fresh
        return bool(fresh)

    def _message(self) -> tuple[bytes, bytes] | None:
        if len(self._received) < HEADER.size:
            return None
        kind, size = HEADER.unpack_from(self._received)
        if size > _LONGEST_MESSAGE_BYTES:
            self._fail(self._over("answer"))
        end = HEADER.size + size
        if len(self._received) < end:
            return None
        message = bytes(self._received[HEADER.size : end])
        del self._received[:end]
        return kind, message

    def _outcome(self, kind: bytes, told: bytes) -> Any:
        if self._said:
            _log.info("%s: %s", self._name, self._text())
        expected = _returned_by(self._function)
        try:
            if kind == ARRAY:
                return _array(told, expected)
            value = json.loads(told)
            if kind == ANSWER:
                return built(expected, value)
            if kind == REFUSAL:
                raise _error_of_the_tree(*value)
            if kind == LIMIT:
                self._fail(self._over(value))
            if kind != CRASH:
                raise ValueError(f"there is no message {kind!r}")
            message, trace = value
            _log.info("%s: %s", self._name, trace)
            raise UnforeseenError(str(message))
        except (TypeError, ValueError, KeyError, RecursionError) as error:
            raise self._nonsense() from error

    def _died(self) -> NoReturn:
        """Say how a child ended that gave no answer."""
        with suppress(OSError):
            self._said = (self._said + self._child.said.recv(65_536))[-_SAID_KEPT_BYTES:]
        code = self._child.status()
        if code is None or code >= 0:
            self._fail(DecoderCrashedError(f"{self._name}: the decoder ended without an answer (code {code})"))
        if -code == getattr(signal, "SIGXCPU", None):
            self._fail(self._over("cpu"))
        if -code == getattr(signal, "SIGKILL", None):
            self._fail(DecoderCrashedError(f"{self._name}: the decoder was killed; perhaps memory had run out"))
        try:
            sign = signal.Signals(-code).name
        except ValueError:
            sign = f"signal {-code}"
        self._fail(DecoderCrashedError(f"{self._name}: the decoder crashed ({sign})"))

    def _nonsense(self) -> DecoderCrashedError:
        return DecoderCrashedError(f"{self._name}: the decoder gave no answer that makes sense")

    def _over(self, what: str) -> DecoderLimitError:
        rule = {
            "memory": f"takes more than {self._limits.memory_bytes / 1e9:g} GB of memory",
            "output": f"gives more than {self._limits.output_bytes / 1e9:g} GB of pictures and sound",
            "cpu": f"takes more than {self._limits.cpu_s} s of processor time",
            "answer": f"gives an answer of more than {_LONGEST_MESSAGE_BYTES / 1e9:g} GB",
        }[what]
        return DecoderLimitError(f"{self._name}: reading it {rule}, which is what one file may take")

    def _fail(self, error: DecoderFailedError) -> NoReturn:
        _log.info("%s\n%s", error.message, self._text())
        raise error

    def _text(self) -> str:
        return self._said.decode(errors="replace").strip()


def _returned_by(function: Callable[..., Any]) -> Any:
    kind = inspect.unwrap(function).__annotations__["return"]
    return eval(kind, vars(importlib.import_module(function.__module__))) if isinstance(kind, str) else kind


def _array(told: bytes, expected: Any) -> Any:
    import numpy as np

    if get_origin(expected) is not np.ndarray:
        raise TypeError(f"an array is no {expected}")
    return np.load(io.BytesIO(told), allow_pickle=False)


def _error_of_the_tree(name: str, message: str) -> MomentsError:
    kinds = [MomentsError]
    for kind in kinds:
        if kind.__name__ == name:
            return kind(str(message))
        kinds += kind.__subclasses__()
    raise ValueError(f"there is no error {name}")


def _size_of(folder: Path) -> int:
    size = 0
    for within, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                size += os.lstat(os.path.join(within, name)).st_size  # noqa: PTH118
    return size
