"""Chosen moments as files: cuts, subtitles, tables, lists for cutting programs; and clips for players."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from app.exports.formats import FILE_KINDS, SOUND_ONLY
from app.http.dependencies import HEAVY, ExporterOf, GoneOf, LibraryOf, ScratchOf, StretchOf
from app.http.file_response import answer_with_file, attachment, own_file
from app.http.schemas.exports import ExportBody

router = APIRouter(prefix="/v1", tags=["exports"])

_BYTES: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_KINDS = {kind.media_type.partition(";")[0]: _BYTES for kind in (*FILE_KINDS.values(), SOUND_ONLY)}
_KINDS |= {"application/json": {"schema": {"type": "object"}}}
_CLIP_CACHE = "private, max-age=3600"


@router.post(
    "/exports",
    operation_id="exportMoments",
    summary="Export moments",
    dependencies=[HEAVY],
    response_class=FileResponse,
    responses={
        200: {"description": "The file, with its name in `Content-Disposition`.", "content": _KINDS},
        403: {"description": "A video's path leads out of the folders whose files may be read."},
        409: {"description": "A video's file is not the one that was indexed."},
    },
)
def export(body: ExportBody, library: LibraryOf, exporter: ExporterOf, folder: ScratchOf, gone: GoneOf) -> Response:
    """One file of all the moments, in their order; encoding stops when the caller hangs up."""
    made = exporter.export(library, body.to_request(), folder, gone)
    headers = {"Content-Disposition": attachment(made.file_name)}
    return FileResponse(made.path, media_type=made.kind.media_type, headers=headers)


@router.get(
    "/videos/{video_id}/clip.mp4",
    operation_id="getClip",
    summary="Get a clip that any browser plays",
    dependencies=[HEAVY],
    response_class=Response,
    responses={
        200: {"description": "H.264 and AAC in MP4.", "content": {"video/mp4": _BYTES}},
        206: {"description": "The ranges asked for.", "content": {"video/mp4": _BYTES}},
        304: {"description": "It is as it was."},
        403: {"description": "The video's path leads out of the folders whose files may be read."},
        409: {"description": "The video's file is not the one that was indexed."},
        416: {"description": "All ranges lie past the end of the clip."},
    },
)
def clip(stretch: StretchOf, request: Request, library: LibraryOf, exporter: ExporterOf, gone: GoneOf) -> Response:
    """A stretch of a video, made on the first request and kept for a while: for files that browsers cannot play."""
    file = exporter.clip(library, stretch, gone)
    return answer_with_file(request, own_file(file), "video/mp4", name=file.name, cache_control=_CLIP_CACHE)
