"""Reads the folder of a sweep, finished or not: its state, tables, manifest and queries over the tables."""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.engine.outcomes import BY_NAME
from sim.errors import RunError, ScenarioError, suggestion
from sim.experiments.sweep import chunk_files
from sim.experiments.sweep.axes import levers_of
from sim.experiments.sweep.plan import POINTS, Plan
from sim.experiments.sweep.sample import NOT_RUN, Sample
from sim.report.html import REPORT
from sim.runs.folders import json_text
from sim.runs.kinds import DESIGN, MANIFEST
from sim.runs.metadata import versions_of
from sim.runs.run import literal, parquet_name, quoted, read_json, reported
from sim.scenario.quarters import later

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 1
LIBRARIES = ("capflow", "numpy", "jax", "jaxlib", "duckdb", "SALib")
ALLOWED = {"SELECT", "EXPLAIN", "MULTI"}
"""Kinds of SQL statements that a query may hold; DuckDB calls a PIVOT statement MULTI."""


class Sweep:
    """A sweep folder. Its tables stay on disk; each query reads only the parts that it needs.

    Attributes:
        path: the folder.
        design: the content of design.json.
        tables: the tables that the sweep writes.
    """

    def __init__(self, path: Path, design: dict[str, Any]) -> None:
        self.path = path
        self.design = design
        self.tables: tuple[str, ...] = tuple(design["keep"])

    @staticmethod
    def open(path: Path | str) -> Sweep:
        """Open a sweep folder, finished or not.

        Raises:
            RunError: if the folder is not that of a sweep.
        """
        path = Path(path)
        if not (path / DESIGN).is_file():
            raise RunError(f"{path}: not a sweep folder: it has no file {DESIGN}")
        design = _read_object(path / DESIGN)
        missing = [key for key in ("name", "title", "runs", "chunks", "keep", "plan_hash") if key not in design]
        if missing:
            raise RunError(f"{path / DESIGN}: damaged: missing {', '.join(missing)}")
        return Sweep(path, design)

    @property
    def complete(self) -> bool:
        """Whether every run is finished."""
        return (self.path / MANIFEST).is_file() and self.done == self.design["chunks"]

    @property
    def done(self) -> int:
        """The number of finished chunks."""
        if set(chunk_files.compacted(self.path, self.tables)) == set(self.tables):
            return int(self.design["chunks"])
        return len(chunk_files.finished(self.path, self.tables))

    @property
    def manifest(self) -> dict[str, Any]:
        """The metadata of the complete sweep; raises a RunError if the sweep is not complete."""
        if not (self.path / MANIFEST).is_file():
            finished = f"{self.done} of {self.design['chunks']} chunks are finished"
            raise RunError(f"{self.path}: the sweep is not complete: only {finished}")
        return _read_object(self.path / MANIFEST)

    @property
    def digest(self) -> str:
        """The digest of the manifest, which lists every file of the sweep with its checksum."""
        with reported(f"{self.path}: cannot read {MANIFEST}"):
            return hashlib.sha256((self.path / MANIFEST).read_bytes()).hexdigest()

    @property
    def report(self) -> Path | None:
        """The path of the report, or None if there is no report or it was written from earlier tables."""
        path = self.path / REPORT
        if not self.complete or not path.is_file():
            return None
        with reported(f"{self.path}: cannot read {REPORT}"):
            return path if self.digest in path.read_text(encoding="utf-8", errors="replace") else None

    def summary(self) -> dict[str, Any]:
        """Return the state as plain data for JSON: folder, progress; totals and report once it is complete."""
        complete = self.complete
        sums = {key: self.manifest[key] for key in ("problems", "largest_residual")} if complete else {}
        return {
            "sweep_dir": str(self.path.absolute()),
            **{key: self.design[key] for key in ("name", "title", "method", "points", "runs", "chunks")},
            "done": self.done,
            "complete": complete,
            **sums,
            "report": str(self.report.absolute()) if self.report else None,
        }

    @cached_property
    def points(self) -> pd.DataFrame:
        """One row for each point: its number, and the value of each key that varies."""
        return self.query("FROM points ORDER BY point")

    @cached_property
    def outcomes(self) -> pd.DataFrame:
        """One row for each run: the values of its point, and its outcomes; the whole table is read into memory."""
        return self.query("FROM runs ORDER BY run")

    @property
    def quarters(self) -> list[str]:
        """Labels of the quarters; the first is that of the opening."""
        return [later(self.design["opening"], step) for step in range(self.design["quarters"] + 1)]

    def sample(self, outcomes: Sequence[str]) -> Sample:
        """Return the points with the named outcomes, for analysis.

        Raises:
            RunError: if only the seed varies, if no run is finished, or if a table cannot be read.
            ScenarioError: if a name is not that of an outcome.
        """
        for name in outcomes:
            if name not in BY_NAME:
                raise ScenarioError(f"no such outcome{suggestion(name, BY_NAME)}", "outcome", name)
        if not self.design["vary"]:
            raise RunError(f"{self.path}: nothing was varied but the seed, so there are no levers to analyse")
        if not self.done:
            raise RunError(f"{self.path}: no run is finished yet")
        columns = ", ".join(quoted(name) for name in ("point", "replicate", "problem", *outcomes))
        runs = self.query(f"SELECT {columns} FROM outcomes ORDER BY point, replicate")
        shape = (len(self.points), int(self.design["replicates"]))
        places = (runs["point"].to_numpy(), runs["replicate"].to_numpy())
        done = np.zeros(shape, dtype=bool)
        done[places] = True
        problems = {int(point): NOT_RUN for point in np.flatnonzero(~done.all(axis=1))}
        failed = runs[runs["problem"].notna()].drop_duplicates("point")
        problems |= {int(point): str(why) for point, why in zip(failed["point"], failed["problem"], strict=True)}
        values = {}
        for name in outcomes:
            values[name] = np.full(shape, np.nan)
            values[name][places] = runs[name].to_numpy(dtype=float)
            values[name][list(problems)] = np.nan
        levers = levers_of(self.design)
        return Sample(self.path, self.design, levers, self.points, values, dict(sorted(problems.items())))

    def files(self, table: str) -> list[Path]:
        """Return the files of a table: one for each finished chunk, or a single one once the sweep is compacted."""
        whole = chunk_files.compacted(self.path, (table,))
        if whole:
            return [whole[table].path]
        place = self.tables.index(table)
        return [files[place].path for files in chunk_files.finished(self.path, self.tables).values()]

    def query(self, sql: str) -> pd.DataFrame:
        """Answer a query in SQL (the dialect of DuckDB) over the finished chunks.

        The query can use the views `points`, `outcomes` (one row for each run), `runs` (outcomes with the values of
        their points), `problems` (runs without numbers), and `series` and `flows` if the sweep writes these tables.
        The query reads no other file and writes none.

        Args:
            sql: a query such as "select terminal_rate, avg(interest_usd_bn) from runs group by all".

        Raises:
            RunError: if no chunk is finished, or the query is wrong or not allowed.
        """
        import duckdb

        with duckdb.connect(config={"temp_directory": "", "python_enable_replacements": False}) as db:
            with reported(f"{self.path}: cannot read the tables"):
                db.execute("SET allowed_directories = [?]", [f"{self.path.absolute()}/"])
                for view, text in self._views().items():
                    db.execute(f"CREATE VIEW {view} AS {text}")
                db.execute("SET enable_external_access = false")
                db.execute("SET lock_configuration = true")
            with reported("query"):
                kinds = {statement.type.name for statement in db.extract_statements(sql)}
                if not kinds <= ALLOWED:
                    raise RunError(f"query: expected a SELECT statement, not {', '.join(sorted(kinds))}")
                db.execute(sql)
                return db.df()

    def _views(self) -> dict[str, str]:
        points = str((self.path / parquet_name(POINTS)).absolute())
        views = {"points": f"FROM read_parquet('{literal(points)}')"}
        for table in self.tables:
            if files := self.files(table):
                views[table] = read(files)
        if "outcomes" in views:
            views["runs"] = "SELECT o.*, p.* EXCLUDE (point) FROM outcomes o JOIN points p USING (point)"
            views["problems"] = (
                "SELECT o.run, o.problem, o.replicate, o.seed, p.* "
                "FROM outcomes o JOIN points p USING (point) WHERE problem IS NOT NULL"
            )
        return views


def read(files: list[Path]) -> str:
    """Return SQL that reads the files of one table in the given order; wildcard characters in paths are escaped."""
    paths = ", ".join(f"'{literal(glob.escape(str(path.absolute())))}'" for path in files)
    return f"FROM read_parquet([{paths}])"


def finish(plan: Plan, folder: Path) -> Sweep:
    """Write the manifest if every chunk is finished, and return the sweep.

    Two sweeps with the same plan have the same manifest, so two shards may safely write it at once.

    Raises:
        RunError: if a table cannot be read.
        StorageError: if the manifest cannot be written.
    """
    sweep = Sweep.open(folder)
    if sweep.done < plan.chunks:
        return sweep
    sql = "SELECT count(*) AS runs, count(problem) AS problems, max(largest_residual) AS residual FROM outcomes"
    sums = sweep.query(sql).iloc[0]
    installed = [name for name in LIBRARIES if find_spec("sim" if name == "capflow" else name) is not None]
    manifest = {
        "schema": SCHEMA,
        "plan_hash": plan.hash,
        "name": plan.name,
        "runs": int(sums["runs"]),
        "problems": int(sums["problems"]),
        "largest_residual": sums["residual"],
        "versions": versions_of(installed),
        "files": {table: [path.name for path in sweep.files(table)] for table in plan.tables},
    }
    path, text = folder / MANIFEST, json_text(manifest, indent=2) + "\n"
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        chunk_files.write_text(path, text)
    return sweep


def _read_object(path: Path) -> dict[str, Any]:
    """Read a JSON file, and refuse it unless it holds an object."""
    content = read_json(path)
    if not isinstance(content, dict):
        raise RunError(f"{path}: does not hold a JSON object")
    return content
