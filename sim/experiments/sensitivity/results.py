"""What a sensitivity analysis says: numbers with their intervals, outcome by outcome."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sim.experiments.sensitivity.sample import Sample

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Estimate:
    """A number with its 90 percent interval; the ends are NaN where there is none."""

    value: float
    low: float = math.nan
    high: float = math.nan

    @property
    def half_width(self) -> float:
        """Half of the width of the interval."""
        return (self.high - self.low) / 2.0

    def to_dict(self) -> dict[str, Any]:
        """The numbers, for JSON."""
        return {"value": self.value, "interval_90": [self.low, self.high]}


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
        """The numbers, for JSON."""
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
        """The numbers, for JSON."""
        return {
            "levers": self.levers,
            "seed": self.seed,
            "seed_with_levers": self.both,
            "seed_left_in_means": self.in_means,
            "seeds": self.seeds,
        }


@dataclass(frozen=True)
class Convergence:
    """How far the numbers can be trusted, and what more runs would do.

    Attributes:
        measure: the index that is judged.
        widest: the lever with the widest interval.
        half_width: half of that interval, in units of `scale`.
        scale: what a half-width of one is: 1 for indices, the largest mu* for Morris' effects.
        unsettled: neighbours in the ranking that change places in more than one resample of ten.
        runs: of the sweep.
        more_to_halve: runs more that would halve the intervals.
        more_to_target: runs more that would bring every half-width to `TARGET`; zero if it is there.
    """

    measure: str
    widest: str
    half_width: float
    scale: float
    unsettled: tuple[tuple[str, str], ...]
    runs: int
    more_to_halve: int
    more_to_target: int

    @property
    def settled(self) -> bool:
        """Whether the ranking of the levers that matter is settled."""
        return not self.unsettled

    def to_dict(self) -> dict[str, Any]:
        """The numbers, for JSON."""
        return {
            "measure": self.measure,
            "widest_interval": self.widest,
            "half_width": self.half_width,
            "ranking_settled": self.settled,
            "unsettled": [list(pair) for pair in self.unsettled],
            "runs": self.runs,
            "more_runs_to_halve": self.more_to_halve,
            "more_runs_to_reach_0.05": self.more_to_target,
        }


Indices = dict[str, dict[str, Estimate]]
"""Measure -> lever -> its estimate."""


@dataclass(frozen=True)
class Finding:
    """What one outcome depends on.

    Attributes:
        outcome: its name.
        mean: over all runs used.
        deviation: standard deviation of single runs.
        indices: measure -> lever -> estimate. `first_order` and `total_order` (Sobol), `mu_star`, `mu` and `sigma`
            (Morris), `rank_regression` (others).
        ranked: levers, the one that matters most first.
        ends: lever -> the outcome at both ends.
        convergence: how far to trust it.
        parts: where the variance comes from; None with one seed.
        interactions: pair of levers -> second-order index (Sobol).
        verdicts: lever -> what a screening or a regression says of it.
        explained: share of the variance of ranks that the regression explains (others); NaN elsewhere.
    """

    outcome: str
    mean: float
    deviation: float
    indices: Indices
    ranked: tuple[str, ...]
    ends: dict[str, Ends]
    convergence: Convergence
    parts: Parts | None = None
    interactions: dict[tuple[str, str], Estimate] = field(default_factory=dict)
    verdicts: dict[str, str] = field(default_factory=dict)
    explained: float = math.nan

    @property
    def told_together(self) -> dict[tuple[str, str], Estimate]:
        """Interactions that are told from zero.

        Their interval leaves zero out, and they are no more than the total index of either lever may be, of which
        they are a part: the estimator of pairs is the noisiest, and breaks that bound where there are few points.
        """
        total = self.indices.get("total_order", {})
        return {
            pair: index
            for pair, index in self.interactions.items()
            if index.low > 0.0 and index.value <= min(total[lever].high for lever in pair)
        }

    def to_dict(self) -> dict[str, Any]:
        """The numbers, for JSON."""
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
                {"levers": list(pair), **found.to_dict(), "told_from_zero": pair in self.told_together}
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
