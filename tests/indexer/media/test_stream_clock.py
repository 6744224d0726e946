"""One clock for files whose timestamps start over or leap: in the index, in clips, in reels and for each stream."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from app.exports.chosen import Chosen
from app.exports.edl import edl
from app.exports.encode import render_clip, render_reel
from app.exports.sequence import lay_out
from indexer.media.apart import on_one_clock
from indexer.media.decode import decode
from indexer.media.decoded import Decoded
from indexer.media.probe import MediaInfo, probe
from indexer.media.stream_clock import read_clock
from retrieval.domain import Span
from retrieval.stream_clock import StreamClock
from tests import media

RED, GREEN, BLUE = "red", "lime", "blue"
SHADES = {RED: (255, 0, 0), GREEN: (0, 255, 0), BLUE: (0, 0, 255)}
CODECS: dict[str, dict[str, Any]] = {
    ".ts": {**media.FAST_H264, "preset": "veryfast", "bf": 2, "acodec": "mp2"},
    ".vob": {"vcodec": "mpeg2video", "bf": 2, "acodec": "mp2"},
}


def part(path: Path, shade: str, seconds: float, sound_s: float | None = None, **options: Any) -> Path:
    """A colour with grain and a tone, of that length each; keyframes at every tenth frame."""
    picture = media.colour(shade, seconds).filter("noise", alls=20, allf="t")
    sound = media.tone(seconds if sound_s is None else sound_s, rate_hz=48_000)
    return media.write(path, picture, sound, **CODECS[path.suffix], g=10, **options)


def joined(path: Path, *parts: Path) -> Path:
    path.write_bytes(b"".join(file.read_bytes() for file in parts))
    return path


@pytest.fixture(scope="module", params=["ts", "vob", "ahead", "back", "little", "round", "shorter"])
def film(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Red for 2 s, green for 3 s, blue for 2 s, each with its tone; what breaks the timestamps is another each time.

    Parts of TS and of a DVD; two hours ahead; an hour back, to before the start; half a second back; in the middle of
    the second part, the 33 bits of the count go round; and the last sound ends earlier than its picture.
    """
    suffix = ".vob" if request.param == "vob" else ".ts"
    offsets_s = {"ahead": (0, 7200, 0), "back": (3600, 0, 7200), "little": (0, 1.5, 4.0), "round": (95_440, 95_442, 0)}
    folder = tmp_path_factory.mktemp(request.param)
    parts = [
        part(folder / f"{shade}{suffix}", shade, seconds, sound_s, output_ts_offset=offset_s)
        for (shade, seconds), offset_s, sound_s in zip(
            ((RED, 2.0), (GREEN, 3.0), (BLUE, 2.0)),
            offsets_s.get(request.param, (0, 0, 0)),
            (1.5, 2.5, 1.0) if request.param == "shorter" else (None, None, None),
            strict=True,
        )
    ]
    return joined(folder / f"film{suffix}", *parts)


def known(file: Path) -> MediaInfo:
    """The file with its clock, as exports get it of the library."""
    info = probe(file)
    clock = read_clock(info)
    assert clock is not None
    return replace(info, clock=StreamClock.from_json(clock.to_json()))


def shades(file: Path) -> list[tuple[float, str]]:
    """When each frame is shown, and its colour."""
    import av

    found = []
    with av.open(str(file)) as container:
        stream = container.streams.video[0]
        assert stream.time_base is not None
        for frame in container.decode(stream):
            middle = frame.to_ndarray(format="rgb24")[90, 160].astype(int)
            shade = min(SHADES, key=lambda name: int(np.abs(middle - SHADES[name]).sum()))
            found.append((float((frame.pts or 0) * stream.time_base), shade))
    return found


def loud(result: Decoded) -> NDArray[np.bool]:
    """Whether there is sound in each tenth of a second."""
    samples = result.sound[:]
    return np.asarray(np.abs(samples[: len(samples) // 1600 * 1600].reshape(-1, 1600)).max(axis=1) > 1000)


def test_all_parts_are_decoded_one_after_another(film: Path, tmp_path: Path) -> None:
    result = decode(probe(film), tmp_path / "out")
    assert len(result.times_s) == 175
    steps = np.diff(result.times_s)
    assert steps.min() > 0.03
    assert steps.max() < 0.15
    assert result.duration_s == pytest.approx(7.0, abs=0.25)
    kept = [frame.time_s for frame in result.frames]
    assert kept == pytest.approx([0.0, 2.0, 5.0], abs=0.2)
    assert result.clock is not None
    loaded = Decoded.load(result.folder)
    assert loaded is not None
    assert loaded.clock == result.clock


def test_a_clip_shows_what_the_index_says(film: Path, tmp_path: Path) -> None:
    """Half a second to each side of the second cut, which is found in the index."""
    cut_s = float(decode(probe(film), tmp_path / "out").frames[2].time_s)
    render_clip(known(film), Span(cut_s - 0.5, cut_s + 0.5), "Clip", tmp_path / "clip.mp4")
    frames = shades(tmp_path / "clip.mp4")
    assert {shade for time_s, shade in frames if time_s < 0.49} == {GREEN}
    assert {shade for time_s, shade in frames if time_s > 0.49} == {BLUE}
    assert probe(tmp_path / "clip.mp4").duration_s == pytest.approx(1.0, abs=0.05)


def test_a_reel_of_all_parts_shows_them_in_their_order(film: Path, tmp_path: Path) -> None:
    info = known(film)
    chosen = [Chosen("0" * 16, film, "Film", Span(start_s, start_s + 0.4), 7.0) for start_s in (5.6, 0.4, 3.2)]
    sequence = lay_out("Reel", chosen, {film: info})
    render_reel(sequence, {film: info}, tmp_path / "reel.mp4")
    assert [shade for _, shade in shades(tmp_path / "reel.mp4")] == [BLUE] * 10 + [RED] * 10 + [GREEN] * 10
    assert "00:00:05:15 00:00:06:00 01:00:00:00 01:00:00:10" in edl(sequence)


def test_sound_and_picture_of_each_part_start_together(tmp_path: Path) -> None:
    """Eight parts of 2 s of picture and 1 s of sound: the last starts at 14 s with both."""
    one = part(tmp_path / "one.ts", RED, 2.0, 1.0)
    result = decode(probe(joined(tmp_path / "eight.ts", *[one] * 8)), tmp_path / "out")
    tenths = loud(result)
    starts = np.flatnonzero(tenths[1:] & ~tenths[:-1]) / 10
    assert starts == pytest.approx([2.0 * number for number in range(1, 8)], abs=0.4)
    assert len(result.times_s) == 400
    assert result.duration_s == pytest.approx(16.0, abs=0.4)
    # A film's own step from sound to picture, a fiftieth of a second, is all that may lie between them.
    cuts = result.times_s[::50]
    assert np.abs(starts + 0.1 - cuts[1:]).max() < 0.11
    assert any("timestamps start over 7 times" in warning for warning in result.warnings)


def test_sound_alone_that_starts_over_goes_on(tmp_path: Path) -> None:
    """Chained Ogg, of which one page has the last packet of the first part and the first of the second."""
    one = media.write(tmp_path / "one.ogg", media.tone(3.0), acodec="libvorbis")
    file = joined(tmp_path / "two.ogg", one, one)
    result = decode(probe(file), tmp_path / "out")
    assert result.duration_s == pytest.approx(6.0, abs=0.05)
    assert loud(result)[1:59].all()
    render_clip(known(file), Span(2.5, 3.5), "Clip", tmp_path / "clip.m4a")
    assert probe(tmp_path / "clip.m4a").duration_s == pytest.approx(1.0, abs=0.03)


def test_a_leap_ahead_is_closed_and_told(tmp_path: Path) -> None:
    """Two hours in TS; and ten in Matroska, after the first of two seconds."""
    ahead = joined(
        tmp_path / "ahead.ts",
        part(tmp_path / "a.ts", RED, 1.0),
        part(tmp_path / "b.ts", BLUE, 1.0, output_ts_offset=7200),
    )
    result = decode(probe(ahead), tmp_path / "out")
    assert result.duration_s == pytest.approx(2.0, abs=0.1)
    assert [warning for warning in result.warnings if "leap" in warning] == [
        "timestamps leap ahead by 1:59:59 at 1.0 s; the gap is left out"
    ]
    leap = media.moving(2).filter("setpts", "(N+if(gte(N,25),900000,0))/25/TB")
    result = decode(probe(media.video(tmp_path / "leap.mkv", leap)), tmp_path / "other")
    assert result.duration_s == pytest.approx(2.0, abs=0.05)
    assert any("leap ahead by 10:00:00 at 1.0 s" in warning for warning in result.warnings)
    render_clip(known(tmp_path / "leap.mkv"), Span(0.52, 1.52), "Clip", tmp_path / "clip.mp4")
    assert len(shades(tmp_path / "clip.mp4")) == 25


def test_a_pause_of_less_than_an_hour_stays(tmp_path: Path) -> None:
    """As players have it: for half an hour, the last picture stands."""
    pause = media.moving(2).filter("setpts", "(N+if(gte(N,25),45000,0))/25/TB")
    info = probe(media.video(tmp_path / "pause.mkv", pause))
    result = decode(info, tmp_path / "out")
    assert (read_clock(info), result.clock) == (None, None)
    assert result.duration_s == pytest.approx(1802.0, abs=0.05)


def test_sound_that_pauses_for_hours_beside_the_picture_goes_on_where_it_does(tmp_path: Path) -> None:
    """A picture every ten seconds for two hours, and a tone in the first and the last ten."""
    picture = media.moving(720.0, fps=1, size="64x48").filter("setpts", "N*10/TB")
    sound = media.tone(20.0, rate_hz=16_000).filter("asetpts", "PTS+if(gte(T,10),7180/TB,0)")
    file = media.write(
        tmp_path / "pause.mkv", picture, sound, **media.FAST_H264, acodec="pcm_s16le", fps_mode="vfr", g=50
    )
    result = decode(probe(file), tmp_path / "out")
    assert result.clock is None
    assert len(result.times_s) == 720
    heard = np.flatnonzero(loud(result)) / 10
    assert (heard[0], heard[-1]) == (0.0, pytest.approx(7199.9, abs=0.2))


def test_times_that_are_damaged_for_a_moment_cost_no_more_than_that(tmp_path: Path) -> None:
    """In the middle, the stamps of one packet are hours ahead: bits that a receiver got wrong."""
    whole = part(tmp_path / "whole.ts", RED, 3.0)
    data = bytearray(whole.read_bytes())
    at = data.index(b"\0\0\1\xe0", len(data) // 2)
    for stamp in range(at + 9, at + 9 + data[at + 8], 5):
        data[stamp] ^= 0x08
    hurt = tmp_path / "hurt.ts"
    hurt.write_bytes(data)
    result, expected = (decode(probe(file), file.with_suffix(".out")) for file in (hurt, whole))
    assert result.clock is not None
    assert len(result.times_s) >= len(expected.times_s) - 3
    assert result.times_s[-20:] == pytest.approx(expected.times_s[-20:], abs=0.001)
    assert result.duration_s == pytest.approx(expected.duration_s, abs=0.001)


@pytest.mark.parametrize(("suffix", "codec"), [(".h264", "libx264"), (".hevc", "libx265"), (".m2v", "mpeg2video")])
def test_pictures_without_timestamps_are_cut_where_the_index_says(tmp_path: Path, suffix: str, codec: str) -> None:
    """Red for 2 s, green for 2 s, with frames out of order, written as nothing but coded pictures; the size changes."""
    parts = [
        media.write(
            tmp_path / f"{shade}{suffix}",
            media.colour(shade, 2.0, size=size).filter("noise", alls=20, allf="t"),
            vcodec=codec,
            bf=2,
            g=10,
            pix_fmt="yuv420p",
            loglevel="error",
        )
        for shade, size in ((RED, "320x180"), (GREEN, "320x182"))
    ]
    file = joined(tmp_path / f"film{suffix}", *parts)
    result = decode(probe(file), tmp_path / "out")
    cut_s = float(result.times_s[len(result.times_s) // 2])
    render_clip(probe(file), Span(cut_s - 0.4, cut_s + 0.4), "Clip", tmp_path / "clip.mp4")
    shown = [shade for _, shade in shades(tmp_path / "clip.mp4")]
    # Of two joined streams, a parser may keep back a frame at the seam.
    assert set(shown[:9]) == {RED}
    assert set(shown[11:]) == {GREEN}
    assert 19 <= len(shown) <= 21
    assert probe(tmp_path / "clip.mp4").duration_s == pytest.approx(0.8, abs=0.05)


def test_no_copy_stays_behind(film: Path, tmp_path: Path) -> None:
    with on_one_clock(known(film), Span(3.0, 4.0), tmp_path) as readable:
        assert [readable.path] == list(tmp_path.iterdir())
        assert readable.path.stat().st_size < film.stat().st_size
    assert not list(tmp_path.iterdir())


def test_fragments_of_mp4_that_start_over_are_all_decoded(tmp_path: Path) -> None:
    """Of parts after the first, the demuxer marks what lies before the first part's end as not to be shown."""
    parts = [
        media.write(
            tmp_path / f"{shade}.mp4",
            media.colour(shade, 2.0).filter("noise", alls=20, allf="t"),
            media.tone(2.0, rate_hz=48_000),
            **media.FAST_H264,
            acodec="aac",
            g=10,
            movflags="frag_keyframe+empty_moov+default_base_moof",
        )
        for shade in (RED, GREEN, BLUE)
    ]
    file = joined(tmp_path / "joined.mp4", *parts)
    result = decode(probe(file), tmp_path / "out")
    assert len(result.times_s) == 150
    assert np.diff(result.times_s).max() < 0.15
    cut_s = float(result.frames[1].time_s)
    assert cut_s == pytest.approx(2.0, abs=0.15)
    render_clip(known(file), Span(cut_s, cut_s + 0.4), "Clip", tmp_path / "clip.mp4")
    assert [shade for _, shade in shades(tmp_path / "clip.mp4")] == [GREEN] * 10


def test_a_leap_of_the_sound_alone_leaves_it_beside_its_picture(tmp_path: Path) -> None:
    picture = media.colour(RED, 4.0).filter("noise", alls=20, allf="t")
    sound = media.tone(4.0, rate_hz=48_000).filter("asetpts", "PTS+if(gte(T,2),7200/TB,0)")
    file = media.write(tmp_path / "leap.mkv", picture, sound, **CODECS[".ts"])
    result = decode(probe(file), tmp_path / "out")
    assert result.duration_s == pytest.approx(4.0, abs=0.1)
    assert loud(result)[:39].all()
    assert any("leap ahead by 2:00:00 at 2.0 s" in warning for warning in result.warnings)
