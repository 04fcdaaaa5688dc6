"""Phase 11b: the government covers its budget with bills, and the vendor passes on what it took."""

from __future__ import annotations

from dataclasses import replace

from sim.economy.arrays import column, namespace
from sim.economy.books.flows import BILLS, ECONOMY
from sim.economy.books.ledger import flow_total, pay
from sim.economy.state import Economy


def close_circuits(economy: Economy, *_: object) -> Economy:
    """Sell bills to cover the budget, and pass the vendor's takings on to its suppliers, staff and owners.

    So the government and the vendor end each quarter with the cash they began with, and the money they took is
    back with everyone else.
    """
    books = economy.books
    xp = namespace(economy.environment.bill_rate)
    interest = economy.environment.bill_rate / 4.0 * books.positions[BILLS][ECONOMY]
    books = pay(books, "economy_bill_interest", column(interest))
    taxes = sum(flow_total(books, kind, 0) for kind in ("issuer_tax", "loan_income_tax", "lab_tax"))
    deficit = flow_total(books, "bill_interest", 1) + interest - taxes
    books = pay(books, "bill_issuance", column(xp.maximum(deficit, 0.0)))
    books = pay(books, "government_spending", column(xp.maximum(-deficit, 0.0)))
    takings = flow_total(books, "gpu_purchase", 0) + flow_total(books, "other_gpu_purchase", 0)
    takings = takings + flow_total(books, "first_gpu_purchase", 0)
    return replace(economy, books=pay(books, "vendor_payout", column(takings)))
