"""`moments index`: files into the library, with a line per file and a progress bar."""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from app.cli.index_again import Again, to_index_again
from app.cli.invocation import Invocation, emit_json
from app.cli.media_files import media_files
from app.cli.print_moments import clock
from app.cli.progress_bar import IndexProgress
from app.cli.server_client import Server, server_of
from app.cli.terminal import counted, make_console, shown
from app.contract.jobs import JobAnswer, OutcomeAnswer
from app.harmless import say, shell_word
from app.logs import LogFormat, formatter_of
from app.open_queue import Indexing, open_jobs
from app.settings import Settings
from indexer.intake.addition import Addition
from indexer.jobs.job import FINAL, JobState
from indexer.outcome import Outcome, Status
from indexer.skip import Skip
from retrieval.errors import INTERNAL_ERROR, InputError
from retrieval.storage.library import Library
from retrieval.storage.records import Failure

_POLL_S = 0.1
_STOP_PATIENCE_S = 2.0
_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]

JobOf = Callable[[str], JobAnswer]


@click.command(
    epilog="""\b
Examples:
  moments index talk.mp4
  moments index ~/Videos "/archive/*/2024-*.mkv"
  moments --json index ~/Videos > report.jsonl
  moments index --again talk.mp4
  moments index --again"""
)
@click.argument("paths", nargs=-1)
@click.option(
    "--again", is_flag=True, help="Index anew what is in the library already; without PATH, all that is in it."
)
@click.option("--fast", "skip", flag_value=Skip.FAST.value, help="Decode about half: some frames a little off.")
@click.option(
    "--fastest", "skip", flag_value=Skip.FASTEST.value, help="Decode keyframes only: short events are missed."
)
@click.pass_obj
def index(invocation: Invocation, paths: tuple[str, ...], again: bool = False, skip: str | None = None) -> int:
    """Index files, folders or globs.

    Each PATH is a video or audio file, a folder that is searched for them, or a glob in quotation marks.
    A file that is in the library already is left as it is; a run that was stopped goes on where it was.

    With --again, PATH may also be a video of the library: an id, the start of one, a path or a file name. It keeps
    its id, title, tags and judgements, and is found as before until it is done.
    """
    if not paths and not again:
        raise click.UsageError("Missing argument 'PATHS...': give files, folders or globs, or --again for all videos.")
    if skip is not None:
        invocation.overrides["skip"] = skip
    settings = invocation.settings
    wanted = _wanted_again(settings, paths) if again else Again(dict.fromkeys(_media(paths)))
    server = server_of(settings)
    if server is not None and skip is not None:
        raise InputError(f"the server at {server.url} indexes by its own settings: leave out --{skip}, or stop it")
    is_well = True
    for outcome in map(OutcomeAnswer.of, wanted.failed):
        is_well &= show_outcome(outcome, as_json=invocation.as_json)
    if wanted.files:
        additions = [Addition(str(file), again=again) for file in wanted.files]
        by_whom = (
            here(settings, "moments index", lambda _library, _indexing: additions)
            if server is None
            else _through(server, wanted.files, again)
        )
        outdated = []
        for outcome in by_whom:
            is_well &= show_outcome(outcome, as_json=invocation.as_json)
            outdated += [outcome.path] if outcome.outdated else []
        if outdated:
            say(_offer(outdated, paths), err=True)
    return 0 if is_well else 1


def _offer(outdated: list[str], paths: tuple[str, ...]) -> str:
    were, as_it_is = ("was", "as it is") if len(outdated) == 1 else ("were", "as they are")
    return (
        f"{counted(len(outdated), 'video')} {were} indexed by an older version or by other models, and left "
        f"{as_it_is}; to bring up to date:  "
        f"moments reindex {' '.join(map(shell_word, paths))}"
    )


def _media(paths: tuple[str, ...]) -> list[Path]:
    """The files that the arguments name; one line tells of those that were passed over."""
    found = media_files(paths)
    passed_over = found.told()
    if not found.files:
        raise InputError("; ".join([f"no media file in {', '.join(paths)}", *([passed_over] if passed_over else [])]))
    if passed_over is not None:
        say(passed_over, err=True)
    return found.files


def _wanted_again(settings: Settings, references: tuple[str, ...]) -> Again:
    with Library(settings, "moments index") as library:
        wanted = to_index_again(library, references)
    if not wanted.files and not wanted.failed:
        raise InputError(f"no video to index again in {', '.join(references) or f'the library at {settings.data_dir}'}")
    return wanted


def here(
    settings: Settings, command: str, additions_of: Callable[[Library, Indexing], Sequence[Addition]]
) -> Iterator[OutcomeAnswer]:
    """Outcomes of the files that this process indexes for a command, as they are done."""
    with (
        stop_at_once() as before_that,
        Library(settings, command) as library,
        _log_in(library.folder.path / "moments.log", settings.log_format),
        open_jobs(library, settings) as indexing,
    ):
        before_that.append(indexing.jobs.let_go)
        left_over = {job.id: job.path for job in indexing.jobs.unfinished()}
        added = indexing.jobs.add_all(additions_of(library, indexing))
        ids = {job_id: Path(addition.where) for job_id, addition in added.items()}
        yield from follow(ids, lambda job_id: JobAnswer.of(indexing.jobs.job(job_id)))
        resumed = {job_id: Path(path) for job_id, path in left_over.items() if job_id not in ids}
        for outcome in follow(resumed, lambda job_id: JobAnswer.of(indexing.jobs.job(job_id))):
            say(f"{outcome.path}: {outcome.status} (left over from an earlier run)", err=True)


def _through(server: Server, files: Mapping[Path, str | None], again: bool) -> Iterator[OutcomeAnswer]:
    """Outcomes of files that the server of this data folder indexes."""
    say(f"the data folder is served at {server.url}, which indexes the files", err=True)
    ids = {
        server.add(file, again=again) if video_id is None else server.index_again(video_id): file
        for file, video_id in files.items()
    }
    yield from follow(ids, server.job)


def follow(ids: dict[str, Path], job_of: JobOf) -> Iterator[OutcomeAnswer]:
    """The outcome of every job, as it comes, with a progress bar on a terminal."""
    waiting = dict(ids)
    with IndexProgress(len(ids)) as progress:
        while waiting:
            for job_id, file in list(waiting.items()):
                job = job_of(job_id)
                if job.state is JobState.RUNNING:
                    progress.show(job_id, file, job.stage, job.progress, job.duration_s)
                elif job.outcome is not None:
                    del waiting[job_id]
                    progress.done(job_id, job.outcome.duration_s)
                    yield job.outcome
                elif job.state in FINAL:
                    del waiting[job_id]
                    progress.done(job_id, None)
                    yield _ended(file, job)
            time.sleep(_POLL_S)


def _ended(file: Path, job: JobAnswer) -> OutcomeAnswer:
    """The outcome of a job that left none: it was cancelled, or crashed."""
    if job.state is JobState.CANCELLED:
        failure = Failure("cancelled", f"{file}: its job was cancelled")
    else:
        failure = Failure(INTERNAL_ERROR, f"{file}: indexing failed unexpectedly: {job.crash}")
    return OutcomeAnswer.of(Outcome(str(file), None, Status.FAILED, failure=failure))


def show_outcome(outcome: OutcomeAnswer, *, as_json: bool) -> bool:
    """Print what became of a file; whether that is well."""
    if as_json:
        emit_json(outcome.model_dump(mode="json"))
    else:
        _print_outcome(outcome)
    return outcome.error is None


def _print_outcome(outcome: OutcomeAnswer) -> None:
    console = make_console()
    name = shown(outcome.path)
    if outcome.error is not None:
        make_console(stderr=True).print(f"[red]failed[/red]     {shown(outcome.error.message)}")
        return
    length = clock(outcome.duration_s or 0.0)
    if outcome.status is Status.UNCHANGED:
        console.print(f"[dim]unchanged[/dim]  {name}  [dim]{length}[/dim]")
    else:
        lanes = f"{', '.join(outcome.lanes)}, " if outcome.lanes else ""
        speed = (outcome.duration_s or 0.0) / max(outcome.seconds, 1e-3)
        console.print(
            f"[green]{outcome.status:<9}[/green]  {name}  [dim]{length}, {lanes}{outcome.windows} windows, "
            f"{outcome.seconds:.1f} s, {speed:.1f}× real time[/dim]"
        )
    for warning in outcome.warnings:
        console.print(f"           [yellow]{shown(warning)}[/yellow]")


class _PatientHandler(logging.FileHandler):
    """Leaves out what finds no room on the disk, of which the outcome tells anyway."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  the library's name
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)


@contextmanager
def _log_in(file: Path, log_format: LogFormat) -> Iterator[None]:
    """Where people look on, the log goes to a file: what a crash tells may fill the screen many times over."""
    if not sys.stderr.isatty():
        yield
        return
    handler = _PatientHandler(file, encoding="utf-8", errors="backslashreplace", delay=True)
    handler.setFormatter(formatter_of(log_format))
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        if handler.stream is not None:
            say(f"more on what went wrong is in {file}", err=True)
        handler.close()


@contextmanager
def stop_at_once() -> Iterator[list[Callable[[], None]]]:
    """Ctrl-C ends the process like a kill: every finished step is kept, and the next run goes on from there.

    So do the signals of who closes the terminal or shuts the machine down. What is put in the list is done before.
    """
    before_that: list[Callable[[], None]] = []

    def stop(number: int, _: object) -> None:
        sys.stdout.flush()
        os.write(2, b"\nstopped; the same command goes on from here\n")
        for act in before_that:
            # In a thread, for this one may hold the very lock that it waits for.
            acting = threading.Thread(target=act, daemon=True)
            acting.start()
            acting.join(_STOP_PATIENCE_S)
        os._exit(128 + number)

    heard = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]  # as nohup has it
    handled = {number: signal.signal(number, stop) for number in heard}
    try:
        yield before_that
    finally:
        for number, before in handled.items():
            signal.signal(number, before)
