"""The record of an estimate: everything that is needed to use it, to judge it, and to make it again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import ScenarioError
from sim.experiments.calibrate.estimate import Estimate
from sim.experiments.calibrate.problem import Problem
from sim.experiments.calibrate.recovery import Identification
from sim.scenario.data import CONFIGS

ESTIMATES = CONFIGS / "estimates"
"""Records that ship, by the last quarter that was fitted."""
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Record:
    """An estimate as it was written down.

    Attributes:
        raw: the record as plain data; see docs/calibration.md.
    """

    raw: Mapping[str, Any]

    @property
    def last(self) -> str:
        """The last quarter that was fitted."""
        return str(self.raw["window"]["last"])

    @property
    def keys(self) -> tuple[str, ...]:
        """Dotted keys of the parameters."""
        return tuple(self.raw["parameters"])

    @property
    def values(self) -> dict[str, float]:
        """Dotted key -> estimated value."""
        return {key: float(found["estimate"]) for key, found in self.raw["parameters"].items()}

    @property
    def identified(self) -> tuple[str, ...]:
        """Keys of the parameters that can be recovered; none where it was not tried."""
        return tuple(key for key, found in self.raw["parameters"].items() if found["identified"])

    def draws(self, problem: Problem, count: int, seed: int) -> Numbers:
        """Values drawn from the distribution of the estimate, `(draw, parameter)`, within the allowed ranges.

        Raises:
            ScenarioError: if the record has other parameters than the problem.
        """
        if self.keys != problem.keys:
            raise ScenarioError(f"estimate {self.last}: has other parameters than the calibration file")
        middle = np.array([found["place"] for found in self.raw["parameters"].values()])
        generator = np.random.default_rng(seed)
        return problem.values(generator.multivariate_normal(middle, np.array(self.raw["covariance"]), count))


def load_record(name: str | Path) -> Record:
    """Load a record.

    Args:
        name: the last quarter that was fitted, for one that ships, or a file.

    Raises:
        ScenarioError: if there is none, or it is damaged.
    """
    path = Path(name)
    if path.suffix != ".json":
        path = ESTIMATES / f"{name}.json"
    try:
        raw = json.loads(path.read_text(encoding="utf8"))
        record = Record(raw)
        if not record.values or len(raw["covariance"]) != len(record.keys):
            raise ValueError("the covariance has another size than the parameters")
        return record
    except FileNotFoundError:
        there = ", ".join(sorted(found.stem for found in ESTIMATES.glob("*.json"))) or "none"
        raise ScenarioError(f"estimate {name}: no such record (there are {there})") from None
    except (ValueError, KeyError, TypeError) as error:
        raise ScenarioError(f"{path}: not a record of an estimate: {error}") from None


DIGITS = 6
"""Significant digits in a record: far beyond what an estimate knows."""


def written(
    found: Estimate,
    judged: Identification | None,
    trials: int,
    targets: list[dict[str, Any]],
    sources: Mapping[str, str],
) -> dict[str, Any]:
    """A record as plain data.

    Args:
        found: the estimate.
        judged: which parameters can be recovered; None where it was not tried.
        trials: by which that was found.
        targets: the model beside every figure, fitted or not.
        sources: marks of the files that it hangs on.
    """
    problem, plan = found.problem, found.problem.plan
    low, high = found.posterior.interval(problem)
    parameters: dict[str, Any] = {}
    for place, (key, prior) in enumerate(plan.parameters.items()):
        told: dict[str, Any] = {
            "estimate": found.values[place],
            "low": low[place],
            "high": high[place],
            "unit": problem.axes[place].unit,
            "place": found.posterior.middle[place],
            "deviation": found.posterior.deviation[place],
            "prior": {"low": prior.low, "high": prior.high, "scale": prior.scale},
            "identified": None,
        }
        if judged is not None:
            told["identified"] = bool(judged.identified[place])
            told["stretch"] = judged.stretch[place]
            told["coverage"] = judged.coverage[place]
            told["width_of_prior"] = judged.width[place]
        parameters[key] = told
    uses: dict[str, list[float]] = {"fitted": [], "judged": [], "held out": []}
    for row in targets:
        uses[row["use"]].append(row["gap_in_errors"])
    record = {
        "title": plan.title,
        "scenario": plan.scenario,
        "window": plan.window.model_dump(),
        "search": {**plan.search.model_dump(), "candidates_tried": found.candidates, "steps": found.steps},
        "recovery": {**plan.recovery.model_dump(), "trials": trials},
        "distance": found.distance,
        "misfit": found.misfit,
        "inflation": found.posterior.inflation,
        "root_mean_square_gap": {
            use: float(np.sqrt(np.mean(np.square(gaps)))) if gaps else None for use, gaps in uses.items()
        },
        "parameters": parameters,
        "targets": targets,
        "covariance": found.posterior.covariance.tolist(),
        "sources": dict(sources),
    }
    return dict(_rounded(record))


def _rounded(part: Any) -> Any:
    """Plain data with numbers of `DIGITS` digits."""
    if isinstance(part, Mapping):
        return {key: _rounded(value) for key, value in part.items()}
    if isinstance(part, list):
        return [_rounded(value) for value in part]
    if isinstance(part, float | np.floating):
        return float(f"{float(part):.{DIGITS}g}") if np.isfinite(part) else None
    return part
