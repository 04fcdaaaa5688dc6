"""What folders of results are made of beside pictures and pages: the JSON that explains them, and tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.runs.folders import json_text
from sim.runs.run import literal
from sim.runs.versions import versions_of

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


def write_explained(path: Path, found: Mapping[str, Any], libraries: Iterable[str]) -> None:
    """Write the JSON file that explains a folder: when it was made, what was found, and with which versions.

    Args:
        path: of the file.
        found: what was found; NaN and infinity become null.
        libraries: whose versions are told.

    Raises:
        RunError: if a value cannot be written as JSON.
    """
    created = datetime.now(UTC).isoformat(timespec="milliseconds")
    explained = {"created": created, **found, "versions": versions_of(libraries)}
    path.write_text(json_text(explained, indent=2) + "\n", encoding="utf-8")


def write_table(path: Path, table: pd.DataFrame | Mapping[str, NDArray[Any]]) -> None:
    """Write a table as a Parquet file; the same table gives the same bytes.

    Args:
        path: of the file.
        table: columns of one length.
    """
    import duckdb

    # One thread keeps rows in order, and so the bytes the same from one process to the next.
    with duckdb.connect(config={"threads": 1}) as db:
        db.register("given", table)
        db.execute(f"COPY given TO '{literal(path)}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)")
