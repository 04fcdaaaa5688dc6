"""The panels of the page of a sweep: the functions that compute them and their tables, and a cache of the results."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sim.errors import RunError
from sim.experiments.sweep import Sweep
from sim.runs.folders import finite
from sim.server import result_folders
from sim.server.figures.sweep import FIGURES
from sim.server.histories import SharedCache, Turns
from sim.server.responses import Rows
from sim.server.sweeps import cases, choice, effects, map, spread
from sim.server.sweeps.choice import Choice
from sim.server.sweeps.words import NOTES

MOST_DOCUMENTS = 300
"""Most documents of panels that are kept, at a few kilobytes each."""
Document = dict[str, Any]


class Panel(NamedTuple):
    """A panel of the page of a sweep.

    Attributes:
        document: computes the document, the content of the panel as JSON.
        table: makes rows from the document, for CSV.
        ignores: parts of the choice that the panel does not depend on.
        needs: the part of the choice without which the panel cannot be shown; empty if it always can.
    """

    document: Callable[[Sweep, Choice], Document]
    table: Callable[[Document], Rows]
    ignores: tuple[str, ...]
    needs: str = ""


PANELS = {
    "map": Panel(map.document, map.table, ("series",), "x"),
    "effects": Panel(effects.effects, effects.table, ("x", "y", "series"), "x"),
    "distribution": Panel(spread.distribution, spread.distribution_table, ("x", "y", "series")),
    "fan": Panel(spread.fan, spread.fan_table, ("x", "y", "outcome"), "series"),
    "cases": Panel(cases.cases, cases.table, ("x", "y", "series")),
}


def with_figure(name: str, document: Document, width: int) -> Document:
    """Return the document of a panel with its `figure`, for a width in pixels, and the `note` below it."""
    figure = {"figure": FIGURES[name](document, width)} if name in FIGURES else {}
    note = {"note": NOTES[name](document)} if name in NOTES else {}
    return {**document, **figure, **note}


class PanelStore:
    """The panels of sweeps: each is computed once until its files change, and only a few at the same time."""

    def __init__(self) -> None:
        self._cache: SharedCache[tuple[str, Choice, tuple[Any, ...]], Document]
        self._cache = SharedCache(MOST_DOCUMENTS, self._compute)
        self._turns = Turns()

    def get(self, name: str, query: Mapping[str, str]) -> tuple[str, Document]:
        """Return the name of a sweep and the document of one of its panels.

        Args:
            name: a key of `PANELS`.
            query: the query of the address.

        Raises:
            ScenarioError, RunError: if the address is wrong, or the sweep cannot be read.
            BusyError: if too many documents are being computed.
        """
        entry = result_folders.find(query.get("sweep", ""))
        chosen = choice.read(query, entry)
        panel = PANELS[name]
        if panel.needs and not getattr(chosen, panel.needs):
            problem = "keeps no series" if panel.needs == "series" else "varies nothing but the seed"
            raise RunError(f"runs: {entry.name} {problem}")
        # These files change when more of a sweep is written, or the sweep is made anew.
        files = ("", "design.json", "manifest.json", "outcomes", "series")
        stamp = tuple(result_folders.stamp(entry.path / file) for file in files)
        return entry.name, self._cache.get((name, chosen.without(*panel.ignores), stamp))

    def _compute(self, key: tuple[str, Choice, tuple[Any, ...]]) -> Document:
        name, chosen, _ = key
        sweep = result_folders.find(chosen.sweep).sweep()
        if not sweep.done:
            raise RunError(f"runs: no run of {chosen.sweep} is finished yet")
        with self._turns.turn():
            return dict(finite(PANELS[name].document(sweep, chosen)))
