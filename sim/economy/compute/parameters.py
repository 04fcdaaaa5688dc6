"""Parameters of AI labs, GPU hours and GPUs. Units, ranges and sources: `configs/`."""

from dataclasses import dataclass

from sim.economy.arrays import Scalar


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
