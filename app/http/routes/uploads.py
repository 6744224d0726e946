"""Uploads by the tus protocol, version 1.0: create, write parts, put together, ask, terminate."""

from email.utils import format_datetime
from typing import Annotated, Any, assert_never

from anyio import CancelScope, fail_after, to_thread
from fastapi import APIRouter, Depends, Header, Request, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app.http.dependencies import LinksOf, UploadsOf
from app.http.links import Links
from app.http.schemas.uploads import UploadAnswer, given_about, upload_json
from app.http.tus import CHECKSUMS, TUS_EXTENSIONS, TUS_VERSION, UPLOADS_PATH, parse_checksum, parse_concat
from indexer.intake.upload_part import Part
from indexer.uploads import Upload, UploadKind
from retrieval.errors import UnsupportedTypeError, UploadHeaderError, UploadProtocolError

PART_TYPE = "application/offset+octet-stream"
WRITE_BYTES = 1 << 20
IDLE_TIMEOUT_S = 30.0
"""A connection that is silent for so long gives its upload free, for the client to go on with in another."""

_PART = {"content": {PART_TYPE: {"schema": {"type": "string", "format": "binary"}}}, "required": True}
_TEXT_HEADER = {"schema": {"type": "string"}}
_NUMBER_HEADER = {"schema": {"type": "integer"}}


def _protocol(
    tus_resumable: Annotated[str | None, Header(description="The version of the protocol: 1.0.0.")] = None,
) -> None:
    if tus_resumable != TUS_VERSION:
        raise UploadProtocolError(f"Tus-Resumable is {tus_resumable!r}; allowed is {TUS_VERSION}")


router = APIRouter(prefix=UPLOADS_PATH, tags=["uploads"])
_BY_PROTOCOL = [Depends(_protocol)]
_OTHER_VERSION: dict[int | str, dict[str, Any]] = {
    412: {"description": "The client speaks another version of the protocol."}
}


@router.options("/{upload_id}", include_in_schema=False)
@router.options("", status_code=204, operation_id="getUploadAbilities", summary="Ask what the server can")
def get_abilities(uploads: UploadsOf) -> Response:
    """Version and extensions of the protocol, and the largest file that is taken, as headers."""
    headers = {
        "Tus-Version": TUS_VERSION,
        "Tus-Extension": TUS_EXTENSIONS,
        "Tus-Max-Size": str(uploads.max_bytes),
        "Tus-Checksum-Algorithm": ",".join(CHECKSUMS),
    }
    return Response(status_code=204, headers=headers)


@router.post(
    "",
    status_code=201,
    operation_id="createUpload",
    summary="Begin an upload",
    dependencies=_BY_PROTOCOL,
    response_class=Response,
    responses={
        201: {"description": "The upload waits for its parts.", "headers": {"Location": _TEXT_HEADER}},
        400: {"description": "A header says what cannot be, or names partial uploads that are not complete."},
        410: {"description": "A partial upload has expired."},
        **_OTHER_VERSION,
        413: {"description": "The file is larger than `Tus-Max-Size`."},
        507: {"description": "The disk has no room for the file."},
    },
)
def create_upload(
    uploads: UploadsOf,
    links: LinksOf,
    upload_length: Annotated[
        int | None, Header(ge=0, description="Size of the file in bytes; left out for a final upload only.")
    ] = None,
    upload_metadata: Annotated[
        str, Header(description="`filename`, `title` and `tags` (separated by commas), each with its text in base64.")
    ] = "",
    upload_concat: Annotated[
        str | None,
        Header(description="`partial` for a piece of a file; `final;` and the addresses of all pieces for the file."),
    ] = None,
    upload_defer_length: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Response:
    """An empty upload, at the address in `Location`, to which `PATCH` writes; or a file of pieces that are here."""
    if upload_defer_length is not None:
        raise UploadHeaderError("Upload-Defer-Length is not possible here; give the size of the file as Upload-Length")
    part_ids = parse_concat(upload_concat) if upload_concat is not None else None
    about = given_about(upload_metadata)
    if part_ids:
        if upload_length is not None:
            raise UploadHeaderError(f"Upload-Length is {upload_length}; a final upload is as long as its pieces")
        upload = uploads.join(part_ids, about)
    elif upload_length is None:
        raise UploadHeaderError("Upload-Length is missing; give the size of the file in bytes")
    else:
        kind = UploadKind.WHOLE if part_ids is None else UploadKind.PARTIAL
        upload = uploads.create(upload_length, about, kind)
    return Response(status_code=201, headers=_headers(upload, links) | {"Location": links.upload(upload.id)})


@router.head(
    "/{upload_id}",
    operation_id="getUploadOffset",
    summary="Ask where an upload goes on",
    dependencies=_BY_PROTOCOL,
    response_class=Response,
    responses={
        200: {"description": "It goes on at `Upload-Offset`.", "headers": {"Upload-Offset": _NUMBER_HEADER}},
        410: {"description": "The upload has expired."},
        **_OTHER_VERSION,
    },
)
def get_offset(upload_id: str, uploads: UploadsOf, links: LinksOf) -> Response:
    """`Upload-Offset`: how many bytes are here; and what was said of the file.

    If all are, but the last `PATCH` failed after they came, the file goes on the queue now.
    """
    upload = uploads.taken_up(upload_id)
    headers = {"Upload-Length": str(upload.size_bytes), "Cache-Control": "no-store"}
    if upload.about.metadata:
        headers["Upload-Metadata"] = upload.about.metadata
    return Response(headers=_headers(upload, links) | headers)


@router.get(
    "/{upload_id}",
    operation_id="getUpload",
    summary="Get an upload",
    response_model=UploadAnswer,
    responses={410: {"description": "The upload has expired."}},
)
def get_upload(upload_id: str, uploads: UploadsOf) -> dict[str, Any]:
    """How far an upload is, and the job that indexes it once it is complete."""
    return upload_json(uploads.get(upload_id))


@router.patch(
    "/{upload_id}",
    status_code=204,
    operation_id="writeUpload",
    summary="Write a part of an upload",
    dependencies=_BY_PROTOCOL,
    response_class=Response,
    openapi_extra={"requestBody": _PART},
    responses={
        408: {"description": "No byte came for 30 s; what came before is kept."},
        409: {"description": "The part does not go on where the upload ends, or another request writes to it."},
        410: {"description": "The upload has expired."},
        **_OTHER_VERSION,
        413: {"description": "More bytes than were announced."},
        415: {"description": f"The body is not {PART_TYPE}."},
        460: {"description": "The bytes differ from their checksum; they do not count."},
        507: {"description": "The disk is full; what came before is kept."},
    },
)
async def write_upload(
    upload_id: str,
    request: Request,
    uploads: UploadsOf,
    links: LinksOf,
    upload_offset: Annotated[int, Header(ge=0, description="Where the part begins.")],
    upload_checksum: Annotated[
        str | None, Header(description=f"{', '.join(CHECKSUMS)}: the algorithm and the digest in base64.")
    ] = None,
) -> Response:
    """Append the body. When the last byte is here, the file goes on the queue, as the job with the upload's id."""
    given_type = request.headers.get("content-type", "none")
    if given_type.partition(";")[0].strip().lower() != PART_TYPE:
        raise UnsupportedTypeError(f"the content type is {given_type[:80]}; allowed is {PART_TYPE}")
    checksum = parse_checksum(upload_checksum) if upload_checksum is not None else None
    part = await to_thread.run_sync(uploads.part, upload_id, upload_offset, checksum)
    try:
        await _receive(request, part)
    finally:
        # Also if the server stops: what came is kept, and the upload is free for the next request.
        with CancelScope(shield=True):
            await to_thread.run_sync(part.close)
    await to_thread.run_sync(uploads.finish, upload_id)
    return Response(status_code=204, headers=_headers(await to_thread.run_sync(uploads.get, upload_id), links))


@router.delete(
    "/{upload_id}",
    status_code=204,
    operation_id="terminateUpload",
    summary="Terminate an upload",
    dependencies=_BY_PROTOCOL,
    responses=_OTHER_VERSION,
)
def terminate_upload(upload_id: str, uploads: UploadsOf) -> None:
    """Delete what was received. The job of a complete one is cancelled; a video that it has become stays."""
    uploads.terminate(upload_id)


async def _receive(request: Request, part: Part) -> None:
    """Write the body as it comes, about a megabyte at a time; all that came before a cut is written, too."""
    waiting: list[bytes] = []
    stream = aiter(request.stream())
    try:
        while True:
            with fail_after(IDLE_TIMEOUT_S):
                waiting.append(await anext(stream))
            if sum(map(len, waiting)) >= WRITE_BYTES:
                content, waiting = b"".join(waiting), []
                await to_thread.run_sync(part.write, content)
    except StopAsyncIteration:
        await to_thread.run_sync(part.write, b"".join(waiting))
    except (ClientDisconnect, TimeoutError) as cut:
        await to_thread.run_sync(part.write, b"".join(waiting))
        raise HTTPException(408, f"no byte came for {IDLE_TIMEOUT_S:.0f} s; go on at {part.offset}") from cut


def _headers(upload: Upload, links: Links) -> dict[str, str]:
    headers = {"Upload-Offset": str(upload.received_bytes)}
    if upload.expires_at is not None:
        headers["Upload-Expires"] = format_datetime(upload.expires_at, usegmt=True)
    match upload.kind:
        case UploadKind.WHOLE:
            pass
        case UploadKind.PARTIAL:
            headers["Upload-Concat"] = "partial"
        case UploadKind.FINAL:
            headers["Upload-Concat"] = f"final;{' '.join(links.upload(part_id) for part_id, _ in upload.parts)}"
        case _:
            assert_never(upload.kind)
    return headers
