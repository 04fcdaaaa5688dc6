"""Phase 6, the market for GPU hours: rent, allocation of hours, running costs, ageing of GPUs."""

from dataclasses import replace

from jaxtyping import Float

from sim.economy.arrays import Array, Scalar, affordable, column, namespace, ratio, row
from sim.economy.books.flows import GPUS, PROVIDERS
from sim.economy.books.ledger import Books, balance, flow_total, pay, write_down
from sim.economy.choice import match
from sim.economy.parameters import Parameters
from sim.economy.state import Draws, Economy, Gpus

HOURS_PER_QUARTER = 365.25 * 24.0 / 4.0
BILLION = 1e9


def clear_gpu_market(economy: Economy, parameters: Parameters, draws: Draws, *_: object) -> Economy:
    """Set the rent, allocate and pay hours, pay running costs, and let the GPUs age.

    Issuers come first, with the services that they bought from their borrowers (and paid for in phase 4). Labs come
    second, at the providers with which they have contracts and then wherever hours are left; other customers come
    last. All pay the same rent. Hours that issuers paid for beyond a provider's capacity are not delivered.
    """
    labs, gpus = economy.labs, economy.gpus
    xp = namespace(gpus.rent)
    capacity = offered_hours(gpus, parameters)
    # Demand that GPUs from outside the model serve is lost to the providers in the model.
    inside = 1.0 - draws.events.outside_supply
    bought = flow_total(economy.books, "issuer_gpu_services", 0)
    wanted = (labs.compute_budget / gpus.rent).sum() + inside * other_hours(economy, parameters, gpus.rent)
    wanted = wanted + bought.sum() / gpus.rent
    rent = next_rent(gpus.rent, ratio(wanted, capacity.sum()), parameters, draws)
    lab_hours = labs.compute_budget / rent
    others = inside * other_hours(economy, parameters, rent)
    served_issuers = xp.minimum(bought / rent, capacity)
    free = capacity - served_issuers
    served = match(lab_hours, free, parameters.lab.supplier_weight * gpus.alive[None, :])
    room = xp.maximum(free - served.sum(axis=0), 0.0)
    served_others = match(others[None], room, row(parameters.provider.customer_weight))
    books = pay(economy.books, "compute", served * rent)
    books = pay(books, "cloud_revenue", served_others * rent)
    to_others = served.sum(axis=0) + served_others[0]
    sold, revenue = to_others + served_issuers, to_others * rent + bought
    books, running_cost, unpaid = _pay_running_costs(economy, books, parameters, sold, revenue)
    demand = lab_hours.sum() + others + served_issuers.sum()
    grown = xp.log(ratio(demand, gpus.demand, empty=1.0) + 1e-12)
    used = served.sum(axis=1)
    for_customers = ratio(parameters.labs.inference_cost * labs.revenue, labs.compute_budget)
    labs = replace(labs, research_hours=used * xp.maximum(1.0 - for_customers, 0.0))
    books, gpus = _age(books, gpus, parameters)
    gpus = replace(
        gpus,
        rent=rent,
        progress=gpus.progress + draws.progress,
        demand=demand,
        demand_growth=gpus.demand_growth + parameters.gpus.demand_learning * (grown - gpus.demand_growth),
        market_utilisation=ratio(demand, capacity.sum()),
        utilisation=ratio(sold, capacity),
        revenue=revenue,
        running_cost=running_cost,
    )
    credit = replace(economy.credit, unpaid_costs=unpaid)
    return replace(economy, books=books, labs=labs, gpus=gpus, credit=credit)


def offered_hours(gpus: Gpus, parameters: Parameters) -> Float[Array, " provider"]:
    """GPU hours that each provider can sell this quarter, billions."""
    hours = HOURS_PER_QUARTER / BILLION * parameters.gpus.availability
    return gpus.fleet.sum(axis=1) * hours * gpus.alive


def next_rent(rent: Scalar, utilisation: Scalar, parameters: Parameters, draws: Draws) -> Scalar:
    """Rent after partial adjustment to scarcity: `dln p = k (u - u*) - g n + e`.

    Args:
        rent: rent p of last quarter, USD per GPU-hour.
        utilisation: hours demanded at that rent divided by hours offered, u; above one when demand is rationed.
        parameters: response k, target utilisation u*, technical progress g per year.
        draws: years of progress n that arrive this quarter, and the shock e.
    """
    gpu_parameters = parameters.gpus
    xp = namespace(rent)
    scarcity = gpu_parameters.price_response * (utilisation - gpu_parameters.target_utilisation)
    return rent * xp.exp(
        scarcity - gpu_parameters.technical_progress * draws.progress + gpu_parameters.price_noise * draws.rent
    )


def other_hours(economy: Economy, parameters: Parameters, rent: Scalar) -> Scalar:
    """Hours demanded by customers other than the labs, billions.

    Demand grows with the adoption of AI and the mood about it, and falls with the rent at constant elasticity.
    """
    labs, gpu_parameters = economy.labs, parameters.gpus
    xp = namespace(rent)
    spread = ratio(labs.adoption, labs.opening_adoption, empty=1.0)
    cheaper = (rent / economy.gpus.opening_rent) ** (-gpu_parameters.other_demand_elasticity)
    mood = xp.exp(gpu_parameters.other_demand_sentiment * economy.environment.ai_sentiment)
    return gpu_parameters.other_demand * spread**gpu_parameters.other_demand_growth * cheaper * mood


def running_cost_per_hour(economy: Economy, parameters: Parameters, used: Scalar) -> Scalar:
    """Cost of power, hosting and other things per hour sold, USD, if a share `used` of the hours offered is sold."""
    gpu_parameters = parameters.gpus
    power = gpu_parameters.power_per_gpu * gpu_parameters.power_overhead * gpu_parameters.power_price
    hosting = gpu_parameters.hosting_price / (HOURS_PER_QUARTER * gpu_parameters.availability * used)
    return thrift(economy, parameters) * (power + hosting) + gpu_parameters.running_cost_share * economy.gpus.rent


def thrift(economy: Economy, parameters: Parameters) -> Scalar:
    """Power and space needed per unit of computing, relative to the opening; falls with each generation of GPUs."""
    xp = namespace(economy.gpus.progress)
    return xp.exp(-parameters.gpus.efficiency_gain * economy.gpus.progress)


def _pay_running_costs(
    economy: Economy, books: Books, parameters: Parameters, sold: Array, revenue: Array
) -> tuple[Books, Array, Array]:
    """Pay for the power of hours sold, the hosting of every GPU, and staff and other cost in proportion to revenue."""
    gpu_parameters = parameters.gpus
    xp = namespace(sold)
    needed = thrift(economy, parameters)
    power = needed * sold * gpu_parameters.power_per_gpu * gpu_parameters.power_overhead
    power = power * gpu_parameters.power_price
    hosting = needed * economy.gpus.fleet.sum(axis=1) * gpu_parameters.hosting_price / BILLION
    other = gpu_parameters.running_cost_share * revenue
    due = power + hosting + other
    cash = balance(books, PROVIDERS)
    paid = affordable(cash, due)
    for kind, cost in (("power", power), ("hosting", hosting), ("provider_costs", other)):
        books = pay(books, kind, column(cost * paid))
    return books, due * paid, xp.maximum(due - cash, 0.0)


def _age(books: Books, gpus: Gpus, parameters: Parameters) -> tuple[Books, Gpus]:
    """Age every cohort of GPUs by a quarter: depreciate it straight-line, and retire it at the end of its life."""
    gpu_parameters = parameters.gpus
    xp = namespace(gpus.fleet)
    age = xp.arange(gpus.fleet.shape[1]) * 1.0
    left = xp.maximum(gpu_parameters.useful_life * 4.0 - age, 1.0)
    surviving = xp.where(age < gpu_parameters.useful_life * 4.0 - 1.0, 1.0 - 1.0 / left, 0.0)
    worn = gpus.book_value * (1.0 - surviving)[None, :] * gpu_parameters.ageing
    working = gpus.fleet * (age < gpu_parameters.useful_life * 4.0 - 1.0)[None, :]
    books = write_down(books, GPUS, PROVIDERS, worn.sum(axis=1))
    fleet = (1.0 - gpu_parameters.ageing) * gpus.fleet + gpu_parameters.ageing * _shift(working)
    value_now = gpus.book_value - worn
    book_value = (1.0 - gpu_parameters.ageing) * value_now + gpu_parameters.ageing * _shift(value_now)
    return books, replace(gpus, fleet=fleet, book_value=book_value)


def _shift(cohorts: Array) -> Array:
    xp = namespace(cohorts)
    return xp.concat([xp.zeros_like(cohorts[:, :1]), cohorts[:, :-1]], axis=1)
