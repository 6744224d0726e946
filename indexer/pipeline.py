"""A video becomes searchable: decode it once, look, listen, transcribe, tell the speakers apart, read, publish.

The only file that knows the order of the steps. Each step leaves what it made in the video's work folder
and is run through ``step``, which a durable workflow uses to skip what an earlier, killed run had finished.
"""

import shutil
import time
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from indexer.intake.addition import Addition, Origin
from indexer.intake.addresses import check_url
from indexer.intake.download import download
from indexer.intake.identify import IdentifiedFile, identify
from indexer.job_files import describe, drop, drop_copies, keep_failure, record_of
from indexer.media.apart import decode, probe, read_subtitles
from indexer.media.decode import DecodeOptions
from indexer.media.decoded import Decoded
from indexer.media.indexed_file import FileState, file_now, files_of, gone_paths, indexed_file, state_of
from indexer.outcome import Identified, Outcome, Status
from indexer.settings import IndexSettings
from indexer.steps.publish import STILL_WRITTEN, publish
from indexer.steps.renew import known_video, renew, retire_spaces, what_to_redo
from indexer.steps.stages import Cuts, cuts_of, hear, listen, look, read, tell
from indexer.steps.work_folder import Artefacts
from retrieval.domain import Lane
from retrieval.encoders.profiles import Encoders
from retrieval.errors import MomentsError, VideoFileChangedError
from retrieval.lanes.outdated import WHOLE, Redo, own_spaces, redo_of
from retrieval.storage.library import Library
from retrieval.storage.promises import Promises
from retrieval.storage.records import Failure, VideoRecord, VideoStatus
from retrieval.storage.room import require_room

T = TypeVar("T")


class Step(Protocol):
    """Runs one named step, or returns what it returned when it was run before."""

    def __call__(self, name: str, run: Callable[[], T]) -> T: ...


ReportStage = Callable[[str, float], None]
"""Called with a step's name and the share of it that is done, 0 to 1; raises Cancelled or Stopped to end the run."""

ReportIdentity = Callable[[str, float | None], None]
"""Called with the video's id, and with how long its header says it is, as soon as they are known."""


class Cancelled(Exception):  # noqa: N818
    """A run was told to stop; it leaves nothing behind."""


class Stopped(BaseException):
    """The process ends in which a run is; the run leaves everything as it is, and goes on in another."""


FETCH = "fetch"
"""The step before all others, of what is added by its address."""

STEPS: Mapping[str, float] = {
    "identify": 0.2,
    "decode": 3.0,
    "look": 4.0,
    "listen": 0.5,
    "transcribe": 6.0,
    "speakers": 1.0,
    "read": 4.0,
    "publish": 0.5,
}
"""The steps in order, with roughly how long each takes beside the others."""


ALWAYS = ("identify", "decode", "publish")
LANE_STEPS: Mapping[Lane, tuple[str, ...]] = {
    Lane.VISUAL: ("look",),
    Lane.SOUND: ("listen",),
    Lane.SPEECH: ("transcribe", "speakers"),
    Lane.SCREEN: ("read",),
}
"""What of the steps is done ``ALWAYS``, and what for each lane alone."""

_SEEN = frozenset({Lane.VISUAL, Lane.SCREEN})
_HEARD = frozenset({Lane.SOUND, Lane.SPEECH})
"""Lanes for which nothing but the picture, or nothing but the sound, is decoded."""


class Indexer:
    """Puts files into one library with the encoders of one profile."""

    def __init__(self, library: Library, encoders: Encoders, settings: IndexSettings) -> None:
        self._library = library
        self._encoders = encoders
        self._settings = settings

    def index(self, job_id: str, addition: Addition, step: Step, report: ReportStage, found: ReportIdentity) -> Outcome:
        """Index one video. One that cannot be indexed is a failed outcome, and is in the library with its failure.

        Raises Cancelled if ``report`` does; the library is then as if the video had never been added.
        """
        report = self._while_there_is_room(report)
        if addition.video is not None:
            return self._reindex(addition.video, addition, step, report, found)
        own = self._library.folder.files_of(job_id)
        where, source, began_at = addition.where, None, time.time()
        try:
            is_here = addition.origin is not Origin.URL
            path = Path(addition.where) if is_here else self._fetch(addition.where, own, step, report)
            where, here = str(path), partial(report, "identify", 0.0)
            begun = Identified.from_dict(step("identify", lambda: self._identify(path, addition, here).as_dict()))
            source, began_at = begun.source, begun.began_at
            found(source.video_id, source.duration_s)
            with self._library.folder.working_on(source.video_id, lambda: report("identify", 1.0)) as waited:
                unchanged = begun.unchanged
                if unchanged is None and waited:
                    unchanged = self._identify(path, addition, here).unchanged
                if unchanged is not None:
                    return self._without_copy(unchanged, own)
                return self._index(begun, addition, step, report)
        except MomentsError as error:
            failed = Outcome(
                where,
                None,
                Status.FAILED,
                seconds=time.time() - began_at,
                failure=Failure(error.code, error.message),
            )
            # Of a file that was replaced meanwhile nothing is left that could fail.
            is_gone = isinstance(error, VideoFileChangedError)
            return failed if is_gone else self.keep_failure(job_id, addition, failed, source)
        except Cancelled:
            self.drop(job_id)
            raise

    def _reindex(
        self, video_id: str, addition: Addition, step: Step, report: ReportStage, found: ReportIdentity
    ) -> Outcome:
        """Make anew what is outdated of a video, which stays as it is, and as searchable, where that fails."""
        waiting = partial(report, "identify", 0.0)
        try:
            with self._library.folder.working_on(video_id, waiting):
                begun = Identified.from_dict(
                    step("identify", lambda: self._known(video_id, addition, waiting).as_dict())
                )
                found(video_id, begun.source.duration_s)
                if begun.unchanged is not None:
                    return begun.unchanged
                return self._index(begun, addition, step, report)
        except MomentsError as error:
            # Its failure is shown with no video: the job alone tells of it, and can be tried again.
            return Outcome(addition.where, None, Status.FAILED, failure=Failure(error.code, error.message))

    def _known(self, video_id: str, addition: Addition, waiting: Callable[[], None]) -> Identified:
        """The video's file, as far as one is needed, and what of it is to be made anew; if nothing is, that outcome."""
        record, began_at = known_video(self._library, video_id), time.time()
        redo = what_to_redo(record, self._encoders, addition.lanes or tuple(Lane))
        if redo.found - LANE_STEPS.keys():
            redo = WHOLE
        path = record.path
        if redo.cuts or redo.found:
            path = str(indexed_file(self._library.catalog, record, self._library.roots))
        if redo.cuts:
            return Identified(identify(Path(path), waiting, self._library.roots), None, False, began_at)
        file = next((file for file in files_of(record) if file.path == path), files_of(record)[0])
        source = IdentifiedFile(
            path, record.content_hash, file.size_bytes, file.modified_ns, duration_s=record.duration_s
        )
        unchanged = None if redo.lanes else self._unchanged(record, path)
        return Identified(source, unchanged, False, began_at, redo)

    def _while_there_is_room(self, report: ReportStage) -> ReportStage:
        """The report, which also ends a run on a disk that is about to be full, so that its end can be written."""

        def checked(stage: str, share: float) -> None:
            report(stage, share)
            require_room(self._library.folder.path, 0, f"indexing, in step {stage},")

        return checked

    def check(self, addition: Addition) -> None:
        """Refuse an address that cannot be fetched from. Raises InputError or UrlNotAllowedError."""
        if addition.origin is Origin.URL:
            check_url(addition.where, allow_private=self._settings.allow_private_urls)

    def keep_failure(
        self, job_id: str, addition: Addition, failed: Outcome, source: IdentifiedFile | None = None
    ) -> Outcome:
        """The outcome with the video that the failure is shown with; of what could not be read, there is none.

        A file that came for the job is kept with its video, to be tried again or removed.
        """
        if addition.video is not None:
            return failed
        return keep_failure(self._library, job_id, addition, failed, source)

    def drop(self, job_id: str) -> None:
        """Delete the file that came for a job, if one did and it is in no indexed video's use."""
        drop(self._library, job_id)

    def _index(self, begun: Identified, addition: Addition, step: Step, report: ReportStage) -> Outcome:
        """What became of a video that is indexed, or of which only some is made anew."""
        source, redo = begun.source, begun.redo
        artefacts = Artefacts(self._library.folder.work_dir(source.video_id))
        told = {name: partial(report, name) for name in STEPS}
        try:
            if redo is None:
                self._find(artefacts, source, WHOLE.found, None, step, told)
            elif redo.found:
                self._find(artefacts, source, redo.found, self._kept_cuts(source.video_id), step, told)
            published = step("publish", lambda: self._publish(begun, addition, artefacts, told["publish"]).as_dict())
            report("publish", 1.0)
        except MomentsError:
            artefacts.clear()
            raise
        except Cancelled:
            artefacts.clear()
            if begun.is_new and self._library.catalog.get(source.video_id) is not None:
                self._library.remove_video(source.video_id)
            raise
        artefacts.clear()
        return Outcome.from_dict(published)

    def _find(
        self,
        artefacts: Artefacts,
        source: IdentifiedFile,
        lanes: AbstractSet[Lane],
        kept: Cuts | None,
        step: Step,
        told: Mapping[str, Callable[[float], None]],
    ) -> None:
        """Decode the file once, and find in it what belongs to these lanes; ``kept`` is how it is cut already."""
        models, window_s = self._encoders, self._settings.window_s

        def cut(decoded: Decoded) -> Cuts:
            return kept or cuts_of(decoded, window_s)

        step("decode", lambda: self._decode(source, artefacts, lanes, told["decode"], is_cut=kept is not None))
        if Lane.VISUAL in lanes:
            step("look", lambda: look(artefacts, models.visual, cut, told["look"]))
        if Lane.SOUND in lanes:
            step("listen", lambda: listen(artefacts, models.sound, cut, told["listen"]))
        if Lane.SPEECH in lanes:
            step(
                "transcribe",
                lambda: hear(
                    artefacts,
                    models.transcriber,
                    models.voice_activity,
                    told["transcribe"],
                    translate=models.spec(Lane.SPEECH).knows_english_only,
                ),
            )
            step("speakers", lambda: self._tell(artefacts, told["speakers"]))
        if Lane.SCREEN in lanes:
            step("read", lambda: read(artefacts, models.screen_reader, cut, told["read"]))

    def _kept_cuts(self, video_id: str) -> Cuts:
        contents = self._library.catalog.contents.of(video_id)
        return Cuts(contents.shots, tuple(kept.window for kept in contents.windows))

    def _tell(self, artefacts: Artefacts, report: Callable[[float], None]) -> None:
        if self._settings.speakers:
            tell(artefacts, self._encoders.voice_encoder, self._encoders.voice_activity, report)

    def _fetch(self, url: str, folder: Path, step: Step, report: ReportStage) -> Path:
        fetched = step(
            FETCH,
            lambda: str(
                download(
                    url,
                    folder,
                    max_bytes=self._settings.max_upload_bytes,
                    allow_private=self._settings.allow_private_urls,
                    report=partial(report, FETCH),
                    promises=Promises(self._library.folder.path),
                )
            ),
        )
        return Path(fetched)

    def _without_copy(self, unchanged: Outcome, own: Path) -> Outcome:
        """The outcome, with the file that is kept: what came again and lies here already is deleted."""
        known = self._library.catalog.resolve(unchanged.video_id or "")
        if not own.exists() or any(Path(path).parent == own for path in known.paths):
            return unchanged
        shutil.rmtree(own, ignore_errors=True)
        return replace(unchanged, path=known.path)

    def _identify(self, path: Path, addition: Addition, waiting: Callable[[], None]) -> Identified:
        """The file's identity and, if it is indexed by these encoders already, that outcome."""
        source = identify(path, waiting, self._library.roots)
        known = self._library.catalog.get(source.video_id)
        unchanged = None
        if known is not None and not addition.again and self._is_indexed(known, source):
            # What was written since it was hashed is no path of this content: another may have it already.
            is_settled = file_now(source.path) == replace(source.file, sidecars=None)
            if is_settled and (addition.origin is Origin.PATH or not self._has_file(known)):
                self._library.catalog.add_file(known.id, source.file, forget=gone_paths(known))
                self._library.sweep()
            describe(self._library, known, addition)
            unchanged = self._unchanged(known, source.path)
            if not is_settled:
                unchanged = replace(unchanged, warnings=(*known.warnings, STILL_WRITTEN))
        return Identified(source, unchanged, known is None, time.time())

    def _unchanged(self, known: VideoRecord, path: str) -> Outcome:
        """The outcome of a video that stays as it is, with what of it wants to be reindexed."""
        outdated = redo_of(known.encoders, known.construction, own_spaces(self._encoders)).lanes
        return Outcome(
            path,
            known.id,
            Status.UNCHANGED,
            duration_s=known.duration_s,
            windows=known.windows,
            warnings=known.warnings,
            outdated=tuple(lane for lane in Lane if lane in outdated),
        )

    def _is_indexed(self, known: VideoRecord, source: IdentifiedFile) -> bool:
        """Whether the video is indexed, by whichever version, with the subtitles that lie beside the file now."""
        if known.status is not VideoStatus.INDEXED:
            return False
        if known.was_changing or known.failure is not None:
            return False
        noted = next((file.sidecars for file in known.files if file.path == source.path), None)
        if noted is not None:
            return source.sidecars == noted
        # A copy that is new, or indexed before subtitles were noted: unless it brings what none of the others had.
        return not source.sidecars or source.sidecars in [file.sidecars for file in known.files]

    def _has_file(self, known: VideoRecord) -> bool:
        catalog = self._library.catalog
        return any(state_of(catalog, known, file, self._library.roots) is FileState.SAME for file in files_of(known))

    def _decode(
        self,
        source: IdentifiedFile,
        artefacts: Artefacts,
        lanes: AbstractSet[Lane],
        report: Callable[[float], None],
        *,
        is_cut: bool,
    ) -> None:
        """Decode what is needed for these lanes, on the clock and of the length of before where it is cut already."""
        info = probe(Path(source.path), partial(report, 0.0), roots=self._library.roots)
        expected_s = max(info.duration_s or 0.0, 1.0)
        options = DecodeOptions(
            fps=self._settings.sample_fps,
            longest_s=self._settings.max_video_hours * 3600.0,
            skip=self._settings.skip,
            pictures=not lanes <= _HEARD,
            readable=Lane.SCREEN in lanes,
            sounds=not lanes <= _SEEN,
        )
        artefacts.clear()
        decoded = decode(
            info,
            artefacts.decode_folder,
            self._settings,
            on_progress=lambda done_s: report(min(1.0, done_s / expected_s)),
            options=options,
        )
        if is_cut:
            decoded = replace(decoded, duration_s=source.duration_s or decoded.duration_s)
            decoded.save()
        if Lane.SPEECH not in lanes:
            return
        subtitles = read_subtitles(info, self._settings, partial(report, 1.0))
        artefacts.save_lines("subtitles", subtitles.said)
        artefacts.save_lines("subtitles_beside", subtitles.beside)
        replace(decoded, warnings=(*decoded.warnings, *subtitles.warnings)).save()

    def _publish(
        self, begun: Identified, addition: Addition, artefacts: Artefacts, report: Callable[[float], None]
    ) -> Outcome:
        source = begun.source
        if begun.redo is not None:
            return self._renew(begun, begun.redo, artefacts, report)
        record = replace(record_of(source), profile=self._encoders.profile, encoders=own_spaces(self._encoders))
        kept = publish(
            self._library,
            self._encoders,
            artefacts,
            record,
            self._settings.window_s,
            begun.began_at,
            report,
            speakers=self._settings.speakers,
        )
        describe(self._library, kept, addition)
        drop_copies(self._library, kept, source.path)
        self._library.sweep()
        with self._library.vectors() as store:
            retire_spaces(self._library, store, self._encoders, tuple(Lane))
        return Outcome(
            source.path,
            kept.id,
            Status.REINDEXED if addition.again and not begun.is_new else Status.INDEXED,
            duration_s=kept.duration_s,
            seconds=kept.index_s or 0.0,
            windows=kept.windows,
            warnings=kept.warnings,
        )

    def _renew(self, begun: Identified, redo: Redo, artefacts: Artefacts, report: Callable[[float], None]) -> Outcome:
        kept = renew(
            self._library,
            self._encoders,
            artefacts,
            begun.source.video_id,
            redo,
            report,
            speakers=self._settings.speakers,
        )
        return Outcome(
            begun.source.path,
            kept.id,
            Status.REINDEXED,
            duration_s=kept.duration_s,
            seconds=time.time() - begun.began_at,
            windows=kept.windows,
            warnings=kept.warnings,
            lanes=tuple(lane for lane in Lane if lane in redo.lanes),
        )
