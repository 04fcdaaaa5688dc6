"""The record of an estimate as plain data: all that is needed to use, judge and repeat the estimate."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sim.errors import ScenarioError
from sim.experiments.calibrate.settings import EstimationProblem, Numbers
from sim.scenario.data import CONFIGS

ESTIMATES = CONFIGS / "estimates"
"""The folder of the records that come with capflow, each named after the last quarter that was fitted."""


@dataclass(frozen=True)
class Record:
    """An estimate as read from its file: plain data, which docs/calibration.md describes."""

    raw: Mapping[str, Any]

    @property
    def last(self) -> str:
        """The last quarter that was fitted."""
        return str(self.raw["window"]["last"])

    @property
    def keys(self) -> tuple[str, ...]:
        """The dotted keys of the parameters."""
        return tuple(self.raw["parameters"])

    @property
    def values(self) -> dict[str, float]:
        """Dotted key -> estimated value."""
        return {key: float(parameter["estimate"]) for key, parameter in self.raw["parameters"].items()}

    @property
    def identified(self) -> tuple[str, ...]:
        """The keys of the parameters that can be recovered; empty if recovery was not tried."""
        return tuple(key for key, parameter in self.raw["parameters"].items() if parameter["identified"])

    def draws(self, problem: EstimationProblem, count: int, seed: int) -> Numbers:
        """Draw values from the distribution of the estimate, cut to the allowed ranges, `(draw, parameter)`.

        Raises:
            ScenarioError: if the parameters of the record are not those of the problem.
        """
        if self.keys != problem.keys:
            raise ScenarioError("its parameters are not those of the calibration file", "estimate", self.last)
        middle = np.array([parameter["place"] for parameter in self.raw["parameters"].values()])
        generator = np.random.default_rng(seed)
        return problem.values(generator.multivariate_normal(middle, np.array(self.raw["covariance"]), count))


def load_record(name: str | Path) -> Record:
    """Load a record, given by its path or, if it comes with capflow, by the last quarter that was fitted.

    Raises:
        ScenarioError: if there is no such record, or it is damaged.
    """
    path = Path(name) if Path(name).suffix == ".json" else ESTIMATES / f"{name}.json"
    try:
        record = Record(json.loads(path.read_text(encoding="utf8")))
        if not record.values or len(record.raw["covariance"]) != len(record.keys):
            raise ValueError("the covariance must have a row for each parameter")
    except FileNotFoundError:
        available = ", ".join(sorted(path.stem for path in ESTIMATES.glob("*.json"))) or "none"
        raise ScenarioError("no such record", "estimate", str(name), available) from None
    except (ValueError, KeyError, TypeError) as error:
        raise ScenarioError(f"is not the record of an estimate: {error}", "estimate", str(path)) from None
    return record
