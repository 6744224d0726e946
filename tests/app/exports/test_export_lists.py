"""Lists for cutting programs: read back with OpenTimelineIO, and held against the rules of each format."""

import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import opentimelineio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.exports.edl import edl
from app.exports.fcpxml import fcpxml
from app.exports.otio_files import fcp7_xml, otio
from app.exports.sequence import Cut, EditSequence, SourceMedia
from app.exports.timecode import RATES, StartTimecode
from retrieval.domain import Span

NTSC, PAL = RATES["29.97"], RATES["25"]


def source(path: str, rate: str = "29.97", start: str | None = None, **changes: Any) -> SourceMedia:
    """A file of 100 s, 1920 x 1080, with two channels of sound."""
    known = RATES[rate]
    values: dict[str, Any] = {"size": (1920, 1080), "channels": 2, "sample_rate_hz": 48000} | changes
    return SourceMedia("0" * 16, Path(path), known, known.frame_at(100), StartTimecode.parse(start, known), **values)


def sequence(*cuts: tuple[SourceMedia, float, float], rate: str = "29.97", name: str = "Reel") -> EditSequence:
    known, laid = RATES[rate], []
    record_in = 0
    for number, (file, start_s, end_s) in enumerate(cuts):
        frames = known.frame_at(end_s) - known.frame_at(start_s)
        laid.append(Cut(file, f"Cut {number}", Span(start_s, end_s), record_in, frames))
        record_in += frames
    return EditSequence(name, known, (1920, 1080), tuple(laid))


CAMERA = source("/films/Day 1/camera ä.mp4", start="01:00:00;00")
PHONE = source("/films/phone.mov", "25", channels=1)
VOICE = source("/films/voice.wav", "25", size=None, channels=1)
MIXED = sequence((CAMERA, 1.0, 3.5), (PHONE, 12.5, 17.0), (CAMERA, 60.0, 61.0), (VOICE, 2.0, 3.0))


def spans(timeline: Any, kind: str) -> list[tuple[float, float]]:
    """Start and length in seconds of each clip of the first track of that kind."""
    track = next(track for track in timeline.tracks if track.kind == kind)
    clips = [item for item in track if isinstance(item, opentimelineio.schema.Clip)]
    return [(c.source_range.start_time.to_seconds(), c.source_range.duration.to_seconds()) for c in clips]


def seconds(text: str) -> Fraction:
    """A time of FCPXML: a fraction of a second, exactly."""
    assert re.fullmatch(r"\d+(/\d+)?s", text)
    return Fraction(text[:-1])


def test_an_edl_counts_29_97_in_drop_frame() -> None:
    lines = edl(MIXED).split("\r\n")
    assert lines[:4] == [
        "TITLE: Reel",
        "FCM: DROP FRAME",
        "",
        "001  CAMERA   AA/V  C        01:00:01;00 01:00:03;15 01:00:00;00 01:00:02;15",
    ]
    assert "002  PHONE    B     C        00:00:12;15 00:00:16;29 01:00:02;15 01:00:06;29" in lines
    assert "003  CAMERA   AA/V  C        01:00:59;28 01:01:01;00 01:00:06;29 01:00:07;29" in lines
    assert "004  VOICE    A     C        00:00:02;00 00:00:03;00 01:00:07;29 01:00:08;29" in lines
    assert "* FROM CLIP NAME:  camera ä.mp4" in lines


@pytest.mark.parametrize("rate", ["23.976", "24", "25", "30", "50", "60"])
def test_an_edl_of_other_rates_does_not_drop(rate: str) -> None:
    text = edl(sequence((source("/a.mp4", rate), 0.0, 90.0), rate=rate))
    assert "FCM: NON-DROP FRAME" in text
    assert ";" not in text


def test_a_source_that_counts_without_dropping_keeps_its_numbers() -> None:
    text = edl(sequence((source("/a.mp4", start="01:00:00:00"), 60.0, 61.0)))
    assert "01:00:59:28 01:01:00:28 01:00:00;00 01:00:01;00" in text


def test_reels_are_eight_letters_and_tell_files_apart() -> None:
    files = [source(path) for path in ("/a/interview day.mp4", "/b/interview day.mp4", "/c/ü.mp4", "/d/bl.mp4")]
    reels = re.findall(r"^\d{3}  (\S+)", edl(sequence(*((file, 0.0, 1.0) for file in files))), re.MULTILINE)
    assert reels == ["INTERVIE", "INTERVI2", "CLIP", "BL2"]


def test_a_title_cannot_add_lines_to_an_edl() -> None:
    name = "A\r\n002  X V C 00:00:00:00"
    assert edl(sequence((CAMERA, 0.0, 1.0), name=name)).splitlines()[:2] == [
        "TITLE: A 002 X V C 00:00:00:00",
        "FCM: DROP FRAME",
    ]


def test_an_edl_reads_back() -> None:
    read = opentimelineio.adapters.read_from_string(edl(MIXED), "cmx_3600", rate=30000 / 1001)
    assert [clip.source_range.duration.value for clip in read.find_clips()][:3] == [75, 134, 30]
    assert spans(read, "Video")[0] == pytest.approx((float(NTSC.time_of(107892 + 30)), 2.5025))


@pytest.mark.parametrize(("write", "adapter"), [(otio, "otio_json"), (fcp7_xml, "fcp_xml")])
def test_a_timeline_reads_back(write: Any, adapter: str) -> None:
    read = opentimelineio.adapters.read_from_string(write(MIXED), adapter)
    start_s = float(NTSC.time_of(107892))
    starts_s, lengths_s = zip(*spans(read, "Video"), strict=True)
    assert starts_s == pytest.approx((start_s + 30 * 1.001 / 30, 313 / 25, start_s + 1798 * 1.001 / 30))
    assert lengths_s == pytest.approx((75 * 1.001 / 30, 134 * 1.001 / 30, 30 * 1.001 / 30))
    assert len(spans(read, "Audio")) == 4
    references = {clip.media_reference.target_url for clip in read.find_clips()}
    assert references == {
        "file:///films/Day%201/camera%20%C3%A4.mp4",
        "file:///films/phone.mov",
        "file:///films/voice.wav",
    }


def test_final_cut_7_gets_links_sizes_and_drop_frame() -> None:
    root = ElementTree.fromstring(fcp7_xml(MIXED))
    assert root.findtext(".//sequence/timecode/string") == "01:00:00;00"
    assert root.findtext(".//sequence/timecode/displayformat") == "DF"
    assert root.findtext(".//sequence/media/video/format/samplecharacteristics/width") == "1920"
    assert [len(track.findall("clipitem")) for track in root.findall(".//sequence/media/*/track")] == [3, 4, 2]
    clips = {clip.attrib["id"]: clip for clip in root.iterfind(".//clipitem")}
    first = next(iter(clips.values()))
    assert [clips[str(link.text)].findtext("start") for link in first.iterfind("link/linkclipref")] == ["0"] * 3
    assert all(len(clip.findall("rate")) == 1 for clip in clips.values())
    phone = next(clip for clip in clips.values() if clip.findtext("file/name") == "phone.mov")
    assert [phone.findtext(name) for name in ("rate/timebase", "rate/ntsc", "start", "end", "in", "out")] == [
        *("25", "FALSE"),
        *("75", "209", "313", "425"),
    ]


def test_fcpxml_times_are_whole_frames_without_gaps() -> None:
    root = ElementTree.fromstring(fcpxml(MIXED))
    timeline = root.find("library/event/project/sequence")
    assert timeline is not None
    formats = {item.attrib["id"]: item.attrib for item in root.findall("resources/format")}
    assets = {item.attrib["id"]: item.attrib for item in root.findall("resources/asset")}
    frame = seconds(formats[timeline.attrib["format"]]["frameDuration"])
    assert (frame, timeline.attrib["tcFormat"]) == (Fraction(1001, 30000), "DF")
    expected = seconds(timeline.attrib["tcStart"])
    assert expected == 107892 * frame
    for clip in timeline.iterfind("spine/asset-clip"):
        assert seconds(clip.attrib["offset"]) == expected
        duration = seconds(clip.attrib["duration"])
        assert duration % frame == 0
        expected += duration
        asset = assets[clip.attrib["ref"]]
        start = seconds(clip.attrib["start"]) - seconds(asset["start"])
        assert 0 <= start < seconds(asset["duration"])
        if "format" in asset:
            assert start % seconds(formats[asset["format"]]["frameDuration"]) == 0
    assert expected - seconds(timeline.attrib["tcStart"]) == seconds(timeline.attrib["duration"])


def test_fcpxml_keeps_the_speed_of_files_of_another_rate() -> None:
    clips = ElementTree.fromstring(fcpxml(MIXED)).findall(".//asset-clip")
    conforms = [[item.attrib for item in clip.findall("conform-rate")] for clip in clips]
    assert conforms == [[], [{"scaleEnabled": "0", "srcFrameRate": "25"}], [], []]


def test_fcpxml_names_files_by_address_and_escapes_titles() -> None:
    text = fcpxml(sequence((CAMERA, 0.0, 1.0), name='A <b> & "c"\x00'))
    root = ElementTree.fromstring(text)
    assert [item.attrib["src"] for item in root.iter("media-rep")] == ["file:///films/Day%201/camera%20%C3%A4.mp4"]
    assert root.find("library/event").attrib["name"] == 'A <b> & "c"'  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("rate", "start", "expected"),
    [
        ("25", "14:35:12:03", "14:35:13;06 14:35:14;06"),
        ("23.976", "01:00:00:00", "01:00:01:00 01:00:02:00"),
        ("59.94", "10:00:00;00", "10:00:01;00 10:00:02;00"),
        ("29.97", "10:00:00:00", "10:00:01:00 10:00:02:00"),
    ],
)
def test_an_edl_shows_source_timecode_of_another_rate_as_its_file_does(rate: str, start: str, expected: str) -> None:
    """A second into the file, for a second, in a list of 29.97; see ``counted_at``."""
    text = edl(sequence((source("/a.mov", rate, start), 1.0, 2.0)))
    assert f"C        {expected} 01:00:00;00 01:00:01;00" in text


@given(
    st.sampled_from(list(RATES)),
    st.lists(st.tuples(st.sampled_from(list(RATES)), st.floats(0, 90), st.floats(0.05, 9)), min_size=1, max_size=6),
)
def test_records_follow_one_another_at_any_mix_of_rates(rate: str, wanted: Sequence[tuple[str, float, float]]) -> None:
    cuts = [(source(f"/{name}.mp4", name), start_s, start_s + length_s) for name, start_s, length_s in wanted]
    made = sequence(*cuts, rate=rate)
    times = re.findall(r"C +(\S+) (\S+) (\S+) (\S+)\r\n", edl(made))
    frames = [[StartTimecode.parse(text, made.rate).frame(made.rate) for text in event] for event in times]
    assert len(frames) == len(cuts)
    position = made.start_frame
    for (source_in, source_out, record_in, record_out), cut in zip(frames, made.cuts, strict=True):
        assert record_in == position
        assert source_out - source_in == record_out - record_in > 0
        own = cut.source.rate
        assert abs(own.time_of(cut.source_in) - Fraction(cut.span.start_s)) <= 1 / own.fps / 2
        # Labels of timecode that does not keep up with the clock are a tenth of a second off after 100.
        tolerance_s = Fraction(1, 2) / made.rate.fps if own == made.rate else Fraction(1, 5)
        assert abs(made.rate.time_of(source_in) - own.time_of(cut.source_in)) <= tolerance_s
        position = record_out
