"""`moments serve`: the web interface and the REST API on one address."""

import ipaddress
import logging
import socket
import webbrowser
from collections.abc import Callable

import click
import uvicorn
from anyio import to_thread

from app.cli.invocation import Invocation
from app.harmless import say
from app.http.heap import share_heaps
from app.http.limited_http import LimitedHttp
from app.settings import Settings
from retrieval.errors import InputError, StorageError
from retrieval.storage.library import Library

_SHUTDOWN_PATIENCE_S = 10


@click.command(epilog="Example:  moments serve --port 9000 --open")
@click.option("--host", help="Address to listen on (MOMENTS_HOST). Default: 127.0.0.1.")
@click.option("--port", type=int, help="Port to listen on; 0 picks a free one (MOMENTS_PORT). Default: 8321.")
@click.option(
    "--root-path", help="Path that a proxy serves everything under, as /moments (MOMENTS_ROOT_PATH). Default: the root."
)
@click.option("--open", "with_browser", is_flag=True, help="Open the web interface in the browser.")
@click.pass_obj
def serve(
    invocation: Invocation, host: str | None, port: int | None, root_path: str | None, with_browser: bool
) -> None:
    """Serve the web interface, and the REST API, whose documentation is at /docs.

    The server owns the data folder while it runs: other `moments` commands on the same folder are
    served by it.
    """
    from app.http.application import create_app

    given = {"host": host, "port": port, "root_path": root_path}
    invocation.overrides.update({name: value for name, value in given.items() if value is not None})
    settings = invocation.settings
    share_heaps()
    _require_stores_and_key(settings)
    listener = _listen(settings)
    url = _url(settings.host, listener.getsockname()[1])
    shown = url + settings.root_path
    say(f"Moments on {shown}  (documentation: {shown}/docs, stop with Ctrl-C)", err=True)
    api = create_app(settings, url)
    config = uvicorn.Config(
        api,
        http=LimitedHttp,
        # Nothing here speaks them, and what they send would pass by every limit.
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        # `app.http.proxy` does, by the setting for it.
        proxy_headers=False,
        timeout_graceful_shutdown=_SHUTDOWN_PATIENCE_S,
    )
    server = _Server(
        config, lambda: api.state.closing.set(), lambda: api.state.jobs.let_go(), shown if with_browser else None
    )
    try:
        with listener:
            server.run(sockets=[listener])
    finally:
        # It ends with an exit code of its own where it cannot start; ours say why.
        if (failure := api.state.failure) is not None:
            raise failure


class _Server(uvicorn.Server):
    """A server that opens the browser when it is there, and lets go of streams of events and jobs when it goes."""

    def __init__(
        self,
        config: uvicorn.Config,
        end_streams: Callable[[], None],
        let_go_of_jobs: Callable[[], None],
        opened_url: str | None,
    ) -> None:
        super().__init__(config)
        self._end_streams = end_streams
        self._let_go_of_jobs = let_go_of_jobs
        self._opened_url = opened_url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        # What goes wrong here is raised by ``serve``, in one line where it is an error that Moments knows.
        uvicorn_log = logging.getLogger("uvicorn.error")
        uvicorn_log.setLevel(logging.CRITICAL + 1)
        await super().startup(sockets)
        uvicorn_log.setLevel(logging.WARNING)
        if self.started and self._opened_url is not None:
            webbrowser.open(self._opened_url)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._end_streams()
        # At once, for who stops a server may not wait for its last answers; the queue cannot be asked from here.
        await to_thread.run_sync(self._let_go_of_jobs)
        await super().shutdown(sockets)


def _require_stores_and_key(settings: Settings) -> None:
    with Library(settings, "moments serve") as library:
        if settings.qdrant_url is not None:
            with library.vectors():
                pass
        if not settings.is_loopback and not library.catalog.api_keys.exist():
            raise InputError(
                f"will not listen on {settings.host}, which other machines can reach, without an API key: "
                "make one with `moments keys create NAME`, or listen on 127.0.0.1"
            )


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise StorageError(f"cannot listen on {settings.host}:{settings.port}: {error.strerror}") from error
    return listener


def _url(host: str, port: int) -> str:
    """Where this machine reaches the server; a wildcard address is reached on loopback."""
    try:
        if ipaddress.ip_address(host).is_unspecified:
            host = "::1" if ":" in host else "127.0.0.1"
    except ValueError:
        pass
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
