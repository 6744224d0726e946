"""Files over HTTP: whole or in ranges, with what caches need to ask whether they changed."""

import os
import re
import secrets
import unicodedata
from collections.abc import Iterator, Mapping
from email.utils import formatdate, parsedate_to_datetime
from io import FileIO
from pathlib import Path
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from app.http.byte_ranges import ByteRange, byte_ranges
from retrieval.errors import MediaError, MissingFileError, VideoFileGoneError
from retrieval.path_text import readable
from retrieval.storage.media_roots import ANYWHERE

_BLOCK_BYTES = 256 * 1024


def own_file(path: Path) -> FileIO:
    """A file that the product made itself, open. Raises VideoFileGoneError."""
    try:
        return ANYWHERE.opened(path)
    except MissingFileError as error:
        raise VideoFileGoneError(f"{path} does not exist any more") from error
    except MediaError as error:
        raise VideoFileGoneError(error.message) from error


def answer_with_file(
    request: Request, file: FileIO, media_type: str, *, name: str, cache_control: str = "private, no-cache"
) -> Response:
    """The file, the ranges of it that are asked for, or that nothing changed.

    It is read from the open ``file``, whatever lies at its path meanwhile, and closed when the answer is sent. Raises
    HTTPException for ranges that all lie past its end.
    """
    answer = None
    try:
        answer = _answer(request, file, media_type, name, cache_control)
        return answer
    finally:
        if not isinstance(answer, _FromFile):
            file.close()


class _FromFile(StreamingResponse):
    """An answer that reads a file, which is closed after it, however it ends."""

    def __init__(
        self, file: FileIO, body: Iterator[bytes], status_code: int, headers: Mapping[str, str], media_type: str
    ) -> None:
        super().__init__(body, status_code, headers, media_type)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()


def _answer(request: Request, file: FileIO, media_type: str, name: str, cache_control: str) -> Response:
    about = os.fstat(file.fileno())
    etag = f'"{about.st_mtime_ns:x}-{about.st_size:x}"'
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": cache_control,
        "Content-Disposition": inline(name),
        "ETag": etag,
        "Last-Modified": formatdate(about.st_mtime, usegmt=True),
    }
    if _is_known(request.headers, etag, about.st_mtime):
        return Response(status_code=304, headers=headers)
    ranges = _ranges(request, headers, about.st_size)
    if ranges is None:
        headers["Content-Length"] = str(about.st_size)
        if request.method == "HEAD":
            return Response(headers=headers, media_type=media_type)
        whole = (ByteRange(0, about.st_size),)
        return _FromFile(file, _parts(file, whole), 200, headers, media_type)
    if not ranges:
        past = {"Accept-Ranges": "bytes", "Content-Range": f"bytes */{about.st_size}"}
        raise HTTPException(416, f"the file has {about.st_size} bytes, and nothing of it was asked for", past)
    if len(ranges) == 1:
        headers["Content-Range"] = _content_range(ranges[0], about.st_size)
        headers["Content-Length"] = str(ranges[0].length)
        return _FromFile(file, _parts(file, ranges), 206, headers, media_type)
    return _multipart(file, ranges, about.st_size, headers, media_type)


def inline(name: str) -> str:
    """The Content-Disposition of what a browser shows, and saves under this name."""
    return f"inline; {_names(name)}"


def attachment(name: str) -> str:
    """The Content-Disposition of what a browser saves under this name."""
    return f"attachment; {_names(name)}"


def _names(name: str) -> str:
    """Both forms of a name (RFC 6266): in plain letters, for programs that know no other, and as it is."""
    name = readable(name)
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
    plain = re.sub(r'[^ -~]|["\\%/]', "_", bare)
    return f"filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _is_known(headers: Headers, etag: str, modified_s: float) -> bool:
    """Whether the caller has the file as it is."""
    if (known := headers.get("if-none-match")) is not None:
        return known.strip() == "*" or etag in (tag.strip().removeprefix("W/") for tag in known.split(","))
    since_s = _http_date_s(headers.get("if-modified-since"))
    return since_s is not None and int(modified_s) <= since_s


def _http_date_s(text: str | None) -> float | None:
    """Seconds since the epoch; None for what is no date."""
    try:
        return None if text is None else parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None


def _ranges(request: Request, headers: Mapping[str, str], size_bytes: int) -> tuple[ByteRange, ...] | None:
    """The ranges to send; None for the whole file, also where the caller knows another version of it."""
    asked, condition = request.headers.get("range"), request.headers.get("if-range")
    if asked is None or request.method != "GET":
        return None
    if condition is not None and condition.strip() not in (headers["ETag"], headers["Last-Modified"]):
        return None
    return byte_ranges(asked, size_bytes)


def _multipart(
    file: FileIO, ranges: tuple[ByteRange, ...], size_bytes: int, headers: dict[str, str], media_type: str
) -> Response:
    boundary = secrets.token_hex(16)
    opening = f"--{boundary}\r\nContent-Type: {media_type}\r\nContent-Range: "
    openings = [f"{opening}{_content_range(one, size_bytes)}\r\n\r\n".encode() for one in ranges]
    ending = f"--{boundary}--\r\n".encode()

    def body() -> Iterator[bytes]:
        for opening, one in zip(openings, ranges, strict=True):
            yield opening
            yield from _parts(file, (one,))
            yield b"\r\n"
        yield ending

    length = sum(len(opening) + one.length + 2 for opening, one in zip(openings, ranges, strict=True)) + len(ending)
    headers["Content-Length"] = str(length)
    return _FromFile(file, body(), 206, headers, f"multipart/byteranges; boundary={boundary}")


def _content_range(one: ByteRange, size_bytes: int) -> str:
    return f"bytes {one.start}-{one.end - 1}/{size_bytes}"


def _parts(file: FileIO, ranges: tuple[ByteRange, ...]) -> Iterator[bytes]:
    """The bytes of these ranges, in blocks."""
    for one in ranges:
        file.seek(one.start)
        left = one.length
        while left and (block := file.read(min(left, _BLOCK_BYTES))):
            left -= len(block)
            yield block
