"""The moments as rows: CSV for spreadsheets, JSON for programs."""

import csv
import io
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.exports.subtitles import said_during
from retrieval.subtitle_text import label_of, timestamp

if TYPE_CHECKING:
    from app.exports.chosen import Chosen

COLUMNS = (
    "number",
    "title",
    "start",
    "end",
    "start_s",
    "end_s",
    "duration_s",
    "video_id",
    "path",
    "speakers",
    "languages",
    "speech",
    "screen_text",
)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet would compute rather than show; the wide forms too, which some take for the narrow ones."""


def csv_text(moments: "Sequence[Chosen]") -> str:
    """One line per moment, with a heading; begins with a byte order mark, by which spreadsheets know UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for number, moment in enumerate(moments, start=1):
        row = {
            "number": number,
            "title": moment.title,
            "start": timestamp(moment.span.start_s),
            "end": timestamp(moment.span.end_s),
            **_times(moment),
            "video_id": moment.video_id,
            "path": str(moment.path),
            "speakers": ", ".join(_speakers(moment)),
            "languages": ", ".join(_languages(moment)),
            "speech": " ".join(_speech(moment)),
            "screen_text": " / ".join(" ".join(shown.text.split()) for shown in moment.screen_texts),
        }
        writer.writerow([_shown(row[column]) for column in COLUMNS])
    return f"\ufeff{out.getvalue()}"


def json_text(name: str, moments: "Sequence[Chosen]") -> str:
    """The moments with what is said and shown in them; times are seconds on each video's clock."""
    return json.dumps({"name": name, "moments": [_moment(moment) for moment in moments]}, ensure_ascii=False, indent=2)


def _moment(moment: "Chosen") -> dict[str, Any]:
    return {
        "video_id": moment.video_id,
        "title": moment.title,
        "path": str(moment.path),
        **_times(moment),
        "speech": [
            {
                "start_s": segment.span.start_s,
                "end_s": segment.span.end_s,
                "speaker": label_of(segment, moment.speakers),
                "language": segment.language,
                "text": segment.text,
            }
            for segment in moment.segments
        ],
        "screen_texts": [
            {"start_s": shown.span.start_s, "end_s": shown.span.end_s, "text": shown.text}
            for shown in moment.screen_texts
        ],
    }


def _times(moment: "Chosen") -> dict[str, float]:
    return {
        "start_s": round(moment.span.start_s, 3),
        "end_s": round(moment.span.end_s, 3),
        "duration_s": round(moment.span.duration_s, 3),
    }


def _speech(moment: "Chosen") -> list[str]:
    return [text for segment in moment.segments if (text := said_during(segment, moment.span))]


def _speakers(moment: "Chosen") -> list[str]:
    """Who speaks in the moment, each once, in the order in which they begin."""
    labels = [label_of(segment, moment.speakers) for segment in moment.segments if said_during(segment, moment.span)]
    return [label for label in dict.fromkeys(labels) if label is not None]


def _languages(moment: "Chosen") -> list[str]:
    """The languages that are spoken in the moment, each once, in the order in which they begin."""
    spoken = [segment.language for segment in moment.segments if said_during(segment, moment.span)]
    return [language for language in dict.fromkeys(spoken) if language is not None]


def _shown(value: object) -> object:
    """The value, with an apostrophe before text that a spreadsheet would take for a formula."""
    return f"'{value}" if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA_STARTS) else value
