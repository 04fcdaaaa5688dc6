"""Writes the folder of an experiment's result (not that of a run): numbers, tables, figures and report, all or none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.report.figures.style import save_figures
from sim.report.html import REPORT, write_page
from sim.runs import metadata
from sim.runs.folders import WholeFolder, free_folder, runs_folder
from sim.runs.kinds import ResultKind
from sim.runs.run import parquet_name
from sim.runs.tables import write_table

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

LIBRARIES = (*metadata.LIBRARIES, "jax", "scipy", "scoringrules")
"""The libraries whose versions are recorded with the result."""


def write_result(
    kind: ResultKind,
    out: Path | str | None,
    name: str,
    numbers: Mapping[str, Any],
    tables: Mapping[str, pd.DataFrame],
    figures: Iterable[tuple[str, Figure]],
    page: Callable[[Mapping[str, Path]], Mapping[str, Any]],
) -> Path:
    """Write the folder of a result, and return its path.

    Args:
        kind: the kind of result; the template of its report is `experiments/<command>/report.html.j2`.
        out: the folder to make; if None, `name` in the folder of runs, with a number added where that is taken.
        name: the name of the folder if `out` is None.
        numbers: the result as plain data, for its JSON file.
        tables: name -> table; each is written as a Parquet file.
        figures: pairs of a name and a figure; each figure is drawn when its turn comes.
        page: called with figure name -> PNG file; returns the values that fill the template of the report.

    Raises:
        RunError: if the folder exists or cannot be written; nothing is left behind.
    """
    folder = Path(out) if out is not None else free_folder(runs_folder(), name)
    with WholeFolder(folder, f"a {kind.noun}") as whole:
        metadata.write_metadata(whole.path / kind.marker, numbers, LIBRARIES)
        for title, table in tables.items():
            write_table(whole.path / parquet_name(title), table)
        pictures = save_figures(whole.path / "figures", figures)
        write_page(whole.path / REPORT, f"experiments/{kind.command}/report.html.j2", **page(pictures))
        return whole.commit()
