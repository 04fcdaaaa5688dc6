"""The report of one run: an HTML page with the figures, tables, facts and checks of the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.analysis.attribution import direct_uses, final_uses, headline
from sim.analysis.facts.rows import evidence_words, model_words
from sim.analysis.matrices import balance_sheets
from sim.economy.books.checks import TOLERANCE
from sim.economy.books.uses import AI, CASH, DIRECT, RETURNED
from sim.report.figures import FIGURES
from sim.report.figures.journeys import journeys
from sim.report.html import REPORT, write_page
from sim.report.numbers import MINUS, percent
from sim.runs.run import Run

if TYPE_CHECKING:
    import pandas as pd

    from sim.analysis.facts.table import FactTable

MOST_EVENTS = 40
MOST_CHANGES = 60
SMALLEST_SHOWN = 5e-4
"""USD bn: half a million dollars; smaller uses are summed up in one row."""
HIGHLIGHTED = ("gpu_purchase", "open_data")
"""Final uses that are highlighted."""

IDENTITIES = {
    "cash_by_origin": "Cash of each origin is what it was, plus receipts, less payments",
    "total_cash": "No dollar appears or vanishes",
    "claims_match_debts": "Every claim is somebody's debt",
    "stock_flow": "Every stock is what it was, plus flows and revaluations",
    "net_worth": "Net worth changes by saving and revaluation",
    "saving_equals_investment": "All saving together is investment in real assets",
    "ownership": "Shares held are shares issued",
    "origins": "For each origin, money earned is held, spent or lost",
    "not_negative": "Nothing is negative that cannot be",
}
"""What each accounting identity says, in words; an identity that is not listed here is shown by its name."""

ENDS = {
    "gpu_purchase": "GPUs",
    "open_data": "Open data",
    "other": "Running cost",
    CASH: "Still cash",
    RETURNED: "Paid back",
}
"""Final uses of interest that went through AI channels, as columns."""

SECTIONS = {
    "network": "Who paid whom",
    "issuers": "The issuers",
    "coins": "How safe the coins were",
    "labs": "The labs",
    "gpus": "The GPUs",
    "origins": "Whose money bought the GPUs",
    "systemic_risk": "Whose failure would hurt whom",
    "model_against_data": "The model against the data",
}
"""Sections that are a figure with its caption, in the order of the story, after the interest itself."""


def write_report(
    run: Run, figures: Sequence[Path], folder: Path | str, manifest: Mapping[str, Any], facts: FactTable | None = None
) -> Path:
    """Write `report.html`, the report of a run, which contains its figures and so needs no other file.

    Args:
        run: a run with its tables.
        figures: PNG files that `sim.report.figures.save_all` made; a figure whose file is not given is left out.
        folder: the folder to write to.
        manifest: the metadata of the run: scenario, title, about, seed, quarters, opening, changes, checks,
            versions. The report leaves out whatever the manifest lacks.
        facts: the comparison of the run with article and evidence; if None, the report has no such section.

    Returns:
        The file.
    """
    quarters = run.series["quarter"].tolist()
    changes = manifest.get("changes") or {}
    matrix = balance_sheets(run)
    return write_page(
        Path(folder) / REPORT,
        "report/run_page.html.j2",
        title=str(manifest.get("title") or manifest.get("scenario") or "A run"),
        manifest=manifest,
        pictures={path.stem: path for path in figures},
        plates=FIGURES,
        sections=SECTIONS,
        headline=headline(run),
        first=quarters[min(1, len(quarters) - 1)],
        last=quarters[-1],
        direct_uses=list(_uses(direct_uses(run))),
        final_uses=list(_uses(final_uses(run))),
        channel_heads=("Channel, in USD bn", "Paid in", *ENDS.values()),
        channels=_channels(run),
        facts=facts,
        evidence_words=evidence_words,
        model_words=model_words,
        sheet_heads=("", *(str(name).capitalize() for name in matrix.columns)),
        sheets=[_balance_row(str(name), row) for name, row in zip(matrix.index, matrix.to_numpy(), strict=True)],
        events=[(event["quarter"], event["text"]) for event in run.events[:MOST_EVENTS]],
        more_events=len(run.events) - MOST_EVENTS,
        checks=[_check(name, float(residual)) for name, residual in (manifest.get("checks") or {}).items()],
        tolerance=TOLERANCE,
        changes=[_change(key, change) for key, change in list(changes.items())[:MOST_CHANGES]],
        more_changes=len(changes) - MOST_CHANGES,
        origin=[
            *((key.capitalize(), manifest[key]) for key in _ORIGIN if key in manifest),
            *(manifest.get("versions") or {}).items(),
        ],
    )


_ORIGIN = ("scenario", "seed", "quarters", "opening", "created")
"""Keys of the metadata that say how a run was made."""


def _uses(table: pd.DataFrame) -> Iterator[dict[str, str]]:
    """Yield the rows of the table of uses by group, with sums; uses too small to print are together in one row."""
    for group, members in table.groupby("group", sort=False):
        usd_bn, share = members[["usd_bn", "share"]].sum()
        if abs(usd_bn) < SMALLEST_SHOWN and group != AI:
            continue
        if len(members) == 1:
            yield _use(members["label"].iloc[0], usd_bn, share, "group")
            continue
        yield _use(str(group), usd_bn, share, "group")
        large = (members["usd_bn"].abs() >= SMALLEST_SHOWN) | (group == AI)
        for row in members[large].itertuples():
            look = "interest" if group == AI or row.use in HIGHLIGHTED else ""
            yield _use(row.label, row.usd_bn, row.share, look)
        usd_bn, share = members.loc[~large, ["usd_bn", "share"]].sum()
        if abs(usd_bn) >= SMALLEST_SHOWN:
            yield _use("everything else", usd_bn, share)
    yield _use("interest earned", float(table["usd_bn"].sum()), 1.0, "total")


def _use(label: str, usd_bn: float, share: float, look: str = "") -> dict[str, str]:
    words = {"label": _sentence(label), "usd_bn": _number(usd_bn), "share": percent(share).replace("-", MINUS)}
    return {**words, "look": look}


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _number(usd_bn: float) -> str:
    return f"{usd_bn:,.3f}".replace("-", MINUS)


def _channels(run: Run) -> list[tuple[str, ...]]:
    """Return what each AI channel paid for in the end: a row for each channel."""
    ends = journeys(run)
    if not len(ends):
        return []
    uses = ends["use"].str.replace(f"{CASH}_.*", CASH, regex=True)
    columns = uses.map(ENDS).fillna(ENDS["other"])
    table = ends.groupby(["channel", columns])["usd_bn"].sum().unstack(fill_value=0.0)
    table = table.reindex(columns=list(ENDS.values()), fill_value=0.0)
    table.insert(0, "sum", table.sum(axis=1))
    channels = sorted(table.index, key=[*DIRECT, *table.index].index)
    return [(_sentence(DIRECT.get(name, (name,))[0]), *map(_number, table.loc[name])) for name in channels]


def _balance_row(name: str, amounts: Sequence[float]) -> tuple[str, ...]:
    """Return a row of the balance sheets, in which amounts that round to zero are blank."""
    cells = (f"{usd_bn:,.1f}" if abs(usd_bn) >= 0.05 else "" for usd_bn in amounts)
    return name.replace("_", " ").capitalize(), *cells


def _check(name: str, residual: float) -> tuple[str, str, str]:
    verdict = "holds" if residual <= TOLERANCE else "violated"
    return IDENTITIES.get(name, name.replace("_", " ")), f"{residual:.1e}", verdict


def _change(key: str, change: Any) -> tuple[str, Any, Any]:
    """Return a changed key with its old and new value; `change` has `from` and `to`, or is the new value alone."""
    return (key, change.get("from"), change.get("to")) if isinstance(change, Mapping) else (key, None, change)
