"""The web interface: one HTML page for every address that a person may open, and the files it is made of."""

import hashlib
import os
import re
from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from app.http.page_bundle import FOLDER, PageFile, page_bundle

router = APIRouter(include_in_schema=False)


class _Files(StaticFiles):
    """The files of the page: those named after their content are kept for good, others are asked after each time."""

    async def get_response(self, path: str, scope: MutableMapping[str, Any]) -> Response:
        file = page_bundle().files.get(path)
        return await super().get_response(path, scope) if file is None else _kept(file, Request(scope))

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


_FILES = _Files(directory=FOLDER)
_TAKES_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(?:\.0+)?\s*(?:,|$))", re.IGNORECASE)

PAGES = ("/", "/search", "/watch/{video_id}", "/library", "/sign-in")
"""Every address that a person may open, as `main.js` has them too."""


def _kept(file: PageFile, request: Request) -> Response:
    """A file that will never be another one under its address."""
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
    content = file.content
    if _TAKES_GZIP.search(request.headers.get("accept-encoding", "")):
        headers["Content-Encoding"], content = "gzip", file.zipped
    headers["Content-Length"] = str(len(content))
    return Response(b"" if request.method == "HEAD" else content, headers=headers, media_type=file.media_type)


@lru_cache(maxsize=4)
def _page_at(base_path: str, html: str) -> tuple[str, str]:
    """The page as it lies under that path of its site, and its version."""
    html = re.sub(r'\b(href|src)="/', rf'\1="{base_path}/', html)
    return html, f'"{hashlib.sha256(html.encode()).hexdigest()[:16]}"'


async def page(request: Request) -> Response:
    """The page; its scripts show what the address asks for."""
    html, version = _page_at(request.scope["root_path"], page_bundle().html)
    headers = {"Cache-Control": "no-cache", "ETag": version}
    if version in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return HTMLResponse(html, headers=headers)


for _path in PAGES:
    router.add_api_route(_path, page, methods=["GET", "HEAD"])


def mount_files(api: FastAPI) -> None:
    """Serve what the page is made of under `/web`."""
    api.mount("/web", _FILES, name="web")
