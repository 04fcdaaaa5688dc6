"""Where the interest went: the journey of every bill-interest dollar, from the tables of a run alone.

Cash is held by origin and every payment takes origins in proportion to the payer's balance, so the flow
table already says how much of each payment was bill interest. This module adds it up: at first hand (what
issuers did with it) and at any remove (where it left the agents for good, or sits).
Attribution is accounting, not cause: the causal question is answered by a twin run with redeployment off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.economy.flows import (
    BILLS,
    BITCOIN,
    FLOWS,
    GOLD,
    INVESTORS,
    LABS,
    OTHER_VENTURES,
    OWN,
    PROVIDERS,
    REPO,
    RESERVE,
    SECTORS,
    TRACED,
    VENTURES,
)

if TYPE_CHECKING:
    import pandas as pd

    from sim.runs import Run

INTEREST = ("bill_interest", "repo_interest")
"""Flows that are interest earned on bills, repo and money funds."""
AI_FLOWS = (
    "issuer_compute_loan",
    "issuer_compute_equity",
    "issuer_lab_equity",
    "issuer_venture_equity",
    "open_data",
)
"""Flows by which issuers put money into AI and frontier companies."""
PAID, KEPT, AI, RETURNED = "paid away", "kept", "AI and frontier", "came back"
"""Groups of uses: paid to others, kept by the issuer, put into AI, and what borrowers paid back."""
CASH, PARKED, LOST = "cash", "parked", "lost"
"""Uses that are not a flow: cash still held, money parked in bills, gold and the like, and losses on sale."""

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
"""What issuers do with interest at first hand: use -> label, group."""

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
    "dividends": "shareholders of issuers",
    "redemption": "holders who redeemed tokens",
    "investor_payout": "backers of investors",
    "provider_payout": "owners of providers",
}
"""Flows to the outside by which interest dollars end: flow -> label. Others use the meaning of the flow."""

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
}
"""Flows of own books -> use, where the names differ."""
VENTURE_KINDS = ("neurotech", "robotics")
COMPANIES = {"labs": LABS, "providers": PROVIDERS, "investors": INVESTORS, "ventures": VENTURES}
"""Populations through whose hands interest passes -> their account."""
_PARKED_AS = {
    BILLS: "own_bills",
    REPO: "own_repo",
    BITCOIN: "bitcoin",
    GOLD: "gold",
    OTHER_VENTURES: OTHER_VENTURES,
}


def interest_earned(run: Run) -> float:
    """Interest on bills, repo and money funds over the whole run, USD bn."""
    flows = run.flows
    return float(flows.loc[flows["flow"].isin(INTEREST), "usd_bn"].sum())


def direct_uses(run: Run) -> pd.DataFrame:
    """What issuers did with bill interest at first hand.

    Payments by issuers' own books, savings net of what was sold again; interest that borrowers paid back in
    interest-funded dollars is a negative row, because the issuer used it a second time.

    Args:
        run: a run with its tables.

    Returns:
        One row per use, in the order of `DIRECT`: use, label, group, usd_bn and share of the interest earned.
        The amounts sum to the interest earned.
    """
    by_issuer = direct_uses_by_issuer(run)
    total = by_issuer.groupby("use", sort=False)["usd_bn"].sum()
    return _table(
        [(use, label, group, float(total.get(use, 0.0))) for use, label, group in _known_uses(by_issuer)],
        interest_earned(run),
    )


def direct_uses_by_issuer(run: Run) -> pd.DataFrame:
    """The rows of `direct_uses` for each issuer: issuer, use, usd_bn, label, group; zeros left out."""
    import pandas as pd

    flows = _interest_by_flow(run)
    rows: list[pd.DataFrame] = []
    for kind, side, sign in _own_book_flows():
        chosen = flows.get(kind)
        if chosen is None:
            continue
        if kind == "issuer_venture_equity":
            rows += _venture_uses(run, chosen)
            continue
        amount = sign * chosen.groupby(side, sort=False)["from_bill_interest"].sum()
        rows.append(_as_rows(amount, _direct_use(kind)))
    rows.append(_as_rows(_own_cash(run), CASH))
    table = pd.concat(rows).groupby(["issuer", "use"], sort=False, as_index=False)["usd_bn"].sum()
    table["label"] = [_described(use)[0] for use in table["use"]]
    table["group"] = [_described(use)[1] for use in table["use"]]
    return table[table["usd_bn"] != 0.0].reset_index(drop=True)


def final_uses(run: Run) -> pd.DataFrame:
    """Where bill interest ended, at any remove.

    A dollar ends when an agent pays it to the environment for good (GPUs, power, salaries, dividends, ...);
    until then an agent holds it in cash, or an issuer has it parked in bills, repo, loans, bitcoin, gold or
    ventures at cost. Parked money that comes back below cost is lost.

    Args:
        run: a run with its tables.

    Returns:
        One row per end: columns use, label, group ("spent", "held", "lost"), usd_bn and share of interest
        earned, largest first within a group. The amounts sum to the interest earned.
    """
    flows = run.flows
    ended = flows[flows["flow"].isin(_ending_flows())].groupby("flow")["from_bill_interest"].sum()
    rows = [(kind, final_label(kind), "spent", float(usd_bn)) for kind, usd_bn in ended.items() if usd_bn]
    rows.sort(key=lambda row: -row[3])
    held = change_over_run(run, "cash_from_bill_interest").groupby("population")["value"].sum()
    parked = float(change_over_run(run, "parked_from_bill_interest")["value"].sum())
    cash = [(f"{CASH}_{name}", f"cash of {name}", "held", float(usd_bn)) for name, usd_bn in held.items()]
    kept = [(PARKED, "parked by issuers in bills, gold and the like", "held", parked), *cash]
    rows += sorted(kept, key=lambda row: -row[3])
    lost = float(run.series["lost_bill_interest_usd_bn"].sum())
    rows.append((LOST, "lost in sales below cost", "lost", lost))
    return _table(rows, interest_earned(run))


def headline(run: Run) -> dict[str, float]:
    """The named numbers of a run, which also serve as its outcomes.

    Args:
        run: a run with its tables.

    Returns:
        Name -> number; amounts of money end in `_usd_bn`. Over the whole run unless the name says otherwise.
    """
    flows, series = run.flows, run.series
    amounts = flows.groupby("flow")[["usd_bn", "from_bill_interest"]].sum()
    paid, interest = amounts["usd_bn"].to_dict(), amounts["from_bill_interest"].to_dict()
    capex, gpus_with_interest = paid.get("gpu_purchase", 0.0), interest.get("gpu_purchase", 0.0)
    reserves = agent_measures(run, "issuers", ("excess_reserves", "tokens"))
    backed = reserves[reserves["tokens"] > 0.0]
    numbers = {
        "interest_usd_bn": interest_earned(run),
        "redeployed_usd_bn": sum(paid.get(kind, 0.0) for kind in AI_FLOWS),
        "redeployed_from_interest_usd_bn": sum(interest.get(kind, 0.0) for kind in AI_FLOWS),
        "interest_funded_gpu_usd_bn": gpus_with_interest,
        "gpus_funded_by_interest": _gpus_bought_with_interest(run),
        "interest_share_of_gpu_capex": gpus_with_interest / capex if capex else 0.0,
        "gpu_capex_usd_bn": capex,
        "interest_funded_compute_usd_bn": interest.get("compute", 0.0),
        "interest_funded_lab_cost_usd_bn": interest.get("lab_staff", 0.0) + interest.get("lab_other", 0.0),
        "interest_funded_open_data_usd_bn": interest.get("open_data", 0.0),
        "dividends_usd_bn": paid.get("dividends", 0.0),
        "holder_yield_usd_bn": paid.get("holder_yield", 0.0),
        "final_tokens_usd_bn": float(series["tokens_usd_bn"].iloc[-1]),
        "lab_revenue_last_year_usd_bn": float(series["lab_revenue_usd_bn"].iloc[1:].tail(4).sum()),
        "gpus_at_end": float(series["gpus"].iloc[-1]),
        "failures": float(sum(event["kind"] == "failure" for event in run.events)),
        "coins_failed": float(sum(event["kind"] == "issuer_failure" for event in run.events)),
        "lowest_reserve_excess_usd_bn": float(reserves["excess_reserves"].min()),
        "lowest_reserve_excess_share": float((backed["excess_reserves"] / backed["tokens"]).min()),
    }
    return {name: float(number) for name, number in numbers.items()}


def agent_measures(run: Run, population: str, measures: tuple[str, ...]) -> pd.DataFrame:
    """Measures of a population as columns, by quarter and agent."""
    rows = run.agents
    rows = rows[(rows["population"] == population) & rows["measure"].isin(measures)]
    table = rows.pivot(index=["quarter", "agent"], columns="measure", values="value")
    return table.reindex(columns=list(measures))


def change_over_run(run: Run, measure: str, population: str | None = None) -> pd.DataFrame:
    """A measure of each agent at the end less at the opening: columns population, agent, value."""
    rows = run.agents[run.agents["measure"] == measure]
    if population is not None:
        rows = rows[rows["population"] == population]
    quarters = run.series["quarter"]
    last = rows["quarter"] == quarters.iloc[-1]
    first = rows["quarter"] == quarters.iloc[0]
    signed = rows.assign(value=rows["value"] * (last.astype(float) - first.astype(float)))
    return signed[last | first].groupby(["population", "agent"], as_index=False, sort=False)["value"].sum()


def with_venture_kind(run: Run, chosen: pd.DataFrame) -> pd.DataFrame:
    """Divide stakes in ventures: adds columns neurotech and robotics, the interest of each row in either.

    The flow does not name the kind; the issuer's own measures say how it divided the quarter's money, and one
    issuer pays all of a quarter's stakes from the same mix of origins.
    """
    names = [f"deployed_{kind}" for kind in VENTURE_KINDS]
    put = agent_measures(run, "issuers", tuple(names))
    neurotech = (put[names[0]] / put.sum(axis=1)).fillna(0.0).rename("neurotech")
    merged = chosen.merge(neurotech, left_on=["quarter", "payer"], right_index=True, how="left")
    merged["neurotech"] = merged["neurotech"].fillna(0.0) * merged["from_bill_interest"]
    return merged.assign(robotics=merged["from_bill_interest"] - merged["neurotech"])


def final_label(kind: str) -> str:
    """What a flow to the outside pays for, in a few words."""
    return FINAL.get(kind, FLOWS[kind].meaning)


def _interest_by_flow(run: Run) -> dict[str, pd.DataFrame]:
    """Flow -> its payments that were made with bill interest."""
    flows = run.flows[run.flows["from_bill_interest"] != 0.0]
    return {str(kind): rows for kind, rows in flows.groupby("flow", sort=False)}


def _own_book_flows() -> list[tuple[str, str, float]]:
    """Flows of issuers' own books: kind, side on which the issuer stands, and sign as a use of interest."""
    chosen = []
    for kind, flow in FLOWS.items():
        if flow.payer == OWN:
            chosen.append((kind, "payer", 1.0))
        elif flow.payee == OWN and (flow.payer not in SECTORS or flow.payee_gives in TRACED):
            chosen.append((kind, "payee", -1.0))
    return chosen


def _direct_use(kind: str) -> str:
    flow = FLOWS[kind]
    if flow.payer == OWN:
        return DIRECT_OF.get(kind) or _PARKED_AS.get(flow.payer_gets or "") or kind
    if flow.payer == RESERVE:
        return "buffer"
    return RETURNED if flow.payer not in SECTORS else _PARKED_AS.get(flow.payee_gives or "", kind)


def _described(use: str) -> tuple[str, str]:
    """Label and group; a flow that this module does not know is described by its own meaning."""
    if use in DIRECT:
        return DIRECT[use]
    flow = FLOWS[use]
    group = AI if flow.payee in COMPANIES.values() else KEPT if flow.payer_gets else PAID
    return flow.meaning, group


def _known_uses(by_issuer: pd.DataFrame) -> list[tuple[str, str, str]]:
    uses = [*DIRECT, *(use for use in by_issuer["use"].unique() if use not in DIRECT)]
    return [(use, *_described(use)) for use in uses]


def _as_rows(by_issuer: pd.Series, use: str) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({"issuer": by_issuer.index, "use": use, "usd_bn": by_issuer.to_numpy()})


def _venture_uses(run: Run, chosen: pd.DataFrame) -> list[pd.DataFrame]:
    """Split stakes in ventures: issuers' own measures say how much of a quarter's money went to each kind."""
    divided = with_venture_kind(run, chosen)
    return [_as_rows(divided.groupby("payer", sort=False)[kind].sum(), kind) for kind in VENTURE_KINDS]


def _own_cash(run: Run) -> pd.Series:
    """Bill interest in the cash of own books at the end: that of both books less that of the reserve."""
    cash = change_over_run(run, "cash_from_bill_interest", "issuers").set_index("agent")["value"]
    for kind, chosen in _interest_by_flow(run).items():
        flow = FLOWS[kind]
        if flow.payer == RESERVE:
            cash = cash.add(chosen.groupby("payer")["from_bill_interest"].sum(), fill_value=0.0)
        elif flow.payee == RESERVE and (flow.payer not in SECTORS or flow.payee_gives in TRACED):
            cash = cash.sub(chosen.groupby("payee")["from_bill_interest"].sum(), fill_value=0.0)
    return cash


def _ending_flows() -> list[str]:
    """Payments by which an agent's dollar leaves for good."""
    return [
        kind
        for kind, flow in FLOWS.items()
        if flow.payee in SECTORS and flow.payer not in SECTORS and flow.payer_gets not in TRACED
    ]


def _gpus_bought_with_interest(run: Run) -> float:
    """Number of GPUs: each quarter's interest-funded purchases at that quarter's price."""
    flows, series = run.flows, run.series
    bought = flows[flows["flow"] == "gpu_purchase"].groupby("quarter")["from_bill_interest"].sum()
    price = series.set_index("quarter")["gpu_price_usd"].reindex(bought.index)
    return float((bought / price * 1e9).sum())


def _table(rows: list[tuple[str, str, str, float]], whole: float) -> pd.DataFrame:
    import pandas as pd

    table = pd.DataFrame(rows, columns=["use", "label", "group", "usd_bn"])
    table["share"] = table["usd_bn"] / whole if whole else 0.0
    return table
