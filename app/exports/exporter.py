"""Chosen moments in, one file out: what `POST /v1/exports` and `moments export` call."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from app.exports.chosen import Chosen, ChosenStretch, file_infos, look_up, with_files
from app.exports.clip_cache import ClipCache
from app.exports.ffmpeg_process import EncoderSlots
from app.exports.formats import FILE_KINDS, SOUND_ONLY, ExportFileType, ExportFormat, TextFormat
from app.exports.text import file_stem
from app.exports.timecode import Rate
from retrieval.domain import Gone, never
from retrieval.errors import InputError

if TYPE_CHECKING:
    from app.exports.sequence import EditSequence
    from app.settings import Settings
    from retrieval.storage.library import Library
    from retrieval.storage.media_roots import MediaRoots
    from retrieval.subtitle_text import Cue

MAX_CLIP_S = 120.0
_BYTES_PER_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What to export as what. Without ``name``, the file is called after its first moment.

    ``rate`` is that of reels and editing lists; without it, that of the first moment with pictures.
    """

    format: ExportFormat
    choices: Sequence[ChosenStretch]
    name: str | None = None
    rate: Rate | None = None


@dataclass(frozen=True, slots=True)
class Exported:
    """A finished file, and what to call it."""

    path: Path
    kind: ExportFileType
    stem: str

    @property
    def file_name(self) -> str:
        return f"{self.stem}{self.kind.suffix}"


class Exporter:
    """Makes files of moments, with a few encoders at a time."""

    def __init__(self, settings: "Settings") -> None:
        self._slots = EncoderSlots(settings.export_encoders)
        self._longest_s = settings.export_max_s
        self._clips = ClipCache(settings.clip_cache_mb * _BYTES_PER_MB)

    def export(self, library: "Library", request: ExportRequest, folder: Path, gone: Gone = never) -> Exported:
        """The file, written in ``folder``. Raises InputError, NotFoundError, MediaError or TooBusyError.

        ``gone`` is asked now and then while encoding, which stops when it says so.
        """
        if request.format is ExportFormat.MP4 and len(request.choices) != 1:
            raise InputError(f"moments: {len(request.choices)} are given; mp4 is one moment, reel joins several")
        moments = look_up(library, request.choices)
        if _reads_files(request):
            moments = with_files(library, moments)
        name = request.name or moments[0].title
        kind = FILE_KINDS[request.format]
        path = folder / f"export{kind.suffix}"
        match request.format:
            case ExportFormat.MP4:
                self._refuse_long(moments)
                if not self._render_clip(library.roots, moments[0], name, path, gone):
                    kind = SOUND_ONLY
            case ExportFormat.REEL:
                self._refuse_long(moments)
                if not self._render_reel(library.roots, request, moments, name, path, gone):
                    kind = SOUND_ONLY
            case _:
                text = _text(request.format, library.roots, request, moments, name)
                # A path may hold bytes that are no text; in a list they are question marks.
                path.write_bytes(text.encode("utf-8", "replace"))
        return Exported(path, kind, file_stem(name))

    def clip(self, library: "Library", choice: ChosenStretch, gone: Gone = never) -> Path:
        """The moment as an MP4 that any browser plays, from the cache if it was asked for before."""
        (moment,) = look_up(library, [choice])
        # What was made of a file that may not be read any more is not handed out either.
        library.roots.check(moment.path)
        if moment.span.duration_s > MAX_CLIP_S:
            raise InputError(f"the clip lasts {moment.span.duration_s:g} s; at most {MAX_CLIP_S:g} s are allowed")
        span_ms = "-".join(str(round(time_s * 1000)) for time_s in (moment.span.start_s, moment.span.end_s))

        def make(output: Path) -> None:
            (found,) = with_files(library, [moment])
            self._render_clip(library.roots, found, moment.title, output, gone)

        return self._clips.file(library.folder.path / "clips", f"{moment.video_id}-{span_ms}.mp4", make)

    def _refuse_long(self, moments: Sequence[Chosen]) -> None:
        total_s = sum(moment.span.duration_s for moment in moments)
        if total_s > self._longest_s:
            raise InputError(
                f"moments: together they last {total_s:.1f} s; at most {self._longest_s:g} s can be encoded at once"
            )

    def _render_reel(
        self, roots: "MediaRoots", request: ExportRequest, moments: list[Chosen], name: str, output: Path, gone: Gone
    ) -> bool:
        from app.exports.encode import render_reel

        with self._slots.one(gone):
            return render_reel(_sequence(roots, request, moments, name), file_infos(moments, roots), output, gone)

    def _render_clip(self, roots: "MediaRoots", moment: Chosen, title: str, output: Path, gone: Gone) -> bool:
        from app.exports.encode import render_clip

        with self._slots.one(gone):
            return render_clip(file_infos([moment], roots)[moment.path], moment.span, title, output, gone)


def _reads_files(request: ExportRequest) -> bool:
    """Whether the videos' files are needed, or only what is known of them."""
    match request.format:
        case ExportFormat.CSV | ExportFormat.JSON:
            return False
        case ExportFormat.VTT | ExportFormat.SRT:
            return len(request.choices) > 1
        case (
            ExportFormat.MP4
            | ExportFormat.REEL
            | ExportFormat.EDL
            | ExportFormat.FCPXML
            | ExportFormat.XML
            | ExportFormat.OTIO
        ):
            return True
        case _:
            assert_never(request.format)


def _text(wanted: TextFormat, roots: "MediaRoots", request: ExportRequest, moments: list[Chosen], name: str) -> str:
    from app.exports import otio_files, tables
    from app.exports.edl import edl
    from app.exports.fcpxml import fcpxml
    from retrieval.subtitle_text import srt, vtt

    match wanted:
        case ExportFormat.CSV:
            return tables.csv_text(moments)
        case ExportFormat.JSON:
            return tables.json_text(name, moments)
        case ExportFormat.VTT:
            return vtt(_cues(roots, request, moments, name))
        case ExportFormat.SRT:
            return srt(_cues(roots, request, moments, name))
        case ExportFormat.EDL:
            return edl(_sequence(roots, request, moments, name))
        case ExportFormat.FCPXML:
            return fcpxml(_sequence(roots, request, moments, name))
        case ExportFormat.OTIO:
            return otio_files.otio(_sequence(roots, request, moments, name))
        case ExportFormat.XML:
            return otio_files.fcp7_xml(_sequence(roots, request, moments, name))
        case _:
            assert_never(wanted)


def _cues(roots: "MediaRoots", request: ExportRequest, moments: list[Chosen], name: str) -> "list[Cue]":
    """One moment's on its own clock; those of several on the clock of their reel."""
    from app.exports.subtitles import cues

    starts_s = [0.0]
    if len(moments) > 1:
        sequence = _sequence(roots, request, moments, name)
        starts_s = [float(sequence.rate.time_of(cut.record_in)) for cut in sequence.cuts]
    return cues(moments, starts_s)


def _sequence(roots: "MediaRoots", request: ExportRequest, moments: list[Chosen], name: str) -> "EditSequence":
    from app.exports.sequence import lay_out

    return lay_out(name, moments, file_infos(moments, roots), request.rate)
