"""Runs: why holders redeem in panic, and how their flows affect other coins and the bill yield."""

from jaxtyping import Float

from sim.economy.arrays import Array, Scalar, namespace, ratio
from sim.economy.coins.parameters import TokenParameters
from sim.economy.parameters import Parameters

LARGEST_STRESS = 50.0
"""Log odds beyond which everyone runs (or nobody does); keeps exponentials finite."""


def stress(price: Array, doubt: Array, run_rate: Array, bad_news: Array, token_parameters: TokenParameters) -> Array:
    """Measure the stress of holders, as log odds added to those of a calm week.

        x = a1 (1 - p) + a2 1{p < 0.99} + a3 info (1 - q) + a4 peers + a5 news

    A reduced form with a kink where a coin "breaks the buck" (Anadu et al. 2023), doubt about the reserve, which
    disclosure can raise or lower (Ahmed, Aldasoro and Duley 2024), and redemptions that reinforce each other (Ma,
    Zeng and Zhang 2023).

    Args:
        price: p, USD per token outside the issuer's window.
        doubt: info (1 - q), the visible part of the shortfall of a reserve of quality q; negative above one.
        run_rate: share of tokens that others redeemed in panic last week.
        bad_news: losses on AI last quarter, over tokens.
        token_parameters: the coefficients.
    """
    xp = namespace(price)
    felt = (
        token_parameters.price_response * (1.0 - price)
        + token_parameters.kink * (price < token_parameters.kink_price)
        + token_parameters.doubt_response * doubt
        + token_parameters.peer_response * run_rate
        + token_parameters.loss_alarm * bad_news
    )
    return xp.clip(felt, -LARGEST_STRESS, LARGEST_STRESS)


def redemption_hazard(felt: Array, token_parameters: TokenParameters) -> Array:
    """Probability that a holder redeems this week: a logit that gives the churn of calm weeks without stress."""
    odds = ratio(token_parameters.churn, 1.0 - token_parameters.churn) * namespace(felt).exp(felt)
    return odds / (1.0 + odds)


def arbitrage(parameters: Parameters) -> Float[Array, " issuer"]:
    """Part of the running holders that arbitrageurs bring to the window in a week: `n / (n + n0)`.

    The others find buyers only below par. More arbitrageurs keep the price closer to par, and make a run faster
    (Ma, Zeng and Zhang 2023).
    """
    count = parameters.issuer.arbitrageurs
    return ratio(count, count + parameters.tokens.arbitrage_scale, empty=1.0)


def flight(
    leaving: Float[Array, " issuer"], tokens: Float[Array, " issuer"], felt: Array, token_parameters: TokenParameters
) -> Float[Array, " issuer"]:
    """Divide the money that flees from coins to other coins, by their size and safety, USD bn."""
    xp = namespace(tokens)
    safe = tokens * xp.exp(-felt)
    others = (1.0 - xp.eye(tokens.shape[0])) * safe[None, :]
    share = ratio(others, others.sum(axis=1)[:, None])
    return (token_parameters.flight_to_safety * leaving) @ share


def next_yield_impact(gap: Scalar, flow: Scalar, token_parameters: TokenParameters) -> Scalar:
    """Effect of token flows on the yield of bills, week by week: outflows push harder than inflows.

        gap' = d gap - k max(f, 0) + c k max(-f, 0),  |gap'| <= limit

    with f the net minting of the week over tokens, impact k of an inflow, ratio c and weekly persistence d; gap is
    per year. Ahmed and Aldasoro (2025): the effect of outflows is two to three times that of inflows and dies out
    within about ten days. Their estimate per dollar is scaled by the size of the market, and bounded, because
    larger flows than theirs would extrapolate.
    """
    xp = namespace(flow)
    push = token_parameters.yield_impact * (
        token_parameters.outflow_ratio * xp.maximum(-flow, 0.0) - xp.maximum(flow, 0.0)
    )
    return xp.clip(
        token_parameters.impact_decay * gap + push, -token_parameters.impact_limit, token_parameters.impact_limit
    )
