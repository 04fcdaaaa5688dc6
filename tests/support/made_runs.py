"""Run folders that several tests read, made once for a session."""

from __future__ import annotations

from support.histories import history

from sim.engine.happenings import happened
from sim.runs.recorder import Recorder
from sim.runs.writer import RunWriter
from sim.scenario.quarters import later

TAIL = {"tail.issuers": 20, "tail.labs": 10, "tail.providers": 10}


NO_INTEREST = {
    "market.bill_rate": 0.0,
    "environment.terminal_rate": 0.0,
    "environment.rate_volatility": 0.0,
    "history.until": "none",
}


DRY = {"funding.investor_appetite": 0.0, "redeployment.status_weight": 1.0, "entry.entry": 0.0}


KINDS = {
    "one quarter": (1, {}),
    "baseline": (14, {}),
    "many agents": (6, TAIL),
    "no redeployment": (5, {"redeployment.redeployment": 0.0}),
    "no interest": (4, NO_INTEREST),
    "failures": (20, DRY),
}
"""Runs that tests look at: name -> quarters, changes to the baseline."""


def make_run(folder, quarters, changes=None, seed=1):
    """Run a history into a run folder; return the run."""
    start, closed = history(seed=seed, quarters=quarters, changes=changes)
    recorder, before = Recorder(start.names), start.economy
    with RunWriter(folder) as writer:
        writer.quarter(recorder.tables(start.quarter, before.books, before, []))
        for step, (economy, _) in enumerate(closed):
            label = later(start.quarter, step + 1)
            events = happened(label, before, economy, start.names)
            writer.quarter(recorder.tables(label, before.books, economy, events))
            before = economy
        return writer.commit({"scenario": "baseline", "seed": seed, "quarters": quarters})


def known_runs(tmp_path_factory):
    """A function that makes the runs of `KINDS`, each once."""
    made = {}

    def run(kind):
        if kind not in made:
            quarters, changes = KINDS[kind]
            made[kind] = make_run(tmp_path_factory.mktemp("runs") / "run", quarters, changes)
        return made[kind]

    return run
