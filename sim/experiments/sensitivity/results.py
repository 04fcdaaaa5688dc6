"""The numbers of a sensitivity analysis, outcome by outcome, with their intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sim.experiments.sweep.methods.estimates import Dependence, Estimate
from sim.experiments.sweep.sample import Sample

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Ends:
    """The mean of an outcome at both ends of a lever, whatever values the other levers have.

    Attributes:
        low: the mean at the low end.
        high: the mean at the high end.
        low_at: the values that count as the low end, in words.
        high_at: the values that count as the high end, in words.
    """

    low: Estimate
    high: Estimate
    low_at: str
    high_at: str

    @property
    def swing(self) -> float:
        """The mean at the high end less that at the low end."""
        return self.high.value - self.low.value

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as plain data for JSON."""
        ends = {"low": (self.low_at, self.low), "high": (self.high_at, self.high)}
        return {end: {"at": values, **mean.to_dict()} for end, (values, mean) in ends.items()}


@dataclass(frozen=True)
class VarianceShares:
    """Where the variance of single histories comes from; the first three shares sum to one.

    Attributes:
        levers: the share of the point alone, which remains when the seed is averaged out.
        seed: the share of the seed alone, whose effect is the same at every point.
        seed_with_levers: the share of the seed's effects that differ from point to point.
        seed_left_in_means: the share of those effects in the variance of the points' means, left by few seeds.
        seeds: the number of seeds at each point.
    """

    levers: float
    seed: float
    seed_with_levers: float
    seed_left_in_means: float
    seeds: int


@dataclass(frozen=True, kw_only=True)
class Finding(Dependence):
    """What one outcome depends on.

    Attributes:
        outcome: the name of the outcome.
        mean: the mean over all runs used.
        deviation: the standard deviation of single runs.
        ends: lever -> the outcome at both ends.
        variance: the sources of the variance; None with one seed.
    """

    outcome: str
    mean: float
    deviation: float
    ends: dict[str, Ends]
    variance: VarianceShares | None

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as plain data for JSON."""
        numbers: dict[str, Any] = {
            "mean": self.mean,
            "standard_deviation": self.deviation,
            "ranking": list(self.ranked),
            "indices": {
                measure: {lever: index.to_dict() for lever, index in levers.items()}
                for measure, levers in self.indices.items()
            },
            "ends": {lever: ends.to_dict() for lever, ends in self.ends.items()},
            "variance": None if self.variance is None else asdict(self.variance),
            "convergence": self.convergence.to_dict(),
        }
        if self.interactions:
            numbers["second_order"] = [
                {"levers": list(pair), **index.to_dict(), "told_from_zero": pair in self.clear_interactions}
                for pair, index in self.interactions.items()
            ]
        if self.verdicts:
            numbers["verdicts"] = dict(self.verdicts)
        if math.isfinite(self.explained):
            numbers["explained_variance_of_ranks"] = self.explained
        return numbers


@dataclass(frozen=True)
class Findings:
    """What the outcomes of a sweep depend on, in numbers.

    Attributes:
        sample: the points and numbers that were used.
        findings: outcome -> what it depends on.
        skipped: outcome -> why it could not be analysed.
        notes: what was left out, in sentences.
    """

    sample: Sample
    findings: Mapping[str, Finding]
    skipped: Mapping[str, str]
    notes: tuple[str, ...] = ()

    @property
    def method(self) -> str:
        """The method of the design."""
        return self.sample.method

    @property
    def table(self) -> pd.DataFrame:
        """One row for each outcome, measure and lever: value, low, high."""
        import pandas as pd

        rows = [
            (name, measure, lever, index.value, index.low, index.high)
            for name, finding in self.findings.items()
            for measure, levers in finding.indices.items()
            for lever, index in levers.items()
        ]
        return pd.DataFrame(rows, columns=["outcome", "measure", "lever", "value", "low", "high"])

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as plain data for JSON."""
        sample = self.sample
        return {
            "sweep": str(sample.folder),
            "method": sample.method,
            "levers": {lever.name: lever.to_dict() for lever in sample.levers},
            "points": len(sample.points),
            "points_left_out": len(sample.problems),
            "replicates": sample.replicates,
            "outcomes": {name: finding.to_dict() for name, finding in self.findings.items()},
            "skipped": dict(self.skipped),
            "notes": list(self.notes),
        }
