"""What a proxy in front changes: the path that all is served under, and who asks, under which name and scheme."""

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

_OWN = ("127.0.0.1", "::1")


class BehindProxy:
    """Takes off the base path, which a proxy may have done or not, and believes `X-Forwarded-*` of trusted proxies.

    To the rest, ``scope["app_path"]`` is the path as the routes know it. ``scope["named"]`` is the name by which the
    connection asked, which the browser of a page elsewhere cannot make up, whatever a header says.
    """

    def __init__(self, app: ASGIApp, base_path: str, trusted: Sequence[str]) -> None:
        self._app = app
        self._base_path = base_path
        # The scheme and the address are uvicorn's to read; it has no header for the name.
        self._forwarded = ProxyHeadersMiddleware(self._placed, [*_OWN, *trusted])  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        client = scope.get("client")
        name = headers.get("x-forwarded-host", "").rpartition(",")[2].strip()
        scope = {**scope, "named": headers.get("host", "")}
        if name and client and client[0] in self._forwarded.trusted_hosts:
            others = [(key, value) for key, value in scope["headers"] if key != b"host"]
            scope["headers"] = [*others, (b"host", name.encode("latin-1"))]
        await self._forwarded(scope, receive, send)  # type: ignore[arg-type]

    async def _placed(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, base = scope["path"], self._base_path
        if path == base or path.startswith(f"{base}/"):
            path = path.removeprefix(base) or "/"
        await self._app({**scope, "root_path": base, "path": base + path, "app_path": path}, receive, send)
