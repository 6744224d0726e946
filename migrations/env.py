"""Runs revisions on what the program hands in: `migration_config` in retrieval/storage/database.py tells of it."""

from alembic import context
from alembic.util import CommandError

given = context.config.attributes
if "connection" not in given:
    raise CommandError(
        "this needs a catalog's connection, which only Moments hands in: it upgrades a catalog whenever it opens it, "
        "`moments videos` for one; `python -m retrieval.storage.new_revision MESSAGE` writes a new revision"
    )

context.configure(
    connection=given["connection"],
    target_metadata=given["target_metadata"],
    # SQLite can alter little in place: there, batch mode copies the table.
    render_as_batch=given["connection"].dialect.name == "sqlite",
    render_item=given["render_item"],
)
with context.begin_transaction():
    context.run_migrations()
