"""Models converted once, kept in a cache folder as OpenVINO graphs and arrays, and run from there.

torch takes four seconds to import; what is loaded here answers in tenths of a second without it.
"""

import hashlib
import importlib.metadata
import importlib.util
import logging
import os
import shutil
import warnings
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import ModelCorruptError, ModelUnavailableError

logger = logging.getLogger(__name__)

GRAPH = "graph.xml"
ARRAYS = "arrays.npz"
COMPILED = "compiled"


def package_folder(package: str) -> Path:
    """Folder of an installed package, found without importing it. Raises ModelUnavailableError."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModelUnavailableError(f"the package {package} is missing: install Moments again")
    return Path(spec.submodule_search_locations[0])


def fingerprint(recipe: str, distributions: Sequence[str]) -> str:
    """Eight hex digits that change with the recipe and with the version of any of the distributions."""
    versions = [f"{name} {importlib.metadata.version(name)}" for name in distributions]
    return hashlib.sha256("; ".join([recipe, *versions]).encode()).hexdigest()[:8]


def prepared(cache_dir: Path, name: str, make: Callable[[Path], None]) -> Path:
    """The folder ``cache_dir/name``; if there is none, what ``make`` writes into a draft becomes it.

    However many processes ask and whenever one is killed, the folder is whole or missing, and is made
    once. Raises ModelUnavailableError if it cannot be written.
    """
    from filelock import FileLock

    folder = cache_dir / name
    if folder.is_dir():
        return folder
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        with FileLock(cache_dir / f".{name}.lock"):
            if not folder.is_dir():
                logger.info("preparing models once: %s, in %s", name, cache_dir)
                _make(folder, make)
    except OSError as error:
        raise ModelUnavailableError(
            f"cannot keep the converted model {name} in {cache_dir}: {error}; choose a data folder that can "
            "be written to"
        ) from error
    return folder


def _make(folder: Path, make: Callable[[Path], None]) -> None:
    draft = folder.with_name(f".{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)  # of a process that was killed: we hold the lock
    draft.mkdir()
    try:
        make(draft)
        for file in draft.iterdir():
            with file.open("rb") as written:
                os.fsync(written.fileno())
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def convert(
    module: Any, example: Any, inputs: Sequence[tuple[str, Sequence[int], type[np.generic]]], folder: Path
) -> None:
    """Write ``folder/graph.xml`` (and its weights) for a torch module.

    ``inputs`` are name, shape with -1 for what may change, and element type, in the order of the module's
    arguments, whose names they are.
    """
    import openvino

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing warns of every shape that it takes for a constant
        model = openvino.convert_model(
            module.eval(),
            example_input=example,
            input=[(name, list(shape), openvino.Type(kind)) for name, shape, kind in inputs],
        )
    openvino.save_model(model, folder / GRAPH, compress_to_fp16=False)


def save_arrays(arrays: Mapping[str, NDArray[Any]], folder: Path) -> None:
    """Write ``folder/arrays.npz``."""
    with (folder / ARRAYS).open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def load_arrays(folder: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a prepared folder. Raises ModelCorruptError."""
    try:
        # np.load leaves a file open that it opened itself and cannot read.
        with (folder / ARRAYS).open("rb") as file, np.load(file) as arrays:
            return dict(arrays)
    except (OSError, EOFError, ValueError, zipfile.BadZipFile) as error:
        raise _broken(folder, error) from error


class Graph:
    """A converted model, loaded and ready to run. Threads may share it. Raises ModelCorruptError."""

    def __init__(self, folder: Path) -> None:
        import openvino

        # Left to itself OpenVINO computes in bf16 where the processor can: twice as fast, but then one frame
        # in five gets a vector that is further than a cosine of 0.999 from that of other machines.
        # The compiled graph is kept beside the model: the next process loads it in half the time.
        hints = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "f32",
            "CACHE_DIR": str(folder / COMPILED),
        }
        try:
            self._model = openvino.Core().compile_model(folder / GRAPH, "CPU", hints)
        except RuntimeError as error:
            raise _broken(folder, error) from error

    def run(self, *inputs: NDArray[Any]) -> tuple[NDArray[np.float32], ...]:
        """The model's outputs for these inputs, both in the order of the module's own."""
        request = self._model.create_infer_request()
        request.infer(list(inputs))
        return tuple(np.array(output.data, np.float32) for output in request.output_tensors)


def _broken(folder: Path, error: Exception) -> ModelCorruptError:
    return ModelCorruptError(
        f"the converted model in {folder} cannot be read: {error}; delete the folder, it is made anew"
    )
