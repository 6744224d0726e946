"""Fetches a file from an address into a folder, as far as limits and the network's boundaries allow."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit

from indexer.addresses import check_url, resolve
from indexer.file_names import safe_name
from retrieval.errors import DownloadError, NotMediaError, StorageFullError
from retrieval.storage.folder import is_full

if TYPE_CHECKING:
    import httpx

MAX_REDIRECTS = 5
CONNECT_TIMEOUT_S = 15.0
READ_TIMEOUT_S = 30.0

_NO_MEDIA = frozenset({"text/html", "application/xhtml+xml", "application/json", "application/xml", "text/xml"})
"""Types that servers give to pages and errors, never to a media file."""

_HEADERS = {"User-Agent": "moments", "Accept": "*/*", "Accept-Encoding": "identity"}


def download(url: str, folder: Path, *, max_bytes: int, allow_private: bool, report: Callable[[float], None]) -> Path:
    """The file that lies at ``url``, whole, in ``folder``, which is made and holds nothing else.

    Raises DownloadError, NotMediaError for a web page, InputError or UrlNotAllowedError for an address that
    may not be asked, StorageFullError; nothing is left in the folder then.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    half_made = folder / ".part"
    try:
        with _opened(url, allow_private) as (response, found_at):
            _refuse_pages(response, found_at)
            claimed = response.headers.get("content-length", "")
            expected = int(claimed) if claimed.isdigit() else None
            _write(response.iter_bytes(), half_made, expected, max_bytes, url, report)
            path = folder / _name(response, found_at)
        half_made.replace(path)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return path


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
                at = urljoin(at, response.headers["location"])
    raise DownloadError(f"{url}: more than {MAX_REDIRECTS} redirects")


def _netloc(host: str, port: int | None) -> str:
    return (f"[{host}]" if ":" in host else host) + (f":{port}" if port else "")


@contextmanager
def _download_errors(url: str) -> Iterator[None]:
    import httpx

    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise DownloadError(f"{url}: {error or type(error).__name__}") from error


def _refuse_pages(response: "httpx.Response", url: str) -> None:
    kind = response.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind in _NO_MEDIA:
        raise NotMediaError(f"{url} is {kind}, not a media file: give the address of the file itself")


def _write(
    chunks: Iterator[bytes], path: Path, expected: int | None, max_bytes: int, url: str, report: Callable[[float], None]
) -> None:
    limit = f"{url}: more than the {max_bytes / 1e9:g} GB that MOMENTS_MAX_UPLOAD_GB allows"
    if expected is not None and expected > max_bytes:
        raise DownloadError(limit)
    received = 0
    try:
        with path.open("wb") as file:
            for chunk in chunks:
                received += len(chunk)
                if received > max_bytes:
                    raise DownloadError(limit)
                file.write(chunk)
                report(received / expected if expected else 0.0)
    except OSError as error:
        if is_full(error):
            raise StorageFullError(f"{path.parent}: no space left for {url}") from error
        raise


def _name(response: "httpx.Response", url: str) -> str:
    """What the server calls the file, or what its address does."""
    disposition = response.headers.get("content-disposition", "")
    if extended := re.search(r"filename\*\s*=\s*(?:utf-8|iso-8859-1)'[^']*'([^;\s]+)", disposition, re.IGNORECASE):
        return safe_name(unquote(extended[1]))
    if plain := re.search(r'filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))', disposition, re.IGNORECASE):
        return safe_name(plain[1] or plain[2])
    return safe_name(unquote(urlsplit(url).path))
