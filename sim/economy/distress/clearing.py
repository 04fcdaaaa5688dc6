"""Clearing after Eisenberg and Noe (2001): payments of debtors whose means depend on the payments of others.

`highest_solution` finds the fixed point behind clearing, `x = min(ceiling, source + slope x)`, exactly; it solves at
most as many linear systems as there are agents.
"""

from jaxtyping import Float

from sim.economy.arrays import Array, Scalar, namespace, ratio, repeat

ROUNDING = 1e-12
"""A shortage below this part of what is needed counts as zero, because sums of many payments have rounding errors."""


def clearing(
    obligations: Float[Array, "debtor creditor"],
    outside: Float[Array, " debtor"],
    outside_recovery: Scalar | float = 1.0,
    claims_recovery: Scalar | float = 1.0,
    rounds: int | None = None,
) -> Float[Array, " debtor"]:
    """Find the total payment of each agent, USD bn: the greatest clearing vector.

    `p = min(owed, outside + shares' p)` with `shares = obligations / owed`: no agent pays more than it owes or has
    (limited liability), equity gets nothing before debts are paid (priority), and all creditors of one debtor get
    the same part of their claims (proportionality). Source: Eisenberg and Noe (2001), Management Science 47:236,
    with their fictitious-default algorithm. Each round adds at least one default or is the last, so the result is
    exact after as many rounds as there are agents. With default costs (Rogers and Veraart 2013, Management Science
    59:882), the creditors of a defaulter get only a part of its means.

    Args:
        obligations: debts of each agent (row) to each other one (column), USD bn; not negative, diagonal zero.
            A creditor outside the network is an agent that owes nothing.
        outside: means of each agent besides the payments of other agents, USD bn; not negative.
        outside_recovery: part of a defaulter's `outside` that reaches its creditors; 1 without default costs.
        claims_recovery: part of the payments to a defaulter that reaches its creditors; 1 without default costs.
        rounds: rounds of the algorithm; as many as there are agents if left out. Where debts do not run in circles,
            the length of the longest chain of debtors plus one is enough; with too few, payments are overstated.
    """
    owed = obligations.sum(axis=1)
    received = ratio(obligations, owed[:, None] + 0.0 * obligations).T
    return highest_solution(received, outside, owed, claims_recovery, outside_recovery, rounds)


def paid_pairwise(
    obligations: Float[Array, "debtor creditor"], paid: Float[Array, " debtor"]
) -> Float[Array, "debtor creditor"]:
    """Divide each debtor's payment among its creditors in proportion to what it owes them, USD bn."""
    return obligations * ratio(paid, obligations.sum(axis=1))[:, None]


def equity_after(
    obligations: Float[Array, "debtor creditor"], outside: Float[Array, " debtor"], paid: Float[Array, " debtor"]
) -> Float[Array, " debtor"]:
    """Equity of each agent after `clearing`, USD bn: `outside + received - paid`; zero in default.

    Clearing moves value and destroys none: the equity of all agents sums to that of `outside`, less default costs.
    """
    xp = namespace(paid)
    owed = obligations.sum(axis=1)
    left = outside + paid_pairwise(obligations, paid).sum(axis=0) - paid
    return xp.where(paid < owed * (1.0 - ROUNDING), 0.0, xp.maximum(left, 0.0))


def highest_solution(
    slope: Float[Array, "agent agent"],
    source: Float[Array, " agent"],
    ceiling: Float[Array, " agent"],
    slope_recovery: Scalar | float = 1.0,
    source_recovery: Scalar | float = 1.0,
    rounds: int | None = None,
) -> Float[Array, " agent"]:
    """Solve `x = min(ceiling, source + slope x)` for its highest solution; no argument may be negative.

    The search starts at the ceiling. Each round solves one linear system for all agents whose means are below their
    ceilings, and the result may bring other agents below theirs. The set of agents below the ceiling only grows, so
    it is final after as many rounds as there are agents. The system is never singular: a circle of agents that lose
    nothing to others cannot be below the ceiling as a whole. An agent below its ceiling keeps only the parts
    `slope_recovery` and `source_recovery` of its means.
    """
    xp = namespace(slope)
    eye = xp.eye(slope.shape[0])

    def lowered(level: Array, _turn: dict[str, Array]) -> Array:
        short = source + slope @ level < ceiling * (1.0 - ROUNDING)
        system = eye - slope_recovery * xp.where(short[:, None], slope, 0.0)
        return xp.linalg.solve(system, xp.where(short, source_recovery * source, ceiling))

    turns = xp.arange(slope.shape[0] if rounds is None else rounds)
    level = repeat(lowered, ceiling + 0.0 * source, {"turn": turns})
    return xp.clip(level, 0.0, ceiling)
