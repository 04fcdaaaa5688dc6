"""Everything that stays the same throughout a history: parameters, and traits of agents.

Every number comes from `configs/`, where its unit, range, kind and source stand under the same key. Rates and growth
are per year unless the unit in `configs/` says otherwise. `sim.scenario.agents` explains the traits.
"""

from dataclasses import dataclass

from jaxtyping import Float

from sim.economy.arrays import Array, Scalar
from sim.economy.capital.parameters import CreditParameters, FundingParameters, RedeploymentParameters
from sim.economy.coins.parameters import LiquidityParameters, RegimeParameters, ReserveParameters, TokenParameters
from sim.economy.compute.parameters import GpuParameters, LabParameters

REGIMES = ("offshore", "genius", "mica")
"""The laws that an issuer can be under."""


@dataclass(frozen=True)
class EnvironmentParameters:
    """Interest rate, bitcoin, gold and sentiment."""

    terminal_rate: Scalar
    """bill rate in the long run"""
    cut_speed: Scalar
    """speed at which the bill rate closes its gap to the terminal rate"""
    rate_volatility: Scalar
    """volatility of the bill rate around its path to the terminal rate"""
    bitcoin_drift: Scalar
    """expected growth of the price of bitcoin"""
    bitcoin_volatility: Scalar
    """volatility of the price of bitcoin"""
    gold_drift: Scalar
    """expected growth of the price of gold"""
    gold_volatility: Scalar
    """volatility of the price of gold"""
    asset_correlation: Scalar
    """correlation of the shocks to bitcoin and gold"""
    crypto_sentiment: Scalar
    """mean mood of crypto markets"""
    crypto_persistence: Scalar
    """part of a deviation of the mood of crypto markets that is left a quarter later"""
    crypto_volatility: Scalar
    """standard deviation of the quarterly shock to the mood of crypto markets"""
    ai_sentiment: Scalar
    """mean mood about AI"""
    ai_persistence: Scalar
    """part of a deviation of the mood about AI that is left a quarter later"""
    ai_volatility: Scalar
    """standard deviation of the quarterly shock to the mood about AI"""
    ai_extrapolation: Scalar
    """response of the mood about AI to the last return on labs"""
    sentiment_limit: Scalar
    """strongest mood about AI, in either direction"""


@dataclass(frozen=True)
class BeliefParameters:
    """Speed at which beliefs about rates and issuers adapt."""

    rate_memory: Scalar
    """part of its gap to the bill rate that the reference rate of issuers closes in a quarter"""
    trust_memory: Scalar
    """part of its gap to the trust that an issuer deserves that trust closes in a quarter"""
    trust_slope: Scalar
    """loss of deserved trust per unit of missing backing (as a share of tokens)"""
    trust_shut: Scalar
    """loss of deserved trust per week in which the redemption window was closed"""


@dataclass(frozen=True)
class EntryParameters:
    """Newcomers that take the places of failed companies: when they enter, and what they begin with."""

    entry: Scalar
    """1 where newcomers take the places of failed companies"""
    entry_delay: Scalar
    """time that the place of a failed company stays empty"""
    lab_capital: Scalar
    """capital of a new lab"""
    provider_capital: Scalar
    """capital of a new provider"""
    venture_capital: Scalar
    """capital of a new venture"""
    lab_compute: Scalar
    """training compute of a new lab"""
    lab_share: Scalar
    """market share of a new lab"""
    fleet_share: Scalar
    """part of a new provider's capital that buys its first GPUs"""


@dataclass(frozen=True)
class IssuerTraits:
    """Traits in which issuers differ."""

    transparency: Float[Array, " issuer"]
    arbitrageurs: Float[Array, " issuer"]
    risky_limit: Float[Array, " issuer"]
    cash_share: Float[Array, " issuer"]
    repo_share: Float[Array, " issuer"]
    secured_share: Float[Array, " issuer"]
    on_platform_share: Float[Array, " issuer"]
    residual_share: Float[Array, " issuer"]
    pass_through: Float[Array, " issuer"]
    fixed_costs: Float[Array, " issuer"]
    proportional_costs: Float[Array, " issuer"]
    attraction: Float[Array, " issuer"]
    redeploys: Float[Array, " issuer"]
    buffer_part: Float[Array, " issuer"]
    ambition: Float[Array, " issuer"]
    headcount: Float[Array, " issuer"]


@dataclass(frozen=True)
class LabTraits:
    """Traits in which labs differ."""

    attraction: Float[Array, " lab"]
    planning_horizon: Float[Array, " lab"]
    private_data: Float[Array, " lab"]
    revenue_share: Float[Array, "lab investor"]
    supplier_weight: Float[Array, "lab provider"]


@dataclass(frozen=True)
class ProviderTraits:
    """Traits in which providers differ."""

    hyperscale: Float[Array, " provider"]
    parent_budget: Float[Array, " provider"]
    customer_weight: Float[Array, " provider"]
    expansion: Float[Array, " provider"]


@dataclass(frozen=True)
class InvestorTraits:
    """Traits in which investors differ.

    An affinity is the largest part of its available money that an investor puts into one company in a quarter;
    zero excludes the company.
    """

    budget: Float[Array, " investor"]
    lends: Float[Array, " investor"]
    lab_affinity: Float[Array, "investor lab"]
    provider_affinity: Float[Array, "investor provider"]
    loan_affinity: Float[Array, "investor provider"]
    venture_affinity: Float[Array, "investor venture"]


@dataclass(frozen=True)
class VentureTraits:
    """Traits in which ventures differ."""

    burn_growth: Float[Array, " venture"]
    progress: Float[Array, " venture"]
    neurotech: Float[Array, " venture"]
    robotics: Float[Array, " venture"]
    open_to_issuers: Float[Array, " venture"]


@dataclass(frozen=True)
class Parameters:
    """All parameters and traits."""

    environment: EnvironmentParameters
    tokens: TokenParameters
    reserve: ReserveParameters
    liquidity: LiquidityParameters
    regimes: RegimeParameters
    credit: CreditParameters
    entry: EntryParameters
    labs: LabParameters
    gpus: GpuParameters
    funding: FundingParameters
    redeployment: RedeploymentParameters
    beliefs: BeliefParameters
    issuer: IssuerTraits
    lab: LabTraits
    provider: ProviderTraits
    investor: InvestorTraits
    venture: VentureTraits


CHANNELS = (
    "bills",
    "bitcoin",
    "gold",
    "compute_loans",
    "compute_equity",
    "lab_equity",
    "open_data",
    "neurotech",
    "robotics",
    "other_ventures",
)
"""Channels into which an issuer can put its profit."""
COLUMN = {channel: index for index, channel in enumerate(CHANNELS)}
AI_CHANNELS = ("compute_loans", "compute_equity", "lab_equity", "open_data", "neurotech", "robotics")
"""Channels in which money waits until a deal is found; money for the other channels is invested at once."""
