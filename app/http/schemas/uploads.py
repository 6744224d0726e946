"""Uploads: what comes with them and how far they are."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from app.http.schemas.videos import Tags, Title
from app.http.tus import parse_metadata
from indexer.uploads import About, Upload
from retrieval.errors import InputError

_TITLE: TypeAdapter[str] = TypeAdapter(Title)
_TAGS: TypeAdapter[list[str]] = TypeAdapter(Tags)


class UploadState(StrEnum):
    """How far an upload is."""

    RECEIVING = "receiving"
    COMPLETE = "complete"


class UploadAnswer(BaseModel):
    """One file on its way to the server."""

    upload_id: str
    filename: Annotated[str, Field(description="Its name as it is kept: without folders and control characters.")]
    size_bytes: int
    received_bytes: Annotated[int, Field(description="Where to go on.")]
    state: UploadState
    job_id: Annotated[
        str | None, Field(description="The job that indexes it, once it is complete. A partial one has none.")
    ]
    expires_at: Annotated[datetime | None, Field(description="When it is deleted if no more bytes come.")]


def upload_json(upload: Upload) -> dict[str, Any]:
    """One upload."""
    return {
        "upload_id": upload.id,
        "filename": upload.about.filename,
        "size_bytes": upload.size_bytes,
        "received_bytes": upload.received_bytes,
        "state": UploadState.COMPLETE if upload.is_complete else UploadState.RECEIVING,
        "job_id": upload.job_id,
        "expires_at": upload.expires_at,
    }


def given_about(metadata: str) -> About:
    """What an `Upload-Metadata` header says of the file; commas separate its tags.

    Raises InputError, and UploadHeaderError for a header that is none.
    """
    fields = parse_metadata(metadata)
    names = [name for name in fields.get("tags", "").split(",") if name.strip()]
    title = _checked(_TITLE, fields["title"], "title") if fields.get("title") else None
    return About(fields.get("filename", ""), title, tuple(_checked(_TAGS, names, "tags")), metadata)


def _checked(model: TypeAdapter[Any], value: object, name: str) -> Any:
    try:
        return model.validate_python(value)
    except ValidationError as error:
        raise InputError(f"Upload-Metadata: {name}: {error.errors()[0]['msg']}") from error
