"""Are wrong bets only tuition? The same bets, failing on the same day, made with different money.

Every world has the same random numbers. In its twin no event happens; what failed bets did to the coin is the
difference. `python -m studies.tuition` prints the table and draws the figure of docs/tuition.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sim.economy.coins.liquidity import GONE
from sim.engine.batch import Engine, agent_measures, behaviour
from sim.engine.ensemble import chosen_engine, refuse_problems, run_histories, starts
from sim.opening.open_economy import open_economy
from sim.scenario import levers, quarters
from sim.scenario.load import Scenario, changed, load

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


def paths(
    worlds: Iterable[World] = WORLDS, seeds: Iterable[int] = range(1, SEEDS + 1), engine: Engine = "auto"
) -> pd.DataFrame:
    """Run every world and its twin.

    Args:
        worlds: what to run.
        seeds: of the histories, the same for all.
        engine: as in `sim.ensemble`; answers agree to 1e-9.

    Returns:
        One row per world, twin (True or False), seed and quarter, with the coin's measures in USD bn, USD and
        weeks, and `since`, quarters since the failures.
    """
    chosen, seeds = tuple(worlds), tuple(seeds)
    engine = chosen_engine(engine, 2 * len(chosen) * len(seeds))
    parts = []
    for world in chosen:
        scenario = changed(load(world.scenario), levers.keys(dict(world.changes)))
        day = next(event.quarter for event in scenario.events if event.kind == "bets_fail")
        for twin in (False, True):
            part = _histories(changed(scenario, {"events": []}) if twin else scenario, seeds, engine)
            since = part["quarter"].map(lambda quarter, day=day: quarters.between(day, quarter))
            parts.append(part.assign(world=world.label, twin=twin, since=since))
    return pd.concat(parts, ignore_index=True)


def effects(table: pd.DataFrame) -> pd.DataFrame:
    """Return what the failures did to the coin: per world, means over seeds of each history against its twin.

    Returns:
        One row per world with the means of the columns of `each`.
    """
    rows = [{"world": label, **each(table, label).mean()} for label in dict.fromkeys(table["world"])]
    return pd.DataFrame(rows)


def each(table: pd.DataFrame, label: str) -> pd.DataFrame:
    """Return what the failures did to the coin in each history of a world, against its twin.

    Args:
        table: as `paths` returns it.
        label: of the world.

    Returns:
        One row per seed: `fails` (1 where the coin was wound up within a year), `excess_lost` and `own_book_lost`
        (USD bn missing at the close of the quarter in which the bets failed), `tokens_lost` (share of tokens
        missing a year later), `lowest_price` (of the year) and `lowest_price_of_twin`.
    """
    world = table[table["world"] == label]
    ours, twin = (
        world[world["twin"] == which].set_index(["seed", "since"])[[*MEASURES]].sort_index() for which in (False, True)
    )
    gone = (twin - ours).xs(0, level="since")
    later, before = ours["tokens"].xs(4, level="since"), twin["tokens"].xs(4, level="since")
    lowest, lowest_of_twin = (
        run[run.index.get_level_values("since").isin(range(5))]["lowest_price"].groupby("seed").min()
        for run in (ours, twin)
    )
    return pd.DataFrame(
        {
            "fails": (later <= GONE).astype(float),
            "excess_lost": gone["excess_reserves"],
            "tokens_lost": 1.0 - later / before,
            "lowest_price": lowest,
            "lowest_price_of_twin": lowest_of_twin,
            "own_book_lost": gone["own_book"],
        }
    )


def _histories(scenario: Scenario, seeds: tuple[int, ...], engine: Engine) -> pd.DataFrame:
    """One row per seed and quarter after the opening, with the coin's measures."""
    histories = run_histories(starts(scenario, seeds), behaviour(scenario), flows=True, engine=engine, agents=True)
    refuse_problems(histories, scenario.name, seeds)
    opening = open_economy(scenario)
    coin, where = opening.names["issuers"].index(COIN), agent_measures(opening.economy)
    assert histories.agents is not None
    labels = [quarters.later(scenario.run.opening, step + 1) for step in range(scenario.run.quarters)]
    numbers = {name: histories.agents[:, 1:, where["issuers", name].start + coin].ravel() for name in MEASURES}
    return pd.DataFrame({"seed": np.repeat(seeds, len(labels)), "quarter": labels * len(seeds), **numbers})
