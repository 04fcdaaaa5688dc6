"""Facts of the estimated baseline: what the sources say, what the model gives, and what the page of facts says."""

import pytest

from sim.analysis.facts.schema import FACTS
from sim.experiments.validate import validate
from studies.facts.__main__ import cells, markdown


@pytest.fixture(scope="module")
def table():
    return validate(runs=3, workers=1)


def test_the_figures_are_those_of_the_sources(table):
    """Where a figure is a row of data it is read from there; a few that are not, checked by hand."""
    assert table["tether_tokens_2024Q4"].evidence_low == table["tether_tokens_2024Q4"].evidence_high == 136.6
    assert table["circle_reserve_income_2024"].evidence_low == 1.661
    assert table["ai_outlay_to_2025"].evidence_low == pytest.approx(0.427 + 0.610 + 0.200)
    assert (table["tether_profit_2024"].evidence_low, table["tether_profit_2024"].evidence_high) == (13.0, 13.7)
    low = table["tether_profit_interest_2024"].evidence_low
    assert low == pytest.approx(1.153 + 1.270 + 1.281 + 1.215)
    assert table["bill_rate_2025Q2"].evidence_low == 4.34
    for row in table.rows:
        if row.evidence_low is not None:
            assert row.source, row.id
        assert all(text == "article" or text.startswith("https://") for text in row.source), row.id


def test_the_model_gives_what_its_documents_say(table):
    assert table["tether_interest_2024"].model == pytest.approx(5.65, rel=0.05)
    assert table["openai_loss_2024"].model == pytest.approx(5.0, rel=0.15)
    assert table["bill_rate_2025Q2"].model == pytest.approx(4.34, abs=1e-9)
    assert table["neurotech_implants"].model == pytest.approx(100.0 * 31.0 / 35.0)
    assert table["tether_profit_2024"].model == pytest.approx(
        sum(table[f"tether_profit_{part}_2024"].model for part in ("interest", "gains", "other"))
    )


def test_the_page_of_facts_is_that_of_the_file(table):
    """What the page says of article, evidence and kind; the model's numbers there are those of forty histories."""
    page = (FACTS.parent.parent.parent / "docs" / "facts.md").read_text(encoding="utf8").splitlines()
    told = [[cell.strip() for cell in line.strip("|").split("|")] for line in page if line.startswith("| ")]
    rows = (*table.rows, *table.stylised)
    for row in rows:
        label, unit, article, evidence, *_, kind, _ = cells(row)
        line = next((line for line in told if line[0] == label), None)
        assert line is not None, label
        assert (line[1:4], line[6]) == ([unit, article, evidence], kind), label
    assert markdown(table.rows).splitlines()[0] in page


def test_four_in_five_agree_and_the_others_say_why(table):
    """By the page, which is of forty histories: of the facts alone, and with the stylised ones."""
    page = (FACTS.parent.parent.parent / "docs" / "facts.md").read_text(encoding="utf8").splitlines()
    told = [[cell.strip() for cell in line.strip("|").split("|")] for line in page if line.startswith("| ")]
    verdicts = {line[0]: line[-1] for line in told}
    for rows in (table.rows, (*table.rows, *table.stylised)):
        found = [verdicts[row.label] for row in rows if verdicts[row.label] in ("yes", "no")]
        assert len(found) >= 24
        assert found.count("yes") >= 0.8 * len(found)
    silent = [row.label for row in (*table.rows, *table.stylised) if verdicts[row.label] == "no" and not row.note]
    assert silent == []
