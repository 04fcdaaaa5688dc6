"""Phase 2: the token market, in weekly rounds, and what it does to the reserves."""

from __future__ import annotations

from dataclasses import dataclass, replace

from jaxtyping import Float

from sim.economy.arrays import Array, Scalar, column, namespace, ratio, row
from sim.economy.choice import logit
from sim.economy.flows import BILLS, REPO, RESERVE, SECURED_LOANS, TOKENS
from sim.economy.ledger import Books, balance, pay
from sim.economy.rules import Rules
from sim.economy.state import Draws, Economy

WEEKS = 13


@dataclass(frozen=True)
class WeeklyRounds:
    """What 13 weeks of minting and redeeming add up to, USD bn per issuer."""

    tokens: Float[Array, " issuer"]
    minted: Float[Array, " issuer"]
    redeemed: Float[Array, " issuer"]
    average: Float[Array, " issuer"]


def trade_tokens(economy: Economy, rules: Rules, draws: Draws) -> Economy:
    """Mint and redeem, pay every redemption from liquid reserves, and invest what is left."""
    opening = economy.books
    yield_paid = holder_yield(economy, rules)
    weeks = weekly_rounds(economy, rules, draws, yield_paid)
    books = pay(opening, "mint", row(weeks.minted))
    books = _raise_cash(books, weeks.redeemed + rules.issuer.cash_share * weeks.tokens)
    paid = namespace(weeks.redeemed).minimum(weeks.redeemed, balance(books, RESERVE))
    books = pay(books, "redemption", column(paid))
    books = _invest(books, rules, yield_paid)
    tokens = replace(
        economy.tokens,
        opportunity_cost=_opportunity_cost(economy, yield_paid),
        average_tokens=weeks.average,
        average_bills=_mean_position(opening, books, BILLS),
        average_repo=_mean_position(opening, books, REPO),
        average_secured=_mean_position(opening, books, SECURED_LOANS),
    )
    return replace(economy, books=books, tokens=tokens)


def holder_yield(economy: Economy, rules: Rules) -> Float[Array, " issuer"]:
    """Yield passed on to holders, per year: a part of the bill rate, where the regime lets the issuer pay it."""
    xp = namespace(rules.issuer.pass_through)
    part = xp.maximum(rules.issuer.pass_through, rules.tokens.yield_to_holders)
    return part * rules.issuer.may_pay_yield * economy.environment.bill_rate


def _opportunity_cost(economy: Economy, yield_paid: Array) -> Scalar:
    held = -economy.books.positions[TOKENS][RESERVE]
    return economy.environment.bill_rate - ratio((held * yield_paid).sum(), held.sum())


def weekly_rounds(economy: Economy, rules: Rules, draws: Draws, yield_paid: Array) -> WeeklyRounds:
    """Run the weekly rounds of one quarter.

    Aggregate demand M grows by

        dln M = g (1 - M/K) + b_c dln(bitcoin) + b_s sentiment - b_r d(r - y) + noise

    a logistic trend, the crypto cycle, and the money-demand response to the opportunity cost of holding a coin
    that pays y when bills pay r (semi-elasticity b_r; sign: Aldasoro et al. 2024). Issuers share it by a logit
    in their own lagged share, trust and yield (Brock-Durlauf form; network externality: Bertsch 2023):

        V_j = n ln s_j + a_j + t trust_j + y yield_j

    On top of the net change, a steady part of all tokens is redeemed and minted anew every week.
    """
    rule, mood = rules.tokens, economy.environment
    xp = namespace(yield_paid)
    dearer = _opportunity_cost(economy, yield_paid) - economy.tokens.opportunity_cost
    push = (
        rule.crypto_elasticity * mood.crypto_return
        + rule.sentiment_elasticity * mood.crypto_sentiment
        - rule.rate_elasticity * dearer
    ) / WEEKS
    # Quarterly coefficients, made weekly so that thirteen rounds add up to one quarterly step.
    network = rule.network ** (1.0 / WEEKS)
    weekly = ratio(1.0 - network, 1.0 - rule.network, empty=1.0 / WEEKS)
    pull = weekly * (
        rules.issuer.attraction + rule.trust_weight * (economy.tokens.trust - 1.0) + rule.yield_weight * yield_paid
    )
    tokens = -economy.books.positions[TOKENS][RESERVE]
    minted, redeemed, summed = 0.0 * tokens, 0.0 * tokens, 0.0 * tokens
    for week in range(WEEKS):
        total = tokens.sum()
        trend = rule.demand_growth / (4.0 * WEEKS) * (1.0 - total / rule.saturation)
        total_next = total * xp.exp(trend + push + rule.demand_noise * draws.token_demand[week])
        lagged = network * xp.log(xp.maximum(ratio(tokens, total), 1e-12))
        utility = lagged + pull + rule.share_noise * draws.token_share[:, week]
        target = total_next * logit(utility, 1.0 * (tokens > 0))
        net = target - tokens
        churn = rule.churn * xp.minimum(tokens, target)
        minted = minted + xp.maximum(net, 0.0) + churn
        redeemed = redeemed + xp.maximum(-net, 0.0) + churn
        summed = summed + 0.5 * (tokens + target)
        tokens = target
    return WeeklyRounds(tokens, minted, redeemed, summed / WEEKS)


def _raise_cash(books: Books, needed: Float[Array, " issuer"]) -> Books:
    """The liquidity waterfall: cash first, then repo, then bills, then collateralised loans called in.

    It covers the redemptions and what is to be held in cash afterwards.
    """
    xp = namespace(needed)
    for instrument, sale in (
        (REPO, "reserve_repo_sale"),
        (BILLS, "reserve_bill_sale"),
        (SECURED_LOANS, "secured_loan_repayment"),
    ):
        short = xp.maximum(needed - balance(books, RESERVE), 0.0)
        books = pay(books, sale, row(xp.minimum(short, books.positions[instrument][RESERVE])))
    return books


def _invest(books: Books, rules: Rules, yield_paid: Array) -> Books:
    """Put surplus cash to work: repo and collateralised loans up to their shares of tokens, bills for the rest."""
    xp = namespace(yield_paid)
    issuer = rules.issuer
    tokens = -books.positions[TOKENS][RESERVE]
    surplus = xp.maximum(balance(books, RESERVE) - issuer.cash_share * tokens, 0.0)
    repo = xp.maximum(issuer.repo_share * tokens - books.positions[REPO][RESERVE], 0.0)
    loans = xp.maximum(issuer.secured_share * tokens - books.positions[SECURED_LOANS][RESERVE], 0.0)
    fits = xp.minimum(1.0, ratio(surplus, repo + loans, empty=1.0))
    books = pay(books, "reserve_repo_purchase", column(repo * fits))
    books = pay(books, "secured_lending", column(loans * fits))
    left = xp.maximum(balance(books, RESERVE) - issuer.cash_share * tokens, 0.0)
    return pay(books, "reserve_bill_purchase", column(xp.minimum(left, surplus)))


def _mean_position(opening: Books, closing: Books, instrument: str) -> Array:
    return 0.5 * (opening.positions[instrument][RESERVE] + closing.positions[instrument][RESERVE])
