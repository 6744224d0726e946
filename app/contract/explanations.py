"""Why a moment has its rank, as JSON."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.contract.values import Probability, Text, is_none
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


def _is_all(share: float) -> bool:
    return share >= 1.0


class LaneExplanationAnswer(BaseModel):
    """What one lane said of the moment."""

    weight: Annotated[float, Field(description="How much the lane counts.")]
    weight_from: Annotated[WeightSource, Field(description="Why it counts that much.")]
    words: Annotated[
        Text | None, Field(description="The words of the query that ask for the lane.", exclude_if=is_none)
    ] = None
    described: Annotated[
        Text | None,
        Field(
            description="The words by which the query describes a sight or a sound: that words are said or written "
            "proves little of it.",
            exclude_if=is_none,
        ),
    ] = None
    proves: Annotated[
        Probability,
        Field(description="How much the lane proves then; its probability is lower by it.", exclude_if=_is_all),
    ] = 1.0
    probability: Annotated[Probability | None, Field(description="Null if the lane did not find the moment.")]
    rank: Annotated[int | None, Field(description="The moment's place among all that the lane found.")]

    @classmethod
    def of(cls, found: LaneExplanation) -> "LaneExplanationAnswer":
        """What the lane said, as it is told."""
        return cls(
            weight=found.weight.value,
            weight_from=found.weight.source,
            words=found.weight.words,
            described=found.weight.described,
            proves=found.weight.proves,
            probability=found.probability,
            rank=found.rank,
        )

    def to_explanation(self) -> LaneExplanation:
        """What was told, as far as it was."""
        weight = LaneWeight(self.weight, self.weight_from, self.words, self.proves, self.described)
        return LaneExplanation(weight, self.probability, self.rank)


class BoundariesAnswer(BaseModel):
    """What a moment's start and end lie on."""

    lane: Annotated[Lane, Field(description="The lane whose start and end the moment has.")]
    start: Boundary
    end: Boundary


class CorrectionAnswer(BaseModel):
    """A word of the query that was taken for another one."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    from_: Annotated[Text, Field(alias="from", description="As it was written.")]
    to: Annotated[Text, Field(description="What was searched for.")]


def corrections_told(corrected: Iterable[Correction]) -> list[CorrectionAnswer] | None:
    """The words of a query that were taken for others, as they are told; None if there are none."""
    return [CorrectionAnswer(from_=one.written, to=one.meant) for one in corrected] or None


def corrections_meant(told: Iterable[CorrectionAnswer] | None) -> tuple[Correction, ...]:
    """The words that were told."""
    return tuple(Correction(one.from_, one.to) for one in told or ())


class StepExplanationAnswer(BaseModel):
    """How one step of the query was found."""

    text: Text
    fused: Probability
    lanes: dict[Lane, LaneExplanationAnswer]
    boundaries: BoundariesAnswer
    corrected: Annotated[
        list[CorrectionAnswer] | None,
        Field(description="Words of the step that were taken for others.", exclude_if=is_none),
    ] = None

    @classmethod
    def of(cls, step: StepExplanation) -> "StepExplanationAnswer":
        """The step, as it is told."""
        return cls(
            text=step.text,
            fused=step.fused,
            lanes={lane: LaneExplanationAnswer.of(found) for lane, found in step.lanes.items()},
            boundaries=BoundariesAnswer(lane=step.spanned_by, start=step.start, end=step.end),
            corrected=corrections_told(step.corrected),
        )

    def to_explanation(self) -> StepExplanation:
        """What was told, as far as it was."""
        return StepExplanation(
            self.text,
            self.fused,
            {lane: found.to_explanation() for lane, found in self.lanes.items()},
            self.boundaries.lane,
            self.boundaries.start,
            self.boundaries.end,
            corrections_meant(self.corrected),
        )


class ExplanationAnswer(BaseModel):
    """Why a moment has its rank."""

    fused: Annotated[Probability, Field(description="The confidence before what is unwanted there took its share.")]
    unwanted: Annotated[Probability, Field(description="How likely what must not be there is there.")]
    steps: list[StepExplanationAnswer]

    @classmethod
    def of(cls, explanation: Explanation) -> "ExplanationAnswer":
        """The explanation, as it is told."""
        return cls(
            fused=explanation.fused,
            unwanted=explanation.unwanted,
            steps=[StepExplanationAnswer.of(step) for step in explanation.steps],
        )

    def to_explanation(self) -> Explanation:
        """What was told, as far as it was."""
        return Explanation(tuple(step.to_explanation() for step in self.steps), self.fused, self.unwanted)
