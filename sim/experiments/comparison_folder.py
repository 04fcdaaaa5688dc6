"""The folder of a comparison: written whole or not at all, beside the runs."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from platform import python_version
from typing import TYPE_CHECKING

from sim.experiments.comparison_report import write_report
from sim.figures.comparison import draw_cause, draw_outcome
from sim.figures.style import DPI
from sim.folders import WholeFolder, free_folder, json_text
from sim.outcomes import HEADLINES
from sim.runs import COMPARISON, parquet_name
from sim.single import RUNS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sim.experiments.compare import Comparison

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
        out = free_folder(RUNS, f"compare-{found.a.name}-vs-{found.b.name}-runs{runs}-seed{seed}")
    with WholeFolder(out, "a comparison") as whole:
        explained = {
            "created": datetime.now(UTC).isoformat(timespec="milliseconds"),
            **found.to_dict(),
            "versions": {"python": python_version(), **{name: metadata.version(name) for name in LIBRARIES}},
        }
        (whole.path / COMPARISON).write_text(json_text(explained, indent=2) + "\n", encoding="utf-8")
        _write_samples(found, whole.path)
        pictures = _draw(found, whole.path / "figures")
        write_report(found, pictures, whole.path)
        return whole.commit()


def figures(found: Comparison) -> list[str]:
    """Names of the figures of a comparison: accounting and cause, and the headline outcomes that differ."""
    if not found.differs:
        return []
    return [CAUSE, *(name for name in HEADLINES if name in found.effects and not found.effects[name].none)]


def _draw(found: Comparison, folder: Path) -> dict[str, Path]:
    folder.mkdir()
    paths = {}
    for name in figures(found):
        figure: Figure = draw_cause(found) if name == CAUSE else draw_outcome(found, name)
        paths[name] = folder / f"{name}.png"
        figure.savefig(paths[name], dpi=DPI)
    return paths


def _write_samples(found: Comparison, folder: Path) -> None:
    import duckdb

    table = folder / parquet_name("outcomes")
    with duckdb.connect(config={"threads": 1}) as db:
        db.register("samples", found.samples)
        target = str(table).replace("'", "''")
        db.execute(f"COPY samples TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
