"""Are wrong bets only tuition? The same bets, failing on the same day, made with different money.

Every world has the same random numbers. In its twin no event happens; what failed bets did to the coin is the
difference. `python -m sim.experiments.tuition` prints the table and draws the figure of docs/tuition.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer

from sim import levers
from sim.calendar import between
from sim.model import CapitalFlowModel
from sim.scenario import Scenario, changed, load

SEEDS = 12
ALARM = 150.0
"""Log odds per unit of losses over tokens: of holders who read the news."""
COIN = "Tether"


@dataclass(frozen=True)
class World:
    """A way to make the bets, and what happens to them.

    Attributes:
        label: in a few words.
        scenario: a scenario in which the bets fail; its twin is the same without events.
        changes: made to both.
    """

    label: str
    scenario: str
    changes: tuple[tuple[str, Any], ...] = ()


WORLDS = (
    World("Own money", "tuition-only"),
    World("Own money, holders read the news", "tuition-only", (("loss_alarm", ALARM),)),
    World("The reserve's money, under GENIUS", "reach-and-lose", (("tether_regime", "genius"),)),
    World("The reserve's money", "reach-and-lose"),
    World("The reserve's money, perfect storm", "perfect-storm"),
)
MEASURES = ("tokens", "excess_reserves", "lowest_price", "weeks_shut", "own_book", "advances")


def paths(worlds: Iterable[World] = WORLDS, seeds: Iterable[int] = range(1, SEEDS + 1)) -> pd.DataFrame:
    """Run every world and its twin.

    Args:
        worlds: what to run.
        seeds: of the histories, the same for all.

    Returns:
        One row per world, twin (True or False), seed and quarter, with the coin's measures in USD bn, USD and
        weeks, and `since`, quarters since the failures.
    """
    seeds = tuple(seeds)
    rows: list[dict[str, Any]] = []
    for world in worlds:
        scenario = changed(load(world.scenario), levers.keys(dict(world.changes)))
        day = next(event.quarter for event in scenario.events if event.kind == "bets_fail")
        for twin in (False, True):
            told = {"world": world.label, "twin": twin}
            ours = changed(scenario, {"events": []}) if twin else scenario
            for seed in seeds:
                rows += [
                    {**told, "seed": seed, "since": between(day, row["quarter"]), **row}
                    for row in _history(ours, seed)
                ]
    return pd.DataFrame(rows)


def effects(table: pd.DataFrame) -> pd.DataFrame:
    """What the failures did to the coin: per world, means over seeds of each history against its twin.

    Returns:
        `fails` (share of histories in which the coin was wound up within a year), `excess_lost` and
        `own_book_lost` (USD bn missing at the close of the quarter in which the bets failed), `tokens_lost`
        (share of tokens missing a year later) and `lowest_price` (lowest of the year, mean over histories).
    """
    rows = []
    for label in dict.fromkeys(table["world"]):
        world = table[table["world"] == label]
        ours, twin = (
            world[world["twin"] == which].set_index(["seed", "since"])[[*MEASURES]].sort_index()
            for which in (False, True)
        )
        gone = (twin - ours).xs(0, level="since").mean()
        later, before = ours["tokens"].xs(4, level="since"), twin["tokens"].xs(4, level="since")
        year = ours[ours.index.get_level_values("since").isin(range(5))]
        rows.append(
            {
                "world": label,
                "fails": float((later <= 1e-9).mean()),
                "excess_lost": float(gone["excess_reserves"]),
                "tokens_lost": float((1.0 - later / before).mean()),
                "lowest_price": float(year["lowest_price"].groupby("seed").min().mean()),
                "own_book_lost": float(gone["own_book"]),
            }
        )
    return pd.DataFrame(rows)


def _history(scenario: Scenario, seed: int) -> list[dict[str, Any]]:
    model = CapitalFlowModel(scenario, rng=seed)
    coin = model.names["issuers"].index(COIN)
    rows = []
    while model.running:
        model.step()
        measured = model.measured["issuers"]
        numbers = {measure: float(np.asarray(measured[measure])[coin]) for measure in MEASURES}
        rows.append({"quarter": model.label, **numbers})
    return rows


def main(
    out: Annotated[Path, typer.Option(help="Where the figure goes.")] = Path("docs/images/tuition.png"),
    seeds: Annotated[int, typer.Option(min=1, help="Histories of each world.")] = SEEDS,
) -> None:
    """Print the table and draw the figure."""
    from sim.figures.style import DPI
    from sim.figures.tuition import draw

    table = paths(seeds=range(1, seeds + 1))
    print(effects(table).round(3).to_string(index=False))
    out.parent.mkdir(parents=True, exist_ok=True)
    draw(table, effects(table)).savefig(out, dpi=DPI)
    print(f"figure: {out}")


if __name__ == "__main__":
    typer.run(main)
