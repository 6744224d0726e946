"""Who may ask: the rules of the door, apart from HTTP's ways of bringing a key."""

import hmac
import ipaddress
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from app.settings import Settings
from retrieval.errors import TooManyAttemptsError, UnauthorizedError
from retrieval.storage.api_keys import ApiKeys
from retrieval.storage.media_roots import MediaRoots

ATTEMPTS = 10
ATTEMPTS_WINDOW_S = 60
_MAX_ADDRESSES = 10_000


class CallerKind(StrEnum):
    """How somebody came in."""

    OPEN = "open"
    LOCAL = "local"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: nobody in particular on a server without keys, this user's own command, or a key by its name."""

    kind: CallerKind
    name: str | None = None


class Guard:
    """Lets in whom the settings and the keys allow.

    On loopback nobody needs a key until there is one; from then on everybody does, for a proxy on the same
    machine makes the whole world look like loopback. The user's own commands have the ``local_token``.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.local_token: str | None = None

    def needs_key(self, keys: ApiKeys) -> bool:
        """Whether a request needs a key."""
        return not self._settings.is_loopback or keys.exist()

    def allows_page_of(self, origin: str | None) -> bool:
        """Whether the settings name the origin of a page as one that may use the API from a browser."""
        return origin is not None and origin in self._settings.allowed_origins

    def caller(self, keys: ApiKeys, secret: str | None, session: str | None) -> Caller:
        """Who comes with this key, or this session. Raises UnauthorizedError."""
        if secret is not None:
            if self.local_token is not None and _same(secret, self.local_token):
                return Caller(CallerKind.LOCAL)
            if (key := keys.find(secret)) is not None:
                return Caller(CallerKind.KEY, key.name)
            if self.needs_key(keys):
                raise UnauthorizedError("the API key sent is not known, was revoked, or has expired")
            return Caller(CallerKind.OPEN)
        if session is not None and (key := keys.of_session(session)) is not None:
            return Caller(CallerKind.KEY, key.name)
        if self.needs_key(keys):
            raise UnauthorizedError(
                "an API key is needed, as `Authorization: Bearer KEY`; `moments keys create NAME` makes one"
            )
        return Caller(CallerKind.OPEN)

    def roots(self, caller: Caller) -> MediaRoots:
        """The folders whose files this caller may add."""
        listed, data_dir = self._settings.media_roots, self._settings.data_dir
        match caller.kind:
            case CallerKind.LOCAL:
                return MediaRoots(None, data_dir)
            case CallerKind.KEY:
                return MediaRoots(() if listed is None else listed, data_dir)
            case CallerKind.OPEN:
                return MediaRoots(listed, data_dir)
            case _:
                assert_never(caller.kind)


class Attempts:
    """Counts wrong keys by address, so that nobody can go on trying."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def check(self, address: str) -> None:
        """Raises TooManyAttemptsError after ``ATTEMPTS`` failures within ``ATTEMPTS_WINDOW_S``."""
        since = self._clock() - ATTEMPTS_WINDOW_S
        with self._lock:
            recent = sum(moment > since for moment in self._failed.get(address, ()))
        if recent >= ATTEMPTS:
            raise TooManyAttemptsError(
                f"{ATTEMPTS} wrong keys within {ATTEMPTS_WINDOW_S} s; wait so long and try again"
            )

    def failed(self, address: str) -> None:
        """Remember a wrong key; of too many addresses the longest quiet are forgotten."""
        with self._lock:
            self._failed.setdefault(address, deque(maxlen=ATTEMPTS)).append(self._clock())
            self._failed.move_to_end(address)
            if len(self._failed) > _MAX_ADDRESSES:
                self._failed.popitem(last=False)


def is_loopback_name(host: str) -> bool:
    """Whether a Host header names this machine: no page of another name can then be behind the request."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    name = name.removeprefix("[").removesuffix("]").lower()
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def _same(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), known.encode())
