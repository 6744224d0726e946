"""Fixtures that several test modules share."""

from pathlib import Path

import pytest
from hypothesis import settings

from tests.browser import chromium as chromium
from tests.browser import page as page
from tests.browser import site as site
from tests.places import SHARED

# The same examples each time: what a run says depends on the code alone. `--hypothesis-profile explore` looks further.
# Without a deadline, for how long one of them takes depends on the machine.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", derandomize=False, deadline=None)
settings.load_profile("same")


@pytest.fixture(scope="session")
def shared_media() -> Path:
    """The folder of real media files; tests that need it skip where it is not there."""
    folder = SHARED / "media"
    if not folder.is_dir():
        pytest.skip(f"no folder of real media files at {folder}")
    return folder


@pytest.fixture(scope="session")
def shared_bench() -> Path:
    """The folder with the maker of planted videos and its assets; skips where it is not there."""
    folder = SHARED / "bench"
    if not folder.is_dir():
        pytest.skip(f"no folder of bench assets at {folder}")
    return folder
