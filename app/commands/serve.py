"""`moments serve`: the REST API on one address."""

import logging
import socket

import click

from app.cli import Invocation
from retrieval.errors import InputError, StorageError

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@click.command(epilog="Example:  moments serve --port 9000")
@click.option("--host", help="Address to listen on (MOMENTS_HOST). Default: 127.0.0.1.")
@click.option("--port", type=int, help="Port to listen on; 0 picks a free one (MOMENTS_PORT). Default: 8321.")
@click.pass_obj
def serve(invocation: Invocation, host: str | None, port: int | None) -> None:
    """Serve the REST API; documentation of it is at /docs.

    The server owns the data folder while it runs: other `moments` commands on the same folder are
    served by it.
    """
    import uvicorn

    from app.main import create_app

    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    invocation.overrides.update(given)
    settings = invocation.settings
    if settings.host not in _LOOPBACK:
        raise InputError(
            f"will not listen on {settings.host}: there are no API keys yet, so only {', '.join(_LOOPBACK)} are safe"
        )
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise StorageError(f"cannot listen on {settings.host}:{settings.port}: {error.strerror}") from error
    shown = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"http://{shown}:{listener.getsockname()[1]}"
    click.echo(f"Moments on {url}  (documentation: {url}/docs, stop with Ctrl-C)", err=True)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    server = uvicorn.Server(uvicorn.Config(create_app(settings, url), log_level="warning", access_log=False))
    server.run(sockets=[listener])
