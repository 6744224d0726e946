"""Confidences of `lite` are about as true as they were: the error of the calibration table has a bound.

Lines of talk, and where the photographs of planted corpora are at hand those too, lie in a library with the vectors
that indexing would give them, and are asked for together with what is not there. The bounds stand in ``MOST_ERROR``.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.cli.commands.evaluate import run_cases
from indexer.steps.publish import AVERAGE_TERMS
from retrieval.domain import Lane, Profile, Segment, Shot, Span, SpeechOrigin, Window
from retrieval.encoders.base import Frames, Vectors
from retrieval.encoders.profiles import Encoders, ProfileEncoders
from retrieval.evaluation.calibration_table import CalibrationTable, ClaimedAnswer, calibration_table
from retrieval.evaluation.metrics import LibrarySpan, QueryCase
from retrieval.lanes.lane_table import LANES
from retrieval.lanes.outdated import CONSTRUCTION
from retrieval.lanes.terms import document_vector
from retrieval.search import SearchEngine
from retrieval.settings import RetrievalSettings
from retrieval.storage.library import Library
from retrieval.storage.records import VideoContents, VideoRecord, VideoStatus, VideoWindow
from retrieval.storage.vectors import Point, Space
from tests.fakes import id_of
from tests.places import SHARED

PHOTOS = SHARED / "bench" / "assets" / "photos.json"

MOST_ERROR = {
    "lines": {"first answers": 0.3, "speech alone": 0.3},
    "photographs": {"first answers": 0.115, "visual alone": 0.11, "speech alone": 0.035},
}
"""The largest expected calibration error that passes, by what lies in the library and row of the table."""

SHOT_S, LINE_S = 4.0, 6.0
SHOTS_A_VIDEO = 12
ABSENT_PHOTOS = 25
ENOUGH = 10
"""Answers from which on a share says something."""

LINES = (
    (
        "The harbour froze over in January and no ship left for six weeks.",
        "when could boats not sail because of ice",
        "harbour frozen in January",
    ),
    (
        "We lowered the rent for the bakery so that it would stay in our street.",
        "how a shop with bread was kept",
        "rent for the bakery",
    ),
    (
        "My grandmother kept bees behind the railway station.",
        "who had hives of honey",
        "bees behind the railway station",
    ),
    ("The second engine caught fire shortly after take-off.", "what went wrong with the plane", "engine caught fire"),
    (
        "Nobody told the pupils that the exam had been moved to Thursday.",
        "a test at school on another day",
        "exam moved to Thursday",
    ),
    ("A good soup needs bones, time and very little salt.", "advice for cooking broth", "soup with bones and salt"),
    (
        "The museum bought the painting for less than its frame had cost.",
        "a cheap purchase of art",
        "painting cheaper than its frame",
    ),
    ("Rainwater from the roof fills a tank under the garden.", "collecting water for the plants", "rainwater tank"),
    (
        "In the final minute the goalkeeper ran forward and scored.",
        "a goal by the keeper at the end of the match",
        "goalkeeper scored in the final minute",
    ),
    (
        "Our server was down for nine hours because a certificate expired.",
        "why the website was not reachable",
        "server down, expired certificate",
    ),
    (
        "The doctor advised him to walk for half an hour every morning.",
        "exercise for the patient",
        "walk every morning",
    ),
    (
        "Wolves came back to this forest after a hundred years.",
        "wild animals return to the woods",
        "wolves in the forest",
    ),
    (
        "The choir rehearses in the old fire station on Mondays.",
        "where the singers practise",
        "choir in the fire station",
    ),
    (
        "They found a letter from the war inside the piano.",
        "an old message hidden in an instrument",
        "letter inside the piano",
    ),
    (
        "Inflation ate up most of what we had saved for the house.",
        "rising prices and the family's savings",
        "inflation and savings",
    ),
    (
        "The bridge will be closed to lorries until the cables are replaced.",
        "heavy traffic may not cross the river",
        "bridge closed to lorries",
    ),
    (
        "She learned to read from the labels on seed packets.",
        "how a child came to know letters",
        "read from seed packets",
    ),
    (
        "The telescope saw light that left its star before the dinosaurs.",
        "looking at something far away in space",
        "light before the dinosaurs",
    ),
    ("Half of the votes were counted by hand, and twice.", "how the election was checked", "votes counted by hand"),
    ("The potter throws away every bowl that rings too high.", "broken or bad ceramics", "potter throws away bowls"),
    (
        "Our train stood in a tunnel without light for three hours.",
        "passengers stuck in the dark underground",
        "three hours in a tunnel",
    ),
    (
        "The vaccine has to be kept colder than any freezer in the village.",
        "storing medicine in the cold",
        "vaccine colder than a freezer",
    ),
    ("He sold his car and bought two donkeys.", "somebody gave up driving for animals", "sold his car for donkeys"),
    (
        "The last glacier of the valley is covered with sheets in summer.",
        "protecting the ice from the sun",
        "glacier covered in summer",
    ),
)
"""What is said, a question in other words, and one in its own."""

UNSAID = (
    "how to repair a bicycle tyre",
    "the price of a concert ticket",
    "someone loses their passport at the border",
    "training a young dog",
    "the speech of thanks at a wedding",
    "what chess players think about",
    "a recipe for chocolate cake",
    "the first day of a new job",
    "an earthquake wakes the town",
    "how silk is made",
    "the parking fine was too high",
    "learning to swim as an adult",
    "the garage raised its rent",
    "a letter to the fire station",
    "votes for the best soup",
    "the doctor sold his house",
    "a tank in the museum",
    "wolves behind the railway",
    "the choir walked through the tunnel",
    "a bridge made of bowls",
    "the server brought the bread",
    "nobody scored in January",
    "a star painted by hand",
    "the pilot advised his grandmother",
)
"""Asked for and not said, in half of them with words that are."""


@dataclass(frozen=True)
class Corpus:
    """What lies in a library, one frame a shot and one line after the other, and what is asked of it."""

    name: str
    frames: Frames | None
    cases: Sequence[QueryCase]


def lines_alone() -> Corpus:
    """24 lines, two questions on each, and 24 on what nobody says."""
    asked = [
        QueryCase(f"said {number} {turn}", "speech", question, (LibrarySpan("talk.mp4", _line_span(number)),))
        for number, (_, *questions) in enumerate(LINES)
        for turn, question in enumerate(questions)
    ]
    unsaid = [QueryCase(f"unsaid {number}", "absent", question, ()) for number, question in enumerate(UNSAID)]
    return Corpus("lines", None, [*asked, *unsaid])


def with_photographs() -> Corpus:
    """The lines and 76 photographs of 101; two captions of each photograph, 25 of which are not there."""
    photos = json.loads(PHOTOS.read_text("utf-8"))
    order = np.random.default_rng(7).permutation(len(photos)).tolist()
    absent, present = order[:ABSENT_PHOTOS], order[ABSENT_PHOTOS:]
    cases = [
        QueryCase(f"photo {photo} {turn}", "visual", photos[photo]["captions"][turn], (_photo_span(place),))
        for place, photo in enumerate(present)
        for turn in range(2)
    ]
    cases += [
        QueryCase(f"absent {photo} {turn}", "absent", photos[photo]["captions"][turn], ())
        for photo in absent
        for turn in range(2)
    ]
    frames = np.stack([_frame(PHOTOS.parent / "photos" / photos[photo]["file"]) for photo in present])
    return Corpus("photographs", frames, cases)


def _frame(file: Path) -> Frames:
    """The middle of a picture, as a video of 640 by 360 shows it."""
    with Image.open(file) as picture:
        scale = max(640 / picture.width, 360 / picture.height)
        whole = picture.convert("RGB").resize((round(picture.width * scale), round(picture.height * scale)))
    left, top = (whole.width - 640) // 2, (whole.height - 360) // 2
    return np.asarray(whole.crop((left, top, left + 640, top + 360)))


def _line_span(number: int) -> Span:
    """Between two lines there is a pause of 2 s."""
    return Span(number * LINE_S, number * LINE_S + LINE_S - 2.0)


def _photo_span(place: int) -> LibrarySpan:
    start_s = place % SHOTS_A_VIDEO * SHOT_S
    return LibrarySpan(f"photos_{place // SHOTS_A_VIDEO}.mp4", Span(start_s, start_s + SHOT_S))


def _fill(library: Library, corpus: Corpus, encoders: Encoders) -> None:
    with library.vectors() as store:
        for lane in Lane:
            store.ensure_space(Space(encoders.spec(lane).space, encoders.spec(lane).dim, LANES[lane].has_terms))
            library.catalog.add_space(encoders.spec(lane))
    _publish_talk(library, [line for line, *_ in LINES], encoders)
    if corpus.frames is not None:
        seen = encoders.visual().embed_frames(corpus.frames)
        for at in range(0, len(seen.vectors), SHOTS_A_VIDEO):
            _publish_photos(library, _photo_span(at).video, seen.vectors[at : at + SHOTS_A_VIDEO], encoders)


def _publish_talk(library: Library, lines: Sequence[str], encoders: Encoders) -> None:
    segments = tuple(
        Segment(_line_span(number), line, (), "en", 0.9, SpeechOrigin.TRANSCRIBED) for number, line in enumerate(lines)
    )
    vectors = encoders.sentences().embed_passages(lines)
    points = [
        Point(
            f"{number:032x}",
            id_of("talk.mp4"),
            number,
            segment.span,
            vector,
            document_vector(segment.text, AVERAGE_TERMS, "en"),
        )
        for number, (segment, vector) in enumerate(zip(segments, vectors, strict=True))
    ]
    _publish(library, "talk.mp4", len(lines) * LINE_S, VideoContents(segments=segments), Lane.SPEECH, points, encoders)


def _publish_photos(library: Library, name: str, vectors: Vectors, encoders: Encoders) -> None:
    """A shot of two windows for each of the vectors."""
    spans = [Span(number * SHOT_S, (number + 1) * SHOT_S) for number in range(len(vectors))]
    halves = [
        half for span in spans for half in (Span(span.start_s, span.start_s + 2), Span(span.end_s - 2, span.end_s))
    ]
    windows = [Window(ordinal, ordinal // 2, span) for ordinal, span in enumerate(halves)]
    contents = VideoContents(
        shots=tuple(Shot(number, span) for number, span in enumerate(spans)),
        windows=tuple(VideoWindow(window, window.span.start_s + 1.0) for window in windows),
    )
    points = [
        Point(
            f"{id_of(name)}{window.ordinal:016x}",
            id_of(name),
            window.ordinal,
            window.span,
            vectors[window.shot_ordinal],
        )
        for window in windows
    ]
    _publish(library, name, len(vectors) * SHOT_S, contents, Lane.VISUAL, points, encoders)


def _publish(
    library: Library,
    name: str,
    duration_s: float,
    contents: VideoContents,
    lane: Lane,
    points: Sequence[Point],
    encoders: Encoders,
) -> None:
    record = VideoRecord(
        id_of(name),
        id_of(name) * 2,
        f"/videos/{name}",
        name,
        1,
        1,
        VideoStatus.INDEXING,
        duration_s,
        profile=encoders.profile,
        encoders={one: encoders.spec(one).space for one in Lane},
        construction=CONSTRUCTION,
    )
    with library.vectors() as store:
        store.upsert(encoders.spec(lane).space, list(points))
    library.catalog.publish(record, contents)


@pytest.fixture(scope="module", params=[lines_alone, *([with_photographs] if PHOTOS.is_file() else [])])
def asked(request: pytest.FixtureRequest, module_path: Path) -> tuple[str, CalibrationTable]:
    """The name of a corpus, and how true what is answered there says it is."""
    corpus: Corpus = request.param()
    settings = RetrievalSettings(data_dir=module_path / corpus.name, profile=Profile.LITE)
    encoders = ProfileEncoders(Profile.LITE, settings)
    with Library(settings, "test") as library:
        _fill(library, corpus, encoders)
        results = run_cases(SearchEngine(library, encoders), corpus.cases, 10)
    return corpus.name, calibration_table([ClaimedAnswer.of(result) for result in results])


def test_confidences_are_as_true_as_they_were(asked: tuple[str, CalibrationTable]) -> None:
    name, table = asked
    assert table.first is not None
    errors = {"first answers": table.first.ece, **{f"{lane} alone": row.ece for lane, row in table.alone.items()}}
    assert errors.keys() == MOST_ERROR[name].keys()
    too_large = {row: round(error, 3) for row, error in errors.items() if error > MOST_ERROR[name][row]}
    assert not too_large, f"expected calibration errors of {name} grew: {too_large}, of at most {MOST_ERROR[name]}"


def test_what_is_called_likely_is_right_more_often(asked: tuple[str, CalibrationTable]) -> None:
    """Over thirds of what can be said the share that is right grows, as far as there is enough of each."""
    _, table = asked
    assert table.first is not None
    thirds = [
        [one for one in table.first.bins if low <= round(one.low, 1) < high]
        for low, high in ((0.0, 0.3), (0.3, 0.6), (0.6, 1.0))
    ]
    counts = [sum(one.n for one in bins) for bins in thirds]
    rights = [
        sum(one.n * one.right for one in bins) / count
        for bins, count in zip(thirds, counts, strict=True)
        if count >= ENOUGH
    ]
    assert len(rights) >= 2, counts
    assert rights == sorted(rights), rights
