"""A catalog on every database there is to test on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from retrieval.storage.catalog import Catalog
from retrieval.storage.database import open_database
from tests.postgres import DATABASES, own_postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A database of this process's own, for one test after the other."""
    with own_postgres("catalog") as url:
        yield url


@pytest.fixture(params=DATABASES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database, and its tables."""
    if request.param == "sqlite":
        opened = open_database(f"sqlite:///{tmp_path / 'catalog.sqlite'}")
    else:
        url = request.getfixturevalue("postgres")
        empty = create_engine(url, isolation_level="AUTOCOMMIT")
        with empty.connect() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        empty.dispose()
        opened = open_database(url)
    yield opened
    opened.dispose()


@pytest.fixture
def catalog(engine: Engine) -> Catalog:
    return Catalog(engine)
