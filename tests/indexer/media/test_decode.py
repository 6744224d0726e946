"""One pass gives frames, sound and signal on the clock of a player, whatever the container does."""

import shutil
from collections.abc import Callable
from pathlib import Path

import ffmpeg
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from indexer.media.decode import DecodeOptions, decode
from indexer.media.decoded import Decoded
from indexer.media.probe import probe
from indexer.skip import Skip
from retrieval.errors import UndecodableError
from tests import media
from tests.places import SHARED_MEDIA

RATE_HZ = 16_000


def decoded(path: Path, options: DecodeOptions = DecodeOptions()) -> Decoded:
    return decode(probe(path), path.with_suffix(".decoded"), options=options)


def sound(result: Decoded) -> NDArray[np.int16]:
    return result.sound[:]


def picture(result: Decoded) -> NDArray[np.uint8]:
    return pixels(result.frame_path(result.frames[0]))


def pixels(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        return np.asarray(image)


def heard_from_s(samples: NDArray[np.int16]) -> float:
    """When the first loud sample comes."""
    return float(np.argmax(np.abs(samples) > 1000)) / RATE_HZ


def test_frames_sound_and_signal_of_a_plain_file(tmp_path: Path) -> None:
    """Three seconds of movement with a tone: 75 frames, six or seven of them kept."""
    seconds_done: list[float] = []
    path = media.video(tmp_path / "plain.mp4", media.moving(3), media.tone(3))
    result = decode(probe(path), tmp_path / "out", on_progress=seconds_done.append)
    assert result.duration_s == pytest.approx(3.0, abs=0.05)
    assert (result.video_index, result.heard[0].index, result.warnings) == (0, 1, ())
    assert result.times_s == pytest.approx(np.arange(75) / 25)
    assert result.signal.shape == (75, 3)
    kept = [frame.time_s for frame in result.frames]
    assert kept[0] == 0.0
    assert set(kept) <= set(result.times_s)
    assert max(np.diff(kept)) <= 0.5 + 1 / 25
    assert picture(result).shape == (180, 320, 3)
    assert len(sound(result)) == pytest.approx(3 * RATE_HZ, abs=800)
    assert seconds_done == sorted(seconds_done)
    assert seconds_done[-1] > 1.5


def test_what_was_decoded_can_be_saved_moved_and_loaded(tmp_path: Path) -> None:
    result = decoded(media.video(tmp_path / "clip.mp4", media.moving(1), media.tone(1)))
    heard = sound(result)
    moved = tmp_path / "elsewhere"
    shutil.move(result.folder, moved)
    loaded = Decoded.load(moved)
    assert loaded is not None
    assert loaded.frames == result.frames
    assert (loaded.duration_s, loaded.video_index, loaded.heard[0].index, loaded.warnings) == (
        result.duration_s,
        result.video_index,
        result.heard[0].index,
        result.warnings,
    )
    np.testing.assert_array_equal(loaded.times_s, result.times_s)
    np.testing.assert_array_equal(loaded.signal, result.signal)
    assert loaded.frame_path(loaded.frames[0]).is_file()
    assert heard.any()
    np.testing.assert_array_equal(sound(loaded), heard)


def test_a_run_that_did_not_end_is_not_loaded_and_its_rests_are_replaced(tmp_path: Path) -> None:
    path = media.video(tmp_path / "clip.mp4", media.colour("red", 0.4))
    folder = tmp_path / "clip.decoded"
    (folder / "frames").mkdir(parents=True)
    (folder / "frames" / "000007777.jpg").write_bytes(b"left over")
    assert Decoded.load(folder) is None
    result = decoded(path)
    assert [file.name for file in (folder / "frames").iterdir()] == [Path(result.frames[0].file).name]


def test_times_are_presentation_times_at_a_variable_frame_rate(tmp_path: Path) -> None:
    """Frame n is shown at n * n / 25 seconds."""
    pictures = media.moving(0.4).filter("setpts", "N*N/25/TB")
    path = media.video(tmp_path / "uneven.mkv", pictures)
    assert decoded(path).times_s == pytest.approx([n * n / 25 for n in range(10)], abs=0.001)


def test_time_counts_from_the_start_of_the_container(tmp_path: Path) -> None:
    """MPEG-TS starts its clock at 1.4 s or later; a player shows that as 0."""
    path = media.video(tmp_path / "stream.ts", media.moving(1), media.tone(1))
    info = probe(path)
    assert info.start_time_s > 1
    result = decode(info, tmp_path / "out")
    assert result.times_s[0] == pytest.approx(0.0, abs=0.1)
    assert result.duration_s == pytest.approx(1.0, abs=0.1)


def test_a_late_picture_stays_late(tmp_path: Path) -> None:
    late = ffmpeg.input("color=red:size=320x180:rate=25:duration=1", f="lavfi", itsoffset=1.5)
    result = decoded(media.video(tmp_path / "late.mkv", late, media.tone(3)))
    assert result.times_s[0] == pytest.approx(1.5, abs=0.03)
    assert result.frames[0].time_s == result.times_s[0]


def test_late_sound_stays_late(tmp_path: Path) -> None:
    late = ffmpeg.input("sine=frequency=440:duration=1", f="lavfi", itsoffset=1.5)
    path = media.video(tmp_path / "late.mkv", media.moving(3), late, acodec="pcm_s16le")
    assert heard_from_s(sound(decoded(path))) == pytest.approx(1.5, abs=0.01)


def test_gaps_in_the_sound_are_silence(tmp_path: Path) -> None:
    """A tone of three seconds from which the second one is cut, the third staying where it was."""
    with_gap = media.tone(3).filter("aselect", "not(between(t,1,2))")
    path = media.write(tmp_path / "gap.mkv", with_gap, acodec="pcm_s16le")
    tenths = sound(decoded(path))[: 29 * RATE_HZ // 10].reshape(29, -1)
    loud = np.abs(tenths).max(axis=1) > 1000
    assert loud[:9].all()
    assert not loud[11:19].any()
    assert loud[21:].all()


def test_channels_are_mixed(tmp_path: Path) -> None:
    """A tone on the right channel only is heard in the mix."""
    silence = media.lavfi("anullsrc=channel_layout=mono:sample_rate=44100:duration=1")
    right = ffmpeg.filter([silence, media.tone(1)], "join", inputs=2, channel_layout="stereo")
    assert np.abs(sound(decoded(media.write(tmp_path / "right.wav", right)))).max() > 1000


@pytest.mark.parametrize("layout", ["3.0", "5.1", "7.1"])
def test_any_number_of_channels_is_mixed(tmp_path: Path, layout: str) -> None:
    surround = media.tone(0.5).filter("aformat", channel_layouts=layout)
    assert len(sound(decoded(media.write(tmp_path / "surround.wav", surround)))) == RATE_HZ // 2


def test_sound_alone_and_picture_alone_are_enough(tmp_path: Path) -> None:
    heard = decoded(media.write(tmp_path / "heard.flac", media.tone(1)))
    assert (heard.video_index is not None, heard.has_audio, heard.frames) == (False, True, ())
    assert heard.duration_s == pytest.approx(1.0, abs=0.01)
    seen = decoded(media.video(tmp_path / "seen.mp4", media.colour("red", 1)))
    assert (seen.video_index is not None, seen.has_audio, len(seen.sound)) == (True, False, 0)
    assert seen.duration_s == pytest.approx(1.0)


def test_a_single_frame_has_a_duration(tmp_path: Path) -> None:
    result = decoded(media.video(tmp_path / "one.mp4", media.colour("red", 1), vframes=1))
    assert len(result.frames) == 1
    assert result.duration_s == pytest.approx(1 / 25)
    assert result.frames[0].still_until_s == result.duration_s


def test_a_resting_picture_costs_one_frame(tmp_path: Path) -> None:
    path = media.video(tmp_path / "cuts.mp4", media.cuts([("red", 3), ("white", 2)]))
    result = decoded(path)
    assert [frame.time_s for frame in result.frames] == [0.0, 3.0]
    assert [frame.still_until_s for frame in result.frames] == [3.0, 5.0]
    assert all(result.text_path(frame) for frame in result.frames)


def test_a_short_event_is_seen(tmp_path: Path) -> None:
    """A white box for a fifth of a second on a picture that otherwise rests."""
    path = media.video(tmp_path / "event.mp4", media.box(media.colour("gray", 3), 1.3, 1.5))
    seen = [frame for frame in decoded(path).frames if 1.3 <= frame.time_s < 1.5]
    assert seen


@pytest.mark.parametrize("turned_deg", [90, 180, 270])
def test_frames_are_upright(tmp_path: Path, turned_deg: int) -> None:
    """The coded picture is black with a white quarter; turned clockwise, the quarter turns with it."""
    quarter = media.colour("black", 0.2).filter("drawbox", 0, 0, "iw/2", "ih/2", "white", "fill")
    flat = media.video(tmp_path / "flat.mp4", quarter)
    result = decoded(media.turned(flat, tmp_path / "turned.mp4", turned_deg))
    expected = np.rot90(picture(decoded(flat)), -turned_deg // 90)
    assert np.abs(picture(result).astype(int) - expected).mean() < 3


def test_frames_have_square_pixels_and_a_bounded_size(tmp_path: Path) -> None:
    wide = media.moving(0.1, size="1440x1080").filter("setsar", "4/3")
    result = decoded(media.video(tmp_path / "wide.mp4", wide))
    assert picture(result).shape == (360, 640, 3)
    text = result.text_path(result.frames[0])
    assert text is not None
    assert pixels(text).shape == (720, 1280, 3)


def test_a_shorter_sound_is_told(tmp_path: Path) -> None:
    result = decoded(media.video(tmp_path / "short.mp4", media.colour("red", 5), media.tone(2)))
    assert result.duration_s == pytest.approx(5.0, abs=0.05)
    assert any("the sound ends at 2.0 s of 5.0 s" in warning for warning in result.warnings)


def test_a_truncated_file_is_decoded_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = media.video(tmp_path / "whole.mp4", media.moving(10), movflags="faststart", g=25)
    data = whole.read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(data[: len(data) // 2])
    result = decoded(cut)
    assert 2 < result.duration_s < 8
    assert f"decodes up to {result.duration_s:.1f} s of the 10.0 s" in result.warnings[0]


@pytest.mark.parametrize(("name", "codec"), [("joined.wav", "pcm_s16le"), ("joined.flv", "aac")])
def test_what_follows_the_end_of_a_file_in_the_same_file_is_told(tmp_path: Path, name: str, codec: str) -> None:
    """Two seconds, and the same once more behind it."""
    file = media.write(tmp_path / name, media.tone(2.0), acodec=codec)
    alone = decode(probe(file), tmp_path / "alone")
    assert not alone.warnings
    file.write_bytes(file.read_bytes() * 2)
    result = decode(probe(file), tmp_path / "out")
    assert result.duration_s == pytest.approx(2.0, abs=0.1)
    assert any("that follow in the file are not read" in warning for warning in result.warnings)


def test_damage_in_the_middle_is_skipped(tmp_path: Path) -> None:
    path = media.video(tmp_path / "hurt.mkv", media.moving(6), media.tone(6), g=25)
    data = bytearray(path.read_bytes())
    start, end = len(data) * 45 // 100, len(data) * 55 // 100
    data[start:end] = np.random.default_rng(1).bytes(end - start)
    path.write_bytes(data)
    result = decoded(path)
    assert result.duration_s == pytest.approx(6.0, abs=0.1)
    assert result.frames[-1].time_s > 5
    assert result.warnings


def test_a_file_of_which_nothing_decodes_is_refused(tmp_path: Path) -> None:
    """The header is whole; of what it describes, every byte is noise."""
    path = media.video(tmp_path / "noise.avi", media.moving(1), vcodec="mpeg4", pix_fmt="yuv420p")
    data = bytearray(path.read_bytes())
    start = data.index(b"movi") + 4
    end = data.index(b"idx1")
    position = start
    while position + 8 < end:
        size = int.from_bytes(data[position + 4 : position + 8], "little")
        data[position + 8 : position + 8 + size] = bytes(size)
        position += 8 + size + size % 2
    path.write_bytes(data)
    with pytest.raises(UndecodableError, match="nothing decodes"):
        decoded(path)


@pytest.mark.parametrize("skip", [Skip.FAST, Skip.FASTEST])
def test_skipping_leaves_the_clock_alone(tmp_path: Path, skip: Skip) -> None:
    path = media.video(tmp_path / "clip.mp4", media.moving(4), preset="veryfast", g=25)
    full, skipped = decoded(path), decoded(path, DecodeOptions(skip=skip))
    assert 0 < len(skipped.times_s) < len(full.times_s)
    assert set(skipped.times_s) <= set(full.times_s)
    assert skipped.duration_s == pytest.approx(full.duration_s, abs=1.0)


def corrupt(path: Path) -> Path:
    """A film of five seconds in whose middle some bytes are others."""
    film = bytearray(media.video(path, media.moving(5), g=25).read_bytes())
    middle = len(film) // 2
    film[middle : middle + 2000] = bytes(2000)
    path.write_bytes(film)
    return path


MADE: dict[str, tuple[Callable[[Path], Path], float, bool, bool]] = {
    "fragmented.mp4": (
        lambda path: media.video(path, media.moving(1), media.tone(1), movflags="frag_keyframe+empty_moov"),
        1.0,
        True,
        True,
    ),
    "no_duration.webm": (
        lambda path: media.write(path, media.moving(2), media.tone(2), vcodec="libvpx", acodec="libvorbis", live=1),
        2.0,
        True,
        True,
    ),
    "delayed_start.mp4": (lambda path: media.video(path, media.moving(1), output_ts_offset=0.5), 1.0, True, False),
    "short.mov": (lambda path: media.video(path, media.moving(0.12)), 0.12, True, False),
    "corrupted.mp4": (corrupt, 5.0, True, False),
    "old.avi": (
        lambda path: media.write(path, media.moving(2), media.tone(2), vcodec="mpeg4", acodec="libmp3lame"),
        2.0,
        True,
        True,
    ),
    "ten_bits.webm": (
        lambda path: media.write(path, media.moving(1), vcodec="libvpx-vp9", pix_fmt="yuv420p10le", speed=8),
        1.0,
        True,
        False,
    ),
    "sound.mp3": (lambda path: media.write(path, media.tone(3)), 3.0, False, True),
}
"""How each file is made, how long it is, and whether it has a picture and sound."""
REAL = {
    "exoplayer_sample_fragmented.mp4": (1.07, True, True),
    "moviepy_no_duration.webm": (4.94, True, True),
    "pyscenedetect_delayed_start.mp4": (0.96, True, False),
    "decord_video_0.mov": (0.1, True, False),
    "decord_corrupted.mp4": (5.0, True, False),
    "auto-editor_h264-mjpeg.mkv": (2.05, True, True),
    "exoplayer_sample.avi": (4.09, True, True),
    "exoplayer_roadtrip-vp92-10bit.webm": (3.0, True, False),
    "multilingual.mp3": (59.9, False, True),
}
"""The same of files that other people made."""


@pytest.mark.parametrize("name", [*MADE, *(name for name in REAL if (SHARED_MEDIA / name).is_file())])
def test_files_of_every_kind_decode(tmp_path: Path, name: str) -> None:
    if name in MADE:
        make, *expected = MADE[name]
        file = make(tmp_path / name)
    else:
        file, expected = SHARED_MEDIA / name, list(REAL[name])
    duration_s, has_video, has_audio = expected
    result = decode(probe(file), tmp_path / "out")
    assert result.duration_s == pytest.approx(duration_s, abs=0.06)
    assert (result.video_index is not None, result.has_audio) == (has_video, has_audio)
    assert bool(result.frames) == has_video


def noise_for_pictures(path: Path) -> Path:
    """A film in VP9 whose every packet is noise."""
    import av

    source = media.write(path.with_name("film.webm"), media.moving(1), vcodec="libvpx-vp9", speed=8)
    with av.open(str(source)) as given, av.open(str(path), "w") as made:
        stream = given.streams.video[0]
        copy = made.add_stream_from_template(stream)
        for packet in given.demux(stream):
            if packet.dts is not None:
                noise = av.Packet(np.random.default_rng(1).bytes(packet.size))
                noise.pts, noise.dts, noise.time_base, noise.stream = packet.pts, packet.dts, packet.time_base, copy
                noise.is_keyframe = packet.is_keyframe
                made.mux(noise)
    return path


BROKEN = "exoplayer_invalid-bitstream.webm"


@pytest.mark.parametrize("name", ["noise.webm", *([BROKEN] if (SHARED_MEDIA / BROKEN).is_file() else [])])
def test_a_file_whose_picture_is_broken_is_refused(tmp_path: Path, name: str) -> None:
    file = SHARED_MEDIA / name if name == BROKEN else noise_for_pictures(tmp_path / name)
    with pytest.raises(UndecodableError, match="vp9"):
        decode(probe(file), tmp_path / "out")


def test_small_print_that_comes_on_a_large_screen_is_kept_for_reading(tmp_path: Path) -> None:
    """Two lines of 24 px in 4K, the second from 2 s on: read at the start and when it came, with all pixels."""
    shown = []
    for number, lines in enumerate(
        (["Invoice number 48213 due on Friday"], ["Invoice number 48213 due on Friday"] * 2)
    ):
        screen = Image.new("RGB", (3840, 2160), (243, 243, 243))
        for row, line in enumerate(lines):
            ImageDraw.Draw(screen).text((900, 800 + 60 * row), line, fill=0, font=ImageFont.load_default(size=24))
        screen.save(tmp_path / f"{number}.png")
        shown.append(ffmpeg.input(str(tmp_path / f"{number}.png"), loop=1, framerate=5, t=2))
    result = decoded(media.video(tmp_path / "screen.mp4", ffmpeg.concat(*shown)))
    read = [frame for frame in result.frames if frame.text_file]
    assert [frame.time_s for frame in read] == [pytest.approx(0.4, abs=0.4), pytest.approx(2.6, abs=0.6)]
    path = result.text_path(read[-1])
    assert path
    assert pixels(path).shape == (2160, 3840, 3)


def test_a_cursor_on_a_large_screen_is_not_read_again_and_again(tmp_path: Path) -> None:
    """A box of 30 x 30 px in 4K that jumps every second."""
    still = media.colour("gray", 5, fps=5, size="3840x2160")
    cursor = still.filter("drawbox", x="200+floor(t)*300", y=900, w=30, h=30, color="white", t="fill")
    result = decoded(media.video(tmp_path / "cursor.mp4", cursor))
    assert len([frame for frame in result.frames if frame.text_file]) == 1
