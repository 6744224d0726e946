"""The description as the tools of others read it: two validators, and the clients that are made of it.

`make setup-dev` installs the tools into `tests/clients`; those of Node.js only where that is there.
"""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate
from PIL import Image

from app.http.application import create_app
from app.settings import Settings
from retrieval.search import SearchEngine
from tests.app.http.test_openapi import DESCRIPTION, FILE, OPERATIONS
from tests.browser import served
from tests.fakes import TWO_VIDEOS, FakeEncoders, library_of
from tests.places import ROOT

CLIENTS = ROOT / "tests" / "clients"
PYTHON = CLIENTS / ".venv" / "bin" / "python"
TOOLS = CLIENTS / "node_modules" / ".bin"
PATIENCE_S = 120

MYPY = """
[mypy]
strict = true
[mypy-moments_client.client]
# The generator's own text, the same for every description.
disable_error_code = arg-type
"""


def run(*command: str | Path, folder: Path, given: bytes = b"") -> str:
    """What a command prints; that it fails fails the test."""
    environment = {**os.environ, "PATH": f"{PYTHON.parent}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(folder)}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=environment,
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=PATIENCE_S,
        check=False,
    )
    said = done.stdout.decode()
    assert done.returncode == 0, said
    return said


def node_tool(name: str) -> Path:
    if not (TOOLS / name).exists():
        pytest.skip(f"no {name}: `make setup-dev` installs it where Node.js is")
    return TOOLS / name


def test_the_description_is_valid_openapi_3_1() -> None:
    assert DESCRIPTION["openapi"].startswith("3.1.")
    validate(DESCRIPTION, cls=OpenAPIV31SpecValidator)


def test_spectral_finds_nothing(tmp_path: Path) -> None:
    said = run(
        node_tool("spectral"), "lint", "-F", "hint", "-r", CLIENTS / "spectral.yaml", FILE.absolute(), folder=tmp_path
    )
    assert "No results" in said


@pytest.fixture(scope="module")
def python_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the package `moments_client`, and with the script that uses it."""
    if not PYTHON.exists():
        pytest.skip("no openapi-python-client: `make setup-dev` installs it")
    folder = tmp_path_factory.mktemp("python")
    generate = (PYTHON.parent / "openapi-python-client", "generate", "--path", FILE.absolute(), "--meta", "none")
    settings = ("--config", CLIENTS / "python_client.yaml", "--output-path", folder / "moments_client")
    run(*generate, *settings, "--fail-on-warning", folder=folder)
    (folder / "use.py").write_text((CLIENTS / "use.py").read_text(encoding="utf-8"), encoding="utf-8")
    return folder


def test_a_python_client_has_every_operation(python_client: Path) -> None:
    made = {path.stem.replace("_", "") for path in (python_client / "moments_client" / "api").glob("*/*.py")}
    assert {operation["operationId"].lower() for operation in OPERATIONS.values()} <= made


def test_a_python_client_is_well_typed(python_client: Path) -> None:
    (python_client / "mypy.ini").write_text(MYPY, encoding="utf-8")
    checked = ("--config-file", "mypy.ini", "--python-executable", PYTHON, "-p", "moments_client", "-m", "use")
    run(sys.executable, "-m", "mypy", *checked, folder=python_client)


def test_a_python_client_finds_moments(python_client: Path, tmp_path: Path) -> None:
    """B is red in [96, 100), A in [0, 4) and [100, 104)."""
    picture = io.BytesIO()
    Image.new("RGB", (320, 180), "red").save(picture, "png")
    with library_of(tmp_path, TWO_VIDEOS) as library:
        api = create_app(Settings(data_dir=tmp_path))
        api.state.library, api.state.engine = library, SearchEngine(library, FakeEncoders())
        with served(api) as url:
            said = run(PYTHON, "use.py", url, folder=python_client, given=picture.getvalue())
    starts, code, is_indexed = said.splitlines()
    assert (code, is_indexed) == ("video_not_found", "True")
    assert set(starts.strip("[]").split(", ")) <= {"0.0", "96.0", "100.0"}


def test_a_typescript_client_is_well_typed(tmp_path: Path) -> None:
    run(
        node_tool("openapi-typescript"),
        FILE.absolute(),
        "-o",
        "api.d.ts",
        "--default-non-nullable=false",
        folder=tmp_path,
    )
    (tmp_path / "use.ts").write_text((CLIENTS / "use.ts").read_text(encoding="utf-8"), encoding="utf-8")
    run(node_tool("tsc"), "--noEmit", "--strict", "--target", "es2022", "use.ts", "api.d.ts", folder=tmp_path)
    (tmp_path / "wrong.ts").write_text(
        'import type { components } from "./api";\nexport const state: components["schemas"]["JobState"] = "asleep";\n',
        encoding="utf-8",
    )
    with pytest.raises(AssertionError, match="asleep"):
        run(node_tool("tsc"), "--noEmit", "--strict", "--target", "es2022", "wrong.ts", folder=tmp_path)
