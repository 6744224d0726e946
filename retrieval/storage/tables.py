"""The catalog's tables. Rows never leave storage: see ``records`` for what does."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from retrieval.path_text import loaded, stored


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC; SQLite drops the time zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC)


class PathText(TypeDecorator[str]):
    """A path, whatever bytes its names are made of; databases keep valid Unicode only."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else stored(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else loaded(value)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {str: Text(), datetime: UtcDateTime(), float: Double()}  # noqa: RUF012


class VideoRow(Base):
    __tablename__ = "videos"
    __table_args__ = (Index(None, "created_at", "id"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    content_hash: Mapped[str] = mapped_column(String(64), unique=True)
    path: Mapped[str] = mapped_column(PathText, index=True)
    title: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    modified_ns: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(16), index=True)
    duration_s: Mapped[float | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    profile: Mapped[str | None] = mapped_column(String(16))
    encoders: Mapped[dict[str, str]] = mapped_column(JSON)
    warnings: Mapped[list[str]] = mapped_column(JSON)
    error_code: Mapped[str | None] = mapped_column(String(64))
    error_message: Mapped[str | None]
    failed_at: Mapped[datetime | None]
    windows: Mapped[int]
    index_s: Mapped[float | None]
    indexed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    recorded_at: Mapped[datetime | None]
    has_sound: Mapped[bool | None]
    sound_track: Mapped[int | None]
    clock: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    given_title: Mapped[str | None]
    given_recorded_at: Mapped[datetime | None]
    was_changing: Mapped[bool | None]
    vectors: Mapped[dict[str, int] | None] = mapped_column(JSON(none_as_null=True))
    construction: Mapped[int | None]


class VideoPathRow(Base):
    """A path has one content; ``sidecars`` is None where indexing did not note them yet."""

    __tablename__ = "video_paths"

    path: Mapped[str] = mapped_column(PathText, primary_key=True)
    video_id: Mapped[str] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"), index=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    modified_ns: Mapped[int] = mapped_column(BigInteger)
    sidecars: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))


class TagRow(Base):
    __tablename__ = "tags"

    video_id: Mapped[str] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True, index=True)


class SpokenLanguageRow(Base):
    """A language that is spoken in a video, and for how long."""

    __tablename__ = "spoken_languages"

    video_id: Mapped[str] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True)
    language: Mapped[str] = mapped_column(String(16), primary_key=True, index=True)
    speech_s: Mapped[float]


class TimedColumns:
    """Columns of everything that lies in a video: whose it is, which one it is, and when."""

    video_id: Mapped[str] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True, sort_order=-1)
    ordinal: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-1)
    start_s: Mapped[float] = mapped_column(sort_order=-1)
    end_s: Mapped[float] = mapped_column(sort_order=-1)


class ShotRow(TimedColumns, Base):
    __tablename__ = "shots"


class WindowRow(TimedColumns, Base):
    __tablename__ = "windows"

    shot_ordinal: Mapped[int]
    frame_s: Mapped[float | None]
    labels: Mapped[list[Any]] = mapped_column(JSON)


class SegmentRow(TimedColumns, Base):
    __tablename__ = "segments"

    text: Mapped[str]
    words: Mapped[list[Any]] = mapped_column(JSON)
    language: Mapped[str | None] = mapped_column(String(16))
    confidence: Mapped[float]
    origin: Mapped[str] = mapped_column(String(32))
    avg_logprob: Mapped[float | None]
    no_speech_prob: Mapped[float | None]
    compression_ratio: Mapped[float | None]
    speaker: Mapped[int | None]
    translation: Mapped[str | None]


class ScreenTextRow(TimedColumns, Base):
    __tablename__ = "screen_texts"

    text: Mapped[str]
    confidence: Mapped[float]


class SoundEventRow(TimedColumns, Base):
    __tablename__ = "sound_events"

    label: Mapped[str]
    score: Mapped[float]


class VoiceRow(Base):
    """``name_key`` is what ``name`` is found by, ``vector`` is ``packed``, ``refused`` has keys of names it is not."""

    __tablename__ = "voices"

    video_id: Mapped[str] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str | None]
    name_key: Mapped[str | None] = mapped_column(index=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    speech_s: Mapped[float]
    certainty: Mapped[float]
    refused: Mapped[list[str]] = mapped_column(JSON)


class JudgementRow(Base):
    __tablename__ = "judgements"
    __table_args__ = (UniqueConstraint("video_id", "query", "start_s", "end_s"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    query: Mapped[str]
    video_id: Mapped[str] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"))
    start_s: Mapped[float]
    end_s: Mapped[float]
    lane: Mapped[str | None] = mapped_column(String(16))
    is_right: Mapped[bool]
    created_at: Mapped[datetime]


class ApiKeyRow(Base):
    __tablename__ = "api_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    shown: Mapped[str] = mapped_column(String(16), index=True)
    hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class SessionRow(Base):
    __tablename__ = "sessions"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    key_id: Mapped[int] = mapped_column(ForeignKey("api_keys.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class DataFolderRow(Base):
    """The one data folder that the database belongs to: a single row, numbered 1."""

    __tablename__ = "data_folder"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    identity: Mapped[str] = mapped_column(String(32))
    path: Mapped[str] = mapped_column(PathText)
    created_at: Mapped[datetime]


class SpaceRow(Base):
    """``asked_by`` is None where only the encoder itself makes queries of words."""

    __tablename__ = "spaces"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    lane: Mapped[str] = mapped_column(String(16))
    encoder: Mapped[str]
    dim: Mapped[int]
    revision: Mapped[str]
    created_at: Mapped[datetime]
    asked_by: Mapped[str | None] = mapped_column(String(16))
