"""Parameters of stablecoins: demand, runs, the reserve, hurried sales, laws. Units and sources: `configs/`."""

from dataclasses import dataclass

from jaxtyping import Float

from sim.economy.arrays import Array, Scalar


@dataclass(frozen=True)
class TokenParameters:
    """Demand for stablecoins and how holders choose among them."""

    demand_growth: Scalar
    """trend growth of demand for tokens while the market is small"""
    saturation: Scalar
    """tokens at which the trend ends"""
    crypto_elasticity: Scalar
    """response of demand to the return on bitcoin"""
    sentiment_elasticity: Scalar
    """response of demand to the mood of crypto markets"""
    rate_elasticity: Scalar
    """fall of demand when the opportunity cost of a token rises"""
    network: Scalar
    """weight of an issuer's own lagged share in holders' choice"""
    trust_weight: Scalar
    """weight of trust in holders' choice"""
    yield_weight: Scalar
    """weight of the yield passed on in holders' choice"""
    yield_to_holders: Scalar
    """least part of the bill rate that every issuer passes on, where its law allows"""
    churn: Scalar
    """part of all tokens that is redeemed and minted anew in a calm week"""
    demand_noise: Scalar
    """standard deviation of the weekly shock to demand"""
    share_noise: Scalar
    """standard deviation of the weekly shock to an issuer's pull"""
    transparency: Scalar
    """least transparency of every reserve"""
    price_response: Scalar
    """rise of the log odds of redeeming with the discount of the price"""
    kink_price: Scalar
    """price below which a coin breaks the buck"""
    kink: Scalar
    """jump of the log odds of redeeming below that price"""
    doubt_response: Scalar
    """rise of the log odds of redeeming with the doubt about the reserve that holders can see"""
    peer_response: Scalar
    """rise of the log odds of redeeming with what others redeemed in panic last week"""
    loss_alarm: Scalar
    """rise of the log odds of redeeming with the issuer's losses on AI last quarter"""
    arbitrage_scale: Scalar
    """number of arbitrageurs that bring half of those who run to the window"""
    price_impact: Scalar
    """discount of the price when holders cannot get out"""
    flight_to_safety: Scalar
    """part of what is redeemed in panic that goes into other coins"""
    bank_closure: Scalar
    """part of the week in which the window is closed when a bank fails"""
    yield_impact: Scalar
    """fall of the bill yield when tokens are minted"""
    outflow_ratio: Scalar
    """impact of outflows on the bill yield over that of inflows"""
    impact_decay: Scalar
    """part of the impact on the yield that is left a week later"""
    impact_limit: Scalar
    """largest impact on the yield"""


@dataclass(frozen=True)
class ReserveParameters:
    """What issuers earn and owe on their reserve."""

    secured_loan_spread: Scalar
    """spread of collateralised loans over bills"""
    tax_rate: Scalar
    """tax on issuers' realised profit"""
    other_venture_return: Scalar
    """growth of the price of stakes outside AI"""


@dataclass(frozen=True)
class LiquidityParameters:
    """What a reserve fetches in a hurry: discounts, and how much of a holding can be sold in a week."""

    secured_discount: Scalar
    """part of their value that collateralised loans lose in a hurried sale"""
    secured_speed: Scalar
    """part of them that can be called in a week"""
    gold_discount: Scalar
    """part of its value that gold loses in a hurried sale"""
    gold_speed: Scalar
    """part of it that can be sold in a week"""
    bitcoin_discount: Scalar
    """part of its value that bitcoin loses in a hurried sale"""
    bitcoin_speed: Scalar
    """part of it that can be sold in a week"""
    other_discount: Scalar
    """part of their value that stakes outside AI lose in a hurried sale"""
    other_speed: Scalar
    """part of them that can be sold in a week"""
    advance_discount: Scalar
    """part of the reserve's claim on the own book that does not count in a hurry"""
    transition: Scalar
    """time over which a gap to what the law or the issuer aims for is closed"""
    administration_cost: Scalar
    """part of a failed coin's reserve that others are paid before the holders"""
    longest_closure: Scalar
    """weeks of a closed window in one quarter after which an issuer is wound up"""


@dataclass(frozen=True)
class RegimeParameters:
    """What each law forbids and requires; vectors run over `sim.economy.parameters.REGIMES`."""

    may_pay_yield: Float[Array, " regime"]
    """1 where holders may be paid interest"""
    risky_limit: Float[Array, " regime"]
    """most that loans, gold, bitcoin and other stakes may be of the tokens"""
    deposit_share: Float[Array, " regime"]
    """least part of the tokens that must lie in bank deposits"""
    own_funds: Float[Array, " regime"]
    """least excess reserves over tokens"""
    disclosure: Float[Array, " regime"]
    """least transparency of the reserve"""
    may_advance: Float[Array, " regime"]
    """1 where the reserve may lend to the issuer's own book"""
    holders_first: Float[Array, " regime"]
    """1 where holders rank before everyone else when an issuer fails"""
    own_book_support: Float[Array, " regime"]
    """part of the own book's liquid money that stands behind the tokens"""
