"""What stays the same through a history: parameters, and traits of agents.

Every number comes from `configs/`, where it stands with its unit, range, kind and source; the fields here have
the same names as the keys there. What a trait means stands in `sim.scenario.agents`.
"""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float

from sim.economy.arrays import Array
from sim.economy.coin_parameters import (
    BeliefParameters,
    EnvironmentParameters,
    LiquidityParameters,
    RedeploymentParameters,
    RegimeParameters,
    ReserveParameters,
    TokenParameters,
)
from sim.economy.industry_parameters import (
    CreditParameters,
    EntryParameters,
    FundingParameters,
    GpuParameters,
    LabParameters,
)

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
    "ProviderTraits",
    "RedeploymentParameters",
    "RegimeParameters",
    "ReserveParameters",
    "Parameters",
    "TokenParameters",
    "VentureTraits",
]

REGIMES = ("offshore", "genius", "mica")
"""The laws that an issuer can be under."""


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
