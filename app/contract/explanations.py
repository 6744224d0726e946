"""Explanations as plain JSON values and as lines for a person."""

from collections.abc import Iterable, Iterator
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


def corrected_line(corrected: Iterable[Correction]) -> str:
    """What was searched for instead of what."""
    return f"searched for {', '.join(f'{one.meant} instead of {one.written}' for one in corrected)}"


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


def explanation_lines(explanation: Explanation) -> Iterator[str]:
    """One line per lane of each step, and one on its start and end."""
    for step in explanation.steps:
        if len(explanation.steps) > 1:
            yield f"step {step.text!r}: {step.fused:.2f}"
        if step.corrected:
            yield corrected_line(step.corrected)
        for lane, found in step.lanes.items():
            place = "not found" if found.rank is None else f"{found.probability:.2f}, rank {found.rank}"
            yield f"{lane:<7} {place}; weight {found.weight.value:g} ({_why(found.weight)})"
        starts, ends = step.start.replace("_", " "), step.end.replace("_", " ")
        yield f"starts with {starts}, ends with {ends}, by {step.spanned_by}; fused {step.fused:.2f}"
    if explanation.unwanted > 0:
        yield f"what is not wanted may be there too: {explanation.unwanted:.0%} taken off"


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


def _why(weight: LaneWeight) -> str:
    match weight.source:
        case WeightSource.CALLER:
            return "as you set it"
        case WeightSource.EVEN:
            return "all lanes count alike"
        case _:
            return f"the query says {weight.words!r}" if weight.words else "the query asks for other lanes"


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
