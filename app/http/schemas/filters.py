"""The filter of a search: plain values, or operators on them."""

import math
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, PlainValidator, Tag, WithJsonSchema, model_validator

from app.http.schemas.body import Body
from retrieval.domain import Span
from retrieval.errors import InputError
from retrieval.path_text import readable
from retrieval.video_filter import (
    MAX_GLOB_CHARS,
    MAX_REFERENCE_CHARS,
    MAX_SPOKEN,
    MAX_SPOKEN_CHARS,
    MAX_VALUES,
    MAX_VIDEOS,
    Period,
    VideoFilter,
    parse_time,
    period,
)


def _kind(value: object) -> Literal["operators", "list", "value"]:
    if isinstance(value, dict | Body):
        return "operators"
    return "list" if isinstance(value, list) else "value"


def _parsed(value: object) -> datetime | date:
    if not isinstance(value, str):
        raise ValueError("give a date or time as text, as 2026-05-31 or 2026-05-31T14:30:00Z")
    try:
        return parse_time(value)
    except InputError as error:
        raise ValueError(error.message) from error


When = Annotated[
    datetime | date,
    PlainValidator(_parsed),
    WithJsonSchema({"type": "string", "examples": ["2026-05-31", "2026-05-31T14:30:00Z"]}),
]
FilterText = Annotated[str, Field(min_length=1, max_length=MAX_REFERENCE_CHARS)]
Glob = Annotated[str, Field(min_length=1, max_length=MAX_GLOB_CHARS)]
Globs = Annotated[list[Glob], Field(min_length=1, max_length=MAX_GLOB_CHARS)]
Texts = Annotated[list[FilterText], Field(min_length=1, max_length=MAX_VALUES)]
Videos = Annotated[list[FilterText], Field(max_length=MAX_VIDEOS)]
SpokenName = Annotated[str, Field(min_length=1, max_length=MAX_SPOKEN_CHARS)]
"""The code or English name of a language, or the name that somebody gave to a speaker."""
SpokenNames = Annotated[list[SpokenName], Field(max_length=MAX_SPOKEN)]
Second = Annotated[float, Field(ge=0)]


class Condition(Body):
    """Operators on one field; all that are given must hold."""

    @model_validator(mode="after")
    def _says_something(self) -> "Condition":
        if not self.model_fields_set:
            names = ", ".join(field.alias or name for name, field in type(self).model_fields.items())
            raise ValueError(f"no operator; give one of {names}")
        return self


class IdCondition(Condition):
    """Which videos."""

    eq: Annotated[FilterText | None, Field(description="This video.")] = None
    in_: Annotated[Videos | None, Field(alias="in", min_length=1, description="One of these videos.")] = None


class PathCondition(Condition):
    """Where the file of a video lies."""

    eq: Annotated[FilterText | None, Field(description="This whole path.")] = None
    in_: Annotated[Texts | None, Field(alias="in", description="One of these whole paths.")] = None
    glob: Annotated[
        Annotated[Glob | None, Tag("value")] | Annotated[Globs, Tag("list")],
        Discriminator(_kind),
        Field(description="A pattern, in which `*` crosses folders, or several of which one must match."),
    ] = None

    @property
    def globs(self) -> tuple[str, ...]:
        if self.glob is None:
            return ()
        return (self.glob,) if isinstance(self.glob, str) else tuple(self.glob)


class TagCondition(Condition):
    """How a video is tagged."""

    eq: Annotated[FilterText | None, Field(description="With this tag.")] = None
    in_: Annotated[Texts | None, Field(alias="in", description="With at least one of these tags.")] = None
    all_: Annotated[Texts | None, Field(alias="all", description="With all of these tags.")] = None


class LanguageCondition(Condition):
    """What is spoken meanwhile."""

    eq: Annotated[SpokenName | None, Field(description="This language.")] = None
    in_: Annotated[SpokenNames | None, Field(alias="in", min_length=1, description="One of these languages.")] = None


class SpeakerCondition(Condition):
    """Who speaks meanwhile."""

    eq: Annotated[SpokenName | None, Field(description="This speaker.")] = None
    in_: Annotated[SpokenNames | None, Field(alias="in", min_length=1, description="One of these speakers.")] = None


class SecondsCondition(Condition):
    """Which part of a video."""

    gte: Annotated[Second | None, Field(description="Nothing before this second.")] = None
    lte: Annotated[Second | None, Field(description="Nothing after this second.")] = None


class TimeCondition(Condition):
    """When a video was recorded. A day is all of it, in UTC."""

    eq: Annotated[When | None, Field(description="On this day, or at this time.")] = None
    gte: Annotated[When | None, Field(description="On or after it.")] = None
    lte: Annotated[When | None, Field(description="On or before it.")] = None

    def to_period(self) -> Period | None:
        """The period in which all operators hold, None for all times. Raises InputError if there is none."""
        if self.eq is None:
            return period(self.gte, self.lte)
        if self.gte is not None or self.lte is not None:
            raise InputError("filter.recorded_at has eq and another operator; eq says it all")
        return period(self.eq, self.eq)


_Ids = Annotated[FilterText, Tag("value")] | Annotated[Videos, Tag("list")] | Annotated[IdCondition, Tag("operators")]
_Path = (
    Annotated[Glob | None, Tag("value")] | Annotated[Texts, Tag("list")] | Annotated[PathCondition, Tag("operators")]
)
_Tags = (
    Annotated[FilterText, Tag("value")]
    | Annotated[Annotated[list[FilterText], Field(max_length=MAX_VALUES)], Tag("list")]
    | Annotated[TagCondition, Tag("operators")]
)
_Languages = (
    Annotated[SpokenName, Tag("value")]
    | Annotated[SpokenNames, Tag("list")]
    | Annotated[LanguageCondition, Tag("operators")]
)
_Speakers = (
    Annotated[SpokenName, Tag("value")]
    | Annotated[SpokenNames, Tag("list")]
    | Annotated[SpeakerCondition, Tag("operators")]
)
_Seconds = Annotated[Second | None, Tag("value")] | Annotated[SecondsCondition, Tag("operators")]
_Time = Annotated[When | None, Tag("value")] | Annotated[TimeCondition, Tag("operators")]


class FilterBody(Body):
    """Which videos, and which part of each, are searched."""

    video_id: Annotated[_Ids, Discriminator(_kind), Field(description="Ids, paths or file names of videos.")] = []
    path: Annotated[
        _Path,
        Discriminator(_kind),
        Field(description="A glob that paths must match, a list of whole paths, or operators."),
    ] = None
    tag: Annotated[_Tags, Discriminator(_kind), Field(description="Tags that videos must all have, or operators.")] = []
    start_s: Annotated[
        _Seconds, Discriminator(_kind), Field(description="Nothing before this second, or operators.")
    ] = None
    end_s: Annotated[Second | None, Field(description="Nothing after this second.")] = None
    recorded_at: Annotated[
        _Time, Discriminator(_kind), Field(description="The day or time of recording, or operators.")
    ] = None

    language: Annotated[
        _Languages,
        Discriminator(_kind),
        Field(
            description="Only what happens while one of these languages is spoken, or operators: codes of ISO 639, as "
            "`de`, or English names."
        ),
    ] = []
    speaker: Annotated[
        _Speakers,
        Discriminator(_kind),
        Field(
            description="Only what happens while one of these speakers speaks, or operators: names that people gave."
        ),
    ] = []

    def to_filter(self) -> VideoFilter:
        """The filter that this body means. Raises InputError."""
        path, tag = self._path(), self._tag()
        return VideoFilter(
            video_ids=_any_of("video_id", self.video_id),
            path_globs=path.globs,
            tags=(*(() if tag.eq is None else (tag.eq,)), *(tag.all_ or ())),
            during=self._during(),
            paths=_one_of("path", path.eq, path.in_),
            any_tags=tuple(tag.in_ or ()),
            recorded=self._recorded(),
            languages=_any_of("language", self.language),
            speakers=_any_of("speaker", self.speaker),
        )

    def _path(self) -> PathCondition:
        if isinstance(self.path, PathCondition):
            return self.path
        return PathCondition.model_construct(
            **({"in_": self.path} if isinstance(self.path, list) else {"glob": self.path})
        )

    def _tag(self) -> TagCondition:
        if isinstance(self.tag, TagCondition):
            return self.tag
        return TagCondition.model_construct(all_=[self.tag] if isinstance(self.tag, str) else self.tag)

    def _during(self) -> Span | None:
        start_s, end_s = self.start_s, self.end_s
        if isinstance(start_s, SecondsCondition):
            if end_s is not None and start_s.lte is not None:
                raise InputError("filter.end_s and filter.start_s.lte say the same; give one of them")
            end_s = start_s.lte if end_s is None else end_s
            start_s = start_s.gte
        if start_s is None and end_s is None:
            return None
        return Span(start_s or 0.0, math.inf if end_s is None else end_s)

    def _recorded(self) -> Period | None:
        if self.recorded_at is None:
            return None
        if isinstance(self.recorded_at, TimeCondition):
            return self.recorded_at.to_period()
        return period(self.recorded_at, self.recorded_at)


def filter_json(where: VideoFilter) -> dict[str, Any]:
    """The filter of a body that means ``where``."""
    during, recorded = where.during, where.recorded
    return {
        "video_id": [readable(reference) for reference in where.video_ids],
        "path": _path_json(where),
        "tag": {"all": list(where.tags) or None, "in": list(where.any_tags)} if where.any_tags else list(where.tags),
        "start_s": during.start_s if during else None,
        "end_s": during.end_s if during and during.end_s != math.inf else None,
        "recorded_at": recorded and _period_json(recorded),
        "language": list(where.languages),
        "speaker": list(where.speakers),
    }


def _path_json(where: VideoFilter) -> dict[str, list[str]] | None:
    asked = {"in": where.paths, "glob": where.path_globs}
    return {name: [readable(path) for path in paths] for name, paths in asked.items() if paths} or None


def _period_json(recorded: Period) -> dict[str, str]:
    first, last = recorded.bounds
    named = {"gte": first, "lte": last}
    return {name: when.isoformat() for name, when in named.items() if when is not None}


def _any_of(name: str, asked: str | list[str] | IdCondition | LanguageCondition | SpeakerCondition) -> tuple[str, ...]:
    match asked:
        case str():
            return (asked,)
        case list():
            return tuple(asked)
        case _:
            return _one_of(name, asked.eq, asked.in_)


def _one_of(name: str, eq: str | None, among: list[str] | None) -> tuple[str, ...]:
    if eq is not None and among is not None:
        raise InputError(f"filter.{name} has eq and in; give one of them")
    return (eq,) if eq is not None else tuple(among or ())
