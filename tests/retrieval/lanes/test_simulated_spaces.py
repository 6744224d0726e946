"""Confidence holds in spaces that no constant was fitted on: those of CLIP, SigLIP2 and CLAP, simulated."""

import pytest
from simulated_spaces import AT_CHANCE, SPACES, geometry, honesty

PUBLISHED = {
    "CLIP ViT-B/32": (0.304, 0.30, 0.15, 0.03),
    "SigLIP2 B/16": (0.53, 0.125, 0.0, 0.03),
    "CLAP HTSAT": (0.34, 0.45, 0.05, 0.1),
}
"""R@1, the cosine of matched pairs, and of unmatched ones with its deviation."""


@pytest.mark.parametrize("name", SPACES)
def test_a_simulated_space_is_like_the_published_one(name: str) -> None:
    first, matched, unmatched, deviation = PUBLISHED[name]
    made = geometry(SPACES[name], queries=300)
    assert made.first == pytest.approx(first, abs=0.06)
    assert made.matched == pytest.approx(matched, abs=0.03)
    assert made.unmatched == pytest.approx(unmatched, abs=0.015)
    assert made.unmatched_deviation == pytest.approx(deviation, abs=0.015)
    assert 0.5 < made.gap < 1.0
    assert made.hub_skewness > 1.0


@pytest.mark.parametrize("windows", [60, 300])
@pytest.mark.parametrize("name", SPACES)
def test_present_and_absent_are_told_apart_as_by_the_best_constants_of_the_space(name: str, windows: int) -> None:
    found = honesty(SPACES[name], windows, AT_CHANCE, range(6))
    assert found.auroc > found.best_auroc - 0.02
    assert found.calibration_error <= 0.08
