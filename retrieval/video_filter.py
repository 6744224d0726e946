"""Which videos a search goes through, and which part of each."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from retrieval.domain import Span
from retrieval.errors import InputError
from retrieval.languages import parse_language

MAX_VIDEOS = 100
"""By id, path or file name: each is looked for among all videos."""
MAX_VALUES = 1_000
"""Paths or tags of one filter."""
MAX_SPOKEN = 100
"""Languages or speakers of one filter."""
MAX_SPOKEN_CHARS = 200
"""Of each: longer than any name that a speaker may have."""
MAX_REFERENCE_CHARS = 4_096
"""Of an id, a path or a tag: the longest path that systems have."""
MAX_GLOB_CHARS = 1_000
"""Of all globs of a filter: each is held against every path."""

_LONGEST_TIME_CHARS = 64
_ISO_DAY_CHARS = len("2026-05-31")
_TOLD_AT_MOST = 5
_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)
"""The finest that times are told apart."""


@dataclass(frozen=True, slots=True)
class Period:
    """From ``start`` up to, but not with, ``end``; open where that is None."""

    start: datetime | None = None
    end: datetime | None = None

    def __post_init__(self) -> None:
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise InputError(f"nothing lies between {self.start.isoformat()} and {self.end.isoformat()}")

    @property
    def bounds(self) -> tuple[datetime | None, datetime | None]:
        """The first and the last instant in the period."""
        return self.start, None if self.end is None else self.end - _INSTANT


def require_short(globs: Collection[str]) -> None:
    """Raises InputError for globs that are too long, or empty."""
    if "" in globs:
        raise InputError("one of the filter's globs is empty")
    characters = sum(map(len, globs))
    if characters > MAX_GLOB_CHARS:
        have = "the glob has" if len(globs) == 1 else f"the {len(globs):,} globs have"
        raise InputError(f"{have} {characters:,} characters; at most {MAX_GLOB_CHARS:,} are allowed")


@dataclass(frozen=True, slots=True)
class VideoFilter:
    """Which videos, and which part of each, are searched.

    ``tags`` are those that a video must all have. Of ``video_ids``, ``path_globs``, ``paths``, which are whole ones,
    and ``any_tags`` one is enough. So it is of ``languages``, which are kept as codes however they are named, and of
    ``speakers``, who go by the names that people gave them: a search goes through what happens while one of these
    languages is spoken, or while one of these speakers speaks; where both are asked for, while one speaks such a
    language.
    """

    video_ids: tuple[str, ...] = ()
    path_globs: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    during: Span | None = None
    paths: tuple[str, ...] = ()
    any_tags: tuple[str, ...] = ()
    recorded: Period | None = None
    languages: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.during is not None and not 0 <= self.during.start_s <= self.during.end_s:
            raise InputError(
                f"nothing lies between second {self.during.start_s:g} and second {self.during.end_s:g}; "
                "the first must be 0 or more, the second no less"
            )
        for name, values, most, most_chars in (
            ("videos", self.video_ids, MAX_VIDEOS, MAX_REFERENCE_CHARS),
            ("paths", self.paths, MAX_VALUES, MAX_REFERENCE_CHARS),
            ("tags", self.tags, MAX_VALUES, MAX_REFERENCE_CHARS),
            ("tags of which one is enough", self.any_tags, MAX_VALUES, MAX_REFERENCE_CHARS),
            ("languages", self.languages, MAX_SPOKEN, MAX_SPOKEN_CHARS),
            ("speakers", self.speakers, MAX_SPOKEN, MAX_SPOKEN_CHARS),
        ):
            if len(values) > most:
                raise InputError(f"the filter names {len(values):,} {name}; at most {most:,} are allowed")
            if "" in values:
                raise InputError(f"one of the filter's {name} is empty")
            longest = max(map(len, values), default=0)
            if longest > most_chars:
                raise InputError(
                    f"one of the filter's {name} has {longest:,} characters; at most {most_chars:,} are allowed"
                )
        require_short(self.path_globs)
        if self.languages:
            object.__setattr__(self, "languages", tuple(dict.fromkeys(map(parse_language, self.languages))))

    def in_words(self) -> list[str]:
        """What the filter asks of a video; nothing if it takes all of them."""
        asked = {
            "video": self.video_ids,
            "path": self.paths,
            "path like": self.path_globs,
            "tag": self.tags,
            "one of the tags": self.any_tags,
            "language": self.languages,
            "speaker": self.speakers,
        }
        told = [f"{name} {_some(values)}" for name, values in asked.items() if values]
        first, end = (None, None) if self.recorded is None else (self.recorded.start, self.recorded.end)
        told += [] if first is None else [f"recorded from {first.isoformat()}"]
        return told + ([] if end is None else [f"recorded before {end.isoformat()}"])


ALL_VIDEOS = VideoFilter()


def _some(values: tuple[str, ...]) -> str:
    """Some of the values, and how many there are besides."""
    more = len(values) - _TOLD_AT_MOST
    return ", ".join(map(repr, values[:_TOLD_AT_MOST])) + (f" and {more:,} more" if more > 0 else "")


def parse_time(text: str) -> datetime | date:
    """The day, or the time in UTC, that ISO 8601 text means; a time without a zone is UTC. Raises InputError."""
    if len(text) > _LONGEST_TIME_CHARS:
        raise InputError(f"a time of {len(text):,} characters; write it as 2026-05-31 or 2026-05-31T14:30:00Z")
    try:
        if len(text) <= _ISO_DAY_CHARS:
            return date.fromisoformat(text)
        return in_utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        raise InputError(f"{text!r} is no date or time as 2026-05-31 or 2026-05-31T14:30:00Z") from None


def period(first: datetime | date | None, last: datetime | date | None) -> Period | None:
    """From the first of these days or times to the last, with both; None, for all times, where neither is given.

    Raises InputError if none lies between.
    """
    if first is None and last is None:
        return None
    try:
        return Period(
            None if first is None else in_utc(first),
            None if last is None else in_utc(last) + (_INSTANT if isinstance(last, datetime) else _DAY),
        )
    except OverflowError:
        raise InputError(f"{last} is too far in the future; allowed is up to 9999-12-30") from None


def in_utc(when: datetime | date) -> datetime:
    """The time in UTC; of a day, its start."""
    if not isinstance(when, datetime):
        return datetime.combine(when, time.min, UTC)
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
