"""`moments doctor`: is everything as it should be, and if not, what to do."""

import platform
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import click

from app.cli import Invocation, emit_json
from app.harmless import shell_word
from app.remote import server_of
from app.searching import resolve_profile
from app.settings import Settings
from app.terminal import make_console, shown
from retrieval.domain import Lane
from retrieval.errors import MomentsError
from retrieval.library import Library
from retrieval.storage.folder import DataFolder, LockName
from retrieval.storage.records import VideoRecord, VideoStatus

_LOW_DISK_GB = 2.0
_NAMED_AT_MOST = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked; ``advice`` says what to do where it is not well."""

    name: str
    ok: bool
    detail: str
    advice: str | None = None


@click.command(epilog="Example:  moments --data-dir /data doctor")
@click.pass_obj
def doctor(invocation: Invocation) -> int:
    """Check this machine, the data folder and the index; exit 1 if something is wrong."""
    findings = []
    for check in (_machine, _ffmpeg, _folder, _queue, _models, _index):
        try:
            findings += list(check(invocation.settings))
        except MomentsError as error:
            findings.append(Finding(check.__name__.strip("_"), False, error.message))
        except OSError as error:
            findings.append(Finding(check.__name__.strip("_"), False, str(error)))
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
            console.print(f"{mark} {finding.name:<9} {shown(finding.detail)}")
            if finding.advice and not finding.ok:
                console.print(f"               [yellow]{shown(finding.advice)}[/yellow]")
    return 0 if all(finding.ok for finding in findings) else 1


Check = Callable[[Settings], Iterator[Finding]]


def _machine(_: Settings) -> Iterator[Finding]:
    yield Finding("python", True, f"{platform.python_version()} on {platform.platform()}")


def _ffmpeg(_: Settings) -> Iterator[Finding]:
    from indexer.ffmpeg_binary import ffmpeg_path

    yield Finding("ffmpeg", True, ffmpeg_path())


def _folder(settings: Settings) -> Iterator[Finding]:
    free_gb = (
        shutil.disk_usage(next(p for p in (settings.data_dir, *settings.data_dir.parents) if p.exists())).free / 1e9
    )
    advice = "free some space or choose another folder with --data-dir"
    yield Finding("folder", True, str(settings.data_dir))
    open_paths = DataFolder.create(settings.data_dir).open_to_others()
    yield Finding(
        "private",
        not open_paths,
        f"{len(open_paths)} of its files and folders are open to other users{_such_as(list(map(str, open_paths)))}",
        f"chmod -R go= {shell_word(str(settings.data_dir))}, or take a folder that only Moments uses",
    )
    yield Finding("disk", free_gb > _LOW_DISK_GB, f"{free_gb:.1f} GB free", advice)


def _queue(settings: Settings) -> Iterator[Finding]:
    if settings.database_url is None:
        folder = DataFolder.create(settings.data_dir)
        folder.require_jobs_file()
        yield Finding("queue", True, str(folder.jobs_file))


def _models(settings: Settings) -> Iterator[Finding]:
    from retrieval.encoders.profiles import Encoders
    from retrieval.encoders.weights_store import WeightsStore

    with Library(settings, "moments doctor") as library:
        resolved = resolve_profile(library, settings)
    store = WeightsStore(settings.models_dir)
    missing = [model.name for model in Encoders(resolved.profile, settings).models() if not store.find(model)]
    detail = f"profile {resolved.profile}: {resolved.reason}"
    if missing:
        advice = f"moments models pull {' '.join(missing)}"
        yield Finding("models", False, f"{detail}; missing {', '.join(missing)}", advice)
    else:
        yield Finding("models", True, detail)


def _index(settings: Settings) -> Iterator[Finding]:
    with Library(settings, "moments doctor") as library:
        totals = library.catalog.totals()
        yield Finding("library", True, f"{totals.videos} videos, {totals.duration_s / 3600:.2f} hours")
        owner = library.folder.owner(LockName.INDEX)
        if owner is not None:
            yield Finding("busy", True, f"{owner.command}, process {owner.pid}, since {owner.started_at:%H:%M:%S}")
        records = library.catalog.get_many(library.catalog.ids()).values()
        yield from _files(library, records)
        half_done = [record.path for record in records if record.status is not VideoStatus.INDEXED]
        yield Finding(
            "complete",
            not half_done,
            f"{len(half_done)} videos are half-way" + (f", such as {half_done[0]}" if half_done else ""),
            "run `moments index` on them again: it goes on where it was",
        )
        if server_of(settings) is None:
            yield from _vectors(library)


def _files(library: Library, records: Collection[VideoRecord]) -> Iterator[Finding]:
    """Whether the videos' files are there, and are those that were indexed."""
    from indexer.indexed_file import FileState, files_of, state_of

    states: dict[FileState, list[str]] = {state: [] for state in FileState}
    for record in records:
        if record.status is not VideoStatus.INDEXED:
            continue
        for file in files_of(record):
            states[state_of(library.catalog, record, file, library.roots)].append(file.path)
    count = sum(map(len, states.values()))
    gone, changed = states[FileState.GONE], states[FileState.CHANGED]
    yield Finding(
        "files",
        not gone,
        f"{len(gone)} of {count} files are gone{_such_as(gone)}",
        "index them where they lie now (they keep their ids), or `moments remove` them",
    )
    yield Finding(
        "contents",
        not changed,
        f"{len(changed)} of {count} files are not what was indexed{_such_as(changed)}",
        "run `moments index` on them: what lies there now takes the place of what was there",
    )
    if library.roots.folders is not None:
        outside = states[FileState.OUTSIDE]
        yield Finding(
            "roots",
            not outside,
            f"{len(outside)} of {count} files lead out of MOMENTS_MEDIA_ROOTS{_such_as(outside)}",
            "add their folders to MOMENTS_MEDIA_ROOTS, or `moments remove` them",
        )


def _such_as(paths: Sequence[str]) -> str:
    return f", such as {', '.join(paths[:_NAMED_AT_MOST])}" if paths else ""


def _vectors(library: Library) -> Iterator[Finding]:
    """Whether the vectors are those that the catalog expects."""
    records = library.catalog.get_many(library.catalog.ids(status=VideoStatus.INDEXED))
    with library.vectors() as store:
        for lane in Lane:
            store.active(lane)  # raises where what names the spaces in use cannot be read
            spaces = {record.encoders[lane] for record in records.values() if lane in record.encoders}
            for space in sorted(spaces):
                counts = store.counts_by_video(space)
                strays = [video_id for video_id in counts if video_id not in records]
                bare = (
                    [
                        r.path
                        for r in records.values()
                        if r.width and r.encoders.get(lane) == space and not counts.get(r.id)
                    ]
                    if lane is Lane.VISUAL
                    else []
                )
                detail = f"{space}: {sum(counts.values())} vectors of {len(counts)} videos"
                if strays or bare:
                    detail += f"; {len(strays)} videos are unknown to the catalog, {len(bare)} have none"
                yield Finding("vectors", not (strays or bare), detail, "index the files again")
