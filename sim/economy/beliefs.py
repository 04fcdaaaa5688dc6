"""Phase 11a: what all agents learn from the quarter: expected returns, trust, and the heat of the market."""

from dataclasses import replace

from jaxtyping import Float

from sim.economy.arrays import Array, Scalar, material, namespace, ratio
from sim.economy.books.flows import COMPUTE_LOANS, OWN, PROVIDER_SHARES, PROVIDERS, SHARES, VENTURE_SHARES
from sim.economy.books.ledger import Books, flow_total, market_value, opening_value
from sim.economy.capital.redeployment import is_ai, visibility
from sim.economy.capital.rounds import liquidated
from sim.economy.capital.valuation import market_heat
from sim.economy.coins.liquidity import buffer_ratio, circulating, reserve_quality
from sim.economy.parameters import CHANNELS, Parameters
from sim.economy.state import Economy


def update_beliefs(economy: Economy, parameters: Parameters, *_: object) -> Economy:
    """Update expected returns, propensities, trust, the quality of reserves, the reference rate and market heat."""
    mood, adaptation = economy.environment, parameters.beliefs
    reference = mood.reference_rate + adaptation.rate_memory * (mood.bill_rate - mood.reference_rate)
    xp = namespace(reference)
    broken = adaptation.trust_slope * xp.minimum(buffer_ratio(economy.books), 0.0)
    refused = adaptation.trust_shut * economy.tokens.weeks_shut
    deserved = xp.clip(1.0 + broken - refused, 0.0, 1.0)
    trust = economy.tokens.trust + adaptation.trust_memory * (deserved - economy.tokens.trust)
    returns = realised_returns(economy, parameters)
    redeployment, policy = economy.redeployment, parameters.redeployment
    belief = redeployment.belief + policy.learning * (returns[None, :] - redeployment.belief)
    redeployment = replace(
        redeployment,
        belief=belief,
        propensity=reinforced(redeployment.propensity, redeployment.share, returns, parameters),
        multiple=_issuer_multiple(economy, parameters),
    )
    return replace(
        economy,
        environment=replace(mood, reference_rate=reference),
        tokens=replace(
            economy.tokens,
            trust=trust,
            quality=reserve_quality(economy.books, parameters),
            bad_news=ai_losses(economy.books),
        ),
        redeployment=redeployment,
        capital=replace(economy.capital, heat=market_heat(economy.capital, parameters)),
    )


def ai_losses(books: Books) -> Float[Array, " issuer"]:
    """Loss of each issuer's own book on its AI loans and stakes this quarter, divided by its tokens.

    Interest added to loans and liquidation payouts of failed companies reduce the loss, which is not negative.
    """
    tokens = circulating(books)
    xp = namespace(tokens)
    lent = (books.journal.write_offs[COMPUTE_LOANS][OWN] + books.journal.accruals[COMPUTE_LOANS][OWN]).sum(axis=1)
    marked = sum(books.journal.revaluations[name][OWN].sum(axis=1) for name in SHARES)
    left = sum(flow_total(books, f"{what}_liquidation_issuers", 0) for what in ("lab", "provider", "venture"))
    return ratio(xp.maximum(-(lent + marked + left), 0.0), tokens)


def realised_returns(economy: Economy, parameters: Parameters) -> Float[Array, " channel"]:
    """Return of each channel this quarter, as a yearly rate limited to between -100 and 100 percent."""
    books, mood = economy.books, economy.environment
    xp = namespace(mood.bill_rate)
    lent = -opening_value(books, COMPUTE_LOANS, PROVIDERS).sum()
    interest = sum(
        flow_total(books, f"{lender}_loan_{paid}", 1).sum()
        for lender in ("issuer", "investor")
        for paid in ("interest", "arrears")
    )
    # Accrued interest and losses; the exchange of a loan for shares of equal value is neither.
    beside_cash = sum(
        entry.sum()
        for table in (books.journal.accruals, books.journal.write_offs)
        for account, entry in table[COMPUTE_LOANS].items()
        if account != PROVIDERS
    )
    venture = _gain(books, VENTURE_SHARES, "venture")
    is_neurotech, is_robotics = parameters.venture.neurotech, parameters.venture.robotics
    by_channel = {
        "bills": mood.bill_rate,
        "bitcoin": 4.0 * mood.crypto_return,
        "gold": 4.0 * mood.gold_return,
        "compute_loans": ratio(4.0 * (interest + beside_cash), material(lent)) + 0.0 * mood.bill_rate,
        "compute_equity": 4.0 * _mean_gain(books, parameters),
        "lab_equity": 4.0 * mood.ai_return,
        "open_data": 0.0 * mood.bill_rate,
        "neurotech": 4.0 * ratio((venture * is_neurotech).sum(), is_neurotech.sum()),
        "robotics": 4.0 * ratio((venture * is_robotics).sum(), is_robotics.sum()),
        "other_ventures": parameters.reserve.other_venture_return,
    }
    return xp.clip(xp.stack([by_channel[channel] for channel in CHANNELS]), -1.0, 1.0)


def reinforced(propensity: Array, share: Array, returns: Array, parameters: Parameters) -> Array:
    """Return the propensities after reinforcement (Erev and Roth 1998): rewarded choices become more likely.

        q_k <- (1 - phi) q_k + g [ (1 - eps) K s_k R_k + eps mean_j s_j R_j K ],  R = 1 + r / 2 >= 0

    with K the number of channels, q_k the propensity, s_k the share just chosen and r the yearly return of a channel,
    phi forgetting, g the weight of the quarter's reward, and eps experimentation, which keeps the propensity of every
    channel positive. If g = phi, propensities are moving averages and learning never slows; if phi = 0, they
    accumulate, and new experience counts for less and less (the power law of practice).
    """
    policy = parameters.redeployment
    xp = namespace(propensity)
    count = propensity.shape[1]
    reward = share * (1.0 + 0.5 * returns)[None, :] * count
    spread = (1.0 - policy.experimentation) * reward + policy.experimentation * reward.mean(axis=1)[:, None]
    updated = (1.0 - policy.forgetting) * propensity + policy.reinforcement * spread
    return xp.maximum(updated, 1e-6)


def _mean_gain(books: Books, parameters: Parameters) -> Scalar:
    """Mean gain, weighted by opening value, on shares of providers without a parent (others cannot be bought)."""
    opening = material(-opening_value(books, PROVIDER_SHARES, PROVIDERS))
    weight = opening * (1.0 - parameters.provider.hyperscale)
    return ratio((_gain(books, PROVIDER_SHARES, "provider") * weight).sum(), weight.sum())


def _gain(books: Books, instrument: str, company: str) -> Array:
    """Gain on each company's shares this quarter, with liquidation payouts, divided by their value without the gain."""
    account = SHARES[instrument]
    gain = -books.journal.revaluations[instrument][account]
    worth = market_value(books, instrument)
    return ratio(gain + liquidated(books, company), material(worth - gain))


def _issuer_multiple(economy: Economy, parameters: Parameters) -> Float[Array, " issuer"]:
    """Valuation divided by yearly profit: higher for an issuer known as an "AI company" for its visible investments."""
    redeployment, policy = economy.redeployment, parameters.redeployment
    xp = namespace(policy.visibility)
    visible = (redeployment.to_date * (visibility(economy, parameters) * is_ai(xp))[None, :]).sum(axis=1)
    return policy.multiple * (1.0 + policy.status_multiple * visible / (policy.status_scale + visible))
