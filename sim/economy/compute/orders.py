"""Phase 9: providers buy GPUs from the vendor, and the price of a GPU moves."""

from dataclasses import replace

from jaxtyping import Float

from sim.economy.arrays import Array, Scalar, affordable, column, namespace, ratio
from sim.economy.books.flows import PROVIDERS
from sim.economy.books.ledger import balance, pay
from sim.economy.capital.loans import debt_service, owed_late
from sim.economy.compute.hours import BILLION
from sim.economy.parameters import Parameters
from sim.economy.state import Draws, Economy


def buy_gpus(economy: Economy, parameters: Parameters, draws: Draws, *_: object) -> Economy:
    """Buy planned GPUs as far as cash and the vendor's deliveries allow; they work from the next quarter on.

    Buyers outside the model take a given share of the vendor's deliveries, and are rationed like the providers.
    """
    gpus, gpu_parameters = economy.gpus, parameters.gpus
    xp = namespace(gpus.price)
    liquidity = parameters.funding.liquidity_quarters * debt_service(economy)
    liquidity = liquidity * (1.0 - parameters.provider.hyperscale) + owed_late(economy.credit)
    free = xp.maximum(balance(economy.books, PROVIDERS) - liquidity, 0.0)
    wanted = xp.minimum(gpus.plan, free) * gpus.alive
    everyone = ratio(wanted.sum(), 1.0 - gpu_parameters.other_buyers)
    limit = gpus.delivery_limit * gpus.price / BILLION
    planned = ratio(gpus.plan.sum(), 1.0 - gpu_parameters.other_buyers)
    spent = wanted * affordable(limit, everyone)
    books = pay(economy.books, "gpu_purchase", column(spent))
    others = spent.sum() * ratio(gpu_parameters.other_buyers, 1.0 - gpu_parameters.other_buyers)
    books = pay(books, "other_gpu_purchase", others[None, None])
    bought = spent / gpus.price * BILLION
    gpus = replace(
        gpus,
        paid=gpus.price,
        delivered=affordable(limit, planned),
        fleet=install(gpus.fleet, bought),
        book_value=install(gpus.book_value, spent),
        price=next_gpu_price(gpus.price, ratio(planned, limit), parameters, draws.progress),
        delivery_limit=gpus.delivery_limit * xp.exp(gpu_parameters.delivery_growth / 4.0),
    )
    return replace(economy, books=books, gpus=gpus)


def next_gpu_price(price: Scalar, orders: Scalar, parameters: Parameters, progress: Scalar) -> Scalar:
    """Installed price of a GPU (H100 equivalent): falls with progress, but less when orders exceed supply.

    `dln P = -d n + s min(max(orders - 1, 0), 1)`, with the years of progress n that arrive this quarter, the price
    decline d, scarcity pricing s, and orders divided by what the vendor can deliver.
    """
    gpu_parameters = parameters.gpus
    xp = namespace(price)
    scarce = xp.clip(orders - 1.0, 0.0, 1.0)
    return price * xp.exp(-gpu_parameters.price_decline * progress + gpu_parameters.scarcity_pricing * scarce)


def install(cohorts: Float[Array, "provider age"], new: Float[Array, " provider"]) -> Array:
    """Add new GPUs (or their cost) to the youngest cohort of each provider."""
    xp = namespace(cohorts)
    return xp.concat([cohorts[:, :1] + new[:, None], cohorts[:, 1:]], axis=1)
