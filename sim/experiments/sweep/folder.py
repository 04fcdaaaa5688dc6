"""Read access to the folder of a sweep, finished or not; and its manifest."""

from __future__ import annotations

import glob
import hashlib
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import RunError
from sim.experiments.sweep import chunk_files
from sim.experiments.sweep.plan import POINTS, Plan
from sim.report.html import REPORT
from sim.runs.folders import json_text
from sim.runs.kinds import DESIGN, MANIFEST
from sim.runs.metadata import versions_of
from sim.runs.run import literal, parquet_name, read_json, reported

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 1
LIBRARIES = ("capflow", "numpy", "jax", "jaxlib", "duckdb", "SALib")
VIEWS = ("points", "outcomes", "runs", "series", "flows", "problems")
ALLOWED = ("SELECT", "EXPLAIN", "MULTI")
"""Kinds of statements that a query may be; MULTI is PIVOT."""


class Sweep:
    """A sweep folder. Tables stay on disk; queries read what they need of them.

    Attributes:
        path: the folder.
        design: the plan in full, from design.json.
    """

    def __init__(self, path: Path, design: dict[str, Any]) -> None:
        self.path = path
        self.design = design

    @staticmethod
    def open(path: Path | str) -> Sweep:
        """Open a sweep folder, finished or not.

        Raises:
            RunError: if it is none.
        """
        path = Path(path)
        if not (path / DESIGN).is_file():
            raise RunError(f"{path}: not a sweep folder: no {DESIGN}")
        design = _read_object(path / DESIGN)
        lacking = [key for key in ("name", "title", "runs", "chunks", "keep", "plan_hash") if key not in design]
        if lacking:
            raise RunError(f"{path / DESIGN}: missing {', '.join(lacking)}")
        return Sweep(path, design)

    @property
    def kept(self) -> tuple[str, ...]:
        """Tables that are kept of every run."""
        return tuple(self.design["keep"])

    @property
    def complete(self) -> bool:
        """Whether every run is there."""
        return (self.path / MANIFEST).is_file() and self.done == self.design["chunks"]

    @property
    def done(self) -> int:
        """How many chunks are there."""
        if set(chunk_files.compacted(self.path, self.kept)) == set(self.kept):
            return int(self.design["chunks"])
        return len(chunk_files.finished(self.path, self.kept))

    @property
    def manifest(self) -> dict[str, Any]:
        """The metadata of the finished sweep.

        Raises:
            RunError: if it is not finished.
        """
        if not (self.path / MANIFEST).is_file():
            raise RunError(f"{self.path}: no {MANIFEST}: {self.done} of {self.design['chunks']} chunks are there")
        return _read_object(self.path / MANIFEST)

    @property
    def digest(self) -> str:
        """The digest of the manifest, which names every file of the sweep by its content.

        Raises:
            RunError: if the sweep is not finished.
        """
        with reported(f"{self.path}: cannot read {MANIFEST}"):
            return hashlib.sha256((self.path / MANIFEST).read_bytes()).hexdigest()

    @property
    def report(self) -> Path | None:
        """The report, if there is one and it tells of the data that are there."""
        path = self.path / REPORT
        if not self.complete or not path.is_file():
            return None
        with reported(f"{self.path}: cannot read {REPORT}"):
            return path if self.digest in path.read_text(encoding="utf-8", errors="replace") else None

    def summary(self) -> dict[str, Any]:
        """Return the state as plain data for JSON: folder and progress, sums and report once it is complete."""
        told = {
            "sweep_dir": str(self.path.absolute()),
            **{key: self.design[key] for key in ("name", "title", "method", "points", "runs", "chunks")},
            "done": self.done,
            "complete": self.complete,
        }
        if self.complete:
            told |= {key: self.manifest[key] for key in ("problems", "largest_residual")}
        told["report"] = str(self.report.absolute()) if self.report else None
        return told

    @cached_property
    def points(self) -> pd.DataFrame:
        """One row a point: its number, and the value of each key that varies."""
        return self.query("FROM points ORDER BY point")

    @cached_property
    def outcomes(self) -> pd.DataFrame:
        """One row a run: its point's values, and its outcomes; all in memory."""
        return self.query("FROM runs ORDER BY run")

    def files(self, table: str) -> list[Path]:
        """Return the files that hold a table: one for each finished chunk, or one for all once compacted."""
        whole = chunk_files.compacted(self.path, (table,))
        if whole:
            return [whole[table].path]
        at = self.kept.index(table)
        return [files[at].path for files in chunk_files.finished(self.path, self.kept).values()]

    def query(self, sql: str) -> pd.DataFrame:
        """Ask the sweep a question in SQL (DuckDB), over the chunks that are there.

        The views are `points`, `outcomes` (one row a run), `runs` (outcomes with the values of their points),
        `problems` (runs without numbers), and `series` and `flows` where they are kept. The query reads no other
        file and writes none.

        Args:
            sql: the query, such as "select terminal_rate, avg(interest_usd_bn) from runs group by all".

        Returns:
            The answer.

        Raises:
            RunError: if there is nothing yet, or the query is wrong or not allowed.
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
                if not kinds <= set(ALLOWED):
                    raise RunError(f"query: only questions are answered (SELECT), not {', '.join(sorted(kinds))}")
                db.execute(sql)
                return db.df()

    def _views(self) -> dict[str, str]:
        points = str((self.path / parquet_name(POINTS)).absolute())
        views = {"points": f"FROM read_parquet('{literal(points)}')"}
        for table in self.kept:
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
    """Return SQL that reads files of one table in their order; in their paths DuckDB sees no pattern."""
    listed = ", ".join(f"'{literal(glob.escape(str(path.absolute())))}'" for path in files)
    return f"FROM read_parquet([{listed}])"


def finish(plan: Plan, folder: Path) -> Sweep:
    """Write the manifest if every chunk is there.

    Two shards may do so at once: they write the same.

    Returns:
        The sweep.

    Raises:
        RunError: if a table cannot be read.
        StorageError: if the disk refuses.
    """
    found = Sweep.open(folder)
    if found.done == plan.chunks:
        text = json_text(explained(found, plan), indent=2) + "\n"
        path = folder / MANIFEST
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            chunk_files.write_text(path, text)
    return found


def explained(found: Sweep, plan: Plan) -> dict[str, Any]:
    """Return the manifest; nothing in it differs between two sweeps with the same plan."""
    asked = "SELECT count(*) AS runs, count(problem) AS problems, max(largest_residual) AS residual FROM outcomes"
    sums = found.query(asked).iloc[0]
    installed = [name for name in LIBRARIES if find_spec("sim" if name == "capflow" else name) is not None]
    return {
        "schema": SCHEMA,
        "plan_hash": plan.hash,
        "name": plan.name,
        "runs": int(sums["runs"]),
        "problems": int(sums["problems"]),
        "largest_residual": sums["residual"],
        "versions": versions_of(installed),
        "files": {table: [path.name for path in found.files(table)] for table in plan.keep},
    }


def _read_object(path: Path) -> dict[str, Any]:
    """Return a JSON file that holds an object.

    Raises:
        RunError: if it cannot be read, or holds something else.
    """
    content = read_json(path)
    if not isinstance(content, dict):
        raise RunError(f"{path}: not a JSON object")
    return content
