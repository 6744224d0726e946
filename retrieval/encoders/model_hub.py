"""Fetches weights from the model hub and Whisper's server: the only module here on the network."""

import contextlib
import hashlib
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from retrieval.atomic import replacing, sweep_drafts, write_atomically
from retrieval.encoders.registry import Model, ModelSource
from retrieval.errors import ModelCorruptError, ModelUnavailableError
from retrieval.storage.room import full_disk_errors

HUB_URL = "https://huggingface.co"
WHISPER_URL = "https://openaipublic.azureedge.net/main/whisper/models"
CHECKSUMS = "SHA256SUMS"
"""Written beside plain files in the format of sha256sum, so that they can be checked wherever they go."""

_ANSWER_HOLDS_S = 3600

ReportBytes = Callable[[int, int], None]
"""Called with bytes done and bytes in all."""


def is_offline() -> bool:
    """Whether the user forbids the network, by the hub library's own variables."""
    return any(
        os.environ.get(name, "").upper() in ("1", "ON", "YES", "TRUE")
        for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    )


def hub_url() -> str:
    """Address of the hub: HF_ENDPOINT, where a mirror is used, or the public one."""
    return os.environ.get("HF_ENDPOINT", HUB_URL).rstrip("/")


def is_reachable(url: str, timeout_s: float = 2.0) -> bool:
    """Whether anything answers at ``url`` within ``timeout_s``."""
    answered = threading.Event()

    def ask() -> None:
        import httpx

        try:
            if httpx.head(url, timeout=timeout_s).status_code < 500:
                answered.set()
        except httpx.HTTPError:
            pass

    # Name resolution has no time limit of its own: a thread can be left behind, a call cannot.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(timeout_s)
    return answered.is_set()


def hub_answers(note: Path) -> bool:
    """Whether the hub can be reached, asked at most once an hour: ``note`` keeps the answer."""
    url = hub_url()
    with contextlib.suppress(OSError, ValueError):
        if time.time() - note.stat().st_mtime < _ANSWER_HOLDS_S:
            asked, answered = note.read_text().split()
            if asked == url:
                return answered == "yes"
    answer = is_reachable(url)
    with contextlib.suppress(OSError):
        note.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(note, f"{url} {'yes' if answer else 'no'}\n")
    return answer


def hub_cache() -> Path:
    """Where the hub library keeps what it fetched."""
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "huggingface"
    return Path(os.environ.get("HF_HUB_CACHE") or Path(home) / "hub").expanduser()


def whisper_cache() -> Path:
    """Where openai-whisper keeps its checkpoints."""
    return Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "whisper"


def cached_snapshot(model: Model) -> Path | None:
    """Folder of the model's files in the hub cache, complete or not; None if it never was fetched."""
    repository = hub_cache() / f"models--{model.origin.replace('/', '--')}"
    try:
        commit = (repository / "refs" / "main").read_text().strip()
    except OSError:
        return None
    folder = repository / "snapshots" / commit
    return folder if folder.is_dir() else None


def fetch(model: Model, folder: Path | None, on_progress: ReportBytes, server_url: str | None = None) -> Path:
    """Folder with the model's files, fetched into ``folder`` or, if that is None, into the library's cache.

    Raises ModelUnavailableError if the server cannot be reached, ModelCorruptError if what it sent is broken,
    StorageFullError.
    """
    if model.source.is_installed:
        raise ModelUnavailableError(f"{model.name} comes with {model.origin}: install Moments again.")
    if is_offline():
        raise ModelUnavailableError(f"{model.name} has to be fetched, and HF_HUB_OFFLINE forbids it.")
    cache, fetched_from = _ORIGINS[model.source]
    with full_disk_errors(folder or cache(), f"the weights of {model.name}"):
        return fetched_from(model, folder, on_progress, server_url)


def sha256_of(path: Path) -> str:
    """Hex digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fetch_whisper(model: Model, folder: Path | None, on_progress: ReportBytes, server_url: str | None) -> Path:
    import httpx

    folder, server_url = folder or whisper_cache(), server_url or WHISPER_URL
    target = folder / model.weights[0]
    digest = hashlib.sha256()
    done = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        sweep_drafts(folder, target.name)
        with replacing(target) as draft:
            with (
                httpx.stream("GET", f"{server_url}/{model.origin}/{target.name}", timeout=30.0) as answer,
                draft.open("wb") as file,
            ):
                answer.raise_for_status()
                total = int(answer.headers.get("Content-Length", model.size_bytes))
                for block in answer.iter_bytes():
                    file.write(block)
                    digest.update(block)
                    done += len(block)
                    on_progress(done, total)
            if digest.hexdigest() != model.origin:
                raise ModelCorruptError(
                    f"{target.name} came from {server_url} with the checksum {digest.hexdigest()} "
                    f"instead of {model.origin}. Try again."
                )
    except (httpx.HTTPError, OSError) as error:
        raise _unfetched(model, server_url, error) from error
    return folder


def _fetch_from_hub(model: Model, folder: Path | None, on_progress: ReportBytes, server_url: str | None) -> Path:
    from huggingface_hub import HfApi, hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError

    server_url = server_url or hub_url()
    # Errors of the connection are those of the HTTP library that the hub library happens to use.
    connection_error = cast("type[Exception]", HfHubHTTPError.__bases__[0])
    try:
        info = HfApi(endpoint=server_url).model_info(model.origin, files_metadata=True)
        listed = {file.rfilename: file for file in info.siblings or ()}
        names = _wanted(model, listed)
        total = sum(listed[name].size or 0 for name in names)
        bars = _reporting_bars(lambda done: on_progress(done, total))
        paths = {
            name: Path(
                hf_hub_download(
                    model.origin,
                    name,
                    cache_dir=hub_cache(),
                    local_dir=folder,
                    endpoint=server_url,
                    tqdm_class=bars,
                )
            )
            for name in names
        }
        on_progress(total, total)
    except (OSError, connection_error) as error:
        raise _unfetched(model, server_url, error) from error
    sums = {name: sha256_of(path) for name, path in paths.items()}
    for name, found in sums.items():
        large = listed[name].lfs
        if large and found != large.sha256:
            paths[name].unlink()
            raise ModelCorruptError(f"{paths[name]} has the checksum {found} instead of {large.sha256}. Try again.")
    if folder:
        write_atomically(folder / CHECKSUMS, "".join(f"{found}  {name}\n" for name, found in sums.items()))
    return paths[names[0]].parent


_ORIGINS = {
    ModelSource.WHISPER: (whisper_cache, _fetch_whisper),
    ModelSource.HUB: (hub_cache, _fetch_from_hub),
}
"""Where what is fetched from each is kept, and how it is fetched."""


def _wanted(model: Model, listed: dict[str, Any]) -> tuple[str, ...]:
    weights = next((name for name in model.weights if name in listed), None)
    missing = [name for name in model.companions if name not in listed]
    if weights is None or missing:
        lacking = ", ".join(missing) or " or ".join(model.weights)
        raise ModelUnavailableError(f"The repository {model.origin} of {model.name} has no {lacking}.")
    # Weights come last: a folder that has them is complete, however the fetching was interrupted.
    return (*model.companions, *(name for name in model.extras if name in listed), weights)


def _reporting_bars(on_done: Callable[[int], None]) -> type:
    """A class in the place of tqdm's that shows nothing and reports the bytes of all its bars together."""
    from tqdm import tqdm  # type: ignore[import-untyped]

    done = 0

    class ReportingBar(tqdm):  # type: ignore[misc]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options | {"disable": True})
            self.update(options.get("initial"))

        def update(self, n: float | None = 1) -> None:
            nonlocal done
            done += int(n or 0)
            on_done(done)

    return ReportingBar


def _unfetched(model: Model, server_url: str, error: Exception) -> ModelUnavailableError:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return ModelUnavailableError(f"{model.name} could not be fetched from {server_url}: {reason}")
