"""Fixtures that several test modules share."""

import os
import shutil
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings

from retrieval.encoders.base import Transcriber
from retrieval.encoders.pieced_files import put_together
from retrieval.encoders.registry import find_model
from retrieval.encoders.whisper_speech import FasterWhisperTranscriber
from tests.browser import chromium as chromium
from tests.browser import page as page
from tests.browser import seen_by_browsers
from tests.browser import site as site

# The same examples each time: what a run says depends on the code alone. `--hypothesis-profile explore` looks further.
# Without a deadline, for how long one of them takes depends on the machine.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", derandomize=False, deadline=None)
settings.load_profile("same")

MEMORY = Path("/dev/shm")
ENOUGH_BYTES = 4_000_000_000
IN_MEMORY = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH_BYTES


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With the report of a test that failed while a browser was open, what was to be seen there."""
    report = yield
    if call.when == "call" and report.failed:
        report.sections.extend(seen_by_browsers())
    return report


@contextmanager
def _in_memory(otherwise: Path) -> Iterator[Path]:
    """A folder in memory where there is room: most of the time what is tested waits for a disk."""
    if IN_MEMORY:
        with TemporaryDirectory(prefix="moments-", dir=MEMORY, ignore_cleanup_errors=True) as folder:
            yield Path(folder)
    else:
        yield otherwise


@pytest.fixture
def tmp_path(tmp_path: Path) -> Iterator[Path]:
    """The test's own folder."""
    with _in_memory(tmp_path) as folder:
        yield folder


@pytest.fixture(scope="module")
def module_path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for what the tests of a module share."""
    with _in_memory(tmp_path_factory.mktemp("module")) as folder:
        yield folder


@pytest.fixture(scope="session")
def whisper_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Whisper base in CTranslate2's format, put together once for all processes of a run."""
    run = tmp_path_factory.getbasetemp()
    folder = (run.parent if "PYTEST_XDIST_WORKER" in os.environ else run) / "whisper-base"
    put_together(find_model("whisper-base"), folder)
    return folder


@pytest.fixture(scope="session")
def ears(whisper_base: Path) -> Transcriber:
    """The recogniser of the lite profile."""
    return FasterWhisperTranscriber(whisper_base, "base")
