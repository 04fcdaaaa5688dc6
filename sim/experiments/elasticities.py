"""Elasticities: how much an outcome moves with a lever, by differentiating whole histories.

The derivatives are computed together with the numbers themselves, quarter by quarter and for all levers in one pass
(forward-mode automatic differentiation; Griewank and Walther 2008, chapter 3). Where the model jumps (a company
fails; a deal is or is not concluded), a derivative follows the branch that was taken and does not see the jump. So
each derivative is compared with the difference quotient of two histories; where the two disagree, the quotient counts.

The code that builds openings (the state at the start of a history) is not differentiated: how an opening moves with
a lever is itself a difference quotient, between the openings of the same two histories.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from sim.economy.books.ledger import EMPTY_JOURNAL
from sim.engine.batch import Start, behaviour, start
from sim.engine.ensemble import chosen_engine, refuse_problems, run_histories, seeds_from
from sim.engine.outcomes import BY_NAME, OUTCOMES, reduced
from sim.errors import ScenarioError, suggestion
from sim.scenario import levers as lever_table
from sim.scenario.load import Scenario, changed, resolved

if TYPE_CHECKING:
    import pandas as pd

STEP = 1e-3
"""Half the step of the lever between the two histories of a difference quotient, as a fraction of its range."""
AGREE = 0.02
"""Largest relative difference between derivative and quotient that is attributed to curvature, not to a jump."""
ROUNDING = 1e-7
"""Rounding error of a quotient, relative to the outcome divided by the step of the lever."""
RARE = 0.1
"""If more than this share of the histories jump, the quotient is reported in place of the derivative."""

Starts = list[list[Start]]
"""For each lever, the starts of histories, one for each seed."""


@dataclass(frozen=True)
class Elasticities:
    """Derivatives of outcomes with respect to levers, history by history.

    Attributes:
        scenario: the scenario that was run.
        seeds: the seeds of the histories.
        outcomes: the names of the outcomes, in the order of the arrays.
        levers: the names of the levers, in the order of the arrays.
        at: the value of each lever.
        values: the value of each outcome.
        derivatives: the derivatives by automatic differentiation, in units of the outcome per unit of the lever.
        quotients: the central difference quotients (one-sided at an end of a lever's range), in the same unit.
        jumps: whether derivative and quotient differ by more than curvature and rounding explain.
    """

    scenario: Scenario
    seeds: tuple[int, ...]
    outcomes: tuple[str, ...]
    levers: tuple[str, ...]
    at: Float[NDArray[np.float64], " lever"]
    values: Float[NDArray[np.float64], "run outcome"]
    derivatives: Float[NDArray[np.float64], "run outcome lever"]
    quotients: Float[NDArray[np.float64], "run outcome lever"]
    jumps: NDArray[np.bool_]

    @property
    def table(self) -> pd.DataFrame:
        """One row per outcome and lever; the numbers are means over the histories.

        Columns: outcome, lever, at, value, derivative, quotient, jumps (share of histories that jump), slope (the
        derivative, or the quotient where more than a tenth of the histories jump), by (which of the two slope is) and
        elasticity (slope times lever, divided by outcome; NaN where the outcome is zero).
        """
        import pandas as pd

        pairs = pd.MultiIndex.from_product([self.outcomes, self.levers], names=["outcome", "lever"])
        table = pairs.to_frame(index=False)
        table["at"] = np.tile(self.at, len(self.outcomes))
        table["value"] = self.values.mean(axis=0).repeat(len(self.levers))
        columns = {"derivative": self.derivatives, "quotient": self.quotients, "jumps": self.jumps}
        for name, numbers in columns.items():
            table[name] = numbers.mean(axis=0).ravel()
        jumpy = table["jumps"] > RARE
        table["slope"] = table["quotient"].where(jumpy, table["derivative"])
        table["by"] = np.where(jumpy, "quotient", "derivative")
        table["elasticity"] = table["slope"] * table["at"] / table["value"].where(table["value"] != 0.0)
        return table

    @property
    def words(self) -> list[str]:
        """What a reader must know before using the numbers, in sentences."""
        smooth = self.jumps.mean(axis=0) <= RARE
        sentences = [
            f"{smooth.sum()} of {smooth.size} pairs of outcome and lever are smooth: derivative and difference "
            f"quotient agree in at least nine of ten of {len(self.seeds)} histories."
        ]
        jumpy = [name for name, pairs in zip(self.outcomes, smooth, strict=True) if not pairs.all()]
        if jumpy:
            sentences.append(
                "Where they disagree, the model jumps between the two histories (a failure; a deal that is or "
                f"is not concluded), and the quotient is reported: {', '.join(jumpy)}."
            )
        return sentences


def elasticities(
    config: str | Path | Scenario = "baseline",
    outcomes: Sequence[str] | None = None,
    levers: Sequence[str] | None = None,
    runs: int = 8,
    seed: int | None = None,
    quarters: int | None = None,
) -> Elasticities:
    """Differentiate the outcomes of a scenario with respect to its levers.

    Args:
        config: a scenario's name or path, or a loaded scenario.
        outcomes: names of `sim.engine.outcomes.OUTCOMES`; all if left out.
        levers: names of numeric levers of `sim.scenario.levers`; all if left out.
        runs: the number of histories, each with its own random numbers.
        seed: the seed of the first history; the scenario's own if left out.
        quarters: the number of quarters; the scenario's own if left out.

    Raises:
        ScenarioError: if a name or a number is wrong, or JAX is not installed.
        AccountingError: if an accounting identity is violated; the message names the seed.
    """
    chosen_engine("jax")
    scenario = resolved(config, seed, quarters)
    chosen = _checked(outcomes, [outcome.name for outcome in OUTCOMES], "outcome")
    turned = _checked(levers, [lever.name for lever in lever_table.LEVERS], "lever")
    seeds = seeds_from(scenario.run.seed, runs)
    at, low, high = _around(scenario, turned)
    ends = [_starts(scenario, turned, seeds, values) for values in (low, high)]
    # The quotients come first, because computing them reports histories that cannot be used.
    quotients = _quotients(ends, high - low, scenario, seeds)
    bases = [start(scenario, number) for number in seeds]
    values, derivatives = _differentiated(bases, ends, high - low, scenario)
    index = [list(BY_NAME).index(name) for name in chosen]
    values, derivatives, quotients = values[:, index], derivatives[:, index], quotients[:, index]
    rounding = ROUNDING * np.maximum(np.abs(values), 1.0)[:, :, None] / (high - low)
    curvature = AGREE * np.maximum(np.abs(derivatives), np.abs(quotients))
    jumps = ~(np.abs(derivatives - quotients) <= curvature + rounding)
    return Elasticities(scenario, tuple(seeds), chosen, turned, at, values, derivatives, quotients, jumps)


def _checked(names: Sequence[str] | None, known: list[str], kind: str) -> tuple[str, ...]:
    if names is not None and not names:
        raise ScenarioError(f"the list is empty; at least one {kind} is needed", f"{kind}s", list(names))
    for name in names or ():
        if name not in known:
            raise ScenarioError(f"unknown {kind}{suggestion(name, known)}", f"{kind}s", name, ", ".join(known))
    return tuple(known if names is None else names)


def _around(scenario: Scenario, turned: tuple[str, ...]) -> tuple[NDArray[np.float64], ...]:
    """Return the value of each lever, and the two ends of a small step around that value, within the lever's range."""
    quantities = [lever_table.quantity(scenario, lever_table.BY_NAME[name]) for name in turned]
    at = np.array([quantity.value for quantity in quantities])
    # Every lever has a range: a test of the levers checks that.
    low, high = np.array([quantity.range for quantity in quantities], dtype=float).T
    step = STEP * (high - low)
    return at, np.maximum(at - step, low), np.minimum(at + step, high)


def _starts(scenario: Scenario, turned: tuple[str, ...], seeds: range, values: NDArray[np.float64]) -> Starts:
    """Return for each lever its starts, one per seed, in which that lever alone has been changed."""
    scenarios = [
        changed(scenario, {lever_table.BY_NAME[name].key: float(value)})
        for name, value in zip(turned, values, strict=True)
    ]
    return [[start(other, seed) for seed in seeds] for other in scenarios]


def _quotients(
    ends: list[Starts], distance: NDArray[np.float64], scenario: Scenario, seeds: range
) -> Float[NDArray[np.float64], "run outcome lever"]:
    sides = []
    for end in ends:
        histories = run_histories(chain.from_iterable(end), behaviour(scenario), engine="jax")
        refuse_problems(histories, scenario.name, [*seeds] * len(end))
        numbers = np.stack(list(histories.outcomes().values()))
        sides.append(numbers.reshape(len(OUTCOMES), len(end), len(seeds)).transpose(2, 0, 1))
    return (sides[1] - sides[0]) / distance


def _differentiated(
    bases: list[Start], ends: list[Starts], distance: NDArray[np.float64], scenario: Scenario
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return outcomes `(run, outcome)` and their derivatives `(run, outcome, lever)`, computed seed by seed."""
    import jax
    import jax.numpy as jnp

    from sim.engine.batch import quarter_readings
    from sim.engine.jax_batch import paths_alone
    from sim.engine.jax_cache import compiler_options, keep_programs

    keep_programs()
    names = tuple(quarter_readings(bases[0].economy, bases[0].economy))
    decisions = behaviour(scenario).unchecked()

    def outcomes(parts: Any) -> Any:
        economy, parameters, draws = parts
        paths = paths_alone(economy, parameters, draws, decisions)
        numbers = reduced({name: paths[:, index] for index, name in enumerate(names)})
        return jnp.stack([jnp.asarray(number) for number in numbers.values()])

    def derivatives(parts: Any, directions: Any) -> Any:
        along = jax.vmap(lambda direction: jax.jvp(outcomes, (parts,), (direction,)), out_axes=(None, 1))
        return along(directions)

    with jax.enable_x64(True):
        program = jax.jit(derivatives, compiler_options=compiler_options())
        runs = []
        for number, base in enumerate(bases):
            low, high = ([starts[number] for starts in end] for end in ends)
            runs.append([np.asarray(part) for part in program(_parts(base), _directions(low, high, distance))])
    values, slopes = zip(*runs, strict=True)
    return np.stack(values), np.stack(slopes)


def _parts(base: Start) -> Any:
    import jax

    bare = replace(base.economy, books=replace(base.economy.books, journal=EMPTY_JOURNAL))
    return jax.tree.map(lambda leaf: np.asarray(leaf, dtype=np.float64), (bare, base.parameters, base.draws))


def _directions(low: list[Start], high: list[Start], distance: NDArray[np.float64]) -> Any:
    """Return the difference quotient of each number at the start of a history for each lever; lever axis first."""
    import jax

    def slope(*leaves: Any) -> Any:
        half = len(leaves) // 2
        difference = np.stack(leaves[half:]) - np.stack(leaves[:half])
        return difference / distance.reshape(-1, *[1] * (difference.ndim - 1))

    return jax.tree.map(slope, *map(_parts, low), *map(_parts, high))
