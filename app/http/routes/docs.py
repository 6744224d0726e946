"""`/docs`: the description of the API to read and try, by Swagger UI as installed: nothing comes from elsewhere."""

from pathlib import Path

import fastapi_offline
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

router = APIRouter(include_in_schema=False)

_POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""Swagger UI styles its elements in place and brings pictures as data; its scripts are files."""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Moments: REST API</title>
<link rel="icon" href="{base}/docs/files/favicon.png">
<link rel="stylesheet" href="{base}/docs/files/swagger-ui.css">
</head>
<body>
<div id="api"></div>
<script src="{base}/docs/files/swagger-ui-bundle.js"></script>
<script src="{base}/docs/start.js"></script>
</body>
</html>
"""
_START = """SwaggerUIBundle({{
  url: "{base}/v1/openapi.json",
  dom_id: "#api",
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis],
}});
"""


@router.get("/docs")
def page(request: Request) -> Response:
    """The page that loads Swagger UI."""
    return HTMLResponse(_PAGE.format(base=request.scope["root_path"]), headers={"Content-Security-Policy": _POLICY})


@router.get("/docs/start.js")
def start(request: Request) -> Response:
    """The script that points Swagger UI at this API: a file, for the policy allows no script in the page."""
    return Response(_START.format(base=request.scope["root_path"]), media_type="text/javascript")


def mount_files(api: FastAPI) -> None:
    """Serve Swagger UI's own files."""
    files = Path(fastapi_offline.__file__).with_name("static")
    api.mount("/docs/files", StaticFiles(directory=files), name="docs")
