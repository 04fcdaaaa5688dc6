"""Uses of interest: what issuers do with it first, where it leaves the agents in the end, and labels."""

from sim.economy.books.flows import AGENT_ACCOUNTS, BILLS, FLOWS, OWN, REPO, RESERVE, SECTORS, TRACED

INTEREST = ("bill_interest", "repo_interest")
"""Flows by which issuers earn interest on bills, repo and money funds."""
AI_FLOWS = ("issuer_compute_loan", "issuer_compute_equity", "issuer_lab_equity", "issuer_venture_equity", "open_data")
"""Flows by which issuers put money into AI and frontier companies."""
PAID, KEPT, AI, RETURNED = "paid away", "kept", "AI and frontier", "came back"
"""Groups of uses: paid to others, kept by the issuer, put into AI, and what borrowers paid back."""
CASH, PARKED, LOST = "cash", "parked", "lost"
"""Uses that are not flows: cash still held; money parked in bills, gold and the like; losses in sales."""

DIRECT: dict[str, tuple[str, str]] = {
    "distribution": ("distribution to partners", PAID),
    "holder_yield": ("yield to token holders", PAID),
    "issuer_costs": ("staff and other cost", PAID),
    "issuer_tax": ("tax", PAID),
    "dividends": ("dividends", PAID),
    "buffer": ("buffer in the reserve", KEPT),
    "support": ("given or repaid to the reserve", KEPT),
    "hurried_sales": ("lost in hurried sales", PAID),
    "own_bills": ("own savings in bills", KEPT),
    "own_repo": ("parked for deals", KEPT),
    "gold": ("gold", KEPT),
    "bitcoin": ("bitcoin", KEPT),
    "other_ventures": ("ventures outside AI", KEPT),
    CASH: ("cash in the own book", KEPT),
    "compute_loans": ("compute loans", AI),
    "compute_equity": ("shares of GPU providers", AI),
    "lab_equity": ("shares of AI labs", AI),
    "open_data": ("open data", AI),
    "neurotech": ("neurotech", AI),
    "robotics": ("robotics", AI),
    RETURNED: ("came back from borrowers", RETURNED),
}
"""First use that an issuer makes of interest -> label, group."""

FINAL: dict[str, str] = {
    "gpu_purchase": "GPUs bought",
    "power": "electricity",
    "hosting": "colocation",
    "provider_costs": "running cost of providers",
    "lab_staff": "staff of labs",
    "lab_other": "other cost of labs",
    "open_data": "open data",
    "venture_costs": "research and cost of ventures",
    "lab_tax": "tax of labs",
    "distribution": "distribution partners",
    "holder_yield": "yield to token holders",
    "issuer_costs": "staff and other cost of issuers",
    "issuer_tax": "tax of issuers",
    "loan_income_tax": "tax of issuers on interest from borrowers",
    "dividends": "shareholders of issuers",
    "redemption": "holders who redeemed tokens",
    "investor_payout": "backers of investors",
    "provider_payout": "owners of providers",
}
"""Flows by which interest leaves the agents for good -> label. A flow without an entry is labelled by its meaning."""

DIRECT_OF = {
    "issuer_compute_loan": "compute_loans",
    "issuer_compute_equity": "compute_equity",
    "issuer_lab_equity": "lab_equity",
    "buffer_top_up": "buffer",
    "issuer_support": "support",
    "advance_repayment": "support",
    "advance_return": "support",
    "estate_support": "support",
    "estate_repayment": "support",
    "window_own_sale_cost": "hurried_sales",
    "estate_own_sale_cost": "hurried_sales",
    "loan_income_tax": "issuer_tax",
}
"""Flows of issuers' own books -> first use in `DIRECT`, where the two names differ."""
GROUPS_OF_ENDS = ("spent", "held", "lost")
"""Groups of final uses, in the order in which they are shown."""
VENTURE_KINDS = ("neurotech", "robotics")
COMPANIES = {account: account for account in AGENT_ACCOUNTS if account not in (RESERVE, OWN)}
"""Populations, besides issuers, through which interest passes -> their account."""
_PARKED_AS = {name: name for name in TRACED} | {BILLS: "own_bills", REPO: "own_repo"}


def final_label(kind: str) -> str:
    """Return the label of a flow by which money leaves the agents."""
    return FINAL.get(kind, FLOWS[kind].meaning)


def own_book_flows() -> list[tuple[str, str, float]]:
    """List flows of issuers' own books: name, issuer's side, and sign (1 spends interest, -1 brings it back)."""
    chosen = []
    for kind, flow in FLOWS.items():
        if flow.payer == OWN:
            chosen.append((kind, "payer", 1.0))
        elif flow.payee == OWN and (flow.payer not in SECTORS or flow.payee_gives in TRACED):
            chosen.append((kind, "payee", -1.0))
    return chosen


def direct_use(kind: str) -> str:
    """Return the first use of interest (a key of `DIRECT`, or the flow's name) to which a flow belongs."""
    flow = FLOWS[kind]
    if flow.payer == OWN:
        return DIRECT_OF.get(kind) or _PARKED_AS.get(flow.payer_gets or "") or kind
    if flow.payer == RESERVE:
        return "buffer"
    return RETURNED if flow.payer not in SECTORS else _PARKED_AS.get(flow.payee_gives or "", kind)


def described(use: str) -> tuple[str, str]:
    """Return label and group of a first use; the label of one that `DIRECT` lacks is the meaning of its flow."""
    if use in DIRECT:
        return DIRECT[use]
    flow = FLOWS[use]
    group = AI if flow.payee in COMPANIES.values() else KEPT if flow.payer_gets else PAID
    return flow.meaning, group


def out_of_reserve() -> list[str]:
    """List the names of all flows that the reserve pays."""
    return [kind for kind, flow in FLOWS.items() if flow.payer == RESERVE]


def into_reserve() -> list[str]:
    """List the flows that can bring interest into the reserve: payments by agents, and sales of parked money."""
    return [
        kind
        for kind, flow in FLOWS.items()
        if flow.payee == RESERVE and flow.payer != RESERVE and (flow.payer not in SECTORS or flow.payee_gives in TRACED)
    ]


def ending_flows() -> list[str]:
    """List the flows by which an agent's dollar leaves the agents for good."""
    return [
        kind
        for kind, flow in FLOWS.items()
        if flow.payee in SECTORS and flow.payer not in SECTORS and flow.payer_gets not in TRACED
    ]
