"""Phase 2: the token market, that is, booking the outcome of `weekly_rounds` and reinvesting the reserves."""

from dataclasses import replace

from jaxtyping import Float

from sim.economy.arrays import Array, column, namespace, ratio, row
from sim.economy.books.flows import BILLS, REPO, RESERVE, SECURED_LOANS, TOKENS
from sim.economy.books.ledger import Books, balance, pay
from sim.economy.coins.liquidity import LADDER, RISKY, discounts, own_money, sell, support, talks_left
from sim.economy.coins.regimes import Law, law_of
from sim.economy.coins.weekly_rounds import WeeklyRounds, opportunity_cost, weekly_rounds
from sim.economy.parameters import Parameters
from sim.economy.state import Draws, Economy


def trade_tokens(economy: Economy, parameters: Parameters, draws: Draws, *_: object) -> Economy:
    """Mint and redeem tokens, pay redemptions down the liquidity waterfall, and invest the remaining cash.

    The weekly rounds work on a copy of the liquid holdings; only the totals of the quarter are booked.
    """
    opening, law = economy.books, law_of(economy, parameters)
    xp = namespace(law.deposit_share)
    yield_paid = holder_yield(economy, parameters)
    weeks = weekly_rounds(economy, parameters, draws, yield_paid)
    books = pay(opening, "mint", row(weeks.minted))
    books = _sell(books, weeks, parameters, law)
    paid = xp.clip(weeks.redeemed, 0.0, xp.maximum(balance(books, RESERVE), 0.0))
    books = pay(books, "redemption", column(paid))
    books = _invest(books, parameters, law)
    tokens = replace(
        economy.tokens,
        opportunity_cost=opportunity_cost(economy, yield_paid),
        average_tokens=weeks.average,
        average_bills=_mean_position(opening, books, BILLS),
        average_repo=_mean_position(opening, books, REPO),
        average_secured=_mean_position(opening, books, SECURED_LOANS),
        price=weeks.last.price,
        run_rate=weeks.last.run_rate,
        pressure=weeks.last.pressure,
        shut=weeks.last.shut,
        lowest_price=weeks.lowest_price,
        largest_outflow=weeks.largest_outflow,
        weeks_shut=weeks.weeks_shut,
        yield_impact=weeks.yield_impact,
    )
    redeployment = talks_left(economy.redeployment, opening, books)
    return replace(economy, books=books, tokens=tokens, redeployment=redeployment)


def holder_yield(economy: Economy, parameters: Parameters) -> Float[Array, " issuer"]:
    """Yield that each issuer passes on to holders, per year: a part of the bill rate, or 0 if its law forbids it."""
    xp = namespace(parameters.issuer.pass_through)
    part = xp.maximum(parameters.issuer.pass_through, parameters.tokens.yield_to_holders)
    return part * law_of(economy, parameters).may_pay_yield * economy.environment.bill_rate


def cash_target(parameters: Parameters, law: Law) -> Float[Array, " issuer"]:
    """Deposits to be held, as a share of tokens: the issuer's choice, but at least what the law requires."""
    return namespace(law.deposit_share).maximum(parameters.issuer.cash_share, law.deposit_share)


def _sell(books: Books, weeks: WeeklyRounds, parameters: Parameters, law: Law) -> Books:
    """Sell to meet redemptions, to restore the cash position, and to comply with the limits of the law.

    Only sales to meet redemptions are hurried and made at a discount; other sales are made at full value.
    """
    xp = namespace(weeks.minted)
    discount = discounts(parameters)
    hurried = weeks.proceeds / (1.0 - discount)[None, :]
    left = xp.maximum(weeks.last.stock, 0.0)
    tokens = weeks.last.tokens
    missing = xp.maximum(cash_target(parameters, law) * tokens - left[:, 0], 0.0)
    # Repo, then bills, bring cash back to its target.
    repo = xp.minimum(missing, left[:, 1])
    bills = xp.minimum(missing - repo, left[:, 2])
    restoring = xp.concat([0.0 * left[:, :1], repo[:, None], bills[:, None], 0.0 * left[:, 3:]], axis=1)
    calm = restoring + _to_comply(left, tokens, parameters, law)
    books = sell(books, hurried + calm, hurried - weeks.proceeds, "window")
    return support(books, own_money(weeks.proceeds, parameters), "advance_repayment", "issuer_support")


def _to_comply(left: Array, tokens: Array, parameters: Parameters, law: Law) -> Float[Array, "issuer rung"]:
    """Sales, USD bn, that bring loans, gold, bitcoin and stakes back to their limit within the transition."""
    xp = namespace(left)
    is_risky = xp.asarray([1.0 if rung.name in RISKY and rung.book == RESERVE else 0.0 for rung in LADDER])
    risky = left * is_risky[None, :]
    limit = xp.minimum(parameters.issuer.risky_limit, law.risky_limit) * tokens
    excess = xp.maximum(risky.sum(axis=1) - limit, 0.0) / parameters.liquidity.transition
    return risky * ratio(excess, risky.sum(axis=1))[:, None]


def _invest(books: Books, parameters: Parameters, law: Law) -> Books:
    """Invest surplus cash in repo and collateralised loans, up to their target shares of tokens, then in bills."""
    xp = namespace(law.deposit_share)
    issuer = parameters.issuer
    tokens = -books.positions[TOKENS][RESERVE]
    surplus = xp.maximum(balance(books, RESERVE) - cash_target(parameters, law) * tokens, 0.0)
    repo = xp.maximum(issuer.repo_share * tokens - books.positions[REPO][RESERVE], 0.0)
    share = xp.minimum(issuer.secured_share, xp.minimum(issuer.risky_limit, law.risky_limit))
    loans = xp.maximum(share * tokens - books.positions[SECURED_LOANS][RESERVE], 0.0)
    fits = xp.minimum(1.0, ratio(surplus, repo + loans, empty=1.0))
    books = pay(books, "reserve_repo_purchase", column(repo * fits))
    books = pay(books, "secured_lending", column(loans * fits))
    left = xp.maximum(balance(books, RESERVE) - cash_target(parameters, law) * tokens, 0.0)
    return pay(books, "reserve_bill_purchase", column(xp.minimum(left, surplus)))


def _mean_position(opening: Books, closing: Books, instrument: str) -> Array:
    return 0.5 * (opening.positions[instrument][RESERVE] + closing.positions[instrument][RESERVE])
