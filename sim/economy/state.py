"""The state of the economy that a quarter takes and returns, as frozen dataclasses of arrays.

Money is in USD bn, hours in billions, GPUs in H100 equivalents, rates per year as decimals. Nothing is changed in
place: a phase returns a new economy made with `dataclasses.replace`.
"""

from dataclasses import dataclass

from jaxtyping import Float

from sim.economy.arrays import Array, Scalar
from sim.economy.books.ledger import Books


@dataclass(frozen=True)
class Environment:
    """Rates, prices and moods that no agent sets."""

    bill_rate: Scalar
    """three-month Treasury bills, per year"""
    expected_rate: Scalar
    """mean bill rate that agents expect over the next four quarters"""
    reference_rate: Scalar
    """slow average of the bill rate, with which issuers compare the present rate"""
    bitcoin: Scalar
    """price of a bitcoin, USD"""
    gold: Scalar
    """price of gold, USD an ounce"""
    crypto_return: Scalar
    """log change of the price of bitcoin in the quarter"""
    gold_return: Scalar
    """log change of the price of gold in the quarter"""
    crypto_sentiment: Scalar
    """mood of crypto markets, standard units"""
    ai_sentiment: Scalar
    """mood about AI, standard units"""
    ai_return: Scalar
    """log return on all shares of labs over the last quarter, including failures and excluding new money"""


@dataclass(frozen=True)
class TokenMarket:
    """The token market after the 13 weekly rounds."""

    opportunity_cost: Scalar
    """bill rate less the mean yield passed on to holders (weighted by tokens), per year, last quarter"""
    trust: Float[Array, " issuer"]
    """trust of holders in each coin, 0 to 1"""
    average_tokens: Float[Array, " issuer"]
    """tokens outstanding, mean of the quarter, USD bn"""
    average_bills: Float[Array, " issuer"]
    """bills in the reserve, mean of the quarter, USD bn"""
    average_repo: Float[Array, " issuer"]
    """repo and money funds in the reserve, mean of the quarter, USD bn"""
    average_secured: Float[Array, " issuer"]
    """collateralised loans of the reserve, mean of the quarter, USD bn"""
    regime: Float[Array, "issuer regime"]
    """1 in the column of the law in force (`sim.economy.parameters.REGIMES`)"""
    transparency: Float[Array, " issuer"]
    """part of the reserve that holders can see, 0 to 1"""
    quality: Float[Array, " issuer"]
    """value of the reserve in a hurried sale, divided by tokens, at the latest close"""
    price: Float[Array, " issuer"]
    """market price of a token (the issuer's window pays par), USD, at the latest close"""
    run_rate: Float[Array, " issuer"]
    """share of tokens redeemed in panic in the latest week"""
    pressure: Float[Array, " issuer"]
    """share of tokens whose holders wanted to redeem in the latest week and could not, less the price premium"""
    shut: Float[Array, " issuer"]
    """1 where redemptions were refused for lack of liquid assets in the latest week"""
    lowest_price: Float[Array, " issuer"]
    """lowest market price of the quarter, USD"""
    largest_outflow: Float[Array, " issuer"]
    """share of tokens that left in the worst week of the quarter"""
    weeks_shut: Float[Array, " issuer"]
    """weeks of the quarter in which the redemption window was closed; parts of a week count as fractions"""
    yield_impact: Scalar
    """mean effect of the quarter's token flows on the bill yield, per year"""
    unpaid: Float[Array, " issuer"]
    """unpaid claims of the holders of a failed coin, USD bn"""
    bad_news: Float[Array, " issuer"]
    """the issuer's losses on AI in the last quarter, as a share of tokens"""


@dataclass(frozen=True)
class IssuerIncome:
    """Income and profit of issuers in the quarter, USD bn; realised profit excludes paper gains."""

    interest: Float[Array, " issuer"]
    """interest on bills, repo and money funds"""
    other_income: Float[Array, " issuer"]
    """interest on collateralised loans and on compute loans"""
    distribution: Float[Array, " issuer"]
    """money paid to distributors of the tokens"""
    realised_profit: Float[Array, " issuer"]
    """profit after costs, tax and losses in hurried sales, USD bn"""
    paper_gain: Float[Array, " issuer"]
    """change of value of bitcoin, gold and stakes outside AI, USD bn"""


@dataclass(frozen=True)
class Labs:
    """The AI labs and their market."""

    adoption: Scalar
    """part of the potential market for AI that is reached"""
    opening_adoption: Scalar
    """part of the potential market for AI that was reached at the opening"""
    market_share: Float[Array, " lab"]
    """share of each lab in the revenue of all labs"""
    revenue: Float[Array, " lab"]
    """revenue of this quarter, USD bn"""
    spending: Float[Array, " lab"]
    """spending to which each lab has committed itself this quarter, USD bn"""
    shortfall: Float[Array, " lab"]
    """committed spending that cash could not cover, USD bn"""
    compute_budget: Float[Array, " lab"]
    """USD bn to be spent on GPU hours this quarter"""
    research_hours: Float[Array, " lab"]
    """GPU hours bought this quarter beyond those that serve customers, billions"""
    research_spending: Float[Array, " lab"]
    """spending on research this quarter, USD bn"""
    training_compute: Float[Array, " lab"]
    """effective stock of training compute after obsolescence, 1e24 FLOP"""
    capability: Float[Array, " lab"]
    """minus the log of the reducible part of the loss of the lab's AI model, nats"""
    growth: Float[Array, " lab"]
    """growth of its own revenue that each lab expects, log per quarter"""
    post_money: Float[Array, " lab"]
    """valuation, new money included, at the latest funding round, USD bn"""
    alive: Float[Array, " lab"]
    """1 while in business"""
    newcomer: Float[Array, " lab"]
    """1 where a newcomer has taken the place of a lab that failed"""
    vacant: Float[Array, " lab"]
    """quarters since the lab failed; zero while one is in business"""


@dataclass(frozen=True)
class Gpus:
    """GPU fleets by age, and the markets for GPU hours and for GPUs."""

    fleet: Float[Array, "provider age"]
    """GPUs by age in quarters"""
    book_value: Float[Array, "provider age"]
    """book value of GPUs after depreciation, by age, USD bn"""
    paid: Scalar
    """price of a GPU in this quarter's purchases, USD"""
    rent: Scalar
    """rent of a GPU, USD per GPU-hour"""
    opening_rent: Scalar
    """rent of a GPU at the opening, USD per GPU-hour"""
    progress: Scalar
    """years of technical progress that have arrived since the opening"""
    price: Scalar
    """price that the vendor asks for the next orders, USD per installed GPU"""
    demand: Scalar
    """total demand for GPU hours at the present rent, billions a quarter"""
    demand_growth: Scalar
    """expected growth of demand for GPU hours, log per quarter"""
    market_utilisation: Scalar
    """hours demanded, divided by hours offered, in the whole market; above one when demand is rationed"""
    utilisation: Float[Array, " provider"]
    """hours sold, divided by hours offered"""
    revenue: Float[Array, " provider"]
    """revenue of this quarter, USD bn"""
    running_cost: Float[Array, " provider"]
    """power, hosting and other cost paid this quarter, USD bn"""
    plan: Float[Array, " provider"]
    """GPU spending planned this quarter, USD bn"""
    delivered: Scalar
    """share of last quarter's planned orders that the vendor could deliver"""
    delivery_limit: Scalar
    """total deliveries that the vendor can make this quarter, GPUs"""
    sold_off: Float[Array, " provider"]
    """GPUs of failed providers that were sold this quarter"""
    resale: Scalar
    """resale price of a GPU at the latest close, divided by its price without forced sales"""
    alive: Float[Array, " provider"]
    """1 while in business"""
    vacant: Float[Array, " provider"]
    """quarters since the provider failed; zero while one is in business"""


@dataclass(frozen=True)
class LoanTerms:
    """Terms and late payments of each lender's loans to each provider; the books have the amounts owed."""

    rate: Float[Array, "lender provider"]
    """interest rate, per year"""
    remaining: Float[Array, "lender provider"]
    """quarters until maturity"""
    arrears: Float[Array, "lender provider"]
    """interest due and unpaid this quarter, USD bn"""
    overdue: Float[Array, "lender provider"]
    """principal due and unpaid this quarter, USD bn"""


@dataclass(frozen=True)
class Credit:
    """Compute loans of each kind of lender, facilities (loans promised), and unpaid costs."""

    issuer: LoanTerms
    """issuers' loans"""
    investor: LoanTerms
    """investors' loans"""
    facility: Float[Array, "issuer provider"]
    """loans signed and not yet drawn, USD bn"""
    facility_quarters: Float[Array, "issuer provider"]
    """quarters in which the rest of the facility is to be drawn"""
    unpaid_costs: Float[Array, " provider"]
    """running costs due and unpaid this quarter, USD bn"""


@dataclass(frozen=True)
class Capital:
    """Unmet demand for money this quarter, and the heat of the market (equity offered relative to demand)."""

    lab_ask: Float[Array, " lab"]
    """money that labs still ask for, USD bn"""
    loan_ask: Float[Array, " provider"]
    """loans that providers still ask for, USD bn"""
    equity_ask: Float[Array, " provider"]
    """money that providers still ask for in exchange for shares, USD bn"""
    venture_ask: Float[Array, " venture"]
    """money that ventures still ask for, USD bn"""
    demand: Scalar
    """total demand for equity this quarter, USD bn"""
    offered: Scalar
    """cash this quarter of those investors that buy shares, USD bn"""
    heat: Scalar
    """log of (equity offered / equity demanded), last quarter"""
    peer_share: Float[Array, " lab"]
    """share of each lab in the money that investors put into labs last quarter"""
    demand_trend: Scalar
    """slow average of the demand for equity and loans, USD bn"""
    paid_in: Float[Array, " investor"]
    """wealth at the opening, plus money called from backers since, less money paid to them, USD bn"""


@dataclass(frozen=True)
class Ventures:
    """Neurotech and robotics companies."""

    burn: Float[Array, " venture"]
    """cost per quarter, USD bn"""
    revenue: Float[Array, " venture"]
    """revenue per quarter, USD bn"""
    milestones: Float[Array, " venture"]
    """people implanted, or robots delivered"""
    funding_heat: Float[Array, " venture"]
    """mean heat of the market in the venture's funding rounds, weighted by money raised"""
    round_price: Float[Array, " venture"]
    """price of one of the venture's shares when it last raised money, USD bn"""
    alive: Float[Array, " venture"]
    """1 while in business"""
    vacant: Float[Array, " venture"]
    """quarters since the venture failed; zero while one is in business"""


@dataclass(frozen=True)
class Redeployment:
    """Beliefs, intentions and investments of issuers."""

    belief: Float[Array, "issuer channel"]
    """return that each issuer expects from each channel, per year"""
    propensity: Float[Array, "issuer channel"]
    """learned weight of each channel in the issuer's choice"""
    talks: Float[Array, "issuer channel"]
    """money parked for deals under discussion, USD bn"""
    returned: Float[Array, " issuer"]
    """money returned this quarter from failed talks, USD bn"""
    borrowed: Float[Array, " issuer"]
    """money of the reserve for AI this quarter: newly lent to the own book, or returned from failed talks, USD bn"""
    share: Float[Array, "issuer channel"]
    """share of deployable money that the issuer chose for each channel this quarter"""
    deployed: Float[Array, "issuer channel"]
    """money paid into each channel this quarter, USD bn"""
    to_date: Float[Array, "issuer channel"]
    """money paid into each channel since the opening, USD bn"""
    deployable: Float[Array, " issuer"]
    """money to be divided this quarter, USD bn"""
    anxiety: Float[Array, " issuer"]
    """expected fall of interest income, as a share of income at the reference rate"""
    multiple: Float[Array, " issuer"]
    """valuation divided by yearly profit; higher for an issuer seen as an "AI company" """


@dataclass(frozen=True)
class Economy:
    """The whole state of the economy."""

    quarter: Scalar
    """quarters since the opening"""
    books: Books
    """balance sheets of everyone, and the journal of the quarter"""
    environment: Environment
    tokens: TokenMarket
    income: IssuerIncome
    labs: Labs
    gpus: Gpus
    credit: Credit
    capital: Capital
    ventures: Ventures
    redeployment: Redeployment
    open_data: Scalar
    """open training data, available to every lab, billions of tokens"""


@dataclass(frozen=True)
class Events:
    """Shocks and laws that the scenario dates, for one quarter or, with a leading quarter axis, for a history."""

    regime: Float[Array, "*quarter issuer regime"]
    """1 in the column of the law in force"""
    audited: Float[Array, "*quarter issuer"]
    """1 from the quarter in which a full audit is published"""
    redemption: Float[Array, "*quarter issuer week"]
    """share of tokens that holders suddenly redeem in each week"""
    stuck: Float[Array, "*quarter issuer week"]
    """money of the reserve that is stuck in a failed bank, as a share of tokens"""
    bitcoin: Float[Array, "*quarter"]
    """factor by which the price of bitcoin is multiplied this quarter"""
    bitcoin_level: Float[Array, "*quarter"]
    """product of all factors up to this quarter, applied while the price follows data"""
    rate: Float[Array, "*quarter"]
    """change of the bill rate this quarter, per year"""
    rate_level: Float[Array, "*quarter"]
    """sum of all changes up to this quarter, applied while the bill rate follows data, per year"""
    ai_sentiment: Float[Array, "*quarter"]
    """fall of the mood about AI this quarter, standard units"""
    outside_supply: Float[Array, "*quarter"]
    """part of other customers' demand for GPU hours that is served by GPUs outside the model"""
    robotics_deal: Float[Array, "*quarter issuer"]
    """size of the deal with a robotics company that is completed this quarter, USD bn"""
    bets_fail: Float[Array, "*quarter issuer"]
    """1 in a quarter in which every company that the issuer has invested in or lent to fails"""
    failed_lab: Float[Array, "*quarter lab"]
    """1 when the lab fails this quarter even if it could pay; likewise for providers and ventures below"""
    failed_provider: Float[Array, "*quarter provider"]
    failed_venture: Float[Array, "*quarter venture"]


@dataclass(frozen=True)
class Draws:
    """Exogenous inputs of one quarter: random numbers drawn before the run, data and events.

    Random numbers are standard normal unless marked as uniform on (0, 1). The draws of a whole history have a leading
    quarter axis.
    """

    rate: Float[Array, "*quarter"]
    bitcoin: Float[Array, "*quarter"]
    gold: Float[Array, "*quarter"]
    crypto_sentiment: Float[Array, "*quarter"]
    ai_sentiment: Float[Array, "*quarter"]
    rent: Float[Array, "*quarter"]
    token_demand: Float[Array, "*quarter week"]
    token_share: Float[Array, "*quarter issuer week"]
    round_closes: Float[Array, "*quarter lab"]
    """uniform; decides whether a funding round is completed"""
    deal_closes: Float[Array, "*quarter issuer channel"]
    """uniform; decides whether a deal is completed"""
    venture_value: Float[Array, "*quarter venture"]
    known: Float[Array, "*quarter"]
    """1 in quarters that use the data below, 0 afterwards"""
    bill_rate_data: Float[Array, "*quarter"]
    bitcoin_data: Float[Array, "*quarter"]
    gold_data: Float[Array, "*quarter"]
    progress: Float[Array, "*quarter"]
    """years of technical progress in GPUs that arrive in the quarter"""
    events: Events
