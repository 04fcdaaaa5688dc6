"""What stays the same through a history: parameters and traits of agents.

Every number comes from `configs/`, where it stands with its unit, range, kind and source; the fields here have
the same names as the keys there. Rates and growth are per year unless a field says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float

from sim.economy.arrays import Array, Scalar


@dataclass(frozen=True)
class EnvironmentRules:
    """Interest rate, bitcoin, gold and sentiment."""

    terminal_rate: Scalar
    cut_speed: Scalar
    rate_volatility: Scalar
    bitcoin_drift: Scalar
    bitcoin_volatility: Scalar
    gold_drift: Scalar
    gold_volatility: Scalar
    asset_correlation: Scalar
    crypto_sentiment: Scalar
    crypto_persistence: Scalar
    crypto_volatility: Scalar
    ai_sentiment: Scalar
    ai_persistence: Scalar
    ai_volatility: Scalar
    ai_extrapolation: Scalar
    sentiment_limit: Scalar


@dataclass(frozen=True)
class TokenRules:
    """Demand for stablecoins and how holders choose among them."""

    demand_growth: Scalar
    saturation: Scalar
    crypto_elasticity: Scalar
    sentiment_elasticity: Scalar
    rate_elasticity: Scalar
    network: Scalar
    trust_weight: Scalar
    yield_weight: Scalar
    yield_to_holders: Scalar
    churn: Scalar
    demand_noise: Scalar
    share_noise: Scalar
    transparency: Scalar
    price_response: Scalar
    kink_price: Scalar
    kink: Scalar
    doubt_response: Scalar
    peer_response: Scalar
    loss_alarm: Scalar
    arbitrage_scale: Scalar
    price_impact: Scalar
    flight_to_safety: Scalar
    bank_closure: Scalar
    yield_impact: Scalar
    outflow_ratio: Scalar
    impact_decay: Scalar
    impact_limit: Scalar


@dataclass(frozen=True)
class ReserveRules:
    """What issuers earn and owe on their reserve."""

    secured_loan_spread: Scalar
    tax_rate: Scalar
    other_venture_return: Scalar


@dataclass(frozen=True)
class LiquidityRules:
    """What a reserve fetches in a hurry: discounts, and how much of a holding can be sold in a week."""

    secured_discount: Scalar
    secured_speed: Scalar
    gold_discount: Scalar
    gold_speed: Scalar
    bitcoin_discount: Scalar
    bitcoin_speed: Scalar
    other_discount: Scalar
    other_speed: Scalar
    advance_discount: Scalar
    transition: Scalar
    administration_cost: Scalar
    longest_closure: Scalar


REGIMES = ("offshore", "genius", "mica")
"""The laws that an issuer can be under."""


@dataclass(frozen=True)
class RegimeRules:
    """What each law forbids and requires; vectors run over `REGIMES`."""

    may_pay_yield: Float[Array, " regime"]
    risky_limit: Float[Array, " regime"]
    deposit_share: Float[Array, " regime"]
    own_funds: Float[Array, " regime"]
    disclosure: Float[Array, " regime"]
    may_advance: Float[Array, " regime"]
    holders_first: Float[Array, " regime"]
    own_book_support: Float[Array, " regime"]


@dataclass(frozen=True)
class CreditRules:
    """Compute loans: price, maturity, workouts, and what a failed provider's GPUs fetch."""

    credit_spread: Scalar
    leverage_slope: Scalar
    customer_discount: Scalar
    issuer_term: Scalar
    investor_term: Scalar
    largest_leverage: Scalar
    resale_discount: Scalar
    fire_sale_slope: Scalar
    circular_purchases: Scalar
    workout_share: Scalar
    workout_extension: Scalar
    workout_owners_keep: Scalar


@dataclass(frozen=True)
class EntryRules:
    """Newcomers in the place of failed companies: when they come, and what they start with."""

    entry: Scalar
    entry_delay: Scalar
    lab_capital: Scalar
    provider_capital: Scalar
    venture_capital: Scalar
    lab_compute: Scalar
    lab_share: Scalar
    fleet_share: Scalar


@dataclass(frozen=True)
class LabRules:
    """Customers, capability and spending of the AI labs."""

    market_potential: Scalar
    innovation: Scalar
    revenue_diffusion: Scalar
    sentiment_diffusion: Scalar
    share_network: Scalar
    capability_weight: Scalar
    spending_ambition: Scalar
    break_even_discipline: Scalar
    spending_adjustment: Scalar
    fastest_growth: Scalar
    fastest_cut: Scalar
    shortest_runway: Scalar
    compute_share: Scalar
    staff_share: Scalar
    inference_cost: Scalar
    research_staff_share: Scalar
    tax_rate: Scalar
    obsolescence: Scalar
    flop_per_gpu_hour: Scalar
    algorithmic_progress: Scalar
    irreducible_loss: Scalar
    parameter_scale: Scalar
    parameter_exponent: Scalar
    data_scale: Scalar
    data_exponent: Scalar
    useful_epochs: Scalar
    growth_learning: Scalar


@dataclass(frozen=True)
class GpuRules:
    """The market for GPU hours, and the market for GPUs."""

    availability: Scalar
    target_utilisation: Scalar
    price_response: Scalar
    technical_progress: Scalar
    price_noise: Scalar
    other_demand: Scalar
    other_demand_growth: Scalar
    other_demand_elasticity: Scalar
    other_demand_sentiment: Scalar
    power_per_gpu: Scalar
    power_overhead: Scalar
    power_price: Scalar
    hosting_price: Scalar
    efficiency_gain: Scalar
    running_cost_share: Scalar
    useful_life: Scalar
    ageing: Scalar
    build_lead: Scalar
    demand_learning: Scalar
    fastest_expansion: Scalar
    hurdle_margin: Scalar
    hurdle_response: Scalar
    gpu_price: Scalar
    price_decline: Scalar
    scarcity_pricing: Scalar
    delivery_limit: Scalar
    delivery_growth: Scalar
    other_buyers: Scalar


@dataclass(frozen=True)
class FundingRules:
    """Rounds, valuations and the appetite of investors."""

    investor_appetite: Scalar
    budget_growth: Scalar
    sentiment_response: Scalar
    wealth_response: Scalar
    dry_powder: Scalar
    most_powder: Scalar
    ask_memory: Scalar
    heat_limit: Scalar
    slowest_growth: Scalar
    fastest_growth: Scalar
    backers_limit: Scalar
    shortest_runway: Scalar
    target_runway: Scalar
    revenue_multiple: Scalar
    research_multiple: Scalar
    sentiment_multiple: Scalar
    money_chasing_deals: Scalar
    smallest_fill: Scalar
    herding: Scalar
    return_response: Scalar
    crowding_in: Scalar
    crowding_turn: Scalar
    crowding_heat: Scalar
    provider_multiple: Scalar
    provider_floor: Scalar
    loan_to_cost: Scalar
    liquidity_quarters: Scalar
    lab_mark_speed: Scalar
    provider_mark_speed: Scalar
    venture_drift: Scalar
    venture_volatility: Scalar
    hot_market_risk: Scalar
    abandoned_below: Scalar
    venture_runway: Scalar


@dataclass(frozen=True)
class RedeploymentRules:
    """How issuers divide their profit. Vectors run over `CHANNELS`."""

    redeployment: Scalar
    reach_into_reserve: Scalar
    payout_ratio: Scalar
    buffer_target: Scalar
    intensity_of_choice: Scalar
    inertia: Scalar
    risk_aversion: Scalar
    diversification: Scalar
    status_weight: Scalar
    status_scale: Scalar
    anxiety_weight: Scalar
    anxiety_draw: Scalar
    reach_for_yield: Scalar
    reach_below: Scalar
    peer_weight: Scalar
    channel_cap: Scalar
    closing_probability: Scalar
    patience: Scalar
    relationship: Scalar
    kept_open: Scalar
    learning: Scalar
    forgetting: Scalar
    reinforcement: Scalar
    experimentation: Scalar
    operating_cash: Scalar
    multiple: Scalar
    status_multiple: Scalar
    data_cost: Scalar
    data_quality: Scalar
    prior_return: Float[Array, " channel"]
    risk: Float[Array, " channel"]
    visibility: Float[Array, " channel"]
    cost: Float[Array, " channel"]
    ticket: Float[Array, " channel"]


@dataclass(frozen=True)
class BeliefRules:
    """How beliefs about rates and issuers adapt."""

    rate_memory: Scalar
    trust_memory: Scalar
    trust_slope: Scalar
    trust_shut: Scalar


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
class Rules:
    """All of it."""

    environment: EnvironmentRules
    tokens: TokenRules
    reserve: ReserveRules
    liquidity: LiquidityRules
    regimes: RegimeRules
    credit: CreditRules
    entry: EntryRules
    labs: LabRules
    gpus: GpuRules
    funding: FundingRules
    redeployment: RedeploymentRules
    beliefs: BeliefRules
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
