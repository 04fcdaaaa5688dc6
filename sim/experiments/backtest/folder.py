"""The folder of a backtest: numbers, forecasts, figures and a report, written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sim.experiments.backtest.figures import draw_errors, draw_fans, draw_origin
from sim.experiments.backtest.report import write_report
from sim.experiments.backtest.words import document
from sim.report.figures.style import save_figures
from sim.runs.folders import WholeFolder, free_folder
from sim.runs.kinds import BACKTEST
from sim.runs.place import runs_folder
from sim.runs.run import parquet_name
from sim.runs.tables import write_explained, write_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sim.experiments.backtest.results import ScoredForecasts

LIBRARIES = ("capflow", "jax", "numpy", "scipy", "scoringrules", "pandas", "duckdb", "matplotlib")


def write(backtest: ScoredForecasts, out: Path | None) -> Path:
    """Write `backtest.json`, `forecasts.parquet`, the figures and `report.html`.

    Args:
        backtest: the backtest.
        out: the folder; a free name under `runs/` if None.

    Returns:
        The folder.

    Raises:
        RunError: if the folder exists or cannot be written; nothing is left behind.
    """
    if out is None:
        span = "-to-".join(dict.fromkeys((backtest.origins[0], backtest.origins[-1])))
        out = free_folder(runs_folder(), f"backtest-{span}-draws{backtest.draws}-seed{backtest.seed}")
    with WholeFolder(out, "a backtest") as whole:
        write_explained(whole.path / BACKTEST, document(backtest), LIBRARIES)
        write_table(whole.path / parquet_name("forecasts"), backtest.forecasts)
        pictures = save_figures(whole.path / "figures", _draw(backtest))
        write_report(backtest, pictures, whole.path)
        return whole.commit()


def _draw(backtest: ScoredForecasts) -> Iterator[tuple[str, Figure]]:
    yield "errors", draw_errors(backtest)
    yield "fans", draw_fans(backtest)
    for origin in backtest.origins:
        yield f"fans_{origin}", draw_origin(backtest, origin)
