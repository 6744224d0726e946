"""Runs revisions on the connection that the program gives, or on the catalog that the settings name."""

from pathlib import Path
from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection

from retrieval.settings import RetrievalSettings
from retrieval.storage.database import migration_engine
from retrieval.storage.folder import DataFolder
from retrieval.storage.tables import Base, UtcDateTime


def plain_types(kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    """What a revision says for our own type: the database's, for a revision outlives our classes."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def migrate(connection: Connection) -> None:
    # SQLite can alter little in place: there, batch mode copies the table.
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=plain_types,
    )
    with context.begin_transaction():
        context.run_migrations()


if (given := context.config.attributes.get("connection")) is not None:
    migrate(given)
else:
    settings = RetrievalSettings()
    url = settings.database_url or DataFolder.create(Path(settings.data_dir)).catalog_url
    engine = migration_engine(url)
    with engine.begin() as connection:
        migrate(connection)
    engine.dispose()
