"""`moments doctor`: is everything as it should be, and if not, what to do."""

import platform
import shutil
from collections.abc import Iterator

import click

from app.cli.commands.index import follow, stop_at_once
from app.cli.index_again import Again, add_videos
from app.cli.index_checks import (
    REPAIR,
    Finding,
    delete_leftovers,
    library_findings,
    outdated_findings,
    such_as,
    vector_findings,
)
from app.cli.invocation import Invocation, emit_json
from app.cli.server_client import server_of
from app.cli.terminal import make_console, shown
from app.contract.jobs import JobAnswer
from app.harmless import say, shell_word
from app.open_engine import resolve_profile
from app.open_queue import open_jobs
from app.settings import Settings
from indexer.intake.addition import Addition
from retrieval.encoders.profiles import ProfileEncoders
from retrieval.encoders.registry import Role
from retrieval.errors import DataFolderBusyError, MomentsError, system_text
from retrieval.storage.folder import DataFolder, LockName
from retrieval.storage.library import Library

_LOW_DISK_GB = 2.0


@click.command(
    epilog="""\b
Examples:
  moments --data-dir /data doctor
  moments doctor --repair"""
)
@click.option("--repair", is_flag=True, help="Make anew what is missing of the index, and delete what is left over.")
@click.pass_obj
def doctor(invocation: Invocation, repair: bool) -> int:
    """Check this machine, the data folder and the index; exit 1 if something is wrong.

    With --repair, first mend the index: damaged vectors are put aside, what the catalog knows is written from it,
    and other videos are indexed again by their files. Titles, tags and judgements stay. It can be stopped at any
    time, and goes on from there when it is called again.
    """
    if repair:
        _repair(invocation)
    findings = []
    for check in (_machine, _ffmpeg, _folder, _queue, _models, _index):
        try:
            findings += list(check(invocation.settings))
        except (MomentsError, OSError) as error:
            reason = system_text(error) if isinstance(error, OSError) else error.message
            # What keeps one check from its work keeps others, too.
            if reason not in (finding.detail for finding in findings):
                findings.append(Finding(check.__name__.strip("_"), False, reason))
    if invocation.as_json:
        emit_json(
            {
                "ok": all(finding.ok for finding in findings),
                "findings": [{"name": f.name, "ok": f.ok, "detail": f.detail, "advice": f.advice} for f in findings],
            }
        )
    else:
        console = make_console()
        for finding in findings:
            mark = "[green]ok[/green]  " if finding.ok else "[red]bad[/red] "
            console.print(f"{mark} {finding.name:<10} {shown(finding.detail)}")
            if finding.advice and not finding.ok:
                console.print(f"                [yellow]{shown(finding.advice)}[/yellow]")
    return 0 if all(finding.ok for finding in findings) else 1


def _repair(invocation: Invocation) -> None:
    """Mend the index; what was done is told on standard error, a line each."""
    from indexer.repair import half_done, repair_vectors, without_thumbnails

    settings = invocation.settings
    if (server := server_of(settings)) is not None:
        raise DataFolderBusyError(
            f"the data folder is served at {server.url}, which keeps its vectors open: stop the server, "
            "run `moments doctor --repair`, and start it again"
        )
    with (
        stop_at_once() as before_that,
        Library(settings, "moments doctor --repair") as library,
        open_jobs(library, settings) as indexing,
    ):
        before_that.append(indexing.jobs.let_go)
        delete_leftovers(library, _tell)
        videos = (*repair_vectors(library, indexing.encoders, _tell), *without_thumbnails(library), *half_done(library))
        missing = Again()
        add_videos(library, missing, {video.id: video for video in videos}.values())
        for failed in missing.failed:
            _tell(f"{failed.path}: {failed.failure.message if failed.failure else ''}")
        ids = {indexing.jobs.add(Addition(str(file), again=True)): file for file in missing.files}
        for outcome in follow(ids, lambda job_id: JobAnswer.of(indexing.jobs.job(job_id))):
            _tell(f"{outcome.path}: {outcome.status}" + (f": {outcome.error.message}" if outcome.error else ""))


def _tell(line: str) -> None:
    say(line, err=True)


def _machine(_: Settings) -> Iterator[Finding]:
    yield Finding("python", True, f"{platform.python_version()} on {platform.platform()}")


def _ffmpeg(_: Settings) -> Iterator[Finding]:
    from indexer.media.ffmpeg_binary import ffmpeg_path

    yield Finding("ffmpeg", True, ffmpeg_path())


def _folder(settings: Settings) -> Iterator[Finding]:
    free_gb = (
        shutil.disk_usage(next(p for p in (settings.data_dir, *settings.data_dir.parents) if p.exists())).free / 1e9
    )
    advice = "free some space or choose another folder with --data-dir"
    yield Finding("folder", True, str(settings.data_dir))
    folder = DataFolder.create(settings.data_dir)
    open_paths = folder.open_to_others()
    yield Finding(
        "private",
        not open_paths,
        f"{len(open_paths)} of its files and folders are open to other users{such_as(list(map(str, open_paths)))}",
        f"chmod -R go= {shell_word(str(settings.data_dir))}, or take a folder that only Moments uses",
    )
    closed = folder.closed_to_us()
    yield Finding(
        "writable",
        not closed,
        f"{len(closed)} of its files and folders cannot be read and written{such_as(list(map(str, closed)))}",
        f"chmod -R u+rwX {shell_word(str(settings.data_dir))}, as the user that they belong to",
    )
    yield Finding("disk", free_gb > _LOW_DISK_GB, f"{free_gb:.1f} GB free", advice)


def _queue(settings: Settings) -> Iterator[Finding]:
    if settings.database_url is None:
        folder = DataFolder.create(settings.data_dir)
        folder.require_jobs_file()
        yield Finding("queue", True, str(folder.jobs_file))


def _models(settings: Settings) -> Iterator[Finding]:
    from retrieval.encoders.speech_engine import engine_for
    from retrieval.encoders.torch_runtime import choose_device
    from retrieval.encoders.weights_store import WeightsStore

    with Library(settings, "moments doctor") as library:
        resolved = resolve_profile(library, settings)
    store = WeightsStore.of(settings)
    models = ProfileEncoders(resolved.profile, settings).models()
    absent = [model for model in models if not store.find(model)]
    missing = [model.name for model in absent if not model.is_optional]
    detail = f"profile {resolved.profile}: {resolved.reason}"
    if missing:
        advice = f"moments models pull {' '.join(missing)}"
        yield Finding("models", False, f"{detail}; missing {', '.join(missing)}", advice)
    else:
        yield Finding("models", True, detail)
    for model in models:
        if model.role is Role.SPEECH and (weights := store.find(model)):
            engine = engine_for(weights.model, settings.speech_engine, choose_device(settings.device))
            lying = f"weights from {weights.model.source}, in {weights.folder}"
            yield Finding("speech", True, f"{model.name} by {engine}, {lying}")
    if optional := [model for model in absent if model.is_optional]:
        names = ", ".join(f"{model.name} (package {model.origin})" for model in optional)
        yield Finding("speakers", True, f"who speaks is not told apart: {names} is not installed")


def _index(settings: Settings) -> Iterator[Finding]:
    with Library(settings, "moments doctor") as library:
        totals = library.catalog.totals()
        yield Finding("library", True, f"{totals.videos} videos, {totals.duration_s / 3600:.2f} hours")
        owner = library.folder.owner(LockName.INDEX)
        if owner is not None:
            yield Finding("busy", True, f"{owner.command}, process {owner.pid}, since {owner.started_at:%H:%M:%S}")
        yield from library_findings(library)
        encoders = ProfileEncoders(resolve_profile(library, settings).profile, settings)
        yield from outdated_findings(library, encoders)
        if (server := server_of(settings)) is None:
            yield from vector_findings(library, encoders)
        else:
            reason = server.checks().get("vectors", "not asked")
            yield Finding("vectors", reason == "ok", f"the server at {server.url} says: {reason}", REPAIR)
