"""The processes that isolated functions run in, seen from the one that asks for them."""

import atexit
import json
import os
import pickle
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

HEADER = struct.Struct("<cQ")
"""Before each message of a child: its kind, and how many bytes follow."""
PROGRESS, ANSWER, ARRAY, REFUSAL, LIMIT, CRASH = (bytes([letter]) for letter in b"parelx")
STATUS = struct.Struct("<i")
"""How a child ended, as ``waitpid`` says it."""

NICENESS = 10
"""Decoders and encoders take what others leave of the processor: whoever waits for a short answer comes first."""

FORKED = b"f"
"""What is answered when a child has been forked."""

_PATIENCE_S = 60.0
_PATIENCE_WITH_STATUS_S = 5.0
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[2]); "
    "from retrieval.isolation.child import serve; serve(int(sys.argv[1]))"
)


class Nursery:
    """The process from which children are forked; one for this process, started when it is needed."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def start(self) -> None:
        with self._lock:
            self._started()

    def fork(self, module: str, descriptors: list[int]) -> None:
        """A new child on these descriptors: what it is asked, what it says, and by what it is held."""
        with self._lock:
            try:
                self._fork(module, descriptors)
            except OSError:
                self._stop()  # somebody killed it: another takes its place
                self._fork(module, descriptors)

    def _fork(self, module: str, descriptors: list[int]) -> None:
        control = self._started()
        socket.send_fds(control, [module.encode()], descriptors)
        if control.recv(len(FORKED)) != FORKED:
            raise ConnectionResetError

    def stop(self) -> None:
        with self._lock:
            self._stop()

    def _started(self) -> socket.socket:
        if self._process is not None and self._process.poll() is not None:
            self._stop()
        if self._control is None:
            self._control, theirs = socket.socketpair()
            self._control.settimeout(_PATIENCE_S)
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-c", _START, str(theirs.fileno()), json.dumps(sys.path)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,  # who stops the caller at a terminal means the caller alone
                    env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},  # a fork is for processes of one thread
                )
        return self._control

    def _stop(self) -> None:
        if self._control is not None and self._process is not None:
            self._control.close()
            self._process.wait()
            self._control = self._process = None


_current: Nursery | None = None
_current_lock = threading.Lock()


def nursery() -> Nursery:
    global _current
    with _current_lock:
        if _current is None or _current.owner != os.getpid():
            _current = Nursery()
            atexit.register(_current.stop)
        return _current


@contextmanager
def new_child(module: str) -> Iterator["Child"]:
    """A new child; it is killed when the block is left, if it still lives."""
    with ExitStack() as stack:
        here, there = [], []
        for _ in range(3):
            ours, theirs = socket.socketpair()
            here.append(stack.enter_context(ours))
            there.append(stack.enter_context(theirs))
        nursery().fork(module, [end.fileno() for end in there])
        for end in there:
            end.close()
        yield Child(*here)


class Child:
    """The ends of what ties this process to a child."""

    def __init__(self, connection: socket.socket, said: socket.socket, held: socket.socket) -> None:
        self.connection = connection
        self.said = said
        self._held = held

    def ask(
        self,
        function: Callable[..., Any],
        arguments: tuple[Any, ...],
        options: Mapping[str, Any],
        rules: Mapping[str, int | None],
        *,
        reports: bool,
    ) -> None:
        """Tell it what to do within which limits; ``reports`` if it is to tell its progress."""
        asked = pickle.dumps(
            (_here(), function.__module__, function.__name__, dict(rules), reports, arguments, dict(options))
        )
        with suppress(BrokenPipeError, ConnectionResetError):  # how it ended is found when it is listened to
            self.connection.sendall(len(asked).to_bytes(8, "little") + asked)

    def status(self) -> int | None:
        """How it ended, as ``os.waitstatus_to_exitcode`` has it; None if nobody knows."""
        self._held.settimeout(_PATIENCE_WITH_STATUS_S)
        try:
            told = self._held.recv(STATUS.size)
        except OSError:
            return None
        return os.waitstatus_to_exitcode(STATUS.unpack(told)[0]) if len(told) == STATUS.size else None


def _here() -> str:
    try:
        return os.getcwd()  # noqa: PTH109
    except FileNotFoundError:
        return "/"
