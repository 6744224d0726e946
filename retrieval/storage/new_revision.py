"""`python -m retrieval.storage.new_revision MESSAGE` drafts the revision for what has changed of the tables.

It lies in migrations/versions: read it, give it the next number, and name that one in migrations/__init__.py.
"""

import sys
import tempfile
from pathlib import Path

from alembic import command

from retrieval.storage.database import migration_config, migration_engine, open_database


def write_revision(message: str) -> None:
    """Write what leads from the newest revision to the tables that the code declares."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'catalog.sqlite'}"
        open_database(url).dispose()
        engine = migration_engine(url)
        with engine.begin() as connection:
            command.revision(migration_config(connection), message, autogenerate=True)
        engine.dispose()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m retrieval.storage.new_revision MESSAGE")
    write_revision(sys.argv[1])
