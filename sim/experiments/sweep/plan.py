"""The plan of a sweep: its points, its runs and their division into chunks, fixed before the first run."""

from __future__ import annotations

import glob
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from sim.engine.batch import Start, behaviour
from sim.engine.decisions import Behaviour
from sim.engine.ensemble import LAST_SEED, chosen_engine
from sim.errors import RunError, ScenarioError
from sim.experiments.sweep import settings as designs
from sim.experiments.sweep.axes import Axis, levers_of, point_at, resolve_axes, set_keys
from sim.experiments.sweep.methods import METHODS, Sampled
from sim.experiments.sweep.point_check import refuse_wrong_points
from sim.experiments.sweep.variants import Problem, Variants
from sim.opening.open_economy import observed
from sim.runs.folders import fit_name, json_text
from sim.runs.kinds import DESIGN
from sim.runs.run import parquet_name, read_json, reported
from sim.runs.tables import write_table
from sim.scenario import levers, quarters
from sim.scenario.load import changed, flat, load, named_file
from sim.scenario.schema import Scenario

SCENARIO, POINTS = "scenario.json", "points"
SCHEMA = 1
TEXTS = ("name", "title", "about", "plan_hash")
"""Keys of a plan that decide no number."""


class Plan:
    """Every point of a sweep, its runs and its chunks; made from a design file, or read from a folder.

    Attributes:
        design: the content of design.json.
        scenario: the scenario, with the changes that apply at all points.
        axes: the keys that vary.
        columns: for each axis its numbers, or the places of its words, `(point,)`.
        name: the name of the sweep, and of its folder unless another one is given.
        hash: digest of everything that decides the numbers, points included.
        points, runs, chunks: their numbers.
        replicates: histories at each point.
        chunk: runs in one chunk; the last may have fewer.
        tables: the tables that are written.
        engine: the engine that steps the histories: jax or numpy.
    """

    def __init__(
        self, design: dict[str, Any], scenario: Scenario, axes: tuple[Axis, ...], columns: list[NDArray[Any]]
    ) -> None:
        self.design = design
        self.scenario = scenario
        self.axes = axes
        self.columns = columns
        self.name: str = design["name"]
        self.hash: str = design["plan_hash"]
        self.points: int = design["points"]
        self.replicates: int = design["replicates"]
        self.runs: int = design["runs"]
        self.chunk: int = design["chunk"]
        self.chunks: int = design["chunks"]
        self.tables: tuple[str, ...] = tuple(design["keep"])
        self.engine: Any = design["engine"]

    @staticmethod
    def make(
        source: str | Path | Mapping[str, Any] | designs.Design,
        changes: Mapping[str, Any] | None = None,
        name: str | None = None,
    ) -> Plan:
        """Plan a sweep.

        Args:
            source: a design file, the name of one that ships, or the content of one.
            changes: lever names or dotted keys, and the values they take at all points.
            name: the name of the sweep; if left out, that of the design file, or else one made from the title.

        Raises:
            ScenarioError: if anything in the file, or any point, is wrong.
        """
        design, where, name = _design(source, name)
        scenario, fixed = _base(design, where, changes or {})
        axes = resolve_axes(design, scenario, fixed, where)
        seed = scenario.run.seed
        method = METHODS[design.method]
        points = method.count(design, axes)
        if points > designs.MOST_POINTS:
            raise ScenarioError("too many to plan", "points", points, f"at most {designs.MOST_POINTS}", where)
        columns = method.sample(design, axes)
        if seed + design.replicates - 1 > LAST_SEED:
            problem = f"too many: counted from seed {seed}, the last seed would be above {LAST_SEED}"
            raise ScenarioError(problem, "replicates", design.replicates, where=where)
        runs = points * design.replicates
        engine = chosen_engine(design.engine, runs)
        chunk = design.runs_in_chunk(runs, engine)
        settings = {
            "schema": SCHEMA,
            "name": name,
            **design.model_dump(include={"title", "about", "method", "samples", "replicates"}),
            "scenario": scenario.name,
            "second_order": design.second_order if design.method == "sobol" else None,
            "levels": design.levels if design.method == "morris" else None,
            "design_seed": design.design_seed if isinstance(method, Sampled) else None,
            "seed": seed,
            "quarters": scenario.run.quarters,
            "opening": scenario.run.opening,
            "keep": list(design.tables),
            "engine": engine,
            "points": points,
            "runs": runs,
            "chunk": chunk,
            "chunks": -(-runs // chunk),
            "set": dict(fixed),
            "vary": [asdict(axis) for axis in axes],
            "problem": method.problem(axes) if isinstance(method, Sampled) else None,
            "data": _data_digest(scenario),
        }
        settings["plan_hash"] = _hash(settings, scenario, columns)
        plan = Plan(json.loads(json_text(settings)), scenario, axes, columns)
        refuse_wrong_points(plan.variants, plan.columns, where)
        return plan

    def write(self, folder: Path) -> None:
        """Write design.json, scenario.json and points.parquet into a folder that exists.

        Raises:
            RunError: if the files cannot be written.
        """
        with reported(f"cannot write the plan to {folder}"):
            (folder / DESIGN).write_text(json_text(self.design, indent=2) + "\n", encoding="utf8")
            dumped = self.scenario.model_dump(mode="json")
            (folder / SCENARIO).write_text(json.dumps(dumped, indent=2) + "\n", encoding="utf8")
            table: dict[str, NDArray[Any]] = {"point": np.arange(self.points, dtype=np.int64)}
            for axis, column in zip(self.axes, self.columns, strict=True):
                table[axis.name] = np.array(axis.words, dtype=object)[column] if axis.words else column
            write_table(folder / parquet_name(POINTS), table)

    @staticmethod
    def read(folder: str | Path) -> Plan:
        """Read the plan of a sweep folder.

        Raises:
            RunError: if a file is missing or damaged, or was edited after planning.
        """
        folder = Path(folder)
        design = read_json(folder / DESIGN)
        if not isinstance(design, dict) or design.get("schema") != SCHEMA:
            raise RunError(f"{folder / DESIGN}: not the plan of a sweep (schema {SCHEMA})")
        try:
            scenario = Scenario.model_validate(read_json(folder / SCENARIO))
            axes = levers_of(design)
            columns = _read_points(folder / parquet_name(POINTS), axes)
            digest = _hash(design, scenario, columns)
        except (ValidationError, KeyError, TypeError, IndexError) as error:
            raise RunError(f"{folder}: the plan is damaged: {str(error).splitlines()[0]}") from None
        if digest != design.get("plan_hash"):
            raise RunError(f"{folder}: the plan was edited: its content does not match its plan_hash")
        if _data_digest(scenario) != design["data"]:
            raise RunError(f"{folder}: planned with other data than those in configs/data")
        return Plan(design, scenario, axes, columns)

    @property
    def labels(self) -> list[str]:
        """Labels of the quarters, the opening first."""
        return [quarters.later(self.design["opening"], step) for step in range(self.design["quarters"] + 1)]

    @cached_property
    def variants(self) -> Variants:
        """The builder of the starts of histories at each point."""
        return Variants(self.scenario, self.axes)

    def point(self, number: int) -> tuple[float | str, ...]:
        """Return the values of one point, in the order of the axes."""
        return point_at(self.axes, self.columns, number)

    def rows(self, chunk: int) -> dict[str, NDArray[np.int64]]:
        """Return run, point, replicate and seed of the runs of one chunk, `(run,)` each.

        Raises:
            IndexError: if there is no such chunk.
        """
        if not 0 <= chunk < self.chunks:
            raise IndexError(f"no chunk {chunk}: the sweep has {self.chunks}")
        run = np.arange(chunk * self.chunk, min((chunk + 1) * self.chunk, self.runs), dtype=np.int64)
        replicate = run % self.replicates
        seed = replicate + np.int64(self.design["seed"])
        return {"run": run, "point": run // self.replicates, "replicate": replicate, "seed": seed}

    def starts(self, chunk: int) -> Iterator[Start | Problem]:
        """Return the starts of a chunk's runs, in order; a problem in place of a start that cannot be built."""
        rows = self.rows(chunk)
        for run, point, seed in zip(rows["run"], rows["point"], rows["seed"], strict=True):
            try:
                yield self.variants.start(self.point(int(point)), int(seed))
            except (ScenarioError, ArithmeticError) as error:
                yield Problem(int(run), " ".join(str(error).split()))

    def behaviour(self) -> Behaviour:
        """Return the decision rules in force at all points."""
        return behaviour(self.scenario)


def _design(
    source: str | Path | Mapping[str, Any] | designs.Design, name: str | None
) -> tuple[designs.Design, str, str]:
    """Return the design, its name in messages, and the name of the sweep."""
    if isinstance(source, str | Path):
        file = named_file("sweep", source, designs.names())
        return designs.read(file), file.name, name or file.stem
    where = name or "design"
    design = source if isinstance(source, designs.Design) else designs.parsed(source, where)
    return design, where, name or fit_name(design.title.lower(), "sweep")


def _base(design: designs.Design, where: str, changes: Mapping[str, Any]) -> tuple[Scenario, dict[str, Any]]:
    """Return the scenario with the changes that apply at all points, and those changes by dotted key."""
    try:
        scenario = load(design.scenario)
    except ScenarioError as error:
        raise error.inside(f"{where}: scenario") from None
    fixed = set_keys(scenario, design.set, where) | levers.keys(changes)
    for key, value in (("run.seed", design.seed), ("run.quarters", design.quarters)):
        if value is not None:
            if key in fixed:
                problem = f"is given twice; leave {key.removeprefix('run.')} to the file"
                raise ScenarioError(problem, key, fixed[key], where=where)
            fixed[key] = value
    try:
        return changed(scenario, fixed) if fixed else scenario, fixed
    except ScenarioError as error:
        raise error.inside(where, "set.") from None


def _data_digest(scenario: Scenario) -> str:
    """Digest of the observed paths, in the quarters in which histories follow them."""
    data = observed(scenario, scenario.run.quarters)
    paths = [np.ascontiguousarray(data.known * path).tobytes() for path in vars(data).values()]
    return hashlib.sha256(b"".join(paths)).hexdigest()


def _hash(settings: Mapping[str, Any], scenario: Scenario, columns: list[NDArray[Any]]) -> str:
    """Digest of everything that decides the numbers and their division into files."""
    content = {
        "settings": {key: value for key, value in settings.items() if key not in TEXTS},
        "scenario": flat(scenario.model_dump(mode="json")),
    }
    digest = hashlib.sha256(json_text(content, sort_keys=True).encode())
    for column in columns:
        digest.update(np.ascontiguousarray(column).astype(column.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()


def _read_points(path: Path, axes: tuple[Axis, ...]) -> list[NDArray[Any]]:
    """Read the columns of the plan: numbers, and the places of words."""
    import duckdb
    import pandas as pd

    with reported(f"{path.parent}: cannot read {path.name}"), duckdb.connect(config={"threads": 1}) as db:
        table = db.execute("FROM read_parquet(?)", [glob.escape(str(path))]).df()
    return [
        pd.Categorical(table[axis.name], axis.words).codes.astype(np.int32)
        if axis.words
        else table[axis.name].to_numpy()
        for axis in axes
    ]
