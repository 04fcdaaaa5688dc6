"""Writes the report of a sweep or an ensemble: one HTML file in its folder, with its figures embedded."""

import math
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sim.engine.outcomes import INTEREST_GPUS, OUTCOMES
from sim.errors import RunError
from sim.experiments.sensitivity.analysis import findings
from sim.experiments.sensitivity.folder import drawn_figures, page_values
from sim.experiments.sweep import chunk_files, first_failures
from sim.experiments.sweep.axes import Axis, levers_of
from sim.experiments.sweep.folder import Sweep
from sim.experiments.sweep.methods import METHODS
from sim.experiments.sweep.summary import summaries
from sim.report.figures import fans
from sim.report.figures.style import save, save_figures
from sim.report.html import REPORT, write_page
from sim.report.numbers import labelled, number, plain
from sim.runs.kinds import SEEDS
from sim.runs.run import quoted, reported

DRAWN = (
    "gpu_capex_usd_bn",
    "interest_funded_gpu_usd_bn",
    "redeployed_usd_bn",
    "failures",
    "quarters_before_first_company_failure",
)
"""Outcomes whose dependence on the levers is drawn."""
MOST_PROBLEMS = 20
FIGURES = "figures"


def write_sweep_report(folder: Path | str) -> Path:
    """Write `report.html` and `figures/` of a sweep that is complete, in place of earlier ones.

    Returns:
        The report.

    Raises:
        RunError: if it is not a sweep folder, is not finished, or cannot be written.
    """
    sweep = Sweep.open(folder)
    if not sweep.complete:
        raise RunError(f"{folder}: not finished: {sweep.done} of {sweep.design['chunks']} chunks are there")
    # Written in a folder of its own, so that readers see the old report meanwhile, and never half of one.
    drafts = sweep.path / f".report.{chunk_files.writer()}.partial"
    with reported(f"{folder}: cannot write the report"):
        try:
            drafts.mkdir()
            values = _values(sweep, drafts)
            page = write_page(drafts / REPORT, "experiments/sensitivity/sweep_report.html.j2", **values)
            pictures = sweep.path / FIGURES
            pictures.mkdir(exist_ok=True)
            for path in sorted(drafts.glob("*.png")):
                os.replace(path, pictures / path.name)
            os.replace(page, sweep.path / REPORT)
        finally:
            shutil.rmtree(drafts, ignore_errors=True)
    return sweep.path / REPORT


def _values(sweep: Sweep, pictures: Path) -> dict[str, Any]:
    """Return what the template shows; figures go to the folder `pictures`."""
    design, count = sweep.design, sweep.design["replicates"]
    alone = design["method"] == SEEDS
    # Seed and quarters are shown by themselves.
    fixed = {key: value for key, value in design["set"].items() if key not in ("run.seed", "run.quarters")}
    last = int(design["seed"]) + int(count) - 1
    shown = [outcome for outcome in OUTCOMES if outcome.name != INTEREST_GPUS]
    summary = summaries(sweep, [outcome.name for outcome in shown])
    return {
        "title": str(design["title"]),
        "name": sweep.path.name,
        "folder": str(sweep.path),
        "design": design,
        "alone": alone,
        "method": METHODS[design["method"]],
        "histories": "one history" if count == 1 else f"{count:,} histories",
        "seeds": f"seeds {design['seed']} to {last}" if count > 1 else f"seed {design['seed']}",
        "levers": [(lever.name, lever.key, _lever_values(lever), lever.unit) for lever in levers_of(design)],
        "fixed": ", ".join(f"{key} = {value}" for key, value in fixed.items()),
        "problems": _problems(sweep),
        "outcomes": [
            (
                labelled(outcome),
                *(number_or_none(value, outcome.unit) for value in summary[outcome.name].to_dict().values()),
            )
            for outcome in shown
        ],
        **({} if alone else _dependence(sweep, pictures)),
        "fan_picture": _fan_picture(sweep, pictures),
        "over": _over(design),
        "failure_picture": _failure_picture(sweep, pictures),
        "command": _command(design, fixed) if alone else f"capflow sweep {design['name']}",
        "origin": (
            ("Plan", design["plan_hash"]),
            ("Manifest", sweep.digest),
            ("Scenario", f"{design['scenario']}, in scenario.json"),
            ("Engine", design["engine"]),
            ("Versions", ", ".join(f"{name} {version}" for name, version in sweep.manifest["versions"].items())),
        ),
    }


def _lever_values(lever: Axis) -> str:
    """Return which values a lever takes, in words."""
    if lever.values:
        return ", ".join(v if isinstance(v, str) else plain(float(f"{v:.4g}")) for v in lever.values)
    even = ", evenly by its logarithm" if lever.log else ""
    return f"{plain(lever.low)} to {plain(lever.high)}{even}"


def _problems(sweep: Sweep) -> dict[str, Any]:
    """Return the number of runs with problems, the most frequent reasons, and the largest residual of all runs."""
    whole = sweep.query("SELECT count(problem) AS count, max(largest_residual) AS residual FROM outcomes").iloc[0]
    reasons = sweep.query(
        "SELECT problem, format('{:,}', count(*)) AS runs, min(run) AS first FROM outcomes "
        f"WHERE problem IS NOT NULL GROUP BY problem ORDER BY count(*) DESC, first LIMIT {MOST_PROBLEMS}"
    )
    return {
        "count": int(whole["count"]),
        "residual": whole["residual"],
        "reasons": list(reasons.itertuples(index=False, name=None)),
    }


def number_or_none(value: float, unit: str) -> str:
    """Return a number in a cell of a table; empty where there is none."""
    if math.isnan(value):
        return ""
    return number(value, unit) if math.isfinite(value) else "without limit"


def _dependence(sweep: Sweep, pictures: Path) -> dict[str, Any]:
    """Return what outcomes depend on, with the figures that fit the design, or why it cannot be analysed."""
    try:
        analysed = findings(sweep.sample(DRAWN))
    except RunError as error:
        return {"findings": None, "unusable": str(error).partition(": ")[2] or str(error)}
    return page_values(analysed, save_figures(pictures, drawn_figures(analysed)))


def _fan_picture(sweep: Sweep, pictures: Path) -> Path | None:
    """Draw the fans of a sweep that has its series."""
    if "series" not in sweep.tables or not sweep.query("SELECT 1 FROM series LIMIT 1").size:
        return None
    return save(fans.draw(of_sweep(sweep)), pictures / "fans.png")


def of_sweep(sweep: Sweep) -> fans.Fans:
    """Return fans over the runs of a sweep that has its series."""
    columns = ", ".join(
        f"quantile_cont({quoted(measure.name)}, {list(fans.LEVELS)}) AS {quoted(measure.name)}"
        for measure in fans.MEASURES
    )
    bands = sweep.query(
        f"SELECT quarter::VARCHAR AS quarter, count(*) AS runs, {columns} FROM series GROUP BY ALL ORDER BY quarter"
    )
    return fans.Fans(
        tuple(bands["quarter"]),
        {measure.name: np.array(bands[measure.name].tolist()) for measure in fans.MEASURES},
        int(bands["runs"].iloc[0]),
        _over(sweep.design),
        f"Sweep {sweep.path.name}",
    )


def _over(design: Mapping[str, Any]) -> str:
    """Return what the histories of a sweep differ in."""
    if design["method"] == SEEDS:
        return fans.SEEDS
    return fans.POINTS_AND_SEEDS if design["replicates"] > 1 else fans.POINTS


def _failure_picture(sweep: Sweep, pictures: Path) -> Path | None:
    """Draw when the first company, lab, provider or coin failed; None if none ever did."""
    counts = first_failures.counts_of(sweep)
    if not any(count[:-1].any() for count in counts.values()):
        return None
    figure = first_failures.draw(sweep.quarters, counts, f"Sweep {sweep.path.name}")
    return save(figure, pictures / "first_failures.png")


def _command(design: Mapping[str, Any], fixed: Mapping[str, Any]) -> str:
    """Return the command that runs an ensemble."""
    options = [f"--{name} {design[name]}" for name in ("runs", "seed", "quarters", "engine")]
    options += [f"--set {key}={value}" for key, value in fixed.items()]
    return " ".join(["capflow run", str(design["scenario"]), *options])
