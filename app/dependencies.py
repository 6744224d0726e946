"""What routes are given: the parts that the lifespan built."""

from typing import Annotated

from fastapi import Depends, Request

from indexer.jobs import IndexJobs
from retrieval.library import Library
from retrieval.search import SearchEngine


def _library(request: Request) -> Library:
    library: Library = request.app.state.library
    return library


def _engine(request: Request) -> SearchEngine:
    engine: SearchEngine = request.app.state.engine
    return engine


def _jobs(request: Request) -> IndexJobs:
    jobs: IndexJobs = request.app.state.jobs
    return jobs


LibraryOf = Annotated[Library, Depends(_library)]
EngineOf = Annotated[SearchEngine, Depends(_engine)]
JobsOf = Annotated[IndexJobs, Depends(_jobs)]
