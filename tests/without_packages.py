"""A Python in which packages cannot be found, as if they were not installed; its child processes are like it."""

import os
from collections.abc import Iterable
from pathlib import Path

_SITE = '''"""Hides packages from imports, from looking for modules and from asking for distributions."""
import sys
from importlib.machinery import PathFinder

HIDDEN = {modules!r}
DISTRIBUTIONS = {distributions!r}


class Finder(PathFinder):
    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        if fullname.partition(".")[0] in HIDDEN:
            return None
        return super().find_spec(fullname, path, target)

    @staticmethod
    def find_distributions(context=None):
        name = getattr(context, "name", None)
        if name is not None and name.replace("-", "_").lower() in DISTRIBUTIONS:
            return iter(())
        return PathFinder.find_distributions(context) if context is not None else PathFinder.find_distributions()


sys.meta_path[:] = [Finder if finder is PathFinder else finder for finder in sys.meta_path]
'''

OF_MODELS = ("torch", "torchvision", "timm", "transformers", "whisper", "sentence_transformers", "numba", "tiktoken")
"""What the extra `models` brings; of open_clip there is the wheel in every installation, for its list of words."""

_THEIR_DISTRIBUTIONS = {"whisper": "openai_whisper"}


def environment_without(folder: Path, modules: Iterable[str] = OF_MODELS) -> dict[str, str]:
    """Variables for a child process; ``folder`` gets what hides the modules."""
    hidden = set(modules)
    distributions = {_THEIR_DISTRIBUTIONS.get(module, module) for module in hidden}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sitecustomize.py").write_text(_SITE.format(modules=hidden, distributions=distributions))
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": path}
