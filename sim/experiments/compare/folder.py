"""The folder of a comparison: written whole or not at all, beside the runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sim.engine.outcomes import HEADLINES
from sim.experiments.compare.figures import draw_cause, draw_outcome
from sim.experiments.compare.report import write_report
from sim.experiments.compare.results import PairedOutcomes
from sim.experiments.compare.words import document
from sim.report.figures.style import save_figures
from sim.runs.folders import WholeFolder, free_folder
from sim.runs.kinds import COMPARISON
from sim.runs.place import runs_folder
from sim.runs.run import parquet_name
from sim.runs.tables import write_explained, write_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure


CAUSE = "accounting_and_cause"
"""Name of the figure that sets accounting beside cause."""
LIBRARIES = ("capflow", "mesa", "numpy", "scipy", "matplotlib", "pydantic", "pandas", "duckdb")


def write(comparison: PairedOutcomes, out: Path | None) -> Path:
    """Write a comparison folder.

    Args:
        comparison: the comparison.
        out: the folder; a free name under `runs/` if None.

    Returns:
        The folder.

    Raises:
        RunError: if the folder exists or cannot be written; nothing is left behind.
    """
    if out is None:
        seed, runs = comparison.seeds[0], len(comparison.seeds)
        name = f"compare-{comparison.a.name}-vs-{comparison.b.name}-runs{runs}-seed{seed}"
        out = free_folder(runs_folder(), name)
    with WholeFolder(out, "a comparison") as whole:
        write_explained(whole.path / COMPARISON, document(comparison), LIBRARIES)
        write_table(whole.path / parquet_name("outcomes"), comparison.samples)
        pictures = save_figures(whole.path / "figures", _draw(comparison))
        write_report(comparison, pictures, whole.path)
        return whole.commit()


def figures(comparison: PairedOutcomes) -> list[str]:
    """Name the figures of a comparison: accounting and cause, and the headline outcomes that differ."""
    if not comparison.differs:
        return []
    return [
        CAUSE,
        *(name for name in HEADLINES if name in comparison.effects and not comparison.effects[name].none),
    ]


def _draw(comparison: PairedOutcomes) -> Iterator[tuple[str, Figure]]:
    for name in figures(comparison):
        yield name, draw_cause(comparison) if name == CAUSE else draw_outcome(comparison, name)
