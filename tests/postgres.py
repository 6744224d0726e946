"""PostgreSQL to test on, where there is one, and databases of one's own on it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine, make_url, text

POSTGRES_URL = "MOMENTS_TEST_POSTGRES_URL"
DATABASES = ["sqlite", *(["postgresql"] if POSTGRES_URL in os.environ else [])]
NEEDS_POSTGRES = pytest.mark.skipif(
    POSTGRES_URL not in os.environ, reason=f"{POSTGRES_URL} names no PostgreSQL to test on"
)


@contextmanager
def own_postgres(purpose: str, *, made: bool = True) -> Iterator[str]:
    """The URL of an empty database that no other process has; with ``made`` false, of one that is yet to be made."""
    server, name = make_url(os.environ[POSTGRES_URL]), f"moments_{purpose}_{os.getpid()}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    if made:
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        engine.dispose()
