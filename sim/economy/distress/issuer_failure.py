"""Phase 10c: losses of reserves on advances, and the liquidation of issuers that cannot pay their holders."""

from dataclasses import replace

from jaxtyping import Float

from sim.economy.arrays import Array, column, diagonal, namespace, row
from sim.economy.books.flows import ADVANCES, ECONOMY, OWN, RESERVE, TOKENS
from sim.economy.books.ledger import Books, balance, net_worth, pay, total_value, write_off
from sim.economy.coins.liquidity import (
    GONE,
    buffer_ratio,
    discounts,
    holdings,
    own_money,
    raised,
    reserve_only,
    sell,
    support,
    talks_left,
)
from sim.economy.coins.regimes import Law, law_of
from sim.economy.parameters import Parameters
from sim.economy.state import Economy


def resolve_issuers(economy: Economy, parameters: Parameters, *_: object) -> Economy:
    """Write off advances that the own book can no longer repay, then wind up issuers that cannot stay in business.

    An issuer that refuses redemptions stays in business as long as the market value of its reserve covers the tokens
    and it does not refuse redemptions in too many weeks of a quarter.
    """
    books = impair_advances(economy.books)
    late = economy.tokens.weeks_shut >= parameters.liquidity.longest_closure
    failed = economy.tokens.shut * ((buffer_ratio(books) < 0.0) | late)
    books = wind_up(books, failed, parameters, law_of(economy, parameters))
    market, open_still = economy.tokens, 1.0 - failed
    books, unpaid = pay_late(books, market.unpaid + books.journal.write_offs[TOKENS][RESERVE])
    tokens = replace(market, shut=market.shut * open_still, pressure=market.pressure * open_still, unpaid=unpaid)
    redeployment = talks_left(economy.redeployment, economy.books, books)
    return replace(economy, books=books, redeployment=redeployment, tokens=tokens)


def impair_advances(books: Books) -> Books:
    """Book the loss of a reserve that lent to an own book with negative net worth.

    The owners lose first: the reserve loses only the amount by which the own book's assets fall short of its debt.
    """
    xp = namespace(books.cash[OWN])
    loss = xp.clip(-net_worth(books, OWN), 0.0, total_value(books, ADVANCES, RESERVE))
    return write_off(books, ADVANCES, RESERVE, OWN, diagonal(loss))


def wind_up(books: Books, failed: Float[Array, " issuer"], parameters: Parameters, law: Law) -> Books:
    """Wind up the issuers marked 1: sell everything, pay creditors by rank, and write off the remaining tokens.

    The own book sells its assets to repay its debt to the reserve. Where the law puts holders first, the own book
    also covers the holders' remaining loss, and others pay for the administration; elsewhere administration and
    other creditors rank before the holders. What the own book cannot pay at once it still owes, and pays later.
    """
    xp = namespace(failed)
    stock, discount, reserve = holdings(books), discounts(parameters), reserve_only(parameters)
    tokens = xp.maximum(-books.positions[TOKENS][RESERVE], 0.0)
    of_reserve = stock * (1.0 - discount) * reserve * failed[:, None]
    missing = xp.maximum(tokens * failed - of_reserve.sum(axis=1), 0.0)
    owed = total_value(books, ADVANCES, RESERVE) * failed
    claimed = xp.minimum(missing, xp.maximum(owed, law.holders_first * missing))
    of_owners = raised(stock, claimed, 1.0 - reserve, discount)
    proceeds = of_reserve + of_owners
    sold = proceeds / (1.0 - discount)
    books = sell(books, sold, sold - proceeds, "estate")
    books = support(books, own_money(proceeds, parameters), "estate_repayment", "estate_support")
    cash = xp.maximum(balance(books, RESERVE), 0.0) * failed
    first = parameters.liquidity.administration_cost * (1.0 - law.holders_first) * cash
    books = pay(books, "estate_costs", column(first))
    payout = xp.minimum((cash - first) * (1.0 - 1e-14), tokens)
    books = pay(books, "estate_payout", column(payout))
    return write_off(books, TOKENS, ECONOMY, RESERVE, row((tokens - payout) * failed))


def pay_late(books: Books, unpaid: Float[Array, " issuer"]) -> tuple[Books, Float[Array, " issuer"]]:
    """Pay late receipts of a failed coin's reserve to its former holders, and the rest to its owners.

    `unpaid` is the loss of the holders of each failed coin so far, USD bn; the second result is what remains.
    """
    xp = namespace(unpaid)
    gone = -books.positions[TOKENS][RESERVE] <= GONE
    cash = xp.maximum(balance(books, RESERVE), 0.0) * gone
    late = xp.minimum(cash, unpaid)
    books = pay(books, "estate_late_payout", column(late))
    return pay(books, "estate_surplus", diagonal(cash - late)), unpaid - late
