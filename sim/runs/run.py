"""The run folder: written once, whole or not at all; read by everything else.

A `sim.runs.writer.RunWriter` makes it; a `Run` reads it. Schemas are in `runs/README.md`.
"""

from __future__ import annotations

import glob
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
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
    from numpy.typing import NDArray

    Columns = dict[str, NDArray[Any]]

ORIGIN_PREFIX = "from_"
"""A column `from_<origin>` of the flows is the part of `usd_bn` whose money came from that origin."""

EVENTS = "events.json"
TABLES = ("series", "agents", "flows", "exposures")
MANIFEST_KEYS = ("scenario", "seed", "quarters")

_log = logging.getLogger(__name__)


class Run:
    """Read access to a run folder, or to a run in memory. Tables are read when first asked for, then kept.

    Several threads may read a run at once; nobody may change its tables.

    Attributes:
        manifest: What explains the run: scenario, seed, quarters, created, versions, checks, outcomes.
    """

    def __init__(self, path: Path | None, manifest: dict[str, Any]) -> None:
        self._path = path
        self.manifest = manifest

    @property
    def path(self) -> Path:
        """The folder.

        Raises:
            RunError: The run is in memory alone.
        """
        if self._path is None:
            raise RunError("a run in memory has no folder")
        return self._path

    @staticmethod
    def open(path: Path | str) -> Run:
        """Open a finished run folder.

        Args:
            path: The folder.

        Returns:
            The run.

        Raises:
            RunError: It is not a run folder; the message names what is missing.
        """
        path = Path(path)
        if not path.is_dir():
            raise RunError(f"{path}: no such run folder")
        missing = [name for name in (MANIFEST, *map(parquet_name, TABLES), EVENTS) if not (path / name).is_file()]
        if missing:
            raise RunError(f"{path}: not a run folder: no {', '.join(missing)}")
        manifest = read_json(path / MANIFEST)
        if not isinstance(manifest, dict):
            raise RunError(f"{path / MANIFEST}: not a JSON object")
        return Run(path, manifest)

    @staticmethod
    def of(
        manifest: Mapping[str, Any],
        tables: Mapping[str, Callable[[], pd.DataFrame]],
        events: Sequence[Mapping[str, Any]],
    ) -> Run:
        """Return a run in memory.

        Args:
            manifest: What explains it.
            tables: For each name of `TABLES` what makes the table, with the columns of `runs/README.md`; called
                when the table is first asked for (by two threads at once, perhaps twice).
            events: What happened, in order.

        Returns:
            The run; it has no path.
        """
        return _InMemory(manifest, tables, events)

    @cached_property
    def series(self) -> pd.DataFrame:
        """One row a quarter, one column a measure."""
        return self._table("series")

    @cached_property
    def agents(self) -> pd.DataFrame:
        """Rows of quarter, population, agent, measure, value."""
        return self._table("agents")

    @cached_property
    def flows(self) -> pd.DataFrame:
        """Rows of quarter, flow, payer, payee, usd_bn, and `from_<origin>` for each origin of money."""
        return self._table("flows")

    @cached_property
    def exposures(self) -> pd.DataFrame:
        """Rows of quarter, instrument, holder, issuer, usd_bn."""
        return self._table("exposures")

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """What happened, in order: each with quarter, kind, agent, text, usd_bn."""
        events: list[dict[str, Any]] = read_json(self.path / EVENTS)
        return events

    def query(self, sql: str) -> pd.DataFrame:
        """Asks the run a question in SQL (DuckDB).

        The tables series, agents, flows and exposures are copies in memory; the query reaches no file, no
        network and no setting.

        Args:
            sql: The query, such as "select quarter, sum(usd_bn) from flows group by quarter".

        Returns:
            The answer.

        Raises:
            RunError: A table cannot be read, or the query is wrong or not allowed.
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
        """Copy the tables into a database."""
        with reported(f"{self.path}: cannot read the tables"):
            for name in TABLES:
                db.execute(f"CREATE TABLE {name} AS FROM read_parquet(?)", [self._file(name)])

    def _table(self, name: str) -> pd.DataFrame:
        import duckdb

        with reported(f"{self.path}: cannot read {parquet_name(name)}"), duckdb.connect() as db:
            return db.execute("FROM read_parquet(?)", [self._file(name)]).df()

    def _file(self, table: str) -> str:
        # DuckDB takes a path for a pattern.
        return glob.escape(str(self.path / parquet_name(table)))


class _InMemory(Run):
    """A run whose tables are made when they are asked for, and never leave memory."""

    def __init__(
        self,
        manifest: Mapping[str, Any],
        tables: Mapping[str, Callable[[], pd.DataFrame]],
        events: Sequence[Mapping[str, Any]],
    ) -> None:
        super().__init__(None, dict(manifest))
        self._tables = tables
        self._events = [dict(event) for event in events]

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        return self._events

    def _fill(self, db: duckdb.DuckDBPyConnection) -> None:
        for name in TABLES:
            db.register("given", getattr(self, name))
            db.execute(f"CREATE TABLE {name} AS FROM given")
            db.unregister("given")

    def _table(self, name: str) -> pd.DataFrame:
        return self._tables[name]()


@dataclass(frozen=True)
class RunSummary:
    """A line of the list of runs.

    Attributes:
        path: The folder.
        scenario: The scenario's name.
        seed: Its seed.
        quarters: How many quarters it ran.
        created: When it was finished.
    """

    path: Path
    scenario: str
    seed: int
    quarters: int
    created: datetime


def list_runs(root: Path) -> list[RunSummary]:
    """List the runs in a folder, newest first.

    A folder that is not a whole run is skipped, with a warning in the log. One whose name starts with a dot
    is skipped in silence: it is being written. So are folders of other kinds of results.

    Args:
        root: The folder of run folders; it need not exist.

    Returns:
        A summary of each run.
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
        raise RunError(f"{run.path / MANIFEST}: {error}") from error


def parquet_name(table: str) -> str:
    """File name of a table."""
    return f"{table}.parquet"


def quoted(name: str) -> str:
    """Return an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(path: Path | str) -> str:
    """Return a path between single quotes in SQL."""
    return str(path).replace("'", "''")


def read_json(path: Path) -> Any:
    """Return the content of a JSON file.

    Raises:
        RunError: if it cannot be read, or is no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RunError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise RunError(f"{path}: not JSON: {error}") from error


@contextmanager
def reported(doing: str) -> Iterator[None]:
    """Turn errors of the disk and of DuckDB into a RunError of one line."""
    import duckdb

    try:
        yield
    except OSError as error:
        raise RunError(f"{doing}: {error.strerror or error}") from error
    except duckdb.Error as error:
        raise RunError(f"{doing}: {str(error).partition(chr(10))[0]}") from error
