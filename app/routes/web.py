"""The web interface: one HTML page for every address that a person may open, and the files it is made of."""

import hashlib
import os
import re
from collections.abc import MutableMapping
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import HTMLResponse
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


_FOLDER = Path(__file__).parents[1] / "web"
_FILES = _Files(directory=_FOLDER)


@cache
def _page_at(base_path: str) -> tuple[str, str]:
    """The page as it lies under that path of its site, and its version."""
    html = (_FOLDER / "index.html").read_text(encoding="utf-8")
    html = re.sub(r'\b(href|src)="/', rf'\1="{base_path}/', html)
    return html, f'"{hashlib.sha256(html.encode()).hexdigest()[:16]}"'


@router.api_route("/", methods=["GET", "HEAD"])
@router.api_route("/search", methods=["GET", "HEAD"])
@router.api_route("/watch/{video_id}", methods=["GET", "HEAD"])
@router.api_route("/library", methods=["GET", "HEAD"])
@router.api_route("/sign-in", methods=["GET", "HEAD"])
async def page(request: Request) -> Response:
    """The page; its scripts show what the address asks for."""
    html, version = _page_at(request.scope["root_path"])
    headers = {"Cache-Control": "no-cache", "ETag": version}
    if version in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return HTMLResponse(html, headers=headers)


def mount_files(api: FastAPI) -> None:
    """Serve what the page is made of under `/web`."""
    api.mount("/web", _FILES, name="web")
