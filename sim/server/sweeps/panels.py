"""The pictures of a sweep's page, and their answers from what is on disk."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sim.errors import RunError
from sim.experiments.sweep import Sweep
from sim.runs.folders import finite
from sim.server import result_folders
from sim.server.figures.sweep import FIGURES
from sim.server.histories import AT_ONCE, PATIENCE, BusyError, Cache
from sim.server.sweeps import cases, cells, choice, effects, spread
from sim.server.sweeps.choice import Choice
from sim.server.sweeps.words import NOTES

MOST_ANSWERS = 300
"""Answers that are kept, a few kilobytes each."""
Found = dict[str, Any]
Rows = list[dict[str, Any]]
MAKERS: dict[str, Callable[[Sweep, Choice], Found]] = {
    "map": cells.cells,
    "effects": effects.effects,
    "distribution": spread.distribution,
    "fan": spread.fan,
    "cases": cases.cases,
}
"""Picture -> what adds it up."""
TABLES: dict[str, Callable[[Found], Rows]] = {
    "map": cells.table,
    "effects": effects.table,
    "distribution": spread.distribution_table,
    "fan": spread.fan_table,
    "cases": cases.table,
}
"""Picture -> its rows."""
IGNORED = {
    "map": ("series",),
    "effects": ("x", "y", "series"),
    "distribution": ("x", "y", "series"),
    "fan": ("x", "y", "outcome"),
    "cases": ("x", "y", "series"),
}
"""Picture -> what of the choice it does not depend on."""
NEEDS = {"map": "x", "effects": "x", "fan": "series"}
"""Picture -> what a sweep must have for it."""


def shown(part: str, answer: Found, width: int) -> Found:
    """Return an answer with its `figure`, made for a width in pixels, and the `note` below it."""
    figure = {"figure": FIGURES[part](answer, width)} if part in FIGURES else {}
    note = {"note": NOTES[part](answer)} if part in NOTES else {}
    return {**answer, **figure, **note}


class Answers:
    """Sums of sweeps: computed once for what is on disk, a few at a time."""

    def __init__(self) -> None:
        self._kept: Cache[tuple[str, Choice, tuple[int, ...]], Found] = Cache(MOST_ANSWERS, self._make)
        self._working = threading.BoundedSemaphore(AT_ONCE)

    def get(self, part: str, said: Mapping[str, str]) -> tuple[str, Found]:
        """Return a picture of a sweep.

        Args:
            part: a key of `MAKERS`.
            said: the query of the address.

        Returns:
            The name of the sweep, and the picture as JSON has it.

        Raises:
            ScenarioError, RunError: if the address is wrong, or the sweep cannot be read.
            BusyError: if too many ask at once.
        """
        entry = result_folders.find(said.get("sweep", ""))
        asked = choice.read(said, entry)
        lacking = NEEDS.get(part)
        if lacking and not getattr(asked, lacking):
            what = "keeps no series" if lacking == "series" else "varies nothing but the seed"
            raise RunError(f"runs: {entry.name} {what}")
        return entry.name, self._kept.get((part, asked.without(*IGNORED[part]), _stamp(entry)))

    def _make(self, key: tuple[str, Choice, tuple[int, ...]]) -> Found:
        part, asked, _ = key
        sweep = result_folders.find(asked.sweep).sweep()
        if not sweep.done:
            raise RunError(f"runs: no run of {asked.sweep} is finished yet")
        if not self._working.acquire(timeout=PATIENCE):
            raise BusyError(f"the sweep could not be read within {PATIENCE:.0f} seconds; try again")
        try:
            return dict(finite(MAKERS[part](sweep, asked)))
        finally:
            self._working.release()


def _stamp(entry: result_folders.Entry) -> tuple[int, ...]:
    """Return numbers that change when more of a sweep is written, or it is made anew."""
    parts = [entry.path / name for name in ("design.json", "manifest.json", "outcomes", "series")]
    return tuple(_written(part) for part in (entry.path, *parts))


def _written(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
