"""A fifth lane takes its name, a row of the lane table, an encoder and a step of indexing, and nothing else."""

import json
import subprocess
import sys
from typing import Any

import ffmpeg
import pytest

from tests.media import SIZE, colour, lavfi, video
from tests.places import ROOT


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the program of the fifth lane says of a film: still in [0, 4), brighter in [4, 8), darker in [8, 12)."""
    folder = tmp_path_factory.mktemp("fifth")
    fades = [lavfi(f"color=white:size={SIZE}:rate=10:duration=4,fade=t={way}:st=0:d=4") for way in ("in", "out")]
    film = video(folder / "film.mp4", ffmpeg.concat(colour("gray", 4, 10), *fades))
    program = [sys.executable, "-m", "tests.whole.fifth_lane", str(film), str(folder / "data")]
    ran = subprocess.run(program, capture_output=True, text=True, cwd=ROOT)
    assert ran.returncode == 0, ran.stderr
    return dict(json.loads(ran.stdout))


def test_it_is_indexed_beside_the_others(answers: dict[str, Any]) -> None:
    assert answers["vectors"] == {"visual": 6, "sound": 0, "speech": 0, "screen": 0, "motion": 6}
    assert answers["is_well"]


@pytest.mark.parametrize(
    ("query", "span_s", "edges", "words"),
    [
        ("scoped", (4.0, 8.0), ["shot", "score_curve"], "motion:"),
        ("hinted", (8.0, 12.0), ["score_curve", "shot"], "gets"),
    ],
)
def test_it_is_searched_and_says_why(
    answers: dict[str, Any], query: str, span_s: tuple[float, float], edges: list[str], words: str
) -> None:
    (moment,) = answers[query]
    assert moment["span"] == pytest.approx(span_s, abs=0.3)
    assert (moment["by"], moment["edges"], moment["likely"]) == ("motion", edges, True)
    (proof,) = moment["proofs"]
    assert proof.startswith("moves     best frame at 0:0")
    assert moment["why"] == [f"motion  1.00, rank 1; weight 3 (the query says {words!r})"]


def test_it_is_told_of_over_rest(answers: dict[str, Any]) -> None:
    assert answers["lanes"][-1] == {
        "lane": "motion",
        "name": "Moves",
        "about": "how the picture changes",
        "unit": "window",
        "evidence": "frame",
        "colour": "red",
    }
    assert answers["described"] == [lane["lane"] for lane in answers["lanes"]]
    assert answers["model"] == "motion"
    assert answers["found"] == [["motion", "frame"]]
    assert answers["curve"] == [0, 0, 0, 0, 1, 1]
