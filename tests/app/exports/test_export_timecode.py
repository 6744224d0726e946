"""Rates and timecode: values that every cutting program agrees on."""

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentimelineio import opentime

from app.exports.timecode import RATES, Rate, StartTimecode, counted_at, nearest_rate, rate_named, timecode
from retrieval.errors import InputError

NTSC, FILM, PAL = RATES["29.97"], RATES["23.976"], RATES["25"]
DAY_S = 24 * 3600


@pytest.mark.parametrize(
    ("rate", "frame", "expected"),
    [
        ("29.97", 0, "00:00:00;00"),
        ("29.97", 1799, "00:00:59;29"),
        ("29.97", 1800, "00:01:00;02"),
        ("29.97", 17981, "00:09:59;29"),
        ("29.97", 17982, "00:10:00;00"),
        ("29.97", 107892, "01:00:00;00"),
        ("29.97", 2589407, "23:59:59;29"),
        ("29.97", 2589408, "00:00:00;00"),
        ("59.94", 3600, "00:01:00;04"),
        ("59.94", 35964, "00:10:00;00"),
        ("23.976", 86400, "01:00:00:00"),
        ("23.976", 1440, "00:01:00:00"),
        ("25", 90000, "01:00:00:00"),
        ("60", 59, "00:00:00:59"),
    ],
)
def test_timecode_is_what_cutting_programs_show(rate: str, frame: int, expected: str) -> None:
    assert timecode(frame, RATES[rate], RATES[rate].drops) == expected


def test_only_29_97_and_59_94_drop_numbers() -> None:
    assert [name for name, rate in RATES.items() if rate.drops] == ["29.97", "59.94"]


def test_an_hour_of_drop_frame_is_an_hour_of_the_clock() -> None:
    frame = StartTimecode(3600, 0, drop=True).frame(NTSC)
    assert abs(NTSC.time_of(frame) - 3600) < Fraction(1, 200)


@given(st.sampled_from(list(RATES.values())), st.booleans(), st.data())
def test_every_frame_of_a_day_has_its_own_timecode(rate: Rate, wants_drop: bool, data: st.DataObject) -> None:
    drop = wants_drop and rate.drops
    # Dropping leaves 17,982 numbers of 18,000 in ten minutes of 30 a second: a little less than a day's frames.
    frames = 144 * 17_982 * (round(rate.fps) // 30) if drop else int(DAY_S * rate.fps)
    frame = data.draw(st.integers(0, frames - 1))
    start = StartTimecode.parse(timecode(frame, rate, drop), rate)
    assert start.frame(rate) == frame
    assert start.drop is drop


@pytest.mark.parametrize(
    ("fps", "expected"),
    [
        (Fraction(30000, 1001), "29.97"),
        (Fraction(2997, 100), "29.97"),
        (Fraction(24000, 1001), "23.976"),
        (Fraction(23976, 1000), "23.976"),
        (Fraction(60000, 1001), "59.94"),
        (Fraction(30), "30"),
        (Fraction(25, 2), "25"),
        (Fraction(15000, 1001), "29.97"),
        (Fraction(12), "24"),
        (Fraction(10), "30"),
        (Fraction(120), "60"),
        (Fraction(1000), "50"),
        (Fraction(54000, 1801), "29.97"),
        (None, "25"),
    ],
)
def test_a_file_is_cut_at_the_rate_that_shows_its_frames_evenly(fps: Fraction | None, expected: str) -> None:
    assert nearest_rate(fps).name == expected


@pytest.mark.parametrize(
    ("own", "text", "rate", "expected"),
    [
        ("25", "14:35:12:03", "29.97", "14:35:12;06"),
        ("24", "01:00:00:00", "29.97", "01:00:00;00"),
        ("23.976", "01:00:00:00", "29.97", "01:00:00:00"),
        ("23.976", "10:00:00:12", "59.94", "10:00:00:30"),
        ("29.97", "10:00:00;00", "59.94", "10:00:00;00"),
        ("29.97", "10:00:00:00", "59.94", "10:00:00:00"),
        ("59.94", "10:00:00;30", "23.976", "10:00:00:11"),
        ("29.97", "10:00:00;00", "25", "09:59:59:24"),
        ("23.976", "10:00:00:12", "25", "10:00:00:13"),
        ("25", "10:00:00:12", "23.976", "10:00:00:12"),
        ("25", "14:35:12:03", "25", "14:35:12:03"),
    ],
)
def test_a_timecode_keeps_its_label_at_another_rate(own: str, text: str, rate: str, expected: str) -> None:
    start = StartTimecode.parse(text, RATES[own])
    frame, drop = counted_at(start.frame(RATES[own]), RATES[own], start.drop, RATES[rate])
    assert timecode(frame, RATES[rate], drop) == expected


@given(st.sampled_from(list(RATES.values())), st.booleans(), st.data())
def test_timecode_is_what_opentimelineio_counts(rate: Rate, wants_drop: bool, data: st.DataObject) -> None:
    drop = wants_drop and rate.drops
    frame = data.draw(st.integers(0, 23 * 3600 * rate.nominal))
    fps = float(rate.fps)
    theirs = opentime.RationalTime(frame, fps)
    assert timecode(frame, rate, drop) == theirs.to_timecode(fps, drop_frame=drop)
    start = StartTimecode.parse(theirs.to_timecode(fps, drop_frame=drop), rate)
    assert start.frame(rate) == frame


@given(st.sampled_from(list(RATES.values())), st.sampled_from(list(RATES.values())), st.booleans(), st.data())
def test_timecode_at_another_rate_names_the_same_frame(
    own: Rate, rate: Rate, wants_drop: bool, data: st.DataObject
) -> None:
    """Read back by OpenTimelineIO, it is the same label to within what dropping numbers moves them."""
    drop = wants_drop and own.drops
    frame = data.draw(st.integers(0, 23 * 3600 * own.nominal))
    found, found_drop = counted_at(frame, own, drop, rate)
    text = timecode(found, rate, found_drop)
    assert opentime.from_timecode(text, float(rate.fps)).value == found
    assert abs(label_s(text, rate) - label_s(timecode(frame, own, drop), own)) < Fraction(1, 4)
    same_family = own.fps.denominator == rate.fps.denominator and drop == found_drop
    if same_family or (own.fps.denominator == 1 and found_drop):
        theirs = opentime.RationalTime(frame, float(own.fps)).rescaled_to(float(rate.fps))
        assert abs(found - theirs.value) <= 0.5 + 1e-6


def label_s(text: str, rate: Rate) -> Fraction:
    """The seconds that a timecode reads."""
    hours, minutes, seconds, frames = map(int, re.split("[:;]", text))
    return (hours * 60 + minutes) * 60 + seconds + Fraction(frames, rate.nominal)


@pytest.mark.parametrize("text", [None, "", "soon", "01:00:00:25", "01:75:00:00", "1:00"])
def test_a_broken_start_timecode_is_none(text: str | None) -> None:
    assert StartTimecode.parse(text, PAL) == StartTimecode(0, 0, drop=False)


def test_a_file_at_29_97_may_count_without_dropping() -> None:
    assert StartTimecode.parse("01:00:00:00", NTSC).frame(NTSC) == 108000
    assert StartTimecode.parse("01:00:00;00", NTSC).frame(NTSC) == 107892


def test_an_unknown_rate_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"'26' is unknown; allowed are 23\.976, 24, 25"):
        rate_named("26")


def test_the_nearest_frame_is_exact_however_long_the_video() -> None:
    frame = 20 * 3600 * 24
    assert FILM.frame_at(float(FILM.time_of(frame))) == frame
