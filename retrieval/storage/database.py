"""Opens the catalog's database: SQLite or PostgreSQL, always at the newest revision."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url, text
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DataError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.orm import Session

import migrations
from retrieval.errors import InputError, StorageAwayError, StorageError, StorageFullError
from retrieval.storage.room import full_disk_errors, says_full
from retrieval.storage.tables import Base, UtcDateTime

if TYPE_CHECKING:
    from alembic.config import Config

WRITES = "moments_writes"
"""Execution option of transactions that write. SQLite then takes its lock at the start and waits for it,
where a transaction that turns from reading to writing fails at once if another one was faster."""

_BUSY_TIMEOUT_S = 30
_CONNECT_TIMEOUT_S = 10
"""How long a PostgreSQL server may take to answer; the system would wait for minutes."""

_MIGRATION_LOCK = 7_305_462_018
"""Number of the PostgreSQL advisory lock under which one process at a time migrates."""


def open_database(url: str) -> Engine:
    """An engine on the catalog at this SQLAlchemy URL, created or upgraded first where needed.

    Raises InputError for a URL that cannot be one, StorageError for a database that cannot be used.
    """
    engine = _engine(_parsed(url))
    with database_errors(engine):
        if _revision(engine) != migrations.HEAD:
            _upgrade(url)
    return engine


def migration_engine(url: str) -> Engine:
    """An engine for migrations only: every transaction writes, and no row is deleted by cascade.

    SQLite alters a table by dropping it for a copy, and with foreign keys on would drop its children's rows.
    """
    return _engine(_parsed(url), foreign_keys=False, poolclass=NullPool).execution_options(**{WRITES: True})


def migration_config(connection: Connection) -> "Config":
    """What Alembic's commands run with: the revisions, and all that migrations/env.py wants from here.

    So the revisions import nothing of ours: they outlive it.
    """
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["target_metadata"] = Base.metadata
    config.attributes["render_item"] = _plain_types
    return config


def _plain_types(kind: str, item: object, _context: object) -> str | Literal[False]:
    """What a revision says for our own type: the database's."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


@contextmanager
def database_errors(engine: Engine) -> Iterator[None]:
    """Raises the database's errors as StorageError, and InputError for a text that no database keeps.

    A full disk is a StorageFullError.
    """
    try:
        yield
    except DataError as error:
        if "NUL" in str(error.orig):
            raise InputError("a text has a NUL character, U+0000; any other character is allowed") from error
        raise _unusable(engine, error) from error
    except SQLAlchemyError as error:
        raise _unusable(engine, error) from error
    except UnicodeEncodeError as error:
        raise InputError(f"the catalog keeps valid Unicode only, which {error.object!r} is not") from error


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that reads, with the errors of ``database_errors``."""
    with database_errors(engine), Session(engine) as session:
        yield session


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """A session in one transaction that writes, with the errors of ``database_errors``."""
    with database_errors(engine), Session(engine.execution_options(**{WRITES: True})) as session, session.begin():
        yield session


@contextmanager
def queue_errors(what: str) -> Iterator[None]:
    """Raises the errors of the queue's database as StorageError; that of a full disk names ``what`` was written."""
    with full_disk_errors("the queue", what):
        try:
            yield
        except SQLAlchemyError as error:
            raise StorageError(f"the queue cannot be used: {getattr(error, 'orig', None) or error}") from error


def _unusable(engine: Engine, error: SQLAlchemyError) -> StorageError:
    reason = " ".join(str(getattr(error, "orig", None) or error).split())
    kind: type[StorageError] = StorageError
    if says_full(getattr(error, "orig", None) or error):
        kind, reason = StorageFullError, f"the disk is full ({reason})"
    elif engine.dialect.name == "postgresql" and isinstance(error, OperationalError | InterfaceError):
        kind = StorageAwayError
    advice = ""
    if engine.dialect.name == "sqlite" and isinstance(error, DatabaseError) and kind is StorageError:
        advice = "; see that it is a file that this user may write, or bring it back from a backup"
    return kind(f"the catalog {engine.url!r} cannot be used: {reason}{advice}")


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise ArgumentError(f"no support for {parsed.get_backend_name()}")
    except (ArgumentError, NoSuchModuleError) as error:
        raise InputError(
            f"{url!r} is no database URL for the catalog: use sqlite:///FILE or postgresql://USER@HOST/NAME"
        ) from error
    return parsed.set(drivername="postgresql+psycopg") if parsed.drivername == "postgresql" else parsed


def _engine(url: URL, *, foreign_keys: bool = True, poolclass: type[NullPool] | None = None) -> Engine:
    if url.get_backend_name() == "postgresql":
        patience = {} if "connect_timeout" in url.query else {"connect_timeout": _CONNECT_TIMEOUT_S}
        return create_engine(url, pool_pre_ping=True, poolclass=poolclass, connect_args=patience)
    engine = create_engine(url, connect_args={"timeout": _BUSY_TIMEOUT_S}, poolclass=poolclass)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        # The driver's own transactions start late and leave DDL out: the BEGIN below replaces them.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _revision(engine: Engine) -> str | None:
    """The revision that the catalog is at; None for an empty database."""
    try:
        with engine.connect() as connection:
            revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return revision
    except DatabaseError:
        # No such table, or a database that cannot be opened: then the upgrade says so.
        return None


def _upgrade(url: str) -> None:
    from alembic import command
    from alembic.util import CommandError

    engine = migration_engine(url)
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
            command.upgrade(migration_config(connection), "head")
    except CommandError as error:
        raise StorageError(
            f"the catalog {engine.url.render_as_string()} was written by a newer version of Moments "
            f"(revision {_revision(engine)}, this one knows {migrations.HEAD}); upgrade Moments"
        ) from error
    finally:
        engine.dispose()
