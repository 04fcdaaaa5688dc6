"""Questions to the tables of a sweep folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sim.experiments.sweep import chunks
from sim.runs import RunError, reported

if TYPE_CHECKING:
    import pandas as pd


def ask(folder: Path, sql: str) -> pd.DataFrame:
    """Ask a sweep in SQL (DuckDB) over `points`, `outcomes` and, where they were kept, `series`.

    Raises:
        RunError: if there are no runs yet, or a table cannot be read.
    """
    import duckdb

    with reported(f"{folder}: cannot read the tables"), duckdb.connect() as db:
        db.execute(f"CREATE VIEW points AS FROM read_parquet({_texts([folder / 'points.parquet'])})")
        for table in ("outcomes", "series"):
            paths = _files(folder, table)
            if paths:
                db.execute(f"CREATE VIEW {table} AS FROM read_parquet({_texts(paths)})")
            elif table == "outcomes":
                raise RunError(f"{folder}: no runs yet")
        return db.execute(sql).df()


def _files(folder: Path, table: str) -> list[Path]:
    whole = chunks.compacted(folder, (table,))
    if whole:
        return [whole[table].path]
    return [found[0].path for found in chunks.finished(folder, (table,)).values()]


def _texts(paths: list[Path]) -> str:
    return "[" + ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths) + "]"
