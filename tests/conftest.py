"""Fixtures that several test modules share."""

from hypothesis import settings

from tests.browser import chromium as chromium
from tests.browser import page as page
from tests.browser import site as site

# The same examples each time: what a run says depends on the code alone. `--hypothesis-profile explore` looks further.
# Without a deadline, for how long one of them takes depends on the machine.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", derandomize=False, deadline=None)
settings.load_profile("same")
