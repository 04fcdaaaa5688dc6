"""The figures: what they show is what the run says, and nothing is cut off, nameless or on top of another."""

import itertools
import struct
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import same_color, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.text import Text
from support.made_runs import known_runs, make_run
from support.sampling import sampled

from sim.analysis.attribution import headline
from sim.analysis.systemic_risk import systemic_risk
from sim.report.figures import FIGURES, data, save_all
from sim.report.figures.interest_flow import strokes
from sim.report.figures.network import payments
from sim.report.figures.style import DPI, number_of, shades, spread
from sim.report.figures.tables import largest, measure
from sim.report.numbers import amount, money, percent, plain
from sim.report.palette import INTEREST, ORIGIN, POPULATION

ALL_KINDS = ["one quarter", "baseline", "many agents", "no redeployment", "no interest", "failures"]
PIXELS_OF_GRACE = 2.0
EACH_ONCE = [(name, ALL_KINDS[index % len(ALL_KINDS)]) for index, name in enumerate(FIGURES)]
"""Every figure once, and every kind of run."""
STUCK = {"kind": "bank_failure", "quarter": "2024Q2", "target": "circle", "size": 0.08}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return known_runs(tmp_path_factory)


@pytest.fixture(scope="module")
def drawn(runs):
    """A function that draws a figure of a run, each once, and renders it."""
    made = {}

    def draw(name, kind):
        if (name, kind) not in made:
            figure = FIGURES[name](runs(kind))
            figure.canvas.draw()
            made[name, kind] = figure
        return made[name, kind]

    return draw


def texts(figure, prefix=""):
    """Visible texts, those with an id that starts with the prefix."""
    # Matplotlib keeps labels for ticks just beyond an axis, which it does not draw.
    undrawn = {
        label
        for axes in figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        for tick in axis.get_major_ticks()
        if not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
        for label in (tick.label1, tick.label2)
    }
    found = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    found = [text for text in found if text not in undrawn]
    return [text for text in found if not prefix or str(text.get_gid() or "").startswith(prefix)]


def words(figure):
    return "\n".join(text.get_text() for text in texts(figure))


def titled(figure, title):
    """The panel with a title."""
    return next(axes for axes in figure.axes if axes.get_title(loc="left").startswith(title))


# All figures


@pytest.mark.parametrize(("name", "kind"), sampled(itertools.product(FIGURES, ALL_KINDS), EACH_ONCE))
def test_every_figure_draws_every_run_with_no_text_cut_off(drawn, name, kind):
    figure = drawn(name, kind)
    assert isinstance(figure, Figure)
    whole = figure.bbox
    for text in texts(figure):
        box = text.get_window_extent()
        inside = (
            box.x0 >= whole.x0 - PIXELS_OF_GRACE
            and box.x1 <= whole.x1 + PIXELS_OF_GRACE
            and box.y0 >= whole.y0 - PIXELS_OF_GRACE
            and box.y1 <= whole.y1 + PIXELS_OF_GRACE
        )
        assert inside, f"{name}, {kind}: {text.get_text()!r} is cut off"


@pytest.mark.parametrize("kind", ["baseline", "many agents"])
@pytest.mark.parametrize("name", FIGURES)
def test_every_panel_has_a_title_and_a_unit(drawn, name, kind):
    for axes in drawn(name, kind).axes:
        if axes.axison:
            assert axes.get_title(loc="left")
            assert axes.get_ylabel(), f"{name}: {axes.get_title(loc='left')} has no unit"


@pytest.mark.parametrize("kind", ["baseline", "many agents", "one quarter", "failures"])
@pytest.mark.parametrize("name", FIGURES)
def test_titles_and_units_of_panels_do_not_touch(drawn, name, kind):
    figure = drawn(name, kind)
    labels = [axes.yaxis.label for axes in figure.axes if axes.axison]
    titles = [t for t in texts(figure) if any(t.get_text() == a.get_title(loc="left") for a in figure.axes)]
    assert_apart([*labels, *titles])


def assert_apart(labels, grace=1.0):
    boxes = [(label.get_text(), label.get_window_extent()) for label in labels if label.get_text()]
    for (one, a), (other, b) in itertools.combinations(boxes, 2):
        width = min(a.x1, b.x1) - max(a.x0, b.x0)
        height = min(a.y1, b.y1) - max(a.y0, b.y0)
        assert min(width, height) <= grace, f"{one!r} lies on {other!r}"


@pytest.mark.parametrize("name", FIGURES)
def test_figures_say_what_they_show(name):
    plate = FIGURES[name]
    assert plate.title
    assert plate.caption.endswith(".")
    assert "  " not in plate.caption


def test_a_failed_lab_is_shown_to_have_failed(drawn, runs):
    gone = measure(runs("failures"), "labs", "alive").iloc[-1]
    assert (gone == 0.0).any(), "nobody failed: choose another scenario"
    assert words(drawn("labs", "failures")).count("failed") == int((gone == 0.0).sum())
    assert "failed" not in words(drawn("labs", "no redeployment"))


def test_panels_without_numbers_say_so(drawn):
    assert "No interest was earned" in words(drawn("interest_flow", "no interest"))
    assert "No interest was earned" in words(drawn("issuers", "no interest"))
    for name in ("gpus", "origins"):
        assert "no interest reached" in words(drawn(name, "no redeployment")).lower()


# Files


@pytest.mark.slow
def test_the_same_run_gives_the_same_bytes_in_any_process_and_no_global_state(runs, tmp_path):
    code = (
        "import sys; from sim.runs.run import Run; from sim.report.figures import save_all;"
        "save_all(Run.open(sys.argv[1]), sys.argv[2]); sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(runs("one quarter").path), str(tmp_path / "two")]
    assert subprocess.run(command, check=False).returncode == 0
    one = save_all(runs("one quarter"), tmp_path / "one")
    assert [path.name for path in one] == [f"{name}.png" for name in FIGURES]
    assert sorted(path.name for path in (tmp_path / "two").iterdir()) == sorted(path.name for path in one)
    for first in one:
        drawn = first.read_bytes()
        assert drawn == (tmp_path / "two" / first.name).read_bytes()
        assert b"date" not in drawn[:400].lower()
        assert struct.unpack(">II", drawn[16:24])[0] == pytest.approx(13.333 * DPI, abs=1)


# Where the interest went


def bands(figure, prefix):
    """Widths of bands in USD bn, by id: the vertical unit of a flow diagram is USD bn."""
    found = {}
    for patch in figure.findobj(PathPatch):
        if str(patch.get_gid() or "").startswith(f"band:{prefix}:"):
            heights = patch.get_path().vertices[:, 1]
            found[patch.get_gid()] = heights[-2] - heights[0]
    return found


@pytest.mark.parametrize("kind", ["one quarter", "baseline", "many agents", "no redeployment", "failures"])
def test_bands_from_issuers_add_up_to_the_interest_earned(drawn, runs, kind):
    run = runs(kind)
    numbers = headline(run)
    issuers, groups = set(strokes(run)["issuer"]), set(strokes(run)["group"])
    widths = bands(drawn("interest_flow", kind), "whole")
    leaving = {gid: width for gid, width in widths.items() if gid.split(":")[2] in issuers}
    ending = {gid: width for gid, width in widths.items() if gid.split(":")[2] in groups}
    assert sum(leaving.values()) == pytest.approx(numbers["interest_usd_bn"], rel=1e-9)
    assert sum(ending.values()) == pytest.approx(numbers["interest_usd_bn"], rel=1e-9)
    below = bands(drawn("interest_flow", kind), "ai")
    assert sum(below.values()) == pytest.approx(numbers["redeployed_from_interest_usd_bn"], rel=1e-9)
    assert all(width > 0.0 for width in (*widths.values(), *below.values()))


@pytest.mark.parametrize("kind", ["one quarter", "baseline", "many agents", "failures"])
def test_labels_of_the_flow_diagram_do_not_overlap(drawn, kind):
    assert_apart(texts(drawn("interest_flow", kind), "node:"), grace=4.0)


def test_the_part_that_reached_ai_is_never_merged(drawn, runs):
    numbers = headline(runs("baseline"))
    assert numbers["redeployed_from_interest_usd_bn"] < 0.1 * numbers["interest_usd_bn"]
    told = words(drawn("interest_flow", "baseline"))
    assert "AI and frontier" in told
    assert "GPUs bought" in told
    assert amount(numbers["redeployed_from_interest_usd_bn"]) in told


# The network


@pytest.mark.parametrize("kind", ["one quarter", "baseline", "many agents", "failures"])
def test_names_in_the_network_are_legible(drawn, kind):
    labels = texts(drawn("network", kind), "node:")
    assert_apart(labels)
    assert min(label.get_fontsize() for label in labels) >= 10.0


def test_every_named_agent_is_in_the_network(drawn, runs):
    agents = runs("baseline").agents
    names = set(agents.loc[agents["population"] != "sectors", "agent"])
    shown = {text.get_text() for text in texts(drawn("network", "baseline"), "node:")}
    assert names <= shown


def test_many_agents_are_summed_up_and_none_is_lost(drawn, runs):
    run = runs("many agents")
    shown = {text.get_text() for text in texts(drawn("network", "many agents"), "node:")}
    assert any("smaller issuers" in label for label in shown)
    assert len(shown) < 45
    agents = run.agents[run.agents["population"] == "labs"]["agent"].nunique()
    named = sum(label in set(run.agents["agent"]) for label in shown if not label.startswith("Economy"))
    rest = next(int(label.split()[0]) for label in shown if label.endswith("smaller labs"))
    assert rest < agents < named + rest


@pytest.mark.parametrize("kind", ["baseline", "many agents"])
def test_the_network_has_the_payments_of_the_last_year(runs, kind):
    run = runs(kind)
    quarters = run.series["quarter"].tolist()[-4:]
    edges = payments(run, quarters)
    flows = run.flows[run.flows["quarter"].isin(quarters)]
    chips = flows.loc[flows["flow"] == "gpu_purchase", "usd_bn"].sum()
    assert edges.loc[edges["target"] == "payee/Vendor", "usd_bn"].sum() == pytest.approx(chips, rel=1e-9)
    earned = flows[flows["flow"] == "bill_interest"]["usd_bn"].sum()
    from_government = edges[edges["source"] == "payer/Government"]
    assert from_government["interest"].sum() == pytest.approx(earned, rel=1e-9)
    assert (edges["interest"] <= edges["usd_bn"] * (1.0 + 1e-9)).all()


def test_interest_in_the_network_is_highlighted(drawn):
    """The first quarter draws on a loan facility that is known."""
    figure = drawn("network", "one quarter")
    lines = {str(part.get_gid()): part for part in figure.findobj() if "interest:" in str(part.get_gid())}
    assert {"interest:payer/Government:issuers/Tether", "interest:issuers/Tether:providers/Northern Data"} <= set(lines)
    assert all(same_color(line.get_edgecolor()[:3], to_rgb(INTEREST)) for line in lines.values())


# Model and data


def test_data_end_where_their_coverage_does():
    points = data.points("labs", "OpenAI", "revenue", flow=True)
    assert [(p.first, p.last, round(p.value, 3)) for p in points] == [
        (number_of("2024Q1"), number_of("2024Q4"), 0.925),
        (number_of("2025Q1"), number_of("2025Q2"), 2.15),
    ]
    for found in (data.wide("rates", "tbill_3m_avg_pct"), data.points("gpu", "NVIDIA", "data_center_revenue")):
        assert found
        assert max(point.last for point in found) == number_of(data.LAST)
    assert not any(p.reported for p in data.points("issuers", "Tether", "tbill_carry_model"))
    assert data.indexed("issuers", "All stablecoins", "total_supply")[-1].value == pytest.approx(193.7, abs=0.1)


def test_dots_lie_where_the_data_are(drawn):
    axes = titled(drawn("model_against_data", "baseline"), "Tether: tokens")
    dots = [line for line in axes.lines if str(line.get_gid()).startswith("data:Tether:tokens_outstanding")]
    found = {int(dot.get_xdata()[0]): float(dot.get_ydata()[0]) for dot in dots}
    assert found[number_of("2024Q4")] == 136.6
    assert min(found) >= number_of("2024Q1")


def test_only_what_was_fed_in_is_called_input(drawn):
    tags = {
        kind: [text.get_text() for text in titled(drawn("model_against_data", kind), "Treasury bill rate").texts]
        for kind in ("baseline", "no interest")
    }
    assert "input" in tags["baseline"]
    assert "simulated" in tags["no interest"]
    assert "input" not in tags["no interest"]


def test_the_share_of_interest_is_that_of_the_headline(drawn, runs):
    share = headline(runs("baseline"))["interest_share_of_gpu_capex"]
    assert f"Bill interest  {percent(share)}" in words(drawn("origins", "baseline"))
    bought = headline(runs("baseline"))["gpus_funded_by_interest"]
    assert f"{bought:,.0f}" in words(drawn("gpus", "baseline"))


# Systemic risk


@pytest.mark.parametrize("kind", ["one quarter", "baseline", "many agents"])
def test_bars_of_failures_are_what_others_would_lose(drawn, runs, kind):
    figure, table = drawn("systemic_risk", kind), systemic_risk(runs(kind))
    widths = {}
    for bar in figure.findobj(Rectangle):
        if str(bar.get_gid() or "").startswith("loss:"):
            failed = bar.get_gid().split(":")[1]
            widths[failed] = widths.get(failed, 0.0) + bar.get_width()
    costly = table[table["loss_usd_bn"] > 0.0].head(8)
    assert list(widths) == costly["agent"].tolist()
    assert list(widths.values()) == pytest.approx(costly["loss_usd_bn"].tolist())
    assert money(float(costly["loss_usd_bn"].iloc[0])) in words(figure)


@pytest.mark.parametrize("kind", ["baseline", "many agents", "failures"])
def test_holders_are_named_within_their_part_of_the_bar(drawn, kind):
    figure = drawn("systemic_risk", kind)
    parts = [bar.get_window_extent() for bar in figure.findobj(Rectangle) if "loss:" in str(bar.get_gid())]
    names = texts(figure, "holder")
    assert names
    for name in names:
        box = name.get_window_extent()
        assert any(part.x0 <= box.x0 and box.x1 <= part.x1 and part.y0 <= box.y0 <= part.y1 for part in parts)
    assert_apart([*names, *texts(figure, "total")])


def test_the_most_exposed_issuer_is_always_shown(drawn, runs):
    axes = titled(drawn("systemic_risk", "baseline"), "What one failure")
    assert "Tether" in [label.get_text() for label in axes.get_yticklabels()]


# Style


def test_colours_are_told_apart():
    for palette in (POPULATION, ORIGIN):
        for one, other in itertools.combinations(palette.values(), 2):
            assert np.abs(np.subtract(to_rgb(one), to_rgb(other))).sum() > 0.25
    assert INTEREST not in POPULATION.values()
    assert ORIGIN["bill_interest"] == INTEREST


@pytest.mark.parametrize("count", [1, 2, 5, 9])
def test_members_of_a_population_have_shades_of_their_own(count):
    assert len(set(shades(POPULATION["labs"], count))) == count


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (plain(0.25), "0.25"),
        (plain(1500), "1,500"),
        (plain(20000), "20k"),
        (plain(-2.5), "\N{MINUS SIGN}2.5"),
        (plain(4e6), "4M"),
        (plain(2e9), "2bn"),
        (amount(0.0), "0"),
        (amount(1261.6), "1,262"),
        (amount(26.24), "26.2"),
        (amount(0.0832), "0.083"),
        (money(0.0832), "USD 83 million"),
        (money(0.0005), "USD 0.5 million"),
        (money(-0.0832), "USD \N{MINUS SIGN}83 million"),
        (money(2.7), "USD 2.70 bn"),
        (money(0.0), "USD 0"),
        (money(4e-5), "USD 40,000"),
        (percent(0.5377), "54%"),
        (percent(0.00051), "0.051%"),
        (percent(1e-7), "<0.001%"),
        (percent(0.0), "0%"),
    ],
)
def test_numbers_are_written_as_they_are_said(told, text):
    assert told == text


@given(st.lists(st.floats(0.0, 1.0), max_size=30), st.floats(0.001, 0.2))
def test_labels_are_spread_in_order_and_within_bounds(wanted, gap):
    placed = spread(wanted, gap, 0.0, 1.0)
    order = np.argsort(wanted, kind="stable")
    heights = np.array(placed)[order]
    fits = min(gap, 1.0 / max(len(wanted) - 1, 1))
    assert np.all(np.diff(heights) >= fits - 1e-9)
    assert all(-1e-9 <= place <= 1.0 + 1e-9 for place in placed)
    if len(wanted) == 1:
        assert placed == wanted


def test_the_smallest_are_summed_up():
    table = measure(SimpleNamespace(agents=agents_by_size()), "labs", "revenue")
    small = largest(table, 3, "labs")
    assert list(small.columns) == ["lab 4", "lab 3", "3 smaller labs"]
    assert small.iloc[-1].tolist() == [4.0, 3.0, 3.0]
    assert list(largest(table, 5, "labs").columns) == [f"lab {size}" for size in (4, 3, 2, 1, 0)]


def agents_by_size():
    import pandas as pd

    return pd.DataFrame(
        [
            (quarter, "labs", f"lab {size}", "revenue", float(size))
            for quarter in ("2024Q1", "2024Q2")
            for size in range(5)
        ],
        columns=["quarter", "population", "agent", "measure", "value"],
    )


# How safe the coins were


def test_a_coin_that_broke_the_buck_is_in_the_title_and_its_closure_marked(tmp_path):
    fallen = make_run(tmp_path / "fallen", 6, changes={"events": [STUCK]})
    figure = FIGURES["coins"](fallen)
    assert "Circle's coin fell to 0.8" in words(figure)
    closed = [line for line in titled(figure, "Lowest price").lines if line.get_marker() == "o"]
    marks = [x for line in closed for x in line.get_xdata()]
    assert marks == [number_of("2024Q2")]
    backing = titled(figure, "Excess reserves of Circle")
    assert len(backing.lines) == 3, "excess, advances and zero"


def test_calm_coins_are_said_to_be_calm(drawn):
    assert "No coin fell below 0.99 USD" in words(drawn("coins", "baseline"))
