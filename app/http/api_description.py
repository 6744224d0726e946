"""The description of the REST API, in OpenAPI: what FastAPI makes of the routes, completed."""

import json
import re
from typing import Any

from fastapi import FastAPI

from app.contract.jobs import JobAnswer
from app.http.middleware import SESSION_COOKIE, is_open
from app.http.schemas.problem import Problem

SUMMARY = "Find the right moment in your videos."
DESCRIPTION = (
    "Videos are added by path, by address or by upload, indexed as jobs, and searched by words, pictures, sounds, "
    "spoken questions and clips. Times are seconds on the video's own clock. Every error is a problem of RFC 9457 "
    "with a stable `code`. A server that has API keys wants one with every request, as `Authorization: Bearer KEY`."
)
CONTACT = {"name": "Moments"}
LICENSE = {"name": "Apache License 2.0", "identifier": "Apache-2.0"}

TAGS = [
    {"name": "search", "description": "Moments that answer words, pictures, sounds, spoken questions and clips."},
    {
        "name": "videos",
        "description": "The videos of the library: what is known of them, and their pictures and sound.",
    },
    {"name": "speakers", "description": "Whose voices are heard in the videos, and the names that people give them."},
    {"name": "uploads", "description": "Files on their way to the server, by the tus protocol, version 1.0."},
    {"name": "jobs", "description": "Files on their way into the index."},
    {"name": "exports", "description": "Chosen moments as files: cuts, subtitles, tables, edit lists."},
    {"name": "judgements", "description": "What people say of returned moments: right or wrong."},
    {"name": "session", "description": "Signing in with an API key, for browsers."},
    {"name": "system", "description": "Health, figures, and what runs here."},
]

_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_EVENTS = {
    "type": "string",
    "description": "Server-sent events: `event` is `job`, `data` a `JobAnswer` in JSON on one line, `id` what "
    "`Last-Event-ID` takes to go on after it; lines that begin with a colon only keep the connection alive.",
    "examples": ['event: job\ndata: {"job_id": "5f0c2f0e-6f0b-4a0e-9a51-6a5d3f1f7a11", …}\nid: 3f9a1c07-12\n\n'],
}
"""A text, for OpenAPI 3.1 has no words for what lies in a stream, and tools refuse those of 3.2."""

_NULLS_IN_EXAMPLES = (JobAnswer,)
"""FastAPI leaves nulls out of examples, which then lack what their own schemas require."""

_ANSWERS = {
    "400": "The request is malformed, or its cursor is none.",
    "401": "A key is needed, and none that is known was sent.",
    "403": "What is asked for is refused.",
    "404": "There is no such thing.",
    "409": "It cannot be done as things are.",
    "408": "The body stopped coming.",
    "410": "It is gone.",
    "412": "The client speaks another version of the protocol.",
    "413": "The body is too large.",
    "415": "The body has another content type than the one allowed.",
    "422": "A value is wrong.",
    "460": "The bytes differ from their checksum.",
    "429": "Too many wrong keys; `Retry-After` says how long to wait.",
    "503": "Something that is needed is not there, or busy.",
    "507": "The disk is full.",
}


def describe(api: FastAPI) -> None:
    """Complete the description that FastAPI makes: every error of every route, and the ways to bring a key."""
    plain = api.openapi

    def openapi() -> dict[str, Any]:
        if api.openapi_schema is None:
            api.openapi_schema = _completed(plain())
        return api.openapi_schema

    api.openapi = openapi  # type: ignore[method-assign]


def _completed(description: dict[str, Any]) -> dict[str, Any]:
    # Forms are named after their operation, `searchImage` for one, as clients are made with a type for each.
    description = json.loads(
        re.sub(r"Body_(\w)(\w*)", lambda form: f"{form[1].upper()}{form[2]}Form", json.dumps(description))
    )
    components = description["components"]
    for name in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(name, None)
    components["schemas"]["Problem"] = Problem.model_json_schema()
    components["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "An API key, as `moments keys create` prints it."},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": SESSION_COOKIE,
            "description": "What `POST /v1/session` sets.",
        },
    }
    for name, schema in components["schemas"].items():
        if name.endswith("Form"):
            schema["description"] = "The parts of the form."
            # OpenAPI 3.1 has the content type alone; makers of clients know a file by its format.
            schema["properties"]["file"]["format"] = "binary"
    for model in _NULLS_IN_EXAMPLES:
        components["schemas"][model.__name__]["examples"] = model.model_json_schema()["examples"]
    for path, operations in description["paths"].items():
        for operation in operations.values():
            operation["responses"] |= {
                status: {
                    "description": operation["responses"].get(status, {}).get("description") or _ANSWERS[status],
                    "content": {"application/problem+json": {"schema": _PROBLEM}},
                }
                for status in _problems(path, operation)
            }
            for response in operation["responses"].values():
                if "text/event-stream" in response.get("content", {}):
                    response["content"]["text/event-stream"] = {"schema": _EVENTS}
            if not is_open(path):
                operation["security"] = [{"key": []}, {"session": []}, {}]
    return description


def _problems(path: str, operation: dict[str, Any]) -> list[str]:
    """Statuses of the errors that any operation of this kind may answer, and those that it names itself."""
    if path in ("/healthz", "/readyz"):
        return []
    may = {status for status in operation["responses"] if status[0] in "45"} | {"503", "507"}
    if not is_open(path):
        may |= {"401", "403"}
        if operation.get("parameters") or "requestBody" in operation:
            may |= {"400", "404", "422"}
    if "requestBody" in operation:
        may |= {"400", "403", "413", "415", "422"}
    return sorted(may)
