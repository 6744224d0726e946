"""OpenTimelineIO: its own files, and through its adapter Final Cut Pro 7 XML, which Premiere reads."""

from fractions import Fraction
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from app.exports.sequence import Cut, EditSequence, SourceMedia
from app.exports.text import one_line
from app.exports.timecode import Rate

if TYPE_CHECKING:
    from opentimelineio.opentime import RationalTime, TimeRange
    from opentimelineio.schema import Clip, ExternalReference, Timeline

_SOUND_SAMPLE_BITS = 16
_MOST_CHANNELS = 2
"""Sequences are stereo."""


def otio(sequence: EditSequence) -> str:
    """The timeline in OpenTimelineIO's own format."""
    from opentimelineio import adapters

    return str(adapters.write_to_string(_timeline(sequence, sound_tracks=1), "otio_json"))


def fcp7_xml(sequence: EditSequence) -> str:
    """The timeline as Final Cut Pro 7 XML: a track per channel of sound, linked to the pictures."""
    from opentimelineio import adapters

    timeline = _timeline(sequence, sound_tracks=max(1, *(_channels(cut.source) for cut in sequence.cuts)))
    root = ElementTree.fromstring(str(adapters.write_to_string(timeline, "fcp_xml")))
    _link(root)
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE xmeml>\n{text}\n'


def _link(root: ElementTree.Element) -> None:
    """Add what the adapter leaves out, links between a moment's clips; take out what it writes twice, rates."""
    together: dict[str, list[ElementTree.Element]] = {}
    for kind in ("video", "audio"):
        for track_number, track in enumerate(root.findall(f".//sequence/media/{kind}/track"), start=1):
            for clip_number, clip in enumerate(track.findall("clipitem"), start=1):
                for rate in clip.findall("rate")[1:]:
                    clip.remove(rate)
                link = ElementTree.Element("link")
                for name, value in (
                    ("linkclipref", clip.attrib["id"]),
                    ("mediatype", kind),
                    ("trackindex", str(track_number)),
                    ("clipindex", str(clip_number)),
                ):
                    ElementTree.SubElement(link, name).text = value
                together.setdefault(clip.findtext("start", ""), []).append(link)
    for clip in root.iterfind(".//track/clipitem"):
        clip.extend(together[clip.findtext("start", "")])


def _timeline(sequence: EditSequence, sound_tracks: int) -> "Timeline":
    from opentimelineio import schema

    rate = sequence.rate
    timeline = schema.Timeline(
        one_line(sequence.name),
        global_start_time=_time(sequence.start_frame, rate),
        metadata={"fcp_xml": _sequence_xml(sequence)},
    )
    for channel in range(sound_tracks + 1):
        kind = schema.TrackKind.Audio if channel else schema.TrackKind.Video
        items = [
            _clip(cut, rate, number * (sound_tracks + 1) + channel + 1, channel)
            if (_channels(cut.source) >= channel if channel else cut.source.size)
            else schema.Gap(source_range=_range(0, Fraction(cut.frames), rate))
            for number, cut in enumerate(sequence.cuts)
        ]
        if any(isinstance(item, schema.Clip) for item in items):
            name = f"A{channel}" if channel else "V1"
            xml = {"outputchannelindex": str(channel)} if channel else {}
            timeline.tracks.append(schema.Track(name, items, kind=kind, metadata={"fcp_xml": xml}))
    return timeline


def _channels(source: SourceMedia) -> int:
    """Channels of sound that a sequence takes from the file."""
    return min(source.channels, _MOST_CHANNELS)


def _clip(cut: Cut, rate: Rate, number: int, channel: int) -> "Clip":
    """The moment in one track; ``channel`` counts those of the sound from 1, and is 0 for the pictures."""
    from opentimelineio import schema

    source = cut.source
    start = source.start_frame + cut.source_in
    # In the file's own frames, as the formats want it; where rates differ, that is no whole number of them.
    length = cut.frames / rate.fps * source.rate.fps
    xml: dict[str, Any] = {"@id": f"clipitem-{number}"}
    if channel:
        xml["sourcetrack"] = {"mediatype": "audio", "trackindex": str(channel)}
    return schema.Clip(
        one_line(cut.title),
        media_reference=_reference(source),
        source_range=_range(start, length, source.rate),
        metadata={
            "moments": {"video_id": source.video_id, "start_s": cut.span.start_s, "end_s": cut.span.end_s},
            "fcp_xml": xml,
        },
    )


def _reference(source: SourceMedia) -> "ExternalReference":
    from opentimelineio import schema

    media: dict[str, Any] = {}
    if source.size:
        width, height = source.size
        media["video"] = {"samplecharacteristics": {"width": str(width), "height": str(height)}}
    if source.channels:
        media["audio"] = {
            "samplecharacteristics": {"depth": str(_SOUND_SAMPLE_BITS), "samplerate": str(source.sample_rate_hz)},
            "channelcount": str(source.channels),
        }
    reference = schema.ExternalReference(
        source.path.as_uri(),
        available_range=_range(source.start_frame, Fraction(source.frames), source.rate),
        metadata={"fcp_xml": {"media": media, "timecode": _mode_xml(source.start.drop)}},
    )
    reference.name = one_line(source.path.name)
    return reference


def _sequence_xml(sequence: EditSequence) -> dict[str, Any]:
    """What the adapter does not know of the sequence: the picture's size, drop-frame, the sound's rate."""
    width, height = sequence.size
    rate = sequence.rate
    picture = {
        "width": str(width),
        "height": str(height),
        "pixelaspectratio": "square",
        "rate": {"timebase": str(rate.nominal), "ntsc": _ntsc(rate)},
    }
    sound = {"depth": str(_SOUND_SAMPLE_BITS), "samplerate": "48000"}
    return {
        "media": {
            "video": {"format": {"samplecharacteristics": picture}},
            "audio": {"format": {"samplecharacteristics": sound}},
        },
        "timecode": _mode_xml(rate.drops),
    }


def _mode_xml(drop: bool) -> dict[str, str]:
    return {"displayformat": "DF" if drop else "NDF"}


def _ntsc(rate: Rate) -> str:
    return "FALSE" if rate.fps.denominator == 1 else "TRUE"


def _time(frame: int | Fraction, rate: Rate) -> "RationalTime":
    from opentimelineio import opentime

    return opentime.RationalTime(float(frame), float(rate.fps))


def _range(start: int, length: Fraction, rate: Rate) -> "TimeRange":
    from opentimelineio import opentime

    return opentime.TimeRange(_time(start, rate), _time(length, rate))
