"""The folder of a backtest: numbers, forecasts, figures and a report, written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sim.experiments.backtest.figures import draw_errors, draw_fans, draw_origin
from sim.experiments.backtest.report import write_report
from sim.report.figures.style import save_figures
from sim.runs.folders import WholeFolder, free_folder
from sim.runs.place import runs_folder
from sim.runs.run import BACKTEST, parquet_name
from sim.runs.tables import write_explained, write_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sim.experiments.backtest.results import Backtest

LIBRARIES = ("capflow", "jax", "numpy", "scipy", "scoringrules", "pandas", "duckdb", "matplotlib")


def write(found: Backtest, out: Path | None) -> Path:
    """Write `backtest.json`, `forecasts.parquet`, the figures and `report.html`.

    Args:
        found: the backtest.
        out: the folder; a free name under `runs/` if None.

    Returns:
        The folder.

    Raises:
        RunError: if the folder exists or cannot be written; nothing is left behind.
    """
    if out is None:
        span = "-to-".join(dict.fromkeys((found.origins[0], found.origins[-1])))
        out = free_folder(runs_folder(), f"backtest-{span}-draws{found.draws}-seed{found.seed}")
    with WholeFolder(out, "a backtest") as whole:
        write_explained(whole.path / BACKTEST, found.to_dict(), LIBRARIES)
        write_table(whole.path / parquet_name("forecasts"), found.forecasts)
        pictures = save_figures(whole.path / "figures", _draw(found))
        write_report(found, pictures, whole.path)
        return whole.commit()


def _draw(found: Backtest) -> Iterator[tuple[str, Figure]]:
    yield "errors", draw_errors(found)
    yield "fans", draw_fans(found)
    for origin in found.origins:
        yield f"fans_{origin}", draw_origin(found, origin)
