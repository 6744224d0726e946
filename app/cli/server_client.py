"""The server that already owns a data folder, asked over HTTP instead of opening the folder twice."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from app.access.local_token import read_local_token
from app.contract.answers import answer_from_json
from app.settings import Settings
from retrieval.asking.media_input import opened
from retrieval.asking.query import Query
from retrieval.domain import Answer
from retrieval.errors import MomentsError, StorageError
from retrieval.path_text import readable
from retrieval.query_file import QueryFile
from retrieval.storage.folder import DataFolder, LockName

_TIMEOUT_S = 60.0


def _tree(of: type[MomentsError]) -> Iterator[type[MomentsError]]:
    yield of
    for kind in of.__subclasses__():
        yield from _tree(kind)


_ERRORS = {kind.code: kind for kind in _tree(MomentsError)}


class Server:
    """A running `moments serve`, asked with the token that it leaves for this user's commands."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    def search(self, query: Query) -> Answer:
        """What the server answers."""
        return answer_from_json(self._ask("POST", "/v1/search", json=_body(query)))

    def search_with(self, query: Query, file: QueryFile) -> Answer:
        """What the server answers to a query with a file."""
        with opened(file.source) as content:
            return answer_from_json(
                self._ask(
                    "POST",
                    f"/v1/search/{file.kind}",
                    data={"options": json.dumps(_body(query))},
                    files={"file": ("file", content)},
                )
            )

    def add(self, path: Path, *, again: bool = False) -> str:
        """Put a file on the server's queue; the id of its job."""
        body = {"path": readable(str(path)), "again": again}
        return cast(str, self._ask("POST", "/v1/videos", json=body)["job_id"])

    def index_again(self, video_id: str) -> str:
        """Put a video of the library on the server's queue; the id of its job."""
        return cast(str, self._ask("POST", "/v1/videos", json={"video": video_id, "again": True})["job_id"])

    def checks(self) -> dict[str, str]:
        """What the server says of each thing that it needs: ``ok``, or why not."""
        import httpx

        try:
            answer = httpx.get(f"{self.url}/readyz", timeout=_TIMEOUT_S, trust_env=False)
            return cast(dict[str, str], answer.json()["checks"])
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise StorageError(f"the server at {self.url} does not answer: {error}") from error

    def job(self, job_id: str) -> dict[str, Any]:
        """State, stage and outcome of a job."""
        return self._ask("GET", f"/v1/jobs/{job_id}")

    def remove(self, video_id: str) -> None:
        """Remove a video."""
        self._ask("DELETE", f"/v1/videos/{video_id}")

    def _ask(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        import httpx

        try:
            response = httpx.request(
                method, self.url + path, **content, headers=self._headers, timeout=_TIMEOUT_S, trust_env=False
            )
        except httpx.HTTPError as error:
            raise StorageError(f"the server at {self.url} does not answer: {error}") from error
        value: dict[str, Any] = response.json() if response.content else {}
        if response.is_error:
            # One that this version does not know, as of another server, is no error of storage or anything else.
            kind = _ERRORS.get(value.get("code", ""), MomentsError)
            raise kind(value.get("detail", f"the server at {self.url} answered {response.status_code}"))
        return value


def server_of(settings: Settings) -> Server | None:
    """The server that keeps this data folder open, if there is one."""
    if not settings.data_dir.is_dir():
        return None
    owner = DataFolder(settings.data_dir.absolute()).owner(LockName.VECTORS)
    if owner is None or owner.url is None:
        return None
    return Server(owner.url, read_local_token(settings.data_dir))


def _body(query: Query) -> dict[str, Any]:
    # Imported here: searches without a server, most of them, do not wait for pydantic's models to be built.
    from app.http.schemas.search import search_json

    return search_json(query)
