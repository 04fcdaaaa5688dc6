"""Tables of what there is: state variables, kinds of payment, decisions, dated events."""

from __future__ import annotations

from sim.economy import state
from sim.economy.books.checks import identities
from sim.economy.books.flows import FLOWS
from sim.economy.decisions import DECISIONS
from sim.economy.phase import Phase
from sim.economy.quarter import PHASES, open_books
from sim.scenario.events import KINDS
from studies.markdown import code, number, table
from studies.odd.meanings import meanings, shapes

GROUPS = {
    "environment": state.Environment,
    "tokens": state.TokenMarket,
    "income": state.IssuerIncome,
    "labs": state.Labs,
    "gpus": state.Gpus,
    "credit": state.Credit,
    "capital": state.Capital,
    "ventures": state.Ventures,
    "redeployment": state.Redeployment,
}
"""Fields of `Economy` that hold state variables beside the books, and their classes."""


def state_variables() -> str:
    """Every state variable beside the books: its name, what it runs over, its meaning."""
    rows = [row for name, owner in GROUPS.items() for row in _fields(name, owner)]
    texts = meanings(state.Economy)
    rows += [(code(f"economy.{name}"), "", texts[name]) for name in ("quarter", "open_data")]
    return table(("state variable", "runs over", "meaning and unit"), rows)


def _fields(name: str, owner: type) -> list[tuple[str, str, str]]:
    texts, axes, rows = meanings(owner), shapes(owner), []
    for field in axes:
        inner = state.LoanTerms if owner is state.Credit and field in ("issuer", "investor") else None
        if inner is None:
            rows.append((code(f"economy.{name}.{field}"), axes[field], texts[field]))
            continue
        for term, meaning in meanings(inner).items():
            lender = shapes(inner)[term].replace("lender", field)
            rows.append((code(f"economy.{name}.{field}.{term}"), lender, f"{texts[field]}: {meaning}"))
    return rows


def flows() -> str:
    """Every kind of payment: the rows of the transactions matrix."""
    rows = []
    for kind, flow in FLOWS.items():
        swapped = (flow.payer_gets or "", flow.payee_gives or "")
        rows.append((code(kind), flow.payer, flow.payee, *swapped, flow.origin or "", flow.meaning))
    return table(("kind", "payer", "payee", "payer gets", "payee gives", "origin", "what it is"), rows)


def phases() -> str:
    """Write the phases of a quarter in their order, each with a link to its equations."""
    opening = ("", code(open_books.__name__), "the quarter counter rises by one; the journal is emptied")
    closing = ("", code(identities.__name__), "nine accounting identities; a residual above 1e-9 stops the run")
    rows = [
        (phase.number, f"[{code(phase.name)}](odd-submodels.md#{_anchor(phase)})", phase.meaning) for phase in PHASES
    ]
    return table(("", "phase", "what happens, in order"), [opening, *rows, closing])


def heading(phase: Phase) -> str:
    """Write the heading under which a phase is described in the submodels."""
    return f"{phase.number} {phase.title}: {code(phase.name)}"


def _anchor(phase: Phase) -> str:
    """Write the anchor that repository hosts give to the heading of a phase."""
    return "".join(c for c in heading(phase).lower().replace(" ", "-") if c.isalnum() or c in "-_")


def decisions() -> str:
    """Write the decisions, what each returns, and the model's own rule for it."""
    rows = [
        (code(name), ", ".join(decision.shape), decision.unit, decision.meaning, code(_path(decision.rule)))
        for name, decision in DECISIONS.items()
    ]
    return table(("decision", "runs over", "unit", "what is decided", "the model's own rule"), rows)


def events() -> str:
    """Write the kinds of dated events."""
    rows = [
        (
            code(name),
            kind.target or "",
            f"{number(kind.low)} to {number(kind.high)} {kind.unit}" if kind.unit else "",
            kind.meaning,
        )
        for name, kind in KINDS.items()
    ]
    return table(("event", "target", "size", "what happens"), rows)


def _path(function: object) -> str:
    return f"{function.__module__}.{function.__qualname__}"  # type: ignore[attr-defined]


TABLES = {"phases": phases, "state": state_variables, "flows": flows, "decisions": decisions, "events": events}
"""Tables that a page can ask for, by name."""
