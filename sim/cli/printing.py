"""Printing of results to a terminal: headlines, tables and progress bars."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sim.economy.books.checks import TOLERANCE
from sim.report.html import REPORT
from sim.report.numbers import labelled, money, percent
from sim.runs.kinds import KINDS

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from sim.engine.progress import Progress
    from sim.experiments.compare import Comparison
    from sim.experiments.ensemble import Ensemble
    from sim.runs.run import Run

MOST_ROWS = 200
SHOWN_USD_BN = 0.0005
"""Uses below half a million dollars are not shown."""
LISTED = {
    "scenarios": ("name", "title", "about"),
    "levers": ("name", "default", "range", "meaning"),
    "runs": ("path", "scenario", "seed", "quarters", "created"),
    "sweeps": ("sweep_dir", "title", "method", "points", "runs", "state"),
}
"""What is listed -> the columns shown of it."""
OTHER_RESULTS = ("path", "created", "state")
"""The columns shown of comparisons, sensitivity analyses, backtests and calibrations."""


def show_run(finished: Run) -> None:
    """Print the headline, where the interest went, what happened, and where the report is."""
    console = Console(highlight=False)
    manifest = finished.manifest
    quarters = list(finished.series["quarter"])
    console.print(
        Text.assemble(
            (f"{manifest['title']}", "bold"), f"  {quarters[1]} to {quarters[-1]}, seed {manifest['seed']}"
        )
    )
    console.print(_headline(manifest["outcomes"]))
    _show_uses(console, finished)
    _show_events(console, finished.events)
    worst = max(manifest["checks"].values())
    console.print(
        f"Books: {len(manifest['checks'])} identities checked every quarter for every agent; largest relative "
        f"residual {worst:.1e} (tolerance {TOLERANCE:.0e})"
    )
    report = finished.path / REPORT
    where = report if report.is_file() else finished.path
    console.print(Text(f"Report: {where.resolve()}"), soft_wrap=True)


def show_comparison(comparison: Comparison, folder: Path) -> None:
    """Print the outcomes of two twins side by side, what they say, and where the report is."""
    from sim.engine.outcomes import BY_NAME, HEADLINES
    from sim.experiments.compare.words import cells

    console = Console(highlight=False)
    a, b = comparison.names
    printed = _plain_table(f"{a} against {b}: {len(comparison.seeds)} pairs of histories")
    printed.add_column("outcome")
    for name in (a, b, "difference", "90 percent interval"):
        printed.add_column(name, justify="right", no_wrap=name == "difference")
    for name in HEADLINES:
        outcome, effect = BY_NAME[name], comparison.effects[name]
        *shown, difference, interval, _ = cells(effect, outcome.unit)
        style = "bold" if effect.decided else "dim"
        printed.add_row(labelled(outcome), *shown, Text(difference, style), Text(interval, style))
    console.print(printed)
    console.print(
        f"Differences are {a} less {b}; dim ones cannot be distinguished from zero. "
        f"All {len(comparison.effects)} outcomes are in the report.",
        markup=False,
    )
    for paragraph in comparison.words:
        console.print(Text(f"\n{paragraph}"))
    console.print(Text(f"\nReport: {(folder / REPORT).resolve()}"), soft_wrap=True)


def show_ensemble(ensemble: Ensemble) -> None:
    """Print what came out of many histories of one scenario, and where the report is."""
    from sim.engine.outcomes import BY_NAME, HEADLINES
    from sim.experiments.sensitivity.sweep_report import number_or_none

    console = Console(highlight=False)
    design, manifest = ensemble.sweep.design, ensemble.sweep.manifest
    last = int(design["seed"]) + int(design["runs"]) - 1
    printed = _plain_table(f"{design['title']}, {design['quarters']} quarters, seeds {design['seed']} to {last}")
    printed.add_column("outcome")
    for name in ("mean", "5 percent", "median", "95 percent"):
        printed.add_column(name, justify="right", no_wrap=True)
    for name in HEADLINES:
        outcome, summary = BY_NAME[name], ensemble.outcomes[name]
        numbers = (summary.mean, summary.p05, summary.p50, summary.p95)
        printed.add_row(labelled(outcome), *(number_or_none(number, outcome.unit) for number in numbers))
    console.print(printed)
    if manifest["problems"]:
        console.print(f"{manifest['problems']:,} histories have no numbers: the view problems says why")
    if manifest["largest_residual"] is not None:
        console.print(
            f"Books: largest relative residual of all histories {manifest['largest_residual']:.1e} "
            f"(tolerance {TOLERANCE:.0e})"
        )
    report = ensemble.sweep.report
    where = f"Report: {report.resolve()}" if report else f"Folder: {ensemble.sweep.path.resolve()}"
    console.print(Text(where), soft_wrap=True)


@contextmanager
def progress_bar(scenario: str, unit: str = "quarters") -> Iterator[Progress]:
    """Show a bar over quarters, or whatever else is counted, on standard error where it is a terminal."""
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
    """Print scenarios, levers and runs."""
    console = Console(highlight=False)
    for kind, rows in lists.items():
        if not rows:
            command = next((result.command for result in KINDS.values() if result.plural == kind), "run")
            console.print(f"[bold]{kind.capitalize()}[/bold]\n  none yet: make one with `capflow {command}`")
            continue
        table = _plain_table(kind.capitalize())
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
    """Print the answer to a query; at most a screenful or two, and how much was left out."""
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


def _headline(outcomes: dict[str, float]) -> Text:
    return Text(
        f"Issuers earned {money(outcomes['interest_usd_bn'])} of Treasury interest and put "
        f"{money(outcomes['redeployed_usd_bn'])} into AI. At any remove, interest paid for "
        f"{outcomes['gpus_funded_by_interest']:,.0f} GPUs ({money(outcomes['interest_funded_gpu_usd_bn'])}), "
        f"{percent(outcomes['interest_share_of_gpu_capex'])} of what providers spent on GPUs."
    )


def _show_uses(console: Console, finished: Run) -> None:
    """Print where the interest went, at first hand and at any remove; uses that round to nothing are left out."""
    from sim.analysis.attribution import direct_uses, final_uses

    for title, uses in (
        ("Where the interest went: first use", direct_uses(finished)),
        ("Where the interest went: in the end, at any remove", final_uses(finished)),
    ):
        table = _plain_table(title)
        table.add_column("use")
        table.add_column("USD bn", justify="right")
        table.add_column("percent", justify="right")
        for row in uses.itertuples(index=False):
            if abs(row.usd_bn) >= SHOWN_USD_BN:
                table.add_row(row.label, f"{row.usd_bn:,.3f}", f"{100 * row.share:.1f}")
        console.print(table)


def _plain_table(title: str) -> Table:
    return Table(title=title, box=box.SIMPLE_HEAD, title_style="bold", title_justify="left")


def _importance(kind: str) -> int:
    """Return the rank of a kind of event where not all can be shown."""
    ranks = (("dated", "law", "run", "window", "reserve_loss", "issuer_failure"), ("failure", "workout"))
    return next((rank for rank, kinds in enumerate(ranks) if kind in kinds), 3 if kind == "round" else 2)


def _show_events(console: Console, events: list[dict[str, Any]], most: int = 16) -> None:
    """Print what broke first, then the deals of issuers; funding rounds only where there is room."""
    ranked = sorted(events, key=lambda event: (_importance(event["kind"]), event["quarter"]))
    shown = sorted(ranked[:most], key=lambda event: event["quarter"])
    if shown:
        console.print(Text("What happened", style="bold"))
    for event in shown:
        console.print(f"  {event['quarter']}  {event['text']}", markup=False)
    if len(events) > most:
        console.print(f"  and {len(events) - most} more in events.json and the report")
