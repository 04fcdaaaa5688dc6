"""Parameters of funding, compute loans and redeployment. Units, ranges and sources: `configs/`."""

from dataclasses import dataclass

from jaxtyping import Float

from sim.economy.arrays import Array, Scalar


@dataclass(frozen=True)
class FundingParameters:
    """Rounds, valuations and the appetite of investors."""

    investor_appetite: Scalar
    """factor on the budgets of investors and of the parent companies of clouds"""
    budget_growth: Scalar
    """growth of the budgets of investors and parent companies"""
    sentiment_response: Scalar
    """response of budgets to the mood about AI"""
    wealth_response: Scalar
    """response of budgets to investors' wealth divided by the money paid in"""
    dry_powder: Scalar
    """cash that investors like to hold"""
    most_powder: Scalar
    """cash beyond which investors return money to backers, divided by the cash that they like to hold"""
    ask_memory: Scalar
    """weight of this quarter in the slow average of the money asked for"""
    heat_limit: Scalar
    """largest heat of the market: log of the money on offer divided by the money asked for"""
    slowest_growth: Scalar
    """least growth that valuations extrapolate"""
    fastest_growth: Scalar
    """most growth that valuations extrapolate"""
    backers_limit: Scalar
    """largest part of everyone else's cash that one kind of funding draws in a quarter"""
    shortest_runway: Scalar
    """runway (time for which the cash lasts) below which a lab asks for a round"""
    target_runway: Scalar
    """runway for which a round must suffice, and beyond which a profitable lab pays out cash"""
    revenue_multiple: Scalar
    """value of a lab divided by its expected revenue"""
    research_multiple: Scalar
    """value of a lab divided by its research spending"""
    sentiment_multiple: Scalar
    """response of valuations to the mood about AI"""
    money_chasing_deals: Scalar
    """response of labs' valuations to the heat of the market"""
    smallest_fill: Scalar
    """part of the money asked for at which a round closes for certain"""
    herding: Scalar
    """weight of the money in a lab's last round in investors' choice among labs"""
    return_response: Scalar
    """weight of expected growth in investors' choice among labs"""
    crowding_in: Scalar
    """private investors' added interest in a company in which issuers' share is small"""
    crowding_turn: Scalar
    """issuers' share at which their money neither attracts nor deters other investors"""
    crowding_heat: Scalar
    """fall of this share with the heat of the market"""
    provider_multiple: Scalar
    """value of a provider divided by its yearly revenue"""
    provider_floor: Scalar
    """least value of a provider divided by its book equity"""
    loan_to_cost: Scalar
    """part of GPU spending for which providers ask lenders"""
    liquidity_quarters: Scalar
    """debt service that a provider keeps in cash"""
    lab_mark_speed: Scalar
    """part of the log gap between the book price (mark) of labs' shares and fair value that closes in a quarter"""
    provider_mark_speed: Scalar
    """part of the log gap between the book price (mark) of providers' shares and fair value that closes in a quarter"""
    venture_drift: Scalar
    """expected growth of the price of ventures"""
    venture_volatility: Scalar
    """volatility of the price of ventures"""
    hot_market_risk: Scalar
    """rise of the volatility of ventures' price with the heat of the market in which a venture was funded"""
    abandoned_below: Scalar
    """price, divided by the price of the last round, below which nobody funds a venture"""
    venture_runway: Scalar
    """time for which the money that a venture raises covers its net burn"""


@dataclass(frozen=True)
class CreditParameters:
    """Compute loans: price, maturity, workouts, and what a failed provider's GPUs fetch."""

    credit_spread: Scalar
    """spread of a compute loan above the bill rate for a provider without debt or firm sales"""
    leverage_slope: Scalar
    """rise of the spread with debt divided by the book value of GPUs"""
    customer_discount: Scalar
    """fall of the spread where all capacity is sold firmly"""
    issuer_term: Scalar
    """maturity of an issuer's loan"""
    investor_term: Scalar
    """maturity of an investor's loan"""
    largest_leverage: Scalar
    """largest debt that lenders accept, divided by the value of the GPUs behind it"""
    resale_discount: Scalar
    """part of its value that a used GPU loses when it is sold"""
    fire_sale_slope: Scalar
    """fall of the resale price with the share of all GPUs sold at once"""
    circular_purchases: Scalar
    """GPU services that issuers buy from the providers to which they lend"""
    workout_share: Scalar
    """part of lenders' claims that is exchanged for shares in a workout"""
    workout_extension: Scalar
    """time by which a workout postpones the claims that are not exchanged"""
    workout_owners_keep: Scalar
    """least part of the company that old owners keep in a workout"""


@dataclass(frozen=True)
class RedeploymentParameters:
    """How issuers divide their profit. Vectors have one element for each of `sim.economy.parameters.CHANNELS`."""

    redeployment: Scalar
    """1 where issuers may put money into AI, 0 where they may not"""
    reach_into_reserve: Scalar
    """money that the reserve lends to the own book for AI, divided by the tokens"""
    payout_ratio: Scalar
    """part of realised profit paid out once the buffer is full"""
    buffer_target: Scalar
    """excess reserves that issuers aim for, divided by tokens"""
    intensity_of_choice: Scalar
    """how strongly money goes to the channels with the highest utility"""
    inertia: Scalar
    """part of the choice that is carried over from the last quarter"""
    risk_aversion: Scalar
    """weight of variance in utility"""
    diversification: Scalar
    """weight of a channel's marginal risk in the portfolio against its own variance"""
    status_weight: Scalar
    """weight of visibility in utility"""
    status_scale: Scalar
    """visible spending that halves the weight of visibility"""
    anxiety_weight: Scalar
    """disutility of bills per unit of anxiety"""
    anxiety_draw: Scalar
    """part of its own bills that an anxious issuer redeploys"""
    reach_for_yield: Scalar
    """disutility of bills per unit by which their expected rate falls short of the reference"""
    reach_below: Scalar
    """reference rate, below which reach for yield sets in"""
    peer_weight: Scalar
    """weight of other issuers' shares in utility"""
    channel_cap: Scalar
    """largest share of one AI channel"""
    closing_probability: Scalar
    """probability that a deal with enough money closes"""
    patience: Scalar
    """time over which money returns from talks that lead to no deal"""
    relationship: Scalar
    """extra pull of a provider that an issuer already has money in"""
    kept_open: Scalar
    """part of the money it asks for that a provider reserves for issuers it knows"""
    learning: Scalar
    """gain of adaptive expectations of channels' returns"""
    forgetting: Scalar
    """part of the learned propensities to use a channel that fades in a quarter"""
    reinforcement: Scalar
    """weight of the quarter's reward in the learned propensities"""
    experimentation: Scalar
    """part of the reward that is spread over all channels"""
    operating_cash: Scalar
    """running cost that the own book keeps in cash"""
    multiple: Scalar
    """value of an issuer divided by its yearly profit"""
    status_multiple: Scalar
    """rise of the multiple of an issuer that invests in visible AI alone"""
    data_cost: Scalar
    """cost of open training data"""
    data_quality: Scalar
    """tokens of labs' own training data that a token of open data replaces"""
    prior_return: Float[Array, " channel"]
    """return that issuers expect of the channel at the opening"""
    risk: Float[Array, " channel"]
    """variance that issuers attribute to the channel's return"""
    visibility: Float[Array, " channel"]
    """how visible money in the channel is"""
    cost: Float[Array, " channel"]
    """cost of running money in the channel"""
    ticket: Float[Array, " channel"]
    """smallest deal in the channel"""
