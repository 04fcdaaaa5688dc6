"""Figures of ensembles and sweeps, and the sweep's report: what they show is what the tables hold."""

import json
import math
import re
import subprocess

import numpy as np
import pytest
from matplotlib.figure import Figure
from SALib.sample import morris as morris_design
from SALib.sample import sobol as sobol_design
from support import made_sweeps
from support.command import CAPFLOW
from support.pages import text_of
from support.sampling import sampled

import sim
from sim.engine.outcomes import OUTCOMES
from sim.errors import RunError
from sim.experiments.sensitivity import figures as figures
from sim.experiments.sensitivity import phase, sensitivity
from sim.experiments.sensitivity.sweep_report import of_sweep, write_sweep_report
from sim.experiments.sweep import Sweep, first_failures, sweep
from sim.report.figures import fans

DESIGN = """
title = "Rates and redeployment"
about = "A small grid."
scenario = "baseline"
method = "grid"
replicates = 2
quarters = 2
engine = "numpy"
keep = ["outcomes", "series"]

[vary.terminal_rate]
low = 0.0
high = 0.06
steps = 2

[vary.redeployment]
values = [0.0, 1.0]
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A real sweep of eight short histories, with its report."""
    root = tmp_path_factory.mktemp("sweeps")
    (root / "small.toml").write_text(DESIGN)
    found = sweep(root / "small.toml", root / "small", workers=1)
    write_sweep_report(found.path)
    return found


@pytest.fixture(scope="module")
def ensemble():
    return sim.ensemble("baseline", runs=5, quarters=3, engine="numpy")


def words(figure: Figure) -> str:
    """Everything that is written on a figure."""
    texts = [*figure.texts, *(text for axes in figure.axes for text in axes.texts)]
    axes = [part for a in figure.axes for part in (a.get_title(loc="left"), a.get_xlabel(), a.get_ylabel())]
    ticks = [label.get_text() for a in figure.axes for label in (*a.get_xticklabels(), *a.get_yticklabels())]
    return " | ".join([*(text.get_text() for text in texts), *axes, *ticks])


def inside(figure: Figure) -> bool:
    """Whether nothing that is written leaves the slide."""
    figure.canvas.draw()
    slide = figure.bbox.padded(1.0)
    boxes = [text.get_window_extent() for text in (*figure.texts, *(t for a in figure.axes for t in a.texts))]
    corners = [corner for box in boxes if box.width for corner in (box.min, box.max)]
    return all(slide.contains(*corner) for corner in corners)


# Fans


def test_fans_of_an_ensemble_are_its_quantiles_and_say_what_they_are_over(ensemble):
    found = fans.of_ensemble(ensemble)
    tokens = ensemble["series"].sel(measure="tokens_usd_bn").to_numpy()
    np.testing.assert_allclose(found.bands["tokens_usd_bn"][-1], np.quantile(tokens[:, -1], fans.LEVELS))
    assert found.quarters[0] == "2023Q4"
    figure = fans.draw(found)
    assert "5 histories; the fan is over seeds" in words(figure)
    assert "seeds 1 to 5" in words(figure)
    assert inside(figure)
    # The opening pays nothing: fans of flows begin a quarter later.
    axes = {a.get_title(loc="left"): a for a in figure.axes}
    assert len(axes["Tokens outstanding"].lines[0].get_xdata()) == 4
    assert len(axes["GPU purchases of the providers"].lines[0].get_xdata()) == 3


def test_fans_of_a_sweep_are_over_points_and_seeds(small):
    found = of_sweep(small)
    series = small.query("SELECT tokens_usd_bn FROM series WHERE quarter = '2024Q2'")["tokens_usd_bn"]
    np.testing.assert_allclose(found.bands["tokens_usd_bn"][-1], np.quantile(series, fans.LEVELS))
    assert found.runs == 8
    assert "points and seeds" in words(fans.draw(found))


# First failures


def test_first_failures_are_counted_by_quarter_and_those_without_are_told():
    counts = {kind: np.array([0, 0, 0, 8]) for kind, *_ in first_failures.KINDS} | {"lab": np.array([1, 0, 1, 6])}
    figure = first_failures.draw(("2023Q4", "2024Q1", "2024Q2", "2024Q3"), counts, "Made up")
    axes = {a.get_title(loc="left"): a for a in figure.axes}
    assert [bar.get_height() for bar in axes["The first lab"].patches] == [12.5, 0.0, 12.5]
    assert list(axes["The first lab"].lines[0].get_ydata()) == [12.5, 12.5, 25.0]
    assert axes["The first lab"].texts[0].get_text() == "no failure in 75% of histories"
    assert axes["The first coin"].texts[0].get_text() == "no failure in any history"
    assert not axes["The first coin"].patches
    assert inside(figure)


def test_first_failures_of_a_sweep_count_every_history(small):
    counts = first_failures.counts_of(small)
    assert {int(count.sum()) for count in counts.values()} == {8}
    assert all(len(count) == len(small.quarters) for count in counts.values())


# Sensitivity

NAMES = ["terminal_rate", "redeployment", "labs_market.spending_ambition"]
SIDES = {"num_vars": 3, "names": NAMES, "bounds": [[-math.pi, math.pi]] * 3}


@pytest.fixture(scope="module")
def sobol_found(tmp_path_factory):
    points = sobol_design.sample(SIDES, 128, seed=1)
    folder = made_sweeps.write(
        tmp_path_factory.mktemp("made") / "sobol",
        "sobol",
        dict(zip(NAMES, points.T, strict=True)),
        {"gpus_bought": made_sweeps.ishigami(points)[:, None]},
        made_sweeps.axes(NAMES, -math.pi, math.pi),
    )
    return sensitivity(folder, ["gpus_bought"])


def test_the_bars_of_a_tornado_end_at_the_means_of_the_ends(sobol_found):
    figure = figures.draw_tornado(sobol_found, "gpus_bought")
    finding = sobol_found.findings["gpus_bought"]
    ends = {round(bar.get_x() + bar.get_width(), 6) for bar in figure.axes[0].patches}
    assert ends == {round(end.value, 6) for pair in finding.ends.values() for end in (pair.low, pair.high)}
    assert "spending ambition" in words(figure)
    assert "outer fifths" in words(figure)
    assert inside(figure)


def test_the_bars_of_indices_are_the_indices_and_the_largest_is_on_top(sobol_found):
    figure = figures.draw_indices(sobol_found, "gpus_bought")
    finding = sobol_found.findings["gpus_bought"]
    widths = [bar.get_width() for bar in figure.axes[0].patches]
    top = finding.ranked[0]
    assert widths[0] == pytest.approx(finding.indices["first_order"][top].value)
    assert widths[1] == pytest.approx(finding.indices["total_order"][top].value)
    assert figure.axes[0].get_ylim()[0] > figure.axes[0].get_ylim()[1]
    assert inside(figure)


def test_the_heat_map_names_each_pair_once_with_its_interval(sobol_found):
    figure = figures.draw_interactions(sobol_found, "gpus_bought")
    texts = [text.get_text() for text in figure.axes[0].texts]
    index = sobol_found.findings["gpus_bought"].interactions[NAMES[0], NAMES[2]]
    assert len(texts) == 3
    assert f"{index.value:.2f}\n\N{PLUS-MINUS SIGN}{index.half_width:.2f}" in texts
    assert inside(figure)


def test_the_screening_plane_names_what_matters_and_lists_what_does_not(tmp_path):
    points = morris_design.sample(SIDES, 10, num_levels=4, seed=1)
    folder = made_sweeps.write(
        tmp_path / "morris",
        "morris",
        dict(zip(NAMES, points.T, strict=True)),
        {"gpus_bought": (3.0 * points[:, 0] + points[:, 0] * points[:, 1])[:, None]},
        made_sweeps.axes(NAMES, -math.pi, math.pi),
    )
    figure = figures.draw_screening(sensitivity(folder, ["gpus_bought"]), "gpus_bought")
    on_plane = [text.get_text() for text in figure.axes[0].texts]
    assert "terminal rate" in on_plane
    assert "spending ambition" not in on_plane
    assert "negligible (1)" in words(figure)
    assert inside(figure)


# Phase maps


def grid_sweep(folder, outcome):
    points = np.array([(a, b) for a in (0.0, 0.02, 0.04) for b in (0.0, 1.0)])
    values = np.repeat(outcome(points)[:, None], 2, axis=1)
    vary = [
        made_sweeps.axis("terminal_rate", 0.0, 0.04, [0.0, 0.02, 0.04], unit="per year"),
        made_sweeps.axis("redeployment", 0.0, 1.0, [0.0, 1.0]),
    ]
    given = {"terminal_rate": points[:, 0], "redeployment": points[:, 1]}
    return made_sweeps.write(folder, "grid", given, {"own_books_at_end_usd_bn": values}, vary, 2)


def test_a_phase_map_of_a_grid_has_its_means_and_a_line_where_the_sign_changes(tmp_path):
    folder = grid_sweep(tmp_path / "grid", lambda x: 100.0 * x[:, 0] - 3.0 + x[:, 1])
    sample = sensitivity(folder, ["own_books_at_end_usd_bn"]).sample
    found = phase.of_sample(sample, "own_books_at_end_usd_bn", "terminal_rate", "redeployment")
    np.testing.assert_allclose(found.means, [[-3.0, -1.0, 1.0], [-2.0, 0.0, 2.0]])
    assert (found.runs == 2).all()
    assert found.across.labels == ("0", "0.02", "0.04")
    figure = phase.draw(found)
    # Between -1 and 1 below, between -2 and 0 above, and between -1 and 0 from below to above.
    assert len(figure.axes[0].lines) == 3
    assert "where the sign changes" in words(figure)
    assert "terminal rate, per year" in words(figure)
    assert inside(figure)


def test_a_phase_map_of_one_sign_has_no_line(tmp_path):
    folder = grid_sweep(tmp_path / "grid", lambda x: 1.0 + x[:, 0])
    sample = sensitivity(folder, ["own_books_at_end_usd_bn"]).sample
    figure = phase.draw(phase.of_sample(sample, "own_books_at_end_usd_bn", "terminal_rate", "redeployment"))
    assert not figure.axes[0].lines
    assert "sign" not in words(figure)


def test_a_phase_map_of_a_sample_has_binned_means_of_every_run(sobol_found):
    found = phase.of_sample(sobol_found.sample, "gpus_bought", NAMES[0], NAMES[1])
    assert found.runs.sum() == len(sobol_found.sample.points)
    points, values = sobol_found.sample.points, sobol_found.sample.values["gpus_bought"][:, 0]
    x, y = found.across.edges, found.up.edges
    first = (points[NAMES[0]] < x[1]) & (points[NAMES[1]] < y[1])
    assert found.means[0, 0] == pytest.approx(values[first].mean())
    assert inside(phase.draw(found))


# The report


def test_the_report_of_a_sweep_says_what_was_run_and_what_came_out(small):
    told = text_of(small.path / "report.html")
    assert "4 points, every combination of the values below; at each 2 histories (seeds 1 to 2" in told
    assert "terminal_rate environment.terminal_rate 0, 0.06 per year" in told
    assert "No run had a problem" in told
    mean = small.outcomes["gpu_capex_usd_bn"].mean()
    assert f"GPU purchases of the providers, USD bn {mean:.1f}" in told
    assert "Put into AI and frontier technology" in told
    assert small.design["plan_hash"] in told
    assert "points and seeds" in told
    page = (small.path / "report.html").read_text(encoding="utf-8")
    assert page.count("<img") >= 3
    assert "http://" not in page
    assert "https://" not in page


def test_every_outcome_is_in_the_report(small):
    told = text_of(small.path / "report.html")
    shown = {o.label for o in OUTCOMES if o.name != "gpu_capex_from_bill_interest_usd_bn"}
    assert {label for label in shown if label not in told} == set()


@pytest.mark.slow
def test_the_report_does_not_change_what_proves_the_sweep(small):
    before = (small.path / "manifest.json").read_bytes()
    write_sweep_report(small.path)
    assert (small.path / "manifest.json").read_bytes() == before
    assert Sweep.open(small.path).complete
    assert not list(small.path.glob(".report-*"))


def test_an_unfinished_sweep_gets_no_report(tmp_path):
    folder = grid_sweep(tmp_path / "grid", lambda x: x[:, 0])
    with pytest.raises(RunError, match="not finished"):
        write_sweep_report(folder)


@pytest.mark.slow
def test_problems_and_outcomes_without_limit_are_in_the_report(tmp_path):
    points = np.random.default_rng(1).uniform(0.0, 0.06, size=40)
    values = {o.name: np.stack([points, points + 1.0], axis=1) for o in OUTCOMES}
    for outcome in OUTCOMES:
        if outcome.name.startswith("quarters_before"):
            values[outcome.name] = np.full((40, 2), 4.0)
    values["best_capability_at_end"][3, 0] = -math.inf
    folder = made_sweeps.write(
        tmp_path / "random",
        "random",
        {"terminal_rate": points},
        values,
        made_sweeps.axes(["terminal_rate"], 0.0, 0.06),
        2,
        problems={(5, 0): "no <money>", (5, 1): "no <money>", (9, 1): "no sense"},
    )
    (folder / "manifest.json").write_text(json.dumps({"versions": {"python": "3"}}))
    write_sweep_report(folder)
    told = text_of(folder / "report.html")
    assert "3 of 80 runs" in told
    assert "no <money> 2 10 no sense 1 19" in told
    assert "2 of 40 points cannot be used (the first is point 5: no <money>)" in told
    # No mean and no deviation: three quantiles alone.
    assert re.search(r"Capability of the best lab at the end( [\d.]+){3} Debt", told)
    assert "No company and no coin failed within 4 quarters" in told
    assert "<money>" not in (folder / "report.html").read_text()


REAL = [("morris", 4, 12), ("sobol", 4, 24), ("latin_hypercube", 12, 12)]


@pytest.mark.parametrize(("method", "samples", "points"), sampled(REAL, REAL[:1]))
def test_a_real_sweep_of_every_sampled_design_is_analysed(tmp_path, method, samples, points):
    (tmp_path / "small.toml").write_text(
        f"""
title = "Small"
scenario = "baseline"
method = "{method}"
samples = {samples}
quarters = 2
engine = "numpy"
[vary.payout_ratio]
low = 0.1
high = 0.9
[vary.gpu_price]
low = 20000.0
high = 60000.0
scale = "log"
"""
    )
    found = sweep(tmp_path / "small.toml", tmp_path / "small", workers=1)
    analysed = sensitivity(found.path, ["gpu_capex_usd_bn", "redeployed_usd_bn"])
    assert len(analysed.sample.points) == points
    # A dearer GPU costs more, whatever is paid out.
    assert analysed.findings["gpu_capex_usd_bn"].ranked[0] == "gpu_price"
    assert analysed.findings["gpu_capex_usd_bn"].ends["gpu_price"].swing > 0.0
    if method == "sobol":
        told = text_of(write_sweep_report(found.path))
        assert "What outcomes depend on: Sobol indices" in told
        assert "20k to 60k, evenly by its logarithm" in told


# The command


@pytest.mark.slow
def test_capflow_sensitivity_answers_in_json_and_writes_the_folder_asked_for(small, tmp_path):
    out = tmp_path / "found"
    command = [*CAPFLOW, "sensitivity", str(small.path), "--outcome", "redeployed_usd_bn", "--json"]
    answer = subprocess.run([*command, "--out", str(out)], capture_output=True, text=True, check=True)
    found = json.loads(answer.stdout)
    assert found["method"] == "grid"
    assert list(found["outcomes"]) == ["redeployed_usd_bn"]
    assert found["outcomes"]["redeployed_usd_bn"]["ranking"][0] == "redeployment"
    assert found["sensitivity_dir"] == str(out.resolve())
    assert (out / "report.html").is_file()
    assert (out / "figures" / "tornado_redeployed_usd_bn.png").is_file()
    assert json.loads((out / "sensitivity.json").read_text())["points"] == 4


MISTAKES = [
    (["nothing-of-the-kind"], "no such sweep"),
    (["SWEEP", "--outcome", "gpus_bougth"], "did you mean 'gpus_bought'"),
    (["SWEEP", "--out", "SWEEP"], "exists and is not empty"),
]


@pytest.mark.parametrize(("words", "says"), sampled(MISTAKES, MISTAKES[:1]))
def test_mistakes_are_one_line_and_exit_2(small, words, says):
    given = [str(small.path) if word == "SWEEP" else word for word in words]
    answer = subprocess.run([*CAPFLOW, "sensitivity", *given], capture_output=True, text=True, check=False)
    assert answer.returncode == 2
    assert says in answer.stderr
    assert answer.stderr.count("\n") == 1
    assert answer.stdout == ""


@pytest.mark.slow
def test_the_words_are_printed_beside_the_table(small):
    command = [*CAPFLOW, "sensitivity", str(small.path), "--outcome", "redeployed_usd_bn"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    told = " ".join(answer.stdout.split())
    assert "Put into AI and frontier technology: mean USD" in told
    assert "lever rank regression verdict" in told
    assert "from the seed whatever the levers" in told
    assert "more would halve them" in told
    # Beside the tables of the sweep, which it does not touch.
    assert (small.path / "sensitivity" / "report.html").is_file()
    assert Sweep.open(small.path).complete
