"""Names of accounts and instruments, and the kinds of payment: the rows of the transactions matrix.

A payment moves cash from a payer to a payee. Each of the two either books the payment as income or expense (a
*current* payment) or exchanges the cash for a position on its balance sheet (an instrument). A lender that pays out
a loan gains the claim; the borrower gains the debt, which is the same instrument with the opposite sign. So one
convention serves assets and liabilities: **the payer's position in the instrument rises and the payee's falls**.
"""

from dataclasses import dataclass

import numpy as np

RESERVE, OWN, LABS = "reserve", "own", "labs"
PROVIDERS, INVESTORS, VENTURES = "providers", "investors", "ventures"
GOVERNMENT, VENDOR, ECONOMY = "government", "vendor", "economy"

AGENT_ACCOUNTS = (RESERVE, OWN, LABS, PROVIDERS, INVESTORS, VENTURES)
"""Accounts of agents. An issuer has two: its reserve, which backs the tokens, and its own book, for its profit."""
SECTORS = (GOVERNMENT, VENDOR, ECONOMY)
"""Accounts of the environment. It is the other side of payments that leave or reach the agents, so that no dollar
appears or vanishes."""
ACCOUNTS = AGENT_ACCOUNTS + SECTORS

ORIGINS = (
    "bill_interest",
    "token_float",
    "trading_gains",
    "customer_revenue",
    "investor_capital",
    "credit",
    "opening_cash",
    "outside",
)
"""Where a dollar was earned. `outside` marks money in the hands of the environment: a dollar that an agent
spends there ends its journey, and one that comes from there starts a new one under the name of what it is."""
OUTSIDE = ORIGINS.index("outside")
UNIT = np.eye(len(ORIGINS))
"""Identity matrix: row k is one dollar of origin k. A NumPy constant, which works with arrays of any library."""

BILLS, REPO, SECURED_LOANS, OTHER_VENTURES = "bills", "repo", "secured_loans", "other_ventures"
BITCOIN, GOLD, TOKENS, COMPUTE_LOANS, GPUS = "bitcoin", "gold", "tokens", "compute_loans", "gpus"
ADVANCES = "advances"
LAB_SHARES, PROVIDER_SHARES, VENTURE_SHARES = "lab_shares", "provider_shares", "venture_shares"

SHARES = {LAB_SHARES: LABS, PROVIDER_SHARES: PROVIDERS, VENTURE_SHARES: VENTURES}
"""Kind of shares -> account whose agents issue them."""
FINANCIAL_INSTRUMENTS = (BILLS, REPO, SECURED_LOANS, OTHER_VENTURES, TOKENS, ADVANCES, COMPUTE_LOANS, *SHARES)
"""Instruments that are an asset of one agent and a liability of another: positions of all accounts sum to zero."""
NOMINAL = (BILLS, REPO, SECURED_LOANS, TOKENS, ADVANCES, COMPUTE_LOANS, GPUS)
"""Instruments whose price is always 1."""
COMMODITIES = (BITCOIN, GOLD)
"""Assets that are nobody's liability; all accounts together always hold the same number of units."""
INSTRUMENTS = (*FINANCIAL_INSTRUMENTS, *COMMODITIES, GPUS)
ISSUED_BY = {**SHARES, COMPUTE_LOANS: PROVIDERS, ADVANCES: OWN}
"""Claims for which the books record every pair of holder and debtor -> account that owes them."""
TRACED = (BILLS, REPO, SECURED_LOANS, OTHER_VENTURES, BITCOIN, GOLD)
"""Instruments in which an issuer parks money. The books keep the cost of each by origin of the money that bought it;
a sale returns the money to those origins."""
OWNERS = {
    "issuers": (OWN, "issuers that own it"),
    "investors": (INVESTORS, "its investors"),
    "public": (ECONOMY, "its other owners"),
}
"""Kind of owner (the last word in names of flows) -> account that holds the shares, and description of the owners."""


@dataclass(frozen=True)
class FlowKind:
    """One row of the transactions matrix.

    Attributes:
        payer: account that pays.
        payee: account that receives the money.
        meaning: description of the payment in a few words.
        payer_gets: instrument that the payer gains, or None when the payment is an expense of the payer.
        payee_gives: instrument that the payee sells or then owes, or None when the payment is income of the payee.
        origin: origin that money from a sector gets when an agent receives it; None for sales of parked money and
            for all other flows.
    """

    payer: str
    payee: str
    meaning: str
    payer_gets: str | None = None
    payee_gives: str | None = None
    origin: str | None = None


def _swap(payer: str, payee: str, instrument: str, meaning: str, origin: str | None = None) -> FlowKind:
    return FlowKind(payer, payee, meaning, instrument, instrument, origin)


def _to_owners(kind: str, company: str, money: str) -> dict[str, FlowKind]:
    """Declare one payment from a company to each kind of owner."""
    return {
        f"{kind}_{owner}": FlowKind(company, account, f"{money}, to {words}")
        for owner, (account, words) in OWNERS.items()
    }


SALES = {
    RESERVE: {
        "repo": (REPO, "repo and money funds"),
        "bills": (BILLS, "Treasury bills"),
        "secured": (SECURED_LOANS, "collateralised loans"),
        "gold": (GOLD, "gold"),
        "bitcoin": (BITCOIN, "bitcoin"),
        "other": (OTHER_VENTURES, "other investments"),
    },
    OWN: {
        "repo": (REPO, "money parked for deals"),
        "bills": (BILLS, "Treasury bills"),
        "gold": (GOLD, "gold"),
        "bitcoin": (BITCOIN, "bitcoin"),
    },
}
"""Holdings that can be sold to pay token holders: book -> name of the holding -> instrument, and description."""
OCCASIONS = {"window": "to pay holders", "estate": "of a failed coin"}


def _sales() -> dict[str, FlowKind]:
    """For each occasion: a flow for the sale of each holding, and one per book for the cost of selling in a hurry."""
    flows = [
        (f"{occasion}_{book}_{name}_sale", _swap(ECONOMY, book, instrument, f"{book} sells {words} {purpose}"))
        for occasion, purpose in OCCASIONS.items()
        for book, holdings in SALES.items()
        for name, (instrument, words) in holdings.items()
    ]
    costs = [
        (f"{occasion}_{book}_sale_cost", FlowKind(book, ECONOMY, f"lost by the {book} book in sales {purpose}"))
        for occasion, purpose in OCCASIONS.items()
        for book in SALES
    ]
    return dict(flows + costs)


FLOWS: dict[str, FlowKind] = {
    # Tokens and the reserve that backs them
    "mint": _swap(ECONOMY, RESERVE, TOKENS, "holders buy new tokens", "token_float"),
    "redemption": _swap(RESERVE, ECONOMY, TOKENS, "holders hand tokens back at par"),
    "reserve_bill_purchase": _swap(RESERVE, ECONOMY, BILLS, "reserve buys Treasury bills"),
    "reserve_repo_purchase": _swap(RESERVE, ECONOMY, REPO, "reserve places money in repo and money funds"),
    "secured_lending": _swap(RESERVE, ECONOMY, SECURED_LOANS, "reserve lends against collateral"),
    "issuer_support": FlowKind(OWN, RESERVE, "own book's money given to the reserve in a run"),
    # An issuer that uses its reserve: the reserve lends to the own book, which invests the money
    "advance_bill_sale": _swap(ECONOMY, RESERVE, BILLS, "reserve sells bills to lend to the own book"),
    "reserve_advance": _swap(RESERVE, OWN, ADVANCES, "reserve lends to the own book"),
    "advance_repayment": _swap(OWN, RESERVE, ADVANCES, "own book repays the reserve in a run"),
    "advance_return": _swap(OWN, RESERVE, ADVANCES, "own book repays the reserve"),
    # A failed issuer
    "estate_support": FlowKind(OWN, RESERVE, "own book's money claimed for the holders of a failed coin"),
    "estate_repayment": _swap(OWN, RESERVE, ADVANCES, "own book's debt to a failed coin's reserve, recovered"),
    "estate_costs": FlowKind(RESERVE, ECONOMY, "administration and creditors before holders"),
    "estate_late_payout": FlowKind(RESERVE, ECONOMY, "recovered for the holders of a failed coin later"),
    "estate_surplus": FlowKind(RESERVE, OWN, "left once the holders of a failed coin are paid, to its owners"),
    "estate_payout": _swap(RESERVE, ECONOMY, TOKENS, "what is left of a failed coin's reserve, to its holders"),
    # Income of the issuers
    "bill_interest": FlowKind(GOVERNMENT, OWN, "interest on Treasury bills", origin="bill_interest"),
    "repo_interest": FlowKind(ECONOMY, OWN, "interest on repo and money funds", origin="bill_interest"),
    "secured_loan_interest": FlowKind(ECONOMY, OWN, "interest on collateralised loans", origin="customer_revenue"),
    "distribution": FlowKind(OWN, ECONOMY, "share of interest paid to distributors"),
    "holder_yield": FlowKind(OWN, ECONOMY, "yield passed on to token holders"),
    "issuer_costs": FlowKind(OWN, ECONOMY, "staff and other cost of issuers"),
    "issuer_tax": FlowKind(OWN, GOVERNMENT, "tax on issuers' realised profit"),
    "loan_income_tax": FlowKind(OWN, GOVERNMENT, "tax on issuers' interest on compute loans"),
    "dividends": FlowKind(OWN, ECONOMY, "profit paid out to issuers' shareholders"),
    "buffer_top_up": FlowKind(OWN, RESERVE, "profit moved into the reserve as a buffer"),
    # Own-book savings
    "own_bill_purchase": _swap(OWN, ECONOMY, BILLS, "own book buys Treasury bills"),
    "own_bill_sale": _swap(ECONOMY, OWN, BILLS, "own book sells Treasury bills"),
    "own_repo_purchase": _swap(OWN, ECONOMY, REPO, "own book parks money for deals under discussion"),
    "own_repo_sale": _swap(ECONOMY, OWN, REPO, "own book withdraws parked money"),
    "bitcoin_purchase": _swap(OWN, ECONOMY, BITCOIN, "own book buys bitcoin"),
    "gold_purchase": _swap(OWN, ECONOMY, GOLD, "own book buys gold"),
    "other_venture_investment": _swap(OWN, ECONOMY, OTHER_VENTURES, "stakes outside AI"),
    # Redeployment into AI
    "issuer_compute_loan": _swap(OWN, PROVIDERS, COMPUTE_LOANS, "issuer lends to a GPU provider"),
    "issuer_compute_equity": _swap(OWN, PROVIDERS, PROVIDER_SHARES, "issuer buys into a GPU provider"),
    "issuer_lab_equity": _swap(OWN, LABS, LAB_SHARES, "issuer buys into an AI lab"),
    "issuer_venture_equity": _swap(OWN, VENTURES, VENTURE_SHARES, "issuer buys into neurotech or robotics"),
    "open_data": FlowKind(OWN, ECONOMY, "open datasets paid for"),
    # Compute loans falling due
    "issuer_loan_interest": FlowKind(PROVIDERS, OWN, "interest on issuers' compute loans"),
    "issuer_loan_principal": _swap(PROVIDERS, OWN, COMPUTE_LOANS, "principal of issuers' compute loans"),
    "investor_loan_interest": FlowKind(PROVIDERS, INVESTORS, "interest on investors' compute loans"),
    "investor_loan_principal": _swap(PROVIDERS, INVESTORS, COMPUTE_LOANS, "principal of investors' compute loans"),
    "issuer_loan_arrears": FlowKind(PROVIDERS, OWN, "late interest made good to issuers"),
    "investor_loan_arrears": FlowKind(PROVIDERS, INVESTORS, "late interest made good to investors"),
    "issuer_loan_overdue": _swap(PROVIDERS, OWN, COMPUTE_LOANS, "overdue principal made good to issuers"),
    "investor_loan_overdue": _swap(PROVIDERS, INVESTORS, COMPUTE_LOANS, "overdue principal, to investors"),
    "issuer_gpu_services": FlowKind(OWN, PROVIDERS, "issuers buy GPU services from providers they lend to"),
    "provider_late_costs": FlowKind(PROVIDERS, ECONOMY, "running costs paid late"),
    "lab_late_costs": FlowKind(LABS, ECONOMY, "staff and other cost of labs paid late"),
    "issuer_loan_recovery": _swap(PROVIDERS, OWN, COMPUTE_LOANS, "recovered from a failed provider"),
    "investor_loan_recovery": _swap(PROVIDERS, INVESTORS, COMPUTE_LOANS, "recovered from a failed provider"),
    # Labs
    "lab_revenue": FlowKind(ECONOMY, LABS, "customers pay for AI", origin="customer_revenue"),
    "revenue_share": FlowKind(LABS, INVESTORS, "share of revenue owed to a strategic partner"),
    "lab_staff": FlowKind(LABS, ECONOMY, "staff of the labs"),
    "lab_other": FlowKind(LABS, ECONOMY, "data, sales and other cost of the labs"),
    "lab_tax": FlowKind(LABS, GOVERNMENT, "tax on labs' profit"),
    "compute": FlowKind(LABS, PROVIDERS, "labs rent GPU hours"),
    **_to_owners("lab_dividend", LABS, "a lab's surplus cash"),
    **_to_owners("lab_liquidation", LABS, "left by a failed lab"),
    # Providers
    "cloud_revenue": FlowKind(ECONOMY, PROVIDERS, "other customers rent GPUs", origin="customer_revenue"),
    "power": FlowKind(PROVIDERS, ECONOMY, "electricity"),
    "hosting": FlowKind(PROVIDERS, ECONOMY, "colocation"),
    "provider_costs": FlowKind(PROVIDERS, ECONOMY, "staff and other cost of providers"),
    **_to_owners("cloud_dividend", PROVIDERS, "a cloud's surplus cash"),
    "gpu_purchase": FlowKind(PROVIDERS, VENDOR, "providers buy GPUs", payer_gets=GPUS),
    "gpu_resale": FlowKind(
        ECONOMY, PROVIDERS, "GPUs of a failed provider sold", payee_gives=GPUS, origin="customer_revenue"
    ),
    "provider_final_costs": FlowKind(PROVIDERS, ECONOMY, "running costs paid from what a failed provider left"),
    **_to_owners("provider_liquidation", PROVIDERS, "left by a failed provider"),
    # Capital markets
    "capital_call": FlowKind(ECONOMY, INVESTORS, "investors draw on their backers", origin="investor_capital"),
    "credit_call": FlowKind(ECONOMY, INVESTORS, "lenders draw on their backers", origin="credit"),
    "investor_payout": FlowKind(INVESTORS, ECONOMY, "investors return money to their backers"),
    "parent_funding": _swap(ECONOMY, PROVIDERS, PROVIDER_SHARES, "a parent funds its cloud", "investor_capital"),
    "lab_round": _swap(INVESTORS, LABS, LAB_SHARES, "funding round of a lab"),
    "provider_round": _swap(INVESTORS, PROVIDERS, PROVIDER_SHARES, "equity round of a provider"),
    "venture_round": _swap(INVESTORS, VENTURES, VENTURE_SHARES, "funding round of a venture"),
    "investor_compute_loan": _swap(INVESTORS, PROVIDERS, COMPUTE_LOANS, "credit to a GPU provider"),
    # Newcomers in the place of failed companies
    "lab_founding": _swap(ECONOMY, LABS, LAB_SHARES, "founding capital of a new lab", "investor_capital"),
    "provider_founding": _swap(
        ECONOMY, PROVIDERS, PROVIDER_SHARES, "founding capital of a new provider", "investor_capital"
    ),
    "venture_founding": _swap(
        ECONOMY, VENTURES, VENTURE_SHARES, "founding capital of a new venture", "investor_capital"
    ),
    "first_gpu_purchase": FlowKind(PROVIDERS, VENDOR, "new providers buy their first GPUs", payer_gets=GPUS),
    # Ventures
    "venture_revenue": FlowKind(ECONOMY, VENTURES, "customers of ventures", origin="customer_revenue"),
    "venture_costs": FlowKind(VENTURES, ECONOMY, "research and other cost of ventures"),
    **_to_owners("venture_liquidation", VENTURES, "left by a failed venture"),
    **_sales(),
    # Between sectors: payments that return money to where it came from
    "other_gpu_purchase": FlowKind(ECONOMY, VENDOR, "GPU buyers outside the model"),
    "vendor_payout": FlowKind(VENDOR, ECONOMY, "vendor's suppliers, staff and owners"),
    "economy_bill_interest": FlowKind(GOVERNMENT, ECONOMY, "interest on bills held by everyone else"),
    "government_spending": FlowKind(GOVERNMENT, ECONOMY, "taxes beyond interest, spent"),
    "bill_issuance": _swap(ECONOMY, GOVERNMENT, BILLS, "bills sold to cover the budget"),
}
"""Name of the flow -> kind of payment: all rows of the transactions matrix."""


def debtor_accounts(instrument: str) -> tuple[str, ...]:
    """Return the accounts whose position in an instrument is a debt; an empty tuple for real assets."""
    if instrument in (*COMMODITIES, GPUS):
        return ()
    return ({**ISSUED_BY, TOKENS: RESERVE, BILLS: GOVERNMENT}.get(instrument, ECONOMY),)
