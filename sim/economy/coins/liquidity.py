"""The liquidity waterfall: holdings that an issuer sells to pay its holders, their order and their discounts."""

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
"""USD bn: less than a dollar of tokens is rounding, left of a coin that no longer exists."""


@dataclass(frozen=True)
class Rung:
    """One rung of the ladder: a holding of the reserve or of the own book; no instrument means cash."""

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
"""Cash, repo and bills, the own book, then what can only be sold slowly and below its value."""
BACKING = (BILLS, REPO, SECURED_LOANS, BITCOIN, GOLD, OTHER_VENTURES, ADVANCES)
"""Instruments that the reserve can hold besides cash."""
RISKY = ("secured", "gold", "bitcoin", "other")
"""Holdings of the reserve that a law may limit."""


def holdings(books: Books) -> Float[Array, "issuer rung"]:
    """Value of each rung of the ladder, USD bn."""
    amounts = [
        balance(books, rung.book) if rung.instrument is None else total_value(books, rung.instrument, rung.book)
        for rung in LADDER
    ]
    return namespace(amounts[0]).stack(amounts, axis=1)


def discounts(parameters: Parameters) -> Float[Array, " rung"]:
    """Part of its value that each rung loses when it is sold in a hurry."""
    return _by_rung(parameters, "discount", liquid=0.0)


def speeds(parameters: Parameters) -> Float[Array, " rung"]:
    """Part of each rung that can be sold in a week."""
    return _by_rung(parameters, "speed", liquid=1.0)


def reserve_only(parameters: Parameters) -> Float[Array, " rung"]:
    """1 for the rungs of the reserve, 0 for those of the own book."""
    xp = namespace(parameters.tokens.churn)
    return xp.asarray([1.0 if rung.book == RESERVE else 0.0 for rung in LADDER])


def usable(parameters: Parameters, law: Law) -> Float[Array, "issuer rung"]:
    """Part of each rung that backs the tokens: all of the reserve, and of the own book what the law requires."""
    of_reserve = reserve_only(parameters)
    return of_reserve[None, :] + law.own_book_support[:, None] * (1.0 - of_reserve)[None, :]


def raised(
    stock: Float[Array, "issuer rung"], need: Float[Array, " issuer"], part: Array, discount: Array
) -> Float[Array, "issuer rung"]:
    """Proceeds of each rung when `need` is raised from the top of the ladder down; all amounts USD bn.

    Args:
        stock: value of each rung; the value of what is sold is proceeds / (1 - discount).
        need: money needed.
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
    """Value of the reserve in a hurried sale, over tokens: at one or above, all holders can be paid in full.

    With a haircut h on sales, redeeming a share f of the tokens costs the reserve f / (1 - h) of the tokens, so an
    issuer survives a run as long as h f / (1 - h) does not exceed its equity over tokens.
    """
    return ratio(stress_value(books, parameters), circulating(books), empty=1.0)


def buffer_ratio(books: Books) -> Float[Array, " issuer"]:
    """Excess reserves over tokens: the losses that the reserve can take before its holders lose."""
    tokens = -books.positions[TOKENS][RESERVE]
    backing = balance(books, RESERVE)
    for instrument in BACKING:
        backing = backing + total_value(books, instrument, RESERVE)
    return ratio(backing - tokens, circulating(books))


def circulating(books: Books) -> Float[Array, " issuer"]:
    """Tokens outstanding, USD bn; zero where only rounding is left of a coin."""
    tokens = -books.positions[TOKENS][RESERVE]
    return namespace(tokens).where(tokens > GONE, tokens, 0.0)


def sell(books: Books, value: Float[Array, "issuer rung"], lost: Array, occasion: str) -> Books:
    """Sell holdings worth `value` of each rung, USD bn, except cash, and pay the cost of the hurry.

    The buyer pays the full value and is paid back the discount, so that market prices of traded assets do not move
    and the seller alone bears the loss.

    Args:
        books: the books before.
        value: value sold of each rung.
        lost: the part of it that the sale costs, USD bn, `(issuer, rung)`.
        occasion: `window` for sales to meet redemptions, `estate` for those of a failed issuer.
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
    """Take money parked for deals out of the talks where it was paid to holders instead."""
    left = ratio(after.positions[REPO][OWN], before.positions[REPO][OWN], empty=1.0)
    return replace(redeployment, talks=redeployment.talks * left[:, None])


def own_money(proceeds: Float[Array, "issuer rung"], parameters: Parameters) -> Float[Array, " issuer"]:
    """Proceeds raised from the rungs of the own book, USD bn."""
    return (proceeds * (1.0 - reserve_only(parameters))).sum(axis=1)


def support(books: Books, amount: Float[Array, " issuer"], repayment: str, gift: str) -> Books:
    """Pay `amount`, USD bn, from the own book into the reserve, as far as cash allows.

    `repayment` is the kind of flow that repays advances of the reserve, `gift` that of everything beyond them.
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
