from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from retrieval.domain import Span
from retrieval.encoders.base import Frames
from retrieval.encoders.screen_reader import RapidOcrReader, TextBox, is_legible, lines_of
from retrieval.encoders.small_print import regions_of_small_print
from retrieval.errors import InputError

CODES = ["Release checklist", "Tag version 4.2.0", "P(A|B) = P(B|A)P(A)/P(B)", "O(log n) comparisons"]


@pytest.fixture(scope="module")
def reader() -> RapidOcrReader:
    return RapidOcrReader()


def slide(lines: Sequence[str], size_px: int, *, dark: bool = False, width: int = 1280) -> Frames:
    """Lines of one size below each other on a plain 16:9 picture."""
    paper, ink = ((24, 28, 40), (240, 240, 240)) if dark else ((250, 250, 246), (20, 20, 20))
    image = Image.new("RGB", (1280, 720), paper)
    draw = ImageDraw.Draw(image)
    for row, line in enumerate(lines):
        draw.text((90, 60 + 2.2 * size_px * row), line, fill=ink, font=ImageFont.load_default(size=size_px))
    return np.asarray(image.resize((width, width * 9 // 16), Image.Resampling.LANCZOS))


def box(text: str, left: float, top: float, right: float, bottom: float, confidence: float = 0.95) -> TextBox:
    return TextBox(left, top, right, bottom, text, confidence)


@pytest.mark.parametrize("dark", [False, True], ids=["dark on light", "light on dark"])
def test_a_slide_is_read_to_the_letter(reader: RapidOcrReader, dark: bool) -> None:
    """Letters 52 px high at 720p."""
    assert [line.text for line in reader.read(slide(CODES, 52, dark=dark))] == CODES


def test_small_print_is_read_to_the_letter(reader: RapidOcrReader) -> None:
    """Letters 20 px high at 720p."""
    assert [line.text for line in reader.read(slide(CODES, 20))] == CODES


def test_a_small_picture_is_read_to_the_letter(reader: RapidOcrReader) -> None:
    """Letters 26 px high at 360p."""
    assert [line.text for line in reader.read(slide(CODES, 52, width=640))] == CODES


@pytest.fixture(scope="module")
def screen() -> Frames:
    """A screen in 4K: small print in three places, a headline 200 px high, and nothing else."""
    image = Image.new("RGB", (3840, 2160), (243, 243, 243))
    draw = ImageDraw.Draw(image)
    draw.text((100, 200), "Invoice number 48213 due on Friday", fill=(0, 0, 0), font=ImageFont.load_default(size=24))
    draw.text((2900, 2050), "Deploy the cluster before noon", fill=(60, 60, 60), font=ImageFont.load_default(size=16))
    draw.rectangle((400, 1400, 1300, 1600), fill=(30, 30, 40))
    draw.text((450, 1480), "warning: 37 tests were skipped", fill=(220, 220, 220), font=ImageFont.load_default(size=20))
    draw.text((900, 700), "QUARTERLY RESULTS", fill=(20, 20, 90), font=ImageFont.load_default(size=200))
    return np.asarray(image)


def test_small_print_on_a_large_screen_is_read_beside_a_headline(reader: RapidOcrReader, screen: Frames) -> None:
    """Letters of 24, 16 and 20 px in 4K, the last light on dark, and of 200 px."""
    assert {line.text for line in reader.read(screen)} == {
        "Invoice number 48213 due on Friday",
        "Deploy the cluster before noon",
        "warning: 37 tests were skipped",
        "QUARTERLY RESULTS",
    }


def test_small_print_is_looked_for_where_it_stands(screen: Frames) -> None:
    places = [(100, 200), (2900, 2050), (450, 1480)]
    regions = regions_of_small_print(screen)
    for left, top in places:
        assert any(r.left <= left and r.top <= top and r.right > left + 250 and r.bottom > top + 16 for r in regions)
    assert sum((r.right - r.left) * (r.bottom - r.top) for r in regions) < 0.1 * screen.shape[0] * screen.shape[1]


def test_there_is_no_small_print_on_even_ground_and_soft_pictures() -> None:
    random = np.random.default_rng(1)
    soft = Image.fromarray(random.integers(0, 256, (36, 64, 3), dtype=np.uint8)).resize((3840, 2160))
    assert regions_of_small_print(np.asarray(soft)) == []
    assert regions_of_small_print(np.full((2160, 3840, 3), 200, np.uint8)) == []


def test_lines_come_with_a_confidence_and_without_a_time(reader: RapidOcrReader) -> None:
    (line,) = reader.read(slide(["Photosynthesis"], 52))
    assert line.span == Span(0.0, 0.0)
    assert 0.9 < line.confidence <= 1.0


def test_pictures_without_text_have_no_lines(reader: RapidOcrReader) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (360, 640, 3), np.uint8)
    gradient = np.broadcast_to(np.linspace(0, 255, 640, dtype=np.uint8)[None, :, None], (360, 640, 3))
    assert reader.read(noise) == []
    assert reader.read(gradient) == []
    assert reader.read(np.zeros((1, 1, 3), np.uint8)) == []


def test_only_rgb_frames_are_read(reader: RapidOcrReader) -> None:
    with pytest.raises(InputError, match=r"not \(36, 64\)"):
        reader.read(np.zeros((36, 64), np.uint8))


def test_lines_are_in_reading_order_and_words_of_a_line_joined() -> None:
    boxes = [
        box("world", 190, 12, 260, 40),
        box("below", 10, 60, 80, 90),
        box("Hello", 100, 10, 170, 40),
    ]
    assert [line.text for line in lines_of(boxes)] == ["Hello world", "below"]


def test_columns_stay_apart() -> None:
    boxes = [box("right", 600, 10, 700, 40), box("left", 10, 12, 100, 42)]
    assert [line.text for line in lines_of(boxes)] == ["left", "right"]


def test_joined_words_share_their_confidence_by_length() -> None:
    (line,) = lines_of([box("abc", 0, 0, 30, 20, 0.9), box("d", 35, 0, 45, 20, 0.5)])
    assert line.confidence == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("text", "confidence", "legible"),
    [
        ("STOP", 0.97, True),
        ("Hiq Sas", 0.57, False),
        ("8", 0.65, False),
        ("8", 0.97, True),
        ("++", 0.99, False),
    ],
)
def test_what_textures_are_mistaken_for_is_dropped(text: str, confidence: float, legible: bool) -> None:
    assert is_legible(box(text, 0, 0, 10, 10, confidence)) is legible
