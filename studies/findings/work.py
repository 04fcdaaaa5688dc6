"""All the work behind the page, in order: histories, then numbers, then figures."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from sim.engine.batch import Engine, Histories
from sim.opening.open_economy import open_economy
from sim.runs.metadata import versions_of
from sim.scenario.load import Scenario, load
from studies.findings import bets, drawn, ends, evidence, rates, worlds
from studies.findings.summaries import rounded
from studies.sign_check.study import RATES, variants
from studies.tuition.study import WORLDS, effects, paths
from studies.uncertainty.results import MEASURES, Uncertainty
from studies.uncertainty.study import labels_of, put_together
from studies.uncertainty.study import worlds as shipped

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

FALLING = ("fast-cuts", "zero-rates", "higher-for-longer")
"""Scenarios that differ from the baseline in the bill rate alone."""
LIBRARIES = ("capflow", "jax", "numpy")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Size:
    """How much is run.

    Attributes:
        seeds: the number of seeds of every scenario and its twin.
        draws: the number of draws of the parameters.
        seeds_of_draws: the number of seeds with which every draw is run.
        bets: the number of seeds of every world of failed bets.
        rates: the number of seeds of the sign check.
        facts: the number of histories for the facts.
        engine: the engine, as in `sim.ensemble`.
        scenarios: the scenarios that are run beside the baseline; all that ship if None.
        falls: the bill rates of the sign check.
    """

    seeds: int
    draws: int
    seeds_of_draws: int
    bets: int
    rates: int
    facts: int
    engine: Engine
    scenarios: tuple[str, ...] | None = None
    falls: tuple[float, ...] = RATES


FULL = Size(seeds=256, draws=256, seeds_of_draws=8, bets=128, rates=8, facts=40, engine="jax")
QUICK = Size(
    seeds=2,
    draws=3,
    seeds_of_draws=2,
    bets=2,
    rates=2,
    facts=2,
    engine="numpy",
    scenarios=(*FALLING, "ai-winter"),
    falls=(rates.SHOWN,),
)


class _Clock:
    """Seconds of each part."""

    def __init__(self, say: Say) -> None:
        self.seconds: dict[str, float] = {}
        self.say = say

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        self.say(f"{name} ...")
        yield
        self.seconds[name] = round(time.perf_counter() - began, 1)


def findings(
    size: Size = FULL, estimate: str = "2025Q2", say: Say = lambda _: None
) -> tuple[dict[str, Any], dict[str, Figure]]:
    """Compute everything that the page says, and draw its figures.

    Args:
        size: the amount that is run.
        estimate: the record that parameters are drawn from, or "priors".
        say: called with what is being done.

    Returns:
        The findings as plain data, and the figures by name.

    Raises:
        ScenarioError: if a scenario or the record is wrong.
        AccountingError: if an accounting identity is violated.
    """
    clock, baseline = _Clock(say), load("baseline")
    record = evidence.estimate_of(estimate)
    ran = _run_all(baseline, size, estimate, clock)
    scenarios = ran.scenarios
    numbers = rounded(
        {
            "made": _made(baseline, size, clock, len(scenarios), estimate),
            "worlds": scenarios,
            "order": worlds.ranked(scenarios, "interest_funded_gpu_usd_bn"),
            "parameters": ran.parameters,
            "uncertainty": _apart(ran.uncertainty),
            "uses": ran.uses,
            "bets": bets.summary_of(ran.bets),
            "rates": {**rates.summary_of(ran.rates), "scenarios": [name for name in FALLING if name in scenarios]},
            "facts": ran.facts,
            "estimate": record,
        }
    )
    return numbers, _figures(numbers, ran)


@dataclass(frozen=True)
class _Ran:
    """The results of the histories.

    Attributes:
        scenarios: name -> the summary of a scenario and its twin, the baseline first.
        uses: the summary of where the baseline's interest went.
        parameters: the summary of the draws of the parameters.
        uncertainty: seeds, parameters and scenarios apart.
        bets: the table of the worlds of failed bets.
        rates: the table of the sign check.
        facts: the counts of facts that agree.
    """

    scenarios: dict[str, Any]
    uses: dict[str, Any]
    parameters: dict[str, Any]
    uncertainty: Uncertainty
    bets: pd.DataFrame
    rates: pd.DataFrame
    facts: dict[str, Any]


def _run_all(baseline: Scenario, size: Size, estimate: str, clock: _Clock) -> _Ran:
    """Run every part in turn."""
    with clock.part("scenarios and their twins"):
        scenarios, uses, histories = _run_scenarios(baseline, size, clock.say)
    with clock.part("draws of the parameters"):
        some = range(baseline.run.seed, baseline.run.seed + size.seeds_of_draws)
        source, parameters = drawn.run_draws(baseline, size.draws, some, estimate, size.engine)
    uncertainty = put_together(baseline, histories, source, estimate)
    with clock.part("failed bets"):
        table = paths(WORLDS, range(1, size.bets + 1), size.engine)
    with clock.part("falling rates"):
        checked = rates.run_rates(baseline, size.falls, range(size.rates))
    with clock.part("facts"):
        facts = evidence.facts_of(baseline, size.facts)
    return _Ran(scenarios, uses, parameters, uncertainty, table, checked, facts)


def _run_scenarios(
    baseline: Scenario, size: Size, say: Say
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Histories]]:
    """Return the summaries of scenarios by name, that of the baseline's uses, and the histories by title."""
    summaries: dict[str, Any] = {}
    histories: dict[str, Histories] = {}
    for scenario in shipped(baseline):
        if not _wanted(scenario, baseline, size):
            continue
        world = worlds.run_world(scenario, _seeds(baseline, size), size.engine)
        summaries[scenario.name] = worlds.summary_of(world)
        histories[scenario.title] = _without_flows(world.histories)
        if scenario is baseline:
            uses = ends.summary_of(world)
        else:
            summaries[scenario.name]["against"] = worlds.against(world.histories, histories[baseline.title])
        say(f"  {scenario.name}")
    return summaries, uses, histories


def _figures(numbers: dict[str, Any], ran: _Ran) -> dict[str, Figure]:
    """Return the figures of the page by the names of their files."""
    from studies.findings import figures as pictures
    from studies.sign_check import figures as sign_check_figures
    from studies.tuition import figures as tuition_figures
    from studies.uncertainty import figures as uncertainty_figures

    return {
        "findings_paid": pictures.draw_paid(numbers),
        "findings_uncertainty": uncertainty_figures.draw(ran.uncertainty, MEASURES[:1]),
        "findings_uncertainty_more": uncertainty_figures.draw(ran.uncertainty, MEASURES[1:]),
        "findings_tuition": tuition_figures.draw(ran.bets, effects(ran.bets)),
        "findings_rates": sign_check_figures.draw(rates.averaged(ran.rates)),
        "findings_uses": pictures.draw_uses(numbers),
    }


def _seeds(baseline: Scenario, size: Size) -> range:
    """Seeds of every scenario and its twin."""
    return range(baseline.run.seed, baseline.run.seed + size.seeds)


def _wanted(scenario: Scenario, baseline: Scenario, size: Size) -> bool:
    return scenario is baseline or size.scenarios is None or scenario.name in size.scenarios


def _without_flows(histories: Histories) -> Histories:
    return replace(histories, flows=None, agents=None)


def _apart(uncertainty: Uncertainty) -> dict[str, Any]:
    """Return ends of every measure in the last quarter, by source, and the order of their widths."""
    return {
        measure.name: {
            "title": measure.title,
            "unit": measure.unit,
            "order": uncertainty.widest(measure.name),
            **{
                kind: {
                    **dict(zip(("low", "middle", "high"), source.ends(measure.name), strict=True)),
                    "width": source.width(measure.name),
                    "lines": len(source.lines[measure.name]),
                    "histories": source.histories,
                }
                for kind, source in uncertainty.sources.items()
            },
        }
        for measure in MEASURES
    }


def _made(baseline: Scenario, size: Size, clock: _Clock, scenarios: int, estimate: str) -> dict[str, Any]:
    """How the findings were made: how much was run, of what, for how long and with what."""
    labels, seeds = labels_of(baseline), _seeds(baseline, size)
    histories = {
        "scenarios": 2 * scenarios * size.seeds,
        "draws": 2 * size.draws * size.seeds_of_draws,
        "bets": 2 * len(WORLDS) * size.bets,
        "rates": len({*size.falls, baseline.market.bill_rate.value}) * len(variants()) * size.rates,
        "facts": size.facts,
    }
    return {
        "size": {name: value for name, value in asdict(size).items() if name not in ("scenarios", "falls")},
        "full": size == FULL,
        "scenarios": scenarios,
        "seeds": [seeds[0], seeds[-1]],
        "opening": labels[0],
        "past": [labels[1], worlds.PAST[1]],
        "whole": [labels[1], labels[-1]],
        "data_until": baseline.history.until,
        "signed_before_usd_bn": float(open_economy(baseline).economy.credit.facility.sum()),
        "histories": histories,
        "histories_in_all": sum(histories.values()),
        "drawn_from": estimate,
        "processors": os.cpu_count(),
        "seconds": clock.seconds,
        "seconds_in_all": round(sum(clock.seconds.values()), 1),
        "versions": versions_of(LIBRARIES),
    }
