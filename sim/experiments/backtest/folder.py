"""The folder of a backtest: numbers, forecasts, figures and a report, written whole or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from platform import python_version
from typing import TYPE_CHECKING

from sim.experiments.backtest.report import write_report
from sim.figures.backtest import draw_errors, draw_fans, draw_origin
from sim.figures.style import DPI
from sim.folders import WholeFolder, free_folder, json_text
from sim.runs import BACKTEST, parquet_name
from sim.single import RUNS

if TYPE_CHECKING:
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
        out = free_folder(RUNS, f"backtest-{span}-draws{found.draws}-seed{found.seed}")
    with WholeFolder(out, "a backtest") as whole:
        explained = {
            "created": datetime.now(UTC).isoformat(timespec="milliseconds"),
            **found.to_dict(),
            "versions": {"python": python_version(), **{name: metadata.version(name) for name in LIBRARIES}},
        }
        (whole.path / BACKTEST).write_text(json_text(explained, indent=2) + "\n", encoding="utf-8")
        _write_forecasts(found, whole.path)
        figures = whole.path / "figures"
        figures.mkdir()
        drawn = {"errors": draw_errors(found), "fans": draw_fans(found)}
        drawn |= {f"fans_{origin}": draw_origin(found, origin) for origin in found.origins}
        paths = {name: figures / f"{name}.png" for name in drawn}
        for name, figure in drawn.items():
            figure.savefig(paths[name], dpi=DPI)
        write_report(found, paths, whole.path)
        return whole.commit()


def _write_forecasts(found: Backtest, folder: Path) -> None:
    import duckdb

    table = folder / parquet_name("forecasts")
    with duckdb.connect(config={"threads": 1}) as db:
        db.register("forecasts", found.forecasts)
        target = str(table).replace("'", "''")
        db.execute(f"COPY forecasts TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
