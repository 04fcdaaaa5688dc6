"""A history as browsers get it: everything that the live page shows, for all quarters, as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sim.server.address import HistoryRequest, own_values
from sim.server.views.cards import cards, first_failures
from sim.server.views.charts import charts
from sim.server.views.network import network
from sim.server.views.uses import uses

if TYPE_CHECKING:
    from sim.runs.run import Run


def document(world: HistoryRequest, run: Run) -> bytes:
    """Return the document of a history.

    Args:
        world: its address.
        run: its tables.

    Returns:
        JSON: `world` (scenario, title, about, seed, query, levers, turned), `quarters` (the opening first),
        `network`, `uses`, `charts`, `cards`, `events`, `first_failures` and `checks`; money is USD bn.
    """
    told: dict[str, Any] = {
        "world": {
            "scenario": world.scenario,
            "title": run.manifest["title"],
            "about": run.manifest["about"],
            "seed": world.seed,
            "query": world.query,
            "levers": {**own_values(world.scenario), **dict(world.turned)},
            "turned": [name for name, _ in world.turned],
        },
        "quarters": run.series["quarter"].tolist(),
        "network": network(run),
        "uses": uses(run),
        "charts": charts(run),
        "cards": cards(run),
        "events": run.events,
        "first_failures": first_failures(run),
        "largest_residual": max(run.manifest["checks"].values()),
    }
    return json.dumps(told, allow_nan=False, separators=(",", ":")).encode()
