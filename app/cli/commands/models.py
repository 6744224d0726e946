"""`moments models`: which models there are, fetching them ahead, and checking them."""

from functools import partial

import click
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from app.cli.invocation import Invocation, emit_json
from app.cli.terminal import make_console, print_rows
from app.cli.umask import users_umask
from app.harmless import say
from app.settings import Settings
from retrieval.domain import Profile
from retrieval.encoders.profiles import lineup_for
from retrieval.encoders.registry import find_model
from retrieval.encoders.speech_engine import engine_for
from retrieval.encoders.torch_runtime import choose_device
from retrieval.encoders.weights_store import ModelStatus, WeightsStore


@click.group(epilog="Example:  moments models pull --profile standard")
def models() -> None:
    """List, fetch and verify models."""


@models.command("list")
@click.pass_obj
def list_(invocation: Invocation) -> None:
    """List every model with its licence, and whether its weights are here."""
    statuses = _store(invocation).list_models()
    if invocation.as_json:
        emit_json({"models": [_status_json(status, invocation.settings) for status in statuses]})
        return
    rows = [
        (
            status.model.name,
            status.model.role.value,
            ", ".join(status.profiles),
            _engine(status, invocation.settings),
            f"{status.size_bytes / 1e6:,.0f} MB",
            "[green]yes[/green]" if status.is_present else "no",
            status.model.licence,
        )
        for status in statuses
    ]
    print_rows(make_console(), ("model", "for", "profiles", "by", "size", "here", "licence"), rows)


@models.command("pull", epilog="Example:  moments models pull clip-vit-b-32-256")
@click.argument("names", nargs=-1)
@click.option(
    "--profile",
    type=click.Choice([Profile.STANDARD.value, Profile.MAX.value]),
    help="Fetch all that this profile needs. Default without NAMES: standard.",
)
@click.pass_obj
def pull(invocation: Invocation, names: tuple[str, ...], profile: str | None) -> None:
    """Fetch the weights of models, for machines that will have no network.

    With MOMENTS_MODELS_DIR set they are kept there as plain files, else in the libraries' caches.
    """
    store = _store(invocation)
    wanted = [find_model(name) for name in names]
    if profile or not wanted:
        chosen = Profile(profile or Profile.STANDARD)
        lineup = lineup_for(chosen, invocation.settings).models()
        wanted += [model for model in lineup if not (model.source.is_installed and store.find(model))]
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=make_console(stderr=True),
    ) as progress:
        for model in wanted:
            task = progress.add_task(model.name, total=model.size_bytes)
            report = partial(_report, progress, task)
            # Caches and folders of models are the user's, and often shared.
            with users_umask():
                folder = store.pull(model.name, report)
            progress.update(task, completed=model.size_bytes, total=model.size_bytes)
            if invocation.as_json:
                emit_json({"model": model.name, "folder": str(folder)})


@models.command("verify", epilog="Example:  moments models verify clip-vit-b-32-256")
@click.argument("names", nargs=-1)
@click.pass_obj
def verify(invocation: Invocation, names: tuple[str, ...]) -> None:
    """Check the weights that are here: their checksums where known, else their structure or presence.

    Without NAMES, those of all models that are here.
    """
    store = _store(invocation)
    statuses = store.list_models()
    present = [status.model.name for status in statuses if status.is_present]
    for name in names or present:
        checks = store.verify(name)
        if invocation.as_json:
            emit_json({"model": name, "files": [{"path": str(c.path), "checked_by": c.checked_by} for c in checks]})
        else:
            ways = ", ".join(sorted({check.checked_by.value for check in checks}))
            say(f"ok  {name}  ({len(checks)} files by {ways})")


def _report(progress: Progress, task: TaskID, done: int, total: int) -> None:
    progress.update(task, completed=done, total=total)


def _store(invocation: Invocation) -> WeightsStore:
    return WeightsStore.of(invocation.settings)


def _engine(status: ModelStatus, settings: Settings) -> str:
    """What runs the model, as it lies here or would be fetched."""
    model = status.weights.model if status.weights else status.model
    return engine_for(model, settings.speech_engine, choose_device(settings.device))


def _status_json(status: ModelStatus, settings: Settings) -> dict[str, object]:
    return {
        "name": status.model.name,
        "role": status.model.role.value,
        "profiles": [profile.value for profile in status.profiles],
        "library": _engine(status, settings),
        "licence": status.model.licence,
        "size_bytes": status.size_bytes,
        "present": status.is_present,
        "folder": str(status.weights.folder) if status.weights else None,
        "source": (status.weights or status).model.source.value,
        "research_only": status.model.research_only,
    }
