"""The server that already owns a data folder, asked over HTTP instead of opening the folder twice."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from app.access.local_token import read_local_token
from app.settings import Settings
from retrieval.asking.media_input import opened
from retrieval.asking.query import Query
from retrieval.domain import Answer, Lane
from retrieval.errors import MomentsError, StorageError
from retrieval.path_text import readable
from retrieval.query_file import QueryFile
from retrieval.storage.folder import DataFolder, LockName

if TYPE_CHECKING:
    from httpx import Response

    from app.contract.jobs import JobAnswer, JobsAnswer, ReindexAnswer

Told = TypeVar("Told", bound=BaseModel)

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
        from app.contract.answers import PlainAnswer

        return self._read(PlainAnswer, "POST", "/v1/search", json=_body(query)).to_answer()

    def search_with(self, query: Query, file: QueryFile) -> Answer:
        """What the server answers to a query with a file."""
        from app.contract.answers import PlainAnswer

        with opened(file.source) as content:
            options, files = {"options": json.dumps(_body(query))}, {"file": ("file", content)}
            return self._read(PlainAnswer, "POST", f"/v1/search/{file.kind}", data=options, files=files).to_answer()

    def add(self, path: Path, *, again: bool = False) -> str:
        """Put a file on the server's queue; the id of its job."""
        return self._add({"path": readable(str(path)), "again": again})

    def index_again(self, video_id: str) -> str:
        """Put a video of the library on the server's queue; the id of its job."""
        return self._add({"video": video_id, "again": True})

    def reindex(self, videos: Sequence[str] | None, lanes: Sequence[Lane]) -> "ReindexAnswer":
        """Put those of these videos, or of all, that want it on the server's queue."""
        from app.contract.jobs import ReindexAnswer

        body = {"videos": None if videos is None else list(videos), "lanes": [lane.value for lane in lanes] or None}
        return self._read(ReindexAnswer, "POST", "/v1/reindex", json=body)

    def checks(self) -> dict[str, str]:
        """What the server says of each thing that it needs: ``ok``, or why not."""
        import httpx

        from app.http.schemas.system import ReadyAnswer

        try:
            answer = httpx.get(f"{self.url}/readyz", timeout=_TIMEOUT_S, trust_env=False)
            return ReadyAnswer.model_validate_json(answer.content).checks
        except (httpx.HTTPError, ValidationError) as error:
            raise StorageError(f"the server at {self.url} does not answer: {error}") from error

    def job(self, job_id: str) -> "JobAnswer":
        """State, stage and outcome of a job."""
        from app.contract.jobs import JobAnswer

        return self._read(JobAnswer, "GET", f"/v1/jobs/{job_id}")

    def jobs(self, limit: int, state: str | None, cursor: str | None) -> "JobsAnswer":
        """A page of jobs, newest first."""
        from app.contract.jobs import JobsAnswer

        asked = {"limit": limit, "state": state, "cursor": cursor}
        given = {name: value for name, value in asked.items() if value is not None}
        return self._read(JobsAnswer, "GET", "/v1/jobs", params=given)

    def remove(self, video_id: str) -> None:
        """Remove a video."""
        self._ask("DELETE", f"/v1/videos/{video_id}")

    def forget_voices(self, video_id: str | None) -> None:
        """Forget the voices of a video, or of all for None."""
        self._ask("DELETE", "/v1/speakers" if video_id is None else f"/v1/videos/{video_id}/speakers")

    def _add(self, body: dict[str, Any]) -> str:
        from app.contract.jobs import AddedAnswer

        return self._read(AddedAnswer, "POST", "/v1/videos", json=body).job_id

    def _read(self, shape: type[Told], method: str, path: str, **content: Any) -> Told:
        """What the server answers, of the given shape. Raises StorageError for a server of another version."""
        response = self._ask(method, path, **content)
        try:
            return shape.model_validate_json(response.content)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise StorageError(
                f"the server at {self.url} answers as another version does ({where}: {first['msg']}): "
                "stop it, and start it again with this one"
            ) from error

    def _ask(self, method: str, path: str, **content: Any) -> "Response":
        import httpx

        try:
            response = httpx.request(
                method, self.url + path, **content, headers=self._headers, timeout=_TIMEOUT_S, trust_env=False
            )
        except httpx.HTTPError as error:
            raise StorageError(f"the server at {self.url} does not answer: {error}") from error
        if response.is_error:
            problem: dict[str, str] = response.json() if response.content else {}
            # One that this version does not know, as of another server, is no error of storage or anything else.
            kind = _ERRORS.get(problem.get("code", ""), MomentsError)
            raise kind(problem.get("detail", f"the server at {self.url} answered {response.status_code}"))
        return response


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
