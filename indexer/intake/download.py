"""Fetches a file from an address into a folder, as far as limits and the network's boundaries allow.

One thread talks to the server, which may be slow or hostile. The caller's own waits for it a moment at a time: it hears
a cancel at once, and gives up a server that drips.
"""

import queue
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit

from indexer.intake.addresses import check_url, resolve
from indexer.intake.file_names import safe_name
from retrieval.atomic import replacing
from retrieval.errors import DownloadError, NotMediaError
from retrieval.storage.promises import Promises
from retrieval.storage.room import full_disk_errors, require_room

if TYPE_CHECKING:
    import httpx

MAX_REDIRECTS = 5
CONNECT_TIMEOUT_S = 15.0
READ_TIMEOUT_S = 30.0
ANSWER_TIMEOUT_S = 60.0
"""Names are looked up, redirects followed and headers whole within so long altogether."""
LEAST_BYTES_PER_S = 2_000
JUDGED_OVER_S = 60.0
"""A body that comes more slowly over so long is given up: a byte now and then would hold the queue for ever."""

_WAIT_S = 0.2
_CHUNKS_AHEAD = 16

_NO_MEDIA = frozenset({"text/html", "application/xhtml+xml", "application/json", "application/xml", "text/xml"})
"""Types that servers give to pages and errors, never to a media file."""

_HEADERS = {"User-Agent": "moments", "Accept": "*/*", "Accept-Encoding": "identity"}


def download(
    url: str,
    folder: Path,
    *,
    max_bytes: int,
    allow_private: bool,
    report: Callable[[float], None],
    promises: Promises,
) -> Path:
    """The file that lies at ``url``, whole, in ``folder``, which is made and holds nothing else.

    Raises DownloadError, NotMediaError for a web page, InputError or UrlNotAllowedError for an address that
    may not be asked, StorageFullError; nothing is left in the folder then.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        with _Transfer(url, allow_private) as transfer:
            answer = transfer.answer(lambda: report(0.0))
            _refuse_others(answer)
            path = folder / _name(answer)
            with replacing(path) as draft:
                _write(transfer, draft, answer.expected_bytes, max_bytes, report, promises)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return path


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a server says before the file: the address it was found at, and the headers."""

    url: str
    headers: "httpx.Headers"

    @property
    def expected_bytes(self) -> int | None:
        claimed: str = self.headers.get("content-length", "")
        return int(claimed) if claimed.isascii() and claimed.isdecimal() else None


class _Abandoned(Exception):  # noqa: N818
    """Nobody waits for the transfer any more."""


class _Transfer:
    """One download, running in a thread of its own for the block; its end is not waited for."""

    def __init__(self, url: str, allow_private: bool) -> None:
        self.url = url
        self._allow_private = allow_private
        self._came: queue.Queue[_Answer | bytes | Exception | None] = queue.Queue(_CHUNKS_AHEAD)
        self._abandoned = threading.Event()

    def __enter__(self) -> "_Transfer":
        threading.Thread(target=copy_context().run, args=(self._run,), name="download", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._abandoned.set()

    def answer(self, waiting: Callable[[], None]) -> _Answer:
        """What the server says first. ``waiting`` is called several times a second, and may raise to give up."""
        deadline = time.monotonic() + ANSWER_TIMEOUT_S
        while True:
            waiting()
            if time.monotonic() > deadline:
                raise DownloadError(f"{self.url}: no answer within {ANSWER_TIMEOUT_S:g} s")
            came = self._next()
            if came != b"":
                assert isinstance(came, _Answer)
                return came

    def chunks(self) -> Iterator[bytes]:
        """The bytes of the file as they come; an empty chunk now and then while none do."""
        judged_at, received = time.monotonic(), 0
        while (came := self._next()) is not None:
            assert isinstance(came, bytes)
            received += len(came)
            passed_s = time.monotonic() - judged_at
            if passed_s > JUDGED_OVER_S:
                if received < LEAST_BYTES_PER_S * passed_s:
                    raise DownloadError(
                        f"{self.url}: {received} bytes came in {passed_s:.0f} s; "
                        f"a server that sends less than {LEAST_BYTES_PER_S} bytes a second is not waited for"
                    )
                judged_at, received = time.monotonic(), 0
            yield came

    def _next(self) -> "_Answer | bytes | None":
        """What came next; an empty chunk if nothing did for a moment, None at the end."""
        try:
            came = self._came.get(timeout=_WAIT_S)
        except queue.Empty:
            return b""
        if isinstance(came, Exception):
            raise came
        return came

    def _run(self) -> None:
        try:
            with _opened(self.url, self._allow_private) as (response, found_at):
                self._tell(_Answer(found_at, response.headers))
                # Raw: a body that unpacks is larger than what the limits see, a thousandfold each time it is packed.
                for chunk in response.iter_raw():
                    self._tell(chunk)
            self._tell(None)
        except _Abandoned:
            pass
        except Exception as error:  # noqa: BLE001  raised again in the thread that waits
            with suppress(_Abandoned):
                self._tell(error)

    def _tell(self, what: _Answer | bytes | Exception | None) -> None:
        while not self._abandoned.is_set():
            try:
                self._came.put(what, timeout=_WAIT_S)
            except queue.Full:
                continue
            return
        raise _Abandoned


@contextmanager
def _opened(url: str, allow_private: bool) -> Iterator[tuple["httpx.Response", str]]:
    """The answer at the end of at most five redirects, and its address; every hop is checked anew."""
    import httpx

    timeout = httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
    with _download_errors(url), httpx.Client(timeout=timeout, trust_env=False, headers=_HEADERS) as client:
        at = url
        for _ in range(MAX_REDIRECTS + 1):
            parts = check_url(at, allow_private=allow_private)
            address = resolve(parts, allow_private=allow_private)
            # Sent to the very address that was checked, by its number, in the name of the host.
            with client.stream(
                "GET",
                parts._replace(netloc=_netloc(str(address), parts.port), fragment="").geturl(),
                headers={"Host": _netloc(parts.hostname or "", parts.port)},
                extensions={"sni_hostname": parts.hostname},
            ) as response:
                if not response.is_redirect:
                    if response.status_code != httpx.codes.OK:
                        raise DownloadError(f"{at}: the server answered {response.status_code}, not 200")
                    yield response, at
                    return
                at = _redirected(at, response.headers["location"])
    raise DownloadError(f"{url}: more than {MAX_REDIRECTS} redirects")


def _redirected(at: str, location: str) -> str:
    try:
        return urljoin(at, location)
    except ValueError as error:
        raise DownloadError(f"{at}: the server redirects to {location!r}, which is no address: {error}") from error


def _netloc(host: str, port: int | None) -> str:
    return (f"[{host}]" if ":" in host else host) + (f":{port}" if port else "")


@contextmanager
def _download_errors(url: str) -> Iterator[None]:
    import httpx

    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise DownloadError(f"{url}: {error or type(error).__name__}") from error


def _refuse_others(answer: _Answer) -> None:
    """Raises NotMediaError for a web page, DownloadError for what is packed."""
    kind = answer.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind in _NO_MEDIA:
        raise NotMediaError(f"{answer.url} is {kind}, not a media file: give the address of the file itself")
    packed = answer.headers.get("content-encoding", "").strip().lower()
    if packed not in ("", "identity"):
        raise DownloadError(f"{answer.url}: the server sends the file packed ({packed}), though asked not to")


def _write(
    transfer: _Transfer,
    path: Path,
    expected: int | None,
    max_bytes: int,
    report: Callable[[float], None],
    promises: Promises,
) -> None:
    limit = f"{transfer.url}: more than the {max_bytes / 1e9:g} GB that MOMENTS_MAX_UPLOAD_GB allows"
    if expected is not None and expected > max_bytes:
        raise DownloadError(limit)
    promises.make(path, expected or 0, f"the file at {transfer.url}")
    received = 0
    with full_disk_errors(path.parent, transfer.url), path.open("wb") as file:
        for chunk in transfer.chunks():
            received += len(chunk)
            if received > max_bytes:
                raise DownloadError(limit)
            require_room(path.parent, len(chunk), f"the rest of {transfer.url}")
            file.write(chunk)
            report(received / expected if expected else 0.0)


def _name(answer: _Answer) -> str:
    """What the server calls the file, or what its address does."""
    disposition = answer.headers.get("content-disposition", "")
    if extended := re.search(r"filename\*\s*=\s*(?:utf-8|iso-8859-1)'[^']*'([^;\s]+)", disposition, re.IGNORECASE):
        return safe_name(unquote(extended[1]))
    if plain := re.search(r'filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))', disposition, re.IGNORECASE):
        return safe_name(plain[1] or plain[2])
    return safe_name(unquote(urlsplit(answer.url).path))
