"""M4-T8 and the sign check: lower rates lower AI funding, and only a draw on stocks can make up for it."""

import pytest

from studies.sign_check.figures import CHANNELS, draw
from studies.sign_check.study import EFFECTS, sign_check, variants


@pytest.fixture(scope="module")
def table():
    return sign_check(rates=(0.02,), seeds=range(2), quarters=20)


def _at(table, behaviour, rate=0.02):
    row = table[(table["behaviour"] == behaviour) & (table["rate"] == rate)]
    return row.iloc[0]


@pytest.mark.slow
def test_the_four_effects_are_the_whole_change(table):
    change = table["ai_funding"] - table["ai_funding"].iloc[0]
    assert (change - table[list(EFFECTS)].sum(axis=1)).abs().max() < 1e-12
    assert list(table.loc[0, list(EFFECTS)]) == [0.0] * 4


@pytest.mark.slow
def test_with_income_endogenous_and_no_anxiety_lower_rates_give_less(table):
    """M4-T8: funding falls by more than a third, and the fall of income is why."""
    calm = _at(table, "not anxious")
    steady = table["ai_funding"].iloc[0]
    assert calm["ai_funding"] < 0.67 * steady
    assert calm["income_effect"] < 0.7 * (calm["ai_funding"] - steady)
    assert calm["stock_effect"] == 0.0


@pytest.mark.slow
def test_anxiety_raises_the_share_but_cannot_outweigh_income(table):
    """M4-T8: not by shares alone, nor with an issuer's own savings."""
    calm, steady = _at(table, "not anxious"), table["ai_funding"].iloc[0]
    for behaviour in ("as in the baseline", "very anxious", "very anxious, with own savings"):
        row = _at(table, behaviour)
        assert row["share_effect"] > calm["share_effect"] + 0.03 * steady
        assert row["ai_funding"] > calm["ai_funding"]
        assert row["share_effect"] + row["stock_effect"] < -row["income_effect"]
        assert row["ai_funding"] < 0.8 * steady


@pytest.mark.slow
def test_only_the_draw_on_the_reserve_can_make_up_for_it(table):
    reach = _at(table, "very anxious, with a tenth of the reserve")
    assert reach["from_reserve"] > 0.5
    assert reach["stock_effect"] > 2.0 * reach["share_effect"]
    assert reach["stock_effect"] > -reach["income_effect"]
    assert reach["ai_funding"] > table["ai_funding"].iloc[0]


@pytest.mark.slow
def test_at_a_rate_that_stays_there_is_nothing_to_be_anxious_about(table):
    steady = table[table["rate"] == table["rate"].max()].set_index("behaviour")["ai_funding"]
    assert steady["very anxious"] == pytest.approx(steady["not anxious"])
    assert steady["as in the baseline"] == pytest.approx(steady["not anxious"])


def test_the_variants_differ_only_in_what_they_say():
    named = variants()
    assert named["not anxious"]["redeployment.anxiety_weight"] == 0.0
    assert all(key.startswith("redeployment.") for changes in named.values() for key in changes)


@pytest.mark.slow
def test_the_figure_shows_every_behaviour_and_channel(table):
    figure = draw(table)
    left, right = figure.axes
    assert len(left.lines) == len(variants())
    assert len(right.patches) >= len(CHANNELS) * len(variants())
    words = " ".join(text.get_text() for text in figure.texts)
    assert "less money for AI" in words
    assert "drawing on stocks" in words
