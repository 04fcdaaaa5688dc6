"""Where the interest went, cumulated to every quarter: at first hand, and at any remove."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.attribution import direct_uses_by_quarter, final_uses_by_quarter
from sim.figures.journeys import journeys_by_quarter
from sim.server.views.numbers import short

if TYPE_CHECKING:
    import pandas as pd

    from sim.runs import Run


def uses(run: Run) -> dict[str, Any]:
    """Interest in USD bn from the opening to each quarter.

    Returns:
        `direct`: issuer, use, label, group; `ends`: AI channel, use, label; `final`: use, label, group of
        everything; each with `usd_bn`, one number a quarter.
    """
    quarters = run.series["quarter"].tolist()
    return {
        "direct": _rows(direct_uses_by_quarter(run), ["issuer", "use", "label", "group"], quarters),
        "ends": _rows(journeys_by_quarter(run), ["channel", "use", "label"], quarters),
        "final": _rows(final_uses_by_quarter(run), ["use", "label", "group"], quarters),
    }


def _rows(table: pd.DataFrame, keys: list[str], quarters: list[str]) -> list[dict[str, Any]]:
    wide = table.pivot(index=keys, columns="quarter", values="usd_bn").reindex(columns=quarters).fillna(0.0)
    return [
        {**dict(zip(keys, key, strict=True)), "usd_bn": short(amounts)}
        for key, amounts in zip(wide.index, wide.to_numpy(), strict=True)
        if amounts.any()
    ]
