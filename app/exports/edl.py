"""CMX 3600 edit decision lists: four timecodes per moment, read by every cutting program."""

import re

from app.exports.sequence import Cut, EditSequence, SourceMedia
from app.exports.text import one_line
from app.exports.timecode import counted_at, timecode

_REEL_LENGTH = 8
_TITLE_LENGTH = 70


def edl(sequence: EditSequence) -> str:
    """The list. All its timecode counts at the sequence's rate: CMX 3600 knows one rate per list.

    A semicolon marks timecode that drops frame numbers; that of a source may differ from the record's.
    """
    mode = "DROP FRAME" if sequence.rate.drops else "NON-DROP FRAME"
    lines = [f"TITLE: {one_line(sequence.name)[:_TITLE_LENGTH]}", f"FCM: {mode}", ""]
    reels = _reels([cut.source for cut in sequence.cuts])
    for number, cut in enumerate(sequence.cuts, start=1):
        times = " ".join(_times(cut, sequence))
        lines += [
            f"{number:03d}  {reels[cut.source]:<8} {_channels(cut.source):<5} C        {times}",
            f"* FROM CLIP NAME:  {one_line(cut.source.path.name)}",
            f"* FROM FILE: {one_line(str(cut.source.path))}",
            f"* COMMENT: {one_line(cut.title)}",
            "",
        ]
    return "\r\n".join(lines)


def _times(cut: Cut, sequence: EditSequence) -> tuple[str, str, str, str]:
    """Source in and out, record in and out."""
    rate, source = sequence.rate, cut.source
    source_in, source_drops = counted_at(source.start_frame + cut.source_in, source.rate, source.start.drop, rate)
    record_in = sequence.start_frame + cut.record_in
    return (
        timecode(source_in, rate, source_drops),
        timecode(source_in + cut.frames, rate, source_drops),
        timecode(record_in, rate, rate.drops),
        timecode(record_in + cut.frames, rate, rate.drops),
    )


def _channels(source: SourceMedia) -> str:
    """V, A (one channel of sound), AA (two), B (picture and one channel), AA/V."""
    if source.size is None:
        return "A" if source.channels == 1 else "AA"
    return ("V", "B")[source.channels] if source.channels < 2 else "AA/V"


def _reels(sources: list[SourceMedia]) -> dict[SourceMedia, str]:
    """A name of at most eight capital letters and digits for each file, no two alike."""
    reels: dict[SourceMedia, str] = {}
    for source in sources:
        if source in reels:
            continue
        letters = re.sub(r"[^A-Z0-9]", "", source.path.stem.upper().encode("ascii", "ignore").decode()) or "CLIP"
        name, number = letters[:_REEL_LENGTH], 1
        while name in reels.values() or name in ("AX", "BL", "BLACK", "BARS"):
            number += 1
            name = f"{letters[: _REEL_LENGTH - len(str(number))]}{number}"
        reels[source] = name
    return reels
