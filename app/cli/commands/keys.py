"""`moments keys`: API keys, without which a server answers on loopback only."""

from datetime import UTC, datetime, timedelta
from typing import Any

import click

from app.cli.invocation import Invocation, emit_json
from app.cli.terminal import make_console, print_rows, shown
from app.harmless import say
from retrieval.storage.library import Library
from retrieval.storage.records import ApiKey


@click.group(epilog="Example:  moments keys create laptop --expires 90")
def keys() -> None:
    """Make, list and revoke API keys."""


@keys.command("create", epilog="Example:  moments keys create laptop --expires 90")
@click.argument("name")
@click.option("--expires", "days", type=click.IntRange(1, 36_500), help="Days until it expires. Default: never.")
@click.pass_obj
def create(invocation: Invocation, name: str, days: int | None) -> None:
    """Make a key and print it, which happens once: only its hash is kept.

    From the first key on, every request to a server on this library needs one.
    """
    expires_at = None if days is None else datetime.now(UTC) + timedelta(days=days)
    with Library(invocation.settings, "moments keys") as library:
        key, secret = library.catalog.api_keys.create(name, expires_at)
    if invocation.as_json:
        emit_json({**_key_json(key), "key": secret})
        return
    click.echo(secret)
    click.echo("This is the only time that the key is shown.", err=True)


@keys.command("list")
@click.pass_obj
def list_(invocation: Invocation) -> None:
    """List the keys: how each starts, and when it was last used."""
    with Library(invocation.settings, "moments keys") as library:
        found = library.catalog.api_keys.all()
    if invocation.as_json:
        emit_json({"keys": [_key_json(key) for key in found]})
        return
    console = make_console()
    if not found:
        console.print("No keys yet. Make one with:  moments keys create NAME")
        return
    rows = [
        (str(key.id), shown(key.name), f"{key.shown}…", *map(_day, (key.created_at, key.expires_at, key.last_used_at)))
        for key in found
    ]
    print_rows(console, ("id", "name", "key", "created", "expires", "last used"), rows)


@keys.command("revoke", epilog="Example:  moments keys revoke laptop")
@click.argument("key", metavar="NAME_OR_ID")
@click.pass_obj
def revoke(invocation: Invocation, key: str) -> None:
    """Revoke a key; sessions that were opened with it end at once."""
    with Library(invocation.settings, "moments keys") as library:
        revoked = library.catalog.api_keys.revoke(key)
    if invocation.as_json:
        emit_json({"key_id": revoked.id, "name": revoked.name, "status": "revoked"})
    else:
        say(f"revoked  {revoked.name}")


def _key_json(key: ApiKey) -> dict[str, Any]:
    return {
        "key_id": key.id,
        "name": key.name,
        "shown": key.shown,
        "created_at": key.created_at.isoformat(),
        "expires_at": key.expires_at.isoformat() if key.expires_at else None,
        "last_used_at": key.last_used_at.isoformat() if key.last_used_at else None,
    }


def _day(time: datetime | None) -> str:
    return time.astimezone().strftime("%Y-%m-%d %H:%M") if time else "never"
