"""`moments serve`: where it listens, and how it ends."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from app.cli.commands.serve import _url
from app.cli.server_client import server_of
from app.settings import Settings
from retrieval.errors import NotFoundError
from retrieval.storage.folder import DataFolder, LockName
from tests.library import TIMEOUT_S, command, environment
from tests.terminal import moments


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "moments.example"])
def test_an_address_of_the_network_needs_a_key_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], host: str
) -> None:
    run = moments(capsys, "--data-dir", str(tmp_path), "--json", "serve", "--host", host, "--port", "0")
    assert (run.code, run.row["error"]["code"]) == (2, "invalid_input")
    assert f"will not listen on {host}" in run.row["error"]["message"]
    assert "moments keys create NAME" in run.row["error"]["message"]


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("a.b", False)],
)
def test_loopback_is_known(host: str, is_loopback: bool) -> None:
    assert Settings(host=host).is_loopback is is_loopback


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8321"),
        ("0.0.0.0", "http://127.0.0.1:8321"),
        ("::", "http://[::1]:8321"),
        ("::1", "http://[::1]:8321"),
        ("moments.example", "http://moments.example:8321"),
    ],
)
def test_the_address_shown_is_one_that_this_machine_reaches(host: str, url: str) -> None:
    assert _url(host, 8321) == url


def test_a_port_that_is_taken_is_a_clear_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        run = moments(capsys, "--data-dir", str(tmp_path), "--json", "serve", "--port", port)
    assert (run.code, run.row["error"]["code"]) == (1, "storage_error")


@contextmanager
def serving(data_dir: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A server in a process of its own, and where it answers."""
    process = subprocess.Popen(
        command(data_dir, "serve", "--port", "0"), stderr=subprocess.PIPE, text=True, env=environment()
    )
    try:
        assert process.stderr is not None
        url = process.stderr.readline().split()[2]
        deadline = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{url}/healthz").is_success:
                    break
            except httpx.TransportError:
                time.sleep(0.05)
        yield url, process
    finally:
        process.kill()
        process.communicate()


def test_a_server_serves_its_users_commands_and_ends_with_its_streams(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A key is made while the server runs: it is needed at once, but by the same user's commands."""
    with serving(tmp_path) as (url, process):
        assert httpx.get(f"{url}/v1/videos").status_code == 200
        made = moments(capsys, "--data-dir", str(tmp_path), "--json", "keys", "create", "laptop").row
        assert httpx.get(f"{url}/v1/videos").status_code == 401
        server = server_of(Settings(data_dir=tmp_path))
        assert server is not None
        with pytest.raises(NotFoundError, match="nothing"):
            server.job("nothing")
        headers = {"Authorization": f"Bearer {made['key']}"}
        with httpx.stream("GET", f"{url}/v1/jobs/events", headers=headers, timeout=TIMEOUT_S) as events:
            assert events.headers["content-type"].startswith("text/event-stream")
            started = time.monotonic()
            process.terminate()
            events.read()
        assert time.monotonic() - started < 5
        process.wait(TIMEOUT_S)
        assert not (tmp_path / "server.token").exists()
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_a_server_that_cannot_start_says_why_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with DataFolder.create(tmp_path).hold(LockName.INDEX, "moments index"):
        run = moments(capsys, "--data-dir", str(tmp_path), "--profile", "lite", "serve", "--port", "0")
    assert run.code == 1
    announced, why = run.errors.splitlines()
    assert announced.startswith("Moments on http://127.0.0.1:")
    assert f"{tmp_path} is being indexed by process" in why
