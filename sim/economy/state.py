"""The state of the economy that a quarter takes and returns, as frozen dataclasses of arrays.

Money is in USD bn, hours in billions, GPUs in H100 equivalents, rates per year as decimals. Nothing is written
in place: a phase returns a new economy made with `dataclasses.replace`.
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
    """slow average of the bill rate, the reference of issuers"""
    bitcoin: Scalar
    """USD"""
    gold: Scalar
    """USD an ounce"""
    crypto_return: Scalar
    """log change of bitcoin over the quarter"""
    gold_return: Scalar
    """log change of gold over the quarter"""
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
    """bill rate less the yield passed on, averaged over tokens, last quarter"""
    trust: Float[Array, " issuer"]
    """in each coin, 0 to 1"""
    average_tokens: Float[Array, " issuer"]
    """outstanding, mean of the quarter, USD bn"""
    average_bills: Float[Array, " issuer"]
    """in the reserve, mean of the quarter, USD bn"""
    average_repo: Float[Array, " issuer"]
    """in the reserve, mean of the quarter, USD bn"""
    average_secured: Float[Array, " issuer"]
    """collateralised loans of the reserve, mean of the quarter, USD bn"""
    regime: Float[Array, "issuer regime"]
    """1 in the column of the law in force (`sim.economy.parameters.REGIMES`)"""
    transparency: Float[Array, " issuer"]
    """part of the reserve that holders can see, 0 to 1"""
    quality: Float[Array, " issuer"]
    """value of the reserve in a hurried sale, over tokens, at the last close"""
    price: Float[Array, " issuer"]
    """market price of a token, outside the issuer's window, USD, at the last close"""
    run_rate: Float[Array, " issuer"]
    """share of tokens redeemed in panic, last week"""
    pressure: Float[Array, " issuer"]
    """share of tokens whose holders wanted to redeem and could not, last week"""
    shut: Float[Array, " issuer"]
    """1 where redemptions were refused for lack of liquid assets, last week"""
    lowest_price: Float[Array, " issuer"]
    """lowest market price of the quarter, USD"""
    largest_outflow: Float[Array, " issuer"]
    """share of tokens that left in the worst week of the quarter"""
    weeks_shut: Float[Array, " issuer"]
    """weeks of the quarter in which the window was closed, parts counted"""
    yield_impact: Scalar
    """mean effect of the quarter's flows on the bill yield, per year"""
    unpaid: Float[Array, " issuer"]
    """unpaid claims of the holders of a failed coin, USD bn"""
    bad_news: Float[Array, " issuer"]
    """losses on AI of the last quarter, as a share of tokens"""


@dataclass(frozen=True)
class IssuerIncome:
    """Issuers' results of the quarter, USD bn; realised profit excludes paper gains."""

    interest: Float[Array, " issuer"]
    """interest on bills, repo and money funds"""
    other_income: Float[Array, " issuer"]
    """interest on collateralised loans and on compute loans"""
    distribution: Float[Array, " issuer"]
    """paid to distributors"""
    realised_profit: Float[Array, " issuer"]
    """after costs, tax and losses in hurried sales, USD bn"""
    paper_gain: Float[Array, " issuer"]
    """on bitcoin, gold and stakes outside AI, USD bn"""


@dataclass(frozen=True)
class Labs:
    """The AI labs and their market."""

    adoption: Scalar
    """share of the market potential reached"""
    opening_adoption: Scalar
    """share of the market potential at the opening"""
    market_share: Float[Array, " lab"]
    """of the labs' revenue"""
    revenue: Float[Array, " lab"]
    """this quarter's"""
    spending: Float[Array, " lab"]
    """planned and committed this quarter"""
    shortfall: Float[Array, " lab"]
    """committed spending that cash could not cover"""
    compute_budget: Float[Array, " lab"]
    """USD bn to be spent on GPU hours this quarter"""
    research_hours: Float[Array, " lab"]
    """GPU hours bought this quarter beyond those that serve customers, billions"""
    research_spending: Float[Array, " lab"]
    """this quarter, USD bn"""
    training_compute: Float[Array, " lab"]
    """effective stock, 1e24 FLOP, after obsolescence"""
    capability: Float[Array, " lab"]
    """minus the log of the reducible loss, nats"""
    growth: Float[Array, " lab"]
    """expected growth of own revenue, log per quarter"""
    post_money: Float[Array, " lab"]
    """valuation at the last round"""
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
    """after depreciation, USD bn"""
    paid: Scalar
    """price of a GPU in this quarter's purchases, USD"""
    rent: Scalar
    """USD per GPU-hour"""
    opening_rent: Scalar
    """at the opening"""
    progress: Scalar
    """years of technical progress that have arrived since the opening"""
    price: Scalar
    """price of the vendor for the next orders, USD per installed GPU"""
    demand: Scalar
    """total demand for GPU hours at the rent, billions a quarter"""
    demand_growth: Scalar
    """expected, log per quarter"""
    market_utilisation: Scalar
    """hours demanded over hours offered; above one when demand is rationed"""
    utilisation: Float[Array, " provider"]
    """hours sold over hours offered"""
    revenue: Float[Array, " provider"]
    """this quarter's, USD bn"""
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
    """resale price of a GPU at the last close, over that without forced sales"""
    alive: Float[Array, " provider"]
    """1 while in business"""
    vacant: Float[Array, " provider"]
    """quarters since the provider failed; zero while one is in business"""


@dataclass(frozen=True)
class LoanTerms:
    """Terms and late payments of each lender's loans to each provider; their balances are in the books."""

    rate: Float[Array, "lender provider"]
    """per year"""
    remaining: Float[Array, "lender provider"]
    """quarters until maturity"""
    arrears: Float[Array, "lender provider"]
    """interest due and unpaid this quarter, USD bn"""
    overdue: Float[Array, "lender provider"]
    """principal due and unpaid this quarter, USD bn"""


@dataclass(frozen=True)
class Credit:
    """Compute loans of each kind of lender, facilities, and unpaid costs."""

    issuer: LoanTerms
    """issuers' loans"""
    investor: LoanTerms
    """investors' loans"""
    facility: Float[Array, "issuer provider"]
    """signed and not yet drawn, USD bn"""
    facility_quarters: Float[Array, "issuer provider"]
    """quarters over which the rest is drawn"""
    unpaid_costs: Float[Array, " provider"]
    """running costs due and unpaid this quarter, USD bn"""


@dataclass(frozen=True)
class Capital:
    """Unmet demand for money this quarter, and the heat of the market."""

    lab_ask: Float[Array, " lab"]
    """by labs, USD bn"""
    loan_ask: Float[Array, " provider"]
    """by providers, as loans, USD bn"""
    equity_ask: Float[Array, " provider"]
    """by providers, for shares, USD bn"""
    venture_ask: Float[Array, " venture"]
    """by ventures, USD bn"""
    demand: Scalar
    """total demand for equity this quarter, USD bn"""
    offered: Scalar
    """cash of the investors that buy shares, this quarter, USD bn"""
    heat: Scalar
    """log of equity offered over equity demanded, last quarter"""
    peer_share: Float[Array, " lab"]
    """share of each lab in the money that investors put into labs last quarter"""
    demand_trend: Scalar
    """slow average of the demand for equity and loans, USD bn"""
    paid_in: Float[Array, " investor"]
    """wealth at the opening plus later calls on backers less payouts to them, USD bn"""


@dataclass(frozen=True)
class Ventures:
    """Neurotech and robotics companies."""

    burn: Float[Array, " venture"]
    """cost of a quarter, USD bn"""
    revenue: Float[Array, " venture"]
    """of a quarter, USD bn"""
    milestones: Float[Array, " venture"]
    """people implanted, or robots delivered"""
    funding_heat: Float[Array, " venture"]
    """heat of the market in which it was funded, weighted by money"""
    round_price: Float[Array, " venture"]
    """price of its shares when it last raised money, USD bn"""
    alive: Float[Array, " venture"]
    """1 while in business"""
    vacant: Float[Array, " venture"]
    """quarters since the venture failed; zero while one is in business"""


@dataclass(frozen=True)
class Redeployment:
    """Beliefs, intentions and investments of issuers."""

    belief: Float[Array, "issuer channel"]
    """expected return, per year"""
    propensity: Float[Array, "issuer channel"]
    """weight that reinforcement gives each channel"""
    talks: Float[Array, "issuer channel"]
    """money parked for deals under discussion, USD bn"""
    returned: Float[Array, " issuer"]
    """money returned this quarter from failed talks, USD bn"""
    borrowed: Float[Array, " issuer"]
    """the reserve's money for AI this quarter, newly lent or returned from talks, USD bn"""
    share: Float[Array, "issuer channel"]
    """of deployable money, this quarter's choice"""
    deployed: Float[Array, "issuer channel"]
    """paid into each channel this quarter"""
    to_date: Float[Array, "issuer channel"]
    """paid into each channel since the opening, USD bn"""
    deployable: Float[Array, " issuer"]
    """money to be divided this quarter, USD bn"""
    anxiety: Float[Array, " issuer"]
    """expected fall of interest income, as a share of its reference"""
    multiple: Float[Array, " issuer"]
    """valuation over yearly profit: an "AI company", not a "crypto company" """


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
    """Shocks and laws dated by the scenario, for one quarter or, with a leading quarter axis, for a history."""

    regime: Float[Array, "*quarter issuer regime"]
    """1 in the column of the law in force"""
    audited: Float[Array, "*quarter issuer"]
    """1 from the quarter in which a full audit is published"""
    redemption: Float[Array, "*quarter issuer week"]
    """share of tokens that holders suddenly redeem"""
    stuck: Float[Array, "*quarter issuer week"]
    """reserve out of reach in a failed bank, as a share of tokens"""
    bitcoin: Float[Array, "*quarter"]
    """factor on the price of bitcoin this quarter"""
    bitcoin_level: Float[Array, "*quarter"]
    """product of all factors so far; where the price follows data, it shifts the level"""
    rate: Float[Array, "*quarter"]
    """change of the bill rate this quarter, per year"""
    rate_level: Float[Array, "*quarter"]
    """all changes so far, per year"""
    ai_sentiment: Float[Array, "*quarter"]
    """fall of the mood about AI this quarter, standard units"""
    outside_supply: Float[Array, "*quarter"]
    """share of other customers' demand for hours that GPUs from outside the model serve"""
    robotics_deal: Float[Array, "*quarter issuer"]
    """deal that closes this quarter, USD bn"""
    bets_fail: Float[Array, "*quarter issuer"]
    """1 when every company in which the issuer has money fails"""
    failed_lab: Float[Array, "*quarter lab"]
    """1 when the company fails this quarter, whatever it could pay"""
    failed_provider: Float[Array, "*quarter provider"]
    failed_venture: Float[Array, "*quarter venture"]


@dataclass(frozen=True)
class Draws:
    """Exogenous inputs of one quarter: random numbers drawn before the run, data and events.

    Normals are standard; uniforms lie in (0, 1). The draws of a whole history have a leading quarter axis.
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
    """uniform"""
    deal_closes: Float[Array, "*quarter issuer channel"]
    """uniform"""
    venture_value: Float[Array, "*quarter venture"]
    known: Float[Array, "*quarter"]
    """1 while the data below are used, 0 afterwards"""
    bill_rate_data: Float[Array, "*quarter"]
    bitcoin_data: Float[Array, "*quarter"]
    gold_data: Float[Array, "*quarter"]
    progress: Float[Array, "*quarter"]
    """years of technical progress in GPUs that arrive in the quarter"""
    events: Events
