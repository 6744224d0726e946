"""Videos of the library: list, get, add by path, remove."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query

from app.answers import video_json
from app.dependencies import JobsOf, LibraryOf
from app.schemas.videos import AddVideoBody

router = APIRouter(prefix="/v1/videos", tags=["videos"])


@router.get("", summary="List videos")
def list_videos(
    library: LibraryOf,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: str | None = None,
    path: Annotated[str | None, Query(description="A glob that paths must match.")] = None,
    tag: str | None = None,
) -> dict[str, Any]:
    """Videos, newest first."""
    page = library.catalog.videos(limit, cursor=cursor, path_glob=path, tag=tag)
    return {"videos": [video_json(record) for record in page.videos], "next_cursor": page.next_cursor}


@router.get("/{video_id}", summary="Get a video")
def get_video(video_id: str, library: LibraryOf) -> dict[str, Any]:
    """What is known of one video."""
    return video_json(library.catalog.resolve(video_id))


@router.post("", status_code=202, summary="Add a video by path")
def add_video(body: AddVideoBody, jobs: JobsOf) -> dict[str, str]:
    """Put a file of the server's machine on the queue."""
    return {"job_id": jobs.enqueue(Path(body.path))}


@router.delete("/{video_id}", status_code=204, summary="Remove a video")
def remove_video(video_id: str, library: LibraryOf) -> None:
    """Forget the video; its file stays."""
    library.remove_video(library.catalog.resolve(video_id).id)
