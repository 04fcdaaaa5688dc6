"""How a loss passes from one balance sheet to the next: clearing, distress, and prices pressed by sales.

Three channels, each a pure function of one set of balance sheets. Never run two of them on the same loss: what
clearing has taken from a lender is no longer there to be written down by DebtRank.

- **Clearing** (Eisenberg and Noe 2001): who pays how much of what falls due, when payers live on what they are
  paid themselves.
- **Distress** (DebtRank): how much net worth is lost when claims are marked down with the net worth of those
  who owe them, long before anybody misses a payment. A measure of systemic risk: nothing is recovered.
- **Fire sales**: what sales by those who must sell do to the price, and that price to everyone who holds the same.

The first two are one piece of algebra: the highest level at which everyone has what the others' levels give,
`x = min(ceiling, source + slope x)`. `_highest` finds it exactly, in at most as many linear systems as agents.
"""

from __future__ import annotations

from jaxtyping import Float

from sim.economy.arrays import Array, Scalar, namespace, ratio, repeat

ROUNDING = 1e-12
"""Who is short of less than this part of what is needed is not short: sums of many payments round."""
PRICE_ROUNDS = 64
"""Rounds of falling prices; each closes the gap by the share of a price fall that comes back as another one."""


# Clearing


def clearing(
    obligations: Float[Array, "debtor creditor"],
    outside: Float[Array, " debtor"],
    kept_outside: Scalar | float = 1.0,
    kept_claims: Scalar | float = 1.0,
    rounds: int | None = None,
) -> Float[Array, " debtor"]:
    """Pay what falls due as far as payers' means reach: the greatest clearing vector.

    `p = min(owed, outside + shares' p)` with `shares = obligations / owed`: no one pays more than it owes nor more
    than it has (limited liability), equity gets nothing before debts are paid (priority), and all creditors of
    one debtor get the same part (proportionality). Eisenberg and Noe (2001), Management Science 47:236, by their
    fictitious-default algorithm: at first all pay, then those who cannot pay what they can, and so on; each round
    adds a default, so as many rounds as agents are exact. With default costs (Rogers and Veraart 2013,
    Management Science 59:882) a defaulter's creditors get only a part of what it has.

    Args:
        obligations: what each agent (row) owes each other one (column), USD bn; not negative, diagonal zero.
            Whoever is outside the network is an agent that owes nothing.
        outside: what each agent has to pay with, besides what the others pay it, USD bn; not negative.
        kept_outside: part of a defaulter's `outside` that reaches its creditors; 1 without default costs.
        kept_claims: part of what a defaulter is paid that reaches its creditors; 1 without default costs.
        rounds: rounds of the algorithm; as many as agents if left out. The length of the longest chain of debtors,
            plus one, will do where debts do not run in circles; with fewer, payments are overstated.

    Returns:
        What each agent pays in total, USD bn, from zero to what it owes; see `paid_pairwise`.
    """
    owed = obligations.sum(axis=1)
    received = ratio(obligations, owed[:, None] + 0.0 * obligations).T
    return _highest(received, outside, owed, kept_claims, kept_outside, rounds)


def paid_pairwise(
    obligations: Float[Array, "debtor creditor"], paid: Float[Array, " debtor"]
) -> Float[Array, "debtor creditor"]:
    """Divide each debtor's payment over its creditors in proportion to what it owes them, USD bn."""
    return obligations * ratio(paid, obligations.sum(axis=1))[:, None]


def equity_after(
    obligations: Float[Array, "debtor creditor"], outside: Float[Array, " debtor"], paid: Float[Array, " debtor"]
) -> Float[Array, " debtor"]:
    """What each agent has left once debts are cleared, USD bn: `outside + received - paid`; zero in default.

    Without default costs these sum to `outside`: clearing moves value and destroys none. With them, the sum is
    lower by what defaults cost.

    Args:
        obligations: as in `clearing`.
        outside: as in `clearing`.
        paid: its answer.
    """
    xp = namespace(paid)
    owed = obligations.sum(axis=1)
    left = outside + paid_pairwise(obligations, paid).sum(axis=0) - paid
    return xp.where(paid < owed * (1.0 - ROUNDING), 0.0, xp.maximum(left, 0.0))


def _highest(
    slope: Float[Array, "agent agent"],
    source: Float[Array, " agent"],
    ceiling: Float[Array, " agent"],
    kept_slope: Scalar | float = 1.0,
    kept_source: Scalar | float = 1.0,
    rounds: int | None = None,
) -> Float[Array, " agent"]:
    """The highest solution of `x = min(ceiling, source + slope x)`, with slope, source and ceiling not negative.

    Starts at the ceiling; whoever cannot hold it is set to what the others give, all of them at once by one
    linear system; this lowers others, and so on. The set of those below the ceiling only grows, so it is final
    after as many rounds as agents. The system is never singular: a circle of agents that lose nothing to others
    cannot be below the ceiling as a whole. Those below keep the parts `kept_*` of what they are given.
    """
    xp = namespace(slope)
    eye = xp.eye(slope.shape[0])

    def lowered(level: Array, turn: dict[str, Array]) -> Array:
        short = source + slope @ level < ceiling * (1.0 - ROUNDING)
        system = eye - kept_slope * xp.where(short[:, None], slope, 0.0)
        return xp.linalg.solve(system, xp.where(short, kept_source * source, ceiling))

    turns = xp.arange(slope.shape[0] if rounds is None else rounds)
    level = repeat(lowered, ceiling + 0.0 * source, {"turn": turns})
    return xp.clip(level, 0.0, ceiling)


# Distress


def leverage_matrix(
    exposures: Float[Array, "holder issuer"], equity: Float[Array, " holder"]
) -> Float[Array, "holder issuer"]:
    """Net worth that a holder loses, as a part of its own, per part of the issuer's lost: `A_ij / E_i`.

    A holder without net worth has none to lose: its row is zero, and it passes nothing on.
    """
    xp = namespace(exposures)
    alive = equity > 0.0
    return xp.where(alive[:, None], ratio(exposures, xp.where(alive, equity, 1.0)[:, None] + 0.0 * exposures), 0.0)


def debtrank(
    exposures: Float[Array, "holder issuer"],
    equity: Float[Array, " holder"],
    shock: Float[Array, " agent"],
    rounds: int | None = None,
) -> Float[Array, " agent"]:
    """Differential DebtRank: the part of each agent's net worth that is lost in the end.

    `h(t+1) = min(1, h(t) + sum_j L_ij (h_j(t) - h_j(t-1)))` from `h(0) = 0, h(1) = shock`, with
    `L = leverage_matrix` and column j switched off once j's default has been passed on. Bardoscia, Battiston,
    Caccioli and Caldarelli (2015), PLoS ONE 10:e0130406.

    Added up over time this is `h = min(1, shock + L h)`, the lowest solution. Where the shock arrives at all, that
    solution is also the only one: a circle that amplifies without end reaches default, and what is left
    outside defaults is stable. So the limit is found from above, exactly, in as many rounds as agents, even where
    the iteration itself would need thousands; without default it is `(I - L)^-1 shock`.

    Args:
        exposures: what each holder (row) has of claims on each issuer (column), USD bn; not negative, diagonal
            zero.
        equity: net worth of each agent, USD bn.
        shock: part of each agent's net worth that is lost at first, from zero to one (default).
        rounds: as in `clearing`; with fewer, losses are overstated.

    Returns:
        The part of its net worth that each agent has lost, from zero to one, the shock included.
    """
    xp = namespace(exposures)
    slope = leverage_matrix(exposures, equity)
    reached = _reached(slope, shock)
    return _highest(slope, xp.minimum(shock, 1.0), xp.where(reached, 1.0, 0.0), rounds=rounds)


def _reached(slope: Float[Array, "agent agent"], shock: Float[Array, " agent"]) -> Array:
    """Whom the shock can reach along claims, in however many steps."""
    xp = namespace(slope)
    paths = xp.eye(slope.shape[0]) + xp.where(slope > 0.0, 1.0, 0.0)
    for _ in range(slope.shape[0].bit_length()):
        paths = xp.minimum(paths @ paths, 1.0)
    return paths @ xp.where(shock > 0.0, 1.0, 0.0) > 0.0


def original_debtrank(
    exposures: Float[Array, "holder issuer"], equity: Float[Array, " holder"], shock: Float[Array, " agent"]
) -> Float[Array, " agent"]:
    """Original DebtRank: as `debtrank`, but each agent passes its loss on only once, when it is first hit.

    `h_i(t) = min(1, h_i(t-1) + sum_j W_ij h_j(t-1))` over those j that were first hit at t - 1, with
    `W = min(1, L)`. Losses that arrive later, round a circle or by a longer way, end where they arrive, so this is
    never more than `debtrank`. Battiston, Puliga, Kaushik, Tasca and Caldarelli (2012), Scientific Reports 2:541.

    Args:
        exposures: as in `debtrank`.
        equity: as in `debtrank`.
        shock: as in `debtrank`.

    Returns:
        The part of its net worth that each agent has lost, from zero to one, the shock included.
    """
    xp = namespace(exposures)
    impact = xp.minimum(leverage_matrix(exposures, equity), 1.0)
    lost, passed_on = xp.minimum(shock, 1.0), 0.0 * shock
    # The front of the wave moves on by one claim a round, and no agent is on it twice.
    for _ in range(impact.shape[0]):
        front = xp.where(lost > 0.0, 1.0 - passed_on, 0.0)
        passed_on = passed_on + front
        lost = xp.minimum(lost + impact @ (front * lost), 1.0)
    return lost


def relative_loss(
    lost: Float[Array, " agent"], shock: Float[Array, " agent"], weight: Float[Array, " agent"]
) -> Scalar:
    """DebtRank of a shock, `R = sum_i v_i (h_i - shock_i)`: what it costs beyond itself, as a part of the whole.

    Args:
        lost: from `debtrank` or `original_debtrank`.
        shock: what was lost at first.
        weight: relative economic value `v` of each agent; sums to one.
    """
    return (weight * (lost - shock)).sum()


# Fire sales


def fire_sale_losses(
    assets: Float[Array, " bank"],
    weights: Float[Array, "bank asset"],
    leverage: Float[Array, " bank"],
    impact: Float[Array, " asset"],
    shock: Float[Array, " asset"],
) -> Float[Array, " bank"]:
    """What banks lose by the sales of banks that sell to bring their leverage back, USD bn.

    Returns `R = M F` make each bank sell `B` times what it lost, across its portfolio: `phi = M' A B R`; prices
    give way, `F2 = L phi`, and everyone who holds what was sold loses `-A M F2`. One round, linear in the
    shock; the loss by the shock itself, `-A M F`, is not in it. Greenwood, Landier and Thesmar (2015), Journal of
    Financial Economics 115:471.

    Args:
        assets: `A`, total assets of each bank, USD bn.
        weights: `M`, portfolio shares; each row sums to at most one.
        leverage: `B`, debt over equity.
        impact: `L`, fall of the price of an asset per USD bn of it that is sold.
        shock: `F`, first return of each asset; negative where its price falls.
    """
    sold = weights.T @ (assets * leverage * (weights @ shock))
    return -assets * (weights @ (impact * sold))


def aggregate_vulnerability(losses: Float[Array, " bank"], equity: Float[Array, " bank"]) -> Scalar:
    """Losses by fire sales as a part of all equity, `AV`; from `fire_sale_losses`."""
    return ratio(losses.sum(), equity.sum())


def forced_sales(
    price: Scalar | float,
    illiquid: Float[Array, " bank"],
    other: Float[Array, " bank"],
    equity: Float[Array, " bank"],
    capital_ratio: Scalar | float,
) -> Float[Array, " bank"]:
    """Units that each bank must sell to meet its capital ratio, none or some or all of what it has.

    The ratio is equity over assets at risk, `(E - (1 - q) a) / (q (a - s) + x) >= r`: a sale turns risky assets
    into cash, which needs no capital. Cifuentes, Ferrucci and Shin (2005), Journal of the European Economic
    Association 3:556.

    Args:
        price: `q`, of the illiquid asset, from above zero to one (par).
        illiquid: `a`, units held, USD bn at par.
        other: `x`, other assets at risk that cannot be sold, such as claims on each other, USD bn.
        equity: `E`, with the illiquid asset at par, USD bn.
        capital_ratio: `r`, least equity per asset at risk; above zero, and at most one.
    """
    xp = namespace(illiquid)
    worth = equity - (1.0 - price) * illiquid
    needed = capital_ratio * (price * illiquid + other)
    # Where sales beget sales, a shortage that is rounding would grow to a crash.
    short = worth < needed * (1.0 - ROUNDING)
    return xp.where(short, xp.clip((needed - worth) / (capital_ratio * price), 0.0, illiquid), 0.0)


def fire_sale_price(
    illiquid: Float[Array, " bank"],
    other: Float[Array, " bank"],
    equity: Float[Array, " bank"],
    capital_ratio: Scalar | float,
    impact: Scalar | float,
    rounds: int = PRICE_ROUNDS,
) -> Scalar:
    """The price at which forced sales are absorbed: the highest solution of `q = exp(-alpha sum_i s_i(q))`.

    Found from par downwards: each round sells what the last price forces. Sales only grow as the price falls, so
    rounds never fall below the solution, and the gap shrinks in each by the slope `g` of the right-hand side
    there: after k rounds it is about `g^k` of the first fall (1e-9 of it after 64 rounds if three quarters of a
    fall come back). Close to the point where a market breaks down (`g` near one), the price is overstated.

    Args:
        illiquid: as in `forced_sales`.
        other: as in `forced_sales`.
        equity: as in `forced_sales`; shocks enter here.
        capital_ratio: as in `forced_sales`.
        impact: `alpha`, fall of the log price per unit sold.
        rounds: how often the price is cried.
    """
    xp = namespace(illiquid)
    price = xp.exp(0.0 * illiquid.sum())
    for _ in range(rounds):
        price = xp.exp(-impact * forced_sales(price, illiquid, other, equity, capital_ratio).sum())
    return price
