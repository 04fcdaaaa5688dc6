"""Access to the results of a run: its tables, events and metadata, in a run folder or in memory.

This module reads only; `sim.runs.writer` writes run folders. `runs/README.md` lists the columns of the tables.
"""

from __future__ import annotations

import glob
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import RunError
from sim.runs.kinds import MANIFEST, kind_of

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

ORIGIN_PREFIX = "from_"
"""In the table of flows, column `from_<origin>` gives the part of `usd_bn` whose money came from that origin."""

EVENTS = "events.json"
TABLES = ("series", "agents", "flows", "exposures")
MANIFEST_KEYS = ("scenario", "seed", "quarters")

_log = logging.getLogger(__name__)


class Run:
    """The results of one run, in a folder or in memory. A table is read when it is first used, and then kept.

    Several threads may read a run at once; none may change its tables.

    Attributes:
        manifest: metadata of the run: scenario, seed, quarters, created, versions, checks, outcomes.
    """

    def __init__(self, path: Path | None, manifest: dict[str, Any]) -> None:
        self._path = path
        self.manifest = manifest

    @property
    def path(self) -> Path:
        """The folder of the run; raises a RunError for a run in memory, which has no folder."""
        if self._path is None:
            raise RunError("a run in memory has no folder")
        return self._path

    @staticmethod
    def open(path: Path | str) -> Run:
        """Open a finished run folder.

        Raises:
            RunError: if `path` is not a run folder; the message names the missing files.
        """
        path = Path(path)
        if not path.is_dir():
            raise RunError(f"{path}: no such run folder")
        missing = [name for name in (MANIFEST, *map(parquet_name, TABLES), EVENTS) if not (path / name).is_file()]
        if missing:
            raise RunError(f"{path}: not a run folder: it has no {', '.join(missing)}")
        manifest = read_json(path / MANIFEST)
        if not isinstance(manifest, dict):
            raise RunError(f"{path / MANIFEST}: not a JSON object")
        return Run(path, manifest)

    @staticmethod
    def of(
        manifest: Mapping[str, Any],
        tables: Mapping[str, Callable[[], pd.DataFrame]],
        events: Iterable[Mapping[str, Any]],
    ) -> Run:
        """Return a run in memory, which has no folder.

        Args:
            manifest: metadata of the run.
            tables: for each name in `TABLES`, a function that makes the table with the columns in `runs/README.md`.
                It is called when the table is first used (perhaps twice, if two threads use it at once).
            events: the events of the run, in order.
        """
        return _InMemory(manifest, tables, events)

    @cached_property
    def series(self) -> pd.DataFrame:
        """Table with one row for each quarter and one column for each measure of the whole economy."""
        return self._table("series")

    @cached_property
    def agents(self) -> pd.DataFrame:
        """Table with the columns quarter, population, agent, measure, value."""
        return self._table("agents")

    @cached_property
    def flows(self) -> pd.DataFrame:
        """Table with the columns quarter, flow, payer, payee, usd_bn, and `from_<origin>` for each origin of money."""
        return self._table("flows")

    @cached_property
    def exposures(self) -> pd.DataFrame:
        """Table with the columns quarter, instrument, holder, issuer, usd_bn."""
        return self._table("exposures")

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """The events in order, as dictionaries with the keys quarter, kind, agent, text, usd_bn."""
        events: list[dict[str, Any]] = read_json(self.path / EVENTS)
        return events

    def query(self, sql: str) -> pd.DataFrame:
        """Query the run in SQL (DuckDB), such as "select quarter, sum(usd_bn) from flows group by quarter".

        The query sees copies in memory of the tables series, agents, flows and exposures. It cannot use files or the
        network, or change settings.

        Raises:
            RunError: if a table cannot be read, or the query is wrong or not allowed.
        """
        import duckdb

        options = {"temp_directory": "", "python_enable_replacements": False}
        with duckdb.connect(config=options) as db:
            self._fill(db)
            db.execute("SET enable_external_access = false")
            db.execute("SET lock_configuration = true")
            with reported("query"):
                db.execute(sql)
                return db.df()

    def _fill(self, db: duckdb.DuckDBPyConnection) -> None:
        """Copy the tables of the run into a database."""
        with reported(f"{self.path}: cannot read the tables"):
            for name in TABLES:
                db.execute(f"CREATE TABLE {name} AS FROM read_parquet(?)", [self._file(name)])

    def _table(self, name: str) -> pd.DataFrame:
        import duckdb

        with reported(f"{self.path}: cannot read {parquet_name(name)}"), duckdb.connect() as db:
            return db.execute("FROM read_parquet(?)", [self._file(name)]).df()

    def _file(self, table: str) -> str:
        # DuckDB would read characters such as * in a path as a pattern.
        return glob.escape(str(self.path / parquet_name(table)))


class _InMemory(Run):
    """A run whose tables are made when they are first used."""

    def __init__(
        self,
        manifest: Mapping[str, Any],
        tables: Mapping[str, Callable[[], pd.DataFrame]],
        events: Iterable[Mapping[str, Any]],
    ) -> None:
        super().__init__(None, dict(manifest))
        self._tables = tables
        self.events = [dict(event) for event in events]

    def _fill(self, db: duckdb.DuckDBPyConnection) -> None:
        for name in TABLES:
            db.register("columns", getattr(self, name))
            db.execute(f"CREATE TABLE {name} AS FROM columns")
            db.unregister("columns")

    def _table(self, name: str) -> pd.DataFrame:
        return self._tables[name]()


@dataclass(frozen=True)
class RunSummary:
    """One run in a list of runs: folder, name of the scenario, seed, number of quarters, time when it was written."""

    path: Path
    scenario: str
    seed: int
    quarters: int
    created: datetime


def list_runs(root: Path) -> list[RunSummary]:
    """List the runs in a folder, newest first; the folder need not exist.

    A folder that is not a complete run is skipped, with a warning in the log. Folders that hold results of another
    kind, or are still being written (their names start with a dot), are skipped without a warning.
    """
    runs = []
    folders = (path for path in root.iterdir() if path.is_dir()) if root.is_dir() else ()
    for path in sorted(folders):
        kind = kind_of(path)
        if path.name.startswith(".") or (kind is not None and kind.name != "run"):
            continue
        try:
            runs.append(_summary(Run.open(path)))
        except RunError as error:
            _log.warning("skipped %s", error)
    return sorted(runs, key=lambda run: run.created, reverse=True)


def _summary(run: Run) -> RunSummary:
    values = run.manifest
    try:
        created = datetime.fromisoformat(values["created"])
        return RunSummary(
            run.path,
            str(values["scenario"]),
            int(values["seed"]),
            int(values["quarters"]),
            created if created.tzinfo else created.replace(tzinfo=UTC),
        )
    except KeyError as error:
        raise RunError(f"{run.path / MANIFEST}: missing {error.args[0]}") from error
    except (TypeError, ValueError) as error:
        raise RunError(f"{run.path / MANIFEST}: a wrong value: {error}") from error


def parquet_name(table: str) -> str:
    """Return the name of the Parquet file of a table."""
    return f"{table}.parquet"


def quoted(name: str) -> str:
    """Return a name as an SQL identifier: between double quotes, with those inside it doubled."""
    return '"' + name.replace('"', '""') + '"'


def literal(path: Path | str) -> str:
    """Return a path with its single quotes doubled, for use between single quotes in SQL."""
    return str(path).replace("'", "''")


def read_json(path: Path) -> Any:
    """Return the parsed content of a JSON file.

    Raises:
        RunError: if the file cannot be read, or its content is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RunError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise RunError(f"{path}: not JSON: {error}") from error


@contextmanager
def reported(doing: str) -> Iterator[None]:
    """Turn an error of the disk or of DuckDB into a RunError of one line, which starts with the text `doing`."""
    import duckdb

    try:
        yield
    except OSError as error:
        raise RunError(f"{doing}: {error.strerror or error}") from error
    except duckdb.Error as error:
        raise RunError(f"{doing}: {str(error).partition(chr(10))[0]}") from error
