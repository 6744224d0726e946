"""What moments can be exported as."""

from dataclasses import dataclass
from enum import StrEnum


class ExportFormat(StrEnum):
    """A kind of file: pictures and sound, subtitles, tables, or lists for cutting programs."""

    MP4 = "mp4"
    REEL = "reel"
    VTT = "vtt"
    SRT = "srt"
    CSV = "csv"
    JSON = "json"
    EDL = "edl"
    FCPXML = "fcpxml"
    XML = "xml"
    OTIO = "otio"


@dataclass(frozen=True, slots=True)
class FileKind:
    """How files of a format are called, and what they are over HTTP."""

    suffix: str
    media_type: str


FILE_KINDS: dict[ExportFormat, FileKind] = {
    ExportFormat.MP4: FileKind(".mp4", "video/mp4"),
    ExportFormat.REEL: FileKind(".mp4", "video/mp4"),
    ExportFormat.VTT: FileKind(".vtt", "text/vtt; charset=utf-8"),
    ExportFormat.SRT: FileKind(".srt", "application/x-subrip; charset=utf-8"),
    ExportFormat.CSV: FileKind(".csv", "text/csv; charset=utf-8"),
    ExportFormat.JSON: FileKind(".json", "application/json"),
    ExportFormat.EDL: FileKind(".edl", "text/plain; charset=utf-8"),
    ExportFormat.FCPXML: FileKind(".fcpxml", "application/xml"),
    ExportFormat.XML: FileKind(".xml", "application/xml"),
    ExportFormat.OTIO: FileKind(".otio", "application/json"),
}
SOUND_ONLY = FileKind(".m4a", "audio/mp4")
"""What `mp4` and `reel` become where no moment has a picture."""
