"""Frames are kept where the picture changes, one where it rests, and never more than the allowance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.media.frame_chooser import EXTRA_FRAMES, EXTRA_FRAMES_PER_S, FrameChoice, FrameChooser, block_change
from indexer.media.frame_pixels import SIGNATURE_HEIGHT, SIGNATURE_WIDTH, Signature

SHAPE = (SIGNATURE_HEIGHT, SIGNATURE_WIDTH)
CUTS_AT_MOST_PER_S = 8
"""Each cut must be twice as strong as what decays of the one before by half in a quarter second."""
GREY = np.full(SHAPE, 128, np.float32)
ROWS, COLUMNS = np.mgrid[:SIGNATURE_HEIGHT, :SIGNATURE_WIDTH].astype(np.float32)


def scroll(offset: float, tilt: float = 0.7) -> Signature:
    """A busy picture moved sideways by ``offset`` cells; another tilt, another picture."""
    across = COLUMNS + np.float32(offset) + np.float32(tilt) * ROWS
    return np.asarray(128 + 70 * np.sin(across / 3.3) + 50 * np.sin(across / 1.7 + ROWS / 5), np.float32)


def boxed(background: Signature, brightness: float = 250) -> Signature:
    """``background`` with a box an eighth of its width and height."""
    picture = background.copy()
    picture[12:17, 20:28] = brightness
    return picture


def chosen(pictures: list[Signature], fps: float = 25.0) -> list[tuple[float, FrameChoice]]:
    chooser = FrameChooser()
    choices = []
    before = pictures[0]
    for number, picture in enumerate(pictures):
        step = float(np.abs(picture - before).mean())
        choices.append((number / fps, chooser.choose(number / fps, picture, step)))
        before = picture
    return choices


def kept_s(pictures: list[Signature], fps: float = 25.0) -> list[float]:
    return [time_s for time_s, choice in chosen(pictures, fps) if choice.keep]


def read_s(pictures: list[Signature], fps: float = 25.0) -> list[float]:
    return [time_s for time_s, choice in chosen(pictures, fps) if choice.read]


@given(st.integers(1, 300), st.floats(0, 2), st.sampled_from([10.0, 24.0, 30.0, 60.0]))
@settings(max_examples=25, deadline=None)
def test_a_resting_picture_costs_one_frame_whatever_the_noise(count: int, noise: float, fps: float) -> None:
    rng = np.random.default_rng(count)
    pictures = [GREY + rng.normal(0, noise, SHAPE).astype(np.float32) for _ in range(count)]
    assert kept_s(pictures, fps) == [0.0]
    assert read_s(pictures, fps) == [0.0]


def test_a_moving_picture_is_kept_at_the_base_rate() -> None:
    kept = kept_s([scroll(0.2 * n) for n in range(250)])
    gaps = np.diff([*kept, 10.0])
    assert max(gaps) <= 0.5 + 1 / 25
    assert len(kept) <= 2 * 10 + EXTRA_FRAMES + 10 * EXTRA_FRAMES_PER_S + 1


@given(st.integers(1, 200), st.sampled_from([15.0, 24.0, 25.0, 30.0, 60.0]), st.floats(30, 127))
@settings(max_examples=60, deadline=None)
def test_an_event_of_a_fifth_of_a_second_is_never_missed(start: int, fps: float, contrast: float) -> None:
    lasts = round(0.2 * fps)
    pictures = [GREY] * start + [boxed(GREY, 128 + contrast)] * lasts + [GREY] * 30
    first_s, end_s = start / fps, (start + lasts) / fps
    assert any(first_s <= time_s < end_s for time_s in kept_s(pictures, fps))


@given(st.lists(st.integers(0, 255), min_size=1, max_size=400), st.sampled_from([24.0, 30.0, 60.0]))
@settings(max_examples=40, deadline=None)
def test_no_footage_costs_much_more_than_the_burst_rate(brightness: list[int], fps: float) -> None:
    kept = kept_s([np.full(SHAPE, value, np.float32) for value in brightness], fps)
    assert kept[0] == 0.0
    times_s = np.array(kept)
    for second in times_s:
        assert ((times_s >= second) & (times_s < second + 1)).sum() <= 10 + CUTS_AT_MOST_PER_S


def test_the_first_frame_after_a_cut_is_kept() -> None:
    pictures = [scroll(0.1 * n) for n in range(60)] + [scroll(0.1 * n, tilt=-2) for n in range(60)]
    assert 60 / 25 in kept_s(pictures)


def test_a_resting_picture_still_looks_the_same_until_it_changes() -> None:
    choices = chosen([GREY] * 50 + [boxed(GREY)] * 50)
    assert all(choice.same for _, choice in choices[:50])
    assert choices[50][1].keep


def test_a_slide_is_read_once_and_each_new_line_once() -> None:
    """A title for two seconds, then a line, two seconds later another: three pictures, three readings."""
    title = boxed(GREY)
    one = title.copy()
    one[20:22, 10:40] = 230
    two = one.copy()
    two[25:27, 10:40] = 230
    pictures = [title] * 50 + [one] * 50 + [two] * 50
    choices = chosen(pictures)
    read = [time_s for time_s, choice in choices if choice.read]
    assert len(read) == 3
    assert read[0] == 0.0
    assert read[1] == pytest.approx(2.0, abs=0.35)
    assert read[2] == pytest.approx(4.0, abs=0.35)
    assert [time_s for time_s, choice in choices if choice.keep] == [0.0, 2.0, 4.0]


def test_text_is_read_when_a_wipe_has_settled_not_in_its_middle() -> None:
    """A slide uncovered from left to right between 2.0 and 3.0 s."""
    slide = scroll(0)
    wipe = [np.where(np.arange(SIGNATURE_WIDTH) < 64 * n / 25, slide, GREY).astype(np.float32) for n in range(26)]
    read = read_s([GREY] * 50 + wipe + [slide] * 75)
    assert any(3.0 <= time_s <= 3.4 for time_s in read)


def test_moving_pictures_are_read_about_every_two_seconds() -> None:
    read = read_s([scroll(0.2 * n) for n in range(500)])
    assert 8 <= len(read) <= 11
    assert min(np.diff(read)) >= 2.0 - 1e-9


def test_every_shot_of_a_montage_is_read_early() -> None:
    """Four moving shots of 1.6 s each."""
    shots = [scroll(0.2 * n, tilt=shot - 1.5) for shot in range(4) for n in range(40)]
    read = read_s(shots)
    for shot in range(1, 4):
        assert any(1.6 * shot <= time_s <= 1.6 * shot + 0.8 for time_s in read)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_what_is_read_is_a_kept_frame_or_looks_like_the_last_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pictures = [boxed(scroll(float(rng.integers(0, 3))), float(rng.integers(0, 255))) for _ in range(100)]
    last = pictures[0]
    for picture, (_, choice) in zip(pictures, chosen(pictures), strict=True):
        last = picture if choice.keep else last
        assert not choice.read or block_change(picture, last) <= 6.0
