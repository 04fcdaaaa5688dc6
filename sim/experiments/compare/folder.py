"""The folder of a comparison: written whole or not at all, beside the runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sim.engine.outcomes import HEADLINES
from sim.experiments.compare.figures import draw_cause, draw_outcome
from sim.experiments.compare.report import write_report
from sim.report.figures.style import save_figures
from sim.runs.folders import WholeFolder, free_folder
from sim.runs.place import runs_folder
from sim.runs.run import COMPARISON, parquet_name
from sim.runs.tables import write_explained, write_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sim.experiments.compare.results import Comparison

CAUSE = "accounting_and_cause"
"""Name of the figure that sets accounting beside cause."""
LIBRARIES = ("capflow", "mesa", "numpy", "scipy", "matplotlib", "pydantic", "pandas", "duckdb")


def write(found: Comparison, out: Path | None) -> Path:
    """Write a comparison folder.

    Args:
        found: the comparison.
        out: the folder; a free name under `runs/` if None.

    Returns:
        The folder.

    Raises:
        RunError: if the folder exists or cannot be written; nothing is left behind.
    """
    if out is None:
        seed, runs = found.seeds[0], len(found.seeds)
        out = free_folder(runs_folder(), f"compare-{found.a.name}-vs-{found.b.name}-runs{runs}-seed{seed}")
    with WholeFolder(out, "a comparison") as whole:
        write_explained(whole.path / COMPARISON, found.to_dict(), LIBRARIES)
        write_table(whole.path / parquet_name("outcomes"), found.samples)
        pictures = save_figures(whole.path / "figures", _draw(found))
        write_report(found, pictures, whole.path)
        return whole.commit()


def figures(found: Comparison) -> list[str]:
    """Names of the figures of a comparison: accounting and cause, and the headline outcomes that differ."""
    if not found.differs:
        return []
    return [CAUSE, *(name for name in HEADLINES if name in found.effects and not found.effects[name].none)]


def _draw(found: Comparison) -> Iterator[tuple[str, Figure]]:
    for name in figures(found):
        yield name, draw_cause(found) if name == CAUSE else draw_outcome(found, name)
