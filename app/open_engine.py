"""A search engine on the library that the settings name, opened and closed together."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from app.harmless import say
from app.settings import Settings
from retrieval.domain import Profile
from retrieval.encoders.profiles import ProfileEncoders, Resolved, resolve
from retrieval.search import SearchEngine
from retrieval.storage.library import Library


def resolve_profile(library: Library, settings: Settings) -> Resolved:
    """The profile to run: what was asked for, else what made the index, else what this machine has."""
    return resolve(settings.profile, settings, library.catalog.spaces())


def announce(resolved: Resolved, settings: Settings) -> None:
    """One line on a terminal's standard error about a profile that nobody asked for by name."""
    if settings.profile is Profile.AUTO and sys.stderr.isatty():
        say(f"profile {resolved.profile}: {resolved.reason}", err=True)


@contextmanager
def open_engine(settings: Settings, command: str = "moments search") -> Iterator[SearchEngine]:
    """The engine for the block."""
    with Library(settings, command) as library:
        yield SearchEngine(library, ProfileEncoders(resolve_profile(library, settings).profile, settings))
