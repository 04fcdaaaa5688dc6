"""Thirteen weeks of the token market, simulated without the books: demand, panic, redemptions, and the price."""

from dataclasses import dataclass

from jaxtyping import Float

from sim.economy.arrays import Array, Scalar, flag, namespace, ratio, repeat
from sim.economy.books.flows import ADVANCES, RESERVE, TOKENS
from sim.economy.books.ledger import total_value
from sim.economy.choice import logit
from sim.economy.coins.liquidity import GONE, discounts, holdings, raised, reserve_only, speeds, usable
from sim.economy.coins.parameters import TokenParameters
from sim.economy.coins.redemptions import arbitrage, flight, next_yield_impact, redemption_hazard, stress
from sim.economy.coins.regimes import law_of
from sim.economy.parameters import Parameters
from sim.economy.state import Draws, Economy

WEEKS = 13
CLOSED = 1e-6
"""The issuer's redemption window counts as closed if it refuses a larger share than this, which exceeds rounding."""


@dataclass(frozen=True)
class Week:
    """The state of the token market at the end of a week."""

    tokens: Float[Array, " issuer"]
    stock: Float[Array, "issuer rung"]
    """holdings left on each rung of the liquidity waterfall, USD bn"""
    pressure: Float[Array, " issuer"]
    run_rate: Float[Array, " issuer"]
    shut: Float[Array, " issuer"]
    price: Float[Array, " issuer"]
    yield_gap: Scalar


@dataclass(frozen=True)
class WeeklyRounds:
    """Totals and extremes of the weeks of a quarter, and the state after the last one; amounts in USD bn."""

    last: Week
    minted: Float[Array, " issuer"]
    redeemed: Float[Array, " issuer"]
    average: Float[Array, " issuer"]
    proceeds: Float[Array, "issuer rung"]
    """money raised from each rung of the waterfall; for rungs that are cash, the cash used"""
    lowest_price: Float[Array, " issuer"]
    largest_outflow: Float[Array, " issuer"]
    weeks_shut: Float[Array, " issuer"]
    yield_impact: Scalar


@dataclass(frozen=True)
class Frame:
    """Inputs of the weekly rounds that stay the same throughout the quarter."""

    push: Scalar
    """effect of crypto markets and of the opportunity cost on demand, log per week"""
    network: Scalar
    pull: Float[Array, " issuer"]
    discount: Float[Array, " rung"]
    part: Float[Array, " rung"]
    reserve: Float[Array, " rung"]
    """1 for the rungs of the reserve, 0 for those of the own book"""
    advances: Float[Array, " issuer"]
    """what the own book owes the reserve when the quarter opens"""
    advance_counted: Scalar
    """part of `advances` that counts when everything must be sold in a hurry"""
    at_window: Float[Array, " issuer"]
    transparency: Float[Array, " issuer"]
    bad_news: Float[Array, " issuer"]


def opportunity_cost(economy: Economy, yield_paid: Array) -> Scalar:
    """Bill rate less the yield passed on to holders (mean weighted by tokens), per year."""
    tokens = -economy.books.positions[TOKENS][RESERVE]
    return economy.environment.bill_rate - ratio((tokens * yield_paid).sum(), tokens.sum())


def weekly_rounds(economy: Economy, parameters: Parameters, draws: Draws, yield_paid: Array) -> WeeklyRounds:
    """Run the weekly rounds of the token market for one quarter.

    Aggregate demand M grows by

        dln M = g (1 - M/K) + b_c dln(bitcoin) + b_s sentiment - b_r d(r - y) + noise

    that is, by a logistic trend, the crypto cycle, and the response of money demand to the opportunity cost of
    holding a coin that pays y when bills pay r (semi-elasticity b_r; sign: Aldasoro et al. 2024). A logit of the
    issuer's lagged share s_j, attraction a_j, trust and yield divides M among issuers (Brock-Durlauf form; network
    externality: Bertsch 2023), with weights n, t and w:

        V_j = n ln s_j + a_j + t trust_j + w yield_j

    Besides this net change, a steady part of all tokens is redeemed and minted anew every week, and panicking
    holders redeem as described in `sim.economy.coins.redemptions`.
    """
    frame = _frame(economy, parameters, yield_paid)
    market, books = economy.tokens, economy.books
    tokens = -books.positions[TOKENS][RESERVE]
    none = 0.0 * tokens
    week = Week(
        tokens=tokens,
        stock=holdings(books) * usable(parameters, law_of(economy, parameters)),
        pressure=market.pressure,
        run_rate=market.run_rate,
        shut=market.shut,
        price=market.price,
        yield_gap=0.0 * frame.push,
    )
    rounds = WeeklyRounds(week, none, none, none, 0.0 * week.stock, none + 1.0, none, none, 0.0 * frame.push)
    weeks = {
        "demand": draws.token_demand,
        "share": draws.token_share.T,
        "stuck": draws.events.stuck.T,
        "shock": draws.events.redemption.T,
    }
    return repeat(lambda so_far, today: _one_week(so_far, frame, parameters, today), rounds, weeks)


def _frame(economy: Economy, parameters: Parameters, yield_paid: Array) -> Frame:
    token_parameters, mood = parameters.tokens, economy.environment
    dearer = opportunity_cost(economy, yield_paid) - economy.tokens.opportunity_cost
    cycle = token_parameters.crypto_elasticity * mood.crypto_return
    cycle = cycle + token_parameters.sentiment_elasticity * mood.crypto_sentiment
    push = (cycle - token_parameters.rate_elasticity * dearer) / WEEKS
    # Weekly coefficients, of which thirteen rounds have the effect of the quarterly coefficients once.
    network = token_parameters.network ** (1.0 / WEEKS)
    weekly = ratio(1.0 - network, 1.0 - token_parameters.network, empty=1.0 / WEEKS)
    trust = token_parameters.trust_weight * (economy.tokens.trust - 1.0)
    return Frame(
        push=push,
        network=network,
        pull=weekly * (parameters.issuer.attraction + trust + token_parameters.yield_weight * yield_paid),
        discount=discounts(parameters),
        part=speeds(parameters),
        reserve=reserve_only(parameters),
        advances=total_value(economy.books, ADVANCES, RESERVE),
        advance_counted=1.0 - parameters.liquidity.advance_discount,
        at_window=arbitrage(parameters),
        transparency=economy.tokens.transparency,
        bad_news=economy.tokens.bad_news,
    )


def _one_week(rounds: WeeklyRounds, frame: Frame, parameters: Parameters, today: dict[str, Array]) -> WeeklyRounds:
    """Run one week: minting, redemptions, sales to pay holders, the cost of those sales, and the token price."""
    token_parameters, before = parameters.tokens, rounds.last
    tokens, xp = before.tokens, namespace(before.tokens)
    stuck = today["stuck"]
    by_bank = token_parameters.bank_closure * (stuck > 0.0)
    fear = _loss_feared(rounds, frame, stuck)
    # An open window keeps the price at par; fear lowers it only once the window is closed.
    barred = flag(by_bank > 0.0, tokens)
    unsure = xp.maximum(barred, before.shut)
    opening_price = 1.0 - token_parameters.price_impact * before.pressure - unsure * xp.maximum(fear, 0.0)
    felt = stress(opening_price, frame.transparency * fear, before.run_rate, frame.bad_news, token_parameters)
    panic = xp.maximum(redemption_hazard(felt, token_parameters) - token_parameters.churn, 0.0) + today["shock"]
    target = _demand(tokens, frame, token_parameters, today)
    growth, staying = target - tokens, xp.minimum(tokens, target) * (1.0 - token_parameters.churn)
    churned = token_parameters.churn * xp.minimum(tokens, target)
    # After a week with a closed window nobody mints at par, because tokens are cheaper in the market.
    new = (xp.maximum(growth, 0.0) + churned) * (1.0 - before.shut)
    leaving = xp.maximum(-growth, 0.0) + churned
    running = xp.minimum(panic, 1.0) * staying
    wanted = leaving + frame.at_window * running
    allowed = (1.0 - by_bank) * wanted
    stock = _with_cash(before.stock, new)
    proceeds = raised(stock, allowed, frame.part * _within_reach(stock, stuck, tokens, frame), frame.discount)
    paid = proceeds.sum(axis=1)
    refused = xp.clip(1.0 - ratio(paid, allowed, empty=1.0), 0.0, 1.0)
    alive = flag(tokens > GONE, tokens)
    shut = alive * flag(refused > CLOSED, tokens)
    ran = xp.maximum(paid - leaving, 0.0)
    open_now = (1.0 - xp.maximum(shut, xp.maximum(before.shut, barred))) * alive
    arriving = flight(ran, tokens * open_now, felt, token_parameters)
    after = xp.maximum(tokens + new + arriving - paid, 0.0)
    stock = _with_cash(stock - proceeds / (1.0 - frame.discount)[None, :], arriving)
    # The price has a premium while demand exceeds what arbitrageurs mint, a discount while holders cannot redeem.
    premium = (1.0 - frame.at_window) * ratio(growth, tokens)
    unserved = ratio(leaving + running - paid, tokens)
    # By the end of a week with an open window, arbitrageurs have closed most of the gap to par.
    served_later = (1.0 - frame.at_window) ** 2 * ratio(running, tokens)
    pressure = xp.where(shut > 0.0, unserved, served_later) - premium
    low = 1.0 - token_parameters.price_impact * (unserved - premium)
    low = low - xp.maximum(shut, barred) * xp.maximum(fear, 0.0)
    price = 1.0 - token_parameters.price_impact * pressure - shut * xp.maximum(fear, 0.0)
    flow = ratio(after.sum() - tokens.sum(), tokens.sum())
    gap = next_yield_impact(before.yield_gap, flow, token_parameters)
    return WeeklyRounds(
        last=Week(after, stock, pressure, alive * ratio(ran, tokens), shut, xp.maximum(price, 0.0), gap),
        minted=rounds.minted + new + arriving,
        redeemed=rounds.redeemed + paid,
        average=rounds.average + 0.5 * (tokens + after) / WEEKS,
        proceeds=rounds.proceeds + proceeds,
        lowest_price=xp.clip(xp.minimum(rounds.lowest_price, xp.minimum(low, opening_price)), 0.0, 1.0),
        largest_outflow=xp.maximum(rounds.largest_outflow, alive * ratio(tokens - after, tokens)),
        weeks_shut=rounds.weeks_shut + alive * xp.maximum(by_bank, shut),
        yield_impact=rounds.yield_impact + gap / WEEKS,
    )


def _demand(tokens: Array, frame: Frame, token_parameters: TokenParameters, today: dict[str, Array]) -> Array:
    """Tokens of each issuer that holders would want at the end of the week if there were no panic, USD bn."""
    xp = namespace(tokens)
    total = tokens.sum()
    trend = token_parameters.demand_growth / (4.0 * WEEKS) * (1.0 - total / token_parameters.saturation)
    total_next = total * xp.exp(trend + frame.push + token_parameters.demand_noise * today["demand"])
    lagged = frame.network * xp.log(xp.maximum(ratio(tokens, total), 1e-12))
    utility = lagged + frame.pull + token_parameters.share_noise * today["share"]
    return total_next * logit(utility, flag(tokens > GONE, tokens))


def _loss_feared(rounds: WeeklyRounds, frame: Frame, stuck: Array) -> Float[Array, " issuer"]:
    """Loss per token, `1 - q`, if the reserve had to be sold now and money stuck in a failed bank were lost.

    What the own book has paid to token holders since the quarter opened reduces its debt to the reserve.
    """
    week = rounds.last
    xp = namespace(week.tokens)
    paid_back = (rounds.proceeds * (1.0 - frame.reserve)).sum(axis=1)
    owed = xp.maximum(frame.advances - paid_back, 0.0)
    traded = (week.stock * (frame.reserve * (1.0 - frame.discount))).sum(axis=1)
    return 1.0 - ratio(traded + frame.advance_counted * owed, week.tokens, empty=1.0) + stuck


def _within_reach(stock: Array, stuck: Array, tokens: Array, frame: Frame) -> Float[Array, "issuer rung"]:
    """Part of each rung that is not stuck in a failed bank; equal parts of cash, repo and bills are stuck."""
    xp = namespace(stock)
    liquid = (frame.reserve * (1.0 - frame.discount) >= 1.0)[None, :]
    missing = ratio(stuck * tokens, (stock * liquid).sum(axis=1))
    return xp.where(liquid, 1.0 - xp.minimum(missing, 1.0)[:, None], 1.0)


def _with_cash(stock: Float[Array, "issuer rung"], money: Float[Array, " issuer"]) -> Array:
    """Add `money` to the first rung, the cash of the reserve."""
    xp = namespace(stock)
    return stock + money[:, None] * (xp.arange(stock.shape[1]) == 0)
