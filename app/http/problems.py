"""Errors over HTTP: one table from the error tree to statuses, one shape (RFC 9457) for all."""

import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, params
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.exceptions import HTTPException

from app.access.guard import ATTEMPTS_WINDOW_S
from app.http.job_events import NothingMore
from app.http.tus import TUS_VERSION
from retrieval.errors import (
    ChecksumError,
    ConflictError,
    CursorError,
    CursorExpiredError,
    DataFolderBusyError,
    EncoderMismatchError,
    ForbiddenError,
    GoneError,
    HungUpError,
    InputError,
    MediaError,
    ModelError,
    MomentsError,
    NotFoundError,
    StorageError,
    StorageFullError,
    TooBusyError,
    TooLargeError,
    TooManyAttemptsError,
    UnauthorizedError,
    UnsupportedTypeError,
    UploadHeaderError,
    UploadProtocolError,
)
from retrieval.storage.room import is_full_disk

_HUNG_UP = 499
"""Nobody reads it: for the figures alone, as other servers count it."""

_STATUS: tuple[tuple[type[MomentsError], int], ...] = (
    (CursorError, 400),
    (CursorExpiredError, 410),
    (InputError, 422),
    (UnauthorizedError, 401),
    (ForbiddenError, 403),
    (TooManyAttemptsError, 429),
    (NotFoundError, 404),
    (MediaError, 422),
    (ConflictError, 409),
    (GoneError, 410),
    (TooLargeError, 413),
    (UnsupportedTypeError, 415),
    (UploadProtocolError, 412),
    (UploadHeaderError, 400),
    (ChecksumError, 460),
    (StorageFullError, 507),
    (DataFolderBusyError, 503),
    (TooBusyError, 503),
    (HungUpError, _HUNG_UP),
    (EncoderMismatchError, 409),
    (ModelError, 503),
    (StorageError, 503),
)

_HEADERS: tuple[tuple[type[MomentsError], dict[str, str]], ...] = (
    (UnauthorizedError, {"WWW-Authenticate": "Bearer"}),
    (TooManyAttemptsError, {"Retry-After": str(ATTEMPTS_WINDOW_S)}),
    (DataFolderBusyError, {"Retry-After": "5"}),
    (TooBusyError, {"Retry-After": str(TooBusyError.retry_after_s)}),
    (UploadProtocolError, {"Tus-Version": TUS_VERSION}),
)

_HTTP_CODES: Mapping[int, str] = {
    400: "malformed_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "timeout",
    413: "body_too_large",
    415: "unsupported_media_type",
    416: "range_not_satisfiable",
}

_VARIANTS = ("list", "operators", "value")
"""How pydantic names the ways in which one field can be written; to the client they are the field."""

_SHOWN_INPUT_LENGTH = 80
_BODY, _JSON, _FORM = "body", "application/json", "multipart/form-data"


def problem(
    request_id: str, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None, **extra: Any
) -> JSONResponse:
    """The one shape of every error."""
    body = {
        "type": "about:blank",
        "title": next((known.phrase for known in HTTPStatus if known == status), code.replace("_", " ")),
        "status": status,
        "code": code,
        "detail": detail.encode("utf-8", "backslashreplace").decode(),
        "request_id": request_id,
        **extra,
    }
    return JSONResponse(body, status_code=status, media_type="application/problem+json", headers=headers)


def problem_of(request_id: str, error: MomentsError) -> JSONResponse:
    """An error of the tree, by the tables above."""
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    headers = next((headers for kind, headers in _HEADERS if isinstance(error, kind)), None)
    return problem(request_id, status, error.code, error.message, headers)


def full_disk_problem(request_id: str) -> JSONResponse:
    """What is answered where the server itself found no room for what it had to write."""
    return problem_of(request_id, StorageFullError("the server's disk is full; try again when there is room"))


def problem_of_http(request_id: str, error: HTTPException) -> JSONResponse:
    """An error of the protocol: a path, method or body that cannot be. A body finds no room on a full disk, too."""
    if is_full_disk(error):
        return full_disk_problem(request_id)
    code = _HTTP_CODES.get(error.status_code, "http_error")
    return problem(request_id, error.status_code, code, str(error.detail), error.headers)


def install_error_handlers(api: FastAPI) -> None:
    """Every error leaves as ``application/problem+json``."""

    async def moments_error(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, MomentsError)
        return problem_of(_request_id(request), error)

    async def invalid_request(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return _invalid(request, error)

    async def http_error(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        if error.status_code == 404 and error.detail == HTTPStatus.NOT_FOUND.phrase:
            error = HTTPException(404, f"there is nothing at {request.url.path}")
        if error.status_code == 405:
            allowed = ", ".join(_methods(request))
            detail = f"{request.method} is not possible at {request.url.path}; allowed: {allowed}"
            error = HTTPException(405, detail, {"Allow": allowed})
        return problem_of_http(_request_id(request), error)

    async def nothing_more(_request: Request, _error: Exception) -> Response:
        return Response(status_code=204)

    api.add_exception_handler(MomentsError, moments_error)
    api.add_exception_handler(NothingMore, nothing_more)
    api.add_exception_handler(RequestValidationError, invalid_request)
    api.add_exception_handler(HTTPException, http_error)


def _request_id(request: Request) -> str:
    given: str | None = getattr(request.state, "request_id", None)
    return given or uuid.uuid4().hex


def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    """What is wrong with the first field that is: its content type, its syntax, or its value."""
    first = error.errors()[0]
    source, *path = first["loc"]
    if source == _BODY and (expected := _other_content_type(request, error)) is not None:
        given = request.headers.get("content-type", "none")
        detail = f"the content type is {given[:_SHOWN_INPUT_LENGTH]}; allowed is {expected}"
        return problem(_request_id(request), 415, "unsupported_media_type", detail)
    if first["type"] == "json_invalid":
        detail = f"the body is no JSON: {first['ctx']['error']} at character {path[0]}"
        return problem(_request_id(request), 400, "malformed_request", detail)
    param = ".".join(str(part) for part in path if part not in _VARIANTS)
    detail = f"{param or _BODY}: {first['msg'].removeprefix('Value error, ')}"
    value = first.get("input")
    if first["type"] != "missing" and isinstance(value, str | int | float):
        detail += f", not {repr(value)[:_SHOWN_INPUT_LENGTH]}"
    return problem(_request_id(request), 422, "invalid_input", detail, param=param or None)


def _other_content_type(request: Request, error: RequestValidationError) -> str | None:
    """The content type that the route takes, if the request came with another."""
    route = request.scope.get("route")
    fields = route.dependant.body_params if isinstance(route, APIRoute) else []
    expected = _FORM if any(isinstance(field.field_info, params.Form) for field in fields) else _JSON
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    read = {_FORM: (_FORM, "application/x-www-form-urlencoded"), _JSON: (_JSON,)}[expected]
    if given in read or (expected == _JSON and given.startswith("application/") and given.endswith("+json")):
        return None
    return expected if given or error.body else None


def _methods(request: Request) -> list[str]:
    """Every method that some route of this path has."""
    methods: set[str] = set()
    for route in iter_route_contexts(request.app.routes):
        pattern = getattr(route, "path_regex", None)
        if pattern is not None and pattern.match(request.scope.get("app_path", request.url.path)):
            methods |= route.methods or set()
    return sorted(methods)
