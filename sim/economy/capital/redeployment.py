"""Phase 8: redeployment of the interest that issuers keep."""

from dataclasses import replace
from typing import Any

from jaxtyping import Float

from sim.economy.arrays import Array, affordable, column, diagonal, namespace, ratio, row
from sim.economy.books.flows import ADVANCES, BILLS, COMMODITIES, ECONOMY, OWN, RESERVE, TOKENS
from sim.economy.books.ledger import Books, balance, flow_total, pay, total_value
from sim.economy.capital.deals import close_deals, facility_draws
from sim.economy.choice import logit
from sim.economy.coins.liquidity import GONE, buffer_ratio
from sim.economy.coins.regimes import law_of
from sim.economy.parameters import AI_CHANNELS, CHANNELS, COLUMN, Parameters
from sim.economy.phase import DecisionRules
from sim.economy.state import Draws, Economy


def redeploy(economy: Economy, parameters: Parameters, draws: Draws, rules: DecisionRules) -> Economy:
    """Top up the buffer, pay dividends, set money aside for facilities, divide the rest, and close deals.

    Where an issuer's reserve lends to its own book, the loan is added to that money, and goes into AI alone.
    """
    economy = _book_loan_income(economy, parameters)
    economy = replace(economy, redeployment=replace(economy.redeployment, anxiety=anxiety(economy)))
    economy = replace(economy, books=repay_reserve(economy, parameters))
    economy = replace(economy, books=_buffer_and_dividends(economy, parameters, rules))
    economy, advance = reach_into_reserve(economy, parameters)
    drawn = facility_draws(economy, parameters)
    economy = _divide(economy, parameters, draws, rules, drawn.sum(axis=1), advance)
    return close_deals(economy, parameters, draws, drawn)


def anxiety(economy: Economy) -> Float[Array, " issuer"]:
    """Fall of the bill rate expected over a year, relative to the reference: `max(0, (r_ref - E r) / r_ref)`.

    Anxiety is the expected fall of interest income at constant holdings: it rises as soon as rate cuts are expected,
    before income falls, and growth of the float (the tokens outstanding) does not reduce it.
    """
    mood = economy.environment
    xp = namespace(mood.bill_rate)
    fall = ratio(mood.reference_rate - mood.expected_rate, mood.reference_rate)
    return xp.maximum(fall, 0.0) + 0.0 * economy.income.interest


def channel_utility(economy: Economy, parameters: Parameters) -> Float[Array, "issuer channel"]:
    """Compute each channel's utility to each issuer.

        U_k = E[r_k] - (gamma / 2) risk_ik + status_i visibility_k + j peers_k - cost_k
              - (anxiety + reach max(0, r* - E r)) [k = bills]

    Status (`status_i`, the weight of visibility) falls with past visible spending, and is proportional to the issuer's
    `ambition`. `peers_k` is the mean share of the channel among the other issuers that redeploy (Brock and Durlauf
    2001). Anxiety lowers the utility of bills whatever they pay today; reach for yield lowers it only where bills are
    expected to pay less than r* (Lian, Ma and Wang 2019); a negative weight is reach for safety (La Spada 2018).
    """
    redeployment, policy = economy.redeployment, parameters.redeployment
    xp = namespace(redeployment.belief)
    seen = visibility(economy, parameters)
    spent = (redeployment.to_date * (seen * is_ai(xp))[None, :]).sum(axis=1)
    status = policy.status_weight * parameters.issuer.ambition / (1.0 + spent / policy.status_scale)
    others = (1.0 - xp.eye(redeployment.share.shape[0])) * parameters.issuer.redeploys[None, :]
    peers = ratio(others @ redeployment.share, others.sum(axis=1)[:, None])
    reach = policy.reach_for_yield * xp.maximum(policy.reach_below - economy.environment.expected_rate, 0.0)
    return (
        redeployment.belief
        - 0.5 * policy.risk_aversion * perceived_risk(economy, parameters)
        + status[:, None] * seen[None, :]
        + policy.peer_weight * peers
        - policy.cost[None, :]
        - (policy.anxiety_weight * redeployment.anxiety[:, None] + reach) * only("bills", xp)[None, :]
    )


def perceived_risk(economy: Economy, parameters: Parameters) -> Float[Array, "issuer channel"]:
    """Variance that an issuer attributes to each channel, per year: `(1 - d) risk_k + 2 d w_k risk_k`.

    Here d is `diversification` and w_k the share of the channel in the issuer's investment so far. With d = 0, risk
    is the channel's own variance; with d = 1, its marginal contribution to the variance of a portfolio of
    independent returns, which makes the issuer avoid concentration.
    """
    policy, to_date = parameters.redeployment, economy.redeployment.to_date
    portfolio = ratio(to_date, to_date.sum(axis=1)[:, None])
    return policy.risk[None, :] * (1.0 - policy.diversification + 2.0 * policy.diversification * portfolio)


def is_ai(xp: Any) -> Float[Array, " channel"]:
    """1 for the channels that put money into AI, 0 for the others, as an array of the library `xp`."""
    return xp.asarray([1.0 if channel in AI_CHANNELS else 0.0 for channel in CHANNELS])


def only(channel: str, xp: Any) -> Float[Array, " channel"]:
    """1 for one channel, 0 for the others."""
    return 1.0 * (xp.arange(len(CHANNELS)) == COLUMN[channel])


def visibility(economy: Economy, parameters: Parameters) -> Float[Array, " channel"]:
    """Visibility of each channel; that of neurotech, times the part of all implants by companies open to issuers."""
    xp = namespace(parameters.redeployment.visibility)
    people = economy.ventures.milestones * parameters.venture.neurotech
    ahead = ratio((people * parameters.venture.open_to_issuers).sum(), people.sum(), empty=1.0)
    return parameters.redeployment.visibility * xp.where(only("neurotech", xp) > 0.0, ahead, 1.0)


def choose_channels(economy: Economy, parameters: Parameters) -> Float[Array, "issuer channel"]:
    """Shares of deployable money by channel: a logit in utility, weighted by learned propensities.

        w_t = d w_(t-1) + (1 - d) logit

    Inertia d is the part of an issuer's money whose use is not reconsidered in a quarter (asynchronous updating;
    Anufriev and Hommes 2012); an issuer's first choice covers all its money. An issuer that does not redeploy keeps
    everything in bills; with redeployment switched off, nobody puts money into AI.
    """
    redeployment, policy = economy.redeployment, parameters.redeployment
    xp = namespace(redeployment.belief)
    allowed = 1.0 - is_ai(xp) * (1.0 - policy.redeployment)
    weight = redeployment.propensity * allowed[None, :]
    share = logit(policy.intensity_of_choice * channel_utility(economy, parameters), weight)
    is_bills = only("bills", xp)
    capped = xp.minimum(share, xp.where(is_ai(xp) > 0.0, policy.channel_cap, 1.0)[None, :])
    leaving = parameters.issuer.redeploys[:, None] * capped * (1.0 - is_bills)[None, :]
    chosen = leaving + (1.0 - leaving.sum(axis=1))[:, None] * is_bills[None, :]
    before = xp.where(redeployment.share.sum(axis=1)[:, None] > 0.0, redeployment.share, chosen)
    return policy.inertia * before + (1.0 - policy.inertia) * chosen


def _book_loan_income(economy: Economy, parameters: Parameters) -> Economy:
    """Add interest on compute loans, less the cost of services bought from the borrowers, to profit, and tax it.

    Tax already paid is not refunded where services cost more than the interest.
    """
    books, income = economy.books, economy.income
    received = flow_total(books, "issuer_loan_interest", 0)
    bought = flow_total(books, "issuer_gpu_services", 1)
    xp = namespace(received)
    costs = sum(flow_total(books, kind, 1) for kind in ("distribution", "holder_yield", "issuer_costs"))
    before = income.interest + income.other_income - costs
    added = xp.maximum(before + received - bought, 0.0) - xp.maximum(before, 0.0)
    due = parameters.reserve.tax_rate * xp.maximum(added, 0.0)
    tax = due * affordable(balance(books, OWN), due)
    income = replace(
        income,
        other_income=income.other_income + received,
        realised_profit=income.realised_profit + received - bought - tax,
    )
    return replace(economy, books=pay(books, "loan_income_tax", column(tax)), income=income)


def pay_out(economy: Economy, parameters: Parameters) -> Float[Array, " issuer"]:
    """Part of realised profit that each issuer pays out, once its buffer is full."""
    return parameters.redeployment.payout_ratio + 0.0 * economy.income.realised_profit


def within_mandate(share: Float[Array, "issuer channel"], parameters: Parameters) -> Float[Array, "issuer channel"]:
    """Apply the switch of redeployment to any chosen shares: where it is off, the shares of AI go to bills."""
    xp = namespace(share)
    allowed = xp.where((parameters.redeployment.redeployment > 0.0) | (is_ai(xp) == 0.0), 1.0, 0.0)
    return share * allowed + (share * (1.0 - allowed)).sum(axis=1)[:, None] * only("bills", xp)


def _buffer_and_dividends(economy: Economy, parameters: Parameters, rules: DecisionRules) -> Books:
    """Fill the buffer of excess reserves, then pay dividends; the rest remains for redeployment."""
    books, policy = economy.books, parameters.redeployment
    xp = namespace(policy.payout_ratio)
    tokens = -books.positions[TOKENS][RESERVE]
    profit = xp.maximum(economy.income.realised_profit, 0.0)
    target = xp.maximum(policy.buffer_target * parameters.issuer.buffer_part, law_of(economy, parameters).own_funds)
    missing = xp.maximum(target - buffer_ratio(books), 0.0) * xp.maximum(tokens, 0.0)
    top_up = xp.minimum(xp.minimum(missing, profit), balance(books, OWN))
    books = pay(books, "buffer_top_up", diagonal(top_up))
    # No dividends in a quarter in which redemptions were refused.
    served = 1.0 - 1.0 * (economy.tokens.weeks_shut > 0.0)
    payout = rules["payout"](economy, parameters) * xp.maximum(profit - top_up, 0.0) * served
    return pay(books, "dividends", column(xp.minimum(payout, balance(books, OWN))))


def repay_reserve(economy: Economy, parameters: Parameters) -> Books:
    """Repay excess advances (loans of the reserve to the own book) before any dividend is paid.

    Where a law forbids advances, or the coin no longer exists, the own book repays as much as its cash allows.
    Elsewhere it repays money that returned from failed talks and is not needed for other talks, and, spread over
    the transition period, the debt above the target share.
    """
    books = economy.books
    owed, wanted, excess = _advances(economy, parameters)
    xp = namespace(owed)
    gone = -books.positions[TOKENS][RESERVE] <= GONE
    at_once = (law_of(economy, parameters).may_advance <= 0.0) | gone
    due = xp.maximum(excess / parameters.liquidity.transition, economy.redeployment.returned - wanted)
    repaid = xp.clip(xp.where(at_once, owed, due), 0.0, owed)
    return pay(books, "advance_return", diagonal(xp.minimum(repaid, xp.maximum(balance(books, OWN), 0.0))))


def reach_into_reserve(economy: Economy, parameters: Parameters) -> tuple[Economy, Float[Array, " issuer"]]:
    """Let the reserve lend to the own book, up to a share of the tokens, where no law forbids it.

    The reserve sells bills and holds a claim on the own book instead. The gap to the target share is closed over
    the transition period, but the reserve lends nothing while earlier money still waits for deals, and money that
    returned from talks is used first. The second result is the reserve's money for AI this quarter, USD bn per
    issuer.
    """
    books, redeployment = economy.books, economy.redeployment
    owed, wanted, _ = _advances(economy, parameters)
    xp = namespace(owed)
    again = xp.minimum(xp.minimum(redeployment.returned, wanted), owed)
    lent = xp.clip(wanted - again, 0.0, xp.maximum(books.positions[BILLS][RESERVE], 0.0)) * (1.0 - 1e-14)
    books = pay(books, "advance_bill_sale", row(lent))
    books = pay(books, "reserve_advance", diagonal(lent))
    return replace(economy, books=books), lent + again


def _advances(economy: Economy, parameters: Parameters) -> tuple[Array, Array, Array]:
    """Compute the own book's debt to the reserve, the new advances wanted, and the debt above the target."""
    books, policy = economy.books, parameters.redeployment
    xp = namespace(policy.payout_ratio)
    allowed = policy.redeployment * parameters.issuer.redeploys * law_of(economy, parameters).may_advance
    aim = policy.reach_into_reserve * allowed * -books.positions[TOKENS][RESERVE]
    owed = total_value(books, ADVANCES, RESERVE)
    step = (aim - owed) / parameters.liquidity.transition
    wanted = xp.maximum(step - economy.redeployment.talks.sum(axis=1), 0.0)
    return owed, wanted, xp.maximum(owed - aim, 0.0)


def _on_offer(books: Books, channel: str, amount: Float[Array, " issuer"]) -> Float[Array, " issuer"]:
    """Limit a purchase of bitcoin or gold to what everyone else owns."""
    if channel not in COMMODITIES:
        return amount
    return amount * affordable(total_value(books, channel, ECONOMY).sum(), amount.sum())


def _divide(
    economy: Economy,
    parameters: Parameters,
    draws: Draws,
    rules: DecisionRules,
    set_aside: Float[Array, " issuer"],
    advance: Float[Array, " issuer"],
) -> Economy:
    """Choose each channel's share; buy assets that trade at once, and park the rest until deals close.

    The money to divide is the own book's cash above its operating needs and the money set aside for facilities, plus
    a part of the own book's bills if the issuer is anxious or the scenario closes a deal today. Nothing comes from
    the reserve except its advances, which go into AI alone.
    """
    books, policy, redeployment = economy.books, parameters.redeployment, economy.redeployment
    xp = namespace(policy.payout_ratio)
    needed = policy.operating_cash * (economy.income.distribution + parameters.issuer.fixed_costs / 4.0)
    committed = needed + set_aside + advance
    saved, deal = books.positions[BILLS][OWN], draws.events.robotics_deal * policy.redeployment
    drawn = xp.minimum(policy.anxiety_draw * redeployment.anxiety, 1.0) * parameters.issuer.redeploys * saved
    lacking = deal - xp.maximum(balance(books, OWN) - committed, 0.0) - drawn
    drawn = drawn + xp.clip(lacking, 0.0, xp.maximum(saved - drawn, 0.0))
    books = pay(books, "own_bill_sale", row(drawn))
    deployable = xp.maximum(balance(books, OWN) - committed, 0.0) * (1.0 - 1e-14)
    # Facilities signed earlier are paid first, even from borrowed money if there is no other.
    advance = xp.minimum(advance, xp.maximum(balance(books, OWN) - set_aside, 0.0) * (1.0 - 1e-14))
    economy = replace(economy, books=books)
    share = within_mandate(rules["redeployment"](economy, parameters), parameters)
    promised = xp.minimum(deal, deployable)
    ai = share * is_ai(xp)[None, :]
    wanted = share * (deployable - promised)[:, None] + ratio(ai, ai.sum(axis=1)[:, None]) * advance[:, None]
    wanted = wanted + promised[:, None] * only("robotics", xp)
    for channel, kind in (
        ("bills", "own_bill_purchase"),
        ("bitcoin", "bitcoin_purchase"),
        ("gold", "gold_purchase"),
        ("other_ventures", "other_venture_investment"),
    ):
        books = pay(books, kind, column(_on_offer(books, channel, wanted[:, COLUMN[channel]])))
    in_talks = wanted * is_ai(xp)[None, :]
    books = pay(books, "own_repo_purchase", column(in_talks.sum(axis=1)))
    redeployment = replace(
        redeployment,
        borrowed=advance,
        share=share,
        deployable=deployable,
        talks=redeployment.talks + in_talks,
        deployed=wanted - in_talks,
    )
    return replace(economy, books=books, redeployment=redeployment)
