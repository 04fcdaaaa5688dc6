"""Where interest went, with redeployment and without: at first hand, and in the end."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.economy.books.uses import described, final_label
from sim.experiments.compare.paired import effect
from studies.findings import uses
from studies.findings.summaries import effect_of, spread
from studies.findings.worlds import World, cut, windows

Numbers = NDArray[np.float64]
LEAST = 0.0005
"""Part of the interest below which a use has no row of its own."""


def summary_of(world: World) -> dict[str, Any]:
    """Return uses of interest by window; the effect of redeployment on each over the whole history."""
    summary: dict[str, Any] = {}
    for name, quarters in windows(world.scenario).items():
        histories, alone = cut(world.histories, quarters), cut(world.alone, quarters)
        interest = uses.earned(histories)
        ours, theirs = uses.direct_uses(histories), uses.direct_uses(alone)
        summary[name] = {
            "interest": spread(interest),
            "direct": [_row(use, *described(use), ours, theirs, float(interest.mean())) for use in {**ours, **theirs}],
            "final": _final(uses.final_uses(histories), float(interest.mean())),
        }
        summary[name]["direct"].sort(key=lambda row: -row["effect"]["with"])
    return summary


def _row(
    use: str, label: str, group: str, ours: dict[str, Numbers], theirs: dict[str, Numbers], whole: float
) -> dict[str, Any]:
    some = next(iter(ours.values()))
    a, b = (side.get(use, np.zeros_like(some)) for side in (ours, theirs))
    return {
        "use": use,
        "label": label,
        "group": group,
        "share": float(a.mean()) / whole if whole else 0.0,
        "spread": spread(a),
        "effect": effect_of(effect(a, b)),
    }


def _final(amounts: dict[str, Numbers], whole: float) -> list[dict[str, Any]]:
    """Return ends with a row of their own, the largest first, and the rest in one."""
    rows, rest = [], np.zeros_like(next(iter(amounts.values())))
    for use, amount in sorted(amounts.items(), key=lambda item: -float(item[1].mean())):
        if abs(float(amount.mean())) < LEAST * whole:
            rest = rest + amount
            continue
        label = "still held by issuers, companies and investors" if use == uses.STILL_HELD else final_label(use)
        rows.append({"use": use, "label": label, "share": float(amount.mean()) / whole, **spread(amount)})
    if np.abs(rest).max() > 0.0:
        share = float(rest.mean()) / whole
        rows.append({"use": "rest", "label": "all other ends", "share": share, **spread(rest)})
    return rows
