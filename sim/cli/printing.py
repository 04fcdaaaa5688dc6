"""What each command prints: results of runs, comparisons, analyses and ensembles, lists, tables, progress bars."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sim.economy.books.checks import TOLERANCE
from sim.report import terminal
from sim.report.html import REPORT
from sim.report.numbers import labelled, money, percent
from sim.runs.kinds import KINDS

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from sim.engine.progress import Progress
    from sim.experiments.compare import Comparison
    from sim.experiments.ensemble import Ensemble
    from sim.experiments.sensitivity import Sensitivity
    from sim.runs.run import Run

MOST_ROWS = 200
MOST_EVENTS = 16
SHOWN_USD_BN = 0.0005
"""Uses of interest below this amount, USD bn (half a million dollars), are not shown."""
IMPORTANCE = (
    ("dated", "law", "run", "window", "reserve_loss", "issuer_failure"),
    ("failure", "workout"),
    (),
    ("round",),
)
"""Kinds of events by rank, if not all can be shown: the first are kept first; kinds not named have the third rank."""
LISTED = {
    "scenarios": ("name", "title", "about"),
    "levers": ("name", "default", "range", "meaning"),
    "runs": ("path", "scenario", "seed", "quarters", "created"),
    "sweeps": ("sweep_dir", "title", "method", "points", "runs", "state"),
}
"""What is listed -> the columns that its list shows."""
OTHER_RESULTS = ("path", "created", "state")
"""The columns that lists of comparisons, sensitivity analyses, backtests and calibrations show."""


def show_run(finished: Run) -> None:
    """Print the result of a run: the headline, where the interest went, what happened, where the report is."""
    from sim.analysis.attribution import direct_uses, final_uses

    manifest, quarters = finished.manifest, list(finished.series["quarter"])
    period = f"  {quarters[1]} to {quarters[-1]}, seed {manifest['seed']}"
    Console(highlight=False).print(Text.assemble((f"{manifest['title']}", "bold"), period))
    terminal.show(_headline(manifest["outcomes"]))
    for title, uses in (
        ("Where the interest went: first use", direct_uses(finished)),
        ("Where the interest went: in the end, at any remove", final_uses(finished)),
    ):
        shown = uses[uses["usd_bn"].abs() >= SHOWN_USD_BN]
        rows = [(row.label, f"{row.usd_bn:,.3f}", f"{100 * row.share:.1f}") for row in shown.itertuples()]
        terminal.show_table(title, ("use", "USD bn", "percent"), rows)
    _show_events(finished.events)
    worst = max(manifest["checks"].values())
    terminal.show(
        f"Books: {len(manifest['checks'])} identities checked every quarter for every agent; largest relative "
        f"residual {worst:.1e} (tolerance {TOLERANCE:.0e})"
    )
    _show_place(finished.path, (finished.path / REPORT).is_file())


def show_comparison(comparison: Comparison, folder: Path) -> None:
    """Print the outcomes of the two scenarios side by side, what they show, and where the report is."""
    from sim.engine.outcomes import BY_NAME, HEADLINES
    from sim.experiments.compare.words import cells

    a, b = comparison.names
    rows: list[tuple[str | Text, ...]] = []
    for name in HEADLINES:
        outcome, effect = BY_NAME[name], comparison.effects[name]
        *means, difference, interval, _ = cells(effect, outcome.unit)
        style = "bold" if effect.decided else "dim"
        rows.append((labelled(outcome), *means, Text(difference, style), Text(interval, style)))
    title = f"{a} against {b}: {len(comparison.seeds)} pairs of histories"
    terminal.show_table(title, ("outcome", a, b, "difference", "90 percent interval"), rows)
    terminal.show(
        f"Differences are {a} less {b}; dim ones cannot be distinguished from zero. "
        f"All {len(comparison.effects)} outcomes are in the report.",
        *(f"\n{paragraph}" for paragraph in comparison.words),
    )
    _show_place(folder, True)


def show_sensitivity(analysis: Sensitivity, folder: Path) -> None:
    """Print the sensitivity indices of each outcome, their meaning in words, and where the report is."""
    from sim.engine.outcomes import BY_NAME
    from sim.experiments.sensitivity.folder import MEASURES, index_text

    sample, notes = analysis.sample, analysis.notes
    terminal.show(f"{sample.design['title']}: {analysis.method}, {sample.source}", style="bold")
    terminal.show(*notes)
    # `words` begins with the notes, which are already shown; a paragraph for each outcome follows.
    paragraphs = iter(analysis.words[len(notes) :])
    for name, finding in analysis.findings.items():
        rows = []
        for lever in finding.ranked:
            estimates = [levers[lever] for levers in finding.indices.values()]
            cells = [f"{index_text(e.value)} ({index_text(e.low)} to {index_text(e.high)})" for e in estimates]
            rows.append((lever, *cells, *([finding.verdicts[lever]] if finding.verdicts else [])))
        heads = ["lever", *(MEASURES[measure].lower() for measure in finding.indices)]
        terminal.show_table(BY_NAME[name].label, [*heads, "verdict"] if finding.verdicts else heads, rows)
        terminal.show(next(paragraphs))
    terminal.show(*(f"\n{paragraph}" for paragraph in paragraphs))
    _show_place(folder, True)


def show_ensemble(ensemble: Ensemble) -> None:
    """Print the outcomes of many histories of one scenario, and where the report is."""
    from sim.engine.outcomes import BY_NAME, HEADLINES
    from sim.experiments.sensitivity.sweep_report import number_or_none

    design, manifest = ensemble.sweep.design, ensemble.sweep.manifest
    last = int(design["seed"]) + int(design["runs"]) - 1
    rows = []
    for outcome, summary in ((BY_NAME[name], ensemble.outcomes[name]) for name in HEADLINES):
        numbers = (summary.mean, summary.p05, summary.p50, summary.p95)
        rows.append((labelled(outcome), *(number_or_none(number, outcome.unit) for number in numbers)))
    title = f"{design['title']}, {design['quarters']} quarters, seeds {design['seed']} to {last}"
    terminal.show_table(title, ("outcome", "mean", "5 percent", "median", "95 percent"), rows)
    if manifest["problems"]:
        terminal.show(f"{manifest['problems']:,} histories have no numbers; query the view 'problems' for the reasons")
    if manifest["largest_residual"] is not None:
        residual = f"{manifest['largest_residual']:.1e} (tolerance {TOLERANCE:.0e})"
        terminal.show(f"Books: largest relative residual of all histories {residual}")
    _show_place(ensemble.sweep.path, ensemble.sweep.report is not None)


@contextmanager
def progress_bar(scenario: str, unit: str = "quarters") -> Iterator[Progress]:
    """Show a progress bar that counts quarters, or another unit, on standard error if that is a terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _done, _total, _label: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn(unit))
    with Bars(*columns, console=console, transient=True) as bar:
        task = bar.add_task(scenario, total=None)

        def advance(done: int, total: int, label: str) -> None:
            text = f"{scenario} {label}" if done < total else f"{scenario}: drawing figures"
            bar.update(task, completed=done, total=total, description=text)

        yield advance


def show_listing(lists: dict[str, list[dict[str, Any]]]) -> None:
    """Print lists of scenarios, levers and results."""
    console = Console(highlight=False)
    for kind, rows in lists.items():
        if not rows:
            command = next((result.command for result in KINDS.values() if result.plural == kind), "run")
            console.print(f"[bold]{kind.capitalize()}[/bold]\n  none yet: make one with `capflow {command}`")
            continue
        table = Table(title=kind.capitalize(), box=box.SIMPLE_HEAD, title_style="bold", title_justify="left")
        for name in LISTED.get(kind, OTHER_RESULTS):
            table.add_column(name, no_wrap=name == "name", overflow="fold")
        for row in rows:
            between = f"{_cell(row.get('low'))} to {_cell(row.get('high'))} {row.get('unit', '')}"
            unfinished = f"{row['done']} of {row['chunks']} chunks" if "chunks" in row else "not finished"
            state = "complete" if row.get("complete") else unfinished
            shown = {**row, "range": ", ".join(row.get("choices") or ()) or between, "state": state}
            table.add_row(*(_cell(shown[name]) for name in LISTED.get(kind, OTHER_RESULTS)))
        console.print(table)


def show_table(table: pd.DataFrame, source: str) -> None:
    """Print the answer to a query, at most `MOST_ROWS` rows, and the number of rows that were left out."""
    console = Console(highlight=False)
    printed = Table(box=box.SIMPLE_HEAD)
    for name in table.columns:
        numeric = table[name].dtype.kind in "if"
        printed.add_column(str(name), justify="right" if numeric else "left", overflow="fold")
    for values in table.head(MOST_ROWS).itertuples(index=False):
        printed.add_row(*(_cell(value) for value in values))
    console.print(printed)
    more_rows = len(table) - MOST_ROWS
    more = f", {more_rows} more not shown: add LIMIT, or use --json for all" if more_rows > 0 else ""
    console.print(f"{len(table)} rows from {source}{more}")


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.6g}"
    return "" if value is None else str(value)


def _headline(outcomes: dict[str, float]) -> str:
    return (
        f"Issuers earned {money(outcomes['interest_usd_bn'])} of Treasury interest and put "
        f"{money(outcomes['redeployed_usd_bn'])} into AI. At any remove, interest paid for "
        f"{outcomes['gpus_funded_by_interest']:,.0f} GPUs ({money(outcomes['interest_funded_gpu_usd_bn'])}), "
        f"{percent(outcomes['interest_share_of_gpu_capex'])} of what providers spent on GPUs."
    )


def _show_events(events: list[dict[str, Any]]) -> None:
    """Print at most `MOST_EVENTS` events, by quarter; if there are more, those of the first ranks in `IMPORTANCE`."""
    ranks = {kind: rank for rank, kinds in enumerate(IMPORTANCE) for kind in kinds}
    ranked = sorted(events, key=lambda event: (ranks.get(event["kind"], 2), event["quarter"]))
    shown = sorted(ranked[:MOST_EVENTS], key=lambda event: event["quarter"])
    lines = [f"{event['quarter']}  {event['text']}" for event in shown]
    if len(events) > MOST_EVENTS:
        lines.append(f"and {len(events) - MOST_EVENTS} more in events.json and the report")
    terminal.show_list("What happened", lines)


def _show_place(folder: Path, reported: bool) -> None:
    """Print the path of the report or, if there is none, of the folder, on a line that is not wrapped."""
    where = f"Report: {(folder / REPORT).resolve()}" if reported else f"Folder: {folder.resolve()}"
    Console(highlight=False).print(Text(where), soft_wrap=True)
