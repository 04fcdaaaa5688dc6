"""Parameters of AI labs, GPU providers, their credit and funding, and of newcomers.

Every number comes from `configs/`, where it stands with its unit, range, kind and source; the fields here have
the same names as the keys there, and their meanings stand below them. Rates and growth are per year unless the
unit in the configs says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

from sim.economy.arrays import Scalar


@dataclass(frozen=True)
class CreditParameters:
    """Compute loans: price, maturity, workouts, and what a failed provider's GPUs fetch."""

    credit_spread: Scalar
    """spread of a compute loan over bills without debt and with nothing sold firmly"""
    leverage_slope: Scalar
    """rise of that spread with debt over the book value of GPUs"""
    customer_discount: Scalar
    """fall of that spread where all capacity is sold firmly"""
    issuer_term: Scalar
    """maturity of an issuer's loan"""
    investor_term: Scalar
    """maturity of an investor's loan"""
    largest_leverage: Scalar
    """most debt that lenders accept over the GPUs behind it"""
    resale_discount: Scalar
    """part of its value that a used GPU loses when it is sold"""
    fire_sale_slope: Scalar
    """fall of the resale price with the share of all GPUs sold at once"""
    circular_purchases: Scalar
    """GPU services that issuers buy of the providers they lend to"""
    workout_share: Scalar
    """part of lenders' claims that is exchanged for shares in a workout"""
    workout_extension: Scalar
    """time by which the rest falls due later"""
    workout_owners_keep: Scalar
    """least part of the company that old owners keep in a workout"""


@dataclass(frozen=True)
class EntryParameters:
    """Newcomers in the place of failed companies: when they come, and what they start with."""

    entry: Scalar
    """1 where newcomers take the places of failed companies"""
    entry_delay: Scalar
    """time that a place stays empty"""
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
class LabParameters:
    """Customers, capability and spending of the AI labs."""

    market_potential: Scalar
    """revenue of all labs when everyone has adopted AI"""
    innovation: Scalar
    """adoption that needs no example (Bass p)"""
    revenue_diffusion: Scalar
    """adoption by imitation (Bass q)"""
    sentiment_diffusion: Scalar
    """response of imitation to the mood about AI"""
    share_network: Scalar
    """weight of a lab's own lagged share in customers' choice"""
    capability_weight: Scalar
    """weight of capability in customers' choice"""
    spending_ambition: Scalar
    """spending over the revenue that a lab expects"""
    break_even_discipline: Scalar
    """weight of present revenue where it is less than planned spending"""
    spending_adjustment: Scalar
    """part of the log gap to planned spending that is closed in a quarter"""
    fastest_growth: Scalar
    """fastest growth of spending"""
    fastest_cut: Scalar
    """fastest cut of spending"""
    shortest_runway: Scalar
    """quarters that the cash at hand must last beside present revenue"""
    compute_share: Scalar
    """part of spending that goes into compute"""
    staff_share: Scalar
    """part of spending that goes to staff"""
    inference_cost: Scalar
    """compute that serves customers, over revenue"""
    research_staff_share: Scalar
    """part of staff cost that counts as research"""
    tax_rate: Scalar
    """tax on labs' profit"""
    obsolescence: Scalar
    """part of training compute that loses its edge in a quarter"""
    flop_per_gpu_hour: Scalar
    """training operations that a GPU-hour buys at the opening"""
    algorithmic_progress: Scalar
    """growth of what a GPU-hour is worth in training"""
    irreducible_loss: Scalar
    """loss that no compute removes (E of the scaling law)"""
    parameter_scale: Scalar
    """scale of the loss from too few parameters (A)"""
    parameter_exponent: Scalar
    """exponent of parameters (a)"""
    data_scale: Scalar
    """scale of the loss from too few data (B)"""
    data_exponent: Scalar
    """exponent of data (b)"""
    useful_epochs: Scalar
    """passes over the same data that count as new data"""
    growth_learning: Scalar
    """gain of adaptive expectations of a lab's own growth"""


@dataclass(frozen=True)
class GpuParameters:
    """The market for GPU hours, and the market for GPUs."""

    availability: Scalar
    """part of all hours that a GPU can be rented"""
    target_utilisation: Scalar
    """utilisation at which scarcity moves no price"""
    price_response: Scalar
    """response of the rent to utilisation above target"""
    technical_progress: Scalar
    """fall of the rent from progress"""
    price_noise: Scalar
    """standard deviation of the quarterly shock to the rent"""
    other_demand: Scalar
    """hours that other customers want at the opening rent and adoption"""
    other_demand_growth: Scalar
    """response of other customers' demand to adoption"""
    other_demand_elasticity: Scalar
    """fall of other customers' demand with the rent"""
    other_demand_sentiment: Scalar
    """response of other customers' demand to the mood about AI"""
    power_per_gpu: Scalar
    """electricity that a GPU in use draws"""
    power_overhead: Scalar
    """electricity of the site over that of the GPUs"""
    power_price: Scalar
    """price of electricity"""
    hosting_price: Scalar
    """rent for space and cooling of a GPU"""
    efficiency_gain: Scalar
    """fall of power and space needed for the same computing"""
    running_cost_share: Scalar
    """staff and other cost over revenue"""
    useful_life: Scalar
    """life over which a GPU is written down, and after which it is retired"""
    ageing: Scalar
    """1 where GPUs grow older"""
    build_lead: Scalar
    """time over which providers look ahead when they order"""
    demand_learning: Scalar
    """gain of adaptive expectations of the growth of demand"""
    fastest_expansion: Scalar
    """most GPUs ordered in a quarter over the fleet"""
    hurdle_margin: Scalar
    """return asked of a GPU beyond its money's cost and its wear"""
    hurdle_response: Scalar
    """how sharply orders respond to that return"""
    gpu_price: Scalar
    """installed price of a GPU at the opening"""
    price_decline: Scalar
    """fall of that price from progress"""
    scarcity_pricing: Scalar
    """rise of that price when orders exceed deliveries"""
    delivery_limit: Scalar
    """GPUs that the vendor can deliver in the opening quarter"""
    delivery_growth: Scalar
    """growth of what the vendor can deliver"""
    other_buyers: Scalar
    """part of deliveries that goes to buyers outside the model"""


@dataclass(frozen=True)
class FundingParameters:
    """Rounds, valuations and the appetite of investors."""

    investor_appetite: Scalar
    """factor on the budgets of investors and of clouds' parents"""
    budget_growth: Scalar
    """growth of those budgets"""
    sentiment_response: Scalar
    """response of budgets to the mood about AI"""
    wealth_response: Scalar
    """response of budgets to wealth over money paid in"""
    dry_powder: Scalar
    """cash that investors like to hold"""
    most_powder: Scalar
    """cash beyond which money goes back to backers, over what they like to hold"""
    ask_memory: Scalar
    """weight of this quarter in the slow average of the money asked for"""
    heat_limit: Scalar
    """largest log of money on offer over money asked for"""
    slowest_growth: Scalar
    """least growth that valuations extrapolate"""
    fastest_growth: Scalar
    """most growth that valuations extrapolate"""
    backers_limit: Scalar
    """most of everyone else's cash that one kind of funding draws in a quarter"""
    shortest_runway: Scalar
    """runway below which a lab asks for a round"""
    target_runway: Scalar
    """runway that a round is to pay for, and beyond which a lab in profit pays out"""
    revenue_multiple: Scalar
    """value of a lab over its expected revenue"""
    research_multiple: Scalar
    """value of a lab over its research spending"""
    sentiment_multiple: Scalar
    """response of valuations to the mood about AI"""
    money_chasing_deals: Scalar
    """response of labs' valuations to the heat of the market"""
    smallest_fill: Scalar
    """part of its ask from which a round closes for certain"""
    herding: Scalar
    """weight of the last round's money in investors' choice among labs"""
    return_response: Scalar
    """weight of expected growth in investors' choice among labs"""
    crowding_in: Scalar
    """interest that issuers' money in a company draws at small shares"""
    crowding_turn: Scalar
    """issuers' share at which they neither draw nor deter others"""
    crowding_heat: Scalar
    """how much less of issuers' money is welcome in a hot market"""
    provider_multiple: Scalar
    """value of a provider over its yearly revenue"""
    provider_floor: Scalar
    """least value of a provider over its book equity"""
    loan_to_cost: Scalar
    """part of GPU spending for which providers ask lenders"""
    liquidity_quarters: Scalar
    """debt service that a provider keeps in cash"""
    lab_mark_speed: Scalar
    """part of the log gap to fair value that marks of labs close in a quarter"""
    provider_mark_speed: Scalar
    """part of the log gap to fair value that marks of providers close in a quarter"""
    venture_drift: Scalar
    """expected growth of the price of ventures"""
    venture_volatility: Scalar
    """volatility of the price of ventures"""
    hot_market_risk: Scalar
    """rise of that volatility with the heat in which a venture was funded"""
    abandoned_below: Scalar
    """price over that of the last round below which nobody funds a venture"""
    venture_runway: Scalar
    """net burn that a venture raises for"""
