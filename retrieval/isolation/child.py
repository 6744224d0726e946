"""The process from which isolated functions are forked: warm, small and of one thread, so that a fork is safe.

``isolated`` starts one beside its own process and asks it for a child per call. A child is its caller's until
it ends: it dies when the caller lets go of it, and when the caller dies.
"""

import ctypes
import errno
import faulthandler
import gc
import importlib
import io
import json
import os
import pickle
import resource
import selectors
import signal
import socket
import sys
import traceback
from contextlib import suppress
from typing import Any, NoReturn

from retrieval.errors import MomentsError, StorageFullError
from retrieval.isolation.children import (
    ANSWER,
    ARRAY,
    CRASH,
    FORKED,
    HEADER,
    LIMIT,
    NICENESS,
    PROGRESS,
    REFUSAL,
    STATUS,
)
from retrieval.isolation.plain_values import plain

# What reads media takes a quarter of a second to import. On macOS, system libraries do not bear a fork.
_WARM = ("av", "numpy", "PIL.Image") if sys.platform == "linux" else ()
_PR_SET_PDEATHSIG = 1


def serve(control_fd: int) -> NoReturn:
    """Fork a child whenever the caller asks for one, until the caller closes its end or dies."""
    for stop in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(stop, signal.SIG_IGN)  # who stops them all means the caller, which takes its children along
    _warm_up()
    with socket.socket(fileno=control_fd) as control:
        _Nursery(control).run()
    os._exit(0)


def _warm_up() -> None:
    for name in _WARM:
        with suppress(ImportError):
            importlib.import_module(name)
    if "PIL.Image" in sys.modules:
        sys.modules["PIL.Image"].init()
    gc.collect()
    gc.freeze()


class _Nursery:
    """The children that live, by the socket through which their caller holds on to them."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._children: dict[int, socket.socket] = {}
        self._ready = selectors.DefaultSelector()
        self._woken, self._waking = socket.socketpair()

    def run(self) -> None:
        """Serve until nobody asks any more; no child outlives this."""
        self._waking.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waking.fileno(), warn_on_full_buffer=False)
        self._ready.register(self._control, selectors.EVENT_READ)
        self._ready.register(self._woken, selectors.EVENT_READ)
        try:
            while True:
                for key, _ in self._ready.select():
                    if key.fileobj is self._control:
                        if not self._take():
                            return
                    elif key.fileobj is self._woken:
                        self._woken.recv(4096)
                        self._bury()
                    elif key.data in self._children:
                        self._ready.unregister(key.fileobj)
                        os.kill(key.data, signal.SIGKILL)  # not buried yet, so the number is still its own
        finally:
            for pid in self._children:
                os.kill(pid, signal.SIGKILL)

    def _take(self) -> bool:
        """Fork the child that is asked for; False if nobody will ask again."""
        named, descriptors, _, _ = socket.recv_fds(self._control, 1024, 3)
        if not named:
            return False
        with suppress(Exception):  # if it cannot be imported, the child says so
            importlib.import_module(named.decode())
        connection, said, held = descriptors
        server = os.getpid()
        pid = os.fork()
        if pid == 0:
            _live(connection, said, server)
        os.close(connection)
        os.close(said)
        self._control.sendall(FORKED)
        self._children[pid] = socket.socket(fileno=held)
        self._ready.register(self._children[pid], selectors.EVENT_READ, pid)
        return True

    def _bury(self) -> None:
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            held = self._children.pop(pid)
            with suppress(KeyError):
                self._ready.unregister(held)
            with held, suppress(OSError):
                held.sendall(STATUS.pack(status))


def _live(connection: int, said: int, server: int) -> NoReturn:
    """Be the child: read what to do, do it within its limits, and tell what came of it."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for standard, given in enumerate((nothing, said, said)):
            os.dup2(given, standard)
        kept = os.dup2(connection, 3)
        os.closerange(4, max(64, resource.getrlimit(resource.RLIMIT_NOFILE)[0]))
        _die_with(server)
        os.nice(NICENESS)
        faulthandler.enable(2)
        with socket.socket(fileno=kept) as caller:
            _answer(caller)
        code = 0
    finally:
        os._exit(code)


def _answer(caller: socket.socket) -> None:
    with caller.makefile("rb") as asked:
        size = int.from_bytes(asked.read(8), "little")
        folder, module, name, limits, reports, arguments, options = pickle.loads(asked.read(size))

    def tell(kind: bytes, told: bytes) -> None:
        caller.sendall(HEADER.pack(kind, len(told)) + told)

    try:
        with suppress(OSError):
            os.chdir(folder)
        function = getattr(importlib.import_module(module), name)
        _limit(**limits)
        if reports:
            options["on_progress"] = lambda done: tell(PROGRESS, _json(done))
        result = function(*arguments, **options)
        tell(*_packed(result))
    except MomentsError as error:
        tell(REFUSAL, _json([type(error).__name__, error.message]))
    except MemoryError:
        tell(LIMIT, _json("memory"))
    except OSError as error:
        match error.errno:
            case errno.ENOMEM:
                tell(LIMIT, _json("memory"))
            case errno.EFBIG:
                tell(LIMIT, _json("output"))
            case errno.ENOSPC | errno.EDQUOT:
                tell(REFUSAL, _json([StorageFullError.__name__, f"the disk is full: {error}"]))
            case _:
                tell(CRASH, _unforeseen(error))
    except Exception as error:  # noqa: BLE001  whatever it is, the caller is told
        tell(CRASH, _unforeseen(error))


def _packed(result: Any) -> tuple[bytes, bytes]:
    if "numpy" in sys.modules and isinstance(result, sys.modules["numpy"].ndarray):
        packed = io.BytesIO()
        sys.modules["numpy"].save(packed, result, allow_pickle=False)
        return ARRAY, packed.getvalue()
    return ANSWER, _json(plain(result))


def _unforeseen(error: Exception) -> bytes:
    return _json([f"{type(error).__name__}: {error}", "".join(traceback.format_exception(error))])


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()  # in ASCII, for a path may hold bytes that are no text


def _limit(memory_bytes: int, output_bytes: int, cpu_s: int | None) -> None:
    # Where the system knows it, what is written to counts, and not the libraries that are mapped.
    memory = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
    for kind, limit in (
        (resource.RLIMIT_CORE, 0),
        (memory, memory_bytes),
        (resource.RLIMIT_FSIZE, output_bytes),
        (resource.RLIMIT_CPU, cpu_s),
    ):
        if limit is not None:
            _, hard = resource.getrlimit(kind)
            allowed = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
            with suppress(ValueError, OSError):  # not every system limits everything
                resource.setrlimit(kind, (allowed, hard))


def _die_with(server: int) -> None:
    """End when the process ends from which this one was forked, and be the first to go if memory runs out."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != server:
        os._exit(1)
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123
        file.write("1000")
