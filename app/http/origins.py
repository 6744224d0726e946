"""Pages of other sites that may use the API from a browser, where the settings name them."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_METHODS = ("GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS")
_TUS_HEADERS = (
    "Tus-Resumable",
    "Upload-Checksum",
    "Upload-Concat",
    "Upload-Length",
    "Upload-Metadata",
    "Upload-Offset",
)
_SENT = (
    "Authorization",
    "Content-Type",
    "If-None-Match",
    "If-Range",
    "Last-Event-ID",
    "Range",
    "X-HTTP-Method-Override",
    "X-Request-Id",
    *_TUS_HEADERS,
)
_READ = (
    "Accept-Ranges",
    "Content-Disposition",
    "Content-Length",
    "Content-Range",
    "ETag",
    "Location",
    "Retry-After",
    "Tus-Checksum-Algorithm",
    "Tus-Extension",
    "Tus-Max-Size",
    "Tus-Version",
    "Upload-Expires",
    "X-Request-Id",
    *_TUS_HEADERS,
)
_AGE_S = 3600


class OtherOrigins:
    """Lets the pages of some origins ask, with keys and cookies, and show pictures and videos in their elements."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._origins = frozenset(origins)
        self._cors = CORSMiddleware(
            app,
            allow_origins=sorted(origins),
            allow_methods=_METHODS,
            allow_headers=_SENT,
            allow_credentials=True,
            allow_private_network=True,
            expose_headers=_READ,
            max_age=_AGE_S,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._cors(scope, receive, send)
            return
        is_shown = page_of(Headers(scope=scope)) in self._origins

        async def send_for_elements(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.add_vary_header("Referer")
                if is_shown:
                    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
            await send(message)

        await self._cors(scope, receive, send_for_elements)


def page_of(headers: Headers) -> str:
    """The origin of the page that asks. An element without `crossorigin` sends no origin, but where it stands."""
    if "origin" in headers:
        return headers["origin"]
    page = urlsplit(headers.get("referer", ""))
    return f"{page.scheme}://{page.netloc}"
