"""The balance-sheet matrix and the transactions matrix, from the files of a run."""

import numpy as np
import pytest

import sim
from sim.analysis.matrices import balance_sheets, transactions


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return sim.run("baseline", quarters=5, out=tmp_path_factory.mktemp("runs") / "five", figures=False)


@pytest.mark.parametrize("by", ["population", "agent"])
@pytest.mark.parametrize("quarter", ["2023Q4", "2024Q3", None])
def test_balance_sheets_close(finished, quarter, by):
    """Claims sum to zero over everyone, and every column's assets less debts are its net worth."""
    matrix = balance_sheets(finished, quarter, by)
    claims = matrix.drop(index=["cash", "net_worth", "bitcoin", "gold", "gpus"])
    assert np.abs(claims["total"]).max() < 1e-9
    assert {"bills", "repo", "tokens", "compute_loans", "lab_shares", "secured_loans"} <= set(claims.index)
    worth = matrix.drop(index="net_worth").sum()
    np.testing.assert_allclose(worth, matrix.loc["net_worth"], rtol=1e-9, atol=1e-9)
    real = matrix.loc[["cash", "bitcoin", "gold", "gpus"], "total"].sum()
    assert matrix.loc["net_worth", "total"] == pytest.approx(real)


@pytest.mark.parametrize("by", ["population", "agent"])
def test_transactions_sum_to_zero_and_explain_the_change_of_cash(finished, by):
    matrix = transactions(finished, "2024Q2", by)
    assert np.abs(matrix["total"]).max() < 1e-9
    before, after = (balance_sheets(finished, quarter, by).loc["cash"] for quarter in ("2024Q1", "2024Q2"))
    columns = [name for name in matrix.columns if name != "total"]
    np.testing.assert_allclose(matrix.loc["change_of_cash", columns], (after - before)[columns], atol=1e-8)


def test_the_issuer_owes_what_the_economy_holds(finished):
    matrix = balance_sheets(finished, "2023Q4", "agent")
    assert matrix.loc["tokens", "Tether"] == pytest.approx(-91.6)
    assert matrix.loc["bills", "Tether"] == pytest.approx(63.0)
    assert matrix.loc["bills", "Government"] == pytest.approx(-matrix.loc["bills"].drop(["Government", "total"]).sum())


def test_mistakes_are_named(finished):
    with pytest.raises(ValueError, match="2023Q4 to 2025Q1"):
        balance_sheets(finished, "1999Q1")
    with pytest.raises(ValueError, match="population"):
        transactions(finished, by="colour")
