"""Makes a run, which is one history with its tables, figures and report: `sim.run` in a folder, or in memory."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.analysis.attribution import headline
from sim.analysis.facts import facts_of, load_facts
from sim.economy.phase import DecisionRule
from sim.engine import pytrees
from sim.engine.history import History
from sim.engine.progress import Progress
from sim.runs.folders import runs_folder
from sim.runs.metadata import manifest_of
from sim.runs.recorder import Recorder
from sim.runs.run import Run
from sim.runs.writer import RunWriter, default_out
from sim.scenario.load import Scenario, resolved

if TYPE_CHECKING:
    import pandas as pd

    from sim.engine.mesa_model import CapitalFlowModel


def run(
    scenario: str | Path | Scenario = "baseline",
    seed: int | None = None,
    quarters: int | None = None,
    changes: Mapping[str, Any] | None = None,
    out: Path | str | None = None,
    progress: Progress | None = None,
    figures: bool = True,
    decisions: Mapping[str, DecisionRule | str] | None = None,
) -> Run:
    """Run one history of a scenario, and write it to a run folder.

    Args:
        scenario: the scenario's name or path, or a loaded scenario.
        seed: the seed of the history; the scenario's own if left out.
        quarters: the number of quarters; the scenario's own if left out.
        changes: lever names or dotted keys, and the values they take.
        out: the folder to make; `runs/<scenario>-seed<seed>` if left out.
        progress: called after every quarter.
        figures: whether to draw the figures and write the report (most of the time of a run is spent on these).
        decisions: name of a decision -> the function that replaces its rule, or `module:function`; added to the
            replacements in the scenario.

    Returns:
        The finished run, open for reading.

    Raises:
        ScenarioError: if the scenario, a change, a decision or the file of facts is wrong.
        RunError: if the folder exists or cannot be written; nothing is left behind.
        AccountingError: if an accounting identity is violated.
    """
    began = time.perf_counter()
    scenario = resolved(scenario, seed, quarters, changes)
    # A mistake in the file of facts is reported before the history is run, not after it.
    facts = load_facts() if figures else None
    from sim.analysis import network
    from sim.engine.mesa_model import CapitalFlowModel

    chosen = scenario.run.seed
    folder = Path(out) if out is not None else default_out(runs_folder(), scenario.name, chosen)
    with RunWriter(folder) as writer:
        model = CapitalFlowModel(scenario, rng=chosen)
        model.decisions.update(decisions or {})
        checks = _write_history(model, writer, progress)
        simulated = time.perf_counter()
        finished = writer.finish_tables()
        (writer.folder / "scenario.json").write_text(
            json.dumps(scenario.model_dump(mode="json"), indent=2) + "\n", encoding="utf8"
        )
        manifest = manifest_of(scenario, model.seed_used, checks, headline(finished), model.decisions.replaced())
        finished = Run(writer.folder, manifest)
        last_year = network.graph(finished, last=min(4, manifest["quarters"]))
        network.write_graphml(last_year, writer.folder / "network.graphml")
        network.write_json(last_year, writer.folder / "network.json")
        if facts is not None:
            from sim.report.figures import save_all
            from sim.report.run_page import write_report

            pictures = save_all(finished, writer.folder / "figures")
            write_report(finished, pictures, writer.folder, manifest, facts_of(finished, scenario, facts))
        done = time.perf_counter()
        manifest["timing"] = {
            "simulation_s": round(simulated - began, 3),
            "tables_figures_report_s": round(done - simulated, 3),
        }
        return writer.commit(manifest)


def _write_history(model: CapitalFlowModel, writer: RunWriter, progress: Progress | None) -> dict[str, float]:
    """Step the model to its last quarter, writing each one; return the largest residual of each identity."""
    recorder = Recorder(model.names)
    total = model.scenario_spec.run.quarters
    writer.quarter(recorder.tables(model.label, model.opening_books, model.economy, []))
    worst = dict(model.checks)
    while model.running:
        model.step()
        writer.quarter(recorder.tables(model.label, model.opening_books, model.economy, model.happenings))
        worst = {name: max(worst[name], residual) for name, residual in model.checks.items()}
        if progress is not None:
            progress(model.quarter, total, model.label)
    return worst


def run_of(history: History, outcomes: bool = True) -> Run:
    """Return a history as a run in memory: the tables, events and manifest of its run folder.

    Tables are made when they are first asked for.

    Args:
        history: the history.
        outcomes: whether the manifest has the outcomes (computing them takes as long as everything else).

    Returns:
        The run. Its manifest has no time of creation.
    """
    import pandas as pd

    recorder, labels = Recorder(history.names), history.labels
    opening, closes = pytrees.stacked([history.opening]), history.closes
    series = pytrees.joined(opening.series, closes.series)
    agents = pytrees.joined(opening.agents, closes.agents)

    def exposures() -> pd.DataFrame:
        books = ((labels[:1], opening.economy.books), (labels[1:], closes.economy.books))
        return pd.concat([pd.DataFrame(recorder.exposures(*part)) for part in books], ignore_index=True)

    tables: dict[str, Callable[[], pd.DataFrame]] = {
        "series": lambda: pd.DataFrame({"quarter": np.array(labels, dtype=object), **series}),
        "agents": lambda: pd.DataFrame(recorder.agents(labels, agents)),
        "flows": lambda: pd.DataFrame(recorder.flows(labels[1:], closes.economy.books)),
        "exposures": exposures,
    }
    run = Run.of({}, tables, [event for events in history.happenings for event in events])
    numbers = headline(run) if outcomes else {}
    run.manifest = manifest_of(history.scenario, history.seed, history.checks, numbers, history.replaced)
    return run
