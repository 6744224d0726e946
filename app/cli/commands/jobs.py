"""`moments jobs`: what was added, how far it is, and why it failed."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import click
from rich.console import Console

from app.cli.invocation import Invocation, emit_json
from app.cli.server_client import server_of
from app.cli.terminal import make_console, print_rows, shown
from app.contract.jobs import JobAnswer, JobsAnswer
from app.harmless import say
from app.open_queue import is_worked_on, open_known_jobs
from app.settings import Settings
from indexer.jobs.job import JobState
from retrieval.advice import what_to_do
from retrieval.errors import INTERNAL_ERROR, NotFoundError
from retrieval.storage.library import Library

_PAGE = 1000
_ACTIVE = (JobState.QUEUED, JobState.RUNNING)

Page = Callable[[int, JobState | None, str | None], JobsAnswer]


@click.command(
    epilog="""\b
Examples:
  moments jobs
  moments jobs --state failed --all
  moments jobs 5f0c2f0e-6f0b-4a0e-9a51-6a5d3f1f7a11
  moments --json jobs --limit 5"""
)
@click.argument("job_id", required=False, metavar="[ID]")
@click.option("--state", type=click.Choice([state.value for state in JobState]), help="Only jobs in this state.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="At most so many.")
@click.option("--all", "is_all", is_flag=True, help="All jobs there ever were.")
@click.pass_obj
def jobs(invocation: Invocation, job_id: str | None, state: str | None, limit: int, is_all: bool) -> None:
    """List what was added to the library, newest first, and how far each is; with ID, all about one job.

    Every file that is added is a job: it waits, runs through its stages, and is done, failed or cancelled. It works
    beside a running server or `moments index`, and when nothing runs.
    """
    settings = invocation.settings
    with Library(settings, "moments jobs") as library:
        with _asked(library, settings) as (page_of, job_of):
            if job_id is not None:
                _show(job_of(job_id), as_json=invocation.as_json)
                return
            wanted = None if state is None else JobState(state)
            told, are_more = _newest(page_of, wanted, None if is_all else limit)
        is_idle = any(job.state in _ACTIVE for job in told) and not is_worked_on(library, settings)
    if invocation.as_json:
        emit_json({"jobs": [job.model_dump(mode="json") for job in told], "more": are_more})
        return
    _print_list(told, wanted)
    if are_more:
        say(f"these are the newest {limit:,}; for more, raise --limit, or give --all", err=True)
    if is_idle:
        say("nobody works on them now: `moments index` or `moments serve` goes on where they are", err=True)


@contextmanager
def _asked(library: Library, settings: Settings) -> Iterator[tuple[Page, Callable[[str], JobAnswer]]]:
    """How to get a page of jobs and one job: from the server of this data folder, or out of the queue's database."""
    if (server := server_of(settings)) is not None:
        yield server.jobs, server.job
        return
    with open_known_jobs(library, settings) as known:

        def page_of(limit: int, state: JobState | None, cursor: str | None) -> JobsAnswer:
            if known is None:
                return JobsAnswer(jobs=[], next_cursor=None)
            page = known.page(limit, state=state, cursor=cursor)
            return JobsAnswer(jobs=[JobAnswer.of(job) for job in page.jobs], next_cursor=page.next_cursor)

        def job_of(job_id: str) -> JobAnswer:
            if known is None:
                raise NotFoundError(f"no job {job_id!r}: nothing was ever added to this library")
            return JobAnswer.of(known.job(job_id))

        yield page_of, job_of


def _newest(page_of: Page, state: JobState | None, limit: int | None) -> tuple[list[JobAnswer], bool]:
    """The newest jobs, all without a limit, and whether there are more."""
    told: list[JobAnswer] = []
    cursor: str | None = None
    while True:
        page = page_of(_PAGE if limit is None else min(_PAGE, limit - len(told)), state, cursor)
        told += page.jobs
        cursor = page.next_cursor
        if cursor is None or (limit is not None and len(told) >= limit):
            return told, cursor is not None


def _print_list(told: Sequence[JobAnswer], state: JobState | None) -> None:
    if not told:
        say("No jobs yet. Add a video with:  moments index PATH" if state is None else f"No job is {state}.")
        return
    rows = [
        (job.job_id, f"{job.created_at:%Y-%m-%d %H:%M}", _coloured(job), shown(_in_short(job)), shown(job.path))
        for job in told
    ]
    print_rows(make_console(), ("id", "added", "state", "how far", "path"), rows)
    if bad := sum(job.state is JobState.FAILED for job in told):
        say(f"{bad} of them failed; for the reason:  moments jobs ID", err=True)


def _coloured(job: JobAnswer) -> str:
    return f"[red]{job.state}[/red]" if job.state is JobState.FAILED else str(job.state)


def _in_short(job: JobAnswer) -> str:
    match job.state:
        case JobState.QUEUED:
            return "" if job.position is None else f"number {job.position} in line"
        case JobState.RUNNING:
            return f"{job.stage or 'starting'}, {job.progress:.0%}"
        case JobState.FAILED:
            return job.outcome.error.code if job.outcome and job.outcome.error else INTERNAL_ERROR
        case JobState.DONE:
            return str(job.outcome.status) if job.outcome else ""
        case JobState.CANCELLED:
            return job.stage or ""


def _show(job: JobAnswer, *, as_json: bool) -> None:
    if as_json:
        emit_json(job.model_dump(mode="json"))
        return
    console = make_console()
    console.print(f"[bold]{shown(job.path)}[/bold]")
    console.print(f"job {shown(job.job_id)}, {_coloured(job)}  {shown(_in_short(job))}".rstrip())
    times = (("added", job.created_at), ("started", job.started_at), ("ended", job.ended_at))
    console.print(", ".join(f"{name} {time:%Y-%m-%d %H:%M:%S} UTC" for name, time in times if time is not None))
    if job.stage is not None:
        speed = "" if job.speed_x is None else f", {job.speed_x:.1f}× real time"
        left = "" if job.remaining_s is None else f", about {job.remaining_s:.0f} s left"
        console.print(f"stage {job.stage}: {job.share:.0%} of it, {job.progress:.0%} of everything{speed}{left}")
    if job.video_id is not None:
        console.print(f"video {job.video_id}")
    for warning in job.outcome.warnings if job.outcome else ():
        console.print(f"[yellow]{shown(warning)}[/yellow]")
    _print_failure(console, job)


def _print_failure(console: Console, job: JobAnswer) -> None:
    if job.outcome is not None and job.outcome.error is not None:
        error = job.outcome.error
        code, message, advice = error.code, error.message, error.advice
    elif job.crash is not None:
        code, message, advice = INTERNAL_ERROR, job.crash, what_to_do(INTERNAL_ERROR)
    else:
        return
    console.print(f"[red]{shown(code)}[/red]: {shown(message)}")
    console.print(f"[yellow]{shown(advice)}[/yellow]")
