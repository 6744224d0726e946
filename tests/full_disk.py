"""A library on a small disk that fills up and is emptied again: run in a process of its own, which a full disk may end.

Prints what every door answered, as one JSON object.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from app.http.application import create_app
from app.settings import Settings
from indexer.jobs.job import Job
from indexer.jobs.queue import IndexJobs
from indexer.pipeline import Indexer
from indexer.uploads import Uploads
from retrieval.domain import Lane
from retrieval.search import SearchEngine
from retrieval.storage.library import Library
from tests.fakes import FakeVoiceActivity
from tests.index_fakes import RevisedEncoders
from tests.job_fakes import until
from tests.tus import TUS


class Doors:
    """The doors of a server, and how its disk is."""

    def __init__(self, disk: Path, client: TestClient, jobs: IndexJobs, encoders: RevisedEncoders) -> None:
        self._disk, self._client, self._jobs, self._encoders = disk, client, jobs, encoders

    def enlarge(self, size_mb: int) -> None:
        subprocess.run(["mount", "-o", f"remount,size={size_mb}m", str(self._disk)], check=True)

    def fill(self) -> None:
        with (self._disk / "fill").open("ab", buffering=0) as file:
            while True:
                try:
                    file.write(bytes(4096))
                except OSError:
                    return

    def make_room(self) -> None:
        (self._disk / "fill").unlink()

    def upload(self, size_bytes: int) -> Any:
        return _told(self._client.post("/v1/uploads", headers=TUS | {"Upload-Length": str(size_bytes)}))

    def index(self, path: Path) -> Any:
        """What the queue answered, or what became of the job that it gave."""
        answer = self._client.post("/v1/videos", json={"path": str(path)})
        return _told(answer) if answer.status_code != 202 else self.end(answer.json()["job_id"])

    def end(self, job_id: str) -> Any:
        job: list[Job] = []

        def is_over() -> bool:
            job[:] = [self._jobs.job(job_id)]
            return job[0].is_over and job_id not in self._jobs.running_here()

        until(is_over, "the end")
        outcome = job[0].outcome
        return [job_id, job[0].state, outcome.failure.code if outcome and outcome.failure else job[0].crash]

    def retry(self, job_id: str) -> Any:
        self._client.post(f"/v1/jobs/{job_id}/retry")
        return self.end(job_id)

    def see_otherwise(self) -> None:
        """From now on eyes of another revision look at pictures."""
        self._encoders.revisions[Lane.VISUAL] = "2"

    def reindex(self) -> Any:
        """What the queue answered, or what became of the job of each video that wants it."""
        answer = self._client.post("/v1/reindex", json={})
        return _told(answer) if answer.status_code != 202 else [self.end(job)[1:] for job in answer.json()["jobs"]]

    def search(self) -> Any:
        answer = self._client.post("/v1/search", json={"query": {"text": "red"}})
        return len({moment["video_id"] for moment in answer.json()["moments"]}) if answer.is_success else _told(answer)

    def export(self, form: str) -> Any:
        (video, *_) = self._client.get("/v1/videos").json()["videos"]
        moment = {"video_id": video["video_id"], "start_s": 0, "end_s": 1}
        return _told(self._client.post("/v1/exports", json={"format": form, "moments": [moment]}))

    def edit(self) -> Any:
        (video, *_) = self._client.get("/v1/videos").json()["videos"]
        return _told(self._client.patch(f"/v1/videos/{video['video_id']}", json={"title": "long " * 50}))


def _told(answer: Any) -> Any:
    return answer.status_code if answer.is_success else [answer.status_code, answer.json()["code"]]


def story(doors: Doors, first: Path, second: Path) -> dict[str, Any]:
    """The answers, in order: too small a disk, a larger one, a full one, and one with room again."""
    told: dict[str, Any] = {}

    def tell(what: str, ask: Callable[[], Any]) -> Any:
        told[what] = ask()
        return told[what]

    tell("small: upload of 30 MB", lambda: doors.upload(30_000_000))
    tell("small: another", lambda: doors.upload(30_000_000))
    job_id, *_ = tell("small: index", lambda: doors.index(first))
    doors.enlarge(250)
    tell("larger: retry", lambda: doors.retry(job_id))
    tell("larger: search", doors.search)
    doors.see_otherwise()
    tell("seen otherwise: search", doors.search)
    doors.fill()
    tell("full: search", doors.search)
    tell("full: reindex", doors.reindex)
    tell("full: upload", lambda: doors.upload(1))
    for form in ("csv", "edl", "mp4", "reel"):
        tell(f"full: export {form}", lambda form=form: doors.export(form))  # type: ignore[misc]
    for number in range(60):  # until the last page of the queue's own file is written
        if doors.edit() != 200:
            break
        told["full: edits that still fitted"] = number
    tell("full: edit", doors.edit)
    doors.make_room()
    tell("room: index", lambda: doors.index(second))
    tell("room: reindex", doors.reindex)
    tell("room: search", doors.search)
    tell("room: export csv", lambda: doors.export("csv"))
    tell("room: upload", lambda: doors.upload(1000))
    return told


def main(disk: Path, first: Path, second: Path) -> None:
    settings = Settings(data_dir=disk / "data", media_roots=(first.parent,))
    encoders = RevisedEncoders(voices=FakeVoiceActivity(None))
    api = create_app(settings)
    with (
        Library(settings, "test") as library,
        IndexJobs(
            Indexer(library, encoders, settings),
            f"sqlite:///{settings.data_dir / 'jobs.sqlite'}",
            "local",
            1,
        ).running() as jobs,
    ):
        library.keep_vectors()
        api.state.library, api.state.jobs = library, jobs
        api.state.engine = SearchEngine(library, encoders)
        api.state.uploads = Uploads(library.folder, jobs, 10**10)
        told = story(Doors(disk, TestClient(api, raise_server_exceptions=False), jobs, encoders), first, second)
    shutil.rmtree(settings.data_dir)
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
