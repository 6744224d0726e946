"""A database belongs to one data folder: every command refuses another, and says which is whose."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from retrieval.errors import OtherDataFolderError
from retrieval.settings import RetrievalSettings
from retrieval.storage.folder import DataFolder
from retrieval.storage.library import Library
from tests.postgres import DATABASES, NEEDS_POSTGRES, own_postgres
from tests.terminal import moments

SERVERS = {"MOMENTS_DATABASE_URL": "postgresql://moments@127.0.0.1:{port}/moments", "MOMENTS_QDRANT_URL": "http://q"}


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database outside of any data folder."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'shared.sqlite'}"
    else:
        with own_postgres("owned") as made:
            yield made


def settings(folder: Path, url: str) -> RetrievalSettings:
    return RetrievalSettings(data_dir=folder, database_url=url)


def test_a_database_is_of_the_folder_that_opened_it_first(tmp_path: Path, url: str) -> None:
    for _ in range(2):
        Library(settings(tmp_path / "one", url), "test").close()
    with pytest.raises(OtherDataFolderError) as refused:
        Library(settings(tmp_path / "two", url), "test")
    told = refused.value.message
    for folder in ("one", "two"):
        assert f"{tmp_path / folder} ({DataFolder(tmp_path / folder).identity()})" in told
    assert "\n" not in told


def test_a_folder_is_known_wherever_it_is_mounted(tmp_path: Path, url: str) -> None:
    Library(settings(tmp_path / "one", url), "test").close()
    (tmp_path / "mount").symlink_to(tmp_path / "one")
    Library(settings(tmp_path / "mount", url), "test").close()
    (tmp_path / "one").rename(tmp_path / "moved")
    Library(settings(tmp_path / "moved", url), "test").close()


def test_of_folders_that_open_a_new_database_at_once_one_has_it(tmp_path: Path, url: str) -> None:
    def opens(name: str) -> bool:
        try:
            Library(settings(tmp_path / name, url), "test").close()
        except OtherDataFolderError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(opens, "abcd")) == 1


def test_a_folder_has_one_identity_though_many_ask_for_it_first(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: DataFolder(tmp_path).identity(), range(8)))) == 1


@pytest.mark.parametrize(
    "arguments",
    [("index", "a.mp4"), ("search", "a cat"), ("serve", "--port", "0"), ("videos",), ("show", "a"), ("keys", "list")],
)
def test_a_command_on_anothers_database_is_refused_in_one_line(
    arguments: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'shared.sqlite'}"
    Library(settings(tmp_path / "one", url), "test").close()
    monkeypatch.setenv("MOMENTS_DATABASE_URL", url)
    call = moments(capsys, "--data-dir", str(tmp_path / "two"), "--profile", "lite", *arguments)
    assert (call.code, call.out, call.errors.count("\n")) == (1, "", 1)
    assert "belongs to the data folder" in call.errors


@pytest.mark.parametrize("arguments", [("index", "a.mp4"), ("search", "a cat"), ("serve", "--port", "0"), ("worker",)])
def test_a_database_that_is_away_is_one_line(
    arguments: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for name, value in SERVERS.items():
        monkeypatch.setenv(name, value.format(port=port))
    call = moments(capsys, "--data-dir", str(tmp_path), "--profile", "lite", *arguments)
    assert (call.code, call.out, call.errors.count("\n")) == (1, "", 1)
    assert f"moments@127.0.0.1:{port}/moments cannot be used" in call.errors


@pytest.fixture
def vectors_away(monkeypatch: pytest.MonkeyPatch) -> str:
    """Address of a vector server that does not answer."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
    monkeypatch.setenv("MOMENTS_QDRANT_URL", address)
    return address


@pytest.mark.parametrize("arguments", [("index", "a.mp4"), ("serve", "--port", "0")])
def test_a_vector_server_that_is_away_is_one_line_before_any_job(
    arguments: tuple[str, ...], vectors_away: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = moments(capsys, "--data-dir", str(tmp_path / "data"), "--profile", "lite", *arguments)
    assert (call.code, call.out, call.errors.count("\n")) == (1, "", 1)
    assert f"the Qdrant server at {vectors_away} refused or did not answer" in call.errors


@NEEDS_POSTGRES
def test_a_worker_asks_the_vector_server_before_it_takes_a_job(
    vectors_away: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with own_postgres("owned") as url:
        monkeypatch.setenv("MOMENTS_DATABASE_URL", url)
        call = moments(capsys, "--data-dir", str(tmp_path / "data"), "--profile", "lite", "worker")
    assert (call.code, call.out, call.errors.count("\n")) == (1, "", 1)
    assert f"the Qdrant server at {vectors_away} refused or did not answer" in call.errors
