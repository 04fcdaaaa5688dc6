"""How a loss passes from one balance sheet to the next without a payment: distress, and prices pressed by sales.

Each channel is a pure function of one set of balance sheets. Never run two of them, or one of them and clearing
(`sim.economy.distress.clearing`), on the same loss: what clearing has taken from a lender is no longer there to be
written down by DebtRank.

- **Distress** (DebtRank): how much net worth is lost when claims are marked down with the net worth of those who
  owe them, long before anybody misses a payment. A measure of systemic risk: nothing is recovered.
- **Fire sales**: what sales by those who must sell do to the price, and what that price does to everyone who
  holds the same asset.
"""

from __future__ import annotations

from jaxtyping import Float

from sim.economy.arrays import Array, Scalar, namespace, ratio
from sim.economy.distress.clearing import ROUNDING, highest_solution

PRICE_ROUNDS = 64
"""Rounds of falling prices; each closes the gap by the share of a price fall that comes back as another one."""


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
    return highest_solution(slope, xp.minimum(shock, 1.0), xp.where(reached, 1.0, 0.0), rounds=rounds)


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
    """Losses of banks from the sales of banks that restore their leverage, USD bn.

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
    """Find the price at which forced sales are absorbed: the highest solution of `q = exp(-alpha sum_i s_i(q))`.

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
        rounds: rounds of the search for the price.
    """
    xp = namespace(illiquid)
    price = xp.exp(0.0 * illiquid.sum())
    for _ in range(rounds):
        price = xp.exp(-impact * forced_sales(price, illiquid, other, equity, capital_ratio).sum())
    return price
