"""Small sweep folders for tests: their points from the real designs, their outcomes from a function."""

import hashlib
import json

import duckdb
import numpy as np
import pandas as pd


def write(folder, method, points, outcomes, vary, replicates=1, seed=1, problems=None, **design):
    """Write a sweep folder.

    Args:
        folder: where; made.
        method: of the design.
        points: lever -> its values, one for each point.
        outcomes: outcome -> `(point, replicate)`.
        vary: what the design says of each lever, from `axis`.
        problems: (point, replicate) -> text.
        design: more of the design.
    """
    folder.mkdir(parents=True)
    count = len(next(iter(points.values())))
    told = {
        "schema": 1,
        "name": folder.name,
        "about": "Its outcomes are functions of its points.",
        "opening": "2024Q1",
        "set": {},
        "chunks": 2,
        "plan_hash": "made up",
        "title": "A made-up sweep",
        "scenario": "baseline",
        "method": method,
        "samples": design.pop("samples", count),
        "seed": seed,
        "design_seed": 1,
        "replicates": replicates,
        "quarters": 4,
        "keep": ["outcomes"],
        "engine": "numpy",
        "points": count,
        "runs": count * replicates,
        "vary": vary,
        "second_order": True if method == "sobol" else None,
        "levels": 4 if method == "morris" else None,
        **design,
    }
    (folder / "design.json").write_text(json.dumps(told))
    table = pd.DataFrame({"point": np.arange(count), **points})
    runs = pd.DataFrame({"run": np.arange(count * replicates)})
    runs["point"], runs["replicate"] = runs["run"] // replicates, runs["run"] % replicates
    runs["seed"] = seed + runs["replicate"]
    runs["problem"] = pd.Series([None] * len(runs), dtype=object)
    runs["largest_residual"] = 1e-15
    for (point, replicate), text in (problems or {}).items():
        runs.loc[point * replicates + replicate, "problem"] = text
    for name, values in outcomes.items():
        runs[name] = np.asarray(values, dtype=float).reshape(-1)
        runs.loc[runs["problem"].notna(), name] = np.nan
    with duckdb.connect() as db:
        save(db, table, folder / "points.parquet")
        (folder / "outcomes").mkdir()
        half = max(len(runs) // 2, 1)
        for chunk, part in enumerate((runs[:half], runs[half:])):
            path = folder / "outcomes" / "new.parquet"
            save(db, part.reset_index(drop=True), path)
            proof = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
            path.rename(path.with_name(f"{chunk:06d}-{proof}.parquet"))
    return folder


def save(db, table, path):
    db.register("given", table)
    db.execute(f"COPY given TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
    db.unregister("given")


def ishigami(x):
    """The Ishigami function with a = 7 and b = 0.1, `(point, 3)` -> `(point,)`."""
    return np.sin(x[:, 0]) + 7.0 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def axis(name, low=None, high=None, values=None, scale="linear", unit="1"):
    """A lever as the plan of a sweep writes it."""
    told = {"name": name, "key": f"made.{name}", "unit": unit, "range": [None, None], "values": values}
    return {**told, "low": low, "high": high, "scale": scale, "quantity": True}


def axes(names, low, high):
    return [axis(name, low, high) for name in names]
