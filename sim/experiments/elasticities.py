"""Elasticities: how much an outcome moves with a lever, by differentiating whole histories.

The derivative is carried forward through every quarter beside the numbers themselves (forward-mode automatic
differentiation; Griewank and Walther 2008, chapter 3), for all levers in one pass. Where the model jumps (a
company fails, a deal closes or does not), a derivative is that of the branch taken and blind to the jump: so each
one is held against the difference quotient between two histories, and where they disagree the quotient counts.

Openings are made by code that is not differentiated: how the numbers that a history starts from move with a lever
is itself a difference quotient, between the openings of the same two histories.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
from sim.scenario.load import Scenario, changed, load

if TYPE_CHECKING:
    import pandas as pd

STEP = 1e-3
"""Half the distance between the two histories of a difference quotient, as a part of the lever's range."""
AGREE = 0.02
"""Largest relative disagreement of derivative and quotient that curvature is taken to explain."""
ROUNDING = 1e-7
"""Of an outcome, over the distance of the two histories: what rounding does to a quotient."""
RARE = 0.1
"""Share of histories that may jump before the quotient is reported in place of the derivative."""


@dataclass(frozen=True)
class Elasticities:
    """Derivatives of outcomes with respect to levers, history by history.

    Attributes:
        scenario: what was run.
        seeds: of the histories.
        outcomes: names, in the order of the arrays.
        levers: names, in the order of the arrays.
        at: value of each lever.
        values: of the outcomes.
        derivatives: by automatic differentiation, outcome per unit of the lever.
        quotients: by central differences (one-sided at the end of a lever's range), the same unit.
        jumps: whether the two disagree by more than curvature and rounding explain.
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
        """One row per outcome and lever, means over histories.

        Columns: outcome, lever, at, value, derivative, quotient, jumps (share of histories that jump), slope (the
        derivative, or the quotient where more than a tenth of the histories jump), by (which of the two) and
        elasticity (slope times lever over outcome; NaN where the outcome is zero).
        """
        import pandas as pd

        columns = ("outcome", "lever", "at", "value", "derivative", "quotient", "jumps")
        rows = []
        for i, outcome in enumerate(self.outcomes):
            value = float(self.values[:, i].mean())
            for j, lever in enumerate(self.levers):
                derivative, quotient = (float(d[:, i, j].mean()) for d in (self.derivatives, self.quotients))
                share = float(self.jumps[:, i, j].mean())
                by = "quotient" if share > RARE else "derivative"
                slope = quotient if by == "quotient" else derivative
                elasticity = slope * self.at[j] / value if value else np.nan
                means = (self.at[j], value, derivative, quotient, share)
                rows.append((outcome, lever, *means, slope, by, elasticity))
        return pd.DataFrame(rows, columns=[*columns, "slope", "by", "elasticity"])

    @property
    def words(self) -> list[str]:
        """What has to be known before the numbers are used, in sentences."""
        smooth = self.jumps.mean(axis=0) <= RARE
        told = [
            f"{smooth.sum()} of {smooth.size} pairs of outcome and lever are smooth: derivative and difference "
            f"quotient agree in at least nine of ten of {len(self.seeds)} histories."
        ]
        jumpy = [name for i, name in enumerate(self.outcomes) if not smooth[i].all()]
        if jumpy:
            told.append(
                "Where they do not, the model jumps between the two histories (a failure, a deal that closes or "
                f"does not), and the quotient is reported: {', '.join(jumpy)}."
            )
        return told


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
        runs: histories, each with its own random numbers.
        seed: of the first; the scenario's own if left out.
        quarters: length of the histories; the scenario's own if left out.

    Raises:
        ScenarioError: if a name or a number is wrong, or JAX is not installed.
        AccountingError: if an accounting identity is violated, naming the seed.
    """
    chosen_engine("jax")
    wanted = {k: v for k, v in (("run.seed", seed), ("run.quarters", quarters)) if v is not None}
    scenario = changed(config, wanted) if isinstance(config, Scenario) else load(config, wanted)
    chosen = _known(outcomes, [outcome.name for outcome in OUTCOMES], "outcome")
    turned = _known(levers, [lever.name for lever in lever_table.LEVERS], "lever")
    seeds = seeds_from(scenario.run.seed, runs)
    at, low, high = _around(scenario, turned)
    ends = [_turned(scenario, turned, seeds, end) for end in (low, high)]
    bases = [start(scenario, one) for one in seeds]
    # First, for it tells of histories that cannot be used.
    quotients = _quotients(ends, high - low, scenario, seeds)
    values, derivatives = _differentiated(bases, ends, high - low, scenario)
    index = [list(BY_NAME).index(name) for name in chosen]
    values, derivatives, quotients = values[:, index], derivatives[:, index], quotients[:, index]
    blur = ROUNDING * np.maximum(np.abs(values), 1.0)[:, :, None] / (high - low)
    apart = np.abs(derivatives - quotients)
    jumps = ~(apart <= AGREE * np.maximum(np.abs(derivatives), np.abs(quotients)) + blur)
    return Elasticities(scenario, tuple(seeds), chosen, turned, at, values, derivatives, quotients, jumps)


def _known(given: Sequence[str] | None, there: list[str], what: str) -> tuple[str, ...]:
    if given is not None and not given:
        raise ScenarioError(f"at least one {what} is needed")
    for name in given or ():
        if name not in there:
            raise ScenarioError(f"unknown {what} {name!r}{suggestion(name, there)}; there are {', '.join(there)}")
    return tuple(there if given is None else given)


def _around(scenario: Scenario, turned: tuple[str, ...]) -> tuple[NDArray[np.float64], ...]:
    """Value of each lever, and the two ends of a small step around it within its range."""
    quantities = [lever_table.quantity(scenario, lever_table.BY_NAME[name]) for name in turned]
    at = np.array([quantity.value for quantity in quantities])
    # Every lever has a range: a test of the levers holds that.
    ranges = np.array([quantity.range for quantity in quantities], dtype=float)
    step = STEP * (ranges[:, 1] - ranges[:, 0])
    return at, np.maximum(at - step, ranges[:, 0]), np.minimum(at + step, ranges[:, 1])


def _turned(
    scenario: Scenario, turned: tuple[str, ...], seeds: range, to: NDArray[np.float64]
) -> list[list[Start]]:
    """Return the starts by lever and seed, with that lever alone turned."""
    found = []
    for name, value in zip(turned, to, strict=True):
        other = changed(scenario, {lever_table.BY_NAME[name].key: float(value)})
        found.append([start(other, seed) for seed in seeds])
    return found


def _quotients(
    ends: list[list[list[Start]]], apart: NDArray[np.float64], scenario: Scenario, seeds: range
) -> Float[NDArray[np.float64], "run outcome lever"]:
    sides = []
    for end in ends:
        found = run_histories([one for of_lever in end for one in of_lever], behaviour(scenario), engine="jax")
        for number in range(len(end)):
            part = slice(number * len(seeds), (number + 1) * len(seeds))
            refuse_problems(replace(found, problems=found.problems[part]), scenario.name, seeds)
        numbers = np.stack(list(found.outcomes().values()))
        sides.append(numbers.reshape(len(OUTCOMES), len(end), len(seeds)).transpose(2, 0, 1))
    return (sides[1] - sides[0]) / apart


def _differentiated(
    bases: list[Start], ends: list[list[list[Start]]], apart: NDArray[np.float64], scenario: Scenario
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Outcomes `(run, outcome)` and their derivatives `(run, outcome, lever)`, one seed after the other."""
    import jax
    import jax.numpy as jnp

    from sim.engine.batch import taken
    from sim.engine.jax_batch import paths_alone
    from sim.engine.jax_cache import compiler_options, keep_programs

    keep_programs()
    names = tuple(taken(bases[0].economy, bases[0].economy))
    decisions = behaviour(scenario).unchecked()

    def outcomes(parts: Any) -> Any:
        economy, given, draws = parts
        paths = paths_alone(economy, given, draws, decisions)
        found = reduced({name: paths[:, index] for index, name in enumerate(names)})
        return jnp.stack([jnp.asarray(number) for number in found.values()])

    def derivatives(parts: Any, directions: Any) -> Any:
        along = jax.vmap(lambda direction: jax.jvp(outcomes, (parts,), (direction,)), out_axes=(None, 1))
        return along(directions)

    with jax.enable_x64(True):
        program = jax.jit(derivatives, compiler_options=compiler_options())
        told = []
        for number, base in enumerate(bases):
            low, high = ([of_lever[number] for of_lever in end] for end in ends)
            directions = _directions(low, high, apart)
            told.append([np.asarray(part) for part in program(_parts(base), directions)])
    return np.stack([value for value, _ in told]), np.stack([slopes for _, slopes in told])


def _parts(one: Start) -> Any:
    import jax

    bare = replace(one.economy, books=replace(one.economy.books, journal=EMPTY_JOURNAL))
    return jax.tree.map(lambda leaf: np.asarray(leaf, dtype=np.float64), (bare, one.parameters, one.draws))


def _directions(low: list[Start], high: list[Start], apart: NDArray[np.float64]) -> Any:
    """How each number that a history starts from moves with each lever, by differences; leading lever axis."""
    import jax

    def slope(*leaves: Any) -> Any:
        half = len(leaves) // 2
        gap = np.stack(leaves[half:]) - np.stack(leaves[:half])
        return gap / apart.reshape(-1, *[1] * (gap.ndim - 1))

    return jax.tree.map(slope, *map(_parts, low), *map(_parts, high))
