"""The report of a sweep: one HTML file in its folder that needs nothing beside it."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from sim.engine.outcomes import INTEREST_GPUS, OUTCOMES
from sim.errors import RunError
from sim.experiments.sensitivity.analysis import findings
from sim.experiments.sensitivity.folder import READING
from sim.experiments.sensitivity.sections import draw, sections
from sim.experiments.sweep import chunk_files, first_failures
from sim.experiments.sweep.axes import Varied, levers_of
from sim.experiments.sweep.folder import Sweep
from sim.experiments.sweep.methods import METHODS
from sim.experiments.sweep.sample import read
from sim.experiments.sweep.summary import summaries
from sim.report.figures import fans
from sim.report.figures.style import DPI
from sim.report.html import REPORT, picture, table, write_parts
from sim.report.numbers import labelled, plain
from sim.report.numbers import number as told_number
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
ALONE = "seeds"
"""The method without levers: histories differ in their seeds alone."""


def write_sweep_report(folder: Path | str) -> Path:
    """Write `report.html` and `figures/` of a sweep that is complete, in place of earlier ones.

    Args:
        folder: of the sweep.

    Returns:
        The report.

    Raises:
        RunError: if it is no sweep folder, is not finished, or cannot be written.
    """
    sweep = Sweep.open(folder)
    if not sweep.complete:
        raise RunError(f"{folder}: not finished: {sweep.done} of {sweep.design['chunks']} chunks are there")
    with reported(f"{folder}: cannot write the report"), _aside(sweep.path) as drawn:
        made = write_parts(drawn / REPORT, str(sweep.design["title"]), _body(sweep, drawn))
        pictures = sweep.path / FIGURES
        pictures.mkdir(exist_ok=True)
        for path in sorted(drawn.glob("*.png")):
            os.replace(path, pictures / path.name)
        report = sweep.path / REPORT
        os.replace(made, report)
    return report


@contextmanager
def _aside(folder: Path) -> Iterator[Path]:
    """A folder to draw in: whoever looks meanwhile sees the old report, and nothing half written is left."""
    path = folder / f".report.{chunk_files.writer()}.partial"
    try:
        path.mkdir()
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _body(sweep: Sweep, pictures: Path) -> Iterable[str]:
    design, levers = sweep.design, levers_of(sweep.design)
    yield (
        f"<p class='note'>capflow: sweep {escape(sweep.path.name)}, scenario {escape(str(design['scenario']))}, "
        f"{design['quarters']} quarters from {escape(str(design['opening']))}</p>"
    )
    yield f"<h1>{escape(str(design['title']))}</h1>"
    if design["about"]:
        yield f"<p class='lead'>{escape(str(design['about']))}</p>"
    if design["method"] == ALONE:
        yield from _ensemble(sweep, pictures)
    else:
        yield from _what_was_run(sweep, levers)
        yield from _problems(sweep)
        yield "<h2>Outcomes over all runs</h2>"
        yield (
            "<p>Over points and seeds together: how far outcomes go when the levers above are not known. No mean "
            "is given of an outcome that has no limit in some run.</p>"
        )
        yield _outcomes(sweep)
        yield from _dependence(sweep, pictures)
        yield from _fans(sweep, pictures)
        yield from _failures(sweep, pictures)
    yield from _again(sweep)


def _ensemble(sweep: Sweep, pictures: Path) -> Iterable[str]:
    """What replaces points and levers where nothing but the seed differs."""
    design = sweep.design
    yield "<h2>What was run</h2>"
    yield (
        f"<p>{_histories(design['runs']).capitalize()} of one scenario ({_seeds(design)}). All assumptions are "
        "the same in all of them: what differs is chance alone. How far the assumptions may be off is a question "
        "for a sweep.</p>"
    )
    yield _fixed(design)
    yield from _problems(sweep)
    yield from _fans(sweep, pictures)
    yield from _failures(sweep, pictures)
    yield "<h2>Outcomes over the seeds</h2>"
    yield "<p>No mean is given of an outcome that has no limit in some history.</p>"
    yield _outcomes(sweep)


def _what_was_run(sweep: Sweep, levers: tuple[Varied, ...]) -> Iterable[str]:
    design = sweep.design
    yield "<h2>What was varied</h2>"
    yield (
        f"<p>{design['points']:,} points, {METHODS[design['method']].points}; at each "
        f"{_histories(design['replicates'])} "
        f"({_seeds(design)}, the same at every point): {design['runs']:,} runs in all.</p>"
    )
    rows = [
        f"<tr><td><code>{escape(lever.name)}</code></td><td><code>{escape(lever.key)}</code></td>"
        f"<td>{escape(_values(design, lever))}</td><td>{escape(lever.unit)}</td></tr>"
        for lever in levers
    ]
    yield table(("Lever", "Key", "Values", "Unit"), rows)
    yield _fixed(design)


def _seeds(design: dict[str, Any]) -> str:
    last = int(design["seed"]) + int(design["replicates"]) - 1
    return f"seeds {design['seed']} to {last}" if design["replicates"] > 1 else f"seed {design['seed']}"


def _set(design: dict[str, Any]) -> dict[str, Any]:
    """What is set in all histories, seed and quarters left aside: they are told by themselves."""
    return {key: value for key, value in design["set"].items() if key not in ("run.seed", "run.quarters")}


def _fixed(design: dict[str, Any]) -> str:
    """What holds in all histories and is not as in the scenario's file."""
    fixed = ", ".join(f"{key} = {value}" for key, value in _set(design).items())
    return f"<p class='note'>The same in all histories: {escape(fixed)}.</p>" if fixed else ""


def _histories(count: int) -> str:
    return "one history" if count == 1 else f"{count:,} histories"


def _values(design: dict[str, Any], lever: Varied) -> str:
    if lever.words:
        return ", ".join(lever.words)
    axis = next(axis for axis in design["vary"] if axis["name"] == lever.name)
    if axis["values"]:
        return ", ".join(plain(float(f"{value:.4g}")) for value in axis["values"])
    even = ", evenly by its logarithm" if lever.log else ""
    return f"{plain(lever.low)} to {plain(lever.high)}{even}"


def _problems(sweep: Sweep) -> Iterable[str]:
    asked = "SELECT count(problem) AS problems, max(largest_residual) AS residual FROM outcomes"
    found = sweep.query(asked).iloc[0]
    books = f"The books balance in every run: the largest relative residual is {found['residual']:.1e}."
    count = int(found["problems"])
    if not count:
        yield f"<p>{books} No run had a problem.</p>"
        return
    yield f"<h2>Runs without numbers</h2>\n<p>{count:,} of {sweep.design['runs']:,} runs. {books}</p>"
    reasons = sweep.query(
        "SELECT problem, count(*) AS runs, min(run) AS first FROM outcomes WHERE problem IS NOT NULL "
        f"GROUP BY problem ORDER BY runs DESC, first LIMIT {MOST_PROBLEMS}"
    )
    rows = [
        f"<tr><td>{escape(str(row.problem))}</td><td class='number'>{row.runs:,}</td>"
        f"<td class='number'>{row.first}</td></tr>"
        for row in reasons.itertuples()
    ]
    yield table(("Reason", "Runs", "First run"), rows, numbers=(1, 2))


def _outcomes(sweep: Sweep) -> str:
    """Mean, spread and quantiles of every outcome."""
    rows = []
    shown = [outcome for outcome in OUTCOMES if outcome.name != INTEREST_GPUS]
    found = summaries(sweep, [outcome.name for outcome in shown])
    for outcome in shown:
        numbers = found[outcome.name].to_dict().values()
        cells = "".join(f"<td class='number'>{number_or_none(value, outcome.unit)}</td>" for value in numbers)
        rows.append(f"<tr><td>{escape(labelled(outcome))}</td>{cells}</tr>")
    heads = ("Outcome", "Mean", "Standard deviation", "5 percent", "Median", "95 percent")
    return table(heads, rows, numbers=range(1, 6))


def number_or_none(value: float, unit: str) -> str:
    """A number in a cell of a table; nothing where there is none."""
    if math.isnan(value):
        return ""
    return told_number(value, unit) if math.isfinite(value) else "without limit"


def _dependence(sweep: Sweep, pictures: Path) -> Iterable[str]:
    """What outcomes depend on, with the figures that fit the design."""
    method = str(sweep.design["method"])
    yield f"<h2>What outcomes depend on: {escape(METHODS[method].analysis)}</h2>"
    try:
        found = findings(read(sweep.path, DRAWN))
    except RunError as error:
        yield f"<p>{escape(str(error).partition(': ')[2] or str(error))}.</p>"
        return
    yield from sections(found, draw(found, pictures))
    yield READING


def _fans(sweep: Sweep, pictures: Path) -> Iterable[str]:
    if "series" not in sweep.kept or not sweep.query("SELECT 1 FROM series LIMIT 1").size:
        return
    found = of_sweep(sweep)
    path = pictures / "fans.png"
    fans.draw(found).savefig(path, dpi=DPI, metadata={"Software": "capflow"})
    yield "<h2>How far histories spread</h2>"
    yield picture(
        path,
        "Fans",
        f"Where histories lie in each quarter: nine in ten in the light band, half of them in the dark one. The "
        f"fan is over {found.over}.",
    )


def of_sweep(sweep: Sweep) -> fans.Fans:
    """Fans over the runs of a sweep that kept its series.

    Args:
        sweep: with series.
    """
    columns = ", ".join(
        f"quantile_cont({quoted(measure.name)}, {list(fans.LEVELS)}) AS {quoted(measure.name)}"
        for measure in fans.MEASURES
    )
    found = sweep.query(
        f"SELECT quarter::VARCHAR AS quarter, count(*) AS runs, {columns} FROM series "
        "GROUP BY ALL ORDER BY quarter"
    )
    return fans.Fans(
        tuple(found["quarter"]),
        {measure.name: np.array(found[measure.name].tolist()) for measure in fans.MEASURES},
        int(found["runs"].iloc[0]),
        _over(sweep.design),
        f"Sweep {sweep.path.name}",
    )


def _over(design: dict[str, Any]) -> str:
    """What the histories of a sweep differ in."""
    if design["method"] == ALONE:
        return fans.SEEDS
    return fans.POINTS_AND_SEEDS if design["replicates"] > 1 else fans.POINTS


def _failures(sweep: Sweep, pictures: Path) -> Iterable[str]:
    quarters = int(sweep.design["quarters"])
    counts = {}
    for kind, *_ in first_failures.KINDS:
        name = quoted(first_failures.OUTCOME.format(kind))
        found = sweep.query(
            f"SELECT {name}::INTEGER AS wait, count(*) AS runs FROM outcomes WHERE problem IS NULL GROUP BY ALL"
        )
        counts[kind] = np.zeros(quarters + 1, dtype=np.int64)
        counts[kind][found["wait"].to_numpy(dtype=int)] = found["runs"].to_numpy()
    if not any(count[:-1].any() for count in counts.values()):
        yield "<h2>When the first one failed</h2>"
        yield f"<p>No company and no coin failed within {quarters} quarters, in any run.</p>"
        return
    told = first_failures.FirstFailures(
        first_failures.labels(str(sweep.design["opening"]), quarters), counts, f"Sweep {sweep.path.name}"
    )
    path = pictures / "first_failures.png"
    first_failures.draw(told).savefig(path, dpi=DPI, metadata={"Software": "capflow"})
    yield "<h2>When the first one failed</h2>"
    yield picture(path, "First failures", "In which quarter the first failure of a history fell, and how often.")


def _again(sweep: Sweep) -> Iterable[str]:
    design, manifest = sweep.design, sweep.manifest
    where = escape(str(sweep.path))
    versions = ", ".join(f"{name} {version}" for name, version in manifest["versions"].items())
    alone = design["method"] == ALONE
    command = _command(design) if alone else f"capflow sweep {design['name']}"
    what = "the scenario" if alone else "the design file"
    more = f"; <code>capflow sensitivity {where} --outcome gpus_bought</code> analyses other outcomes"
    ranges = "this scenario" if alone else "this scenario and these ranges, in which all values count alike"
    yield "<h2>To run it again, to ask more, to cite it</h2>"
    yield (
        f"<p><code>{escape(command)} --out {where}</code> with {what} and the versions below gives the same "
        "bytes, on however many workers.</p>"
        f'<p><code>capflow query --run {where} "SELECT * FROM runs LIMIT 10"</code> asks its tables'
        f"{'' if alone else more}.</p>"
        f"<dl><dt>Plan</dt><dd>{escape(str(design['plan_hash']))}</dd>"
        f"<dt>Manifest</dt><dd>{sweep.digest}</dd>"
        f"<dt>Scenario</dt><dd>{escape(str(design['scenario']))}, in scenario.json</dd>"
        f"<dt>Engine</dt><dd>{escape(str(design['engine']))}</dd>"
        f"<dt>Versions</dt><dd>{escape(versions)}</dd></dl>"
        "<h2>What this cannot say</h2>"
        f"<p>It holds for this model and {ranges}; it is no forecast, and frequencies of failures are not their "
        "probabilities. Outcomes are sums and ends of whole histories; single quarters need the series.</p>"
    )


def _command(design: dict[str, Any]) -> str:
    """The call that runs an ensemble."""
    parts = [f"capflow run {design['scenario']} --runs {design['runs']} --seed {design['seed']}"]
    parts.append(f"--quarters {design['quarters']} --engine {design['engine']}")
    return " ".join([*parts, *(f"--set {key}={value}" for key, value in _set(design).items())])
