"""What a sensitivity analysis says: numbers with their intervals, outcome by outcome."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim.experiments.sweep.methods.estimates import Dependence, Estimate
from sim.experiments.sweep.sample import Sample

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Ends:
    """The mean of an outcome at both ends of a lever, all other levers where they may be.

    Attributes:
        low: mean at the low end.
        high: mean at the high end.
        low_at: which values count as the low end.
        high_at: which as the high end.
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
        return {
            "low": {"at": self.low_at, **self.low.to_dict()},
            "high": {"at": self.high_at, **self.high.to_dict()},
        }


@dataclass(frozen=True)
class Parts:
    """Where the variance of single histories comes from, as shares that sum to one.

    Attributes:
        levers: the point alone: what remains when the seed is averaged out.
        seed: the seed alone: luck that is the same at every point.
        both: luck that is different from point to point.
        in_means: share of the variance of the points' means that is such luck, left over by averaging few seeds.
        seeds: how many seeds each point had.
    """

    levers: float
    seed: float
    both: float
    in_means: float
    seeds: int

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as plain data for JSON."""
        return {
            "levers": self.levers,
            "seed": self.seed,
            "seed_with_levers": self.both,
            "seed_left_in_means": self.in_means,
            "seeds": self.seeds,
        }


@dataclass(frozen=True, kw_only=True)
class Finding(Dependence):
    """What one outcome depends on.

    Attributes:
        outcome: its name.
        mean: over all runs used.
        deviation: standard deviation of single runs.
        ends: lever -> the outcome at both ends.
        parts: where the variance comes from; None with one seed.
    """

    outcome: str
    mean: float
    deviation: float
    ends: dict[str, Ends]
    parts: Parts | None

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as plain data for JSON."""
        told: dict[str, Any] = {
            "mean": self.mean,
            "standard_deviation": self.deviation,
            "ranking": list(self.ranked),
            "indices": {
                measure: {lever: found.to_dict() for lever, found in levers.items()}
                for measure, levers in self.indices.items()
            },
            "ends": {lever: found.to_dict() for lever, found in self.ends.items()},
            "variance": None if self.parts is None else self.parts.to_dict(),
            "convergence": self.convergence.to_dict(),
        }
        if self.interactions:
            told["second_order"] = [
                {"levers": list(pair), **found.to_dict(), "told_from_zero": pair in self.clear_interactions}
                for pair, found in self.interactions.items()
            ]
        if self.verdicts:
            told["verdicts"] = dict(self.verdicts)
        if math.isfinite(self.explained):
            told["explained_variance_of_ranks"] = self.explained
        return told


@dataclass(frozen=True)
class Findings:
    """What the outcomes of a sweep depend on, in numbers.

    Attributes:
        sample: the points and numbers that were used.
        findings: outcome -> what it depends on.
        skipped: outcome -> why nothing can be said of it.
        notes: what was left out, in sentences.
    """

    sample: Sample
    findings: Mapping[str, Finding]
    skipped: Mapping[str, str]
    notes: tuple[str, ...] = ()

    @property
    def method(self) -> str:
        """The design's method."""
        return self.sample.method

    @property
    def table(self) -> pd.DataFrame:
        """One row for each outcome, measure and lever: value, low, high."""
        import pandas as pd

        rows = [
            {"outcome": name, "measure": measure, "lever": lever, "value": e.value, "low": e.low, "high": e.high}
            for name, finding in self.findings.items()
            for measure, levers in finding.indices.items()
            for lever, e in levers.items()
        ]
        return pd.DataFrame(rows, columns=["outcome", "measure", "lever", "value", "low", "high"])

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers, for JSON."""
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
