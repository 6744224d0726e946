"""The one data folder that a database belongs to, so that no other takes its jobs and its videos."""

from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from retrieval.errors import OtherDataFolderError
from retrieval.storage.database import WRITES, database_errors
from retrieval.storage.folder import DataFolder
from retrieval.storage.tables import DataFolderRow

_THE_ROW = 1


def require_own_folder(engine: Engine, folder: DataFolder) -> None:
    """Let the database belong to ``folder``, if it belongs to none yet. Raises OtherDataFolderError.

    The folder is known by the identity that it keeps, whatever its path on this machine is.
    """
    identity = folder.identity()
    with database_errors(engine):
        owner = _owner(engine) or _claim(engine, folder, identity)
    if owner[0] != identity:
        raise OtherDataFolderError(
            f"the database {engine.url.render_as_string()} belongs to the data folder {owner[1]} ({owner[0]}), "
            f"not to {folder.path} ({identity}): give that folder with --data-dir or MOMENTS_DATA_DIR, "
            "or another database with MOMENTS_DATABASE_URL"
        )


def _owner(engine: Engine) -> tuple[str, str] | None:
    with Session(engine) as session:
        row = session.get(DataFolderRow, _THE_ROW)
        return None if row is None else (row.identity, row.path)


def _claim(engine: Engine, folder: DataFolder, identity: str) -> tuple[str, str]:
    """Who owns the database now: this folder, or one that was faster."""
    row = DataFolderRow(number=_THE_ROW, identity=identity, path=str(folder.path), created_at=datetime.now(UTC))
    try:
        with Session(engine.execution_options(**{WRITES: True})) as session, session.begin():
            session.add(row)
    except IntegrityError:
        pass
    return _owner(engine) or (identity, str(folder.path))
