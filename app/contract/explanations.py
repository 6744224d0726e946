"""Explanations as plain JSON values."""

from collections.abc import Iterable
from typing import Any

from retrieval.domain import (
    Boundary,
    Correction,
    Explanation,
    Lane,
    LaneExplanation,
    LaneWeight,
    StepExplanation,
    WeightSource,
)


def explanation_json(explanation: Explanation) -> dict[str, Any]:
    """Why a moment has its rank, step by step; scores to four digits."""
    return {
        "fused": round(explanation.fused, 4),
        "unwanted": round(explanation.unwanted, 4),
        "steps": [_step_json(step) for step in explanation.steps],
    }


def corrected_json(corrected: Iterable[Correction]) -> list[dict[str, str]]:
    """The words of a query that were taken for others."""
    return [{"from": one.written, "to": one.meant} for one in corrected]


def corrected_from_json(value: Iterable[dict[str, str]]) -> tuple[Correction, ...]:
    """The corrections that ``corrected_json`` wrote."""
    return tuple(Correction(one["from"], one["to"]) for one in value)


def explanation_from_json(value: dict[str, Any]) -> Explanation:
    """The explanation that ``explanation_json`` wrote, as far as it was written."""
    return Explanation(
        tuple(
            StepExplanation(
                step["text"],
                step["fused"],
                {Lane(lane): _lane_from_json(found) for lane, found in step["lanes"].items()},
                Lane(step["boundaries"]["lane"]),
                Boundary(step["boundaries"]["start"]),
                Boundary(step["boundaries"]["end"]),
                corrected_from_json(step.get("corrected", ())),
            )
            for step in value["steps"]
        ),
        value["fused"],
        value["unwanted"],
    )


def _step_json(step: StepExplanation) -> dict[str, Any]:
    value: dict[str, Any] = {
        "text": step.text,
        "fused": round(step.fused, 4),
        "lanes": {lane.value: _lane_json(found) for lane, found in step.lanes.items()},
        "boundaries": {"lane": step.spanned_by.value, "start": step.start.value, "end": step.end.value},
    }
    if step.corrected:
        value["corrected"] = corrected_json(step.corrected)
    return value


def _lane_json(found: LaneExplanation) -> dict[str, Any]:
    value: dict[str, Any] = {
        "weight": found.weight.value,
        "weight_from": found.weight.source.value,
        "probability": None if found.probability is None else round(found.probability, 4),
        "rank": found.rank,
    }
    if found.weight.words is not None:
        value["words"] = found.weight.words
    return value


def _lane_from_json(value: dict[str, Any]) -> LaneExplanation:
    weight = LaneWeight(value["weight"], WeightSource(value["weight_from"]), value.get("words"))
    return LaneExplanation(weight, value["probability"], value["rank"])
