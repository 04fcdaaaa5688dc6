"""Writing a run folder: streamed while the run goes, and there whole or not at all.

Everything goes into a temporary folder beside the final one, which is renamed when the run is complete.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Self

from sim.errors import RunError
from sim.runs.folders import WholeFolder, fit_name, free_folder, json_text
from sim.runs.kinds import MANIFEST
from sim.runs.run import EVENTS, MANIFEST_KEYS, ORIGIN_PREFIX, TABLES, Run, literal, parquet_name, quoted, reported

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Columns = dict[str, NDArray[Any]]

EVENT_KEYS = ("quarter", "kind", "agent", "text", "usd_bn")

# The long tables: the names that identify a row, then its number.
_LONG = {
    "agents": (("quarter", "population", "agent", "measure"), "value"),
    "flows": (("quarter", "flow", "payer", "payee"), "usd_bn"),
    "exposures": (("quarter", "instrument", "holder", "issuer"), "usd_bn"),
}

# Rows that wait for one INSERT, which costs the same for one row as for thousands.
_ROWS_WAITING = 50_000

# Rows beyond this spill to disk.
_MEMORY_LIMIT = "128MB"


@dataclass(frozen=True)
class QuarterTables:
    """What closes with a quarter.

    Attributes:
        series: One row: "quarter" (such as "2024Q1") and a number or text for each measure. NaN is no value.
        agents: Columns quarter, population, agent, measure, value.
        flows: Columns quarter, flow, payer, payee, usd_bn, and `from_<origin>` for each origin of money.
        exposures: Columns quarter, instrument, holder, issuer, usd_bn.
        events: Each with quarter, kind, agent, text and usd_bn (a number or None).
    """

    series: Mapping[str, float | str]
    agents: Mapping[str, ArrayLike] = field(default_factory=dict)
    flows: Mapping[str, ArrayLike] = field(default_factory=dict)
    exposures: Mapping[str, ArrayLike] = field(default_factory=dict)
    events: Iterable[Mapping[str, Any]] = ()


class RunWriter:
    """Writes one run folder; a context manager.

    Everything goes into a temporary folder, which `commit` renames. Leaving the context without `commit`,
    by an error or Ctrl-C, removes it; one that a killed process left is removed by the next writer of the
    same folder.

        with RunWriter(out) as writer:
            for tables in quarters:
                writer.quarter(tables)
            draw(writer.finish_tables(), writer.folder / "figures")
            run = writer.commit(manifest)

    Args:
        out: The final folder. It must not exist, or be empty.

    Raises:
        RunError: `out` is taken, or its parent cannot be created.
    """

    def __init__(self, out: Path) -> None:
        self._whole = WholeFolder(out)
        self.out = self._whole.out
        self._store: _Store | None = None
        self._events: IO[str] | None = None
        self._events_written = 0
        self._finished: Run | None = None

    def __enter__(self) -> Self:
        """Create the temporary folder, and remove those that dead processes left.

        Raises:
            RunError: The folder cannot be created, or this process is already writing this run.
        """
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
        """Remove whatever was not committed."""
        self._discard()

    @property
    def folder(self) -> Path:
        """The temporary folder: figures and reports are written into it before `commit`."""
        return self._whole.path

    def quarter(self, tables: QuarterTables) -> None:
        """Add the tables of one quarter.

        The first quarter that has rows fixes the columns of each table. Memory does not grow with the
        number of quarters.

        Args:
            tables: What closed with the quarter.

        Raises:
            RunError: Columns differ from those of the earlier quarters or from the schema, a value does not
                fit its column, or the disk refuses.
        """
        store, events = self._open_for_tables()
        with reported(self._whole.doing):
            store.add("series", _series_row(tables.series))
            store.add("agents", _long_columns("agents", tables.agents))
            store.add("flows", _long_columns("flows", tables.flows))
            store.add("exposures", _long_columns("exposures", tables.exposures))
            for event in tables.events:
                if set(event) != set(EVENT_KEYS):
                    raise RunError(f"events: {_differing(event, EVENT_KEYS)}")
                events.write(",\n " if self._events_written else "[\n ")
                events.write(json_text({key: event[key] for key in EVENT_KEYS}))
                self._events_written += 1

    def finish_tables(self) -> Run:
        """Write the Parquet files and events.json into the temporary folder.

        Returns:
            The tables so far, to draw figures and a report from; it has no manifest, and is to be used
            before `commit`. Calling again gives the same.

        Raises:
            RunError: No quarter was written, or the disk refuses.
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
        """Return what `finish_tables` returned.

        Raises:
            RunError: The tables are not finished.
        """
        if self._finished is None:
            raise RunError(f"the tables of {self.out} are still being written")
        return self._finished

    def commit(self, manifest: Mapping[str, Any]) -> Run:
        """Write the manifest and give the folder its final name.

        Args:
            manifest: What explains the run: at least scenario, seed and quarters. NaN and infinity become
                null. "created", the time in UTC, is added where it is missing.

        Returns:
            The finished run.

        Raises:
            RunError: The manifest lacks a key or is not JSON, the final name was taken meanwhile, or the
                disk refuses.
        """
        missing = [key for key in MANIFEST_KEYS if key not in manifest]
        if missing:
            raise RunError(f"{MANIFEST}: missing {', '.join(missing)}")
        self.finish_tables()
        created = datetime.now(UTC).isoformat(timespec="milliseconds")
        text = json_text({"created": created, **manifest}, indent=2, sort_keys=True)
        with reported(self._whole.doing):
            (self.folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
        return Run.open(self._whole.commit())

    def _open_for_tables(self) -> tuple[_Store, IO[str]]:
        if self._store is None or self._events is None:
            raise RunError(f"the writer of {self.out} is not open: use it in a with statement")
        if self._finished is not None:
            raise RunError(f"the tables of {self.out} are already finished")
        return self._store, self._events

    def _discard(self) -> None:
        # What is not committed is not wanted: that the disk refuses to flush it is no second error.
        for opened in (self._store, self._events):
            if opened is not None:
                with suppress(RunError, OSError):
                    opened.close()
        self._store = self._events = None
        self._whole.discard()


def default_out(root: Path, scenario: str, seed: int) -> Path:
    """Return a free name for a run: `<scenario>-seed<seed>`, with -2, -3 and so on where that is taken.

    Args:
        root: The folder of run folders; it need not exist.
        scenario: The scenario's name.
        seed: The seed.

    Returns:
        A folder that does not exist and that nobody is writing.
    """
    return free_folder(root, f"{fit_name(scenario, 'run')}-seed{seed}")


class _Store:
    """The rows of a run that goes on, in DuckDB: in memory up to a limit, then in its spill folder."""

    def __init__(self, folder: Path) -> None:
        import duckdb

        self._spill = folder / "spill"
        # One thread keeps rows in order, and so the exported bytes the same from one process to the next.
        options = {"threads": 1, "memory_limit": _MEMORY_LIMIT, "temp_directory": str(self._spill)}
        self._db = duckdb.connect(config=options)
        self._types: dict[str, dict[str, str]] = {}
        self._waiting: dict[str, list[Columns]] = {table: [] for table in TABLES}
        self._rows_waiting = 0

    def add(self, table: str, columns: Columns) -> None:
        """Add rows, with the columns of the rows before them."""
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
        """Write a Parquet file per table."""
        self._flush()
        if "series" not in self._types:
            raise RunError("no quarter was written")
        for table in TABLES:
            if table not in self._types:
                names, amount = _LONG[table]
                self.add(table, _long_columns(table, {name: [] for name in (*names, amount)}))
            target = literal(folder / parquet_name(table))
            self._db.execute(
                f"COPY {table} TO '{target}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"
            )

    def close(self) -> None:
        """Lets go of the rows."""
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
        raise RunError("series: no quarter")
    return {name: _array("series", name, [value], isinstance(value, str)) for name, value in row.items()}


def _long_columns(table: str, columns: Mapping[str, ArrayLike]) -> Columns:
    """Return the columns of a long table as arrays, in the order of its schema; nothing when there are none."""
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
        # A copy: it waits, and the caller may use its own array again.
        array = np.array(values, dtype=object if is_text else float)
    except (TypeError, ValueError) as error:
        raise RunError(f"{table}: {name} has a value that is not a number") from error
    if array.ndim != 1:
        raise RunError(f"{table}: {name} is not a column")
    return array


def _differing(names: Iterable[str], expected: Iterable[str]) -> str:
    """Say which names are missing and which are too many."""
    names, expected = list(names), list(expected)
    parts = {
        "missing": [name for name in expected if name not in names],
        "unexpected": [name for name in names if name not in expected],
    }
    return "; ".join(f"{word} {', '.join(found)}" for word, found in parts.items() if found)
