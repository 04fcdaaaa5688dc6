"""Parquet files, written with DuckDB: compression and layout of all tables of results are set only here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.runs.run import literal

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    from numpy.typing import NDArray

ORDERED = {"threads": 1}
"""Settings for DuckDB: a single thread keeps rows in order, so that equal tables give equal bytes everywhere."""


def write_table(path: Path, table: pd.DataFrame | Mapping[str, NDArray[Any]]) -> None:
    """Write a table, whose columns all have the same length, to a Parquet file; equal tables give equal bytes."""
    import duckdb

    with duckdb.connect(config=ORDERED) as db:
        db.register("columns", table)
        export_table(db, "columns", path)


def export_table(db: duckdb.DuckDBPyConnection, table: str, path: Path) -> None:
    """Write a table of a database to a Parquet file; the database must have been opened with the settings `ORDERED`."""
    db.execute(f"COPY {table} TO '{literal(path)}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)")
