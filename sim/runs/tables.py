"""Writing of Parquet files with DuckDB: the one place that fixes their compression and layout."""

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
"""Setting of DuckDB: one thread keeps rows in order, so that the same table gives the same bytes everywhere."""


def write_table(path: Path, table: pd.DataFrame | Mapping[str, NDArray[Any]]) -> None:
    """Write columns of one length to a Parquet file; the same table gives the same bytes."""
    import duckdb

    with duckdb.connect(config=ORDERED) as db:
        db.register("columns", table)
        export_table(db, "columns", path)


def export_table(db: duckdb.DuckDBPyConnection, table: str, path: Path) -> None:
    """Write a table of a database, which must be opened with `ORDERED`, to a Parquet file."""
    db.execute(f"COPY {table} TO '{literal(path)}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)")
