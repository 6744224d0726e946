"""What classifiers name is told only where it bears on the query."""

from collections.abc import Iterator

import numpy as np
import pytest

from retrieval.answer.named import bears
from retrieval.asking.query import Query, parse_term
from retrieval.domain import EvidenceKind, Lane, Profile
from retrieval.encoders.sentence import MiniLmEncoder
from retrieval.lanes.background import background_texts
from retrieval.lanes.lane_table import window_tuning
from retrieval.search import SearchEngine
from retrieval.settings import RetrievalSettings
from retrieval.storage.library import Library
from tests.fakes import FakeEncoders, FakeShot, fill

LABELS = ("nematode", "red", "bus")
"""Of words that the fake encoder knows by themselves alone: only "red" stands out for a query that says red."""

_OTHERS = (FakeShot("green", "low"), FakeShot("blue", "middle"), FakeShot()) * 8


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchEngine]:
    folder = tmp_path_factory.mktemp("library")
    with Library(RetrievalSettings(data_dir=folder, profile=Profile.LITE), "test") as library:
        fill(library, {"a.mp4": (FakeShot("red", labels=LABELS), *_OTHERS)}, FakeEncoders())
        yield SearchEngine(library, FakeEncoders())


def frame_text(engine: SearchEngine, *words: str) -> str | None:
    moment = engine.search(Query(tuple(map(parse_term, words)))).moments[0]
    proof = next(item for item in moment.evidence if item.kind is EvidenceKind.FRAME)
    assert proof.frame_s is not None
    return proof.text


def test_a_frame_is_named_after_what_bears_on_the_query(engine: SearchEngine) -> None:
    assert frame_text(engine, "visual: red") == "red"
    assert frame_text(engine, "visual: red nematodes") == "nematode, red"


def test_a_frame_in_which_nothing_named_bears_has_no_name(engine: SearchEngine) -> None:
    assert frame_text(engine, "visual: green") is None


@pytest.mark.parametrize(
    ("query", "names", "told", "lane"),
    [
        ("A green bus with a smaller bus on top of it", "bus minibus car truck nematode", "bus minibus", Lane.VISUAL),
        ("a dog sits on a step", "dog cat person velvet", "dog", Lane.VISUAL),
        ("A person looks into a refrigerator", "refrigerator bowl stethoscope", "refrigerator", Lane.VISUAL),
        ("a black picture", "nematode velvet", "", Lane.VISUAL),
        ("a baby crying", "crying barking rain", "crying", Lane.SOUND),
        ("thunder", "rain music sneeze", "", Lane.SOUND),
    ],
)
def test_names_stand_out_from_everyday_descriptions(query: str, names: str, told: str, lane: Lane) -> None:
    encoder = MiniLmEncoder()
    bank = encoder.embed_texts(background_texts())
    found = bears(
        encoder.embed_texts([query])[0], encoder.embed_texts(names.split()), bank, window_tuning(lane).named_from
    )
    assert [name for name, is_told in zip(names.split(), found, strict=True) if is_told] == told.split()


def test_what_bears_does_not_depend_on_the_scale_of_a_space() -> None:
    """Cosines squeezed into a narrow cone, as many encoders have them, tell the same names."""
    random = np.random.default_rng(3)
    query, bank, names = random.normal(size=32), random.normal(size=(150, 32)), random.normal(size=(400, 32))
    cone = 20.0 * np.eye(32)[0]

    def unit(rows: np.ndarray) -> np.ndarray:
        return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), np.float32)

    open_space = bears(unit(query), unit(names), unit(bank), 0.2)
    query[0] = bank[:, 0] = names[:, 0] = 0.0
    narrow = bears(unit(query + cone), unit(names + cone), unit(bank + cone), 0.2)
    assert 0 < open_space.sum() < 40
    assert (open_space == narrow).mean() > 0.95
