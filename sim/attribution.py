"""Where the interest went: the journey of every bill-interest dollar, from the tables of a run alone.

Cash is held by origin and every payment takes origins in proportion to the payer's balance, so the flow
table already says how much of each payment was bill interest. This module adds it up: at first hand (what
issuers did with it) and at any remove (where it left the agents for good, or sits).
Attribution is accounting, not cause: the causal question is answered by a twin run with redeployment off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.cumulated import (
    STEP,
    cumulated,
    numbered,
    payments_with_interest,
    quarters_of,
    since_opening,
)
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
GROUPS_OF_ENDS = ("spent", "held", "lost")
"""Groups of final uses, in order."""
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


def interest_by_quarter(run: Run) -> NDArray[np.float64]:
    """Interest on bills, repo and money funds from the opening to each quarter, USD bn; the opening is first."""
    flows = run.flows[run.flows["flow"].isin(INTEREST)]
    earned = np.bincount(numbered(run, flows["quarter"]), flows["usd_bn"].to_numpy(), len(run.series))
    return earned.cumsum()


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
    return _at_end(run, direct_uses_by_quarter(run))[["issuer", "use", "usd_bn", "label", "group"]]


def direct_uses_by_quarter(run: Run) -> pd.DataFrame:
    """What each issuer did with bill interest at first hand, from the opening to each quarter.

    Args:
        run: a run with its tables.

    Returns:
        Columns quarter, issuer, use, label, group and usd_bn; zeros left out, so that the opening has no rows. In
        every quarter the amounts of an issuer sum to the interest that it has earned so far.
    """
    import pandas as pd

    payments = payments_with_interest(run)
    rows = [*_own_payments(run, payments), _own_cash(run, payments)]
    found = cumulated(pd.concat(rows, ignore_index=True), ["issuer", "use"], len(run.series))
    table = found.long(quarters_of(run))
    described = {use: _described(use) for use in found.keys["use"]}
    for place, name in enumerate(("label", "group")):
        table.insert(3 + place, name, [described[use][place] for use in table["use"]])
    return table


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
    return _at_end(run, final_uses_by_quarter(run)).drop(columns="quarter")


def final_uses_by_quarter(run: Run) -> pd.DataFrame:
    """Where the bill interest earned since the opening was at the close of each quarter, at any remove.

    Args:
        run: a run with its tables.

    Returns:
        The column quarter and those of `final_uses`, quarter by quarter; flows that paid nothing so far are left
        out. In every quarter the amounts sum to the interest earned so far.
    """
    import pandas as pd

    payments, quarters = payments_with_interest(run), len(run.series)
    spent = cumulated(payments[payments["flow"].isin(_ending_flows())], ["flow"], quarters)
    held = since_opening(run, "cash_from_bill_interest")
    parked = since_opening(run, "parked_from_bill_interest").amounts.sum(axis=0)
    lost = run.series["lost_bill_interest_usd_bn"].to_numpy().cumsum()
    ends = [(kind, final_label(kind), "spent") for kind in spent.keys["flow"]]
    amounts = [*spent.amounts, parked]
    ends.append((PARKED, "parked by issuers in bills, gold and the like", "held"))
    for name in held.keys["population"].unique():
        ends.append((f"{CASH}_{name}", f"cash of {name}", "held"))
        amounts.append(held.amounts[held.keys["population"] == name].sum(axis=0))
    ends.append((LOST, "lost in sales below cost", "lost"))
    table = np.array([*amounts, lost]).T
    order = np.lexsort((-table, np.broadcast_to([GROUPS_OF_ENDS.index(group) for *_, group in ends], table.shape)))
    step, place = np.nonzero(np.ones_like(table))
    end = order[step, place]
    usd_bn, earned = table[step, end], interest_by_quarter(run)[step]
    ended = pd.DataFrame([ends[index] for index in end], columns=["use", "label", "group"])
    ended.insert(0, "quarter", np.array(quarters_of(run), dtype=object)[step])
    ended["usd_bn"] = usd_bn
    ended["share"] = np.divide(usd_bn, earned, out=np.zeros(len(usd_bn)), where=earned > 0.0)
    return ended[(ended["usd_bn"] != 0.0) | (ended["group"] != "spent")].reset_index(drop=True)


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


def with_venture_kind(run: Run, chosen: pd.DataFrame, amount: str = "from_bill_interest") -> pd.DataFrame:
    """Divide stakes in ventures: adds columns neurotech and robotics, the interest (column `amount`) in either.

    The flow does not name the kind; the issuer's own measures say how it divided the quarter's money, and one
    issuer pays all of a quarter's stakes from the same mix of origins.
    """
    names = [f"deployed_{kind}" for kind in VENTURE_KINDS]
    put = agent_measures(run, "issuers", tuple(names))
    neurotech = (put[names[0]] / put.sum(axis=1)).fillna(0.0).rename("neurotech")
    merged = chosen.merge(neurotech, left_on=["quarter", "payer"], right_index=True, how="left")
    merged["neurotech"] = merged["neurotech"].fillna(0.0) * merged[amount]
    return merged.assign(robotics=merged[amount] - merged["neurotech"])


def final_label(kind: str) -> str:
    """What a flow to the outside pays for, in a few words."""
    return FINAL.get(kind, FLOWS[kind].meaning)


def _at_end(run: Run, by_quarter: pd.DataFrame) -> pd.DataFrame:
    """The rows of the last quarter."""
    return by_quarter[by_quarter["quarter"] == quarters_of(run)[-1]].reset_index(drop=True)


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


def _own_payments(run: Run, payments: pd.DataFrame) -> list[pd.DataFrame]:
    """Uses of interest by issuers' own books, one row a payment: issuer, use, step and usd_bn."""
    rows = []
    kinds = {str(kind): chosen for kind, chosen in payments.groupby("flow", sort=False)}
    for kind, side, sign in _own_book_flows():
        chosen = kinds.get(kind)
        if chosen is None:
            continue
        if kind == "issuer_venture_equity":
            # Issuers' own measures say how much of a quarter's money went to each kind of venture.
            divided = with_venture_kind(run, chosen, "usd_bn")
            rows += [_as_rows(divided, side, use, divided[use]) for use in VENTURE_KINDS]
        else:
            rows.append(_as_rows(chosen, side, _direct_use(kind), sign * chosen["usd_bn"]))
    return rows


def _as_rows(payments: pd.DataFrame, side: str, use: str, usd_bn: pd.Series) -> pd.DataFrame:
    return payments[[side, STEP]].rename(columns={side: "issuer"}).assign(use=use, usd_bn=usd_bn)


def _own_cash(run: Run, payments: pd.DataFrame) -> pd.DataFrame:
    """What the bill interest in the cash of own books changed by: that of both books less that of the reserve."""
    import pandas as pd

    held = since_opening(run, "cash_from_bill_interest")
    issuers = (held.keys["population"] == "issuers").to_numpy()
    change = np.diff(held.amounts[issuers], axis=1, prepend=0.0)
    issuer, step = np.nonzero(change)
    both = held.keys["agent"][issuers].to_numpy()[issuer]
    rows = [pd.DataFrame({"issuer": both, STEP: step, "use": CASH, "usd_bn": change[issuer, step]})]
    for side, sign, kinds in (("payer", 1.0, _out_of_reserve()), ("payee", -1.0, _into_reserve())):
        chosen = payments[payments["flow"].isin(kinds)]
        rows.append(_as_rows(chosen, side, CASH, sign * chosen["usd_bn"]))
    return pd.concat(rows, ignore_index=True)


def _out_of_reserve() -> list[str]:
    return [kind for kind, flow in FLOWS.items() if flow.payer == RESERVE]


def _into_reserve() -> list[str]:
    """Payments that bring interest dollars into the reserve: from agents, and for parked money that was sold."""
    return [
        kind
        for kind, flow in FLOWS.items()
        if flow.payee == RESERVE
        and flow.payer != RESERVE
        and (flow.payer not in SECTORS or flow.payee_gives in TRACED)
    ]


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
