"""Files of queries that break what reads them: an answer that says so, from a server that goes on."""

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient
from PIL import Image

import app.cli.commands.search
from app.cli.main import cli
from app.http.application import create_app
from app.settings import Settings
from retrieval.asking import media_input
from retrieval.asking.media_input import read_picture, read_sound
from retrieval.errors import DecoderLimitError, InputError
from retrieval.isolation.isolated import CallLimits
from retrieval.search import SearchEngine
from retrieval.storage.library import Library
from tests import faults
from tests.fakes import TWO_VIDEOS, FakeEncoders, library_of

STRICT = CallLimits(memory_bytes=500_000_000, silence_s=60.0, cpu_s=30, output_bytes=1_000_000)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with library_of(tmp_path_factory.mktemp("library"), TWO_VIDEOS) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(library: Library) -> TestClient:
    api = create_app(Settings(data_dir=library.settings.data_dir))
    api.state.library, api.state.engine = library, SearchEngine(library, FakeEncoders())
    return TestClient(api)


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_input, "_LIMITS", STRICT)


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize(("kind", "reader"), [("image", "_read_picture"), ("sound", "_read_sound")])
@pytest.mark.parametrize(
    ("fault", "code", "detail"),
    [
        (faults.crash, "decoder_crashed", "the file sent: the decoder crashed (SIGSEGV)"),
        (faults.hang, "decoder_hung", "the file sent: made no progress for 1 s"),
        (faults.eat, "decoder_limit", "the file sent: reading it takes more than 0.5 GB of memory, which is what"),
    ],
)
def test_a_query_that_breaks_its_reader_is_a_problem_and_the_server_lives(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, kind: str, reader: str, fault: Any, code: str, detail: str
) -> None:
    monkeypatch.setattr(media_input, reader, fault)
    if fault is faults.hang:
        monkeypatch.setattr(media_input, "_LIMITS", replace(STRICT, silence_s=1.0))
    response = client.post(f"/v1/search/{kind}", files={"file": b"anything"})
    assert (response.status_code, response.json()["code"]) == (422, code)
    assert response.json()["detail"].startswith(detail)
    assert client.get("/healthz").status_code == 200


@pytest.mark.usefixtures("strict")
def test_on_the_command_line_it_is_one_line(library: Library, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(media_input, "_read_picture", faults.crash)
    engine = SearchEngine(library, FakeEncoders())
    monkeypatch.setattr(app.cli.commands.search, "open_engine", lambda _: Opened(engine))
    picture = tmp_path / "bomb.png"
    picture.write_bytes(b"anything")
    told = CliRunner().invoke(cli, ["--data-dir", str(library.folder.path), "search", "--image", str(picture)])
    assert str(told.exception) == f"{picture}: the decoder crashed (SIGSEGV)"


class Opened:
    """An engine that is open already."""

    def __init__(self, engine: SearchEngine) -> None:
        self.engine = engine

    def __enter__(self) -> SearchEngine:
        return self.engine

    def __exit__(self, *_: object) -> None:
        pass


def png_of(width: int, height: int, rows: bytes) -> bytes:
    """A greyscale picture whose header says how large it is, whatever its rows are."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def avif(side: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(file, "AVIF")
    size = struct.pack(">II", 64, 64)
    assert size in file.getvalue()
    return file.getvalue().replace(size, struct.pack(">II", side, side))


@pytest.mark.parametrize(
    "bomb",
    [
        lambda: png_of(60_000, 60_000, zlib.compress(bytes(100_000_000), 9)),
        lambda: avif(60_000),
        lambda: b"GIF89a" + struct.pack("<HH", 60_000, 60_000) + b"\x80\0\0" + bytes(6) + b",\0\0\0\0",
        lambda: b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, 60_000, 60_000, 1, 24, 0, 0, 0, 0, 0, 0),
    ],
)
def test_pictures_without_measure_are_refused(bomb: Callable[[], bytes]) -> None:
    with pytest.raises(InputError, match=r"pixels|is no picture that can be read"):
        read_picture(bomb())


def test_a_picture_within_measure_that_unfolds_to_more_than_there_is_memory_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """50 million pixels of one byte in 49 kB; less memory is allowed."""
    monkeypatch.setattr(media_input, "_LIMITS", CallLimits(memory_bytes=60_000_000, silence_s=30.0))
    bomb = png_of(7_100, 7_100, zlib.compress(bytes(7_101 * 7_100), 9))
    assert len(bomb) < 100_000
    with pytest.raises(DecoderLimitError, match=r"more than 0\.06 GB of memory"):
        read_picture(bomb)


def picture_of(size: tuple[int, int], form: str, mode: str = "RGB", **options: Any) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, 0).save(file, form, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("form", "mode", "size", "options"),
    [
        ("PNG", "RGBA", (7_200, 7_200), {"compress_level": 1}),
        ("GIF", "P", (7_200, 7_200), {}),
        ("JPEG", "RGB", (13_000, 13_000), {}),
        ("JPEG", "L", (7_200, 7_200), {"progressive": True}),
        ("WEBP", "RGBA", (4_000, 4_000), {"method": 0}),
        ("AVIF", "RGB", (4_000, 4_000), {"speed": 10}),
    ],
)
def test_the_largest_pictures_allowed_take_little_memory(
    form: str, mode: str, size: tuple[int, int], options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """400 MB, address space that is never touched included; each was a gigabyte when decoded and copied whole."""
    monkeypatch.setattr(media_input, "_LIMITS", replace(STRICT, memory_bytes=400_000_000))
    assert read_picture(picture_of(size, form, mode, **options)).shape == (640, 640, 3)


@pytest.mark.parametrize(
    ("form", "side", "options", "allowed"),
    [
        ("PNG", 8_000, {}, "52,000,000 of PNG are"),
        ("TIFF", 8_000, {"compression": "tiff_lzw"}, "52,000,000 of TIFF are"),
        ("JPEG", 8_000, {"progressive": True}, "52,000,000 of progressive JPEG are"),
        ("JPEG", 15_000, {}, "210,000,000 of JPEG are"),
        ("WEBP", 4_100, {"method": 0}, "16,000,000 of WEBP are"),
        ("WEBP", 4_101, {"method": 0, "lossless": True}, "16,000,000 of WEBP are"),
        ("WEBP", 4_102, {"method": 0, "exif": b"Exif"}, "16,000,000 of WEBP are"),
        ("AVIF", 4_100, {"speed": 10}, "16,000,000 of AVIF are"),
    ],
)
def test_larger_ones_are_refused_before_they_are_decoded(
    form: str, side: int, options: dict[str, Any], allowed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_input, "_LIMITS", replace(STRICT, memory_bytes=60_000_000))
    with pytest.raises(InputError, match=f"{side:,} × {side:,} = {side**2:,} pixels; at most {allowed} allowed"):
        read_picture(picture_of((side, side), form, "L" if form == "PNG" else "RGB", **options))


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_only_the_first_picture_is_read(form: str) -> None:
    pictures = [Image.new("RGB", (32, 32), (number % 256, number // 256, 0)) for number in range(600)]
    file = io.BytesIO()
    pictures[0].save(file, form, save_all=True, append_images=pictures[1:])
    assert read_picture(file.getvalue()).max() < 8


def test_a_long_narrow_picture_keeps_its_shape_and_its_place() -> None:
    """Read in strips and shrunk by whole numbers; white at the far end, and turned by what its Exif says."""
    picture = Image.new("RGB", (20_001, 301))
    picture.paste("white", (15_000, 0, 20_001, 301))
    exif = Image.Exif()
    exif[0x0112] = 6
    for options, far in (({}, np.s_[:, -100:]), ({"exif": exif}, np.s_[-100:, :])):
        file = io.BytesIO()
        picture.save(file, "PNG", **options)
        read = read_picture(file.getvalue())
        assert sorted(read.shape) == [3, 10, 640]
        assert read[far].min() == 255
        assert np.count_nonzero(read) == pytest.approx(read.size / 4, rel=0.02)


def test_a_sound_without_end_is_refused_soon(tmp_path: Path) -> None:
    """A wav of ten hours, of which nothing but the first second is on the disk."""
    path = tmp_path / "endless.wav"
    size = 16_000 * 2 * 36_000
    header = b"RIFF" + struct.pack("<I", size + 36) + b"WAVEfmt "
    with path.open("wb") as file:
        file.write(
            header + struct.pack("<IHHIIHH", 16, 1, 1, 16_000, 32_000, 2, 16) + b"data" + struct.pack("<I", size)
        )
        file.write(b"\x10\x20" * 16_000)
        file.truncate(size + 44)
    with pytest.raises(InputError, match="lasts longer than 5 minutes"):
        read_sound(path, 30.0)
