"""What happens around every request: its id, its key, the limit of its body, headers and figures."""

import logging
import re
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from urllib.parse import urlsplit

from anyio import Event, create_task_group, to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.access.guard import Caller, CallerKind, Guard, is_loopback_name
from app.http.metrics import Metrics
from app.http.origins import page_of
from app.http.problems import full_disk_problem, problem, problem_of, problem_of_http
from app.http.tus import UPLOADS_PATH
from retrieval.errors import INTERNAL_ERROR, ForbiddenError, MomentsError, TooBusyError
from retrieval.storage.room import is_full_disk

_log = logging.getLogger(__name__)

SESSION_COOKIE = "moments_session"

BODY_LIMIT_BYTES = 1_000_000
QUERY_FILE_LIMIT_BYTES = 64_000_000
_BODY_LIMITS: tuple[tuple[str, int | None], ...] = (
    ("/v1/search/", QUERY_FILE_LIMIT_BYTES),
    (UPLOADS_PATH, None),
)
"""By the start of the path; uploads are streamed to disk and have a limit of their own."""

MOST_OPEN = 300
MOST_OPEN_OF_ONE = 100
"""Requests of any kind under way at once, in all and from one address. A browser has six."""

_PROBES = ("/healthz", "/readyz")

_OPEN_PATHS = frozenset(("/", "/search", "/library", "/sign-in", "/healthz", "/readyz", "/v1/session"))
_OPEN_FOLDERS = ("/web/", "/watch/")
"""What is answered without a key: pages, which hold nothing of the library, and what they are made of."""

_SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")

CONTENT_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Envelope:
    """Gives each request an id, its response the security headers, and every error of the rest a shape."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(Headers(scope=scope))
        scope.setdefault("state", {})["request_id"] = request_id
        started, status = time.perf_counter(), 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in _SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except MomentsError as error:
            if status:
                raise
            await problem_of(request_id, error)(scope, receive, send_with_headers)
        except HTTPException as error:
            if status:
                raise
            await problem_of_http(request_id, error)(scope, receive, send_with_headers)
        except Exception as error:
            if is_full_disk(error) and not status:
                _log.warning("request %s: the disk is full: %r", request_id, error)
                await full_disk_problem(request_id)(scope, receive, send_with_headers)
                return
            _log.exception("request %s (%s %s) failed unexpectedly", request_id, scope["method"], scope["app_path"])
            if status:
                raise
            detail = f"something went wrong that should not; the server's log has more under {request_id}"
            await problem(request_id, 500, INTERNAL_ERROR, detail)(scope, receive, send_with_headers)
        finally:
            self._metrics.answered(scope, status, time.perf_counter() - started)


class OpenRequests:
    """Sends requests away that come while too many are under way; probes are always answered.

    Streams of events are not counted: they last, and take no thread.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("app_path", "")
        if scope["type"] != "http" or path in _PROBES or path.endswith("/events"):
            await self._app(scope, receive, send)
            return
        client = scope.get("client")
        address = client[0] if client else ""
        if self._open[address] >= MOST_OPEN_OF_ONE or self._open.total() >= MOST_OPEN:
            raise TooBusyError(
                f"{MOST_OPEN} requests may be under way at once, {MOST_OPEN_OF_ONE} from one address; "
                f"try again in {TooBusyError.retry_after_s} s"
            )
        self._open[address] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]


class Door:
    """Lets a request in with the key that it needs, and keeps pages of other sites from asking in a user's name."""

    def __init__(self, app: ASGIApp, guard: Guard, url: str | None) -> None:
        self._app = app
        self._guard = guard
        self._is_served = url is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = HTTPConnection(scope)
            secret = _bearer(request.headers.get("authorization"))
            session = request.cookies.get(SESSION_COOKIE)
            if secret is None:
                if scope["method"] not in _SAFE_METHODS:
                    self._refuse_other_sites(request.headers, needs_proof=session is not None)
                elif scope["method"] != "OPTIONS":
                    self._refuse_reading_elsewhere(request.headers)
            if not is_open(scope["app_path"]):
                keys = scope["app"].state.library.catalog.api_keys
                caller = await to_thread.run_sync(self._guard.caller, keys, secret, session)
                self._refuse_other_names(caller, scope["named"], request.headers.get("host", ""))
                scope["state"]["caller"] = caller
        await self._app(scope, receive, send)

    def _refuse_other_sites(self, headers: Headers, *, needs_proof: bool) -> None:
        if self._guard.allows_page_of(headers.get("origin")):
            return
        if not (_is_of_our_page(headers) if _tells_its_page(headers) else not needs_proof):
            raise ForbiddenError(
                "a page of another site cannot change anything here, unless MOMENTS_ALLOWED_ORIGINS names its origin"
            )

    def _refuse_reading_elsewhere(self, headers: Headers) -> None:
        """A page elsewhere could not read the answer, but it makes the server work, and sees how long that takes.

        Who follows a link from there comes in: the page is left behind.
        """
        if not _tells_its_page(headers) or _is_of_our_page(headers) or _is_visit(headers):
            return
        if not self._guard.allows_page_of(page_of(headers)):
            raise ForbiddenError(
                "a page of another site gets nothing from here, unless MOMENTS_ALLOWED_ORIGINS names its origin"
            )

    def _refuse_other_names(self, caller: Caller, *names: str) -> None:
        """A name of somebody else's that leads to this machine makes his page one of ours (DNS rebinding)."""
        for name in names:
            if self._is_served and caller.kind is CallerKind.OPEN and not is_loopback_name(name):
                raise ForbiddenError(
                    f"the server is asked as {name!r}; without API keys it answers only as localhost or 127.0.0.1"
                )


class BodyLimit:
    """Refuses a body that is too long: at once if it says so, else as soon as too much of it has come."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = _body_limit(scope["app_path"]) if scope["type"] == "http" else None
        if limit is None:
            await self._app(scope, receive, send)
            return
        too_large = HTTPException(413, f"the body is too large; allowed are {limit:,} bytes")
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isdecimal() and int(announced[:20]) > limit:
            raise too_large
        received = 0

        async def receive_within_limit() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise too_large
            return message

        await self._app(scope, receive_within_limit, send)


class StreamEnd:
    """Ends streams of events when the server stops, which would else wait for their readers to leave."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_stream = scope["type"] == "http" and scope["path"].endswith("/events")
        closing: Event | None = getattr(scope["app"].state, "closing", None) if is_stream else None
        if closing is None:
            await self._app(scope, receive, send)
            return
        is_started = is_over = False

        async def receive_until_closing() -> Message:
            message: Message = {"type": "http.disconnect"}
            async with create_task_group() as tasks:

                async def wait() -> None:
                    await closing.wait()
                    tasks.cancel_scope.cancel()

                tasks.start_soon(wait)
                message = await receive()
                tasks.cancel_scope.cancel()
            return message

        async def send_noticing(message: Message) -> None:
            nonlocal is_started, is_over
            is_started = is_started or message["type"] == "http.response.start"
            is_over = message["type"] == "http.response.body" and not message.get("more_body", False)
            await send(message)

        await self._app(scope, receive_until_closing, send_noticing)
        if is_started and not is_over:
            await send({"type": "http.response.body", "body": b""})


def _request_id(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _tells_its_page(headers: Headers) -> bool:
    """Whether a browser says which page asks; other programs say nothing of the kind."""
    return "sec-fetch-site" in headers or "origin" in headers


def _is_of_our_page(headers: Headers) -> bool:
    """Whether the page that asks is one of this server, or there is none: somebody typed the address."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    return urlsplit(headers["origin"]).netloc == headers.get("host")


def _is_visit(headers: Headers) -> bool:
    """Whether the answer becomes a page of its own, not part of the page that asks."""
    return headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"


def _bearer(authorization: str | None) -> str | None:
    scheme, _, secret = (authorization or "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None


def is_open(path: str) -> bool:
    """Whether a path is answered without a key."""
    return path in _OPEN_PATHS or path.startswith(_OPEN_FOLDERS)


def _body_limit(path: str) -> int | None:
    return next((limit for start, limit in _BODY_LIMITS if path.startswith(start)), BODY_LIMIT_BYTES)
