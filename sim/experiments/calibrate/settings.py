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
"""Half the width of a normal distribution's 90 percent interval, in standard deviations."""
Quarter = Annotated[str, Field(pattern=QUARTER_PATTERN)]
Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]
Count = Annotated[int, Field(strict=True, ge=1)]


class Window(Strict):
    """The quarters that are fitted, `first` to `last`; those after them, up to `held_out`, are only compared."""

    first: Quarter
    last: Quarter
    held_out: Quarter

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.first <= self.last <= self.held_out:
            order = f"first {self.first}, last {self.last}, held_out {self.held_out}"
            raise ValueError(f"{order}: must follow one another in this order")
        return self


class Search(Strict):
    """The settings of the search for the best parameters, and of the slopes around them."""

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
    """The settings of the trials with known parameters, and the rule on which parameters can be recovered."""

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
    """The content of a calibration file such as `configs/calibration.toml`."""

    title: str
    scenario: str
    window: Window
    search: Search
    recovery: Recovery
    parameters: Annotated[dict[str, Prior], Field(min_length=1)]


@dataclass(frozen=True)
class EstimationProblem:
    """Parameters to be estimated, and the scenario to which they belong.

    The place of a parameter is its distance from the middle of its prior, in standard deviations of the prior. So
    the prior distribution of a place is the standard normal distribution.

    Attributes:
        plan: the calibration file.
        scenario: the scenario to which the parameters belong.
        axes: the parameters, each with the range that the scenario allows.
    """

    plan: CalibrationPlan
    scenario: Scenario
    axes: tuple[Axis, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """The dotted keys of the parameters."""
        return tuple(self.plan.parameters)

    @cached_property
    def _log(self) -> Flags:
        return np.array([prior.scale == "log" for prior in self.plan.parameters.values()])

    @cached_property
    def _normal(self) -> tuple[Numbers, Numbers]:
        """The means and standard deviations of the priors, each on its own scale, linear or log."""
        ends = [
            [math.log(end) if prior.scale == "log" else end for end in (prior.low, prior.high)]
            for prior in self.plan.parameters.values()
        ]
        low, high = np.array(ends).T
        return (low + high) / 2.0, (high - low) / (2.0 * NINETY)

    @cached_property
    def bounds(self) -> tuple[Numbers, Numbers]:
        """The least and the greatest place of each parameter: its allowed range, cut to three standard deviations."""
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
    """Load a calibration file, by default `configs/calibration.toml`, and the scenario given, else the file's own.

    Raises:
        ScenarioError: if anything is wrong with the file; the message says what in one line.
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
    """Return the problem with another last quarter to be fitted, or as it is if `until` is None.

    Raises:
        ScenarioError: if the quarter is not between the first quarter and the last held-out one.
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
