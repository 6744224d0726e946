"""The web interface: one HTML page for every address that a person may open, and the files it is made of."""

import os
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles

router = APIRouter(include_in_schema=False)


class _Files(StaticFiles):
    """Files that a browser keeps but asks after each time: a new version shows at once, an old one costs a 304."""

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: MutableMapping[str, Any],
        status_code: int = 200,
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = "no-cache"
        return response


_FILES = _Files(directory=Path(__file__).parents[1] / "web")


@router.api_route("/", methods=["GET", "HEAD"])
@router.api_route("/search", methods=["GET", "HEAD"])
@router.api_route("/watch/{video_id}", methods=["GET", "HEAD"])
@router.api_route("/library", methods=["GET", "HEAD"])
@router.api_route("/sign-in", methods=["GET", "HEAD"])
async def page(request: Request) -> Response:
    """The page; its scripts show what the address asks for."""
    return await _FILES.get_response("index.html", request.scope)


def mount_files(api: FastAPI) -> None:
    """Serve what the page is made of under `/web`."""
    api.mount("/web", _FILES, name="web")
