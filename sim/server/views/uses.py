"""Where the interest went, cumulated to every quarter: at first hand, and at any remove."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.analysis.attribution import direct_uses_by_quarter, final_uses_by_quarter
from sim.analysis.sums import quarters_of, summed
from sim.report.figures.journeys import journeys_by_quarter
from sim.server.views.numbers import short

if TYPE_CHECKING:
    import pandas as pd

    from sim.runs.run import Run


def uses(run: Run) -> dict[str, Any]:
    """Interest in USD bn from the opening to each quarter.

    Returns:
        `direct`: issuer, use, label, group; `ends`: AI channel, use, label; `final`: use, label, group of
        everything; each with `usd_bn`, one number a quarter.
    """
    return {
        "direct": _rows(run, direct_uses_by_quarter(run), ("issuer", "use", "label", "group")),
        "ends": _rows(run, journeys_by_quarter(run), ("channel", "use", "label")),
        "final": _rows(run, final_uses_by_quarter(run), ("use", "label", "group")),
    }


def _rows(run: Run, table: pd.DataFrame, keys: tuple[str, ...]) -> list[dict[str, Any]]:
    sums = summed(table, keys, quarters_of(run))
    return [
        {**dict(zip(keys, key, strict=True)), "usd_bn": amounts}
        for key, amounts in zip(sums.index, short(sums.to_numpy()), strict=True)
    ]
