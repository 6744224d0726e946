"""What the catalog takes and gives back: videos, their contents, and places in them. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal

from retrieval.domain import (
    Label,
    Lane,
    Line,
    LineKind,
    Profile,
    ScreenText,
    Segment,
    Shot,
    SoundEvent,
    Span,
    Speaker,
    Timed,
    Voice,
    Window,
)
from retrieval.errors import shortened
from retrieval.stream_clock import StreamClock


class VideoStatus(StrEnum):
    """How far a video is; only ``indexed`` ones are searched."""

    INDEXING = "indexing"
    INDEXED = "indexed"
    FAILED = "failed"
    REMOVING = "removing"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a video could not be indexed: an error's code and message, which is shortened if it is very long."""

    code: str
    message: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", shortened(self.message))


@dataclass(frozen=True, slots=True)
class VideoFile:
    """Where the content of a video lies, and how the file was when it was read.

    ``sidecars`` has the hash of each subtitle file beside it, by what its name has after the file's own stem;
    None where nobody noted them.
    """

    path: str
    size_bytes: int
    modified_ns: int
    sidecars: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class VideoRecord:
    """One video of the library. ``id`` is the first 16 hex digits of ``content_hash``.

    ``path`` is the first of its ``files``, which are none until it is indexed or failed. ``failure`` is why the last
    attempt to index it failed, ``failed_at`` when; one that was to be indexed again has them beside what it had.
    ``encoders`` names the space of each lane, ``windows`` counts the index units and ``index_s`` is how
    long indexing took. Figures are None until they are known. ``was_changing`` says that its file was not the same
    before and after it was read, so that what is indexed is not surely what was hashed. ``sound_track`` is the index of
    the stream that was listened to, where it is not the one that players start with.
    """

    id: str
    content_hash: str
    path: str
    title: str
    size_bytes: int
    modified_ns: int
    status: VideoStatus = VideoStatus.INDEXING
    duration_s: float | None = None
    width: int | None = None
    height: int | None = None
    profile: Profile | None = None
    encoders: Mapping[Lane, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    failure: Failure | None = None
    failed_at: datetime | None = None
    windows: int = 0
    index_s: float | None = None
    indexed_at: datetime | None = None
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    tags: tuple[str, ...] = ()
    recorded_at: datetime | None = None
    has_sound: bool | None = None
    files: tuple[VideoFile, ...] = ()
    was_changing: bool = False
    sound_track: int | None = None
    clock: StreamClock | None = None
    """How the file's timestamps run, where they start over or leap; None for all others."""
    vectors: Mapping[Lane, int] = field(default_factory=dict)
    """How many vectors each lane was given; lanes are missing where nobody counted."""
    construction: int | None = None
    """Which way of indexing made it, see ``retrieval.lanes.outdated.CONSTRUCTION``; None from before it was noted."""

    @property
    def paths(self) -> tuple[str, ...]:
        """Everywhere that its content lies, ``path`` first."""
        return tuple(file.path for file in self.files) or (self.path,)

    @property
    def has_picture(self) -> bool:
        return self.width is not None


@dataclass(frozen=True, slots=True)
class Made:
    """So many indexed ``videos`` were made in one and the same way."""

    encoders: Mapping[Lane, str]
    construction: int | None
    profile: Profile | None
    videos: int


SPOKEN_SINCE = 3
"""The construction from which the index tells what is spoken during each of its units, and by whom."""


@dataclass(frozen=True, slots=True)
class VideoEdit:
    """What a person writes about a video: the ``fields`` named, which indexing again leaves as they are.

    A title or time of None is that of the file again; ``tags`` take the place of all there were.
    """

    fields: frozenset[Literal["title", "recorded_at", "tags"]]
    title: str | None = None
    recorded_at: datetime | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VideoWindow:
    """A window as the catalog keeps it: with the time of its best frame and what the frame shows."""

    window: Window
    frame_s: float | None = None
    labels: tuple[Label, ...] = ()


@dataclass(frozen=True, slots=True)
class VideoContents:
    """All that indexing found in one video, in time order; a segment's ordinal is its position here."""

    shots: tuple[Shot, ...] = ()
    windows: tuple[VideoWindow, ...] = ()
    segments: tuple[Segment, ...] = ()
    screen_texts: tuple[ScreenText, ...] = ()
    sound_events: tuple[SoundEvent, ...] = ()
    voices: tuple[Voice, ...] = ()

    def lines(self, kind: LineKind) -> tuple[Line, ...]:
        """Its lines of that kind."""
        match kind:
            case Timed.SEGMENTS:
                return self.segments
            case Timed.SCREEN_TEXTS:
                return self.screen_texts

    def by_nobody(self) -> "VideoContents":
        """The same without any word of whose voices are heard."""
        return replace(self, segments=tuple(replace(segment, speaker=None) for segment in self.segments), voices=())


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of one video."""

    video_id: str
    span: Span


@dataclass(frozen=True, slots=True)
class Proposal:
    """The name of a like voice of another video, whose ``similarity`` is their cosine; a person says if it is right."""

    name: str
    video_id: str
    title: str
    similarity: float


@dataclass(frozen=True, slots=True)
class KnownVoice:
    """A voice of a video, with how long it speaks and how sure it is, 0 to 1, that these words are its own."""

    video_id: str
    title: str
    speaker: Speaker
    speech_s: float
    certainty: float
    proposal: Proposal | None = None


@dataclass(frozen=True, slots=True)
class VoicePage:
    """Some voices, those of the newest video first, and where the next ones start, None at the end."""

    voices: tuple[KnownVoice, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """A person's verdict on a moment that a search returned; ``lane`` is what the verdict is about, if known."""

    id: int
    query: str
    video_id: str
    span: Span
    lane: Lane | None
    is_right: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret; ``shown`` is how it starts, to tell keys apart. ``expires_at`` None is never."""

    id: int
    name: str
    shown: str
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class JudgementPage:
    """Some verdicts, oldest first, and where the next ones start; ``next_cursor`` is None at the end."""

    judgements: tuple[Judgement, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class VideoPage:
    """Some videos, newest first, and where the next ones start; ``next_cursor`` is None at the end."""

    videos: tuple[VideoRecord, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Totals:
    """How much is indexed."""

    videos: int
    duration_s: float
    windows: int


@dataclass(frozen=True, slots=True)
class SpokenLanguage:
    """A language, how many of the indexed videos it is spoken in, and for how long in all of them."""

    language: str
    videos: int
    speech_s: float


@dataclass(frozen=True, slots=True)
class NamedSpeaker:
    """A name that somebody gave, how many of the indexed videos its voices speak in, and for how long."""

    name: str
    videos: int
    speech_s: float
