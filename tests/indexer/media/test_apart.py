"""Media files that break what reads them cost themselves one attempt, and neither the indexer nor an export."""

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from indexer.intake.addition import Addition
from indexer.media import apart
from indexer.media.decode import decode
from indexer.media.decoded import Decoded
from indexer.media.frames_shown import shown_during
from indexer.media.probe import probe
from indexer.outcome import Outcome, Status
from indexer.pipeline import Cancelled, Indexer
from indexer.settings import IndexSettings
from indexer.subtitles.reading import read_subtitles
from retrieval.domain import Profile, Span
from retrieval.errors import DecoderLimitError
from retrieval.storage.library import Library
from tests import faults
from tests.fakes import FakeEncoders
from tests.media import moving, tone, video


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of something that moves, with a tone and a line of subtitles."""
    path = video(tmp_path_factory.mktemp("film") / "film.mp4", moving(2.0), tone(2.0), acodec="aac")
    path.with_suffix(".srt").write_text("1\n00:00:00,500 --> 00:00:01,500\nHello there\n", encoding="utf-8")
    return path


@pytest.fixture
def settings(tmp_path: Path) -> IndexSettings:
    return IndexSettings(data_dir=tmp_path / "data", profile=Profile.LITE, decode_memory_gb=0.5, decode_patience_s=60.0)


def index(settings: IndexSettings, path: Path, report: Callable[[str, float], None] = lambda *_: None) -> Outcome:
    """What becomes of the file; no model is reached by one that does not decode."""
    with Library(settings, "test") as library:
        indexer = Indexer(library, FakeEncoders(), settings)
        return indexer.index("job", Addition(str(path)), lambda _, run: run(), report, lambda *_: None)


def test_a_process_of_its_own_finds_the_same(film: Path, tmp_path: Path, settings: IndexSettings) -> None:
    info = apart.probe(film)
    assert info == probe(film)
    assert info.video is not None
    assert apart.read_subtitles(info, settings) == read_subtitles(info)
    where = (film, info.video.index, info.start_time_s, Span(0.5, 1.0))
    assert apart.shown_during(*where) == shown_during(*where)
    told: list[float] = []
    there, here = apart.decode(info, tmp_path / "a", settings, on_progress=told.append), tmp_path / "b"
    here.mkdir()
    same = decode(info, here)
    assert (there.frames, there.warnings, there.duration_s) == (same.frames, same.warnings, same.duration_s)
    assert np.array_equal(there.signal, same.signal)
    assert Decoded.load(tmp_path / "a") is not None
    assert max(told) >= 1.0


@pytest.mark.parametrize(
    ("fault", "code", "message"),
    [
        (faults.crash, "decoder_crashed", r"the decoder crashed \(SIGSEGV\)"),
        (faults.abort, "decoder_crashed", r"the decoder crashed \(SIGABRT\)"),
        (faults.hang, "decoder_hung", "made no progress for 1 s"),
        (faults.hang_and_report, "decoder_hung", "made no progress for 1 s"),
        (faults.eat, "decoder_limit", r"takes more than 0\.5 GB of memory"),
    ],
)
def test_a_decoder_that_breaks_costs_one_file(
    film: Path, settings: IndexSettings, monkeypatch: pytest.MonkeyPatch, fault: Any, code: str, message: str
) -> None:
    monkeypatch.setattr(apart, "_decode", fault)
    outcome = index(settings.model_copy(update={"decode_patience_s": 1.0 if "hung" in code else 60.0}), film)
    assert outcome.failure is not None
    assert (outcome.status, outcome.failure.code) == (Status.FAILED, code)
    assert outcome.failure.message.startswith(str(film))
    assert re.search(message, outcome.failure.message)
    assert not (settings.data_dir / "work" / (outcome.video_id or "")).exists()


@pytest.mark.parametrize("fault", [faults.crash, faults.eat])
def test_a_header_that_breaks_its_reader_costs_one_file(
    film: Path, settings: IndexSettings, monkeypatch: pytest.MonkeyPatch, fault: Any
) -> None:
    monkeypatch.setattr(apart, "_probe", fault)
    outcome = index(settings, film)
    assert outcome.failure is not None
    assert outcome.failure.code.startswith("decoder_")


@pytest.mark.parametrize("part", ["_probe", "_decode"])
def test_cancelling_does_not_wait_for_what_hangs(
    film: Path, settings: IndexSettings, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    monkeypatch.setattr(apart, part, faults.hang)
    cancelled = threading.Timer(0.5, lambda: None)
    cancelled.start()

    def report(*_: object) -> None:
        if cancelled.finished.is_set():
            raise Cancelled

    began = time.monotonic()
    with pytest.raises(Cancelled):
        index(settings, film, report)
    assert time.monotonic() - began < 60


def gif(path: Path, frames: int, **options: Any) -> Path:
    """A small animation in which every frame differs."""
    pictures = [Image.new("P", (16, 16), number % 200) for number in range(frames)]
    for picture in pictures:
        picture.putpalette([value for level in range(256) for value in (level, 255 - level, level // 2)])
    pictures[0].save(path, save_all=True, append_images=pictures[1:], **options)
    return path


@pytest.mark.parametrize(
    ("side", "message"),
    [
        (8_300, "8,300 × 8,300 = 68,890,000 pixels; at most 67,108,864 (as 8,192 × 8,192) are allowed"),
        (60_000, "60,000 × 60,000 = 3,600,000,000 pixels; at most"),  # more than libav itself bears
    ],
)
def test_pictures_without_measure_are_refused(tmp_path: Path, settings: IndexSettings, side: int, message: str) -> None:
    """An animation of a few hundred bytes that says how wide and high it is; half a gigabyte is allowed."""
    bomb = gif(tmp_path / "bomb.gif", 2)
    content = bytearray(bomb.read_bytes())
    content[6:10] = side.to_bytes(2, "little") * 2
    bomb.write_bytes(content)
    outcome = index(settings, bomb)
    assert outcome.failure is not None
    assert outcome.failure.code == "undecodable"
    assert message in outcome.failure.message


def test_an_animation_without_end_ends(tmp_path: Path, settings: IndexSettings) -> None:
    """300 frames of eleven minutes each, repeated for ever: two days, of which a few pictures are kept."""
    endless = gif(tmp_path / "endless.gif", 300, duration=655_350, loop=0)
    decoded = apart.decode(apart.probe(endless), tmp_path / "decoded", settings)
    assert len(decoded.frames) <= 300
    assert sum(file.stat().st_size for file in (tmp_path / "decoded").rglob("*")) < 10_000_000


def test_a_file_does_not_fill_the_disk(film: Path, tmp_path: Path, settings: IndexSettings) -> None:
    little = settings.model_copy(update={"decode_output_gb": 1e-5})
    with pytest.raises(DecoderLimitError, match="of pictures and sound, which is what one file may take"):
        apart.decode(apart.probe(film), tmp_path / "decoded", little)
