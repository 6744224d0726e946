"""Keys that programs and people ask the server with, and the sessions of browsers that signed in with one.

Only hashes are stored. A key or a session's token is 256 random bits, so that one round of SHA-256 is
enough: there is nothing shorter than the key itself to guess.
"""

import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, delete, exists, select, update

from retrieval.errors import InputError, NotFoundError
from retrieval.storage.database import reading, writing
from retrieval.storage.records import ApiKey
from retrieval.storage.tables import ApiKeyRow, SessionRow

KEY_START = "mom_"
SESSION_DAYS = 30
MAX_NAME_LENGTH = 100

_SECRET_BYTES = 32
_SHOWN_LENGTH = len(KEY_START) + 8
_USED_RESOLUTION = timedelta(minutes=1)
"""How exact ``last_used_at`` is: a write per request would cost more than the knowledge is worth."""


class ApiKeys:
    """The keys of a catalog and the sessions opened with them; sessions go when their key goes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(self, name: str, expires_at: datetime | None = None) -> tuple[ApiKey, str]:
        """The new key as kept, and the secret, which is not. Raises InputError for a name that cannot be."""
        if not name.isprintable() or not 1 <= len(name.strip()) <= MAX_NAME_LENGTH:
            raise InputError(f"the name of a key is {name!r}; allowed are 1 to {MAX_NAME_LENGTH} printable characters")
        secret = KEY_START + secrets.token_urlsafe(_SECRET_BYTES)
        row = ApiKeyRow(
            name=name.strip(),
            shown=secret[:_SHOWN_LENGTH],
            hash=_hash(secret),
            created_at=datetime.now(UTC),
            expires_at=expires_at,
        )
        with writing(self._engine) as session:
            if session.scalar(select(exists().where(ApiKeyRow.name == row.name))):
                raise InputError(f"there is a key {row.name!r} already; choose another name or revoke it first")
            session.add(row)
            session.flush()
            return _key_of(row), secret

    def all(self) -> list[ApiKey]:
        """Every key, oldest first, expired ones too."""
        with reading(self._engine) as session:
            return [_key_of(row) for row in session.scalars(select(ApiKeyRow).order_by(ApiKeyRow.id))]

    def exist(self) -> bool:
        """Whether there is any key; one that expired counts, for a door that was locked does not open by itself."""
        with reading(self._engine) as session:
            return bool(session.scalar(select(exists().where(ApiKeyRow.id.is_not(None)))))

    def revoke(self, reference: str) -> ApiKey:
        """The key of this name or id, which is gone now with its sessions. Raises NotFoundError."""
        with writing(self._engine) as session:
            row = session.scalar(select(ApiKeyRow).where(ApiKeyRow.name == reference))
            if row is None and reference.isdecimal() and len(reference) < 10:
                row = session.get(ApiKeyRow, int(reference))
            if row is None:
                raise NotFoundError(f"there is no key {reference!r}; `moments keys list` names them")
            key = _key_of(row)
            session.execute(delete(SessionRow).where(SessionRow.key_id == row.id))
            session.delete(row)
            return key

    def find(self, secret: str) -> ApiKey | None:
        """The key that this secret is, if it is one and has not expired."""
        with reading(self._engine) as session:
            rows = session.scalars(select(ApiKeyRow).where(ApiKeyRow.shown == _without_nul(secret[:_SHOWN_LENGTH])))
            # The hash is compared here and not by the database, whose index answers sooner the less of it matches.
            row = next((row for row in rows if hmac.compare_digest(row.hash, _hash(secret))), None)
            key = None if row is None else _key_of(row)
        return self._used(key)

    def open_session(self, key: ApiKey) -> str:
        """The token of a new session, good for ``SESSION_DAYS`` or as long as the key."""
        token = secrets.token_urlsafe(_SECRET_BYTES)
        now = datetime.now(UTC)
        ends_at = now + timedelta(days=SESSION_DAYS)
        with writing(self._engine) as session:
            session.execute(delete(SessionRow).where(SessionRow.expires_at <= now))
            session.add(
                SessionRow(
                    hash=_hash(token), key_id=key.id, created_at=now, expires_at=min(ends_at, key.expires_at or ends_at)
                )
            )
        return token

    def of_session(self, token: str) -> ApiKey | None:
        """The key that a session was opened with, while both last."""
        opened = (
            select(ApiKeyRow)
            .join(SessionRow, SessionRow.key_id == ApiKeyRow.id)
            .where(SessionRow.hash == _hash(token), SessionRow.expires_at > datetime.now(UTC))
        )
        with reading(self._engine) as session:
            row = session.scalar(opened)
            key = None if row is None else _key_of(row)
        return self._used(key)

    def close_session(self, token: str) -> None:
        """Forget a session; one that does not exist is fine."""
        with writing(self._engine) as session:
            session.execute(delete(SessionRow).where(SessionRow.hash == _hash(token)))

    def _used(self, key: ApiKey | None) -> ApiKey | None:
        now = datetime.now(UTC)
        if key is None or (key.expires_at is not None and key.expires_at <= now):
            return None
        if key.last_used_at is None or now - key.last_used_at >= _USED_RESOLUTION:
            with writing(self._engine) as session:
                session.execute(update(ApiKeyRow).where(ApiKeyRow.id == key.id).values(last_used_at=now))
        return key


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _without_nul(text: str) -> str:
    """The text as a database takes it: what is sent as a key may be anything."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")


def _key_of(row: ApiKeyRow) -> ApiKey:
    return ApiKey(row.id, row.name, row.shown, row.created_at, row.expires_at, row.last_used_at)
