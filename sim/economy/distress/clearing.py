"""Clearing after Eisenberg and Noe (2001): payments of debtors whose means depend on the payments of others.

`highest_solution` solves the fixed point behind it, `x = min(ceiling, source + slope x)`, exactly, in at most as
many linear systems as there are agents.
"""

from jaxtyping import Float

from sim.economy.arrays import Array, Scalar, namespace, ratio, repeat

ROUNDING = 1e-12
"""A shortage below this part of what is needed counts as none: sums of many payments round."""


def clearing(
    obligations: Float[Array, "debtor creditor"],
    outside: Float[Array, " debtor"],
    outside_recovery: Scalar | float = 1.0,
    claims_recovery: Scalar | float = 1.0,
    rounds: int | None = None,
) -> Float[Array, " debtor"]:
    """Find the total payment of each agent, USD bn: the greatest clearing vector.

    `p = min(owed, outside + shares' p)` with `shares = obligations / owed`: no one pays more than it owes or has
    (limited liability), equity gets nothing before debts are paid (priority), and all creditors of one debtor get
    the same part (proportionality). Eisenberg and Noe (2001), Management Science 47:236, by their
    fictitious-default algorithm: each round adds a default, so as many rounds as agents are exact. With default
    costs (Rogers and Veraart 2013, Management Science 59:882) a defaulter's creditors get only a part of its
    means.

    Args:
        obligations: debts of each agent (row) to each other one (column), USD bn; not negative, diagonal zero.
            Whoever is outside the network is an agent that owes nothing.
        outside: means of each agent besides the payments of the others, USD bn; not negative.
        outside_recovery: part of a defaulter's `outside` that reaches its creditors; 1 without default costs.
        claims_recovery: part of a defaulter's receipts that reaches its creditors; 1 without default costs.
        rounds: rounds of the algorithm; as many as agents if left out. The length of the longest chain of debtors,
            plus one, suffices where debts do not run in circles; with fewer, payments are overstated.
    """
    owed = obligations.sum(axis=1)
    received = ratio(obligations, owed[:, None] + 0.0 * obligations).T
    return highest_solution(received, outside, owed, claims_recovery, outside_recovery, rounds)


def paid_pairwise(
    obligations: Float[Array, "debtor creditor"], paid: Float[Array, " debtor"]
) -> Float[Array, "debtor creditor"]:
    """Divide each debtor's payment over its creditors in proportion to what it owes them, USD bn."""
    return obligations * ratio(paid, obligations.sum(axis=1))[:, None]


def equity_after(
    obligations: Float[Array, "debtor creditor"], outside: Float[Array, " debtor"], paid: Float[Array, " debtor"]
) -> Float[Array, " debtor"]:
    """Equity of each agent after `clearing`, USD bn: `outside + received - paid`; zero in default.

    Clearing moves value and destroys none: these sum to `outside`, less the costs of default.
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

    Starts at the ceiling; each round solves one linear system for all agents whose means are below it, which
    lowers others. The set of those below the ceiling only grows, so it is final after as many rounds as agents.
    The system is never singular: a circle of agents that lose nothing to others cannot be below the ceiling as a
    whole. Agents below the ceiling keep the parts `*_recovery` of their means.
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
