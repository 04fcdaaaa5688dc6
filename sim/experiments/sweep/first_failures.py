"""Draws the figure of first failures: when the first company, lab, provider or coin failed in many histories."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sim.experiments.sweep.folder import Sweep
from sim.report.figures.style import TEXT, darker, new_figure, number_of, panel, panels, time_axis
from sim.report.palette import MUTED, POPULATION
from sim.runs.run import quoted

KINDS = (
    ("company", "The first company", "economy"),
    ("lab", "The first lab", "labs"),
    ("provider", "The first provider", "providers"),
    ("coin", "The first coin", "issuers"),
)
"""For each panel: the kind of agent that fails, the title, and the population whose colour is used."""
OUTCOME = "quarters_before_first_{}_failure"


def counts_of(sweep: Sweep) -> dict[str, NDArray[np.int64]]:
    """Return kind of agent -> number of histories with 0, 1, 2, ... quarters before its first failure, `(quarter,)`.

    The last number counts the histories in which no agent of the kind failed in any quarter.
    """
    counts = {}
    for kind, *_ in KINDS:
        name = quoted(OUTCOME.format(kind))
        waits = sweep.query(f"SELECT {name}::INTEGER AS wait FROM outcomes WHERE problem IS NULL")
        counts[kind] = np.bincount(waits["wait"].to_numpy(dtype=int), minlength=len(sweep.quarters))
    return counts


def draw(quarters: Sequence[str], counts: Mapping[str, NDArray[np.int64]], source: str) -> Figure:
    """Draw for each kind of agent the share of histories whose first failure fell into each quarter, or had none.

    Args:
        quarters: the labels of the quarters, the first being that of the opening.
        counts: the counts of histories, as `counts_of` returns them.
        source: the name of the sweep, for the note.
    """
    runs = int(next(iter(counts.values())).sum())
    figure = new_figure(
        "When the first one failed",
        f"Share of {runs:,} histories in which the first failure fell into each quarter (bars) or before its end "
        "(line)",
        f"A company is a lab, a provider or a venture; coins are counted apart.  {source}.",
    )
    shares = {kind: count[:-1] / runs for kind, count in counts.items()}
    most = max(0.01, *(float(share.sum()) for share in shares.values()))
    for axes, (kind, title, population) in zip(panels(figure, 2, 2, gap=(0.16, 0.52)), KINDS, strict=True):
        panel(axes, title, "percent of histories")
        _bars(axes, shares[kind], POPULATION[population], quarters[1:])
        axes.set_ylim(0.0, min(112.0, 140.0 * most))
    return figure


def _bars(axes: Axes, shares: NDArray[np.float64], colour: str, quarters: Sequence[str]) -> None:
    text = "no failure in any history"
    if shares.any():
        places = [number_of(label) for label in quarters]
        axes.bar(places, 100.0 * shares, width=0.8, color=colour, alpha=0.55)
        axes.step(places, 100.0 * shares.cumsum(), where="mid", color=darker(colour), linewidth=2.2)
        text = f"no failure in {100.0 * (1.0 - float(shares.sum())):.3g}% of histories"
    time_axis(axes, quarters)
    axes.text(0.012, 0.93, text, transform=axes.transAxes, fontsize=TEXT, color=MUTED, va="top")
