"""The library's videos in SQL: what is indexed, from which file, by which encoders, with which tags."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import TypeVar

from sqlalchemy import Engine, Select, String, cast, delete, func, insert, select, update
from sqlalchemy.orm import Session

from retrieval.domain import Profile
from retrieval.encoders.base import EncoderSpec
from retrieval.errors import VideoNotFoundError
from retrieval.path_text import composed
from retrieval.storage import cursors, failures, paths, selection, voices
from retrieval.storage.api_keys import ApiKeys
from retrieval.storage.contents import Contents
from retrieval.storage.database import reading, writing
from retrieval.storage.judgements import Judgements
from retrieval.storage.records import (
    Failure,
    Made,
    Totals,
    VideoContents,
    VideoEdit,
    VideoFile,
    VideoPage,
    VideoRecord,
    VideoStatus,
)
from retrieval.storage.rows import (
    CONTENT_TABLES,
    content_values,
    encoders_of,
    language_values,
    space_of,
    space_values,
    video_of,
    video_values,
)
from retrieval.storage.speech import SpeechTotals
from retrieval.storage.tables import SpaceRow, SpokenLanguageRow, TagRow, VideoPathRow, VideoRow
from retrieval.storage.voices import Voices
from retrieval.video_filter import ALL_VIDEOS, VideoFilter

_CHUNK = 500

Value = TypeVar("Value")


class Catalog:
    """Videos, tags and spaces; ``contents`` reads what was found inside the videos, ``voices`` who speaks in them.

    ``judgements`` keeps what people say of moments in them, ``api_keys`` who may ask a server, ``speech`` sums up what
    is spoken.

    Every method is one short transaction, or none of it happened. Writing about a video that does not
    exist raises VideoNotFoundError.
    """

    def __init__(self, engine: Engine) -> None:
        self.contents = Contents(engine)
        self.judgements = Judgements(engine)
        self.voices = Voices(engine)
        self.api_keys = ApiKeys(engine)
        self.speech = SpeechTotals(engine)
        self._engine = engine

    def close(self) -> None:
        """Close the connections; the catalog is not used afterwards."""
        self._engine.dispose()

    def upsert(self, record: VideoRecord) -> None:
        """Write the video's row. Tags, files and the time of creation of a row that is there stay as they are."""
        with writing(self._engine) as session:
            self._store(session, record)

    def publish(
        self,
        record: VideoRecord,
        contents: VideoContents,
        *,
        forget: Collection[str] = (),
        changed_to: VideoFile | None = None,
    ) -> VideoRecord:
        """The record as stored: indexed now, with these contents instead of any earlier ones.

        A voice that it had before, or that the video had whose path it takes, keeps its name.

        The file that it was read from, the first of its ``files``, is its own from now on: a video that was there
        before and lies nowhere else is being removed. Paths to ``forget`` are its own no more. ``changed_to`` is
        how the file is now, where it is not what was read any more; raises VideoFileChangedError if another video
        was made of that, and this one lies nowhere else.
        """
        indexed = replace(
            record,
            status=VideoStatus.INDEXED,
            failure=None,
            failed_at=None,
            windows=len(contents.windows),
            indexed_at=datetime.now(UTC),
        )
        file = record.files[0] if record.files else VideoFile(record.path, record.size_bytes, record.modified_ns)
        with self._writing_paths() as session:
            row = self._store(session, indexed)
            session.flush()
            if changed_to is None or not paths.yield_path(session, row, changed_to):
                paths.claim(session, row, file, forget)
            for table in CONTENT_TABLES:
                session.execute(delete(table).where(table.video_id == record.id))
            for rows_of, values in content_values(record.id, contents):
                session.execute(insert(rows_of), values)
            self._keep_spoken(session, row, contents)
            return self._records(session, [row])[0]

    def renew(self, record: VideoRecord, kept: VideoContents, contents: VideoContents) -> VideoRecord:
        """The record as stored, with these contents where they are others than ``kept``, which it had.

        Its spaces, counts of vectors, profile and construction are written; all else of the video stays as it is. Where
        voices are others, one that it had before keeps its name. Raises VideoNotFoundError also for one that is not
        indexed any more.
        """
        before = dict(content_values(record.id, kept))
        with writing(self._engine) as session:
            row = self._row(session, record.id)
            if row.status != VideoStatus.INDEXED.value:
                raise VideoNotFoundError(f"video {record.id} is {row.status}, and cannot be renewed")
            values = video_values(record)
            for column in ("encoders", "vectors", "profile", "construction"):
                setattr(row, column, values[column])
            row.error_code = row.error_message = row.failed_at = None
            row.indexed_at = datetime.now(UTC)
            after = dict(content_values(record.id, contents))
            for table in CONTENT_TABLES:
                if before.get(table) != after.get(table):
                    session.execute(delete(table).where(table.video_id == record.id))
                    if table in after:
                        session.execute(insert(table), after[table])
            if (kept.segments, kept.voices) != (contents.segments, contents.voices):
                self._keep_spoken(session, row, contents)
            session.flush()
            return self._records(session, [row])[0]

    def _keep_spoken(self, session: Session, row: VideoRow, contents: VideoContents) -> None:
        voices.keep(session, row, contents.voices)
        session.execute(delete(SpokenLanguageRow).where(SpokenLanguageRow.video_id == row.id))
        if languages := language_values(row.id, contents.segments):
            session.execute(insert(SpokenLanguageRow), languages)

    def set_status(self, video_id: str, status: VideoStatus) -> None:
        """Write the status."""
        with writing(self._engine) as session:
            self._row(session, video_id).status = status.value

    def note_failure(
        self, path: str, failure: Failure, content: VideoRecord | None, *, forget: Collection[str] = ()
    ) -> VideoRecord | None:
        """The video that the failure to index ``path`` is shown with from now on: None where there is none.

        ``content`` is what lies there, None if that could not be read. It is a video that failed, unless it is indexed
        already, and then stays so with the failure beside it. So does an indexed video whose file was replaced by what
        could not be indexed or read: the failure is told of it, and it lies there still, as far as it is known.
        Paths to ``forget`` are the content's no more.
        """
        with self._writing_paths() as session:
            row = failures.note(session, path, failure, content, forget)
            if row is None:
                return None
            session.flush()
            return self._records(session, [row])[0]

    def add_file(self, video_id: str, file: VideoFile, *, forget: Collection[str] = ()) -> None:
        """The content of the video lies here, too, and at the paths to ``forget`` no more.

        Whose file it was loses the path, and is being removed if it lies nowhere else.
        """
        with self._writing_paths() as session:
            paths.claim(session, self._row(session, video_id), file, forget)

    def forget_paths(self, video_id: str, gone: Collection[str]) -> None:
        """The video lies at these paths no more; the last path of a video stays."""
        with self._writing_paths() as session:
            paths.forget(session, self._row(session, video_id), gone)

    def note_time(self, video_id: str, file: VideoFile) -> None:
        """Write when the file of the video was changed last, where it still is the video's."""
        statement = update(VideoPathRow).where(VideoPathRow.path == file.path, VideoPathRow.video_id == video_id)
        with self._writing_paths() as session:
            session.execute(statement.values(modified_ns=file.modified_ns))

    def edit(self, video_id: str, edit: VideoEdit) -> VideoRecord:
        """The record as a person wants it from now on, also after the file is indexed again."""
        with writing(self._engine) as session:
            row = self._row(session, video_id)
            if "title" in edit.fields:
                row.given_title = None if edit.title is None else composed(edit.title)
            if "recorded_at" in edit.fields:
                row.given_recorded_at = edit.recorded_at
            if "tags" in edit.fields:
                _write_tags(session, video_id, edit.tags)
            session.flush()
            return self._records(session, [row])[0]

    def remove(self, video_id: str) -> None:
        """Delete the video with all its contents and tags; a missing one is fine."""
        with self._writing_paths() as session:
            session.execute(delete(VideoRow).where(VideoRow.id == video_id))

    def get(self, video_id: str) -> VideoRecord | None:
        return self.get_many([video_id]).get(video_id)

    def get_many(self, video_ids: Iterable[str]) -> Mapping[str, VideoRecord]:
        """Records by id; ids that do not exist are left out."""
        found: dict[str, VideoRecord] = {}
        rest = iter(set(video_ids))
        while chunk := list(islice(rest, _CHUNK)):
            found |= {record.id: record for record in self._read(select(VideoRow).where(VideoRow.id.in_(chunk)))}
        return found

    def at_path(self, path: str) -> list[VideoRecord]:
        """The video whose file is at this path, or those that are to come from it, newest first."""
        statement = select(VideoPathRow.video_id).where(VideoPathRow.path == path)
        here = self._read(select(VideoRow).where(VideoRow.id.in_(statement)))
        return here or self._read(select(VideoRow).where(VideoRow.path == path).order_by(*selection.NEWEST_FIRST))

    def resolve(self, reference: str) -> VideoRecord:
        """The one video that a user means by an id, the start of an id, a path, or the end of a path.

        Raises VideoNotFoundError if there is none, InputError if there are several.
        """
        with reading(self._engine) as session:
            [video_id] = selection.named(session, [reference])
        return _found(self.get(video_id), video_id)

    def videos(
        self,
        limit: int,
        where: VideoFilter = ALL_VIDEOS,
        *,
        cursor: str | None = None,
        status: VideoStatus | None = None,
        failed: bool = False,
        words: str = "",
    ) -> VideoPage:
        """At most ``limit`` videos that the filter means, newest first, from the ``next_cursor`` of the page before.

        With ``failed``, only those whose last indexing failed, searched or not. ``words`` must all stand in a video's
        title or path. Where the filter is about paths, the ``path`` of each is one that matches. Raises as ``ids``.
        """
        after = None if cursor is None else cursors.decode(cursor)
        self._require_speakers(where)
        with reading(self._engine) as session:
            found = selection.page(session, where, limit + 1, status=status, failed=failed, words=words, after=after)
        page = found[:limit]
        records = self.get_many(match.video_id for match in page)
        by_path = bool(where.paths or where.path_globs)
        shown = tuple(
            replace(record, path=match.path) if by_path else record
            for match in page
            if (record := records.get(match.video_id)) is not None
        )
        more = len(found) > limit
        return VideoPage(shown, cursors.encode(page[-1].created_at, page[-1].video_id) if more else None)

    def ids(self, where: VideoFilter = ALL_VIDEOS, *, status: VideoStatus | None = None) -> frozenset[str]:
        """Ids of all videos that the filter means.

        Raises VideoNotFoundError for a video that it asks for by name and that does not exist, InputError for a name
        that several have, SpeakerNotFoundError for a speaker whom nobody named so.
        """
        self._require_speakers(where)
        with reading(self._engine) as session:
            return selection.ids(session, where, status)

    def searched(self, where: VideoFilter) -> frozenset[str]:
        """Ids of the indexed videos that a search with this filter goes through. Raises as ``ids``."""
        return self.ids(where, status=VideoStatus.INDEXED)

    def totals(self) -> Totals:
        """How many videos are indexed, how long they are together, and how many windows they have."""
        statement = select(func.count(), func.sum(VideoRow.duration_s), func.sum(VideoRow.windows)).where(
            VideoRow.status == VideoStatus.INDEXED.value
        )
        with reading(self._engine) as session:
            videos, duration_s, windows = session.execute(statement).one()
        return Totals(videos, duration_s or 0.0, windows or 0)

    def version(self) -> str:
        """Text that changes whenever a video is indexed, indexed again or removed."""
        statement = select(func.count(), func.max(VideoRow.indexed_at)).where(
            VideoRow.status == VideoStatus.INDEXED.value
        )
        with reading(self._engine) as session:
            videos, newest = session.execute(statement).one()
        return f"{videos} {newest}"

    def vector_totals(self) -> dict[str, int]:
        """How many vectors the indexed videos have in each space that they were written to, as far as was counted."""
        statement = select(VideoRow.encoders, VideoRow.vectors).where(VideoRow.status == VideoStatus.INDEXED.value)
        totals: dict[str, int] = defaultdict(int)
        with reading(self._engine) as session:
            for encoders, vectors in session.execute(statement):
                for lane, space in encoders.items():
                    totals[space] += (vectors or {}).get(lane, 0)
        return dict(totals)

    def made(self, video_ids: Collection[str] | None = None) -> list[Made]:
        """How many indexed videos, or of these, were made in each way."""
        # JSON as text, which every database can group by.
        columns = (cast(VideoRow.encoders, String), VideoRow.construction, VideoRow.profile)
        statement = select(*columns, func.count()).where(VideoRow.status == VideoStatus.INDEXED.value)
        chunks = [None] if video_ids is None else _chunks(sorted(video_ids))
        counts: dict[tuple[str, int | None, str | None], int] = defaultdict(int)
        with reading(self._engine) as session:
            for chunk in chunks:
                some = statement if chunk is None else statement.where(VideoRow.id.in_(chunk))
                for encoders, construction, profile, videos in session.execute(some.group_by(*columns)):
                    counts[encoders, construction, profile] += videos
        return [
            Made(encoders_of(encoders), construction, Profile(profile) if profile else None, videos)
            for (encoders, construction, profile), videos in counts.items()
        ]

    def add_space(self, spec: EncoderSpec) -> None:
        """Remember who makes the vectors of the space ``spec.space``; again is fine."""
        with writing(self._engine) as session:
            if session.get(SpaceRow, spec.space) is None:
                session.add(SpaceRow(**space_values(spec), created_at=datetime.now(UTC)))

    def spaces(self) -> list[EncoderSpec]:
        """Who made the vectors of each space, oldest space first."""
        with reading(self._engine) as session:
            return [space_of(row) for row in session.scalars(select(SpaceRow).order_by(SpaceRow.created_at))]

    def spaces_in_use(self) -> frozenset[str]:
        """The spaces that any video, however far it is, names as those of its vectors."""
        with reading(self._engine) as session:
            texts = session.scalars(select(cast(VideoRow.encoders, String)).distinct()).all()
        return frozenset(space for text in texts for space in encoders_of(text).values())

    def forget_space(self, name: str) -> None:
        """The space is no more; one that is not known is fine."""
        with writing(self._engine) as session:
            session.execute(delete(SpaceRow).where(SpaceRow.name == name))

    def voice_keys(self, names: Collection[str]) -> list[str]:
        """``VIDEO_ID:NUMBER`` of every voice with one of these names, however written, as points carry them.

        Raises SpeakerNotFoundError for a name that no voice has.
        """
        return self.voices.keys(names)

    def _require_speakers(self, where: VideoFilter) -> None:
        if where.speakers:
            self.voice_keys(where.speakers)

    @contextmanager
    def _writing_paths(self) -> Iterator[Session]:
        with writing(self._engine) as session:
            paths.lock_paths(session)
            yield session

    def _store(self, session: Session, record: VideoRecord) -> VideoRow:
        values = video_values(record)
        row = session.get(VideoRow, record.id)
        if row is None:
            row = VideoRow(**values)
            session.add(row)
        else:
            del values["created_at"]
            for column, value in values.items():
                setattr(row, column, value)
        return row

    def _row(self, session: Session, video_id: str) -> VideoRow:
        return _found(session.get(VideoRow, video_id), video_id)

    def _read(self, statement: Select[VideoRow]) -> list[VideoRecord]:
        with reading(self._engine) as session:
            return self._records(session, session.scalars(statement).all())

    def _records(self, session: Session, rows: Sequence[VideoRow]) -> list[VideoRecord]:
        tags: dict[str, list[str]] = defaultdict(list)
        files: dict[str, tuple[VideoFile, ...]] = {}
        for chunk in _chunks([row.id for row in rows]):
            for tag in session.scalars(select(TagRow).where(TagRow.video_id.in_(chunk)).order_by(TagRow.name)):
                tags[tag.video_id].append(tag.name)
            files |= paths.files_of(session, chunk)
        return [video_of(row, tuple(tags[row.id]), files.get(row.id, ())) for row in rows]


def _chunks(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK)]


def _found(thing: Value | None, video_id: str) -> Value:
    if thing is None:
        raise VideoNotFoundError(f"there is no video {video_id} in the catalog")
    return thing


def _write_tags(session: Session, video_id: str, tags: Iterable[str]) -> None:
    session.execute(delete(TagRow).where(TagRow.video_id == video_id))
    session.add_all(TagRow(video_id=video_id, name=name) for name in sorted(set(map(composed, tags))))
