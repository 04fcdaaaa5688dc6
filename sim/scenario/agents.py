"""Schema of the agents of a scenario: their opening balance sheets and traits, and loans between them."""

from typing import Literal

from sim.scenario.quantities import Quantity, Strict, Table


class ReserveSheet(Strict):
    """What backs the tokens."""

    cash: Quantity | None = None
    """bank deposits"""
    bills: Quantity | None = None
    """Treasury bills"""
    repo: Quantity | None = None
    """repo and money funds"""
    secured_loans: Quantity | None = None
    """loans against collateral"""
    bitcoin: Quantity | None = None
    """bitcoin"""
    gold: Quantity | None = None
    """gold"""
    other_ventures: Quantity | None = None
    """stakes outside AI and other investments"""


class OwnSheet(Strict):
    """What the issuer owns in addition to its reserve, without its stakes in companies."""

    cash: Quantity | None = None
    """bank deposits"""
    bills: Quantity | None = None
    """Treasury bills"""
    repo: Quantity | None = None
    """repo and money funds"""
    bitcoin: Quantity | None = None
    """bitcoin"""
    gold: Quantity | None = None
    """gold"""
    other_ventures: Quantity | None = None
    """stakes outside AI"""


class Declared(Strict):
    """Totals that the issuer published in addition to the parts."""

    total_assets: Quantity | None = None
    """published total of what backs the tokens"""
    excess_reserves: Quantity | None = None
    """published excess of the reserve over the tokens"""
    group_equity: Quantity | None = None
    """published equity of the group"""


class Issuer(Strict):
    """A stablecoin issuer."""

    name: str
    """name in tables and figures"""
    regime: Literal["offshore", "genius", "mica"]
    """law that applies to the issuer at the opening"""
    tokens: Quantity
    """tokens outstanding at the opening"""
    reserve: ReserveSheet
    """what backs the tokens at the opening"""
    own: OwnSheet
    """what the own book holds at the opening"""
    declared: Declared = Declared()
    """published totals, against which the parts are checked"""
    headcount: Quantity
    """number of staff, for the profit per head"""
    transparency: Quantity
    """how much of the reserve holders can see, unless the law asks for more"""
    arbitrageurs: Quantity
    """customers that may redeem tokens directly with the issuer (at the window)"""
    risky_limit: Quantity
    """limit that the issuer itself sets on loans, gold, bitcoin and other stakes in the reserve"""
    attraction: Quantity
    """attraction for holders apart from size, trust and yield (relative to the reference)"""
    redeploys: Quantity
    """part of deployable money that the choice among channels governs; the rest stays in bills"""
    buffer_part: Quantity
    """factor on the buffer target for this issuer"""
    ambition: Quantity
    """how much the issuer wants to be seen"""
    cash_share: Quantity
    """bank deposits held, divided by tokens"""
    repo_share: Quantity
    """repo and money funds held, divided by tokens"""
    secured_share: Quantity
    """collateralised loans held, divided by tokens"""
    on_platform_share: Quantity
    """tokens on the distributor's platform; the distributor gets all their interest"""
    residual_share: Quantity
    """distributor's part of the interest on the other tokens"""
    pass_through: Quantity
    """part of the bill rate passed on to holders"""
    fixed_costs: Quantity
    """staff and other cost that do not depend on size"""
    proportional_costs: Quantity
    """staff and other cost per token"""


class Lab(Strict):
    """An AI lab."""

    name: str
    """name in tables and figures"""
    cash: Quantity
    """cash at the opening"""
    equity_value: Quantity
    """value of all shares at the opening"""
    revenue_runrate: Quantity
    """revenue at the opening, as a yearly rate"""
    spending: Quantity
    """spending in the opening quarter"""
    growth: Quantity
    """growth of its revenue that the lab expects at the opening"""
    training_compute: Quantity
    """effective stock of training compute at the opening"""
    attraction: Quantity
    """attraction for customers apart from habit and capability (relative to the reference)"""
    planning_horizon: Quantity
    """how far ahead the lab plans its spending"""
    private_data: Quantity
    """training tokens that only this lab has"""
    owners: Table
    """who owns the company at the opening"""
    revenue_share: Table
    """part of revenue owed to a strategic partner"""
    suppliers: Table
    """weights of providers in the lab's contracts"""


class Provider(Strict):
    """A GPU provider."""

    name: str
    """name in tables and figures"""
    hyperscale: bool
    """whether it is the GPU cloud of a large company that funds it"""
    cash: Quantity
    """cash at the opening"""
    gpus: Quantity
    """GPUs at the opening, H100 equivalents"""
    gpu_age: Quantity
    """mean age of these GPUs"""
    gpu_cost: Quantity
    """purchase cost of each of these GPUs"""
    equity_value: Quantity
    """value of all shares at the opening"""
    debt: Quantity
    """compute loans owed at the opening"""
    parent_budget: Quantity
    """most money that the parent company adds in a quarter"""
    customer_weight: Quantity
    """weight of the provider in the choice of customers other than labs"""
    expansion: Quantity
    """appetite for growth: exponent on missing capacity"""
    owners: Table
    """who owns the company at the opening"""


class InvestorConfig(Strict):
    """An investor."""

    name: str
    """name in tables and figures"""
    lends: bool
    """whether it lends, rather than buys shares"""
    cash: Quantity
    """cash at the opening"""
    budget: Quantity
    """money that the investor may call from its backers in the opening quarter"""
    labs: Table
    """largest part of its money for one lab in a quarter (affinity)"""
    providers: Table
    """largest part of its money for the shares of one provider"""
    loans: Table
    """largest part of its money for loans to one provider"""
    ventures: Table
    """largest part of its money for one venture"""


class VentureConfig(Strict):
    """A neurotech or robotics company."""

    name: str
    """name in tables and figures"""
    kind: Literal["neurotech", "robotics"]
    """neurotech or robotics"""
    open_to_issuers: bool
    """whether it takes issuers' money"""
    cash: Quantity
    """cash at the opening"""
    equity_value: Quantity
    """value of all shares at the opening"""
    burn: Quantity
    """cost in the opening quarter"""
    revenue: Quantity
    """revenue in the opening quarter"""
    burn_growth: Quantity
    """growth of cost and revenue"""
    milestones: Quantity
    """people implanted or robots delivered at the opening"""
    progress: Quantity
    """milestones (people or robots) per USD bn spent"""
    owners: Table
    """who owns the company at the opening"""


class Loan(Strict):
    """A compute loan outstanding at the opening."""

    lender: str
    """the lender: an investor"""
    borrower: str
    """the borrower: a provider"""
    amount: Quantity
    """amount owed at the opening"""
    rate: Quantity
    """interest rate"""
    remaining: Quantity
    """time to maturity"""


class Facility(Strict):
    """A compute loan that was signed but not yet drawn at the opening."""

    lender: str
    """the lender: an issuer"""
    borrower: str
    """the borrower: a provider"""
    amount: Quantity
    """amount that was signed but not drawn at the opening"""
    draws: Quantity
    """quarters over which the loan is drawn in equal instalments"""
