"""Signing in with an API key, for a browser, whose pictures and videos cannot send headers."""

from typing import Annotated, Literal, TypedDict

from fastapi import APIRouter, Cookie, Request, Response

from app.access.guard import Guard
from app.http.dependencies import AttemptsOf, GuardOf, LibraryOf
from app.http.middleware import SESSION_COOKIE
from app.http.schemas.system import SessionAnswer, SessionBody
from retrieval.errors import UnauthorizedError
from retrieval.storage.api_keys import SESSION_DAYS

router = APIRouter(prefix="/v1/session", tags=["session"])


class _CookieKind(TypedDict):
    path: str
    secure: bool
    httponly: bool
    samesite: Literal["none", "strict"]


SessionCookie = Annotated[str | None, Cookie(alias=SESSION_COOKIE, include_in_schema=False)]


@router.get("", operation_id="getSession", summary="Am I signed in?")
def get_session(guard: GuardOf, library: LibraryOf, session: SessionCookie = None) -> SessionAnswer:
    """Whether a key is needed here, and whose the session is."""
    keys = library.catalog.api_keys
    is_required = guard.needs_key(keys)
    try:
        caller = guard.caller(keys, None, session)
    except UnauthorizedError:
        return SessionAnswer(required=is_required, signed_in=False, name=None)
    return SessionAnswer(required=is_required, signed_in=True, name=caller.name)


@router.post(
    "",
    operation_id="signIn",
    summary="Sign in",
    responses={401: {"description": "The key is wrong."}, 429: {"description": "Too many keys were wrong."}},
)
def sign_in(
    body: SessionBody, request: Request, response: Response, guard: GuardOf, attempts: AttemptsOf, library: LibraryOf
) -> SessionAnswer:
    """Open a session of 30 days and set its cookie. After 10 wrong keys in a minute, wait a minute.

    A right key is taken all the same: others may have tried wrong ones from the same address.
    """
    address = request.client.host if request.client else ""
    keys = library.catalog.api_keys
    key = keys.find(body.key)
    if key is None:
        attempts.check(address)
        attempts.failed(address)
        raise UnauthorizedError("this is no key of this server; it may have been revoked, or have expired")
    token = keys.open_session(key)
    response.set_cookie(SESSION_COOKIE, token, SESSION_DAYS * 24 * 3600, **_cookie(request, guard))
    return SessionAnswer(required=guard.needs_key(keys), signed_in=True, name=key.name)


@router.delete("", status_code=204, operation_id="signOut", summary="Sign out")
def sign_out(
    request: Request, response: Response, guard: GuardOf, library: LibraryOf, session: SessionCookie = None
) -> None:
    """Close the session, if there is one, and take back its cookie."""
    if session is not None:
        library.catalog.api_keys.close_session(session)
    response.delete_cookie(SESSION_COOKIE, **_cookie(request, guard))


def _cookie(request: Request, guard: Guard) -> _CookieKind:
    is_secure = request.url.scheme == "https"
    # A browser sends a cookie that is strict from pages of this site only, and one that is not over https only.
    is_elsewhere = is_secure and guard.allows_page_of(request.headers.get("origin"))
    return {
        "path": request.scope["root_path"] or "/",
        "secure": is_secure,
        "httponly": True,
        "samesite": "none" if is_elsewhere else "strict",
    }
