"""The packages that models run on and that the extra `models` brings: which of them are not installed."""

import importlib.util
from collections.abc import Iterable, Mapping

from retrieval.encoders.registry import ModelLibrary
from retrieval.errors import ModelUnavailableError

_DISTRIBUTIONS: Mapping[str, str] = {
    "open_clip": "open_clip_torch",
    "timm": "timm",
    "torch": "torch",
    "torchvision": "torchvision",
    "transformers": "transformers",
    "whisper": "openai-whisper",
}
"""By the module that each brings."""

_MODULES: Mapping[ModelLibrary, tuple[str, ...]] = {
    ModelLibrary.OPEN_CLIP: ("torch", "torchvision", "open_clip", "timm"),
    ModelLibrary.OPENAI_WHISPER: ("torch", "whisper"),
    ModelLibrary.TRANSFORMERS: ("torch", "transformers"),
}
"""What a library is imported with; what stands for the others comes with every installation."""

HOW_TO_INSTALL = "`make setup` installs them (`pip install '.[models]'` without make)"


def missing_packages(libraries: Iterable[ModelLibrary]) -> tuple[str, ...]:
    """Distributions that the libraries need and that are not installed; nothing is imported to find out."""
    modules = dict.fromkeys(module for library in libraries for module in _MODULES.get(library, ()))
    return tuple(_DISTRIBUTIONS[module] for module in modules if importlib.util.find_spec(module) is None)


def lack_of(what: str, packages: Iterable[str]) -> str:
    """The line that says what cannot run, for want of which packages, and how they are installed."""
    return f"{what} needs packages that are not installed, {', '.join(packages)}: {HOW_TO_INSTALL}"


def require_packages(what: str, libraries: Iterable[ModelLibrary]) -> None:
    """Raises ModelUnavailableError if a package is missing that ``what``, a model or a profile, runs on."""
    if missing := missing_packages(libraries):
        raise ModelUnavailableError(f"{lack_of(what, missing)}, or use `--profile lite`, which needs none of them.")
