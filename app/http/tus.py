"""The words of the tus protocol, version 1.0: its headers, and what each may say. See https://tus.io/protocols."""

import base64
import binascii
import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from indexer.intake.upload_part import Checksum
from retrieval.errors import UploadHeaderError

TUS_VERSION = "1.0.0"
TUS_EXTENSIONS = "creation,expiration,checksum,termination,concatenation"
CHECKSUMS = ("md5", "sha1", "sha256")

UPLOADS_PATH = "/v1/uploads"

_PARTIAL, _FINAL = "partial", "final;"
_UPLOAD_ADDRESS = re.compile(rf".*{UPLOADS_PATH}/([0-9a-f-]{{36}})")


class TusHeaders:
    """Names the protocol's version in every answer under `/v1/uploads`, and takes the method that a header names.

    Clients are often told an address that ends in a slash; a redirect would lose their first request.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["app_path"].startswith(UPLOADS_PATH):
            await self._app(scope, receive, send)
            return

        async def send_with_version(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Tus-Resumable"] = TUS_VERSION
            await send(message)

        # For clients behind something that lets only GET and POST through.
        if scope["app_path"] == f"{UPLOADS_PATH}/":
            scope = {**scope, "path": scope["path"].removesuffix("/"), "app_path": UPLOADS_PATH}
        method = Headers(scope=scope).get("x-http-method-override")
        await self._app({**scope, "method": method.upper()} if method else scope, receive, send_with_version)


def parse_metadata(header: str) -> dict[str, str]:
    """The fields of an ``Upload-Metadata`` header: names, each with its value in base64. Raises UploadHeaderError.

    A value may be any bytes; of one that is no UTF-8, what is none is replaced.
    """
    fields: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        name, _, value = pair.partition(" ")
        if name in fields:
            raise UploadHeaderError(f"Upload-Metadata: {name!r} stands there twice")
        try:
            fields[name] = base64.b64decode(value.strip(), validate=True).decode(errors="replace")
        except binascii.Error as error:
            raise UploadHeaderError(f"Upload-Metadata: {name!r} has a value that is no base64") from error
    return fields


def parse_checksum(header: str) -> Checksum:
    """What an ``Upload-Checksum`` header says: an algorithm and a digest in base64. Raises UploadHeaderError."""
    algorithm, _, value = header.partition(" ")
    if algorithm not in CHECKSUMS:
        raise UploadHeaderError(f"Upload-Checksum: no algorithm {algorithm!r}; allowed are {', '.join(CHECKSUMS)}")
    try:
        return Checksum(algorithm, base64.b64decode(value.strip(), validate=True))
    except binascii.Error as error:
        raise UploadHeaderError(f"Upload-Checksum: {value!r} is no base64") from error


def parse_concat(header: str) -> tuple[str, ...]:
    """Ids of the partial uploads that make up a final one, in order; none for a partial one.

    Raises UploadHeaderError.
    """
    if header == _PARTIAL:
        return ()
    addresses = header.removeprefix(_FINAL).split()
    found = [_UPLOAD_ADDRESS.fullmatch(address) for address in addresses]
    if not header.startswith(_FINAL) or not found or None in found:
        raise UploadHeaderError(
            f"Upload-Concat is {header[:200]!r}; allowed is 'partial', or 'final;' and addresses of partial uploads"
        )
    ids = tuple(address[1] for address in found if address is not None)
    if len(set(ids)) < len(ids):
        raise UploadHeaderError("Upload-Concat names an upload twice; each partial upload has one place in one file")
    return ids
