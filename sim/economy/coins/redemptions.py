"""Panic redemptions of coins (runs, as on banks): causes, and effects on other coins and on the bill yield."""

from jaxtyping import Float

from sim.economy.arrays import Array, Scalar, namespace, ratio
from sim.economy.coins.parameters import TokenParameters
from sim.economy.parameters import Parameters

LARGEST_STRESS = 50.0
"""Limit of the added log odds, in either direction. It prevents overflow; at the limit, everyone or no one redeems."""


def stress(price: Array, doubt: Array, run_rate: Array, bad_news: Array, token_parameters: TokenParameters) -> Array:
    """Measure the stress of holders, as log odds added to those of a calm week.

        x = a1 (1 - p) + a2 1{p < 0.99} + a3 info (1 - q) + a4 peers + a5 news

    This reduced form has a kink where a coin "breaks the buck" (Anadu et al. 2023), doubt about the reserve, which
    disclosure can raise or lower (Ahmed, Aldasoro and Duley 2024), and redemptions that cause more redemptions (Ma,
    Zeng and Zhang 2023). The coefficients a1 to a5 are, in this order, `price_response`, `kink`, `doubt_response`,
    `peer_response` and `loss_alarm`; 0.99 stands for `kink_price`.

    Args:
        price: p, market price of a token, USD (the issuer's window redeems at par).
        doubt: info (1 - q), the visible part of the shortfall of a reserve of quality q; negative if q exceeds 1.
        run_rate: peers, share of tokens that others redeemed in panic last week.
        bad_news: news, losses on AI last quarter, divided by tokens.
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
    """Probability that a holder redeems this week: a logit of `felt` stress; at zero stress it equals `churn`."""
    odds = ratio(token_parameters.churn, 1.0 - token_parameters.churn) * namespace(felt).exp(felt)
    return odds / (1.0 + odds)


def arbitrage(parameters: Parameters) -> Float[Array, " issuer"]:
    """Part of the panicking holders whose tokens reach the issuer's window in a week: `n / (n + n0)`.

    Arbitrageurs, n in number, buy tokens from holders and redeem them at the window; n0 is `arbitrage_scale`. Other
    holders find buyers only below par. More arbitrageurs keep the price closer to par but make a run faster (Ma,
    Zeng and Zhang 2023).
    """
    count = parameters.issuer.arbitrageurs
    return ratio(count, count + parameters.tokens.arbitrage_scale, empty=1.0)


def flight(
    leaving: Float[Array, " issuer"], tokens: Float[Array, " issuer"], felt: Array, token_parameters: TokenParameters
) -> Float[Array, " issuer"]:
    """Divide the money that flees into other coins among these in proportion to size times safety, USD bn."""
    xp = namespace(tokens)
    safe = tokens * xp.exp(-felt)
    others = (1.0 - xp.eye(tokens.shape[0])) * safe[None, :]
    share = ratio(others, others.sum(axis=1)[:, None])
    return (token_parameters.flight_to_safety * leaving) @ share


def next_yield_impact(gap: Scalar, flow: Scalar, token_parameters: TokenParameters) -> Scalar:
    """Update the weekly effect of token flows on the bill yield: outflows have a larger effect than inflows.

        gap' = d gap - k max(f, 0) + c k max(-f, 0),  |gap'| <= limit

    with gap the effect on the yield per year, f (`flow`) the week's net minting divided by tokens, k the impact of an
    inflow, c the ratio of an outflow's impact to it, and d the weekly persistence. Ahmed and Aldasoro (2025) find that
    the effect of outflows is two to three times that of inflows and dies out within about ten days. Their estimate
    per dollar is scaled by the size of the market, and limited because flows here can be larger than in their data.
    """
    xp = namespace(flow)
    push = token_parameters.yield_impact * (
        token_parameters.outflow_ratio * xp.maximum(-flow, 0.0) - xp.maximum(flow, 0.0)
    )
    return xp.clip(
        token_parameters.impact_decay * gap + push, -token_parameters.impact_limit, token_parameters.impact_limit
    )
