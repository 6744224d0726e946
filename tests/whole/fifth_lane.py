"""A program in which there is a fifth lane: what gets brighter or darker. Run by ``test_fifth_lane.py``.

What a change of the product would add is added before anything else is imported: a name, a row, an encoder and a step.
It prints what the film in its first argument answers, indexed in the folder of its second.
"""

# ruff: noqa: E402
import re
from enum import StrEnum

from retrieval import domain

domain.Lane = StrEnum("Lane", [*((lane.name, lane.value) for lane in domain.Lane), ("MOTION", "motion")])  # type: ignore[misc]

from retrieval.encoders.registry import Role
from retrieval.lanes import lane_table

MOTION = domain.Lane("motion")
lane_table.LANES = {
    **lane_table.LANES,
    MOTION: lane_table.LaneSpec(
        MOTION,
        Role.VISUAL,
        domain.EvidenceKind.FRAME,
        lane_table.WindowTuning(
            at_chance=-1.0,
            keep=0.5,
            valley=1.0,
            doubt=0.0,
            within_shot=True,
            to_onsets=False,
            shows_frame=True,
        ),
        hints=re.compile(r"\bgets\b"),
        edges=(lane_table.Edge(domain.Timed.SHOTS, domain.Boundary.SHOT, domain.Boundary.SHOT),),
        other_edge=domain.Boundary.SCORE_CURVE,
        name="Moves",
        about="how the picture changes",
        verb="moves",
        colour=lane_table.Colour.RED,
    ),
}

import json
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from fastapi.testclient import TestClient

from app.cli.print_moments import evidence_text, explanation_lines
from app.http.application import create_app
from app.settings import Settings
from indexer.intake.addition import Addition
from indexer.pipeline import Indexer
from indexer.settings import IndexSettings
from indexer.steps.embed import UnitVectors, load_frame
from indexer.steps.stages import cuts_of
from indexer.steps.windows import frames_of_windows
from indexer.steps.work_folder import Artefacts
from retrieval.asking.query import Query, parse_term
from retrieval.domain import Lane, Moment, Profile
from retrieval.encoders.base import EncoderSpec, TextEncoder, Vectors
from retrieval.search import SearchEngine
from retrieval.storage.library import Library
from retrieval.storage.vector_survey import survey
from tests.fakes import DIM, FakeVoiceActivity
from tests.index_fakes import IndexEncoders

T = TypeVar("T")
WAYS = ("brighter", "darker", "still")
LEAST_CHANGE = 10.0


class MotionEncoder:
    """A space in which a window lies on the axis of the way in which its brightness changes."""

    spec = EncoderSpec("motion", MOTION, DIM, "1")

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        axes = [next((n for n, way in enumerate(WAYS) if way in text.split()), DIM - 1) for text in texts]
        return np.eye(DIM, dtype=np.float32)[axes]

    def embed_changes(self, changes: Sequence[float]) -> Vectors:
        axes = [0 if change > LEAST_CHANGE else 1 if change < -LEAST_CHANGE else 2 for change in changes]
        return np.eye(DIM, dtype=np.float32)[axes]


class Encoders(IndexEncoders):
    """The fake ones and this."""

    def spec(self, lane: Lane) -> EncoderSpec:
        return MotionEncoder.spec if lane is MOTION else super().spec(lane)

    def text_encoder(self, lane: Lane) -> TextEncoder:
        return MotionEncoder() if lane is MOTION else super().text_encoder(lane)


def watch(artefacts: Artefacts, encoder: MotionEncoder, window_s: float) -> None:
    """The step: how the brightness of each window changes from its first frame to its last."""
    decoded = artefacts.decoded()
    cuts = cuts_of(decoded, window_s)
    brightness = [float(load_frame(decoded.frame_path(frame)).mean()) for frame in decoded.frames]
    frames = frames_of_windows(cuts.windows, cuts.shots, [frame.time_s for frame in decoded.frames])
    changes = [brightness[members[-1]] - brightness[members[0]] for members in frames]
    vectors = encoder.embed_changes(changes)
    artefacts.save_units(MOTION, UnitVectors(tuple(range(len(frames))), vectors, ((),) * len(frames)))


def told(moment: Moment) -> dict[str, object]:
    """A moment as a person is told of it, and where it is."""
    assert moment.explanation is not None
    (step,) = moment.explanation.steps
    return {
        "span": [moment.span.start_s, moment.span.end_s],
        "by": step.spanned_by,
        "edges": [step.start, step.end],
        "proofs": [evidence_text(item).plain for item in moment.evidence if item.lane is MOTION],
        "why": [line for line in explanation_lines(moment.explanation) if line.startswith(MOTION)],
        "likely": moment.confidence > 0.5,
    }


def main(film: Path, folder: Path) -> None:
    settings = IndexSettings(data_dir=folder, profile=Profile.LITE)
    encoders = Encoders(voices=FakeVoiceActivity(None))

    known: list[str] = []
    with Library(settings, "test") as library:

        def step(name: str, run: Callable[[], T]) -> T:
            done = run()
            if name == "look":
                watch(Artefacts(library.folder.work_dir(known[0])), MotionEncoder(), settings.window_s)
            return done

        indexer = Indexer(library, encoders, settings)
        outcome = indexer.index(
            "job", Addition(str(film)), step, lambda *_: None, lambda video_id, _: known.append(video_id)
        )
        assert outcome.video_id is not None, outcome.failure
        record = library.catalog.resolve(outcome.video_id)
        engine = SearchEngine(library, encoders)
        search = partial(Query, limit=1, explain=True)
        with library.vectors() as store:
            is_well = survey(library.catalog, store).is_well
        api = create_app(Settings(data_dir=folder))
        api.state.library, api.state.engine, api.state.resolved = library, engine, None
        client = TestClient(api)
        system = client.get("/v1/system").json()
        found = client.post("/v1/search", json={"query": {"text": "darker"}, "lanes": ["motion"]}).json()
        timeline = client.get(
            f"/v1/videos/{record.id}/timeline", params={"text": "motion: darker", "lane": "motion"}
        ).json()
        answers = {
            "scoped": [told(moment) for moment in engine.search(search((parse_term("motion: brighter"),))).moments],
            "hinted": [told(moment) for moment in engine.search(search((parse_term("gets darker"),))).moments],
            "vectors": record.vectors,
            "is_well": is_well,
            "lanes": system["lanes"],
            "model": system["encoders"]["motion"],
            "found": [[item["lane"], item["kind"]] for item in found["moments"][0]["evidence"]],
            "curve": [round(point["confidence"]) for point in timeline["curve"]],
            "described": api.openapi()["components"]["schemas"]["Lane"]["enum"],
        }
    sys.stdout.write(json.dumps(answers))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
