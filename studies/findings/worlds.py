"""Scenarios and their twins without redeployment: what interest paid for, and what it caused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.economy.arrays import ratio
from sim.engine.batch import Engine, Histories, behaviour
from sim.engine.ensemble import refuse_problems, run_histories, starts
from sim.experiments.compare import Comparison
from sim.experiments.compare.cause import REDEPLOYMENT
from sim.experiments.compare.paired import effect
from sim.scenario.load import Scenario, changed
from sim.scenario.quarters import between
from studies.findings.summaries import effect_of, spread
from studies.findings.uses import stakes_in_ventures, with_interest

Numbers = NDArray[np.float64]
PAST = ("2024Q1", "2025Q4")
"""The quarters that the question is about."""
AIMED = "bets_fail"
"""An event that strikes the companies in which issuers have money, and so none of them in the twin."""
PAID = (
    "interest_usd_bn",
    "interest_funded_gpu_usd_bn",
    "gpus_funded_by_interest",
    "interest_share_of_gpu_capex",
    "gpu_capex_usd_bn",
    "redeployed_usd_bn",
    "redeployed_from_interest_usd_bn",
    "interest_funded_compute_usd_bn",
    "interest_funded_lab_cost_usd_bn",
    "interest_funded_open_data_usd_bn",
)
"""Outcomes that are summarised for every world."""
CAUSED = ("gpu_capex_usd_bn", "gpus_bought", "interest_funded_gpu_usd_bn", "lab_spending_usd_bn", "lab_raised_usd_bn")
"""Outcomes whose paired difference is summarised."""
COMPARED = (
    "interest_usd_bn",
    "redeployed_usd_bn",
    "interest_funded_gpu_usd_bn",
    "gpu_capex_usd_bn",
    "final_tokens_usd_bn",
)
"""Outcomes by which scenarios are compared with the baseline."""


@dataclass(frozen=True)
class World:
    """A scenario with redeployment, and its twin without, on the same seeds.

    Attributes:
        scenario: the scenario with redeployment.
        twin: the same scenario without it.
        seeds: the seeds of both.
        histories: the histories of the scenario, with flows.
        alone: the histories of the twin.
    """

    scenario: Scenario
    twin: Scenario
    seeds: tuple[int, ...]
    histories: Histories
    alone: Histories


def twin_of(scenario: Scenario) -> Scenario:
    """Return the scenario with redeployment switched off."""
    return changed(scenario, {REDEPLOYMENT: 0.0})


def run_world(scenario: Scenario, seeds: range, engine: Engine) -> World:
    """Run a scenario and its twin.

    Raises:
        AccountingError: if an identity is violated.
    """
    pair = (scenario, twin_of(scenario))
    sides = []
    for side in pair:
        histories = run_histories(starts(side, seeds), behaviour(side), flows=True, engine=engine, agents=True)
        refuse_problems(histories, side.name, seeds)
        sides.append(replace(histories, agents=None))
    return World(*pair, tuple(seeds), *sides)


def windows(baseline: Scenario) -> dict[str, int]:
    """Windows of the answer: name -> quarters after the opening.

    A history that is cut is a history: what comes later does not change what was.
    """
    return {"past": min(between(baseline.run.opening, PAST[1]), baseline.run.quarters), "whole": baseline.run.quarters}


def cut(histories: Histories, quarters: int) -> Histories:
    """Return the first quarters of histories."""
    flows = None if histories.flows is None else histories.flows[:, :quarters]
    return replace(histories, paths=histories.paths[:, : quarters + 1], flows=flows)


def compared(world: World, quarters: int) -> Comparison:
    """Return the twins as a comparison, over the first quarters."""
    samples = [cut(histories, quarters).outcomes() for histories in (world.histories, world.alone)]
    return Comparison.of_samples((world.scenario, world.twin), world.seeds, samples, {}, 0.0)


def summary_of(world: World) -> dict[str, Any]:
    """Summarise a world by window."""
    return {
        "name": world.scenario.name,
        "title": world.scenario.title,
        "about": world.scenario.about,
        "aimed": any(event.kind == AIMED for event in world.scenario.events),
        **{name: _window(world, quarters) for name, quarters in windows(world.scenario).items()},
    }


def _window(world: World, quarters: int) -> dict[str, Any]:
    histories = cut(world.histories, quarters)
    outcomes = histories.outcomes()
    ventures = stakes_in_ventures(histories)
    comparison = compared(world, quarters)
    cause = comparison.cause
    replaced = None
    if cause.replaced is not None:
        replaced = dict(zip(("mean", "low", "high"), cause.replaced, strict=True))
    return {
        "paid": {
            **{name: spread(outcomes[name]) for name in PAID},
            "interest_funded_venture_cost_usd_bn": spread(with_interest(histories, "venture_costs").sum(axis=1)),
            **{f"{kind}_stakes_usd_bn": spread(amount) for kind, amount in ventures.items()},
        },
        "caused": {name: effect_of(comparison.effects[name]) for name in CAUSED},
        "others": effect_of(cause.others),
        "by_origin": {origin: effect_of(part) for origin, part in cause.by_origin.items()},
        "replaced": replaced,
        "share_of_interest": float(ratio(*(outcomes[n].mean() for n in ("interest_funded_gpu_usd_bn", PAID[0])))),
    }


def against(histories: Histories, baseline: Histories) -> dict[str, Any]:
    """Return what a scenario changes against the baseline, on the same seeds."""
    ours, theirs = histories.outcomes(), baseline.outcomes()
    return {name: effect_of(effect(ours[name], theirs[name])) for name in COMPARED}


def ranked(worlds: Mapping[str, Mapping[str, Any]], outcome: str) -> list[str]:
    """Names of worlds by the mean of an outcome over the whole window, the largest first."""
    return sorted(worlds, key=lambda name: -float(worlds[name]["whole"]["paid"][outcome]["mean"]))
