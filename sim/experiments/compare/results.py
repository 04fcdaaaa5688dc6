"""The outcomes of two scenarios that were compared, pair by pair, as plain data: `PairedOutcomes`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
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
    """The outcomes of two scenarios that ran with the same seeds, and the differences between them.

    Attributes:
        a: the first scenario.
        b: the second scenario.
        seeds: the seeds of the pairs of histories.
        differs: dotted key in which the scenarios differ -> its values in `a` and in `b`.
        changes: dotted key -> the value that was set in both scenarios.
        effects: outcome -> its difference, the first scenario minus the second.
        seconds: how long the histories took to run, in seconds.
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
        """Compare twins by their outcomes; `samples` holds the outcomes of each twin, in the order of the seeds."""
        differs = {key: {"a": values["from"], "b": values["to"]} for key, values in changed_keys(*twins).items()}
        effects = {name: effect(samples[0][name], samples[1][name]) for name in samples[0]}
        return cls(*twins, tuple(seeds), differs, changes, effects, seconds)

    @property
    def names(self) -> tuple[str, str]:
        """The names of the scenarios; if both have the same name, (A) and (B) are added."""
        if self.a.name != self.b.name:
            return self.a.name, self.b.name
        return f"{self.a.name} (A)", f"{self.b.name} (B)"

    @property
    def table(self) -> pd.DataFrame:
        """One row per outcome: outcome, label, unit, mean_a, mean_b, difference, low, high and the spread."""
        import pandas as pd

        columns = ["outcome", "label", "unit", "mean_a", "mean_b", "difference", "low", "high"]
        rows = [
            (name, BY_NAME[name].label, BY_NAME[name].unit, *astuple(effect)[2:])
            for name, effect in self.effects.items()
        ]
        return pd.DataFrame(rows, columns=[*columns, "spread_low", "spread_high"])

    @property
    def samples(self) -> pd.DataFrame:
        """One row per twin, seed and outcome: twin ("A" or "B"), scenario, seed, outcome, value."""
        import pandas as pd

        rows = [
            (twin, scenario.name, seed, name, float(value))
            for twin, scenario in (("A", self.a), ("B", self.b))
            for name, effect in self.effects.items()
            for seed, value in zip(self.seeds, effect.a if twin == "A" else effect.b, strict=True)
        ]
        return pd.DataFrame(rows, columns=["twin", "scenario", "seed", "outcome", "value"])

    @cached_property
    def cause(self) -> Cause:
        """The GPU purchases, explained once by accounting and once by cause, and the gap between the two."""
        return cause_of(self.names, self.differs, self.effects)

    def to_numbers(self) -> dict[str, Any]:
        """Return all numbers except those of single histories, as plain JSON types; money is in USD bn."""
        first, second = self.a, self.b
        return {
            "a": {"scenario": first.name, "title": first.title, "about": first.about},
            "b": {"scenario": second.name, "title": second.title, "about": second.about},
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
