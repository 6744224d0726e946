"""Functions in a process of their own: what comes back, and what their misdeeds cost."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retrieval.errors import DecoderCrashedError, DecoderHungError, DecoderLimitError, NotMediaError, StorageFullError
from retrieval.isolation import children, isolated
from retrieval.isolation.isolated import CallLimits, UnforeseenError, run_isolated
from tests import faults
from tests.job_fakes import until
from tests.places import ROOT

LIMITS = CallLimits(memory_bytes=500_000_000, silence_s=30.0, cpu_s=20, output_bytes=20_000_000)


def run(function: Callable[..., Any], *arguments: Any, limits: CallLimits = LIMITS, **options: Any) -> Any:
    return run_isolated(function, *arguments, limits=limits, name="file.mp4", **options)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class TestWhatComesBack:
    def test_plain_values_in_the_types_that_were_sent(self) -> None:
        path = Path(os.fsdecode(b"caf\xe9.mp4"))  # no text in UTF-8
        told = run(faults.tell, path)
        assert told == replace(faults.tell(path), pid=told.pid)
        assert told.pid != os.getpid()

    def test_arrays(self) -> None:
        assert np.array_equal(run(faults.array, 4), faults.array(4))

    def test_what_waits_for_less_comes_first(self) -> None:
        assert run(faults.niceness) == min(19, os.nice(0) + children.NICENESS)

    def test_errors_of_the_tree_as_themselves(self) -> None:
        with pytest.raises(NotMediaError, match="this is no media file"):
            run(faults.refuse)

    def test_a_full_disk_is_no_fault_of_the_file(self) -> None:
        with pytest.raises(StorageFullError, match="the disk is full"):
            run(faults.find_the_disk_full)

    def test_other_errors_by_their_name(self) -> None:
        with pytest.raises(UnforeseenError, match="ZeroDivisionError: nobody thought of this"):
            run(faults.stumble)

    def test_progress(self) -> None:
        heard: list[float] = []
        assert run(faults.count, 5, on_progress=heard.append) == 5
        assert sorted(set(heard) - {0.0}) == [1, 2, 3, 4, 5]

    def test_paths_mean_what_they_mean_here(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        assert Path(run(faults.where)) == tmp_path.resolve()

    def test_from_many_threads_at_once(self) -> None:
        with ThreadPoolExecutor(8) as threads:
            told = list(threads.map(lambda number: run(faults.count, number, on_progress=lambda _: None), range(1, 25)))
        assert told == list(range(1, 25))


@pytest.mark.parametrize(
    ("function", "limits", "error", "message"),
    [
        (faults.crash, LIMITS, DecoderCrashedError, r"file\.mp4: the decoder crashed \(SIGSEGV\)"),
        (faults.abort, LIMITS, DecoderCrashedError, r"the decoder crashed \(SIGABRT\)"),
        (faults.exit_without_a_word, LIMITS, DecoderCrashedError, r"ended without an answer \(code 3\)"),
        (faults.hang, replace(LIMITS, silence_s=1.0), DecoderHungError, "made no progress for 1 s"),
        (faults.hang_busy, replace(LIMITS, cpu_s=1), DecoderLimitError, "more than 1 s of processor time"),
        (faults.eat, LIMITS, DecoderLimitError, r"more than 0\.5 GB of memory"),
        (faults.announce_much, LIMITS, DecoderLimitError, "gives an answer of more than"),
        (faults.array_instead_of_told, LIMITS, DecoderCrashedError, "no answer that makes sense"),
        (faults.text_instead_of_number, LIMITS, DecoderCrashedError, "no answer that makes sense"),
    ],
)
def test_what_goes_wrong_is_an_error_that_says_what(
    function: Callable[..., Any], limits: CallLimits, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        run(function, limits=limits)
    assert run(faults.count, 1, on_progress=lambda _: None) == 1  # and the next goes as ever


def test_reports_of_the_same_are_no_progress() -> None:
    with pytest.raises(DecoderHungError, match="made no progress for 1 s"):
        run(faults.hang_and_report, limits=replace(LIMITS, silence_s=1.0), on_progress=lambda _: None)


@pytest.mark.parametrize("write", [faults.write_without_end, faults.write_many_files])
def test_a_disk_is_not_filled(write: Callable[[Path], None], tmp_path: Path) -> None:
    """20 MB are allowed, in one file or in many."""
    with pytest.raises(DecoderLimitError, match=r"more than 0\.02 GB of pictures and sound"):
        run(write, tmp_path, watched=tmp_path)
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 200_000_000


def test_an_answer_cannot_run_anything_here(tmp_path: Path) -> None:
    with pytest.raises(DecoderCrashedError, match="no answer that makes sense"):
        run(faults.forge_a_pickle, tmp_path / "marker")
    assert not (tmp_path / "marker").exists()


def test_what_it_says_is_kept_short_and_goes_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "retrieval.isolation.isolated"):
        assert run(faults.talk_without_end) == 7
    (record,) = caplog.records
    assert record.getMessage().endswith("frame is damaged")
    assert len(record.getMessage()) < 10_000


def test_whoever_listens_stops_it_at_once_though_it_hangs(tmp_path: Path) -> None:
    note = tmp_path / "pid"

    def listen(done: float) -> None:
        if done:
            raise InterruptedError("stopped")

    with pytest.raises(InterruptedError):
        run(faults.note_pid_and_hang, note, on_progress=listen)
    until(lambda: not is_alive(int(note.read_text())), "the end of the child")


def test_a_child_dies_with_its_caller(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    script = (
        "import sys; from pathlib import Path; from tests import faults; from retrieval.isolation.isolated import *; "
        "run_isolated(faults.note_pid_and_hang, Path(sys.argv[1]), limits=CallLimits(10**9, 60), name='file', "
        "on_progress=lambda _: None)"
    )
    caller = subprocess.Popen([sys.executable, "-c", script, str(note)], cwd=ROOT)
    until(lambda: note.exists() and note.read_text() != "", "the child")
    child = int(note.read_text())
    assert is_alive(child)
    os.kill(caller.pid, signal.SIGKILL)
    caller.wait()
    until(lambda: not is_alive(child), "the end of the child")


def test_a_service_that_is_stopped_keeps_them_until_its_own_process_ends(tmp_path: Path) -> None:
    """Service managers and terminals signal every process of a service at once."""
    note = tmp_path / "pid"

    def stop_all(done: float) -> None:
        if not done:
            return
        process = children.nursery()._process
        assert process is not None
        for pid in (process.pid, int(note.read_text())):
            for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                os.kill(pid, sign)

    assert run(faults.note_pid_and_count, note, on_progress=stop_all) == 5


STOPPED_AT_ONCE = """
import os, signal
from retrieval.isolation.children import nursery
signal.signal(signal.SIGINT, lambda *_: None)
nursery().start()
os.killpg(0, signal.SIGINT)
nursery()._process.wait(0.5)
"""


def test_a_key_that_stops_the_caller_does_not_reach_what_forks_while_it_starts() -> None:
    """Ctrl-C goes to all processes of a terminal; of one that is still loading it would be a traceback."""
    command = [sys.executable, "-c", STOPPED_AT_ONCE]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, start_new_session=True)
    assert "TimeoutExpired" in done.stderr  # it lives on
    assert "KeyboardInterrupt" not in done.stderr


def test_where_there_is_no_fork_functions_run_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolated, "IS_POSSIBLE", False)
    assert run(faults.tell, Path("a")).pid == os.getpid()
    assert run(faults.count, 3, on_progress=lambda _: None) == 3


def test_the_process_that_forks_is_started_again_if_it_dies() -> None:
    run(faults.where)
    process = children.nursery()._process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert run(faults.where)


def test_it_is_quick_and_light_once_it_is_warm() -> None:
    """A process of its own costs a few hundredths of a second, and loads nothing but what reads media."""
    run(faults.where)
    took_s = []
    for _ in range(10):
        began = time.monotonic()
        run(faults.where)
        took_s.append(time.monotonic() - began)
    assert min(took_s) < 0.1
    assert not {"torch", "openvino", "fastapi", "sqlalchemy"} & set(run(faults.loaded))
