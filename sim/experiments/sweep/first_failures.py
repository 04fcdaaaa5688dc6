"""When the first company, lab, provider or coin failed, over many histories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sim.report.figures.style import TEXT, darker, new_figure, number_of, panel, panels, time_axis
from sim.report.palette import MUTED, POPULATION
from sim.scenario.quarters import later

if TYPE_CHECKING:
    import xarray as xr

KINDS = (
    ("company", "The first company", "economy"),
    ("lab", "The first lab", "labs"),
    ("provider", "The first provider", "providers"),
    ("coin", "The first coin", "issuers"),
)
"""What fails, its panel's title, and whose colour it has."""
OUTCOME = "quarters_before_first_{}_failure"


@dataclass(frozen=True)
class FirstFailures:
    """How often the first failure came after so many quarters.

    Attributes:
        quarters: labels, the opening first.
        counts: what fails -> histories with 0, 1, 2, ... quarters before its first failure; the last number, after
            all quarters, are those without one.
        source: which ensemble or sweep it is, for the note.
    """

    quarters: tuple[str, ...]
    counts: Mapping[str, NDArray[np.int64]]
    source: str


def of_ensemble(found: xr.Dataset) -> FirstFailures:
    """First failures in the histories of an ensemble, as `sim.ensemble` returns it."""
    seeds, quarters = found["seed"].to_numpy(), found["quarter"].to_numpy()
    waits = {kind: found["outcomes"].sel(outcome=OUTCOME.format(kind)).to_numpy() for kind, *_ in KINDS}
    return FirstFailures(
        tuple(str(label) for label in quarters),
        {kind: np.bincount(wait.astype(int), minlength=len(quarters)) for kind, wait in waits.items()},
        f"{found.attrs['title']}, seeds {seeds.min()} to {seeds.max()}",
    )


def labels(opening: str, quarters: int) -> tuple[str, ...]:
    """Labels of the quarters, the opening first."""
    return tuple(later(opening, step) for step in range(quarters + 1))


def draw(found: FirstFailures) -> Figure:
    """Draw for each kind in which quarter the first one failed, as shares of histories, and how often none did."""
    runs = int(next(iter(found.counts.values())).sum())
    figure = new_figure(
        "When the first one failed",
        f"Share of {runs:,} histories in which the first failure fell into each quarter (bars) or before its end "
        "(line)",
        f"A company is a lab, a provider or a venture; coins are counted apart.  {found.source}.",
    )
    shares = {kind: counts[:-1] / runs for kind, counts in found.counts.items()}
    most = max(max(float(share.sum()) for share in shares.values()), 0.01)
    for axes, (kind, title, about) in zip(panels(figure, 2, 2, gap=(0.16, 0.52)), KINDS, strict=True):
        _panel(axes, shares[kind], title, POPULATION[about], found.quarters, most)
    return figure


def _panel(
    axes: Axes, shares: NDArray[np.float64], title: str, colour: str, quarters: tuple[str, ...], most: float
) -> None:
    panel(axes, title, "percent of histories")
    places = [number_of(label) for label in quarters[1:]]
    if shares.any():
        axes.bar(places, 100.0 * shares, width=0.8, color=colour, alpha=0.55)
        axes.step(places, 100.0 * shares.cumsum(), where="mid", color=darker(colour), linewidth=2.2)
    time_axis(axes, quarters[1:])
    axes.set_ylim(0.0, min(112.0, 140.0 * most))
    none = 100.0 * (1.0 - float(shares.sum()))
    axes.text(
        0.012,
        0.93,
        f"no failure in {none:.3g}% of histories" if shares.any() else "no failure in any history",
        transform=axes.transAxes,
        fontsize=TEXT,
        color=MUTED,
        va="top",
    )
