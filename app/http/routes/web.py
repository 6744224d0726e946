"""The web interface: one HTML page for every address that a person may open, and the files it is made of."""

import hashlib
import os
import posixpath
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


_FOLDER = Path(__file__).parents[2] / "web"
_FILES = _Files(directory=_FOLDER)

PAGES = {
    "/": "search/search-page.js",
    "/search": "search/search-page.js",
    "/watch/{video_id}": "watch/player-page.js",
    "/library": "library/library-page.js",
    "/sign-in": "sign-in.js",
}
"""Every address that a person may open, and the script that shows it, as `main.js` has them too."""

_IMPORTED = re.compile(r'^(?:import|export)\b[^;]*?"(\.{1,2}/[^"]+)";', re.MULTILINE)


def modules_of(*scripts: str) -> list[str]:
    """The scripts and all that they import, each once, as paths under `/web/js`."""
    found: dict[str, None] = {}
    ahead = list(scripts)
    while ahead:
        script = ahead.pop(0)
        if script not in found:
            found[script] = None
            text = (_FOLDER / "js" / script).read_text(encoding="utf-8")
            ahead += [
                posixpath.normpath(posixpath.join(posixpath.dirname(script), one)) for one in _IMPORTED.findall(text)
            ]
    return list(found)


@cache
def _page_at(base_path: str, script: str) -> tuple[str, str]:
    """The page as it lies under that path of its site, and its version.

    It names every module that it will need: a browser that learns of them one import at a time waits for each.
    """
    html = (_FOLDER / "index.html").read_text(encoding="utf-8")
    ahead = "".join(f'<link rel="modulepreload" href="/web/js/{one}">' for one in modules_of("main.js", script))
    html = html.replace("</head>", f"{ahead}</head>")
    html = re.sub(r'\b(href|src)="/', rf'\1="{base_path}/', html)
    return html, f'"{hashlib.sha256(html.encode()).hexdigest()[:16]}"'


async def page(request: Request) -> Response:
    """The page; its scripts show what the address asks for."""
    html, version = _page_at(request.scope["root_path"], PAGES[request.scope["route"].path])
    headers = {"Cache-Control": "no-cache", "ETag": version}
    if version in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return HTMLResponse(html, headers=headers)


for _path in PAGES:
    router.add_api_route(_path, page, methods=["GET", "HEAD"])


def mount_files(api: FastAPI) -> None:
    """Serve what the page is made of under `/web`."""
    api.mount("/web", _FILES, name="web")
