"""Puts what somebody wants in the library on the queue: a file of this machine, an address, or a video anew."""

from app.http.schemas.videos import AddVideoBody
from indexer.intake.addition import Addition, Origin
from indexer.jobs.queue import IndexJobs
from indexer.media.indexed_file import indexed_file
from retrieval.errors import InputError
from retrieval.storage.library import Library
from retrieval.storage.media_roots import MediaRoots


def add(body: AddVideoBody, library: Library, jobs: IndexJobs, roots: MediaRoots) -> str:
    """The id of the job.

    Raises InputError, PathNotAllowedError or UrlNotAllowedError; for a video of the library also VideoNotFoundError,
    VideoFileGoneError or VideoFileChangedError.
    """
    tags = tuple(body.tags)
    match body.path, body.url, body.video:
        case str(path), None, None:
            where, origin = str(roots.allowed(path)), Origin.PATH
        case None, str(url), None:
            where, origin = url, Origin.URL
        case None, None, str(video) if body.again:
            file = indexed_file(library.catalog, library.catalog.resolve(video))
            where, origin = str(file if library.folder.owns(file) else roots.allowed(str(file))), Origin.PATH
        case None, None, str():
            raise InputError("a video that is in the library can only be indexed again: give again as true")
        case _:
            raise InputError(
                "give one of path, a file of the server's machine; url, an address to fetch from; "
                "and video, one of the library to index again"
            )
    return jobs.add(Addition(where, origin, body.title, tags, body.again))
