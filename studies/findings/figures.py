"""Figures of the findings, drawn from their numbers alone (docs/findings/findings.json)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.report.figures.style import NOTE, TEXT, new_figure, panel
from sim.report.numbers import MINUS, amount, money, percent
from sim.report.palette import GRID, INK, INTEREST, MUTED, PAPER, POPULATION, TWINS

Findings = Mapping[str, Any]
PAID = "interest_funded_gpu_usd_bn"
CAPEX = "gpu_capex_usd_bn"
SHOWN = 0.0005
"""USD bn: below this a label says zero."""
LEAST = 0.002
"""Part of the interest below which a use is not drawn."""


def draw_paid(findings: Findings) -> Figure:
    """Draw for every scenario what interest paid for, and what there would be less without it."""
    worlds = [findings["worlds"][name] for name in findings["order"]]
    base = findings["worlds"]["baseline"]["whole"]
    paid, caused = base["paid"][PAID], base["caused"][CAPEX]
    first, last = findings["made"]["whole"]
    more = "less" if caused["mean"] >= 0.0 else "more"
    figure = new_figure(
        f"Interest pays for {money(paid['mean'])} of GPUs to {last[:4]}; without it {money(abs(caused['mean']))} "
        f"{more} would be bought",
        f"GPU purchases {first} to {last}: paid with interest at any remove, and the difference to the twin "
        "without redeployment",
        f"Dots: means of {findings['made']['size']['seeds']:,} histories. Lines: 90 percent of histories, or of "
        "twins; thick: the 90 percent interval of the mean. The title is of the baseline.",
    )
    axes = figure.add_axes((0.24, 0.13, 0.56, 0.68))
    panel(axes, "", "")
    axes.set_xlabel("USD bn", fontsize=TEXT, color=MUTED)
    for place, world in enumerate(reversed(worlds)):
        window = world["whole"]
        _dot(axes, place + 0.16, window["paid"][PAID], INTEREST)
        effect = window["caused"][CAPEX]
        label = f"{amount(window['paid'][PAID]['mean'])}  |  "
        aimed = world["aimed"]
        axes.text(
            1.02,
            place,
            label + ("not estimated" if aimed else _signed(effect["mean"])),
            transform=axes.get_yaxis_transform(),
            fontsize=TEXT,
            color=INK,
            va="center",
        )
        if aimed:
            continue
        ends = {"mean": effect["mean"], "low": effect["spread_low"], "high": effect["spread_high"]}
        _dot(axes, place - 0.16, ends, POPULATION["providers"])
        axes.plot(
            [effect["low"], effect["high"]],
            [place - 0.16] * 2,
            color=POPULATION["providers"],
            linewidth=5.0,
            alpha=0.55,
            solid_capstyle="butt",
        )
    axes.axvline(0.0, color=INK, linewidth=1.2, zorder=1)
    axes.set_yticks(range(len(worlds)), [world["title"] for world in reversed(worlds)], color=INK, fontsize=TEXT)
    axes.set_ylim(-0.7, len(worlds) - 0.3)
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    axes.text(1.02, 1.0, "accounting  |  cause", transform=axes.transAxes, fontsize=NOTE, color=MUTED)
    named = (
        (INTEREST, "Accounting: paid with interest"),
        (POPULATION["providers"], "Cause: more than in the twin without redeployment"),
    )
    handles = [axes.plot([], [], color=c, marker="o", linewidth=2.0, label=label)[0] for c, label in named]
    figure.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0.235, 0.815), ncols=2, fontsize=TEXT, frameon=False
    )
    return figure


def draw_uses(findings: Findings) -> Figure:
    """Draw what issuers do with their interest at first hand, with redeployment and without."""
    uses = findings["uses"]["whole"]
    whole = uses["interest"]["mean"]
    rows = [
        row for row in uses["direct"] if max(abs(row["effect"]["with"]), abs(row["effect"]["without"])) > LEAST * whole
    ]
    first, last = findings["made"]["whole"]
    into = sum(row["effect"]["with"] for row in uses["direct"] if row["group"] == "AI and frontier")
    share = into / whole if whole else 0.0
    figure = new_figure(
        f"{percent(share)} of the interest goes into AI and frontier technology at first hand; "
        f"the largest use is {rows[0]['label']}",
        f"Uses of {money(whole)} of interest by the issuers, {first} to {last}, and where it goes when nothing "
        "may go into AI",
        f"Means of {findings['made']['size']['seeds']:,} pairs of histories with the same random numbers; lines: "
        "90 percent intervals of the mean difference.",
    )
    grid = figure.add_gridspec(1, 2, left=0.20, right=0.975, top=0.80, bottom=0.12, wspace=0.08)
    levels, changes = figure.add_subplot(grid[0, 0]), figure.add_subplot(grid[0, 1])
    panel(levels, "What it is used for", "")
    panel(changes, "Without redeployment, against with it", "")
    for place, row in enumerate(reversed(rows)):
        effect = row["effect"]
        for shift, key, colour in ((0.19, "with", TWINS[0]), (-0.19, "without", TWINS[1])):
            levels.barh(place + shift, effect[key], height=0.36, color=colour)
        changes.barh(place, -effect["mean"], height=0.5, color=TWINS[1] if effect["mean"] < 0.0 else TWINS[0])
        changes.plot([-effect["high"], -effect["low"]], [place] * 2, color=INK, linewidth=1.6)
        changes.annotate(
            _signed(-effect["mean"]),
            (max(-effect["mean"], -effect["low"], 0.0), place),
            (6, 0),
            textcoords="offset points",
            va="center",
            fontsize=TEXT - 0.5,
            color=INK if effect["decided"] else MUTED,
        )
    names = [row["label"][0].upper() + row["label"][1:] for row in reversed(rows)]
    levels.set_yticks(range(len(rows)), names, color=INK, fontsize=TEXT)
    changes.set_yticks([])
    for axes in (levels, changes):
        axes.set_ylim(-0.7, len(rows) - 0.3)
        axes.grid(axis="y", visible=False)
        axes.grid(axis="x", color=GRID, linewidth=0.8)
        axes.axvline(0.0, color=INK, linewidth=1.2)
        axes.set_xlabel("USD bn", fontsize=TEXT, color=MUTED)
    low, high = changes.get_xlim()
    changes.set_xlim(low, high + 0.12 * (high - low))
    handles = [
        levels.barh([0], [0], color=colour, label=label)
        for colour, label in zip(TWINS, ("with redeployment", "without"), strict=True)
    ]
    levels.legend(handles=handles, loc="lower right", fontsize=TEXT, framealpha=0.9, edgecolor="none")
    return figure


def _dot(axes: Axes, place: float, ends: Mapping[str, float], colour: str) -> None:
    axes.plot([ends["low"], ends["high"]], [place] * 2, color=colour, linewidth=2.0, solid_capstyle="round")
    axes.plot(ends["mean"], place, marker="o", markersize=7.5, color=colour, markeredgecolor=PAPER, markeredgewidth=1.0)


def _signed(usd_bn: float) -> str:
    if abs(usd_bn) < SHOWN:
        return "0"
    return f"{'+' if usd_bn > 0.0 else MINUS}{amount(abs(usd_bn))}"
