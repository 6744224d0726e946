"""Videos of the library: list, get, add, change what is written of them, remove."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.contract.jobs import AddedAnswer
from app.contract.linked import VideoAnswer, VideosAnswer
from app.http.additions import add
from app.http.dependencies import JobsOf, LibraryOf, LinksOf, RootsOf, VideoFilterOf
from app.http.schemas.videos import AddVideoBody, EditVideoBody
from retrieval.asking.query import MAX_QUERY_CHARS
from retrieval.storage.records import VideoStatus

router = APIRouter(prefix="/v1/videos", tags=["videos"])


@router.get("", operation_id="listVideos", summary="List videos")
def list_videos(
    library: LibraryOf,
    links: LinksOf,
    where: VideoFilterOf,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many.")] = 100,
    cursor: Annotated[str | None, Query(description="The `next_cursor` of the page before.")] = None,
    q: Annotated[
        str, Query(max_length=MAX_QUERY_CHARS, description="Words that must all stand in the title or the path.")
    ] = "",
    status: Annotated[VideoStatus | None, Query(description="Only videos that are so far.")] = None,
    failed: Annotated[
        bool, Query(description="Only videos whose last indexing failed; an indexed one is found as before.")
    ] = False,
) -> VideosAnswer:
    """Videos, newest first; all that is asked must hold."""
    page = library.catalog.videos(limit, where, cursor=cursor, status=status, failed=failed, words=q)
    return VideosAnswer(videos=[links.video(record) for record in page.videos], next_cursor=page.next_cursor)


@router.get("/{video_id}", operation_id="getVideo", summary="Get a video")
def get_video(video_id: str, library: LibraryOf, links: LinksOf) -> VideoAnswer:
    """What is known of one video, by its id, the start of one, a path or a file name."""
    return links.video(library.catalog.resolve(video_id))


@router.patch("/{video_id}", operation_id="editVideo", summary="Change what is written of a video")
def edit_video(video_id: str, body: EditVideoBody, library: LibraryOf, links: LinksOf) -> VideoAnswer:
    """The video with its new title, tags or time of recording, which stay when it is indexed again."""
    return links.video(library.catalog.edit(library.catalog.resolve(video_id).id, body.to_edit()))


@router.post("", status_code=202, operation_id="addVideo", summary="Add a video by path or address")
def add_video(body: AddVideoBody, library: LibraryOf, jobs: JobsOf, roots: RootsOf) -> AddedAnswer:
    """Put a file of the server's machine, one that is fetched from an address, or a video anew on the queue."""
    return AddedAnswer(job_id=add(body, library, jobs, roots))


@router.delete("/{video_id}", status_code=204, operation_id="removeVideo", summary="Remove a video")
def remove_video(video_id: str, library: LibraryOf) -> None:
    """Forget the video. A file that was uploaded or fetched goes with it, any other stays."""
    library.remove_video(library.catalog.resolve(video_id).id)
