"""The REST API and the web interface: `create_app` builds them, its lifespan opens the library and the queue."""

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from importlib.metadata import version

from anyio import Event, to_thread
from fastapi import FastAPI
from starlette.middleware import Middleware

from app.access.guard import Attempts, Guard
from app.access.local_token import local_token
from app.exports.exporter import Exporter
from app.exports.scratch import sweep_scratch
from app.http.admission import Admission
from app.http.api_description import CONTACT, DESCRIPTION, LICENSE, SUMMARY, TAGS, describe
from app.http.heap import give_back
from app.http.job_events import Told
from app.http.metrics import Metrics
from app.http.middleware import BodyLimit, Door, Envelope, OpenRequests, StreamEnd
from app.http.origins import OtherOrigins
from app.http.problems import install_error_handlers
from app.http.proxy import BehindProxy
from app.http.readiness import Warmup
from app.http.routes import (
    docs,
    exports,
    jobs,
    judgements,
    media,
    reindex,
    search,
    session,
    speakers,
    system,
    uploads,
    videos,
    web,
)
from app.http.sweeper import Sweeper
from app.http.tus import TusHeaders
from app.open_queue import open_jobs
from app.settings import Settings
from indexer.uploads import Uploads
from retrieval.example_searches import ExampleSearches
from retrieval.search import SearchEngine
from retrieval.storage.library import Library


def create_app(settings: Settings, url: str | None = None) -> FastAPI:
    """The application; ``url`` is where it will be reached, for other processes on the same folder."""

    @asynccontextmanager
    async def lifespan(api: FastAPI) -> AsyncIterator[None]:
        api.state.closing = Event()
        with ExitStack() as open_things:
            try:
                # In a thread: the queue refuses to start where an event loop runs.
                await to_thread.run_sync(_open, api, settings, url, open_things)
            except Exception as error:
                api.state.failure = error
                raise
            yield
            await to_thread.run_sync(open_things.close)

    guard, metrics = Guard(settings), Metrics()
    api = FastAPI(
        title="Moments",
        summary=SUMMARY,
        description=DESCRIPTION,
        version=version("moment-search"),
        contact=CONTACT,
        license_info=LICENSE,
        servers=[{"url": settings.root_path or "/", "description": "The server that this description comes from."}],
        root_path_in_servers=False,
        openapi_tags=TAGS,
        lifespan=lifespan,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        middleware=[
            Middleware(BehindProxy, base_path=settings.root_path, trusted=settings.trusted_proxies),
            *([Middleware(OtherOrigins, origins=settings.allowed_origins)] if settings.allowed_origins else []),
            Middleware(TusHeaders),
            Middleware(Envelope, metrics=metrics),
            Middleware(OpenRequests),
            Middleware(Door, guard=guard, url=url),
            Middleware(BodyLimit),
            Middleware(StreamEnd),
        ],
    )
    api.state.guard, api.state.metrics, api.state.failure = guard, metrics, None
    api.state.attempts, api.state.warmup, api.state.resolved = Attempts(), Warmup(), None
    api.state.exporter, api.state.told, api.state.examples = Exporter(settings), Told(), ExampleSearches()
    api.state.heavy = Admission(settings.heavy_requests, "requests that decode or encode", when_idle=give_back)
    api.state.searches = Admission(settings.search_requests, "searches")
    api.state.long_searches = Admission(max(1, settings.search_requests // 4), "long searches")
    install_error_handlers(api)
    for routes in (
        search,
        videos,
        media,
        speakers,
        uploads,
        reindex,
        jobs,
        exports,
        judgements,
        session,
        system,
        docs,
        web,
    ):
        api.include_router(routes.router)
    docs.mount_files(api)
    web.mount_files(api)
    describe(api)
    return api


def _open(api: FastAPI, settings: Settings, url: str | None, open_things: ExitStack) -> None:
    """Open the library, keep its vectors and take up its queue, until ``open_things`` closes."""
    library = open_things.enter_context(Library(settings, "moments serve"))
    api.state.guard.local_token = open_things.enter_context(local_token(library.folder.path))
    library.keep_vectors(url)
    indexing = open_things.enter_context(open_jobs(library, settings, url))
    sweep_scratch(library.folder.path)
    api.state.library = library
    api.state.engine = SearchEngine(library, indexing.encoders)
    api.state.jobs, api.state.resolved = indexing.jobs, indexing.resolved
    api.state.uploads = Uploads(library.folder, indexing.jobs, settings.max_upload_bytes)
    sweeper = Sweeper(library, indexing.jobs, api.state.uploads)
    open_things.callback(sweeper.stop)
    sweeper.start()
    open_things.callback(api.state.warmup.stop)
    api.state.warmup.start(indexing.encoders)
