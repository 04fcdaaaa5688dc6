"""The settings of a calibration: `configs/calibration.toml`, its parameters and their priors."""

import math
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError, model_validator
from scipy.stats import norm

from sim.errors import ScenarioError
from sim.experiments.sweep.axes import Axis, resolve_axes
from sim.experiments.sweep.settings import Design
from sim.scenario.data import CONFIGS
from sim.scenario.load import Scenario, first_error, load, read_as
from sim.scenario.quantities import number_at
from sim.scenario.schema import QUARTER_PATTERN, Strict

CALIBRATION = CONFIGS / "calibration.toml"
NINETY = float(norm.ppf(0.95))
"""Standard deviations from the middle of a normal distribution to either end of its 90 percent interval."""
Quarter = Annotated[str, Field(pattern=QUARTER_PATTERN)]
Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]
Count = Annotated[int, Field(strict=True, ge=1)]


class Window(Strict):
    """The quarters that are fitted, and the last of those that are held out."""

    first: Quarter
    last: Quarter
    held_out: Quarter

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.first <= self.last <= self.held_out:
            order = f"first {self.first}, last {self.last}, held_out {self.held_out}"
            raise ValueError(f"{order}: must be in this order")
        return self


class Search(Strict):
    """The settings of the search for the best parameters."""

    candidates: Annotated[int, Field(strict=True, ge=4)]
    generations: Count
    seeds: Count
    steps: Count
    first_seed: Annotated[int, Field(strict=True, ge=0)]
    scatter_seeds: Annotated[int, Field(strict=True, ge=16)]
    scatter_places: Count
    slope_seeds: Count
    slope_step: Annotated[float, Field(gt=0.0, le=2.0)]


class Recovery(Strict):
    """The settings of the trials, and the rule that says which parameters can be recovered."""

    trials: Annotated[int, Field(strict=True, ge=0)]
    seeds: Count
    steps: Count
    least_coverage: Annotated[float, Field(ge=0.0, le=1.0)]
    most_coverage: Annotated[float, Field(ge=0.0, le=1.0)]
    most_width: Annotated[float, Field(gt=0.0, le=1.0)]


class Prior(Strict):
    """The prior of a parameter: the ends of its 90 percent interval."""

    low: float
    high: float
    scale: Literal["linear", "log"] = "linear"
    why: str

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.low < self.high:
            raise ValueError(f"low = {self.low:g} must be less than high = {self.high:g}")
        if self.scale == "log" and self.low <= 0.0:
            raise ValueError(f"low = {self.low:g} must be above zero where scale is log")
        return self


class CalibrationPlan(Strict):
    """A calibration file."""

    title: str
    scenario: str
    window: Window
    search: Search
    recovery: Recovery
    parameters: Annotated[dict[str, Prior], Field(min_length=1)]


@dataclass(frozen=True)
class EstimationProblem:
    """Parameters to be estimated, and the scenario that they belong to.

    A parameter's place is measured in standard deviations of its prior from the prior's middle, so that the prior
    of a place is a standard normal distribution.

    Attributes:
        plan: the calibration file.
        scenario: the scenario that the parameters belong to.
        axes: the parameters with the ranges that the scenario allows.
    """

    plan: CalibrationPlan
    scenario: Scenario
    axes: tuple[Axis, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """Dotted keys of the parameters."""
        return tuple(self.plan.parameters)

    @cached_property
    def _log(self) -> Flags:
        return np.array([prior.scale == "log" for prior in self.plan.parameters.values()])

    @cached_property
    def _normal(self) -> tuple[Numbers, Numbers]:
        """Means and standard deviations of the priors, on the scale of each."""
        ends = [
            [math.log(end) if prior.scale == "log" else end for end in (prior.low, prior.high)]
            for prior in self.plan.parameters.values()
        ]
        low, high = np.array(ends).T
        return (low + high) / 2.0, (high - low) / (2.0 * NINETY)

    @cached_property
    def bounds(self) -> tuple[Numbers, Numbers]:
        """Least and greatest place of each parameter: its allowed range, and three standard deviations at most."""
        ends = np.array([axis.range for axis in self.axes], dtype=float)  # None, for no end, becomes NaN.
        low, high = (self.places(side) for side in ends.T)
        return np.fmax(low, -3.0), np.fmin(high, 3.0)

    def places(self, values: Numbers) -> Numbers:
        """Return the places of values, `(..., parameter)`."""
        with np.errstate(divide="ignore"):
            scaled = np.where(self._log, np.log(np.where(self._log, np.maximum(values, 0.0), 1.0)), values)
        mean, deviation = self._normal
        return np.asarray((scaled - mean) / deviation)

    def values(self, places: Numbers) -> Numbers:
        """Return the values at places, `(..., parameter)`."""
        mean, deviation = self._normal
        scaled = mean + deviation * np.clip(places, *self.bounds)
        return np.where(self._log, np.exp(np.where(self._log, scaled, 0.0)), scaled)

    def current(self) -> Numbers:
        """Return the values of the scenario as it stands, `(parameter,)`."""
        return np.array([number_at(self.scenario, key) for key in self.keys])


def load_problem(path: Path | str | None = None, scenario: Scenario | None = None) -> EstimationProblem:
    """Load a calibration file, by default that which ships, and its scenario, unless another takes its place.

    Raises:
        ScenarioError: for anything wrong with the file, in one line.
    """
    file = Path(path) if path is not None else CALIBRATION
    plan = read_as(CalibrationPlan, file)
    chosen = scenario if scenario is not None else load(plan.scenario)
    vary = {key: {"low": prior.low, "high": prior.high} for key, prior in plan.parameters.items()}
    design = Design.model_validate(
        {"title": plan.title, "scenario": plan.scenario, "method": "random", "samples": 1, "vary": vary}
    )
    return EstimationProblem(plan, chosen, resolve_axes(design, chosen, {}, file.name))


def changed_window(problem: EstimationProblem, until: str | None) -> EstimationProblem:
    """Return the problem fitted until another quarter.

    Raises:
        ScenarioError: if the quarter is not within the window.
    """
    if until is None:
        return problem
    window = problem.plan.window
    try:
        chosen = Window.model_validate(window.model_dump() | {"last": until})
    except ValidationError as error:
        allowed = f"{window.first} to {window.held_out}"
        raise ScenarioError(first_error(error), "until", until, allowed) from None
    return replace(problem, plan=problem.plan.model_copy(update={"window": chosen}))
