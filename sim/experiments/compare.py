"""Compare two scenarios as twins: the same random numbers in both, so that a difference is an effect."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim import levers
from sim.ensembles import seeds_from
from sim.errors import ScenarioError
from sim.experiments.histories import Progress, Samples, run_seeds
from sim.experiments.paired import Effect, effect
from sim.histories import Engine
from sim.outcomes import BY_NAME
from sim.scenario import Scenario, changed, changed_keys, load

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiments.cause import Cause


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
        from sim.experiments.cause import cause

        return cause(self)

    @property
    def words(self) -> list[str]:
        """What the comparison says about interest and GPUs, in sentences made from its numbers."""
        from sim.experiments.cause import words

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
        from sim.experiments.comparison_folder import write

        return write(self, Path(out) if out is not None else None)


def compare(
    a: str | Path | Scenario,
    b: str | Path | Scenario,
    runs: int = 100,
    seed: int | None = None,
    quarters: int | None = None,
    changes: Mapping[str, Any] | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    engine: Engine = "auto",
) -> Comparison:
    """Run two scenarios with the same seeds, and compare their outcomes pair by pair.

    The random numbers of a history depend on its seed alone, so that the twins of a pair differ by what the
    scenarios say, and by nothing else.

    Args:
        a: the first scenario: its name, its path, or the scenario itself.
        b: the second.
        runs: pairs of histories, at least 2.
        seed: seed of the first pair, the next ones follow; that of `a` if left out.
        quarters: length of the histories; the scenarios' own if left out.
        changes: lever names or dotted keys, and the values they take in both scenarios.
        workers: processes to run in with NumPy; 1 is this process, None as many as there are processors and work
            for. The answer does not depend on it.
        progress: told after every history, or batch of histories.
        engine: "jax", "numpy" or "auto", as in `sim.experiments.histories.run_seeds`; answers agree to 1e-9.

    Returns:
        The comparison; its `save` writes a folder with figures and a report.

    Raises:
        ScenarioError: if a scenario, a change or `runs` is wrong, or the scenarios do not open in the same
            quarter or run for the same number of quarters.
        AccountingError: if an accounting identity is violated, naming scenario and seed.
        WorkerError: if a worker process dies.
    """
    began = time.perf_counter()
    wanted = levers.keys(changes or {})
    chosen, seeds = paired(a, b, runs, seed, quarters, wanted)
    samples = run_seeds(chosen, seeds, workers, progress, engine)
    return of_samples(chosen, seeds, samples, wanted, time.perf_counter() - began)


def paired(
    a: str | Path | Scenario,
    b: str | Path | Scenario,
    runs: int,
    seed: int | None = None,
    quarters: int | None = None,
    changes: Mapping[str, Any] | None = None,
) -> tuple[tuple[Scenario, Scenario], tuple[int, ...]]:
    """Two scenarios as twins, and the seeds of their pairs; arguments and errors as in `compare`."""
    given = {**(changes or {}), **({} if quarters is None else {"run.quarters": quarters})}
    first, second = (changed(c, given) if isinstance(c, Scenario) else load(c, given) for c in (a, b))
    chosen = _same_seed(first, second, runs, seed)
    _refuse_unlike(*chosen)
    return chosen, tuple(seeds_from(chosen[0].run.seed, runs))


def of_samples(
    twins: tuple[Scenario, Scenario],
    seeds: tuple[int, ...],
    samples: Sequence[Samples],
    changes: dict[str, Any],
    seconds: float,
) -> Comparison:
    """The comparison of twins whose outcomes are there already.

    Args:
        twins: the scenarios.
        seeds: of the pairs.
        samples: for each twin its outcomes, in the order of the seeds.
        changes: what both were given beside their own files: dotted key -> value.
        seconds: how long the histories took.
    """
    differs = {key: {"a": d["from"], "b": d["to"]} for key, d in changed_keys(*twins).items()}
    effects = {name: effect(samples[0][name], samples[1][name]) for name in samples[0]}
    return Comparison(*twins, seeds, differs, changes, effects, seconds)


def _same_seed(a: Scenario, b: Scenario, runs: int, seed: int | None) -> tuple[Scenario, Scenario]:
    if runs < 2:
        raise ScenarioError(f"--runs {runs}: a comparison takes at least 2 pairs of histories")
    seeded = changed(a, {"run.seed": a.run.seed if seed is None else seed})
    return seeded, changed(b, {"run.seed": seeded.run.seed})


def _refuse_unlike(a: Scenario, b: Scenario) -> None:
    if a.run.opening != b.run.opening:
        raise ScenarioError(
            f"{a.name} opens in {a.run.opening} and {b.name} in {b.run.opening}: twins must open at the same time"
        )
    if a.run.quarters != b.run.quarters:
        raise ScenarioError(
            f"{a.name} runs for {a.run.quarters} quarters and {b.name} for {b.run.quarters}: give --quarters to "
            "run both for as long"
        )
