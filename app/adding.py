"""Puts what somebody wants in the library on the queue: a file of this machine, or an address."""

from app.schemas.videos import AddVideoBody
from indexer.addition import Addition, Origin
from indexer.jobs import IndexJobs
from retrieval.errors import InputError
from retrieval.storage.media_roots import MediaRoots


def add(body: AddVideoBody, jobs: IndexJobs, roots: MediaRoots) -> str:
    """The id of the job. Raises InputError, PathNotAllowedError or UrlNotAllowedError."""
    tags = tuple(body.tags)
    if body.path is not None and body.url is None:
        return jobs.add(Addition(str(roots.allowed(body.path)), Origin.PATH, body.title, tags))
    if body.url is not None and body.path is None:
        return jobs.add(Addition(body.url, Origin.URL, body.title, tags))
    raise InputError("give either path, a file of the server's machine, or url, an address to fetch from")
