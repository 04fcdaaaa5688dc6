"""The headline over draws of the parameters: at one seed, averaged over seeds, and with both mixed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.batch import Engine, Histories, behaviour
from sim.engine.ensemble import run_histories
from sim.experiments.calibrate.settings import load_problem
from sim.scenario.load import Scenario
from studies.findings.summaries import spread
from studies.findings.worlds import cut, twin_of, windows
from studies.uncertainty.results import Source
from studies.uncertainty.study import Draws, drawn, of_draws, usable

Numbers = NDArray[np.float64]
PAID, CAPEX, SHARE = "interest_funded_gpu_usd_bn", "gpu_capex_usd_bn", "interest_share_of_gpu_capex"


def run_draws(
    baseline: Scenario, draws: int, seeds: range, estimate: str, engine: Engine
) -> tuple[Source, dict[str, Any]]:
    """Run draws of the parameters, each with every seed, with and without redeployment.

    Args:
        baseline: the scenario that the parameters belong to.
        draws: the number of draws.
        seeds: the seeds of the histories.
        estimate: the record that parameters are drawn from.
        engine: the engine, as in `sim.ensemble`.

    Returns:
        The source of the fan, with the first seed alone, and the summary of the headline.
    """
    problem = load_problem(scenario=baseline)
    values = drawn(problem, draws, estimate)
    sides = [Draws(scenario, problem, values) for scenario in (baseline, twin_of(baseline))]
    opens = sides[0].opens() & sides[1].opens()
    chosen = opens.copy()
    pairs: list[tuple[Histories, Histories]] = []
    for seed in seeds:
        on, off = (
            run_histories(side.starts(opens, seed), behaviour(side.scenario), True, engine, agents=True)
            for side in sides
        )
        chosen[opens] &= usable(on) & usable(off)
        pairs.append((_bare(on), _bare(off)))
    use = chosen[opens]
    first = of_draws(pairs[0][0].select(use), draws - int(use.sum()))
    summary = {
        name: _window([tuple(cut(side.select(use), quarters) for side in pair) for pair in pairs])
        for name, quarters in windows(baseline).items()
    }
    return first, {"draws": int(use.sum()), "seeds": len(seeds), "left_out": draws - int(use.sum()), **summary}


def _bare(histories: Histories) -> Histories:
    """Histories without what is large and not needed."""
    return replace(histories, flows=None, agents=None)


def _window(pairs: list[tuple[Histories, ...]]) -> dict[str, Any]:
    on = [pair[0].outcomes() for pair in pairs]
    off = [pair[1].outcomes() for pair in pairs]
    return {
        "paid": _summary(np.array([outcomes[PAID] for outcomes in on])),
        "share": _summary(np.array([outcomes[SHARE] for outcomes in on])),
        "caused": _summary(np.array([a[CAPEX] - b[CAPEX] for a, b in zip(on, off, strict=True)])),
    }


def _summary(values: Numbers) -> dict[str, Any]:
    """Summarise an outcome, `(seed, draw)`.

    The part of the variance that parameters make is that of the means of the draws, less what their few seeds
    leave in it (one-way analysis of variance).
    """
    seeds = len(values)
    means = values.mean(axis=0)
    parts = {"one_seed": values[0], "means": means, "both": values.ravel()}
    summary: dict[str, Any] = {name: spread(part) for name, part in parts.items()}
    if seeds > 1:
        within = float(values.var(axis=0, ddof=1).mean())
        between = max(float(means.var(ddof=1)) - within / seeds, 0.0)
        summary["part_of_parameters"] = between / (between + within) if between + within > 0.0 else 0.0
    return summary
