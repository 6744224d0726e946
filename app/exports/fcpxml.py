"""FCPXML for Final Cut Pro and DaVinci Resolve. Every time is an exact fraction of a second."""

from fractions import Fraction
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from app.exports.sequence import Cut, EditSequence, SourceMedia
from app.exports.text import one_line
from app.exports.timecode import Rate
from indexer.media.colours import Primaries, Transfer

_VERSION = "1.10"
_SOURCE_RATES = {"23.976": "23.98"}
"""What ``conform-rate`` calls a rate, where that differs from our name."""

_COLOUR_SPACES = {
    (Transfer.PQ, Primaries.BT2020): "9-16-9 (Rec. 2020 PQ)",
    (Transfer.HLG, Primaries.BT2020): "9-18-9 (Rec. 2020 HLG)",
    (Transfer.SDR, Primaries.BT2020): "9-1-9 (Rec. 2020)",
}
"""What files are in that are not in the ordinary Rec. 709, which goes without saying."""


def fcpxml(sequence: EditSequence) -> str:
    """The document: a library of one event with one project.

    Written here, since the adapter of OpenTimelineIO knows whole rates only and runs ffprobe.
    """
    root = Element("fcpxml", version=_VERSION)
    sequence_format, assets = _add_resources(SubElement(root, "resources"), sequence)
    event = SubElement(SubElement(root, "library"), "event", name=one_line(sequence.name))
    timeline = SubElement(
        SubElement(event, "project", name=one_line(sequence.name)),
        "sequence",
        format=sequence_format,
        duration=_time(sequence.rate.time_of(sequence.frames)),
        tcStart=_time(sequence.rate.time_of(sequence.start_frame)),
        tcFormat=_mode(sequence.rate.drops),
        audioLayout="stereo",
        audioRate="48k",
    )
    spine = SubElement(timeline, "spine")
    for cut in sequence.cuts:
        _add_clip(spine, sequence, cut, assets[cut.source])
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n{text}\n'


def _add_resources(resources: Element, sequence: EditSequence) -> tuple[str, dict[SourceMedia, str]]:
    """The id of the sequence's format, and those of its sources, each described once."""
    formats: dict[tuple[Rate, tuple[int, int], str | None], str] = {}

    def format_of(rate: Rate, size: tuple[int, int], colour_space: str | None = None) -> str:
        if (rate, size, colour_space) not in formats:
            formats[rate, size, colour_space] = f"r{len(resources) + 1}"
            width, height = size
            made = SubElement(
                resources,
                "format",
                id=formats[rate, size, colour_space],
                frameDuration=_time(1 / rate.fps),
                width=str(width),
                height=str(height),
            )
            if colour_space:
                made.set("colorSpace", colour_space)
        return formats[rate, size, colour_space]

    sequence_format = format_of(sequence.rate, sequence.size)
    assets: dict[SourceMedia, str] = {}
    for cut in sequence.cuts:
        if cut.source not in assets:
            size, colours = cut.source.size, cut.source.colours
            colour_space = _COLOUR_SPACES.get((colours.transfer, colours.primaries)) if colours else None
            source_format = format_of(cut.source.rate, size, colour_space) if size else None
            assets[cut.source] = f"r{len(resources) + 1}"
            _add_asset(resources, assets[cut.source], cut.source, source_format)
    return sequence_format, assets


def _add_asset(resources: Element, asset_id: str, source: SourceMedia, format_id: str | None) -> None:
    asset = SubElement(
        resources,
        "asset",
        id=asset_id,
        name=one_line(source.path.stem),
        start=_time(source.rate.time_of(source.start_frame)),
        duration=_time(source.rate.time_of(source.frames)),
    )
    if format_id is not None:
        asset.attrib |= {"hasVideo": "1", "videoSources": "1", "format": format_id}
    if source.channels:
        asset.attrib |= {
            "hasAudio": "1",
            "audioSources": "1",
            "audioChannels": str(source.channels),
            "audioRate": str(source.sample_rate_hz),
        }
    SubElement(asset, "media-rep", kind="original-media", src=source.path.as_uri())


def _add_clip(spine: Element, sequence: EditSequence, cut: Cut, asset_id: str) -> None:
    source = cut.source
    start = source.start_frame + cut.source_in
    clip = SubElement(
        spine,
        "asset-clip",
        ref=asset_id,
        name=one_line(cut.title),
        offset=_time(sequence.rate.time_of(sequence.start_frame + cut.record_in)),
        start=_time(source.rate.time_of(start)),
        duration=_time(sequence.rate.time_of(cut.frames)),
        tcFormat=_mode(source.start.drop),
    )
    if source.size and source.rate != sequence.rate:
        # Unscaled: a second of the file stays a second, or the moment would end elsewhere.
        name = _SOURCE_RATES.get(source.rate.name, source.rate.name)
        SubElement(clip, "conform-rate", scaleEnabled="0", srcFrameRate=name)


def _time(seconds: Fraction) -> str:
    return f"{seconds.numerator}s" if seconds.denominator == 1 else f"{seconds.numerator}/{seconds.denominator}s"


def _mode(drops: bool) -> str:
    return "DF" if drops else "NDF"
