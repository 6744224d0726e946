"""What a file holds is reported from its headers; what cannot be indexed is refused with a reason."""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ffmpeg
import pytest

from indexer.media.decode import decode
from indexer.media.probe import content_hash, probe
from retrieval.errors import (
    EmptyFileError,
    EndlessStreamError,
    MediaError,
    MissingFileError,
    NotMediaError,
    UndecodableError,
    UnreadableFileError,
)
from tests import media


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One second, 320 x 180 at 25 fps, H.264, with a mono tone of 44.1 kHz in AAC."""
    return media.video(tmp_path_factory.mktemp("clip") / "clip.mp4", media.moving(1), media.tone(1))


def test_reports_streams_and_the_duration_of_the_header(clip: Path) -> None:
    info = probe(clip)
    assert info.path == clip
    assert info.size_bytes == clip.stat().st_size
    assert info.duration_s == pytest.approx(1.0, abs=0.1)
    video, audio = info.video, info.audio
    assert video is not None
    assert (video.codec, video.width, video.height, video.rotation_deg) == ("h264", 320, 180, 0)
    assert (video.sample_aspect, video.frame_rate_fps) == (1.0, 25.0)
    assert audio is not None
    assert (audio.codec, audio.channels, audio.rate_hz) == ("aac", 1, 44_100)


def test_says_so_when_the_header_gives_no_duration(tmp_path: Path) -> None:
    written_as_stream = media.video(tmp_path / "live.mkv", media.moving(1), live=1)
    info = probe(written_as_stream)
    assert info.duration_s is None


@pytest.mark.parametrize(
    ("tags", "recorded_at"),
    [
        ({"creation_time": "2026-05-31T14:30:00Z"}, datetime(2026, 5, 31, 14, 30, tzinfo=UTC)),
        ({"date": "2026-05-31"}, datetime(2026, 5, 31, tzinfo=UTC)),
        ({"date": "some day"}, None),
        ({}, None),
    ],
)
def test_says_when_the_file_claims_to_have_been_recorded(
    tmp_path: Path, tags: dict[str, str], recorded_at: datetime | None
) -> None:
    named = {f"metadata:g:{place}": f"{name}={text}" for place, (name, text) in enumerate(tags.items())}
    assert probe(media.video(tmp_path / "tagged.mkv", media.moving(0.2), **named)).recorded_at == recorded_at


def test_display_size_counts_wide_pixels(tmp_path: Path) -> None:
    """Pixels twice as wide as high: 320 x 180 coded is 640 x 180 seen."""
    path = media.video(tmp_path / "wide.mp4", media.moving(0.2).filter("setsar", "2/1"))
    video = probe(path).video
    assert video is not None
    assert (video.coded_width, video.coded_height) == (320, 180)
    assert (video.width, video.height, video.sample_aspect) == (640, 180, 2.0)


@pytest.mark.parametrize(("turned_deg", "size"), [(90, (180, 320)), (180, (320, 180)), (270, (180, 320))])
def test_display_size_counts_rotation(clip: Path, tmp_path: Path, turned_deg: int, size: tuple[int, int]) -> None:
    video = probe(media.turned(clip, tmp_path / "turned.mp4", turned_deg)).video
    assert video is not None
    assert (video.rotation_deg, (video.width, video.height)) == (turned_deg, size)


def test_a_cover_picture_is_not_the_video(tmp_path: Path) -> None:
    cover = ffmpeg.input(str(media.photo(tmp_path / "cover.png")))
    path = media.write(
        tmp_path / "song.mp3",
        media.tone(1),
        cover,
        acodec="mp3",
        vcodec="mjpeg",
        **{"disposition:v": "attached_pic"},
    )
    info = probe(path)
    assert [stream.is_cover for stream in info.video_streams] == [True]
    assert info.video is None
    assert info.audio is not None


def one_picture(path: Path, sound: Any, lasts_s: float | None = None, **options: Any) -> Path:
    """One red frame, which says that it lasts 0.04 s or ``lasts_s``, beside a sound."""
    options = {"acodec": "aac", **media.FAST_H264, **options}
    return media.write(
        path, media.colour("red", lasts_s or 0.04, fps=1 / lasts_s if lasts_s else 25), *sound, **options
    )


@pytest.mark.parametrize("name", ["song.mov", "song.mp4", "song.m4v", "song.mkv", "song.avi", "song.ts", "song.webm"])
def test_one_frame_beside_seconds_of_sound_is_a_cover(tmp_path: Path, name: str) -> None:
    codecs = {".webm": {"vcodec": "libvpx", "acodec": "libvorbis"}}.get(Path(name).suffix, {})
    info = probe(one_picture(tmp_path / name, [media.tone(3)], None, **codecs))
    assert info.video is None
    assert info.audio is not None
    assert [stream.is_cover for stream in info.video_streams] == [True]
    assert decode(info, tmp_path / "out").frames == ()


def test_one_frame_held_while_a_sound_is_heard_is_a_video(tmp_path: Path) -> None:
    info = probe(one_picture(tmp_path / "still.mp4", [media.tone(3)], lasts_s=3.0))
    assert info.video is not None
    assert len(decode(info, tmp_path / "out").frames) == 1


@pytest.mark.parametrize("name", ["short.mp4", "short.mkv"])
def test_one_frame_without_sound_is_a_video(tmp_path: Path, name: str) -> None:
    assert probe(one_picture(tmp_path / name, [])).video is not None


def test_slides_far_apart_are_a_video(tmp_path: Path) -> None:
    """Two pictures, four seconds apart, beside eight seconds of sound."""
    slides = media.colour("red", 8, fps=0.25)
    assert probe(media.video(tmp_path / "slides.mkv", slides, media.tone(8), acodec="aac")).video is not None


def test_listens_to_the_default_track_of_several(tmp_path: Path) -> None:
    marks = {
        "metadata:s:a:0": "language=deu",
        "metadata:s:a:1": "language=eng",
        "disposition:a:0": "0",
        "disposition:a:1": "default",
    }
    path = media.write(tmp_path / "two.mkv", media.tone(1), media.tone(1, hz=880), acodec="pcm_s16le", **marks)
    info = probe(path)
    assert [track.language for track in info.audio_tracks] == ["deu", "eng"]
    assert info.audio is not None
    assert info.audio.language == "eng"


def test_lists_subtitle_tracks_and_sidecars(clip: Path, tmp_path: Path) -> None:
    srt = tmp_path / "film.srt"
    srt.write_text("1\n00:00:00,000 --> 00:00:01,000\nhello\n")
    path = media.write(
        tmp_path / "film.mkv",
        ffmpeg.input(str(clip)),
        ffmpeg.input(str(srt)),
        c="copy",
        scodec="srt",
        **{"metadata:s:s:0": "language=eng"},
    )
    for name in ("film.fr.VTT", "film.en.srt", "film.txt", "other.srt"):
        (tmp_path / name).write_text("WEBVTT\n")
    info = probe(path)
    assert [(track.codec, track.language, track.is_text) for track in info.subtitle_tracks] == [("subrip", "eng", True)]
    found = [(sidecar.path.name, sidecar.language) for sidecar in info.sidecars]
    assert found == [("film.srt", None), ("film.en.srt", "en"), ("film.fr.VTT", "fr")]


@pytest.mark.parametrize(
    ("name", "content", "error", "words"),
    [
        ("empty.mp4", b"", EmptyFileError, "0 bytes"),
        ("text.mp4", b"Dear diary, today I saw a film.\n" * 50, NotMediaError, "not a media file"),
        ("noise.mp4", bytes(range(256)) * 64, NotMediaError, "not a media file"),
        ("list.mp4", b"#EXTM3U\n#EXT-X-ENDLIST\n", EndlessStreamError, "playlist"),
        ("join.mp4", b"ffconcat version 1.0\nfile other.mp4\n", EndlessStreamError, "playlist"),
        (
            "cut.mp4",
            b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + b"\0\0\1\0mdat" + bytes(300),
            UndecodableError,
            "moov",
        ),
    ],
)
def test_refuses_what_is_no_media(
    tmp_path: Path, name: str, content: bytes, error: type[MediaError], words: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(error, match=words) as raised:
        probe(path)
    assert str(path) in raised.value.message


def test_refuses_missing_files_folders_pipes_and_devices(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    cases: list[tuple[Path, type[MediaError]]] = [
        (tmp_path / "missing.mp4", MissingFileError),
        (tmp_path, NotMediaError),
        (tmp_path / "pipe.mp4", EndlessStreamError),
        (Path("/dev/zero"), EndlessStreamError),
    ]
    for path, error in cases:
        with pytest.raises(error, match=str(path)):
            probe(path)


def test_refuses_still_pictures(tmp_path: Path) -> None:
    with pytest.raises(NotMediaError):
        probe(media.photo(tmp_path / "photo.png"))


def test_refuses_what_this_user_may_not_read(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "secret.mp4"
    shutil.copy(clip, path)
    path.chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)  # root may read everything: look with the eyes of nobody
    try:
        with pytest.raises(UnreadableFileError, match="cannot be read"):
            probe(path)
    finally:
        os.seteuid(user)


def test_a_playlist_cannot_make_us_open_another_file(clip: Path, tmp_path: Path) -> None:
    """A media playlist that names a good file: any reader that follows it would find a video."""
    playlist = tmp_path / "innocent.mp4"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{clip}\n#EXT-X-ENDLIST\n")
    with pytest.raises(EndlessStreamError):
        probe(playlist)


@pytest.mark.parametrize("name", ["http:clip.mp4", "-i clip.mp4", "concat:a|b.mp4", "überfilm 映画.mp4", "%03d.mp4"])
def test_a_name_is_only_a_name(clip: Path, tmp_path: Path, name: str) -> None:
    shutil.copy(clip, tmp_path / name)
    assert probe(tmp_path / name).video is not None


def test_the_hash_follows_the_content_not_the_name(clip: Path, tmp_path: Path) -> None:
    moved, changed = tmp_path / "moved.mp4", tmp_path / "clip.mp4"
    shutil.copy(clip, moved)
    changed.write_bytes(clip.read_bytes()[:-1] + b"?")
    assert content_hash(moved) == content_hash(clip)
    assert content_hash(changed) != content_hash(clip)
    assert len(content_hash(clip)) == 32
    with pytest.raises(MissingFileError):
        content_hash(tmp_path / "missing.mp4")
