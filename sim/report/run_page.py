"""The report of a run: one HTML file that tells its story and needs nothing beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.analysis.attribution import AI, CASH, DIRECT, RETURNED, direct_uses, final_uses, headline
from sim.analysis.matrices import balance_sheets
from sim.economy.books.checks import TOLERANCE
from sim.report.facts_section import section as _facts
from sim.report.figures import FIGURES
from sim.report.figures.journeys import journeys
from sim.report.html import REPORT, picture, setting, write_page
from sim.report.html import table as _table
from sim.report.numbers import MINUS, money, percent

if TYPE_CHECKING:
    import pandas as pd

    from sim.analysis.facts.table import FactTable

from sim.runs.run import Run

MOST_EVENTS = 40
MOST_CHANGES = 60
SHOWN_END = 5e-4
"""USD bn: half a million dollars; smaller ends are summed up in one row."""
TOLD = ("gpu_purchase", "open_data")
"""Ends that the story is about."""

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
"""What each identity says; those that are not here are shown by name."""

ENDS = {
    "gpu_purchase": "GPUs",
    "open_data": "Open data",
    "other": "Running cost",
    CASH: "Still cash",
    RETURNED: "Paid back",
}
"""Ends of interest that went through AI channels, as columns."""

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
    run: Run,
    figures: Sequence[Path],
    folder: Path | str,
    manifest: Mapping[str, Any],
    facts: FactTable | None = None,
) -> Path:
    """Write `report.html`: the story of a run, with its figures in it.

    Args:
        run: a run with its tables.
        figures: PNG files that `sim.report.figures.save_all` made; those that are missing are left out.
        folder: where the report goes.
        manifest: what explains the run: scenario, title, about, seed, quarters, opening, changes, checks,
            versions. What it lacks is left out.
        facts: the run beside article and evidence; left out if it is.

    Returns:
        The file.
    """
    pictures = {path.stem: path for path in figures}
    numbers = headline(run)
    title = str(manifest.get("title") or manifest.get("scenario") or "A run")
    body = [
        _opening(run, numbers, title, manifest),
        _interest(run, numbers, pictures),
        *(
            f"<h2>{escape(heading)}</h2>\n{_figure(pictures[name])}"
            for name, heading in SECTIONS.items()
            if name in pictures
        ),
        *([_facts(facts)] if facts is not None else []),
        _balance_sheets(run),
        _events(run.events),
        _checks(manifest.get("checks") or {}),
        _assumptions(manifest),
    ]
    return write_page(Path(folder) / REPORT, title, body)


def _opening(run: Run, numbers: Mapping[str, float], title: str, manifest: Mapping[str, Any]) -> str:
    quarters = run.series["quarter"].tolist()
    first, last = quarters[min(1, len(quarters) - 1)], quarters[-1]
    share = percent(numbers["interest_share_of_gpu_capex"])
    sentences = [
        f"From {first} to {last}, stablecoin issuers earned <strong>{money(numbers['interest_usd_bn'])}</strong> "
        "of interest on Treasury bills, repo and money funds, and paid the holders of their tokens "
        f"{money(numbers['holder_yield_usd_bn'])} of yield.",
        f"They put <strong>{money(numbers['redeployed_usd_bn'])}</strong> into AI and frontier technology, "
        f"{money(numbers['redeployed_from_interest_usd_bn'])} of it in dollars that were that interest.",
        f"At any remove, the interest paid for <strong>{numbers['gpus_funded_by_interest']:,.0f} GPUs</strong> "
        f"worth {money(numbers['interest_funded_gpu_usd_bn'])}: {share} of what the providers here spent on GPUs.",
        f"It also paid for {money(numbers['interest_funded_compute_usd_bn'])} of computing rented by labs and "
        f"{money(numbers['interest_funded_open_data_usd_bn'])} of open data.",
        f"At the end, {money(numbers['final_tokens_usd_bn'])} of tokens were outstanding, and "
        + _failures(int(numbers["failures"])),
    ]
    about = str(manifest.get("about") or "")
    told = f'<p class="note">{escape(about)}</p>' if about else ""
    return (
        f"<p class='note'>{escape(_which(manifest))}</p>\n<h1>{escape(title)}</h1>\n{told}\n"
        f"<p class='lead'>{' '.join(sentences)}</p>\n"
        '<p class="note">These numbers come out of the model. What goes in is the opening balance sheets, the '
        "bill rate and the prices of bitcoin and gold as long as there are data, and the rules of behaviour, some "
        "of which were calibrated to data up to 2025Q2. Attribution is accounting, not cause: it says which "
        "dollars paid for what, and not what would have happened without them. For that, compare with the same "
        "scenario and seed with redeployment switched off.</p>"
    )


def _which(manifest: Mapping[str, Any]) -> str:
    """Which run it is, above the title."""
    known = {"scenario": "scenario {}", "seed": "seed {}", "quarters": "{} quarters"}
    told = [words.format(manifest[key]) for key, words in known.items() if key in manifest]
    return ", ".join(["capflow: where stablecoin interest goes", *told])


def _failures(count: int) -> str:
    return "no company had failed." if not count else f"{count} compan{'y' if count == 1 else 'ies'} had failed."


def _interest(run: Run, numbers: Mapping[str, float], pictures: Mapping[str, Path]) -> str:
    parts = ["<h2>Where the interest went</h2>"]
    if "interest_flow" in pictures:
        parts.append(_figure(pictures["interest_flow"]))
    if not numbers["interest_usd_bn"] > 0.0:
        return "\n".join([*parts, "<p>No interest was earned.</p>"])
    parts += [
        "<h3>At first hand</h3>",
        "<p>What issuers did with the interest themselves. Savings are net of what was sold again. What "
        "borrowers paid back in interest dollars is taken off, because the issuers used it a second time.</p>",
        _uses(direct_uses(run), "Use"),
        "<h3>At any remove</h3>",
        "<p>Where the same dollars left the agents for good, through however many hands, and where the others "
        "are now.</p>",
        _uses(final_uses(run), "End"),
        _channels(run),
    ]
    return "\n".join(parts)


def _uses(table: pd.DataFrame, heading: str) -> str:
    """Uses in their groups, with the sum of each group and of all; what is too small to print is one row."""
    rows = []
    for group, members in table.groupby("group", sort=False):
        printed = (members["usd_bn"].abs() >= SHOWN_END) | (members["group"] == AI)
        shown, rest = members[printed], members[~printed]
        usd_bn, share = float(members["usd_bn"].sum()), float(members["share"].sum())
        if abs(usd_bn) < SHOWN_END and group != AI:
            continue
        if len(members) == 1:
            rows.append(_row(members["label"].iloc[0], usd_bn, share, "group"))
            continue
        rows.append(_row(str(group), usd_bn, share, "group"))
        for row in shown.itertuples():
            told = row.group == AI or row.use in TOLD
            rows.append(_row(row.label, row.usd_bn, row.share, "interest" if told else ""))
        if abs(float(rest["usd_bn"].sum())) >= SHOWN_END:
            rows.append(_row("everything else", float(rest["usd_bn"].sum()), float(rest["share"].sum()), ""))
    rows.append(_row("interest earned", float(table["usd_bn"].sum()), 1.0, "total"))
    return _table((heading, "USD bn", "Share"), rows, numbers=(1, 2))


def _row(label: str, usd_bn: float, share: float, kind: str) -> str:
    words = escape(label[:1].upper() + label[1:])
    return (
        f"<tr class='{kind}'><td>{words}</td><td class='number'>{_number(usd_bn)}</td>"
        f"<td class='number'>{percent(share).replace('-', MINUS)}</td></tr>"
    )


def _number(usd_bn: float) -> str:
    return f"{usd_bn:,.3f}".replace("-", MINUS)


def _channels(run: Run) -> str:
    """What each AI channel paid for in the end."""
    ends = journeys(run)
    if not len(ends):
        return "<p>No interest went into AI or frontier technology.</p>"
    kinds = ends["use"].map(_kind_of_end)
    table = ends.groupby(["channel", kinds])["usd_bn"].sum().unstack(fill_value=0.0)
    table = table.reindex(columns=list(ENDS.values()), fill_value=0.0)
    rows = []
    for channel in [name for name in DIRECT if name in table.index] + [c for c in table.index if c not in DIRECT]:
        label = DIRECT[channel][0] if channel in DIRECT else channel
        cells = [float(table.loc[channel].sum()), *(float(amount) for amount in table.loc[channel])]
        numbers = "".join(f"<td class='number'>{_number(amount)}</td>" for amount in cells)
        rows.append(f"<tr><td>{escape(label[:1].upper() + label[1:])}</td>{numbers}</tr>")
    return "<h3>What the AI channels paid for in the end</h3>\n" + _table(
        ("Channel, in USD bn", "Paid in", *ENDS.values()), rows, numbers=range(1, len(ENDS) + 2)
    )


def _kind_of_end(use: str) -> str:
    if use.startswith(f"{CASH}_"):
        return ENDS[CASH]
    return ENDS.get(use, ENDS["other"])


def _figure(path: Path) -> str:
    """A picture with its caption; narrow screens scroll it sideways."""
    plate = FIGURES.get(path.stem)
    return picture(path, plate.title, plate.caption) if plate else picture(path, path.stem, "")


def _balance_sheets(run: Run) -> str:
    """The balance-sheet matrix at the end, by population."""
    matrix = balance_sheets(run)
    heads = ("", *(str(name).capitalize() for name in matrix.columns))
    rows = []
    for name, row in zip(matrix.index, matrix.to_numpy().tolist(), strict=True):
        cells = "".join(f"<td class='number'>{_amount(usd_bn)}</td>" for usd_bn in row)
        rows.append(f"<tr><td>{escape(str(name).replace('_', ' ').capitalize())}</td>{cells}</tr>")
    return (
        "<h2>Balance sheets at the end</h2>\n<p>USD bn at market value; debts and a company's own shares are "
        "negative. Claims sum to zero over everyone; columns sum to net worth.</p>\n"
        + _table(heads, rows, numbers=range(1, len(heads)))
    )


def _amount(usd_bn: float) -> str:
    """A number of the balance sheets; nothing for what rounds to nothing."""
    return f"{usd_bn:,.1f}" if abs(usd_bn) >= 0.05 else ""


def _events(events: Sequence[Mapping[str, Any]]) -> str:
    if not events:
        return "<h2>What happened</h2>\n<p>No deal, round or failure.</p>"
    rows = [
        f"<tr><td>{escape(str(event['quarter']))}</td><td>{escape(str(event['text']))}</td></tr>"
        for event in events[:MOST_EVENTS]
    ]
    more = len(events) - MOST_EVENTS
    rest = f"<p class='note'>And {more} more, in events.json.</p>" if more > 0 else ""
    return f"<h2>What happened</h2>\n{_table(('Quarter', 'Event'), rows)}\n{rest}"


def _checks(checks: Mapping[str, Any]) -> str:
    if not checks:
        return ""
    rows = []
    for name, residual in checks.items():
        value = float(residual)
        verdict = "holds" if value <= TOLERANCE else "violated"
        rows.append(
            f"<tr><td>{escape(IDENTITIES.get(name, name.replace('_', ' ')))}</td>"
            f"<td class='number'>{value:.1e}</td><td class='number'>{verdict}</td></tr>"
        )
    return (
        "<h2>Checks of the books</h2>\n<p>Each identity is checked for every agent in every quarter. Shown is the "
        f"largest residual, relative to the agent's payments of the quarter; {TOLERANCE:g} is allowed.</p>\n"
        + _table(("Identity", "Largest residual", "Verdict"), rows, numbers=(1, 2))
    )


def _assumptions(manifest: Mapping[str, Any]) -> str:
    named = ("scenario", "seed", "quarters", "opening", "created")
    facts = [(name.capitalize(), manifest[name]) for name in named if name in manifest]
    facts += [(str(name), version) for name, version in (manifest.get("versions") or {}).items()]
    listed = "\n".join(f"<dt>{escape(str(name))}</dt><dd>{escape(str(value))}</dd>" for name, value in facts)
    return (
        "<h2>What this run assumes</h2>\n"
        + _changes(manifest.get("changes"))
        + f"\n<h3>How it was made</h3>\n<dl>{listed}</dl>"
    )


def _changes(changes: Mapping[str, Any] | None) -> str:
    """What the scenario says otherwise than the baseline: key -> {from, to}, or the new value alone."""
    if changes is None:
        return ""
    if not changes:
        return "<p>The assumptions are those of the baseline.</p>"
    rows = []
    for key, change in list(changes.items())[:MOST_CHANGES]:
        before, after = (change.get("from"), change.get("to")) if isinstance(change, Mapping) else (None, change)
        rows.append(
            f"<tr><td><code>{escape(str(key))}</code></td><td class='number'>{setting(before)}</td>"
            f"<td class='number'>{setting(after)}</td></tr>"
        )
    more = len(changes) - MOST_CHANGES
    rest = f"<p class='note'>And {more} more, in manifest.json.</p>" if more > 0 else ""
    return (
        "<p>Otherwise than the baseline, this scenario assumes:</p>\n"
        + _table(("Key", "Baseline", "Here"), rows, numbers=(1, 2))
        + rest
    )
