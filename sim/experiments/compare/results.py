"""The outcomes of two scenarios, pair by pair, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from sim.engine.outcomes import BY_NAME
from sim.experiments.compare.cause import Cause, cause_of
from sim.experiments.compare.paired import Effect, effect
from sim.scenario.load import Scenario, changed_keys

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class PairedOutcomes:
    """Two scenarios, run with the same seeds.

    Attributes:
        a: the first scenario.
        b: the second scenario.
        seeds: the seeds of the pairs of histories.
        differs: the keys in which the scenarios differ: dotted key -> values `a` and `b`.
        changes: what was set in both beside their own files: dotted key -> value.
        effects: outcome -> its difference, the first scenario less the second.
        seconds: how long the histories took.
    """

    a: Scenario
    b: Scenario
    seeds: tuple[int, ...]
    differs: dict[str, dict[str, Any]]
    changes: dict[str, Any]
    effects: dict[str, Effect]
    seconds: float

    @classmethod
    def of_samples(
        cls,
        twins: tuple[Scenario, Scenario],
        seeds: Sequence[int],
        samples: Sequence[Mapping[str, NDArray[np.float64]]],
        changes: dict[str, Any],
        seconds: float,
    ) -> Self:
        """Compare twins whose outcomes are there already.

        Args:
            twins: the scenarios.
            seeds: the seeds of the pairs.
            samples: for each twin its outcomes, in the order of the seeds.
            changes: what was set in both beside their own files: dotted key -> value.
            seconds: how long the histories took.
        """
        differs = {key: {"a": values["from"], "b": values["to"]} for key, values in changed_keys(*twins).items()}
        effects = {name: effect(samples[0][name], samples[1][name]) for name in samples[0]}
        return cls(*twins, tuple(seeds), differs, changes, effects, seconds)

    @property
    def names(self) -> tuple[str, str]:
        """What to call the two: their names, or their names with a letter where these are the same."""
        if self.a.name != self.b.name:
            return self.a.name, self.b.name
        return f"{self.a.name} (A)", f"{self.b.name} (B)"

    @property
    def table(self) -> pd.DataFrame:
        """One row per outcome: outcome, label, unit, mean_a, mean_b, difference, low, high and the spread."""
        import pandas as pd

        rows = [
            (
                name,
                BY_NAME[name].label,
                BY_NAME[name].unit,
                *(effect.mean_a, effect.mean_b, effect.mean, effect.low, effect.high),
                *(effect.spread_low, effect.spread_high),
            )
            for name, effect in self.effects.items()
        ]
        names = ["outcome", "label", "unit", "mean_a", "mean_b", "difference", "low", "high"]
        return pd.DataFrame(rows, columns=[*names, "spread_low", "spread_high"])

    @property
    def samples(self) -> pd.DataFrame:
        """One row per twin, seed and outcome: twin ("A" or "B"), scenario, seed, outcome, value."""
        import pandas as pd

        columns = ["twin", "scenario", "seed", "outcome", "value"]
        rows = [
            (twin, scenario.name, seed, name, float(value))
            for twin, scenario in (("A", self.a), ("B", self.b))
            for name, effect in self.effects.items()
            for seed, value in zip(self.seeds, effect.a if twin == "A" else effect.b, strict=True)
        ]
        return pd.DataFrame(rows, columns=columns)

    @cached_property
    def cause(self) -> Cause:
        """What accounting says of interest and GPUs beside what the twins say, and the gap between them."""
        return cause_of(self.names, self.differs, self.effects)

    def to_numbers(self) -> dict[str, Any]:
        """Return everything but the single histories, with JSON's own types; money is USD bn."""
        first, last = self.a, self.b
        return {
            "a": {"scenario": first.name, "title": first.title, "about": first.about},
            "b": {"scenario": last.name, "title": last.title, "about": last.about},
            "runs": len(self.seeds),
            "seed": self.seeds[0],
            "quarters": first.run.quarters,
            "opening": first.run.opening,
            "differs": self.differs,
            "changes": self.changes,
            "outcomes": {
                name: {"label": BY_NAME[name].label, "unit": BY_NAME[name].unit, **effect.to_dict()}
                for name, effect in self.effects.items()
            },
            "cause": self.cause.to_dict(),
            "timing": {"simulation_s": round(self.seconds, 3)},
        }
