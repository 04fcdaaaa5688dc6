"""One history in memory, with every economy on its way: what a page, an agent's story or a network is drawn from.

    history_of_baseline = history(load("baseline"), seed=1)
    run = run_of(history_of_baseline)
    run.series, run.agents, run.flows, run.exposures, run.events, run.manifest

Everything here may be called from several threads at once. A `History` and the run made of it are never changed
once made, so threads may share them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim.economy.ledger import Books
from sim.economy.state import Economy
from sim.histories import Engine, seeded
from sim.model import CapitalFlowModel
from sim.runs import Run
from sim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class History:
    """One history as its economies.

    Attributes:
        scenario: what was run, with the seed.
        seed: of the history.
        engine: which one stepped it, "numpy" or "jax".
        names: population -> names of its agents, in the order of the arrays.
        labels: of the quarters, the opening first.
        economies: at each close, the opening first, each with the journal of its quarter.
        happenings: events of each quarter, the opening (which has none) first.
        checks: identity -> largest relative residual over the quarters.
        replaced: decisions that are not the model's own -> what decides.
    """

    scenario: Scenario
    seed: int
    engine: Engine
    names: dict[str, tuple[str, ...]]
    labels: tuple[str, ...]
    economies: Sequence[Economy]
    happenings: Sequence[list[dict[str, Any]]]
    checks: dict[str, float]
    replaced: dict[str, str]

    @property
    def opening(self) -> Economy:
        """The economy at the opening."""
        return self.economies[0]

    def opening_books(self, quarter: int) -> Books:
        """The books when a quarter opened; those of the opening quarter opened as they closed."""
        return self.economies[max(quarter - 1, 0)].books


def history(scenario: Scenario, seed: int, engine: Engine = "auto") -> History:
    """Run one history and keep every economy.

    Args:
        scenario: what to run.
        seed: of the history; it takes the place of the scenario's own.
        engine: "numpy", "jax", or "auto".

    Raises:
        ScenarioError: if the opening balance sheets do not close, a decision is wrong, or the seed is no seed.
        AccountingError: if an accounting identity is violated.
    """
    return _in_numpy(seeded(scenario, seed))


def warm(scenario: Scenario) -> None:
    """Make the compiled program for the shapes of a scenario ready."""


def run_of(found: History) -> Run:
    """A history as a run in memory: the tables, events and manifest of its run folder.

    Tables are made when they are first asked for.
    """
    from sim.attribution import headline
    from sim.manifest import manifest_of
    from sim.records import Recorder

    recorder = Recorder(found.names)
    closes = [
        recorder.tables(label, found.opening_books(quarter), economy, events)
        for quarter, (label, economy, events) in enumerate(
            zip(found.labels, found.economies, found.happenings, strict=True)
        )
    ]

    def table(name: str) -> pd.DataFrame:
        import pandas as pd

        if name == "series":
            return pd.DataFrame([close.series for close in closes])
        return pd.concat([pd.DataFrame(getattr(close, name)) for close in closes], ignore_index=True)

    makers = {name: (lambda name=name: table(name)) for name in ("series", "agents", "flows", "exposures")}
    events = [event for happened in found.happenings for event in happened]
    run = Run.of({}, makers, events)
    run.manifest = manifest_of(found.scenario, found.seed, found.checks, headline(run), found.replaced)
    return run


def _in_numpy(scenario: Scenario) -> History:
    model = CapitalFlowModel(scenario, rng=scenario.run.seed)
    labels, economies, happenings = [model.label], [model.economy], [model.happenings]
    checks = dict(model.checks)
    while model.running:
        model.step()
        labels.append(model.label)
        economies.append(model.economy)
        happenings.append(model.happenings)
        checks = {name: max(checks[name], residual) for name, residual in model.checks.items()}
    return History(
        scenario,
        model.seed_used,
        "numpy",
        model.names,
        tuple(labels),
        tuple(economies),
        tuple(happenings),
        checks,
        model.decisions.replaced(),
    )
