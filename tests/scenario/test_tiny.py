"""The tiny scenario of the tests is complete, opens, and closes its books."""

import tomllib

import numpy as np
import pytest
from support.histories import history
from support.tiny import TINY, WORLDS

from sim.scenario.load import load


def test_it_is_complete_in_itself_and_no_estimate_moves_it():
    raw = tomllib.loads(TINY.read_text("utf8"))
    assert "extends" not in raw
    assert "{ data =" not in TINY.read_text("utf8"), "no row of configs/data is read"
    assert load(TINY).history.until == "none"


def test_it_has_two_of_each_and_round_numbers():
    scenario = load(TINY)
    assert [len(group) for group in (scenario.issuers, scenario.labs, scenario.providers)] == [2, 2, 2]
    assert scenario.issuers["tether"].tokens.value + scenario.issuers["harbor"].tokens.value == 120.0


@pytest.mark.parametrize("changes", WORLDS)
@pytest.mark.parametrize("seed", [1, 2])
def test_books_close_in_every_quarter(changes, seed):
    _, closed = history(load(TINY, changes), seed=seed, quarters=12)
    for economy, residuals in closed:
        assert len(residuals) == 9
        assert max(residuals.values()) <= 1e-9
        assert np.isfinite(economy.books.cash["labs"]).all()
