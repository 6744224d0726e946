"""The demo's sample video, made on the spot from free pictures, drawn slides, computed sounds and a free recording."""

import importlib.util
import tempfile
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.atomic import replacing, sweep_drafts
from retrieval.domain import Span
from retrieval.errors import MomentsError
from retrieval.subtitle_text import Cue, srt

FPS = 24
WIDTH, HEIGHT = 960, 540
RATE_HZ = 16_000
RECORDINGS = Path(__file__).parent / "sample"
"""What is spoken in samples; the text beside a recording says where it is from and who may use it."""


@dataclass(frozen=True, slots=True)
class SampleShot:
    """One shot of the sample: a picture of scikit-image or a slide, what is said and what is heard.

    ``line`` is said by a subtitle only, ``spoken`` is a file of ``RECORDINGS``.
    """

    seconds: float
    picture: str | None = None
    slide: tuple[str, ...] = ()
    line: str | None = None
    sound: str | None = None
    spoken: str | None = None


SHOTS: tuple[SampleShot, ...] = (
    SampleShot(5, slide=("Moments demo", "A sample made on this machine"), line="Welcome to the sample video."),
    SampleShot(6, picture="chelsea.png", line="This is Chelsea, who belongs to nobody but herself."),
    SampleShot(6, picture="coffee.png", line="Nothing starts the morning like something hot and black."),
    SampleShot(
        7,
        slide=("Q3 projections", "- Revenue up 14 percent", "- Churn down to 2.1 percent"),
        line="Now for the forecast of the third quarter.",
    ),
    SampleShot(6, picture="astronaut.png", line="She was the first woman to command a shuttle mission."),
    SampleShot(6, picture="rocket.jpg", sound="rain", line=None),
    SampleShot(
        7,
        slide=("Release checklist", "- Freeze main on Thursday", "- Tag version 4.2.0"),
        line="Please remember to freeze the branch before the release.",
    ),
    SampleShot(6, picture="motorcycle_left.png", sound="clock"),
    SampleShot(12, picture="camera.png", spoken="inaugural-1961.opus"),
    SampleShot(5, picture="grass.png", line="And that is all, thank you for watching."),
)

SEARCHES: tuple[str, ...] = (
    "a cat",
    "a cup of coffee on a table",
    "the slide about revenue and churn",
    "where she talks about the next release",
    "the sound of rain",
    "speech: how you could help your nation",
)
"""What the demo asks of the sample: a picture, another, a slide by its text, a subtitle, a sound, a spoken line."""


def _slide(lines: Sequence[str], file: Path) -> None:
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (1280, 720), (18, 32, 47))
    draw = ImageDraw.Draw(image)
    draw.text((90, 110), lines[0], fill=(245, 240, 230), font=ImageFont.load_default(size=76))
    for row, line in enumerate(lines[1:]):
        draw.text((110, 300 + 110 * row), line, fill=(210, 220, 230), font=ImageFont.load_default(size=50))
    image.save(file)


def _rain(count: int, chance: np.random.Generator) -> NDArray[np.float32]:
    """Rain: dense noise without its low end, with drops scattered over it."""
    noise = chance.normal(0, 1, count)
    hiss = noise - np.convolve(noise, np.ones(8) / 8, mode="same")
    drops = (chance.random(count) < 0.004) * chance.normal(0, 6, count)
    ring = np.exp(-np.arange(160) / 24) * np.sin(np.arange(160) * 1.3)
    return np.asarray(0.05 * hiss + 0.03 * np.convolve(drops, ring, mode="same"), dtype=np.float32)


def _clock(count: int, chance: np.random.Generator) -> NDArray[np.float32]:
    """A ticking clock: two short clicks of different pitch every second."""
    track = chance.normal(0, 0.0005, count)
    for beat, start in enumerate(range(0, count - 800, RATE_HZ // 2)):
        time = np.arange(800) / RATE_HZ
        pitch = 2900 if beat % 2 else 2300
        track[start : start + 800] += 0.5 * np.exp(-time * 160) * np.sin(2 * np.pi * pitch * time)
    return np.asarray(track, dtype=np.float32)


def _spoken(recording: str, count: int) -> NDArray[np.float32]:
    """The recording, with silence after it or cut to ``count`` samples."""
    import ffmpeg

    from indexer.media.ffmpeg_binary import ffmpeg_path

    stream = ffmpeg.input(str(RECORDINGS / recording)).output("pipe:", format="s16le", ac=1, ar=RATE_HZ)
    raw, _ = stream.run(cmd=ffmpeg_path(), capture_stdout=True, quiet=True)
    said = np.frombuffer(raw, "<i2")[:count].astype(np.float32) / 32768
    return np.pad(said, (0, count - len(said)))


def _soundtrack(file: Path, shots: Sequence[SampleShot]) -> None:
    chance = np.random.default_rng(7)
    makers: dict[str, Callable[[int, np.random.Generator], NDArray[np.float32]]] = {
        "rain": _rain,
        "clock": _clock,
    }
    parts = []
    for shot in shots:
        count = round(shot.seconds * RATE_HZ)
        if shot.spoken:
            parts.append(_spoken(shot.spoken, count))
        else:
            parts.append(makers[shot.sound](count, chance) if shot.sound else np.zeros(count, np.float32))
    samples = np.clip(np.concatenate(parts) * 32767, -32768, 32767).astype("<i2")
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes(samples.tobytes())


def _subtitles(file: Path, shots: Sequence[SampleShot]) -> None:
    cues: list[Cue] = []
    start_s = 0.0
    for shot in shots:
        if shot.line:
            cues.append(Cue(Span(start_s + 0.5, start_s + shot.seconds - 0.5), shot.line))
        start_s += shot.seconds
    file.write_text(srt(cues), encoding="utf-8")


def _clip(shot: SampleShot, picture: Path) -> Any:
    """The stream of ffmpeg that shows the picture for as long as the shot lasts: a slide still, others nearing."""
    import ffmpeg

    return (
        ffmpeg.input(str(picture), loop=1, framerate=FPS, t=shot.seconds)
        .filter("scale", 1440, 810, force_original_aspect_ratio="increase")
        .filter("crop", 1440, 810)
        .filter(
            "zoompan",
            z="1" if shot.slide else f"1+0.1*on/{round(shot.seconds * FPS)}",
            x="iw/2-(iw/zoom/2)",
            y="ih/2-(ih/zoom/2)",
            d=1,
            s=f"{WIDTH}x{HEIGHT}",
            fps=FPS,
        )
        .filter("format", "yuv420p")
        .filter("setsar", 1)
    )


def make_sample(file: Path, shots: Sequence[SampleShot] = SHOTS) -> Path:
    """Write a video of these shots (66 s of them by default; H.264, AAC, a subtitle track), return its path."""
    import ffmpeg

    from indexer.media.ffmpeg_binary import ffmpeg_path

    found = importlib.util.find_spec("skimage")
    if found is None or not found.submodule_search_locations:
        raise MomentsError("the demo takes its pictures from scikit-image; install it: pip install scikit-image")
    pictures = Path(next(iter(found.submodule_search_locations))) / "data"
    file.parent.mkdir(parents=True, exist_ok=True)
    sweep_drafts(file.parent, file.name)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        clips = []
        for number, shot in enumerate(shots):
            picture = work / f"{number}.png" if shot.slide else pictures / str(shot.picture)
            if shot.slide:
                _slide(shot.slide, picture)
            clips.append(_clip(shot, picture))
        _soundtrack(work / "sound.wav", shots)
        _subtitles(work / "lines.srt", shots)
        with replacing(file) as draft:
            stream = ffmpeg.output(
                ffmpeg.concat(*clips, v=1, a=0),
                ffmpeg.input(str(work / "sound.wav")),
                ffmpeg.input(str(work / "lines.srt")),
                str(draft),
                vcodec="libx264",
                preset="veryfast",
                crf=24,
                acodec="aac",
                scodec="mov_text",
                **{"metadata:s:s:0": "language=eng"},
            )
            try:
                stream.overwrite_output().run(cmd=ffmpeg_path(), quiet=True)
            except ffmpeg.Error as error:
                tail = error.stderr.decode(errors="replace").strip().splitlines()[-1:]
                raise MomentsError(f"the sample video could not be made: {' '.join(tail)}") from error
    return file
