"""Errors over HTTP: one table from the error tree to statuses, one shape (RFC 9457) for all."""

import uuid
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from retrieval.errors import (
    CursorError,
    CursorExpiredError,
    DataFolderBusyError,
    EncoderMismatchError,
    InputError,
    MediaError,
    ModelError,
    MomentsError,
    NotFoundError,
    StorageError,
)

_STATUS: tuple[tuple[type[MomentsError], int], ...] = (
    (CursorError, 400),
    (CursorExpiredError, 410),
    (InputError, 422),
    (NotFoundError, 404),
    (MediaError, 422),
    (DataFolderBusyError, 503),
    (EncoderMismatchError, 409),
    (ModelError, 503),
    (StorageError, 503),
)


def _problem(status: int, code: str, detail: str, **extra: Any) -> JSONResponse:
    body = {
        "type": "about:blank",
        "title": code.replace("_", " "),
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": uuid.uuid4().hex,
        **extra,
    }
    return JSONResponse(body, status_code=status, media_type="application/problem+json")


def install_error_handlers(api: FastAPI) -> None:
    """Every error leaves as ``application/problem+json``."""

    async def moments_error(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, MomentsError)
        status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
        return _problem(status, error.code, error.message)

    async def invalid_request(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part != "body")
        return _problem(422, "invalid_input", f"{where or 'body'}: {first['msg']}", param=where or None)

    async def http_error(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        return _problem(error.status_code, "http_error", str(error.detail))

    api.add_exception_handler(MomentsError, moments_error)
    api.add_exception_handler(RequestValidationError, invalid_request)
    api.add_exception_handler(HTTPException, http_error)
