"""Names of the code: one meaning each, so that a word can be looked up."""

import ast
from collections import defaultdict

import pytest

from tests.places import ROOT

FOLDERS = ("app", "indexer", "retrieval", "migrations", "training", "bench")


def named_twice(folders: tuple[str, ...]) -> dict[str, list[str]]:
    """The classes and names of types that several modules define, with those modules."""
    homes: dict[str, list[str]] = defaultdict(list)
    for folder in folders:
        for file in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.parse(file.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    homes[node.name].append(str(file.relative_to(ROOT)))
                elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript):
                    homes[ast.unparse(node.targets[0])].append(str(file.relative_to(ROOT)))
    return {name: places for name, places in homes.items() if len(places) > 1 and name[0].isupper()}


def test_no_two_modules_define_a_class_or_a_type_of_the_same_name() -> None:
    assert named_twice(FOLDERS) == {}


@pytest.mark.parametrize("word", ["utils", "common", "helpers", "misc"])
def test_no_module_is_called_by_a_word_that_says_nothing(word: str) -> None:
    assert not [file for folder in FOLDERS for file in (ROOT / folder).rglob(f"{word}.py")]
