"""Phase 5a, AI labs: capability, customers, spending plans, staff and tax."""

from dataclasses import replace

from jaxtyping import Float

from sim.economy.arrays import Array, Scalar, column, namespace, ratio, row
from sim.economy.books.flows import LABS
from sim.economy.books.ledger import balance, pay
from sim.economy.choice import logit
from sim.economy.compute.parameters import LabParameters
from sim.economy.parameters import Parameters
from sim.economy.phase import DecisionRules
from sim.economy.state import Draws, Economy, Labs

FLOP_UNIT = 1e24


def run_labs(economy: Economy, parameters: Parameters, _: Draws, rules: DecisionRules) -> Economy:
    """Run the labs for a quarter, up to the point where they buy compute (phase 6)."""
    labs = _train(economy, parameters)
    labs = _sell(labs, parameters, economy.environment.ai_sentiment)
    books = pay(economy.books, "lab_revenue", row(labs.revenue))
    share = parameters.lab.revenue_share
    books = pay(books, "revenue_share", labs.revenue[:, None] * share)
    economy = replace(economy, books=books, labs=labs)
    planned = rules["lab_spending"](economy, parameters) * labs.alive
    xp = namespace(planned)
    spending = xp.minimum(planned, xp.maximum(balance(books, LABS), 0.0))
    lab_parameters = parameters.labs
    books = pay(books, "lab_staff", column(lab_parameters.staff_share * spending))
    other = 1.0 - lab_parameters.staff_share - lab_parameters.compute_share
    books = pay(books, "lab_other", column(other * spending))
    profit = xp.maximum(retained_revenue(labs, parameters) - spending, 0.0)
    books = pay(books, "lab_tax", column(lab_parameters.tax_rate * profit))
    labs = replace(
        labs,
        spending=spending,
        shortfall=planned - spending,
        compute_budget=lab_parameters.compute_share * spending,
        research_spending=lab_parameters.research_staff_share * lab_parameters.staff_share * spending
        + xp.maximum(lab_parameters.compute_share * spending - lab_parameters.inference_cost * labs.revenue, 0.0),
    )
    return replace(economy, books=books, labs=labs)


def adoption_next(adoption: Scalar, lab_parameters: LabParameters, mood: Scalar | float = 0.0) -> Scalar:
    """Bass (1969) diffusion over one quarter, solved exactly.

    `dF/dt = (p + q F)(1 - F)`: with `z = (p + q F) / (1 - F)`, `dz/dt = (p + q) z`.

    Args:
        adoption: F, the share of the market potential that is reached.
        lab_parameters: innovation p (`innovation`) and imitation q (`revenue_diffusion`), per quarter.
        mood: sentiment about AI, standard units; it multiplies imitation by `e^(sentiment_diffusion mood)`.
    """
    xp = namespace(adoption)
    p, q = (
        lab_parameters.innovation,
        lab_parameters.revenue_diffusion * xp.exp(lab_parameters.sentiment_diffusion * mood),
    )
    z = ratio(p + q * adoption, 1.0 - adoption) * xp.exp(p + q)
    return xp.where((p + q > 0.0) & (adoption < 1.0), ratio(z - p, z + q), adoption)


def training_loss(compute: Array, data: Array, lab_parameters: LabParameters) -> Array:
    """Loss `L = E + A/N^a + B/D^b` of the best model that compute and data allow (Hoffmann et al. 2022).

    A model with N parameters, trained on D tokens, takes compute of `C = 6 N D` FLOP. The lab uses the
    compute-optimal N and D where data suffice; otherwise it repeats its data up to `useful_epochs` times (Muennighoff
    et al. 2023) and uses the rest of the compute for more parameters.

    Args:
        compute: C, FLOP.
        data: unique training tokens.
        lab_parameters: the constants E, A, B, a and b, and `useful_epochs`.

    Returns:
        Loss, nats per token.
    """
    xp = namespace(compute)
    a, b = lab_parameters.parameter_exponent, lab_parameters.data_exponent
    scale = (a * lab_parameters.parameter_scale / (b * lab_parameters.data_scale)) ** (1.0 / (a + b))
    best_tokens = (compute / 6.0) ** (a / (a + b)) / scale
    tokens = xp.minimum(best_tokens, lab_parameters.useful_epochs * data)
    model_size = compute / (6.0 * tokens)
    return (
        lab_parameters.irreducible_loss
        + lab_parameters.parameter_scale / model_size**a
        + lab_parameters.data_scale / tokens**b
    )


def plan_spending(economy: Economy, parameters: Parameters) -> Float[Array, " lab"]:
    """Spending that each lab commits itself to this quarter, USD bn.

    A lab spends the revenue that it expects `planning_horizon` quarters from now:

        S* = ambition R e^(h g)

    with revenue R, the lab's own horizon h and its expected growth g. So spending is two to three times revenue while
    revenue doubles every year, and falls below revenue as growth fades. Discipline gives weight to present revenue
    where that is less than S*. Each quarter spending moves a part of the way to S*, but no faster than contracts and
    staff allow, and not so far that cash lasts for less than the shortest runway, unless the lab is already committed
    to more. It always spends what it takes to serve its customers.
    """
    labs, lab_parameters = economy.labs, parameters.labs
    xp = namespace(labs.spending)
    ahead = lab_parameters.spending_ambition * xp.exp(parameters.lab.planning_horizon * labs.growth)
    own_revenue = retained_revenue(labs, parameters)
    discipline = lab_parameters.break_even_discipline
    wanted = labs.revenue * ahead
    wanted = (1.0 - discipline) * wanted + discipline * xp.minimum(wanted, own_revenue)
    gap = lab_parameters.spending_adjustment * xp.log(ratio(wanted, labs.spending, empty=1.0) + 1e-12)
    moved = labs.spending * xp.exp(xp.clip(gap, -lab_parameters.fastest_cut, lab_parameters.fastest_growth))
    # The lab can spend the revenue of the quarter and a part of its earlier cash.
    before = balance(economy.books, LABS) - own_revenue
    affordable = own_revenue + xp.maximum(before, 0.0) / lab_parameters.shortest_runway
    committed = labs.spending * xp.exp(-lab_parameters.fastest_cut)
    serving = ratio(lab_parameters.inference_cost * labs.revenue, lab_parameters.compute_share)
    return xp.maximum(xp.maximum(xp.minimum(moved, affordable), committed), serving)


def retained_revenue(labs: Labs, parameters: Parameters) -> Float[Array, " lab"]:
    """Revenue of the quarter less the share owed to strategic partners, USD bn."""
    return labs.revenue * (1.0 - parameters.lab.revenue_share.sum(axis=1))


def as_newcomer(trait: Float[Array, " lab"], labs: Labs) -> Float[Array, " lab"]:
    """Replace the trait that a newcomer has from the failed lab before it by the lowest value among all labs."""
    return namespace(trait).where(labs.newcomer > 0.0, trait.min(), trait)


def _train(economy: Economy, parameters: Parameters) -> Labs:
    """Turn last quarter's research hours into capability; earlier training compute loses value."""
    labs, lab_parameters = economy.labs, parameters.labs
    xp = namespace(labs.training_compute)
    progress = xp.exp(lab_parameters.algorithmic_progress * economy.quarter / 4.0)
    bought = labs.research_hours * 1e9 * lab_parameters.flop_per_gpu_hour / FLOP_UNIT * progress
    compute = (1.0 - lab_parameters.obsolescence) * labs.training_compute + bought
    private = as_newcomer(parameters.lab.private_data, labs)
    tokens = (private + parameters.redeployment.data_quality * economy.open_data) * 1e9
    loss = training_loss(compute * FLOP_UNIT, tokens, lab_parameters)
    return replace(labs, training_compute=compute, capability=-xp.log(loss - lab_parameters.irreducible_loss))


def _sell(labs: Labs, parameters: Parameters, mood: Scalar) -> Labs:
    """Let customers adopt AI and choose among labs by capability and habit."""
    lab_parameters = parameters.labs
    xp = namespace(labs.revenue)
    adoption = adoption_next(labs.adoption, lab_parameters, mood)
    lagged = lab_parameters.share_network * xp.log(xp.maximum(labs.market_share, 1e-9))
    edge = labs.capability - (labs.capability * labs.market_share).sum()
    pull = as_newcomer(parameters.lab.attraction, labs)
    share = logit(lagged + pull + lab_parameters.capability_weight * edge, labs.alive)
    revenue = share * adoption * lab_parameters.market_potential / 4.0
    grown = xp.log(ratio(revenue, labs.revenue, empty=1.0) + 1e-12)
    expected = labs.growth + lab_parameters.growth_learning * (grown - labs.growth)
    return replace(
        labs,
        adoption=adoption,
        market_share=share,
        revenue=revenue,
        growth=xp.where(labs.revenue > 0.0, expected, labs.growth) * labs.alive,
    )
