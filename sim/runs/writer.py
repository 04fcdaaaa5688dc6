"""Writing of a run folder, quarter by quarter while the history runs; `sim.runs.run` reads what is written here."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Self

from sim.errors import RunError
from sim.runs.folders import WholeFolder, fit_name, free_folder, json_text
from sim.runs.kinds import MANIFEST
from sim.runs.metadata import timestamp
from sim.runs.run import EVENTS, MANIFEST_KEYS, ORIGIN_PREFIX, TABLES, Run, parquet_name, quoted, reported
from sim.runs.tables import ORDERED, export_table

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Columns = dict[str, NDArray[Any]]

EVENT_KEYS = ("quarter", "kind", "agent", "text", "usd_bn")

# The tables in long form: the columns that identify a row, then the column of its number.
_LONG = {
    "agents": (("quarter", "population", "agent", "measure"), "value"),
    "flows": (("quarter", "flow", "payer", "payee"), "usd_bn"),
    "exposures": (("quarter", "instrument", "holder", "issuer"), "usd_bn"),
}

# Rows are collected up to this number, because an INSERT costs the same for one row as for thousands.
_ROWS_WAITING = 50_000

# Rows that need more memory than this are moved to disk.
_MEMORY_LIMIT = "128MB"


@dataclass(frozen=True)
class QuarterTables:
    """The tables of one quarter.

    Attributes:
        series: one row: "quarter" (such as "2024Q1"), and for each measure a number or text; NaN means no value.
        agents: columns quarter, population, agent, measure, value.
        flows: columns quarter, flow, payer, payee, usd_bn, and `from_<origin>` for each origin of money.
        exposures: columns quarter, instrument, holder, issuer, usd_bn.
        events: dictionaries with the keys quarter, kind, agent, text and usd_bn (a number or None).
    """

    series: Mapping[str, float | str]
    agents: Mapping[str, ArrayLike] = field(default_factory=dict)
    flows: Mapping[str, ArrayLike] = field(default_factory=dict)
    exposures: Mapping[str, ArrayLike] = field(default_factory=dict)
    events: Iterable[Mapping[str, Any]] = ()


class RunWriter:
    """Write one run folder under a temporary name, which `commit` makes the final one; a context manager.

        with RunWriter(out) as writer:
            for tables in quarters:
                writer.quarter(tables)
            draw(writer.finish_tables(), writer.folder / "figures")
            run = writer.commit(manifest)

    Args:
        out: the final folder; it must be empty or not exist.

    Raises:
        RunError: if `out` is a file or a folder that is not empty, or its parent folder cannot be created.
    """

    def __init__(self, out: Path) -> None:
        self._whole = WholeFolder(out)
        self.out = self._whole.out
        self._store: _Store | None = None
        self._events: IO[str] | None = None
        self._events_written = 0
        self._finished: Run | None = None

    def __enter__(self) -> Self:
        """Create the temporary folder, and open the tables for writing."""
        self._whole.__enter__()
        with reported(self._whole.doing):
            try:
                self._store = _Store(self.folder)
                self._events = open(self.folder / EVENTS, "w", encoding="utf-8")
            except BaseException:
                self._discard()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the temporary folder, unless it was committed."""
        self._discard()

    @property
    def folder(self) -> Path:
        """The temporary folder, into which figures and reports are written before `commit`."""
        return self._whole.path

    def quarter(self, tables: QuarterTables) -> None:
        """Add the tables of one quarter; memory does not grow with the number of quarters.

        Raises:
            RunError: if the columns are not those of the table, or not those of the first quarter that had rows; if
                a value does not fit its column; or if the disk cannot be written.
        """
        store, events = self._open_for_tables()
        with reported(self._whole.doing):
            store.add("series", _series_row(tables.series))
            for table in _LONG:
                store.add(table, _long_columns(table, getattr(tables, table)))
            for event in tables.events:
                if set(event) != set(EVENT_KEYS):
                    raise RunError(f"events: {_differing(event, EVENT_KEYS)}")
                events.write(",\n " if self._events_written else "[\n ")
                events.write(json_text({key: event[key] for key in EVENT_KEYS}))
                self._events_written += 1

    def finish_tables(self) -> Run:
        """Write the Parquet files and events.json into the temporary folder.

        Returns:
            The run, still without metadata: figures and a report can be made from it before `commit`. Further calls
            return the same run.

        Raises:
            RunError: if no quarter was written, or the disk cannot be written.
        """
        if self._finished is None:
            store, events = self._open_for_tables()
            with reported(self._whole.doing):
                store.export(self.folder)
                store.close()
                events.write("\n]\n" if self._events_written else "[]\n")
                events.close()
            self._finished = Run(self.folder, manifest={})
        return self._finished

    def tables(self) -> Run:
        """Return the run that `finish_tables` returned.

        Raises:
            RunError: if `finish_tables` has not been called.
        """
        if self._finished is None:
            raise RunError(f"the tables of {self.out} are still being written: call finish_tables first")
        return self._finished

    def commit(self, manifest: Mapping[str, Any]) -> Run:
        """Write the metadata of the run, give the folder its final name, and return the finished run.

        Args:
            manifest: the metadata, with at least the keys scenario, seed and quarters. NaN and infinity become null;
                if "created", the time in UTC, is missing, it is added.

        Raises:
            RunError: if the metadata lack a key or cannot be written as JSON, the final name was taken in the
                meantime, or the disk cannot be written.
        """
        missing = [key for key in MANIFEST_KEYS if key not in manifest]
        if missing:
            raise RunError(f"{MANIFEST}: missing {', '.join(missing)}")
        self.finish_tables()
        text = json_text({"created": timestamp(), **manifest}, indent=2, sort_keys=True)
        with reported(self._whole.doing):
            (self.folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
        return Run.open(self._whole.commit())

    def _open_for_tables(self) -> tuple[_Store, IO[str]]:
        if self._store is None or self._events is None:
            raise RunError(f"the writer of {self.out} is not open: use it in a with statement")
        if self._finished is not None:
            raise RunError(f"the tables of {self.out} are already finished: no quarter can be added")
        return self._store, self._events

    def _discard(self) -> None:
        # The tables are thrown away: if closing them fails because the disk is full, say, that does not matter.
        for opened in (self._store, self._events):
            if opened is not None:
                with suppress(RunError, OSError):
                    opened.close()
        self._store = self._events = None
        self._whole.discard()


def default_out(root: Path, scenario: str, seed: int) -> Path:
    """Return a free folder for a run: `<scenario>-seed<seed>` in `root`, with -2 and so on if that name is taken."""
    return free_folder(root, f"{fit_name(scenario, 'run')}-seed{seed}")


class _Store:
    """The rows of an unfinished run in DuckDB, which keeps them in memory up to a limit, and the rest on disk."""

    def __init__(self, folder: Path) -> None:
        import duckdb

        self._spill = folder / "spill"
        options = {**ORDERED, "memory_limit": _MEMORY_LIMIT, "temp_directory": str(self._spill)}
        self._db = duckdb.connect(config=options)
        self._types: dict[str, dict[str, str]] = {}
        self._waiting: dict[str, list[Columns]] = {table: [] for table in TABLES}
        self._rows_waiting = 0

    def add(self, table: str, columns: Columns) -> None:
        """Add rows to a table; they must have the same columns as the rows that it already has."""
        if not columns:
            return
        types = {name: "VARCHAR" if values.dtype == object else "DOUBLE" for name, values in columns.items()}
        first = self._types.setdefault(table, types)
        if first is types:
            self._create(table)
        elif set(types) != set(first):
            raise RunError(f"{table}: {_differing(types, first)}")
        elif types != first:
            changed = ", ".join(name for name in types if types[name] != first[name])
            raise RunError(f"{table}: text in one quarter and a number in another: {changed}")
        rows = {name: len(values) for name, values in columns.items()}
        if len(set(rows.values())) > 1:
            raise RunError(f"{table}: columns of different lengths: {rows}")
        self._waiting[table].append(columns)
        self._rows_waiting += max(rows.values())
        if self._rows_waiting >= _ROWS_WAITING:
            self._flush()

    def export(self, folder: Path) -> None:
        """Write each table to a Parquet file."""
        self._flush()
        if "series" not in self._types:
            raise RunError("no quarter was written: add at least the opening quarter")
        for table in TABLES:
            if table not in self._types:
                names, amount = _LONG[table]
                self.add(table, _long_columns(table, {name: [] for name in (*names, amount)}))
            export_table(self._db, table, folder / parquet_name(table))

    def close(self) -> None:
        """Close the database, and remove the folder to which it moved rows."""
        with reported("cannot close the tables"):
            self._db.close()
        shutil.rmtree(self._spill, ignore_errors=True)

    def _create(self, table: str) -> None:
        columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in self._types[table].items())
        self._db.execute(f"CREATE TABLE {table} ({columns})")

    def _flush(self) -> None:
        import numpy as np

        for table, chunks in self._waiting.items():
            if not chunks:
                continue
            names = self._types[table]
            self._db.register("chunk", {name: np.concatenate([chunk[name] for chunk in chunks]) for name in names})
            self._db.execute(f"INSERT INTO {table} FROM chunk")
            self._db.unregister("chunk")
            chunks.clear()
        self._rows_waiting = 0


def _series_row(row: Mapping[str, float | str]) -> Columns:
    if not isinstance(row.get("quarter"), str):
        raise RunError('series: the row has no text "quarter", such as 2024Q1')
    return {name: _array("series", name, [value], isinstance(value, str)) for name, value in row.items()}


def _long_columns(table: str, columns: Mapping[str, ArrayLike]) -> Columns:
    """Return the columns of a table in long form as arrays, in the table's order; an empty result without columns."""
    names, amount = _LONG[table]
    expected = [*names, amount]
    if table == "flows":
        expected += [name for name in columns if name.startswith(ORIGIN_PREFIX)]
    if columns and set(columns) != set(expected):
        raise RunError(f"{table}: {_differing(columns, expected)}")
    return {name: _array(table, name, columns[name], name in names) for name in expected if name in columns}


def _array(table: str, name: str, values: ArrayLike, is_text: bool) -> NDArray[Any]:
    import numpy as np

    try:
        # The values are copied, because the caller may change the array before the rows are inserted.
        array = np.array(values, dtype=object if is_text else float)
    except (TypeError, ValueError) as error:
        raise RunError(f"{table}: {name} has a value that is not a number") from error
    if array.ndim != 1:
        raise RunError(f"{table}: {name} is not a column: it must have one dimension, not {array.ndim}")
    return array


def _differing(names: Iterable[str], expected: Iterable[str]) -> str:
    """Say, for an error message, which of the expected names are missing and which names are unexpected."""
    names, expected = list(names), list(expected)
    parts = {
        "missing": [name for name in expected if name not in names],
        "unexpected": [name for name in names if name not in expected],
    }
    return "; ".join(f"{word} {', '.join(differing)}" for word, differing in parts.items() if differing)
