"""What moments can be exported as."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


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


TextFormat = Literal[
    ExportFormat.VTT,
    ExportFormat.SRT,
    ExportFormat.CSV,
    ExportFormat.JSON,
    ExportFormat.EDL,
    ExportFormat.FCPXML,
    ExportFormat.XML,
    ExportFormat.OTIO,
]
"""The formats that are written, not encoded."""


@dataclass(frozen=True, slots=True)
class ExportFileType:
    """How files of a format are called, and what they are over HTTP."""

    suffix: str
    media_type: str


FILE_KINDS: dict[ExportFormat, ExportFileType] = {
    ExportFormat.MP4: ExportFileType(".mp4", "video/mp4"),
    ExportFormat.REEL: ExportFileType(".mp4", "video/mp4"),
    ExportFormat.VTT: ExportFileType(".vtt", "text/vtt; charset=utf-8"),
    ExportFormat.SRT: ExportFileType(".srt", "application/x-subrip; charset=utf-8"),
    ExportFormat.CSV: ExportFileType(".csv", "text/csv; charset=utf-8"),
    ExportFormat.JSON: ExportFileType(".json", "application/json"),
    ExportFormat.EDL: ExportFileType(".edl", "text/plain; charset=utf-8"),
    ExportFormat.FCPXML: ExportFileType(".fcpxml", "application/xml"),
    ExportFormat.XML: ExportFileType(".xml", "application/xml"),
    ExportFormat.OTIO: ExportFileType(".otio", "application/json"),
}
SOUND_ONLY = ExportFileType(".m4a", "audio/mp4")
"""What `mp4` and `reel` become where no moment has a picture."""
