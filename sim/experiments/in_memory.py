"""A history as a run in memory: the tables, events and manifest of a run folder without the folder."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from sim.analysis.attribution import headline
from sim.engine import pytrees
from sim.engine.history import History
from sim.runs.metadata import manifest_of
from sim.runs.recorder import Recorder
from sim.runs.run import Run

if TYPE_CHECKING:
    import pandas as pd


def run_of(history: History, outcomes: bool = True) -> Run:
    """Return a history as a run in memory: the tables, events and manifest of its run folder.

    Tables are made when they are first asked for.

    Args:
        history: the history.
        outcomes: whether the manifest has the outcomes, which takes as long as all the rest.

    Returns:
        The run; its manifest says nothing of when it was made.
    """
    import pandas as pd

    recorder, labels = Recorder(history.names), history.labels
    opening, closes = pytrees.stacked([history.opening]), history.closes
    measured = pytrees.joined(opening.series, closes.series), pytrees.joined(opening.agents, closes.agents)

    def exposures() -> pd.DataFrame:
        parts = [
            pd.DataFrame(recorder.exposures(quarters, books))
            for quarters, books in ((labels[:1], opening.economy.books), (labels[1:], closes.economy.books))
        ]
        return pd.concat(parts, ignore_index=True)

    tables: dict[str, Callable[[], pd.DataFrame]] = {
        "series": lambda: pd.DataFrame({"quarter": np.array(labels, dtype=object), **measured[0]}),
        "agents": lambda: pd.DataFrame(recorder.agents(labels, measured[1])),
        "flows": lambda: pd.DataFrame(recorder.flows(labels[1:], closes.economy.books)),
        "exposures": exposures,
    }
    run = Run.of({}, tables, [event for events in history.happenings for event in events])
    run.manifest = manifest_of(
        history.scenario, history.seed, history.checks, headline(run) if outcomes else {}, history.replaced
    )
    return run
