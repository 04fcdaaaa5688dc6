"""The document of a history: all that the live page shows, for all quarters, as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sim.analysis.attribution import direct_uses_by_quarter, final_uses_by_quarter
from sim.analysis.sums import quarters_of, summed
from sim.report.figures.journeys import journeys_by_quarter
from sim.server.address import HistoryRequest, own_values
from sim.server.views.arrays import short
from sim.server.views.cards import cards, first_failures
from sim.server.views.charts import charts
from sim.server.views.network import network

if TYPE_CHECKING:
    import pandas as pd

    from sim.runs.run import Run


def document(history: HistoryRequest, run: Run) -> bytes:
    """Return the document of a history.

    Returns:
        JSON: `world` (scenario, title, about, seed, query, levers, turned), `quarters` (the opening first),
        `network`, `uses`, `charts`, `cards`, `events`, `first_failures` and `largest_residual`; money is USD bn.
    """
    whole: dict[str, Any] = {
        "world": {
            "scenario": history.scenario,
            "title": run.manifest["title"],
            "about": run.manifest["about"],
            "seed": history.seed,
            "query": history.query,
            "levers": {**own_values(history.scenario), **dict(history.turned)},
            "turned": [name for name, _ in history.turned],
        },
        "quarters": quarters_of(run),
        "network": network(run),
        "uses": _uses(run),
        "charts": charts(run),
        "cards": cards(run),
        "events": run.events,
        "first_failures": first_failures(run),
        "largest_residual": max(run.manifest["checks"].values()),
    }
    return json.dumps(whole, allow_nan=False, separators=(",", ":")).encode()


def _uses(run: Run) -> dict[str, Any]:
    """Return where interest went from the opening to each quarter: first uses, AI, and all later uses."""
    return {
        "direct": _rows(run, direct_uses_by_quarter(run), ("issuer", "use", "label", "group")),
        "ends": _rows(run, journeys_by_quarter(run), ("channel", "use", "label")),
        "final": _rows(run, final_uses_by_quarter(run), ("use", "label", "group")),
    }


def _rows(run: Run, table: pd.DataFrame, keys: tuple[str, ...]) -> list[dict[str, Any]]:
    sums = summed(table, keys, quarters_of(run))
    return [
        {**dict(zip(keys, key, strict=True)), "usd_bn": amounts}
        for key, amounts in zip(sums.index, short(sums), strict=True)
    ]
