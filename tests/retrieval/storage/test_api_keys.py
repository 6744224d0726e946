"""API keys in the catalog, and `moments keys`."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from retrieval.errors import InputError, NotFoundError
from retrieval.storage.api_keys import ApiKeys
from retrieval.storage.catalog import Catalog
from retrieval.storage.database import open_database
from tests.terminal import moments

LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[ApiKeys]:
    catalog = Catalog(open_database(f"sqlite:///{tmp_path / 'catalog.sqlite'}"))
    yield catalog.api_keys
    catalog.close()


def test_a_key_is_found_by_its_secret_and_by_nothing_else(keys: ApiKeys) -> None:
    assert not keys.exist()
    key, secret = keys.create(" laptop ")
    _, other = keys.create("phone")
    found = keys.find(secret)
    assert found is not None
    assert (found.id, found.name) == (key.id, "laptop")
    assert secret.startswith(key.shown)
    assert len(secret) == len("mom_") + 43
    assert keys.exist()
    for wrong in ("", secret[:-1], secret + "a", secret.upper(), secret[:12] + other[12:], "\0", "\ud800" * 50):
        assert keys.find(wrong) is None


def test_only_hashes_are_stored(keys: ApiKeys, tmp_path: Path) -> None:
    key, secret = keys.create("laptop")
    token = keys.open_session(key)
    stored = "".join(sqlite3.connect(tmp_path / "catalog.sqlite").iterdump())
    assert key.shown in stored
    assert secret not in stored
    assert token not in stored


def test_an_expired_key_opens_nothing_but_still_counts_as_a_lock(keys: ApiKeys) -> None:
    _, secret = keys.create("old", LONG_AGO)
    assert keys.find(secret) is None
    assert keys.exist()


def test_when_a_key_was_last_used_is_known(keys: ApiKeys) -> None:
    _, secret = keys.create("laptop")
    assert keys.all()[0].last_used_at is None
    keys.find(secret)
    used_at = keys.all()[0].last_used_at
    assert used_at is not None
    assert datetime.now(UTC) - used_at < timedelta(seconds=20)


def test_a_session_ends_with_its_key(keys: ApiKeys) -> None:
    key, _ = keys.create("laptop")
    token = keys.open_session(key)
    found = keys.of_session(token)
    assert found is not None
    assert found.name == "laptop"
    keys.revoke("laptop")
    assert keys.of_session(token) is None


def test_a_session_can_be_closed_and_closed_again(keys: ApiKeys) -> None:
    key, _ = keys.create("laptop")
    token, other = keys.open_session(key), keys.open_session(key)
    keys.close_session(token)
    keys.close_session(token)
    assert keys.of_session(token) is None
    assert keys.of_session(other) is not None


def test_a_session_lasts_no_longer_than_its_key(keys: ApiKeys) -> None:
    key, _ = keys.create("old", LONG_AGO)
    assert keys.of_session(keys.open_session(key)) is None


def test_a_key_is_revoked_by_name_or_id(keys: ApiKeys) -> None:
    """A key that is named like another's id is what that name means."""
    first, _ = keys.create("laptop")
    named, _ = keys.create(str(first.id))
    assert keys.revoke(str(first.id)).id == named.id
    assert keys.revoke(str(first.id)).id == first.id
    for gone in ("laptop", str(first.id), "9" * 30, "", "-1"):
        with pytest.raises(NotFoundError, match="there is no key"):
            keys.revoke(gone)


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 101, "\0"])
def test_a_name_that_cannot_be_is_refused(keys: ApiKeys, name: str) -> None:
    with pytest.raises(InputError, match="allowed are 1 to 100 printable characters"):
        keys.create(name)


def test_two_keys_of_one_name_are_refused(keys: ApiKeys) -> None:
    keys.create("laptop")
    with pytest.raises(InputError, match="there is a key 'laptop' already"):
        keys.create("laptop")


def test_keys_are_made_listed_and_revoked_by_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*arguments: str) -> object:
        call = moments(capsys, "--data-dir", str(tmp_path), "--json", "keys", *arguments)
        assert call.code == 0
        return call.row

    made = run("create", "laptop", "--expires", "90")
    assert isinstance(made, dict)
    expires_in = datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=89) < expires_in <= timedelta(days=90)
    assert made["key"].startswith(made["shown"])
    assert run("list") == {"keys": [{name: value for name, value in made.items() if name != "key"}]}
    assert run("revoke", "laptop") == {"key_id": made["key_id"], "name": "laptop", "status": "revoked"}
    assert run("list") == {"keys": []}


def test_a_key_is_shown_once_on_standard_output_and_never_in_the_list(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ("--data-dir", str(tmp_path))
    assert "moments keys create NAME" in moments(capsys, *data, "keys", "list").out
    made = moments(capsys, *data, "keys", "create", "laptop")
    assert "only time" in made.errors
    listed = moments(capsys, *data, "keys", "list").out
    assert "laptop" in listed
    assert made.out.strip() not in listed
    assert moments(capsys, *data, "keys", "revoke", "laptop").out == "revoked  laptop\n"
