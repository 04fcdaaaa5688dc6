"""The liquidity waterfall: what an issuer sells to pay token holders, in which order, and at which discounts."""

from dataclasses import dataclass, replace

from jaxtyping import Float

from sim.economy.arrays import Array, diagonal, namespace, ratio, row
from sim.economy.books.flows import (
    ADVANCES,
    BILLS,
    BITCOIN,
    GOLD,
    OTHER_VENTURES,
    OWN,
    REPO,
    RESERVE,
    SECURED_LOANS,
    TOKENS,
)
from sim.economy.books.ledger import Books, balance, pay, total_value
from sim.economy.coins.regimes import Law
from sim.economy.parameters import Parameters
from sim.economy.state import Redeployment

GONE = 1e-9
"""USD bn (one dollar): a coin with fewer tokens than this no longer exists; the remainder is rounding."""


@dataclass(frozen=True)
class Rung:
    """One step of the waterfall: a holding of the reserve or of the own book; `instrument` is None for cash."""

    book: str
    instrument: str | None
    name: str


LADDER = (
    Rung(RESERVE, None, "cash"),
    Rung(RESERVE, REPO, "repo"),
    Rung(RESERVE, BILLS, "bills"),
    Rung(OWN, None, "cash"),
    Rung(OWN, REPO, "repo"),
    Rung(OWN, BILLS, "bills"),
    Rung(RESERVE, SECURED_LOANS, "secured"),
    Rung(RESERVE, GOLD, "gold"),
    Rung(RESERVE, BITCOIN, "bitcoin"),
    Rung(RESERVE, OTHER_VENTURES, "other"),
    Rung(OWN, GOLD, "gold"),
    Rung(OWN, BITCOIN, "bitcoin"),
)
"""Order of use: liquid holdings of the reserve, then of the own book, then what sells slowly and at a discount."""
BACKING = (BILLS, REPO, SECURED_LOANS, BITCOIN, GOLD, OTHER_VENTURES, ADVANCES)
"""Instruments that the reserve can hold besides cash."""
RISKY = ("secured", "gold", "bitcoin", "other")
"""Holdings of the reserve that a law may limit."""


def holdings(books: Books) -> Float[Array, "issuer rung"]:
    """Market value of each rung of `LADDER`, USD bn."""
    amounts = [
        balance(books, rung.book) if rung.instrument is None else total_value(books, rung.instrument, rung.book)
        for rung in LADDER
    ]
    return namespace(amounts[0]).stack(amounts, axis=1)


def discounts(parameters: Parameters) -> Float[Array, " rung"]:
    """Return the part of its value that each rung loses in a hurried sale."""
    return _by_rung(parameters, "discount", liquid=0.0)


def speeds(parameters: Parameters) -> Float[Array, " rung"]:
    """Return the part of each rung that can be sold in a week."""
    return _by_rung(parameters, "speed", liquid=1.0)


def reserve_only(parameters: Parameters) -> Float[Array, " rung"]:
    """Return 1 for each rung of the reserve and 0 for each rung of the own book."""
    xp = namespace(parameters.tokens.churn)
    return xp.asarray([1.0 if rung.book == RESERVE else 0.0 for rung in LADDER])


def usable(parameters: Parameters, law: Law) -> Float[Array, "issuer rung"]:
    """Part of each rung that backs the tokens: 1 in the reserve, and in the own book the part that the law sets."""
    of_reserve = reserve_only(parameters)
    return of_reserve[None, :] + law.own_book_support[:, None] * (1.0 - of_reserve)[None, :]


def raised(
    stock: Float[Array, "issuer rung"], need: Float[Array, " issuer"], part: Array, discount: Array
) -> Float[Array, "issuer rung"]:
    """Proceeds of each rung, USD bn, when `need` is raised by selling the rungs in the order of `LADDER`.

    Args:
        stock: market value of each rung, USD bn; the value sold is proceeds / (1 - discount).
        need: money needed, USD bn.
        part: part of each rung that can be sold now, `(issuer, rung)` or `(rung,)`.
        discount: part of its value that a rung loses in the sale, `(rung,)`.
    """
    xp = namespace(stock)
    can_yield = stock * part * (1.0 - discount)
    above = xp.cumulative_sum(can_yield, axis=1) - can_yield
    return xp.clip(need[:, None] - above, 0.0, xp.maximum(can_yield, 0.0))


def stress_value(books: Books, parameters: Parameters) -> Float[Array, " issuer"]:
    """Value of the reserve if all of it had to be sold in a hurry, USD bn."""
    traded = (holdings(books) * (1.0 - discounts(parameters)) * reserve_only(parameters)).sum(axis=1)
    return traded + (1.0 - parameters.liquidity.advance_discount) * total_value(books, ADVANCES, RESERVE)


def reserve_quality(books: Books, parameters: Parameters) -> Float[Array, " issuer"]:
    """Value of the reserve in a hurried sale, divided by tokens: if it is at least one, all holders can be paid.

    If sales are made at a discount h, the redemption of a share f of the tokens costs the reserve f / (1 - h) of the
    tokens. An issuer therefore survives a run as long as h f / (1 - h) is at most its excess reserves per token.
    """
    return ratio(stress_value(books, parameters), circulating(books), empty=1.0)


def buffer_ratio(books: Books) -> Float[Array, " issuer"]:
    """Excess reserves divided by tokens: the loss per token that the reserve can bear before token holders lose."""
    tokens = -books.positions[TOKENS][RESERVE]
    backing = balance(books, RESERVE)
    for instrument in BACKING:
        backing = backing + total_value(books, instrument, RESERVE)
    return ratio(backing - tokens, circulating(books))


def circulating(books: Books) -> Float[Array, " issuer"]:
    """Tokens outstanding, USD bn; zero for a coin of which only rounding is left."""
    tokens = -books.positions[TOKENS][RESERVE]
    return namespace(tokens).where(tokens > GONE, tokens, 0.0)


def sell(books: Books, value: Float[Array, "issuer rung"], lost: Array, occasion: str) -> Books:
    """Sell holdings worth `value` from each rung except cash, and pay the cost of hurried sales.

    The buyer pays the full value and is paid back the discount, so that market prices of traded assets do not move
    and the seller alone bears the loss.

    Args:
        books: the books before the sale.
        value: market value sold from each rung, USD bn.
        lost: part of that value that is lost in the sale, USD bn, `(issuer, rung)`.
        occasion: `window` for sales to meet redemptions, `estate` for sales by a failed issuer.
    """
    xp = namespace(value)
    for index, rung in enumerate(LADDER):
        if rung.instrument is not None:
            holding = total_value(books, rung.instrument, rung.book)
            amount = xp.clip(value[:, index], 0.0, xp.maximum(holding, 0.0))
            books = pay(books, f"{occasion}_{rung.book}_{rung.name}_sale", row(amount))
    for book in (RESERVE, OWN):
        here = xp.asarray([1.0 if rung.book == book else 0.0 for rung in LADDER])
        cost = (lost * here).sum(axis=1)
        books = pay(books, f"{occasion}_{book}_sale_cost", cost[:, None])
    return books


def talks_left(redeployment: Redeployment, before: Books, after: Books) -> Redeployment:
    """Reduce the money in talks by the share of money parked for deals that was paid to token holders instead."""
    left = ratio(after.positions[REPO][OWN], before.positions[REPO][OWN], empty=1.0)
    return replace(redeployment, talks=redeployment.talks * left[:, None])


def own_money(proceeds: Float[Array, "issuer rung"], parameters: Parameters) -> Float[Array, " issuer"]:
    """Proceeds raised from the rungs of the own book, USD bn."""
    return (proceeds * (1.0 - reserve_only(parameters))).sum(axis=1)


def support(books: Books, amount: Float[Array, " issuer"], repayment: str, gift: str) -> Books:
    """Pay `amount`, USD bn, from the own book into the reserve, as far as cash allows.

    The flow named `repayment` repays what the reserve has advanced; the flow named `gift` pays the rest.
    """
    xp = namespace(amount)
    paid = xp.clip(amount, 0.0, xp.maximum(balance(books, OWN), 0.0))
    owed = xp.minimum(paid, total_value(books, ADVANCES, RESERVE))
    books = pay(books, repayment, diagonal(owed))
    return pay(books, gift, diagonal(paid - owed))


def _by_rung(parameters: Parameters, what: str, liquid: float) -> Float[Array, " rung"]:
    liquidity = parameters.liquidity
    xp = namespace(liquidity.transition)
    liquid_one = 0.0 * liquidity.transition + liquid
    return xp.stack([getattr(liquidity, f"{rung.name}_{what}", liquid_one) for rung in LADDER])
