"""What falling rates do to the money for AI: the sign check seed by seed, for intervals."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import pandas as pd

from sim.experiments.workers import read_histories
from sim.scenario.load import Scenario
from studies.findings.summaries import mean_of
from studies.sign_check.study import EFFECTS, sign_check

SHOWN = 0.02
"""The rate at which the change is taken apart."""


def run_rates(baseline: Scenario, rates: Sequence[float], seeds: Sequence[int]) -> pd.DataFrame:
    """Return the sign check with every seed: its rows, and the seed."""
    tables = read_histories(baseline, seeds, partial(_check, tuple(rates)))
    return pd.concat([table.assign(seed=seed) for seed, table in zip(seeds, tables, strict=True)])


def _check(rates: tuple[float, ...], _: Scenario, seed: int) -> pd.DataFrame:
    return sign_check(rates=rates, seeds=(seed,))


def averaged(table: pd.DataFrame) -> pd.DataFrame:
    """Means over the seeds, in the order of the rows."""
    return table.groupby(["behaviour", "rate"], sort=False).mean().drop(columns="seed").reset_index()


def summary_of(table: pd.DataFrame) -> dict[str, Any]:
    """Summarise the sign check: funding at the rate that stays and at the lower one, and the change by channel.

    Args:
        table: as `run_rates` returns it.
    """
    steady = float(table["rate"].max())
    behaviours = list(dict.fromkeys(table["behaviour"]))
    reference = table[(table["rate"] == steady) & (table["behaviour"] == behaviours[0])]
    before = reference.set_index("seed")["ai_funding"]
    rows = []
    for behaviour in behaviours:
        at = table[(table["rate"] == SHOWN) & (table["behaviour"] == behaviour)].set_index("seed")
        parts = {name: mean_of(at[name].to_numpy()) for name in EFFECTS}
        sizes = {abs(part["mean"]): name for name, part in parts.items()}
        rows.append(
            {
                "behaviour": behaviour,
                "funding": mean_of(at["ai_funding"].to_numpy()),
                "change": mean_of((at["ai_funding"] - before).to_numpy()),
                **parts,
                "largest": sizes[max(sizes)],
            }
        )
    return {
        "steady": steady,
        "lower": SHOWN,
        "seeds": len(before),
        "before": mean_of(before.to_numpy()),
        "behaviours": rows,
    }
