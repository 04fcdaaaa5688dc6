"""Parameters of AI labs, GPU hours and GPUs. Units, ranges and sources: `configs/`."""

from dataclasses import dataclass

from sim.economy.arrays import Scalar


@dataclass(frozen=True)
class LabParameters:
    """Customers, capability and spending of the AI labs."""

    market_potential: Scalar
    """revenue of all labs when everyone has adopted AI"""
    innovation: Scalar
    """speed of adoption without the example of others (Bass p)"""
    revenue_diffusion: Scalar
    """speed of adoption by imitation of others (Bass q)"""
    sentiment_diffusion: Scalar
    """response of imitation to the mood about AI"""
    share_network: Scalar
    """weight of a lab's market share in the last quarter in customers' choice"""
    capability_weight: Scalar
    """weight of capability in customers' choice"""
    spending_ambition: Scalar
    """spending divided by the revenue that a lab expects"""
    break_even_discipline: Scalar
    """weight of present revenue in spending plans that exceed it"""
    spending_adjustment: Scalar
    """part of the log gap to planned spending that is closed in a quarter"""
    fastest_growth: Scalar
    """fastest growth of spending"""
    fastest_cut: Scalar
    """fastest cut of spending"""
    shortest_runway: Scalar
    """quarters for which cash must last, in addition to present revenue"""
    compute_share: Scalar
    """part of spending that goes into compute"""
    staff_share: Scalar
    """part of spending that goes to staff"""
    inference_cost: Scalar
    """cost of the compute that serves customers, divided by revenue"""
    research_staff_share: Scalar
    """part of staff cost that counts as research"""
    tax_rate: Scalar
    """tax on labs' profit"""
    obsolescence: Scalar
    """part of training compute that loses its edge in a quarter"""
    flop_per_gpu_hour: Scalar
    """training operations that a GPU-hour buys at the opening"""
    algorithmic_progress: Scalar
    """growth of the training operations that a GPU-hour is worth"""
    irreducible_loss: Scalar
    """loss that remains with unlimited compute and data (E of the scaling law)"""
    parameter_scale: Scalar
    """scale of the loss from too few parameters (A)"""
    parameter_exponent: Scalar
    """exponent of parameters (a)"""
    data_scale: Scalar
    """scale of the loss from too few data (B)"""
    data_exponent: Scalar
    """exponent of data (b)"""
    useful_epochs: Scalar
    """number of passes over the same data that help as much as new data"""
    growth_learning: Scalar
    """gain of adaptive expectations of a lab's own growth"""


@dataclass(frozen=True)
class GpuParameters:
    """The market for GPU hours, and the market for GPUs."""

    availability: Scalar
    """part of all hours in which a GPU can be rented"""
    target_utilisation: Scalar
    """utilisation at which scarcity does not move the rent"""
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
    """electricity of the site divided by electricity of the GPUs"""
    power_price: Scalar
    """price of electricity"""
    hosting_price: Scalar
    """rent for space and cooling of a GPU"""
    efficiency_gain: Scalar
    """fall of power and space needed for the same computing"""
    running_cost_share: Scalar
    """staff and other cost divided by revenue"""
    useful_life: Scalar
    """time over which a GPU is written down, and after which it is retired"""
    ageing: Scalar
    """1: GPUs grow older; 0: they do not"""
    build_lead: Scalar
    """time over which providers look ahead when they order"""
    demand_learning: Scalar
    """gain of adaptive expectations of the growth of demand"""
    fastest_expansion: Scalar
    """most GPUs ordered in a quarter, divided by the fleet"""
    hurdle_margin: Scalar
    """return that a GPU must earn above the cost of money and depreciation"""
    hurdle_response: Scalar
    """how sharply orders respond to the return on a GPU"""
    gpu_price: Scalar
    """installed price of a GPU at the opening"""
    price_decline: Scalar
    """fall of the installed price of a GPU from progress"""
    scarcity_pricing: Scalar
    """rise of the installed price of a GPU when orders exceed deliveries"""
    delivery_limit: Scalar
    """GPUs that the vendor can deliver in the opening quarter"""
    delivery_growth: Scalar
    """growth of the GPUs that the vendor can deliver"""
    other_buyers: Scalar
    """part of deliveries that goes to buyers outside the model"""
