"""What stays the same through a history: parameters, and traits of agents.

Every number comes from `configs/`, where it stands with its unit, range, kind and source; the fields here have
the same names as the keys there. What a trait means stands in `sim.scenario.agents`.
"""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float

from sim.economy.arrays import Array, Scalar
from sim.economy.capital.parameters import CreditParameters, FundingParameters, RedeploymentParameters
from sim.economy.coins.parameters import LiquidityParameters, RegimeParameters, ReserveParameters, TokenParameters
from sim.economy.compute.parameters import GpuParameters, LabParameters
from sim.economy.distress.parameters import EntryParameters

__all__ = [
    "AI_CHANNELS",
    "CHANNELS",
    "COLUMN",
    "REGIMES",
    "BeliefParameters",
    "CreditParameters",
    "EntryParameters",
    "EnvironmentParameters",
    "FundingParameters",
    "GpuParameters",
    "InvestorTraits",
    "IssuerTraits",
    "LabParameters",
    "LabTraits",
    "LiquidityParameters",
    "Parameters",
    "ProviderTraits",
    "RedeploymentParameters",
    "RegimeParameters",
    "ReserveParameters",
    "TokenParameters",
    "VentureTraits",
]

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
    """volatility of the bill rate around that path"""
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
    """part of a deviation of that mood that is left a quarter later"""
    crypto_volatility: Scalar
    """standard deviation of the quarterly shock to that mood"""
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
    """How beliefs about rates and issuers adapt."""

    rate_memory: Scalar
    """gain with which the rate that issuers are used to follows the bill rate"""
    trust_memory: Scalar
    """gain with which trust follows what is deserved"""
    trust_slope: Scalar
    """trust lost per unit of backing that is missing"""
    trust_shut: Scalar
    """trust lost per week in which the window was closed"""


@dataclass(frozen=True)
class IssuerTraits:
    """What distinguishes issuers."""

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
    """What distinguishes labs."""

    attraction: Float[Array, " lab"]
    planning_horizon: Float[Array, " lab"]
    private_data: Float[Array, " lab"]
    revenue_share: Float[Array, "lab investor"]
    supplier_weight: Float[Array, "lab provider"]


@dataclass(frozen=True)
class ProviderTraits:
    """What distinguishes providers."""

    hyperscale: Float[Array, " provider"]
    parent_budget: Float[Array, " provider"]
    customer_weight: Float[Array, " provider"]
    expansion: Float[Array, " provider"]


@dataclass(frozen=True)
class InvestorTraits:
    """What distinguishes investors.

    An affinity is the largest part of its money at hand that an investor would put into one company in a
    quarter; zero means never.
    """

    budget: Float[Array, " investor"]
    lends: Float[Array, " investor"]
    lab_affinity: Float[Array, "investor lab"]
    provider_affinity: Float[Array, "investor provider"]
    loan_affinity: Float[Array, "investor provider"]
    venture_affinity: Float[Array, "investor venture"]


@dataclass(frozen=True)
class VentureTraits:
    """What distinguishes ventures."""

    burn_growth: Float[Array, " venture"]
    progress: Float[Array, " venture"]
    neurotech: Float[Array, " venture"]
    robotics: Float[Array, " venture"]
    open_to_issuers: Float[Array, " venture"]


@dataclass(frozen=True)
class Parameters:
    """All of it."""

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
"""Where an issuer can put its profit."""
COLUMN = {channel: index for index, channel in enumerate(CHANNELS)}
AI_CHANNELS = ("compute_loans", "compute_equity", "lab_equity", "open_data", "neurotech", "robotics")
"""Channels in which money waits until a deal is found; the others trade at once."""
