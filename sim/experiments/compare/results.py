"""The result of a comparison: outcomes of both scenarios, pair by pair."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.engine.outcomes import BY_NAME
from sim.experiments.compare.paired import Effect
from sim.scenario.load import Scenario

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiments.compare.cause import Cause


@dataclass(frozen=True)
class Comparison:
    """Two scenarios, run with the same seeds.

    Attributes:
        a: the first scenario.
        b: the second.
        seeds: of the pairs of histories.
        differs: where the scenarios differ: dotted key -> values `a` and `b`.
        changes: what both were given beside their own files: dotted key -> value.
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
                *(found.mean_a, found.mean_b, found.mean, found.low, found.high),
                *(found.spread_low, found.spread_high),
            )
            for name, found in self.effects.items()
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
            for name, found in self.effects.items()
            for seed, value in zip(self.seeds, found.a if twin == "A" else found.b, strict=True)
        ]
        return pd.DataFrame(rows, columns=columns)

    @cached_property
    def cause(self) -> Cause:
        """What accounting says of interest and GPUs beside what the twins say, and the gap between them."""
        from sim.experiments.compare.cause import cause

        return cause(self)

    @property
    def words(self) -> list[str]:
        """What the comparison says about interest and GPUs, in sentences made from its numbers."""
        from sim.experiments.compare.cause import words

        return words(self)

    def to_dict(self) -> dict[str, Any]:
        """Everything but the single histories, with JSON's own types; money is USD bn."""
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
                name: {"label": BY_NAME[name].label, "unit": BY_NAME[name].unit, **found.to_dict()}
                for name, found in self.effects.items()
            },
            "cause": self.cause.to_dict(),
            "words": self.words,
            "timing": {"simulation_s": round(self.seconds, 3)},
        }

    def save(self, out: Path | str | None = None) -> Path:
        """Write the comparison folder: JSON, the single outcomes as Parquet, figures and a report.

        Args:
            out: folder to make; `runs/compare-<a>-vs-<b>-runs<n>-seed<seed>` if left out.

        Returns:
            The folder.

        Raises:
            RunError: if the folder exists or cannot be written; nothing is left behind.
        """
        from sim.experiments.compare.folder import write

        return write(self, Path(out) if out is not None else None)
