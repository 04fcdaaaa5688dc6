"""Random numbers, drawn before the run, with a separate stream for each (seed, purpose, agent).

So two runs with one seed share their random numbers however their behaviour differs, an additional agent leaves the
draws of the others as they are, a longer run begins with the draws of a shorter one, and all engines agree.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.economy.coins.weekly_rounds import WEEKS
from sim.economy.parameters import CHANNELS
from sim.economy.state import Draws, Events


@dataclass(frozen=True)
class Data:
    """Paths `(quarter,)` of bill rate, bitcoin and gold in the data, with 1 where used, and of progress in GPUs."""

    known: NDArray[np.float64]
    bill_rate: NDArray[np.float64]
    bitcoin: NDArray[np.float64]
    gold: NDArray[np.float64]
    progress: NDArray[np.float64]
    """years of technical progress that arrive in the quarter"""


def stream(seed: int, purpose: str, agent: str = "") -> np.random.Generator:
    """Return the random generator for one purpose (and agent), independent of all other generators."""
    key = (zlib.crc32(purpose.encode()), zlib.crc32(agent.encode()))
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def draw(
    seed: int,
    quarters: int,
    issuers: Sequence[str],
    labs: Sequence[str],
    ventures: Sequence[str],
    data: Data,
    events: Events,
) -> Draws:
    """Draw all random numbers that a history needs, and join them with its data and events.

    Args:
        seed: the seed of the history.
        quarters: the number of quarters.
        issuers: the names of the issuers, in the order of the arrays.
        labs: the names of the labs, in the order of the arrays.
        ventures: the names of the ventures, in the order of the arrays.
        data: observed paths, at least as long as the history.
        events: dated events, at least as long as the history.

    Returns:
        Draws whose arrays have the quarter as first axis; `draws_of_quarter` takes one quarter from them.
    """

    def normal(purpose: str, *shape: int, agent: str = "") -> NDArray[np.float64]:
        return stream(seed, purpose, agent).standard_normal((quarters, *shape))

    def uniform(purpose: str, *shape: int, agent: str = "") -> NDArray[np.float64]:
        return stream(seed, purpose, agent).random((quarters, *shape))

    return Draws(
        rate=normal("rate"),
        bitcoin=normal("bitcoin"),
        gold=normal("gold"),
        crypto_sentiment=normal("crypto sentiment"),
        ai_sentiment=normal("AI sentiment"),
        rent=normal("rent"),
        token_demand=normal("token demand", WEEKS),
        token_share=np.stack([normal("token share", WEEKS, agent=name) for name in issuers], axis=1),
        round_closes=np.stack([uniform("round closes", agent=name) for name in labs], axis=1),
        deal_closes=np.stack([uniform("deal closes", len(CHANNELS), agent=name) for name in issuers], axis=1),
        venture_value=np.stack([normal("venture value", agent=name) for name in ventures], axis=1),
        known=data.known[:quarters],
        bill_rate_data=data.bill_rate[:quarters],
        bitcoin_data=data.bitcoin[:quarters],
        gold_data=data.gold[:quarters],
        progress=data.progress[:quarters],
        events=Events(**{name: path[:quarters] for name, path in vars(events).items()}),
    )


def draws_of_quarter(draws: Draws, quarter: int) -> Draws:
    """Return the draws of one quarter; the first quarter is 0."""
    events = Events(**{name: path[quarter] for name, path in vars(draws.events).items()})
    return Draws(**{name: path[quarter] for name, path in vars(draws).items() if name != "events"}, events=events)
