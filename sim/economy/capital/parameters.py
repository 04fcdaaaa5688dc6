"""Parameters of funding, compute loans and redeployment. Units, ranges and sources: `configs/`."""

from dataclasses import dataclass

from jaxtyping import Float

from sim.economy.arrays import Array, Scalar


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
class RedeploymentParameters:
    """How issuers divide their profit. Vectors run over `sim.economy.parameters.CHANNELS`."""

    redeployment: Scalar
    """1 where issuers may put money into AI, 0 where they may not"""
    reach_into_reserve: Scalar
    """part of the tokens that the reserve lends to the own book for AI"""
    payout_ratio: Scalar
    """part of realised profit paid out once the buffer is full"""
    buffer_target: Scalar
    """excess reserves over tokens that issuers aim for"""
    intensity_of_choice: Scalar
    """how sharply channels compete on utility"""
    inertia: Scalar
    """part of the choice that is carried over from the last quarter"""
    risk_aversion: Scalar
    """weight of variance in utility"""
    diversification: Scalar
    """part of risk that counts at the margin of the portfolio"""
    status_weight: Scalar
    """weight of being seen in utility"""
    status_scale: Scalar
    """visible spending that halves the weight of being seen"""
    anxiety_weight: Scalar
    """disutility of bills per unit of anxiety"""
    anxiety_draw: Scalar
    """part of own bills that an anxious issuer draws"""
    reach_for_yield: Scalar
    """disutility of bills per unit of rate below the reference"""
    reach_below: Scalar
    """rate below which reach for yield sets in"""
    peer_weight: Scalar
    """weight of other issuers' shares in utility"""
    channel_cap: Scalar
    """largest share of one AI channel"""
    closing_probability: Scalar
    """probability that a deal with enough money closes"""
    patience: Scalar
    """time over which talks that do not close lose their money"""
    relationship: Scalar
    """extra pull of a provider that an issuer already has money in"""
    kept_open: Scalar
    """part of its ask that a provider keeps open for issuers it knows"""
    learning: Scalar
    """gain of adaptive expectations of channels' returns"""
    forgetting: Scalar
    """part of propensities that fades in a quarter"""
    reinforcement: Scalar
    """weight of the quarter's reward in propensities"""
    experimentation: Scalar
    """part of the reward that is spread over all channels"""
    operating_cash: Scalar
    """running cost that the own book keeps in cash"""
    multiple: Scalar
    """value of an issuer over its yearly profit"""
    status_multiple: Scalar
    """rise of that multiple when all is visible AI"""
    data_cost: Scalar
    """cost of open training data"""
    data_quality: Scalar
    """training tokens that an open token stands for"""
    prior_return: Float[Array, " channel"]
    """return that issuers expect of the channel at the opening"""
    risk: Float[Array, " channel"]
    """variance of the channel's return as issuers see it"""
    visibility: Float[Array, " channel"]
    """how much money in the channel is seen"""
    cost: Float[Array, " channel"]
    """cost of running money in the channel"""
    ticket: Float[Array, " channel"]
    """smallest deal in the channel"""
