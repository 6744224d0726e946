"""What indexing found inside videos, read by ordinal or by time for many moments at once."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar, cast

from sqlalchemy import Engine, TextualSelect, and_, func, inspect, or_, select, text

from retrieval.domain import Line, LineKind, ScreenText, Segment, Shot, SoundEvent, Span, Timed, Voice
from retrieval.storage.database import reading
from retrieval.storage.records import Place, VideoContents, VideoWindow
from retrieval.storage.rows import screen_text_of, segment_of, shot_of, sound_event_of, voice_of, window_of
from retrieval.storage.tables import (
    ScreenTextRow,
    SegmentRow,
    ShotRow,
    SoundEventRow,
    TimedColumns,
    VideoRow,
    VoiceRow,
    WindowRow,
)

Key = tuple[str, int]
"""A video's id and an ordinal in it, as a point of the vector store carries them."""

_WHOLE = Span(0.0, math.inf)
_CHUNK = 200
"""Keys or places per statement: databases bound the parameters and the depth of one."""
_ROWS_AT_ONCE = 10_000

Row = TypeVar("Row", bound=TimedColumns)
Value = TypeVar("Value")


class Contents:
    """Reads the contents of indexed videos: a few statements per call, however many keys or places.

    ``…_at`` answers by key and leaves out keys that do not exist; ``…_during`` answers with one tuple
    per place, in the order of the places, of what touches it, in time order.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, video_id: str) -> VideoContents:
        """Everything found in one video."""
        whole = [Place(video_id, _WHOLE)]
        return VideoContents(
            shots=self.shots_during(whole)[0],
            windows=self.windows_during(whole)[0],
            segments=self.segments_during(whole)[0],
            screen_texts=self.screen_texts_during(whole)[0],
            sound_events=self.sound_events_during(whole)[0],
            voices=self.voices_of(video_id),
        )

    def segments_of(self, video_id: str) -> tuple[Segment, ...]:
        """What is said in one video."""
        return self.segments_during([Place(video_id, _WHOLE)])[0]

    def voices_of(self, video_id: str) -> tuple[Voice, ...]:
        """The voices of one video, by number."""
        statement = select(VoiceRow).where(VoiceRow.video_id == video_id).order_by(VoiceRow.number)
        with reading(self._engine) as session:
            return tuple(voice_of(row) for row in session.scalars(statement))

    def words_said_and_shown(self) -> Iterator[str]:
        """Every line of speech, every screen text and every title, in no order."""
        title = func.coalesce(VideoRow.given_title, VideoRow.title)
        with reading(self._engine) as session:
            for column in (SegmentRow.text, ScreenTextRow.text, title):
                yield from session.scalars(select(column).execution_options(yield_per=_ROWS_AT_ONCE))

    def windows_at(self, keys: Iterable[Key]) -> dict[Key, VideoWindow]:
        return self._at(WindowRow, window_of, keys)

    def segments_at(self, keys: Iterable[Key]) -> dict[Key, Segment]:
        return self._at(SegmentRow, segment_of, keys)

    def screen_texts_at(self, keys: Iterable[Key]) -> dict[Key, ScreenText]:
        return self._at(ScreenTextRow, screen_text_of, keys)

    def shots_during(self, places: Sequence[Place]) -> list[tuple[Shot, ...]]:
        return self._during(ShotRow, shot_of, places)

    def windows_during(self, places: Sequence[Place]) -> list[tuple[VideoWindow, ...]]:
        return self._during(WindowRow, window_of, places)

    def segments_during(self, places: Sequence[Place]) -> list[tuple[Segment, ...]]:
        return self._during(SegmentRow, segment_of, places)

    def screen_texts_during(self, places: Sequence[Place]) -> list[tuple[ScreenText, ...]]:
        return self._during(ScreenTextRow, screen_text_of, places)

    def sound_events_during(self, places: Sequence[Place]) -> list[tuple[SoundEvent, ...]]:
        return self._during(SoundEventRow, sound_event_of, places)

    def lines_at(self, kind: LineKind, keys: Iterable[Key]) -> Mapping[Key, Line]:
        match kind:
            case Timed.SEGMENTS:
                return self.segments_at(keys)
            case Timed.SCREEN_TEXTS:
                return self.screen_texts_at(keys)

    def spans_during(self, kind: Timed, places: Sequence[Place]) -> list[tuple[Span, ...]]:
        """The spans alone, of things of any kind."""
        found: Sequence[Sequence[Shot | Line | SoundEvent]]
        match kind:
            case Timed.SHOTS:
                found = self.shots_during(places)
            case Timed.SEGMENTS:
                found = self.segments_during(places)
            case Timed.SCREEN_TEXTS:
                found = self.screen_texts_during(places)
            case Timed.SOUND_EVENTS:
                found = self.sound_events_during(places)
        return [tuple(thing.span for thing in there) for there in found]

    def _at(self, table: type[Row], value_of: Callable[[Row], Value], keys: Iterable[Key]) -> dict[Key, Value]:
        found: dict[Key, Value] = {}
        rest = iter(set(keys))
        with reading(self._engine) as session:
            while chunk := list(islice(rest, _CHUNK)):
                rows = session.execute(_of_keys(table, chunk))
                found |= {(row.video_id, row.ordinal): value_of(cast(Row, row)) for row in rows}
        return found

    def _during(
        self, table: type[Row], value_of: Callable[[Row], Value], places: Sequence[Place]
    ) -> list[tuple[Value, ...]]:
        by_video: dict[str, list[tuple[Span, Value]]] = defaultdict(list)
        with reading(self._engine) as session:
            for start in range(0, len(places), _CHUNK):
                spans: dict[str, set[Span]] = defaultdict(set)
                for place in places[start : start + _CHUNK]:
                    spans[place.video_id].add(place.span)
                touches = [
                    and_(
                        table.video_id == video_id,
                        or_(*(and_(table.start_s < span.end_s, table.end_s > span.start_s) for span in wanted)),
                    )
                    for video_id, wanted in spans.items()
                ]
                statement = select(table).where(or_(*touches)).order_by(table.video_id, table.ordinal)
                for row in session.scalars(statement):
                    by_video[row.video_id].append((Span(row.start_s, row.end_s), value_of(row)))
        return [
            tuple(value for span, value in by_video[place.video_id] if _touches(span, place.span)) for place in places
        ]


def _of_keys(table: type[TimedColumns], keys: Iterable[Key]) -> TextualSelect:
    """The rows with these keys, as text: SQLAlchemy would take ten times as long to write it as it takes to run.

    Video by video, for SQLite reads the whole table to find pairs.
    """
    ordinals: dict[str, list[int]] = defaultdict(list)
    for video_id, ordinal in keys:
        ordinals[video_id].append(int(ordinal))
    wanted = [
        f"(video_id = :v{number} AND ordinal IN ({', '.join(map(str, those))}))"
        for number, those in enumerate(ordinals.values())
    ]
    columns = inspect(table).columns
    names = ", ".join(column.name for column in columns)
    statement = text(f"SELECT {names} FROM {inspect(table).local_table.name} WHERE {' OR '.join(wanted)}")
    return statement.bindparams(**{f"v{number}": video_id for number, video_id in enumerate(ordinals)}).columns(
        *columns
    )


def _touches(span: Span, other: Span) -> bool:
    """What the statement asks for, in Python: an event without length counts, unlike in ``overlap_s``."""
    return span.start_s < other.end_s and span.end_s > other.start_s
