"""How fast one history is, and how its cost grows with the number of agents.

    python benchmarks/single_history.py

Prints agent-quarters per second for the baseline, where the time goes, and a table from tens to thousands of
agents (the synthetic tail). Figures of one machine are in `benchmarks/README.md`; nothing here is a test.
"""

from __future__ import annotations

import cProfile
import platform
import pstats
import time
from collections.abc import Callable

import numpy as np

from sim.economy.books import checks
from sim.economy.quarter import PHASES, quarter
from sim.opening.draws import draws_of_quarter
from sim.opening.open_economy import Opening, draws_for, open_economy
from sim.scenario.load import load

QUARTERS = 28
STEPS = [*(phase.name for phase in PHASES), "identities"]


def prepared(tail: int, quarters: int) -> tuple[Opening, Callable[[], None]]:
    """An opening with `tail` synthetic agents a population, and a function that runs its history."""
    changes = {"tail.issuers": tail, "tail.labs": tail, "tail.providers": tail, "run.quarters": quarters}
    scenario = load("baseline", changes)
    start = open_economy(scenario)
    draws = draws_for(scenario, start.names, seed=1, quarters=quarters)

    def history() -> None:
        economy = start.economy
        for step in range(quarters):
            economy, residuals = quarter(economy, start.parameters, draws_of_quarter(draws, step))
            assert max(float(r) for r in residuals.values()) <= checks.TOLERANCE

    return start, history


def best(run: Callable[[], object], repeats: int) -> float:
    """Shortest of some runs, in seconds: the machine's own noise only ever adds."""
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return min(times)


def main() -> None:
    """Print the table."""
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, {platform.machine()}")
    _, history = prepared(0, QUARTERS)
    history()
    print(f"baseline, {QUARTERS} quarters, checks on: {best(history, 7):.3f} s\n")

    profile = cProfile.Profile()
    profile.runcall(history)
    spent = {key[2]: entry[3] for key, entry in pstats.Stats(profile).stats.items() if key[2] in STEPS}
    total = sum(spent.values())
    print("share of the time by phase")
    for name in STEPS:
        print(f"  {name:22s}{100 * spent[name] / total:5.1f} %")

    print("\nagents   s a quarter   agent-quarters a second   microseconds an agent-quarter")
    for tail, quarters, repeats in ((0, 28, 5), (30, 8, 3), (100, 8, 3), (300, 4, 2), (1000, 2, 1), (3300, 1, 1)):
        start, history = prepared(tail, quarters)
        count = sum(len(names) for names in start.names.values())
        each = best(history, repeats) / quarters
        print(f"{count:6d}   {each:11.4f}   {count / each:23,.0f}   {1e6 * each / count:29.1f}")


if __name__ == "__main__":
    main()
