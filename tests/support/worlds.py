"""Worlds drawn at random: levers over their full ranges, laws, and dated events of every kind."""

from __future__ import annotations

import warnings

import numpy as np
from support.tiny import FROZEN

from sim.economy.parameters import REGIMES
from sim.engine.mesa_model import CapitalFlowModel
from sim.scenario import levers
from sim.scenario.events import EVERYONE, KINDS
from sim.scenario.load import load
from sim.scenario.quarters import later

BASELINE = load(FROZEN)
COMPANIES = [*BASELINE.labs, *BASELINE.providers, *BASELINE.ventures]
CHANCE = 0.5
"""Of each lever to be turned."""
MOST_EVENTS = 4
WIDE = 1e3
"""Range over which a lever is drawn by its logarithm, so that small values are drawn too."""


def random_world(number: int) -> dict:
    """Changes to the baseline: levers, laws and events; the same number gives the same world."""
    generator = np.random.default_rng([2026, number])
    changes = {}
    for lever in levers.LEVERS:
        low, high = levers.quantity(BASELINE, lever).range
        if generator.random() < CHANCE:
            wide = low > 0.0 and high / low > WIDE
            drawn = np.exp(generator.uniform(np.log(low), np.log(high))) if wide else generator.uniform(low, high)
            changes[lever.key] = float(np.clip(drawn, low, high))
    for slug in BASELINE.issuers:
        changes[f"issuers.{slug}.regime"] = str(generator.choice(REGIMES))
    changes["events"] = [_event(generator) for _ in range(generator.integers(0, MOST_EVENTS + 1))]
    return changes


def _event(generator: np.random.Generator) -> dict:
    name = str(generator.choice(list(KINDS)))
    kind = KINDS[name]
    event = {"kind": name, "quarter": later("2023Q4", int(generator.integers(1, 29)))}
    if kind.target == "issuer":
        event["target"] = str(generator.choice([*BASELINE.issuers, EVERYONE]))
    if kind.target == "company":
        event["target"] = str(generator.choice(COMPANIES))
    if kind.unit is not None:
        event["size"] = float(generator.uniform(kind.low, kind.high))
    if kind.lasts:
        event["quarters"] = int(generator.integers(1, 12))
    if name == "regime_in_force":
        event["regime"] = str(generator.choice(REGIMES))
    return event


def run_world(number: int) -> dict:
    """Run a random world to its end: largest residual of each identity, and how many coins and companies failed.

    Raises:
        AssertionError: if a number of the series is not finite.
        AccountingError: if an identity is violated.
        RuntimeWarning: if the economics divides by zero or overflows.
    """
    worst: dict[str, float] = {}
    failures = {"coins": 0, "companies": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        model = CapitalFlowModel(load(FROZEN, random_world(number)), rng=number)
        while model.running:
            model.step()
            for name, residual in model.checks.items():
                worst[name] = max(worst.get(name, 0.0), residual)
            for name, value in model.series.items():
                assert np.isfinite(value), (number, model.label, name)
            for event in model.happenings:
                if event["kind"] in ("failure", "issuer_failure"):
                    failures["coins" if event["kind"] == "issuer_failure" else "companies"] += 1
    return {"number": number, "worst": worst, **failures}
