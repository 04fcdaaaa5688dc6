"""Phase 7: providers plan GPU orders; investors and parent companies fund labs, providers and ventures."""

from dataclasses import replace

from jaxtyping import Float

from sim.economy.arrays import Array, Scalar, affordable, column, material, namespace, ratio, row
from sim.economy.books.flows import (
    COMPUTE_LOANS,
    ECONOMY,
    INVESTORS,
    LAB_SHARES,
    LABS,
    OWN,
    OWNERS,
    PROVIDER_SHARES,
    PROVIDERS,
    VENTURE_SHARES,
    VENTURES,
)
from sim.economy.books.ledger import Books, balance, flow_total, issued, market_value, net_worth, pay, revalue
from sim.economy.capital.loans import debt, debt_service, lend, loan_rate, owed_late
from sim.economy.capital.valuation import lab_valuation, provider_value, round_price
from sim.economy.choice import logit, match
from sim.economy.compute.hours import BILLION, HOURS_PER_QUARTER, running_cost_per_hour
from sim.economy.compute.labs import retained_revenue
from sim.economy.parameters import COLUMN, Parameters
from sim.economy.phase import DecisionRules
from sim.economy.state import Capital, Draws, Economy


def raise_funds(economy: Economy, parameters: Parameters, draws: Draws, rules: DecisionRules) -> Economy:
    """Plan GPU orders, ask for money, let investors draw on their backers, and hold the funding rounds."""
    economy = replace(economy, gpus=replace(economy.gpus, plan=rules["gpu_orders"](economy, parameters)))
    economy = replace(economy, capital=_ask(economy, parameters, rules))
    economy = _draw_on_backers(economy, parameters, rules)
    economy = _fund_labs(economy, parameters, draws, rules)
    economy = _fund_providers(economy, parameters)
    economy = _fund_ventures(economy, parameters)
    economy = _fund_clouds(economy, parameters)
    return _pay_out_surplus(economy, parameters)


def plan_orders(economy: Economy, parameters: Parameters) -> Float[Array, " provider"]:
    """GPU spending that each provider would like this quarter, USD bn.

    A provider aims for the capacity that expected demand will fill at target utilisation once the GPUs are installed.
    It orders more readily when the return on a GPU, at the present utilisation of the market, exceeds a hurdle: the
    provider's own loan rate, straight-line depreciation and a margin:

        order = clip(K (e^(lead g) u / u*)^x - K, 0, fastest K) / (1 + e^(-k (return - hurdle)))

    with capacity K, utilisation u and its target u*, growth of demand g over the lead (the time that GPUs take to
    arrive), and the provider's own appetite for growth x (`expansion`).
    """
    gpus, gpu_parameters = economy.gpus, parameters.gpus
    xp = namespace(gpus.rent)
    owned = gpus.fleet.sum(axis=1) * gpus.alive
    filled = gpus.market_utilisation / gpu_parameters.target_utilisation
    missing = xp.exp(gpu_parameters.build_lead * gpus.demand_growth) * filled
    wanted = owned * (missing**parameters.provider.expansion - 1.0)
    used = xp.clip(gpus.market_utilisation, gpu_parameters.target_utilisation * 0.1, 1.0)
    hours = HOURS_PER_QUARTER * gpu_parameters.availability * used
    earned = 4.0 * hours * (gpus.rent - running_cost_per_hour(economy, parameters, used)) / gpus.price
    hurdle = loan_rate(economy, parameters) + 1.0 / gpu_parameters.useful_life + gpu_parameters.hurdle_margin
    # This is the logistic function in a form that cannot overflow.
    eagerness = 0.5 * (1.0 + xp.tanh(0.5 * gpu_parameters.hurdle_response * (earned - hurdle)))
    orders = xp.clip(wanted, 0.0, gpu_parameters.fastest_expansion * owned) * eagerness
    return orders * gpus.price / BILLION


def investor_appetite(economy: Economy, parameters: Parameters) -> Float[Array, " investor"]:
    """Money that each investor can call from its backers this quarter, USD bn.

    `budget x appetite x e^(growth t + a sentiment) x (wealth / paid in)^w`: an investor's gains raise the amount, while
    money that it calls does not.
    """
    capital, funding = economy.capital, parameters.funding
    xp = namespace(capital.heat)
    mood = funding.budget_growth * economy.quarter / 4.0
    mood = mood + funding.sentiment_response * economy.environment.ai_sentiment
    wealth = xp.maximum(ratio(net_worth(economy.books, INVESTORS), capital.paid_in, empty=1.0), 0.0)
    return parameters.investor.budget * funding.investor_appetite * xp.exp(mood) * wealth**funding.wealth_response


def ask_for_rounds(economy: Economy, parameters: Parameters) -> Float[Array, " lab"]:
    """Money that each lab asks investors for this quarter, USD bn.

    A lab whose cash would not last for the shortest runway, at the burn of next quarter, asks for as much as it needs
    to reach the target runway.
    """
    labs, funding = economy.labs, parameters.funding
    xp = namespace(labs.revenue)
    cash = balance(economy.books, LABS)
    own_revenue = retained_revenue(labs, parameters)
    growth = xp.exp(labs.growth)
    burn = xp.maximum((labs.spending + labs.shortfall) * growth - own_revenue * growth, 0.0)
    short = cash < funding.shortest_runway * burn
    return xp.where(short, funding.target_runway * burn - cash, 0.0) * labs.alive


def part_to_borrow(economy: Economy, parameters: Parameters) -> Float[Array, " provider"]:
    """Part of its GPU spending for which each provider asks lenders: as much as lenders finance."""
    return parameters.funding.loan_to_cost + 0.0 * economy.gpus.plan


def choose_labs(economy: Economy, parameters: Parameters) -> Float[Array, "investor lab"]:
    """Pull of each lab on each investor's money: a logit in expected growth and in the money of the last round.

    Investors prefer labs that grow and labs that others have just funded (Brock and Durlauf 2001); each chooses only
    among the labs for which it has an affinity.
    """
    capital, labs = economy.capital, economy.labs
    xp = namespace(labs.revenue)
    promise = parameters.funding.return_response * (labs.growth - labs.growth.mean())
    herd = parameters.funding.herding * (capital.peer_share - capital.peer_share.mean())
    affinity = parameters.investor.lab_affinity
    return logit(xp.zeros_like(affinity) + (promise + herd)[None, :], affinity)


def sponsor_share(books: Books, shares: str) -> Float[Array, " company"]:
    """Issuers' part of the money in each company: in its shares and, for a provider, also in its debt."""
    sponsored = books.positions[shares][OWN].sum(axis=0) * books.price[shares]
    everyone = market_value(books, shares)
    if shares == PROVIDER_SHARES:
        loans = books.positions[COMPUTE_LOANS]
        lent = loans[OWN].sum(axis=0)
        sponsored, everyone = sponsored + lent, everyone + lent + loans[INVESTORS].sum(axis=0)
    return ratio(sponsored, material(everyone))


def private_interest(share: Float[Array, " company"], heat: Scalar, parameters: Parameters) -> Float[Array, " company"]:
    """Factor on private investors' interest in companies in which issuers have money.

        max(0, 1 + c s (1 - s / s* e^(h heat)))

    with `funding.crowding_in` c, `crowding_turn` s*, `crowding_heat` h and the heat of the market. In the issuers'
    share s, the factor is an inverted U: small shares crowd private money in; beyond s*, where the factor is one
    again, issuers crowd it out. In a hot market that happens at a smaller share (Brander, Du and Hellmann 2015, who
    study government sponsors of ventures).
    """
    funding = parameters.funding
    xp = namespace(share)
    too_much = share / funding.crowding_turn * xp.exp(funding.crowding_heat * heat)
    return xp.maximum(1.0 + funding.crowding_in * share * (1.0 - too_much), 0.0)


def _ask(economy: Economy, parameters: Parameters, rules: DecisionRules) -> Capital:
    books, gpus = economy.books, economy.gpus
    xp = namespace(gpus.rent)
    funding = parameters.funding
    lab_ask = rules["lab_rounds"](economy, parameters) * economy.labs.alive
    needed = funding.liquidity_quarters * debt_service(economy) + owed_late(economy.credit)
    free = balance(books, PROVIDERS) - needed
    merchant = (1.0 - parameters.provider.hyperscale) * gpus.alive
    # Nobody borrows for GPUs that the vendor will not deliver: they expect last quarter's part of orders.
    plan = gpus.plan * gpus.delivered
    # Lenders limit debt to a share of the resale value of the GPUs behind it, planned purchases included; so forced
    # sales by other providers leave less room to borrow.
    collateral = gpus.book_value.sum(axis=1) * gpus.resale + plan
    room = parameters.credit.largest_leverage * collateral - debt(books)
    part = rules["gpu_borrowing"](economy, parameters)
    borrowed = xp.minimum(part * plan, xp.maximum(plan - free, 0.0))
    loan_ask = xp.minimum(borrowed, xp.maximum(room, 0.0)) * merchant
    equity_ask = xp.maximum(plan - loan_ask - free, 0.0) * merchant
    ventures = economy.ventures
    net_burn = xp.maximum(ventures.burn - ventures.revenue, 0.0)
    target = funding.venture_runway * net_burn - balance(books, VENTURES)
    venture_ask = xp.where(target > 0.5 * funding.venture_runway * net_burn, target, 0.0) * ventures.alive
    # Backers give up a venture whose price fell too far below the price of its last round.
    venture_ask = venture_ask * (books.price[VENTURE_SHARES] >= funding.abandoned_below * ventures.round_price)
    demand = lab_ask.sum() + equity_ask.sum() + venture_ask.sum()
    before = economy.capital.demand_trend
    trend = before + funding.ask_memory * (demand + loan_ask.sum() - before)
    return replace(
        economy.capital,
        lab_ask=material(lab_ask),
        loan_ask=material(loan_ask),
        equity_ask=material(equity_ask),
        venture_ask=material(venture_ask),
        demand=demand,
        demand_trend=trend,
    )


def _draw_on_backers(economy: Economy, parameters: Parameters, rules: DecisionRules) -> Economy:
    """Let investors call money from backers up to the dry powder that they want to hold, and return any excess.

    Dry powder is the cash that an investor holds for deals. Its target is a number of quarters of the investor's
    budget, or of what companies have recently asked for if that is less.
    """
    books, funding, capital = economy.books, parameters.funding, economy.capital
    xp = namespace(funding.dry_powder)
    budget = rules["investor_appetite"](economy, parameters)
    cash = balance(books, INVESTORS)
    wanted = funding.dry_powder * budget * affordable(capital.demand_trend, budget.sum())
    call = xp.clip(wanted - cash, 0.0, budget)
    call = call * affordable(_from_backers(books, parameters), call.sum())
    surplus = xp.maximum(cash - funding.most_powder * wanted, 0.0)
    books = pay(books, "capital_call", row(call * (1.0 - parameters.investor.lends)))
    books = pay(books, "credit_call", row(call * parameters.investor.lends))
    books = pay(books, "investor_payout", column(surplus))
    equity = balance(books, INVESTORS) * (1.0 - parameters.investor.lends)
    capital = replace(capital, offered=equity.sum(), paid_in=capital.paid_in + call - surplus)
    return replace(economy, books=books, capital=capital)


def _fund_labs(economy: Economy, parameters: Parameters, draws: Draws, rules: DecisionRules) -> Economy:
    """Hold the labs' rounds, which fill, fill in part, or fail; the price of a round revalues every holder's stake."""
    capital, labs = economy.capital, economy.labs
    xp = namespace(labs.revenue)
    value = lab_valuation(economy, parameters)
    drawn = _drawn_by_sponsors(economy, parameters, LAB_SHARES)
    weight = rules["investor_choice"](economy, parameters) * drawn
    cash = balance(economy.books, INVESTORS)
    offered = match(cash, capital.lab_ask, weight, cash[:, None] * (parameters.investor.lab_affinity * drawn))
    filled = ratio(offered.sum(axis=0), capital.lab_ask, empty=1.0)
    # A round that attracts too little money fails, unless chance saves it.
    closes = xp.where((filled >= parameters.funding.smallest_fill) | (draws.round_closes < filled), 1.0, 0.0)
    raised = offered * closes[None, :]
    total = raised.sum(axis=0)
    price = round_price(economy.books, LAB_SHARES, value, material(total) > 0.0)
    books = revalue(economy.books, LAB_SHARES, price)
    books = pay(books, "lab_round", raised)
    labs = replace(labs, post_money=xp.where(material(total) > 0.0, value + total, labs.post_money))
    capital = replace(capital, lab_ask=material(capital.lab_ask - total), peer_share=ratio(total, total.sum()))
    return replace(economy, books=books, labs=labs, capital=capital)


def _drawn_by_sponsors(economy: Economy, parameters: Parameters, instrument: str) -> Float[Array, "1 company"]:
    """Factor on every investor's affinity for each company, given the money that issuers already have in it."""
    share = sponsor_share(economy.books, instrument)
    return private_interest(share, economy.capital.heat, parameters)[None, :]


def _fund_providers(economy: Economy, parameters: Parameters) -> Economy:
    """Fund the providers that have no parent company: with loans first, then with equity."""
    capital, books = economy.capital, economy.books
    drawn = _drawn_by_sponsors(economy, parameters, PROVIDER_SHARES)
    money = balance(books, INVESTORS) * parameters.investor.lends
    affinity = parameters.investor.loan_affinity * drawn
    open_ask = _open_ask(economy, parameters, capital.loan_ask, "compute_loans")
    loans = match(money, open_ask, affinity, money[:, None] * affinity)
    earlier, rate = books.positions[COMPUTE_LOANS][INVESTORS], loan_rate(economy, parameters)
    terms = lend(economy.credit, "investor", earlier, loans, rate, parameters.credit.investor_term)
    books = pay(books, "investor_compute_loan", loans)
    money = balance(books, INVESTORS) * (1.0 - parameters.investor.lends)
    affinity = parameters.investor.provider_affinity * drawn
    open_ask = _open_ask(economy, parameters, capital.equity_ask, "compute_equity")
    equity = match(money, open_ask, affinity, money[:, None] * affinity)
    raised = equity.sum(axis=0)
    value = provider_value(economy, parameters)
    price = round_price(books, PROVIDER_SHARES, value, material(raised) > 0.0)
    books = revalue(books, PROVIDER_SHARES, price)
    books = pay(books, "provider_round", equity)
    capital = replace(
        capital,
        loan_ask=material(capital.loan_ask - loans.sum(axis=0)),
        equity_ask=material(capital.equity_ask - raised),
    )
    return replace(economy, books=books, credit=terms, capital=capital)


def known_providers(books: Books) -> Float[Array, "issuer provider"]:
    """1 where an issuer already lends to a provider or owns a part of it."""
    positions = books.positions
    return 1.0 * ((material(positions[COMPUTE_LOANS][OWN]) > 0.0) | (material(positions[PROVIDER_SHARES][OWN]) > 0.0))


def _open_ask(economy: Economy, parameters: Parameters, ask: Array, channel: str) -> Array:
    """Part of the providers' asks that is open to investors.

    A provider reserves a part of its ask for the issuers that it knows, as far as they have money in talks. It goes
    without that part if their deals then do not close. So issuers' money can crowd out investors' money.
    """
    xp = namespace(ask)
    talks = economy.redeployment.talks[:, COLUMN[channel]] * parameters.redeployment.redeployment
    promised = (known_providers(economy.books) * talks[:, None]).sum(axis=0)
    return ask - xp.minimum(parameters.redeployment.kept_open * ask, promised)


def _fund_ventures(economy: Economy, parameters: Parameters) -> Economy:
    """Hold the rounds of neurotech and robotics companies, at the present book price (mark) of their shares."""
    capital, books = economy.capital, economy.books
    offers = balance(books, INVESTORS) * (1.0 - parameters.investor.lends)
    affinity = parameters.investor.venture_affinity * _drawn_by_sponsors(economy, parameters, VENTURE_SHARES)
    raised = match(offers, capital.venture_ask, affinity, offers[:, None] * affinity)
    books = pay(books, "venture_round", raised)
    left = material(capital.venture_ask - raised.sum(axis=0))
    return replace(economy, books=books, capital=replace(capital, venture_ask=left))


def _fund_clouds(economy: Economy, parameters: Parameters) -> Economy:
    """Let parent companies pay, within a budget, what their clouds lack for the GPUs that they plan to buy."""
    books, gpus = economy.books, economy.gpus
    xp = namespace(gpus.rent)
    mood = parameters.funding.budget_growth * economy.quarter / 4.0
    budget = parameters.provider.parent_budget * parameters.funding.investor_appetite * xp.exp(mood)
    cash = balance(books, PROVIDERS)
    needed = xp.clip(gpus.plan * gpus.delivered - cash, 0.0, budget) * parameters.provider.hyperscale * gpus.alive
    needed = needed * affordable(_from_backers(books, parameters), needed.sum())
    return replace(economy, books=pay(books, "parent_funding", row(needed)))


def _pay_out_surplus(economy: Economy, parameters: Parameters) -> Economy:
    """Let clouds pay out cash that they do not need for GPUs, and profitable labs cash beyond their runway."""
    books, gpus = economy.books, economy.gpus
    xp = namespace(gpus.rent)
    spare = balance(books, PROVIDERS) - gpus.plan - gpus.running_cost
    spare = xp.maximum(spare, 0.0) * parameters.provider.hyperscale * gpus.alive
    books = pay_owners(books, "cloud_dividend", PROVIDER_SHARES, spare)
    labs = economy.labs
    earns = retained_revenue(labs, parameters) > labs.spending
    spare = balance(books, LABS) - parameters.funding.target_runway * labs.spending
    spare = xp.maximum(spare, 0.0) * labs.alive * earns
    return replace(economy, books=pay_owners(books, "lab_dividend", LAB_SHARES, spare))


def pay_owners(books: Books, kind: str, shares: str, amount: Array) -> Books:
    """Divide an amount among all shareholders in proportion to their shares; the flows' names begin with `kind`."""
    per_share = amount / issued(books, shares) * (1.0 - 1e-14)
    holdings = books.positions[shares]
    for owner, (account, _) in OWNERS.items():
        books = pay(books, f"{kind}_{owner}", (holdings[account] * per_share).T)
    return books


def liquidated(books: Books, what: str) -> Float[Array, " company"]:
    """Cash that each failed company (`what`: lab, provider or venture) left to all its owners, USD bn."""
    return sum(flow_total(books, f"{what}_liquidation_{owner}", 1) for owner in OWNERS)


def _from_backers(books: Books, parameters: Parameters) -> Scalar:
    """Most money from everyone else that each kind of funding can draw in a quarter, USD bn."""
    return parameters.funding.backers_limit * balance(books, ECONOMY).sum()
