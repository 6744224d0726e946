"""What is installed without the extra `models`: all of `lite`, and one line about what `standard` would need."""

import json
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from retrieval.encoders.base import SPEECH_RATE_HZ
from tests import media
from tests.spoken import said
from tests.without_packages import environment_without

INSTALL = "`make setup` installs them"


def moments(tmp_path: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = environment_without(tmp_path / "without") | {"MOMENTS_DATA_DIR": str(tmp_path / "data")}
    command = [sys.executable, "-m", "app.cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_the_packages_cannot_be_found(tmp_path: Path) -> None:
    program = (
        "import importlib.util, importlib.metadata as m\n"
        "assert importlib.util.find_spec('torch') is None and importlib.util.find_spec('numpy') is not None\n"
        "assert m.version('numpy')\n"
        "try: m.version('torch')\n"
        "except m.PackageNotFoundError: print('gone')\n"
    )
    environment = environment_without(tmp_path / "without")
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True)
    assert shown.stdout.strip() == "gone"


def test_auto_is_lite_which_indexes_and_searches(tmp_path: Path) -> None:
    """Known answer: two seconds of red, two of blue, and a tone."""
    file = media.video(tmp_path / "film.mp4", media.cuts([("red", 2), ("blue", 2)]), media.tone(4))
    indexed = moments(tmp_path, "index", str(file))
    assert indexed.returncode == 0, indexed.stderr
    found = moments(tmp_path, "--json", "search", "a red picture")
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)["searched"]["videos"] == 1


def test_speech_is_heard(tmp_path: Path) -> None:
    spoken = tmp_path / "said.wav"
    with wave.open(str(spoken), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SPEECH_RATE_HZ)
        file.writeframes(said("remember to freeze the branch before the release").tobytes())
    indexed = moments(tmp_path, "index", str(spoken))
    assert indexed.returncode == 0, indexed.stderr
    assert "branch" in moments(tmp_path, "show", str(spoken)).stdout


@pytest.mark.parametrize("command", [["index", "film.mp4"], ["search", "a dog"]])
def test_standard_says_in_one_line_what_it_would_need(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "film.mp4").touch()
    asked = [str(tmp_path / word) if word.endswith(".mp4") else word for word in command]
    refused = moments(tmp_path, "--profile", "standard", *asked)
    assert refused.returncode == 1
    [line] = refused.stderr.splitlines()
    assert "standard needs packages that are not installed, torch, torchvision, timm, transformers" in line
    assert INSTALL in line
    assert "--profile lite" in line


def test_doctor_says_which_profiles_can_run(tmp_path: Path) -> None:
    findings = json.loads(moments(tmp_path, "--json", "doctor").stdout)["findings"]
    [profiles] = [finding["detail"] for finding in findings if finding["name"] == "profiles"]
    assert profiles.startswith("lite can run here; for standard, max packages are missing (torch, ")
    [models] = [finding["detail"] for finding in findings if finding["name"] == "models"]
    assert models.startswith("profile lite: standard needs packages that are not installed, torch")
    assert INSTALL in models
