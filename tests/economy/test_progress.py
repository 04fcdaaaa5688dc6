"""Technical progress comes with generations of GPUs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.histories import history

from sim.opening.schedule import arrival
from sim.scenario.quarters import ROLLOUT, later

YEARS = [later("2015Q1", step) for step in range(120)]


def test_between_generations_nothing_arrives_and_then_what_has_gathered():
    quarters = [later("2022Q4", step) for step in range(16)]
    found = arrival(quarters, ["2023Q1", "2025Q1"])
    paces = dict(zip(quarters, np.array(found) * 4.0, strict=True))
    assert {paces[q] for q in ("2022Q4", "2023Q1", "2023Q4")} == {1.0}
    assert {paces[q] for q in ("2024Q1", "2024Q4")} == {0.0}
    assert {paces[q] for q in ("2025Q1", "2025Q4")} == {2.0}
    assert paces["2026Q1"] == 1.0


def test_without_generations_progress_is_steady():
    assert arrival(YEARS, []) == [0.25] * len(YEARS)


@given(st.lists(st.integers(ROLLOUT, 20), max_size=5), st.integers(0, 10))
def test_generations_move_progress_in_time_and_change_none_of_it(gaps, first):
    """Once the last has been rolled out, as much has arrived as if progress had been steady."""
    places = np.cumsum([first, *gaps])
    generations = [YEARS[place] for place in places]
    found = np.array(arrival(YEARS, generations))
    assert (found >= 0.0).all()
    assert found[places[-1] + ROLLOUT :] == pytest.approx(0.25)
    assert found.sum() == pytest.approx(0.25 * len(YEARS))


def test_rent_price_and_running_cost_fall_when_a_generation_comes_and_not_before():
    """Without scarcity and shocks, rents of 2024 are those of the opening; 2025 brings two years' progress."""
    calm = {
        "gpus.price_response": 0.0,
        "gpus.price_noise": 0.0,
        "gpus.scarcity_pricing": 0.0,
        "history.gpu_generations": ["2023Q1", "2025Q1"],
        "run.quarters": 9,
    }
    start, closed = history(changes=calm, quarters=9)
    gpus, rule = [economy.gpus for economy, _ in closed], start.parameters.gpus
    opening = start.economy.gpus
    for before in gpus[:4]:
        assert (before.rent, before.price, before.progress) == (opening.rent, opening.price, 0.0)
    for years, after in ((0.5, gpus[4]), (2.0, gpus[7]), (2.25, gpus[8])):
        assert after.progress == pytest.approx(years)
        assert np.log(after.rent / opening.rent) == pytest.approx(-rule.technical_progress * years)
        assert np.log(after.price / opening.price) == pytest.approx(-rule.price_decline * years)
