"""Parameters of stablecoins: demand, runs, the reserve, hurried sales, laws. `configs/` has units and sources."""

from dataclasses import dataclass

from jaxtyping import Float

from sim.economy.arrays import Array, Scalar


@dataclass(frozen=True)
class TokenParameters:
    """Demand for stablecoins and how holders choose among them."""

    demand_growth: Scalar
    """trend growth of demand for tokens while the market is small"""
    saturation: Scalar
    """tokens outstanding at which the trend growth of demand ends"""
    crypto_elasticity: Scalar
    """response of demand to the return on bitcoin"""
    sentiment_elasticity: Scalar
    """response of demand to the mood of crypto markets"""
    rate_elasticity: Scalar
    """fall of demand per unit by which the opportunity cost of a token rises"""
    network: Scalar
    """weight of an issuer's own lagged share in holders' choice"""
    trust_weight: Scalar
    """weight of trust in holders' choice"""
    yield_weight: Scalar
    """weight, in holders' choice, of the yield that the issuer passes on"""
    yield_to_holders: Scalar
    """least part of the bill rate that every issuer passes on, where its law allows"""
    churn: Scalar
    """part of all tokens that is redeemed, and as many minted anew, in a calm week"""
    demand_noise: Scalar
    """standard deviation of the weekly shock to demand"""
    share_noise: Scalar
    """standard deviation of the weekly shock to an issuer's attraction for holders"""
    transparency: Scalar
    """least transparency of every reserve"""
    price_response: Scalar
    """rise of the log odds of redeeming per dollar by which the price of a token is below par"""
    kink_price: Scalar
    """price of a token, USD, below which a coin "breaks the buck" and holders panic more"""
    kink: Scalar
    """jump of the log odds of redeeming when the price falls below `kink_price`"""
    doubt_response: Scalar
    """rise of the log odds of redeeming per unit of the loss per token that disclosure lets holders see"""
    peer_response: Scalar
    """rise of the log odds of redeeming per unit of the share of tokens redeemed in panic last week"""
    loss_alarm: Scalar
    """rise of the log odds of redeeming per unit of the issuer's losses on AI last quarter, divided by tokens"""
    arbitrage_scale: Scalar
    """number of arbitrageurs at which half of the panicking holders reach the issuer's redemption window"""
    price_impact: Scalar
    """discount of the price when all holders want to redeem and none can"""
    flight_to_safety: Scalar
    """part of the money redeemed in panic that goes into other coins"""
    bank_closure: Scalar
    """part of a week for which the redemption window is closed when a bank fails"""
    yield_impact: Scalar
    """fall of the bill yield per unit of tokens minted in a week, as a share of all tokens"""
    outflow_ratio: Scalar
    """impact of outflows on the bill yield, divided by that of inflows of equal size"""
    impact_decay: Scalar
    """part of the impact on the bill yield that is left a week later"""
    impact_limit: Scalar
    """largest impact on the bill yield, in either direction"""


@dataclass(frozen=True)
class ReserveParameters:
    """What issuers earn and owe on their reserve."""

    secured_loan_spread: Scalar
    """interest rate on collateralised loans less the bill rate"""
    tax_rate: Scalar
    """tax on issuers' realised profit"""
    other_venture_return: Scalar
    """growth of the price of stakes outside AI"""


@dataclass(frozen=True)
class LiquidityParameters:
    """Value of holdings in a hurried sale: discounts, and the part of each holding that can be sold in a week."""

    secured_discount: Scalar
    """part of their value that collateralised loans lose in a hurried sale"""
    secured_speed: Scalar
    """part of collateralised loans that can be called in a week"""
    gold_discount: Scalar
    """part of its value that gold loses in a hurried sale"""
    gold_speed: Scalar
    """part of the gold that can be sold in a week"""
    bitcoin_discount: Scalar
    """part of its value that bitcoin loses in a hurried sale"""
    bitcoin_speed: Scalar
    """part of the bitcoin that can be sold in a week"""
    other_discount: Scalar
    """part of their value that stakes outside AI lose in a hurried sale"""
    other_speed: Scalar
    """part of stakes outside AI that can be sold in a week"""
    advance_discount: Scalar
    """part of the reserve's claim on the own book that does not count when all must be sold in a hurry"""
    transition: Scalar
    """time in which an issuer closes the gap to a limit or target set by law or by itself"""
    administration_cost: Scalar
    """part of a failed coin's reserve that is paid to administrators and creditors before holders"""
    longest_closure: Scalar
    """weeks with a closed redemption window, in one quarter, after which an issuer is wound up"""


@dataclass(frozen=True)
class RegimeParameters:
    """What each law forbids and requires: one number per law, in the order of `sim.economy.parameters.REGIMES`."""

    may_pay_yield: Float[Array, " regime"]
    """1 where issuers may pay interest to token holders"""
    risky_limit: Float[Array, " regime"]
    """largest value of loans, gold, bitcoin and other stakes together, as a share of tokens"""
    deposit_share: Float[Array, " regime"]
    """least bank deposits, as a share of tokens"""
    own_funds: Float[Array, " regime"]
    """least excess reserves, as a share of tokens"""
    disclosure: Float[Array, " regime"]
    """least transparency of the reserve"""
    may_advance: Float[Array, " regime"]
    """1 where the reserve may lend to the issuer's own book"""
    holders_first: Float[Array, " regime"]
    """1 where holders rank before everyone else when an issuer fails"""
    own_book_support: Float[Array, " regime"]
    """part of the own book's liquid money that must be used to pay token holders"""
