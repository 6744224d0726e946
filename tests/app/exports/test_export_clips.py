"""Clips and reels: what is seen and heard at every edge, in files whose every second is known."""

import re
import subprocess
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import ffmpeg
import numpy as np
import pytest
from numpy.typing import NDArray

from app.exports.check import check_clip, check_part, check_reel
from app.exports.chosen import Chosen
from app.exports.clip import PartShape, clip_arguments, cutting, frames_read, part_arguments
from app.exports.edl import edl
from app.exports.encode import render_clip, render_reel
from app.exports.ffmpeg_process import run_ffmpeg
from app.exports.sequence import lay_out
from app.exports.timecode import RATES, Rate, StartTimecode
from indexer.media.ffmpeg_binary import ffmpeg_path
from indexer.media.probe import MediaInfo, probe
from retrieval.domain import Span
from retrieval.errors import ExportFailedError, HungUpError
from tests.media import FAST_H264, colour, cuts, moving, tone, turned, video, write

RED, GREEN, BLUE = "red", "green", "blue"
HUES = {RED: (255, 0, 0), GREEN: (0, 128, 0), BLUE: (0, 0, 255), "black": (0, 0, 0)}
FRAME_S = 0.04


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Red for 1 s, green for 1 s, blue for 1 s at 25 fps, keyframes far apart; silent but for a tone in the green."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    sound = tone(3.0, 1000).filter("volume", "between(t,1,2)", eval="frame")
    return video(path, cuts([(RED, 1.0), (GREEN, 1.0), (BLUE, 1.0)]), sound, acodec="aac", g=250, bf=2)


def clip(file: Path, start_s: float, end_s: float, output: Path) -> MediaInfo:
    render_clip(probe(file), Span(start_s, end_s), "Title", output)
    return probe(output)


def reel(files: list[tuple[Path, float, float]], output: Path, rate: Rate | None = None) -> MediaInfo:
    chosen = [Chosen("0" * 16, path, path.name, Span(start_s, end_s), 60.0) for path, start_s, end_s in files]
    infos = {path: probe(path) for path, _, _ in files}
    render_reel(lay_out("Reel", chosen, infos, rate), infos, output)
    return probe(output)


def seen(file: Path) -> list[tuple[float, str]]:
    """When each frame is shown, and the hue in its middle."""
    import av

    found = []
    with av.open(str(file)) as container:
        stream = container.streams.video[0]
        for frame in container.decode(stream):
            picture = frame.to_ndarray(format="rgb24")
            middle = picture[picture.shape[0] // 2, picture.shape[1] // 2]
            hue = min(HUES, key=lambda name: float(np.abs(np.subtract(HUES[name], middle, dtype=float)).sum()))
            assert frame.time is not None
            found.append((frame.time, hue))
    return found


def heard(file: Path) -> NDArray[np.float32]:
    """Loudness of every millisecond."""
    command = [ffmpeg_path(), "-v", "error", "-i", str(file), "-ac", "1", "-ar", "16000", "-f", "f32le", "-"]
    samples = np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, np.float32)
    return np.asarray(np.sqrt((samples[: len(samples) // 16 * 16].reshape(-1, 16) ** 2).mean(axis=1)))


def runs(frames: list[tuple[float, str]]) -> list[tuple[str, int]]:
    """Hues in order, and for how many frames."""
    found: list[tuple[str, int]] = []
    for _, hue in frames:
        if found and found[-1][0] == hue:
            found[-1] = (hue, found[-1][1] + 1)
        else:
            found.append((hue, 1))
    return found


def test_a_clip_starts_and_ends_at_the_cuts(film: Path, tmp_path: Path) -> None:
    made = clip(film, 1.0, 2.0, tmp_path / "clip.mp4")
    frames = seen(made.path)
    assert runs(frames) == [(GREEN, 25)]
    assert frames[0][0] == 0
    assert made.duration_s == pytest.approx(1.0, abs=0.005)
    assert heard(made.path)[40:960].min() > 0.05


def test_sound_and_pictures_stay_together(film: Path, tmp_path: Path) -> None:
    """Green and its tone begin 0.4 s and end 1.4 s after the start."""
    made = clip(film, 0.6, 2.6, tmp_path / "clip.mp4")
    frames = seen(made.path)
    green = [time_s for time_s, hue in frames if hue == GREEN]
    assert [green[0], green[-1]] == pytest.approx([0.4, 1.4 - FRAME_S], abs=0.001)
    loud = np.flatnonzero(heard(made.path) > 0.04)
    assert [loud[0] / 1000, loud[-1] / 1000] == pytest.approx([0.4, 1.4], abs=0.03)


def test_a_clip_that_starts_inside_a_frame_shows_that_frame_first(film: Path, tmp_path: Path) -> None:
    """The last red frame is there from 0.96 to 1.00 s: for 10 ms of the clip."""
    frames = seen(clip(film, 0.99, 1.2, tmp_path / "clip.mp4").path)
    assert [hue for _, hue in frames] == [RED, *[GREEN] * 5]
    assert [time_s for time_s, _ in frames[:3]] == [0, pytest.approx(0.01), pytest.approx(0.05)]


def test_a_time_rounded_to_milliseconds_still_means_the_frame_at_the_cut(tmp_path: Path) -> None:
    """At 30 fps the cut is at 0.3333 s, which is passed on as 0.333."""
    file = video(tmp_path / "film.mp4", cuts([(RED, 1 / 3), (BLUE, 1.0)], fps=30))
    assert runs(seen(clip(file, 0.333, 0.833, tmp_path / "clip.mp4").path)) == [(BLUE, 15)]


def test_variable_frame_rates_keep_their_times(tmp_path: Path) -> None:
    """Frames at 0, 0.2, 0.24, 0.44, 0.48 … seconds."""
    file = video(tmp_path / "vfr.mkv", moving(3.0).filter("select", "not(mod(n,6))+not(mod(n-5,6))"), fps_mode="vfr")
    times = [time_s for time_s, _ in seen(clip(file, 0.2, 1.2, tmp_path / "clip.mp4").path)]
    assert times == pytest.approx([0, 0.04, 0.24, 0.28, 0.48, 0.52, 0.72, 0.76, 0.96], abs=0.0021)


def test_a_last_frame_that_stands_still_lasts_to_the_end(tmp_path: Path) -> None:
    """One frame every two seconds, no sound."""
    file = video(tmp_path / "slides.mkv", moving(8.0).filter("select", "not(mod(n,50))"), fps_mode="vfr")
    assert clip(file, 2.5, 5.7, tmp_path / "clip.mp4").duration_s == pytest.approx(3.2, abs=0.01)


def test_a_clip_ends_with_its_moment_though_its_last_frame_does_not(tmp_path: Path) -> None:
    """At ten frames a second without sound, a tenth of a second that begins and ends inside a frame."""
    made = clip(video(tmp_path / "slow.mp4", moving(2.0, fps=10)), 1.07, 1.17, tmp_path / "clip.mp4")
    assert made.duration_s == pytest.approx(0.1, abs=0.001)
    assert len(seen(made.path)) == 2


def test_coarse_clocks_do_not_move_frames(tmp_path: Path) -> None:
    """AVI counts time in frames: nothing in between can be written in it."""
    shots = cuts([(RED, 1.0), (GREEN, 1.0), (BLUE, 1.0)])
    file = write(tmp_path / "film.avi", shots, tone(3.0), vcodec="mpeg4", acodec="mp3", g=250)
    given = [(time_s, hue) for time_s, hue in seen(file) if 0.95 < time_s < 2.01]
    frames = seen(clip(file, 0.97, 2.01, tmp_path / "clip.mp4").path)
    assert [hue for _, hue in frames] == [hue for _, hue in given]
    times = [max(0.0, time_s - 0.97) for time_s, _ in given]
    assert [time_s for time_s, _ in frames] == pytest.approx(times, abs=0.001)


@pytest.fixture(scope="module", params=RATES)
def counted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Rate, Path]:
    """Eight seconds at that rate, in which frame n is so bright: n modulo 50; keyframes every 96 frames, no others."""
    rate = RATES[request.param]
    pictures = colour("black", 8.0, fps=rate.fps, size="64x48").filter("geq", lum="20+4*mod(N,50)", cb=128, cr=128)
    path = tmp_path_factory.mktemp("counted") / f"{rate.name}.mp4"
    return rate, video(path, pictures, preset="veryfast", bf=2, g=96, keyint_min=96, sc_threshold=0)


def numbers(file: Path) -> list[int]:
    """Which of fifty each frame of such a film is."""
    import av

    with av.open(str(file)) as container:
        return [round((frame.to_ndarray()[:48, :64].mean() - 20) / 4) for frame in container.decode(video=0)]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_a_moment_that_ends_on_a_keyframe_moves_to_its_end(
    counted: tuple[Rate, Path], suffix: str, tmp_path: Path
) -> None:
    """From the start and from a keyframe, up to the next: each frame is there, once, at its time."""
    rate, film = counted
    file = write(tmp_path / f"film{suffix}", ffmpeg.input(str(film)).video, vcodec="copy") if suffix != ".mp4" else film
    for first, last in ((0, 96), (96, 192), (10, 96)):
        start_s, end_s = (round(float(rate.time_of(frame)), 3) for frame in (first, last))
        made = clip(file, start_s, end_s, tmp_path / "clip.mp4")
        assert numbers(made.path) == [frame % 50 for frame in range(first, last)]
        times_s = [time_s for time_s, _ in seen(made.path)]
        wanted_s = [max(0.0, float(rate.time_of(frame)) - start_s) for frame in range(first, last)]
        assert times_s == pytest.approx(wanted_s, abs=0.0011)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_reel_starts_with_the_frame_that_its_lists_name(
    counted: tuple[Rate, Path], suffix: str, tmp_path: Path
) -> None:
    """At 23.976 and 29.97, a whole second is between two frames; Matroska rounds times to milliseconds."""
    rate, film = counted
    if suffix != ".mp4":
        film = write(tmp_path / f"film{suffix}", ffmpeg.input(str(film)).video, vcodec="copy")
    chosen = [Chosen("0" * 16, film, "Film", Span(start_s, start_s + 0.5), 8.0) for start_s in (1.0, 2.02, 5.0)]
    sequence = lay_out("Reel", chosen, {film: probe(film)})
    render_reel(sequence, {film: probe(film)}, tmp_path / "reel.mp4")
    expected = [range(cut.source_in, cut.source_in + cut.frames) for cut in sequence.cuts]
    assert numbers(tmp_path / "reel.mp4") == [frame % 50 for frames in expected for frame in frames]
    times = re.findall(r"C +(\S+) (\S+) \S+ \S+\r\n", edl(sequence))
    assert [tuple(StartTimecode.parse(text, rate).frame(rate) for text in event) for event in times] == [
        (frames.start, frames.stop) for frames in expected
    ]


@pytest.mark.parametrize("end_s", [4.0, 4.5, 7.96])
def test_uneven_frames_before_a_keyframe_are_all_there(tmp_path: Path, end_s: float) -> None:
    """Frame n at n * n / 2500 seconds: ever further apart; keyframes at 0, 4.0, 4.5 and 7.96 s or the next frame."""
    pictures = moving(6.0).filter("setpts", "N*N/2500/TB")
    file = video(tmp_path / "uneven.mkv", pictures, fps_mode="vfr", force_key_frames="4,4.5,7.96", bf=2, g=999)
    given = [time_s for time_s, _ in seen(file) if time_s < end_s - 0.002]
    made = clip(file, 0.0, end_s, tmp_path / "clip.mp4")
    assert [time_s for time_s, _ in seen(made.path)][: len(given)] == pytest.approx(given, abs=0.001)
    assert made.duration_s == pytest.approx(end_s, abs=0.05)


def test_a_clip_without_all_its_frames_is_not_handed_out(film: Path, tmp_path: Path) -> None:
    """Made of half the moment, as by a seek that lands late: an error, with what is wrong."""
    info = probe(film)
    whole, half = cutting(info, Span(0.6, 2.6)), cutting(info, Span(1.6, 2.6))
    output = tmp_path / "clip.mp4"
    run_ffmpeg(clip_arguments(half, "Half", output), output)
    with pytest.raises(ExportFailedError, match="is wrong and was thrown away: 25 of 50 frames are missing"):
        check_clip(output, whole)
    run_ffmpeg(clip_arguments(whole, "Whole", output), output)
    check_clip(output, whole)
    with pytest.raises(ExportFailedError, match=r"it lasts 2\.0\d s, and the moment 1\.80 s"):
        check_clip(output, cutting(info, Span(0.6, 2.4)))
    deaf = replace(whole, info=replace(info, audio_tracks=()))
    run_ffmpeg(clip_arguments(deaf, "Silent", output), output)
    with pytest.raises(ExportFailedError, match=r"its sound ends at 0\.00 s of 2\.00 s"):
        check_clip(output, whole)


def test_a_part_of_a_reel_that_stands_still_is_not_handed_out(film: Path, tmp_path: Path) -> None:
    """The picture repeated for a second where the film moves on: as many frames, and the wrong ones."""
    info, rate, output = probe(film), RATES["25"], tmp_path / "part.mov"
    whole, half = cutting(info, Span(0.6, 2.6)), cutting(info, Span(0.6, 1.6))
    shape = PartShape(rate, (320, 180), has_picture=True, has_sound=True)
    run_ffmpeg(part_arguments(replace(whole, shown=half.shown), 50, shape, output), output)
    check_reel(output, 50, shape)
    with pytest.raises(ExportFailedError, match="25 of 50 frames are missing"):
        check_part(output, 50, frames_read(output, whole), whole, shape)
    with pytest.raises(ExportFailedError, match="it has 50 frames, and should have 51"):
        check_reel(output, 51, shape)


def test_frames_that_do_not_decode_are_no_reason_to_refuse_a_clip(film: Path, tmp_path: Path) -> None:
    """Damage of the source is the source's; what decodes is in the clip."""
    file = tmp_path / "hurt.ts"
    write(file, ffmpeg.input(str(film)), c="copy")
    data = bytearray(file.read_bytes())
    middle = len(data) // 2 // 188 * 188
    data[middle : middle + 6 * 188] = bytes(6 * 188)
    file.write_bytes(data)
    assert clip(file, 0.2, 2.8, tmp_path / "clip.mp4").duration_s == pytest.approx(2.6, abs=0.1)


def test_a_container_that_starts_late_is_cut_on_its_own_clock(film: Path, tmp_path: Path) -> None:
    file = write(tmp_path / "late.ts", ffmpeg.input(str(film)).video, output_ts_offset=100, **FAST_H264)
    assert probe(file).start_time_s > 99
    assert runs(seen(clip(file, 1.0, 2.0, tmp_path / "clip.mp4").path)) == [(GREEN, 25)]


def test_turned_odd_and_stretched_pictures_come_out_as_they_are_seen(film: Path, tmp_path: Path) -> None:
    """161 x 121 pixels, each twice as wide as high; and 320 x 180 turned by 90 degrees."""
    odd = write(tmp_path / "odd.mkv", colour(RED, 0.4).filter("scale", 161, 121).filter("setsar", 2), vcodec="ffv1")
    sideways = turned(film, tmp_path / "sideways.mp4", 90)
    shapes = []
    for number, file in enumerate((odd, sideways)):
        made = clip(file, 0.1, 0.3, tmp_path / f"{number}.mp4").video
        assert made is not None
        shapes.append((made.codec, made.coded_width, made.coded_height, made.sample_aspect, made.rotation_deg))
    assert shapes == [("h264", 322, 120, 1.0, 0), ("h264", 180, 320, 1.0, 0)]


def test_sound_alone_makes_a_file_of_sound(tmp_path: Path) -> None:
    file = write(tmp_path / "voice.wav", tone(3.0, rate_hz=22_050))
    made = clip(file, 0.5, 1.75, tmp_path / "clip.mp4")
    assert (made.video, made.audio and made.audio.codec) == (None, "aac")
    assert made.duration_s == pytest.approx(1.25, abs=0.005)


def test_a_moment_of_a_silent_stretch_is_a_clip_with_silence(tmp_path: Path) -> None:
    """The sound ends after a second."""
    file = video(tmp_path / "film.mp4", moving(4.0), tone(1.0), acodec="aac")
    made = clip(file, 2.0, 3.0, tmp_path / "clip.mp4")
    assert len(seen(made.path)) == 25
    assert made.audio is not None
    assert heard(made.path).max() < 0.001
    assert made.duration_s == pytest.approx(1.0, abs=0.03)


def test_a_clip_says_nothing_of_its_source(film: Path, tmp_path: Path) -> None:
    import av

    file = write(tmp_path / "tagged.mp4", ffmpeg.input(str(film)), c="copy", metadata="location=+52.5+013.4")
    with av.open(str(clip(file, 0.0, 0.2, tmp_path / "clip.mp4").path)) as made:
        assert made.metadata["title"] == "Title"
        assert "location" not in made.metadata


def test_a_reel_joins_moments_of_any_kind_frame_by_frame(film: Path, tmp_path: Path) -> None:
    """Green of 320 x 180 with its tone, a blue upright picture without sound, sound alone, green again."""
    tall = video(tmp_path / "tall.mp4", colour(BLUE, 2.0, fps=30, size="90x160"))
    voice = write(tmp_path / "voice.wav", tone(2.0, 3000))
    made = reel([(film, 1.0, 1.6), (tall, 0.5, 1.1), (voice, 0.0, 0.4), (film, 1.2, 1.6)], tmp_path / "reel.mp4")
    assert made.video is not None
    assert (made.video.coded_width, made.video.coded_height) == (320, 180)
    assert made.video.nominal_rate_fps == Fraction(25)
    frames = seen(made.path)
    assert runs(frames) == [(GREEN, 15), (BLUE, 15), ("black", 10), (GREEN, 10)]
    assert [time_s for time_s, _ in frames] == pytest.approx([number * FRAME_S for number in range(50)], abs=0.001)
    loudness = heard(made.path)
    levels = [loudness[start:end].mean() > 0.03 for start, end in ((50, 550), (650, 1150), (1250, 1550), (1650, 1950))]
    assert levels == [True, False, True, True]
    assert made.duration_s == pytest.approx(2.0, abs=0.005)


def test_pictures_that_stand_still_are_there_from_the_start_of_their_part(tmp_path: Path) -> None:
    """A picture every two seconds: red from 0, green from 2, blue from 4 s."""
    shots = cuts([(RED, 2.0), (GREEN, 2.0), (BLUE, 2.0)]).filter("select", "not(mod(n,50))")
    file = video(tmp_path / "slides.mkv", shots, fps_mode="vfr")
    made = reel([(file, 3.2, 4.4), (file, 1.0, 1.2)], tmp_path / "reel.mp4", RATES["25"])
    assert runs(seen(made.path)) == [(GREEN, 20), (BLUE, 10), (RED, 5)]


@pytest.mark.parametrize("seconds", [0.02, 0.1, 0.4])
def test_the_last_picture_is_there_for_a_moment_after_it(tmp_path: Path, seconds: float) -> None:
    """At 29.97, the picture ends at 1.0 s, the sound at 2 s; of the moment at 1.2 s, only a frame before it is left."""
    picture = cuts([(RED, 1.0)], fps=30000 / 1001)
    file = video(tmp_path / "short.mp4", picture, tone(2.0), acodec="aac")
    made = reel([(file, 1.2, 1.2 + seconds), (file, 0.2, 0.4)], tmp_path / "reel.mp4")
    assert {hue for _, hue in seen(made.path)} == {RED}
    assert len(seen(made.path)) == round(seconds * 30000 / 1001) + 6
    silent = video(tmp_path / "silent.mp4", picture)
    assert clip(silent, 0.9, 0.9 + seconds, tmp_path / "clip.mp4").duration_s == pytest.approx(seconds, abs=0.035)


def test_a_reel_is_letterboxed(film: Path, tmp_path: Path) -> None:
    import av

    tall = video(tmp_path / "tall.mp4", colour(BLUE, 0.5, size="90x160"))
    with av.open(str(reel([(film, 1.0, 1.2), (tall, 0.0, 0.2)], tmp_path / "reel.mp4").path)) as made:
        *_, last = made.decode(video=0)
    columns = last.to_ndarray(format="rgb24")[90, :, 2] > 128
    assert [int(columns.argmax()), int(columns.sum())] == pytest.approx([109, 102], abs=2)


def test_what_does_not_decode_is_an_error_that_says_so(tmp_path: Path) -> None:
    """A picture whose packets are noise."""
    file = video(tmp_path / "bad.mp4", moving(1.0))
    info, content = probe(file), file.read_bytes()
    data = content.index(b"mdat") + 4
    file.write_bytes(
        content[:data] + b"\xff" * (content.index(b"moov") - 4 - data) + content[content.index(b"moov") - 4 :]
    )
    with pytest.raises(ExportFailedError, match="ffmpeg could not make the file"):
        render_clip(info, Span(0.2, 0.6), "Title", tmp_path / "clip.mp4")


def test_encoding_stops_when_nobody_waits(tmp_path: Path) -> None:
    """With -re, ffmpeg would take a minute."""
    output = tmp_path / "clip.mp4"
    slow = [ffmpeg_path(), "-nostdin", "-loglevel", "error", "-re", "-f", "lavfi", "-i", "color=red:duration=60"]
    started = time.monotonic()
    with pytest.raises(HungUpError, match="has gone away"):
        run_ffmpeg([*slow, str(output)], output, gone=lambda: True)
    assert time.monotonic() - started < 20
