"""The REST API: `create_app` builds it, its lifespan opens the library and takes up the queue."""

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager

from anyio import to_thread
from fastapi import FastAPI

from app.errors import install_error_handlers
from app.indexing import open_jobs
from app.routes import jobs, judgements, search, system, videos
from app.settings import Settings
from retrieval.library import Library
from retrieval.search import SearchEngine


def create_app(settings: Settings, url: str | None = None) -> FastAPI:
    """The application; ``url`` is where it will be reached, for other processes on the same folder."""

    @asynccontextmanager
    async def lifespan(api: FastAPI) -> AsyncIterator[None]:
        with ExitStack() as open_things:
            # In a thread: the queue refuses to start where an event loop runs.
            await to_thread.run_sync(_open, api, settings, url, open_things)
            yield
            await to_thread.run_sync(open_things.close)

    api = FastAPI(
        title="Moments",
        summary="Find the right moment in your videos.",
        version="1",
        lifespan=lifespan,
        openapi_url="/v1/openapi.json",
    )
    install_error_handlers(api)
    for routes in (search, videos, jobs, judgements, system):
        api.include_router(routes.router)
    return api


def _open(api: FastAPI, settings: Settings, url: str | None, open_things: ExitStack) -> None:
    """Open the library, keep its vectors and take up its queue, until ``open_things`` closes."""
    library = open_things.enter_context(Library(settings, "moments serve"))
    library.keep_vectors(url)
    indexing = open_things.enter_context(open_jobs(library, settings, url))
    api.state.library = library
    api.state.engine = SearchEngine(library, indexing.encoders)
    api.state.jobs = indexing.jobs
