"""Outcomes of a history: named numbers, such as a sum or a minimum over the quarters of one reading.

A reading is a number taken from the economy in every quarter. Readings are functions of arrays alone, so that every
engine can compute them. `sim.analysis.attribution.headline` computes some outcomes from a run folder instead; these
have the same names and values there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from sim.economy.arrays import Array, Scalar, namespace, ratio
from sim.economy.books.flows import ORIGINS, OWN, RESERVE, TOKENS
from sim.economy.books.ledger import Books, net_worth
from sim.economy.books.measures import EARNED
from sim.economy.books.uses import AI_FLOWS, INTEREST
from sim.economy.coins.liquidity import GONE, buffer_ratio
from sim.economy.compute.hours import BILLION
from sim.economy.state import Economy

if TYPE_CHECKING:
    from sim.engine.mesa_model import CapitalFlowModel

Reduction = Literal["sum", "last year", "last", "min", "max", "mean", "quarters before"]
ORIGIN_WORDS = {
    "bill_interest": "bill interest",
    "token_float": "holders' token float",
    "trading_gains": "trading gains",
    "customer_revenue": "customers' revenue",
    "investor_capital": "investors' capital",
    "credit": "credit",
    "opening_cash": "cash held at the opening",
}
"""Origin of money -> its words in a sentence."""
BILL_INTEREST = ORIGINS.index("bill_interest")


@dataclass(frozen=True)
class Outcome:
    """One named number of a history.

    Attributes:
        name: the name in tables and in JSON; amounts of money end in `_usd_bn`.
        label: a description in a few words.
        unit: the unit of the number.
        reduction: how the readings of all quarters become one number. "sum", "last year" and "mean" leave the opening
            quarter out; "min" and "max" include it. "quarters before" counts the quarters before the first in which
            the reading is positive; if it never is, all quarters count. That is a time censored at the end of the
            history, so that means and differences are those of the restricted mean survival time.
        about: the population or sector in whose colour figures draw the outcome, or "interest".
        reading: the key of the reading in `readings`; if left out, the name without `_at_end` and `_last_year`.
        over: for shares, the reading whose sum over the quarters is the denominator.
    """

    name: str
    label: str
    unit: str
    reduction: Reduction
    about: str
    reading: str = ""
    over: str | None = None

    @property
    def read(self) -> str:
        """The key, in `readings`, of the reading that is reduced."""
        return self.reading or self.name.replace("_at_end", "").replace("_last_year", "")


USD, GPUS, SHARE, COUNT, QUARTERS = "USD bn", "GPUs", "share", "companies", "quarters"
INTEREST_GPUS = "gpu_capex_from_bill_interest_usd_bn"
"""The outcome of this name equals `interest_funded_gpu_usd_bn`; tables on pages show only one of the two."""
OUTCOMES: tuple[Outcome, ...] = (
    # GPUs
    Outcome("gpu_capex_usd_bn", "GPU purchases of the providers", USD, "sum", "providers"),
    *(
        Outcome(
            f"gpu_capex_from_{origin}_usd_bn",
            f"GPU purchases paid with {ORIGIN_WORDS[origin]}",
            USD,
            "sum",
            "providers",
        )
        for origin in EARNED
    ),
    Outcome("gpus_bought", "GPUs bought by the providers", GPUS, "sum", "providers"),
    Outcome("gpus_at_end", "GPUs in place at the end", GPUS, "last", "providers"),
    Outcome("gpu_rent_at_end_usd_hour", "Rent of a GPU at the end", "USD an hour", "last", "providers"),
    # Interest, and what it paid for directly or indirectly
    Outcome("interest_usd_bn", "Interest earned by issuers", USD, "sum", "interest", "interest_received_usd_bn"),
    Outcome("interest_funded_gpu_usd_bn", "GPU purchases paid with interest", USD, "sum", "interest", INTEREST_GPUS),
    Outcome("gpus_funded_by_interest", "GPUs paid with interest", GPUS, "sum", "interest"),
    Outcome(
        "interest_share_of_gpu_capex",
        "Share of GPU purchases paid with interest",
        SHARE,
        "sum",
        "interest",
        INTEREST_GPUS,
        over="gpu_capex_usd_bn",
    ),
    Outcome("interest_funded_compute_usd_bn", "Computing for labs paid with interest", USD, "sum", "interest"),
    Outcome("interest_funded_lab_cost_usd_bn", "Other costs of labs paid with interest", USD, "sum", "interest"),
    Outcome("interest_funded_open_data_usd_bn", "Open data paid with interest", USD, "sum", "interest"),
    # Issuers
    Outcome("redeployed_usd_bn", "Put into AI and frontier technology", USD, "sum", "issuers", "paid_into_ai_usd_bn"),
    Outcome("redeployed_from_interest_usd_bn", "Put into AI in dollars of interest", USD, "sum", "interest"),
    Outcome("dividends_usd_bn", "Dividends of issuers", USD, "sum", "issuers"),
    Outcome("holder_yield_usd_bn", "Yield paid to token holders", USD, "sum", "issuers"),
    Outcome("final_tokens_usd_bn", "Tokens outstanding at the end", USD, "last", "issuers", "tokens_usd_bn"),
    Outcome("own_books_at_end_usd_bn", "Issuers' own books at the end", USD, "last", "issuers"),
    Outcome("excess_reserves_at_end_usd_bn", "Excess reserves at the end", USD, "last", "issuers"),
    Outcome("lowest_reserve_excess_usd_bn", "Lowest excess reserve of an issuer", USD, "min", "issuers"),
    Outcome("lowest_reserve_excess_share", "Lowest excess reserve over tokens", SHARE, "min", "issuers"),
    Outcome("lowest_token_price", "Lowest price of a token", "USD", "min", "issuers"),
    Outcome("largest_weekly_outflow", "Largest weekly outflow over tokens", SHARE, "max", "issuers"),
    Outcome("weeks_window_closed", "Weeks with a closed window, worst coin", "weeks", "sum", "issuers"),
    # Labs
    Outcome("lab_revenue_usd_bn", "Revenue of the labs", USD, "sum", "labs"),
    Outcome("lab_revenue_last_year_usd_bn", "Revenue of the labs in the last year", USD, "last year", "labs"),
    Outcome("lab_spending_usd_bn", "Spending of the labs", USD, "sum", "labs"),
    Outcome("lab_raised_usd_bn", "Raised by the labs", USD, "sum", "labs"),
    Outcome("best_capability_at_end", "Capability of the best lab at the end", "index", "last", "labs"),
    # Providers, the vendor, and failures
    Outcome("provider_debt_at_end_usd_bn", "Debt of the providers at the end", USD, "last", "providers"),
    Outcome("vendor_sales_usd_bn", "Sales of the vendor", USD, "sum", "vendor"),
    Outcome("coins_failed", "Coins that failed", "coins", "sum", "issuers"),
    Outcome("failures", "Companies that failed", COUNT, "sum", "economy"),
    Outcome("lab_failures", "Labs that failed", COUNT, "sum", "labs"),
    Outcome("provider_failures", "Providers that failed", COUNT, "sum", "providers"),
    Outcome("venture_failures", "Ventures that failed", COUNT, "sum", "ventures"),
    *(
        Outcome(
            f"quarters_before_first_{what}_failure",
            f"Quarters before the first {words} failed",
            QUARTERS,
            "quarters before",
            about,
            reading,
        )
        for what, words, about, reading in (
            ("company", "company", "economy", "failures"),
            ("lab", "lab", "labs", "lab_failures"),
            ("provider", "provider", "providers", "provider_failures"),
            ("coin", "coin", "issuers", "coins_failed"),
        )
    ),
)
"""Every outcome of a history, in the order in which tables show them."""
HEADLINES = (
    "gpu_capex_usd_bn",
    "gpus_bought",
    "gpus_at_end",
    "vendor_sales_usd_bn",
    "lab_spending_usd_bn",
    "lab_raised_usd_bn",
    "redeployed_usd_bn",
    "own_books_at_end_usd_bn",
    "interest_usd_bn",
    "final_tokens_usd_bn",
    "lowest_token_price",
    "weeks_window_closed",
    "coins_failed",
    "failures",
)
"""Names of the outcomes that get a figure of their own in a comparison."""
BY_NAME: dict[str, Outcome] = {outcome.name: outcome for outcome in OUTCOMES}


def readings(before: Economy, after: Economy, series: Mapping[str, float]) -> dict[str, Scalar]:
    """Return all readings of one quarter: reading -> number.

    Args:
        before: the economy when the quarter began; for the opening quarter, the same as `after`.
        after: the economy when the quarter closed.
        series: the measures of `after`, from `sim.economy.books.measures.series`; each of them is a reading too.
    """
    books, labs = after.books, after.labs
    xp = namespace(labs.alive)
    excess, share = _excess_reserves(after)
    failed = {
        f"{who}_failures": 1.0 * (start.alive > end.alive).sum()
        for who, start, end in (
            ("lab", before.labs, labs),
            ("provider", before.gpus, after.gpus),
            ("venture", before.ventures, after.ventures),
        )
    }
    return {
        **series,
        "gpus_bought": series["gpu_capex_usd_bn"] / series["gpu_price_usd"] * BILLION,
        "interest_received_usd_bn": _paid(books, *INTEREST),
        "paid_into_ai_usd_bn": _paid(books, *AI_FLOWS),
        "redeployed_from_interest_usd_bn": _paid_with_interest(books, *AI_FLOWS),
        "interest_funded_lab_cost_usd_bn": _paid_with_interest(books, "lab_staff", "lab_other"),
        "interest_funded_open_data_usd_bn": _paid_with_interest(books, "open_data"),
        "holder_yield_usd_bn": _paid(books, "holder_yield"),
        "own_books_usd_bn": net_worth(books, OWN).sum(),
        "excess_reserves_usd_bn": excess.sum(),
        "lowest_reserve_excess_usd_bn": excess.min(),
        "lowest_reserve_excess_share": share.min(),
        "best_capability": xp.where(labs.alive > 0.0, labs.capability, -xp.inf).max(),
        "failures": sum(failed.values()),
        "coins_failed": 1.0 * ((_tokens(before) > GONE) & (_tokens(after) <= GONE)).sum(),
        **failed,
    }


def _tokens(economy: Economy) -> Array:
    return -economy.books.positions[TOKENS][RESERVE]


def outcomes_of(model: CapitalFlowModel) -> dict[str, float]:
    """Run a new model to its last quarter, and return its outcomes, in the order of `OUTCOMES`.

    Raises:
        AccountingError: if an accounting identity is violated.
    """
    quarters = [readings(model.economy, model.economy, model.series)]
    while model.running:
        before = model.economy
        model.step()
        quarters.append(readings(before, model.economy, model.series))
    paths = {name: np.array([float(quarter[name]) for quarter in quarters]) for name in quarters[0]}
    return {name: float(number) for name, number in reduced(paths).items()}


def reduced(paths: Mapping[str, Array]) -> dict[str, Array]:
    """Return the outcomes, `(...)`, of all readings by quarter, `(..., quarter)`, starting with the opening quarter."""
    return {outcome.name: _reduced(outcome, paths) for outcome in OUTCOMES}


def _reduced(outcome: Outcome, paths: Mapping[str, Array]) -> Array:
    path = paths[outcome.read]
    number = {
        "sum": lambda: path[..., 1:].sum(axis=-1),
        "last year": lambda: path[..., 1:][..., -4:].sum(axis=-1),
        "last": lambda: path[..., -1],
        "min": lambda: path.min(axis=-1),
        "max": lambda: path.max(axis=-1),
        "mean": lambda: path[..., 1:].mean(axis=-1),
        "quarters before": lambda: _quarters_before(path[..., 1:] > 0.0),
    }[outcome.reduction]()
    if outcome.over is None:
        return number
    return ratio(number, paths[outcome.over][..., 1:].sum(axis=-1))


def _quarters_before(event: Array) -> Array:
    """Return the number of quarters before the first event; without any event, the number of all quarters."""
    xp = namespace(event)
    return 1.0 * xp.where(event.any(axis=-1), event.argmax(axis=-1), event.shape[-1])


def _excess_reserves(economy: Economy) -> tuple[Array, Array]:
    """Return each issuer's excess reserves in USD bn, and as a share of its tokens (infinite without tokens)."""
    tokens = _tokens(economy)
    xp = namespace(tokens)
    over = buffer_ratio(economy.books)
    return over * tokens, xp.where(tokens > 0.0, over, xp.inf)


def _paid(books: Books, *kinds: str) -> Scalar:
    zero = 0.0 * books.cash[OWN].sum()
    flows = [books.journal.flows[kind] for kind in kinds if kind in books.journal.flows]
    return sum((flow.amount.sum() for flow in flows), zero)


def _paid_with_interest(books: Books, *kinds: str) -> Scalar:
    zero = 0.0 * books.cash[OWN].sum()
    flows = [books.journal.flows[kind] for kind in kinds if kind in books.journal.flows]
    return sum(((flow.amount * flow.origins[..., BILL_INTEREST]).sum() for flow in flows), zero)
