"""Measures of contagion between balance sheets that involve no payments: DebtRank, and losses from fire sales.

Never apply two of these measures, or one of them and clearing (`sim.economy.distress.clearing`), to the same loss: a
claim that clearing has reduced must not be written down again.

- **Distress** (DebtRank): the net worth lost when claims are marked down in step with the net worth of their debtors,
  long before anybody misses a payment. It measures systemic risk: it assumes that nothing is recovered.
- **Fire sales**: the effect of forced sales on the price of an asset, and of that price on everyone who holds it.
"""

from jaxtyping import Float

from sim.economy.arrays import Array, Scalar, namespace, ratio
from sim.economy.distress.clearing import ROUNDING, highest_solution

PRICE_ROUNDS = 64
"""Rounds of falling prices; each multiplies the remaining gap by the part of a price fall that causes another."""


def leverage_matrix(
    exposures: Float[Array, "holder issuer"], equity: Float[Array, " holder"]
) -> Float[Array, "holder issuer"]:
    """Part of holder i's net worth lost if issuer j loses all of its own: `A_ij / E_i`; zero without net worth."""
    xp = namespace(exposures)
    alive = equity > 0.0
    return xp.where(alive[:, None], ratio(exposures, xp.where(alive, equity, 1.0)[:, None] + 0.0 * exposures), 0.0)


def debtrank(
    exposures: Float[Array, "holder issuer"],
    equity: Float[Array, " holder"],
    shock: Float[Array, " agent"],
    rounds: int | None = None,
) -> Float[Array, " agent"]:
    """Differential DebtRank: the part of each agent's net worth that is lost once the shock has spread.

    `h(t+1) = min(1, h(t) + sum_j L_ij (h_j(t) - h_j(t-1)))` from `h(0) = 0, h(1) = shock`, with
    `L = leverage_matrix` and column j set to zero once j's default has been passed on. Bardoscia, Battiston,
    Caccioli and Caldarelli (2015), PLoS ONE 10:e0130406.

    The limit of this recursion is the lowest solution of `h = min(1, shock + L h)`. Among the agents that the shock
    reaches it is the only solution: circles of claims that amplify a loss without end reach default, and the rest is
    stable. So the limit is found exactly, from above, in as many rounds as there are agents; if nobody defaults it
    is `(I - L)^-1 shock`.

    Args:
        exposures: claims of each holder (row) on each issuer (column), USD bn; not negative, diagonal zero.
        equity: net worth of each agent, USD bn.
        shock: part of each agent's net worth that is lost at first, from zero to one (the agent defaults).
        rounds: rounds of the algorithm, as in `clearing`; with too few, losses are overstated.

    Returns:
        The part of its net worth that each agent has lost, from zero to one, the shock included.
    """
    xp = namespace(exposures)
    slope = leverage_matrix(exposures, equity)
    reached = _reached(slope, shock)
    return highest_solution(slope, xp.minimum(shock, 1.0), xp.where(reached, 1.0, 0.0), rounds=rounds)


def _reached(slope: Float[Array, "agent agent"], shock: Float[Array, " agent"]) -> Array:
    """Agents that the shock can reach along claims, in any number of steps."""
    xp = namespace(slope)
    paths = xp.eye(slope.shape[0]) + xp.where(slope > 0.0, 1.0, 0.0)
    for _ in range(slope.shape[0].bit_length()):
        paths = xp.minimum(paths @ paths, 1.0)
    return paths @ xp.where(shock > 0.0, 1.0, 0.0) > 0.0


def original_debtrank(
    exposures: Float[Array, "holder issuer"], equity: Float[Array, " holder"], shock: Float[Array, " agent"]
) -> Float[Array, " agent"]:
    """Original DebtRank: like `debtrank`, with the same arguments and result, but agents pass on only their first loss.

    `h_i(t) = min(1, h_i(t-1) + sum_j W_ij h_j(t-1))` over the agents j that were first hit at t - 1, with
    `W = min(1, L)`. Later losses, round a circle or along a longer path, are not passed on, so the result is never
    above that of `debtrank`. Battiston, Puliga, Kaushik, Tasca and Caldarelli (2012), Scientific Reports 2:541.
    """
    xp = namespace(exposures)
    impact = xp.minimum(leverage_matrix(exposures, equity), 1.0)
    lost, passed_on = xp.minimum(shock, 1.0), 0.0 * shock
    # The front of the wave moves by one claim in each round, and no agent is in the front twice.
    for _ in range(impact.shape[0]):
        front = xp.where(lost > 0.0, 1.0 - passed_on, 0.0)
        passed_on = passed_on + front
        lost = xp.minimum(lost + impact @ (front * lost), 1.0)
    return lost


def relative_loss(
    lost: Float[Array, " agent"], shock: Float[Array, " agent"], weight: Float[Array, " agent"]
) -> Scalar:
    """DebtRank of a shock, `R = sum_i v_i (h_i - shock_i)`: the loss beyond the shock, as a part of all value.

    `lost` is the result of `debtrank` or `original_debtrank`; `weight`, the relative economic value v of each
    agent, sums to one.
    """
    return (weight * (lost - shock)).sum()


def fire_sale_losses(
    assets: Float[Array, " bank"],
    weights: Float[Array, "bank asset"],
    leverage: Float[Array, " bank"],
    impact: Float[Array, " asset"],
    shock: Float[Array, " asset"],
) -> Float[Array, " bank"]:
    """Losses of banks, USD bn, from asset sales by which banks restore their leverage after a shock.

    Portfolio returns `R = M F` make each bank sell `B` times its loss, in proportion to its portfolio: sales are
    `phi = M' A B R`. Prices change by `F2 = L phi`, and all holders of the assets lose `-A M F2`. This is one
    round, linear in the shock; it excludes the loss from the shock itself, `-A M F`. Greenwood, Landier and Thesmar
    (2015), Journal of Financial Economics 115:471.

    Args:
        assets: `A`, total assets of each bank, USD bn.
        weights: `M`, portfolio shares; each row sums to at most one.
        leverage: `B`, debt divided by equity.
        impact: `L`, fall of the price of an asset per USD bn of it that is sold.
        shock: `F`, first return of each asset; negative where its price falls.
    """
    sold = weights.T @ (assets * leverage * (weights @ shock))
    return -assets * (weights @ (impact * sold))


def aggregate_vulnerability(losses: Float[Array, " bank"], equity: Float[Array, " bank"]) -> Scalar:
    """Aggregate vulnerability `AV`: the losses that `fire_sale_losses` returns as a part of all banks' equity."""
    return ratio(losses.sum(), equity.sum())


def forced_sales(
    price: Scalar | float,
    illiquid: Float[Array, " bank"],
    other: Float[Array, " bank"],
    equity: Float[Array, " bank"],
    capital_ratio: Scalar | float,
) -> Float[Array, " bank"]:
    """Units of the illiquid asset that each bank must sell to meet its capital ratio, up to all its units.

    The ratio is equity divided by assets at risk: `(E - (1 - q) a) / (q (a - s) + x) >= r`, with the units sold s. A
    sale turns risky assets into cash, which needs no capital. Cifuentes, Ferrucci and Shin (2005), Journal of the
    European Economic Association 3:556.

    Args:
        price: `q`, price of the illiquid asset, above zero and at most one (par).
        illiquid: `a`, units of it that each bank holds, USD bn at par.
        other: `x`, other assets at risk that cannot be sold, such as claims on each other, USD bn.
        equity: `E`, equity with the illiquid asset valued at par, USD bn.
        capital_ratio: `r`, least equity divided by assets at risk; above zero and at most one.
    """
    xp = namespace(illiquid)
    worth = equity - (1.0 - price) * illiquid
    needed = capital_ratio * (price * illiquid + other)
    # Where sales cause more sales, a shortage that is only a rounding error would grow into a crash.
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

    The search starts at par and goes down: each round sells what the price of the round before forces. Sales only
    grow as the price falls, so the price never falls below the solution. Each round multiplies the gap to the
    solution by the slope g of the right-hand side there: with g = 3/4, 64 rounds leave a gap of 1e-9 of the first
    fall. Near the breakdown of a market (g near one), the price is overstated.

    `impact` is alpha, the fall of the log price per unit sold; shocks enter in `equity`. The other arguments are
    those of `forced_sales`, except `rounds`, the number of rounds.
    """
    xp = namespace(illiquid)
    price = xp.exp(0.0 * illiquid.sum())
    for _ in range(rounds):
        price = xp.exp(-impact * forced_sales(price, illiquid, other, equity, capital_ratio).sum())
    return price
