"""Which assumptions are varied, and how far: `configs/sensitivity/assumptions.toml` and the calibration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from sim.experiments.calibrate.results import ESTIMATES, Record, load_record
from sim.experiments.calibrate.settings import CalibrationPlan, Prior, load_problem
from sim.scenario.data import CONFIGS
from sim.scenario.load import read_as
from sim.scenario.schema import Strict

ASSUMPTIONS = CONFIGS / "sensitivity" / "assumptions.toml"
ABOUT = {
    "environment": "markets",
    "labs_market": "labs",
    "gpus": "GPUs",
    "funding": "investors",
    "redeployment": "issuers",
}
"""Section -> whom figures say its numbers belong to, where that is another word."""
Count = Annotated[int, Field(strict=True, ge=1)]
Source = Literal["estimate", "prior", "assumption"]


class Assumption(Prior):
    """How far an assumption may plausibly be from the baseline: written as a prior is, with hard ends."""


class Screen(Strict):
    """Size of the screening."""

    trajectories: Annotated[int, Field(strict=True, ge=2)]
    levels: Annotated[int, Field(strict=True, ge=2, multiple_of=2)]
    replicates: Annotated[int, Field(strict=True, ge=2)]


class Answer(Strict):
    """Size of the design behind the indices, and how many assumptions are in it."""

    keys: Annotated[int, Field(strict=True, ge=3)]
    most_of_the_answer: Count
    samples: Count
    replicates: Annotated[int, Field(strict=True, ge=2)]

    @model_validator(mode="after")
    def _room(self) -> Self:
        if self.most_of_the_answer > self.keys:
            raise ValueError(f"most_of_the_answer = {self.most_of_the_answer} is more than keys = {self.keys}")
        if self.samples & (self.samples - 1):
            raise ValueError(f"samples = {self.samples}: must be a power of two")
        return self


class Quick(Strict):
    """Both designs on a few points."""

    trajectories: Annotated[int, Field(strict=True, ge=2)]
    samples: Count
    replicates: Annotated[int, Field(strict=True, ge=2)]


class Study(Strict):
    """The file of assumptions."""

    title: str
    scenario: str
    estimate: str
    screen: Screen
    answer: Answer
    quick: Quick
    assumptions: Annotated[dict[str, Assumption], Field(min_length=1)]

    def made_quick(self) -> Study:
        """Return the same study on a few points."""
        few = {"replicates": self.quick.replicates}
        screen = self.screen.model_copy(update={"trajectories": self.quick.trajectories, **few})
        answer = self.answer.model_copy(update={"samples": self.quick.samples, **few})
        return self.model_copy(update={"screen": screen, "answer": answer})


@dataclass(frozen=True)
class Range:
    """How far one assumption is varied.

    Attributes:
        key: dotted key of the scenario.
        low: least value, in the unit of the key.
        high: largest value.
        scale: linear or log.
        source: where the ends come from: the interval of an estimate, that of a prior, or the file of assumptions.
        why: the reason given there.
    """

    key: str
    low: float
    high: float
    scale: str
    source: Source
    why: str

    @property
    def reason(self) -> str:
        """Source and reason in a few words."""
        if self.source == "assumption":
            return self.why
        return f"90 percent interval of the {self.source}; {self.why}"

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return dict(vars(self))


def load_study(path: Path | str | None = None) -> Study:
    """Load a file of assumptions.

    Args:
        path: the file; the one that ships if left out.

    Raises:
        ScenarioError: for anything wrong with it, in one line.
    """
    return read_as(Study, Path(path) if path is not None else ASSUMPTIONS)


def ranges(study: Study, calibration: CalibrationPlan | None = None, record: Record | None = None) -> list[Range]:
    """How far every assumption is varied: parameters of the calibration first, then the others.

    A key that the calibration has is taken from there, whatever the file of assumptions says.

    Args:
        study: the file of assumptions.
        calibration: parameters with their priors; those that ship if left out.
        record: of an estimate; the one that the study names, where it is there, if left out.
    """
    plan = calibration or load_problem().plan
    estimate = record or _record(study.estimate)
    estimated = estimate.raw["parameters"] if estimate else {}
    fitted = [_of_calibration(key, prior, estimated.get(key)) for key, prior in plan.parameters.items()]
    others = [
        Range(key, assumption.low, assumption.high, assumption.scale, "assumption", assumption.why)
        for key, assumption in study.assumptions.items()
        if key not in plan.parameters
    ]
    return fitted + others


def _of_calibration(key: str, prior: Any, estimated: Mapping[str, Any] | None) -> Range:
    if estimated and estimated["identified"]:
        return Range(key, float(estimated["low"]), float(estimated["high"]), prior.scale, "estimate", prior.why)
    return Range(key, prior.low, prior.high, prior.scale, "prior", prior.why)


def _record(name: str) -> Record | None:
    return load_record(name) if (ESTIMATES / f"{name}.json").is_file() else None


def label(key: str) -> str:
    """Return a dotted key as figures spell it: the number first, then what it belongs to."""
    section, *inside = key.split(".")
    *agent, name = inside
    about = " ".join(agent) if agent else ABOUT.get(section, section)
    return f"{name} ({about})".replace("_", " ")
