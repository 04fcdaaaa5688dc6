"""Sweep designs and plans: what a file may say, which points it gives, and that a plan comes back as it was."""

import hashlib
import json
import re
import subprocess
import sys

import numpy as np
import pytest
from SALib.analyze import morris as morris_analysis
from SALib.analyze import sobol as sobol_analysis
from support import sampling

from sim.errors import RunError, ScenarioError
from sim.experiments.sweep import Plan
from sim.experiments.sweep.settings import names
from sim.scenario.load import load

GRID = """
title = "A test"
method = "grid"
replicates = 3
quarters = 2
chunk = 4
engine = "numpy"
[vary.terminal_rate]
values = [0.0, 0.03]
[vary.redeployment]
low = 0.0
high = 1.0
steps = 2
"""
WORDS = GRID + '[vary.tether_regime]\nvalues = ["mica", "offshore"]'


def design(tmp_path, text, name="mine"):
    path = tmp_path / f"{name}.toml"
    path.write_text(text, encoding="utf8")
    return path


def sampled(method, samples, vary, **more):
    """Text of a design whose points are sampled; `vary` is the table's own text."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in more.items()]
    head = ['title = "A test"', f'method = "{method}"', f"samples = {samples}", "quarters = 2", 'engine = "numpy"']
    return "\n".join([*head, *lines, "[vary]", *vary])


TWO = ["terminal_rate = { low = 0.0, high = 0.06 }", 'gpu_price = { low = 2e4, high = 8e4, scale = "log" }']


@pytest.mark.parametrize("name", sampling.sampled(sorted(names()), ["answer-sobol"]))
def test_every_shipped_sweep_plans(name):
    plan = Plan.make(name)
    assert plan.name == name
    assert plan.design["title"]
    assert plan.design["about"]
    assert plan.points == len(plan.columns[0])
    assert plan.runs == plan.points * plan.design["replicates"]
    assert plan.chunks == -(-plan.runs // plan.chunk)
    last = plan.rows(plan.chunks - 1)
    assert last["run"][-1] == plan.runs - 1
    assert last["point"][-1] == plan.points - 1


def test_the_million_is_a_million_over_eight_levers_to_the_end_of_2026():
    plan = Plan.make("million")
    assert plan.runs == 1_000_000
    assert len(plan.axes) == 8
    assert plan.labels[-1] == "2026Q4"


def test_a_grid_takes_every_combination_the_last_key_fastest(tmp_path):
    plan = Plan.make(design(tmp_path, GRID))
    points = [plan.point(number) for number in range(plan.points)]
    assert points == [(0.0, 0.0), (0.0, 1.0), (0.03, 0.0), (0.03, 1.0)]
    assert plan.design["problem"] is None


def test_a_grid_with_a_log_scale_is_even_by_the_logarithm(tmp_path):
    how = 'low = 0.1\nhigh = 10.0\nsteps = 3\nscale = "log"'
    text = f'title = "x"\nmethod = "grid"\n[vary.investor_appetite]\n{how}'
    assert Plan.make(design(tmp_path, text)).columns[0] == pytest.approx([0.1, 1.0, 10.0])


def test_runs_count_points_first_and_seeds_come_from_the_index(tmp_path):
    plan = Plan.make(design(tmp_path, GRID.replace("replicates = 3", "replicates = 3\nseed = 40")))
    assert (plan.runs, plan.chunk, plan.chunks) == (12, 4, 3)
    rows = {key: np.concatenate([plan.rows(chunk)[key] for chunk in range(3)]) for key in plan.rows(0)}
    assert rows["run"].tolist() == list(range(12))
    assert rows["point"].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert rows["replicate"].tolist() == [0, 1, 2] * 4
    assert rows["seed"].tolist() == [40, 41, 42] * 4
    with pytest.raises(IndexError, match="no chunk 3"):
        plan.rows(3)


def test_words_and_dotted_keys_vary_in_grids(tmp_path):
    text = WORDS + "\n[vary.environment.cut_speed]\nvalues = [0.5]"
    plan = Plan.make(design(tmp_path, text))
    assert [axis.key for axis in plan.axes][2:] == ["issuers.tether.regime", "environment.cut_speed"]
    assert [axis.name for axis in plan.axes][2:] == ["tether_regime", "environment.cut_speed"]
    assert [plan.point(number)[2] for number in range(3)] == ["mica", "offshore", "mica"]
    starts = list(plan.starts(0))
    assert starts[0].parameters.environment.cut_speed == 0.5
    assert starts[0].economy.tokens.regime[0].tolist() == [0.0, 0.0, 1.0]
    assert starts[3].economy.tokens.regime[0].tolist() == [1.0, 0.0, 0.0]


def test_bounds_left_out_are_those_of_the_key(tmp_path):
    plan = Plan.make(design(tmp_path, sampled("random", 50, ["terminal_rate = {}"])))
    assert (plan.axes[0].low, plan.axes[0].high) == (0.0, 0.1)
    assert plan.axes[0].unit == "per year"
    assert plan.columns[0].max() > 0.08


@pytest.mark.parametrize(
    ("method", "samples", "points"), [("random", 7, 7), ("latin_hypercube", 8, 8), ("sobol", 8, 48), ("morris", 5, 15)]
)
def test_sampled_points_lie_within_bounds_and_depend_on_the_design_seed_alone(tmp_path, method, samples, points):
    def made(**more):
        return Plan.make(design(tmp_path, sampled(method, samples, TWO, **more)))

    plan = made()
    assert plan.points == points
    rate, price = plan.columns
    assert rate.min() >= 0.0
    assert rate.max() <= 0.06
    assert price.min() >= 2e4
    assert price.max() <= 8e4
    assert len(np.unique(price)) > 1
    assert made().hash == plan.hash
    assert made(seed=5).columns[0].tolist() == rate.tolist()
    assert made(design_seed=2).columns[0].tolist() != rate.tolist()
    assert plan.design["problem"]["names"] == ["terminal_rate", "gpu_price"]
    assert plan.design["problem"]["bounds"] == [[0.0, 0.06], [np.log(2e4), np.log(8e4)]]


def test_a_latin_hypercube_has_one_point_in_every_slice(tmp_path):
    plan = Plan.make(design(tmp_path, sampled("latin_hypercube", 16, TWO)))
    for column, low, high in ((plan.columns[0], 0.0, 0.06), (np.log(plan.columns[1]), np.log(2e4), np.log(8e4))):
        slices = np.floor((column - low) / (high - low) * 16)
        assert sorted(slices.tolist()) == list(range(16))


def test_sobol_points_give_back_the_indices_of_a_function_that_is_known(tmp_path):
    """y = x1 + 2 x2 over unit cubes: first-order indices 1/5 and 4/5."""
    vary = ["redeployment = { low = 0.0, high = 1.0 }", "payout_ratio = { low = 0.0, high = 1.0 }"]
    plan = Plan.make(design(tmp_path, sampled("sobol", 512, vary)))
    outcome = plan.columns[0] + 2.0 * plan.columns[1]
    found = sobol_analysis.analyze(plan.design["problem"], outcome, calc_second_order=True, seed=1)
    assert plan.design["second_order"] is True
    assert found["S1"] == pytest.approx([0.2, 0.8], abs=0.01)


def test_sobol_without_pairs_needs_fewer_points(tmp_path):
    plan = Plan.make(design(tmp_path, sampled("sobol", 8, TWO, second_order=False)))
    assert plan.points == 8 * 4
    assert plan.design["second_order"] is False


def test_morris_points_give_back_the_effects_of_a_function_that_is_known(tmp_path):
    vary = ["redeployment = { low = 0.0, high = 1.0 }", "payout_ratio = { low = 0.0, high = 1.0 }"]
    plan = Plan.make(design(tmp_path, sampled("morris", 6, vary, levels=6)))
    cube = np.stack(plan.columns, axis=1)
    outcome = cube[:, 0] - 3.0 * cube[:, 1]
    found = morris_analysis.analyze(plan.design["problem"], cube, outcome, num_levels=6, seed=1)
    assert plan.design["levels"] == 6
    assert np.asarray(found["mu"]) == pytest.approx([1.0, -3.0])


def test_what_holds_at_all_points_comes_from_the_file_and_from_the_call(tmp_path):
    text = GRID + '[set]\npayout_ratio = 0.2\n"environment.cut_speed" = 2.0\nlabs_market.innovation = 0.001\n'
    plan = Plan.make(design(tmp_path, text), {"payout_ratio": 0.3})
    first = next(plan.starts(0))
    assert first.parameters.redeployment.payout_ratio == 0.3
    assert first.parameters.environment.cut_speed == 2.0
    assert first.parameters.labs.innovation == 0.001
    assert plan.design["set"]["redeployment.payout_ratio"] == 0.3
    assert plan.hash != Plan.make(design(tmp_path, text)).hash


def test_the_size_of_chunks_need_not_be_given(tmp_path):
    text = GRID.replace("chunk = 4\n", "")
    assert Plan.make(design(tmp_path, text)).chunk == 8
    kept = Plan.make(design(tmp_path, 'keep = ["flows", "series"]\n' + text))
    assert (kept.chunk, kept.tables) == (8, ("outcomes", "series", "flows"))


WRONG = {
    "unknown key": (GRID.replace("replicates", "replicate"), ["unknown key 'replicate'", "mean 'replicates'"]),
    "unknown key of a lever": (GRID.replace("steps", "step"), ["unknown key 'step'", "did you mean 'steps'"]),
    "no title": (GRID.replace('title = "A test"', ""), ["title", "required"]),
    "unknown method": (GRID.replace('"grid"', '"gird"'), ["method", "'gird'", "'grid'"]),
    "unknown lever": (GRID.replace("terminal_rate", "terminal_rat"), ["terminal_rat:", "mean 'terminal_rate'"]),
    "unknown dotted key": (
        GRID.replace("[vary.terminal_rate]", "[vary.environment.terminal_rat]"),
        ["vary.environment.terminal_rat", "in environment", "did you mean 'terminal_rate'"],
    ),
    "a table": (GRID.replace("[vary.terminal_rate]", "[vary.issuers.tether]"), ["issuers.tether", "a table"]),
    "a unit": (GRID.replace("terminal_rate]", "environment.cut_speed.unit]"), ["'unit' describes"]),
    "the seed": (GRID.replace("terminal_rate", "run.seed"), ["run.seed", "cannot vary"]),
    "the tail": (GRID.replace("terminal_rate", "tail.labs"), ["tail.labs", "cannot vary", "same agents"]),
    "the events": (GRID.replace("terminal_rate", "events"), ["no such lever"]),
    "same key twice": (
        GRID + '[vary."environment.terminal_rate"]\nvalues = [0.01]',
        ["vary.environment.terminal_rate: the same key as vary.terminal_rate"],
    ),
    "set and varied": (GRID + "[set]\nterminal_rate = 0.01", ["environment.terminal_rate", "for all points"]),
    "set wrong": (GRID + "[set]\npayout_ratio = 2.0", ["payout_ratio", "2", "allowed: 0 to 1"]),
    "set unknown": (GRID + "[set]\npayout_rati = 0.2", ["set.payout_rati", "did you mean 'payout_ratio'"]),
    "seed twice": ("seed = 3\n" + GRID + "[set]\nrun.seed = 4", ["run.seed = 4: is given twice"]),
    "out of range": (
        GRID.replace("[0.0, 0.03]", "[0.0, 0.2, 0.3]"),
        ["point 2:", "environment.terminal_rate = 0.2", "allowed: 0 to 0.1 per year", "3 other points of 6"],
    ),
    "a word for a number": (GRID.replace("[0.0, 0.03]", '["low"]'), ["expected a number", "'low'"]),
    "a number for a word": (GRID.replace("terminal_rate", "tether_regime"), ["point 0", "tether.regime = 0.0"]),
    "an unknown word": (
        GRID + '[vary.tether_regime]\nvalues = ["mica", "wild"]',
        ["point 1:", "issuers.tether.regime", "'wild'", "3 other points of 8"],
    ),
    "not a list": (GRID.replace("[0.0, 0.03]", "0.03"), ["vary.terminal_rate.values", "expected a list"]),
    "numbers and words": (GRID.replace("[0.0, 0.03]", '[0.0, "x"]'), ["values", "cannot be mixed"]),
    "a value twice": (GRID.replace("[0.0, 0.03]", "[0.0, 0.0]"), ["0.0 is listed twice"]),
    "a switch": (GRID.replace("[0.0, 0.03]", "[true]"), ["True is neither a number nor a word"]),
    "not finite": (GRID.replace("high = 1.0", "high = inf"), ["vary.redeployment.high", "finite"]),
    "not finite in a list": (GRID.replace("[0.0, 0.03]", "[nan]"), ["point 0", "nan", "allowed: 0 to 0.1"]),
    "values and bounds": (GRID.replace("[0.0, 0.03]", "[0.0]\nlow = 0.1"), ["either values or low"]),
    "no steps": (GRID.replace("steps = 2", ""), ["vary.redeployment", "a grid needs values, or"]),
    "low above high": (GRID.replace("low = 0.0", "low = 2.0"), ["low = 2", "less than high = 1"]),
    "a log of zero": (GRID.replace("steps = 2", 'steps = 2\nscale = "log"'), ["low = 0", "above zero", "log"]),
    "samples of a grid": ("samples = 5\n" + GRID, ["samples", "grid takes no samples"]),
    "no replicates": (GRID.replace("replicates = 3", "replicates = 0"), ["replicates = 0", "or equal to 1"]),
    "half a replicate": (GRID.replace("replicates = 3", "replicates = 2.5"), ["replicates = 2.5", "integer"]),
    "seeds too large": ("seed = 9223372036854775806\n" + GRID, ["replicates", "9223372036854775807"]),
    "keep": ('keep = ["agents"]\n' + GRID, ["keep", "'agents'", "'series'"]),
    "engine": (GRID.replace('"numpy"', '"torch"'), ["engine", "'torch'", "'jax'"]),
    "quarters": (GRID.replace("quarters = 2", "quarters = 0"), ["quarters = 0"]),
    "nothing varies": (GRID.split("[vary")[0] + "[vary]", ["vary", "at least 1"]),
    "not TOML": ("title = ", ["not valid TOML"]),
    "unknown scenario": ('scenario = "baselin"\n' + GRID, ["scenario", "did you mean 'baseline'"]),
    "event too late": ('scenario = "perfect-storm"\n' + GRID, ["events.0.quarter", "2028Q4", "run.quarters = 2"]),
    "too many points": (sampled("random", 10**9, TWO), ["points = 1000000000: too many"]),
    "no samples": (sampled("random", 3, TWO).replace("samples = 3", ""), ["samples", "random needs"]),
    "not a power of two": (sampled("sobol", 100, TWO), ["samples = 100", "power of two", "64 or 128"]),
    "pairs elsewhere": (sampled("morris", 4, TWO, second_order=True), ["morris takes no second_order"]),
    "levels elsewhere": (sampled("sobol", 4, TWO, levels=4), ["sobol takes no levels"]),
    "odd levels": (sampled("morris", 4, TWO, levels=5), ["levels = 5", "multiple of 2"]),
    "values in a sample": (sampled("random", 4, ["terminal_rate.values = [0.0]"]), ["rate.values", "for grids"]),
    "steps in a sample": (sampled("random", 4, ["terminal_rate.steps = 3"]), ["terminal_rate.steps", "for grids"]),
    "no limit above": (sampled("random", 4, ['"issuers.tether.tokens" = {}']), ["tether.tokens", "needs high"]),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_is_told_in_one_line_that_names_the_file(tmp_path, case):
    text, words = WRONG[case]
    with pytest.raises(ScenarioError) as told:
        Plan.make(design(tmp_path, text))
    message = str(told.value)
    assert "\n" not in message
    assert "mine.toml" in message
    for word in words:
        assert word in message


def test_openings_that_do_not_close_are_refused_before_the_first_run(tmp_path):
    tokens = load("baseline").issuers["tether"].tokens.value
    text = GRID.replace("terminal_rate", "issuers.tether.tokens").replace("[0.0, 0.03]", f"[{tokens}, 200.0]")
    told = r"point 2: \(issuers.tether.tokens = 200.0\): .*does not add up in row Tether.*1 other point of 4"
    with pytest.raises(ScenarioError, match=told):
        Plan.make(design(tmp_path, text))


def test_a_scenario_that_cannot_be_opened_is_refused(tmp_path):
    with pytest.raises(ScenarioError, match=r"mine\.toml: scenario: .*does not add up in row Tether"):
        Plan.make(design(tmp_path, GRID), {"issuers.tether.tokens": 50.0})


def test_shares_that_only_together_exceed_one_are_refused(tmp_path):
    vary = [
        '"labs_market.compute_share" = { low = 0.1, high = 0.9 }',
        '"labs_market.staff_share" = { low = 0.05, high = 0.5 }',
    ]
    with pytest.raises(ScenarioError, match=r"compute_share \+ staff_share = .* other points? of 12.*at most 1"):
        Plan.make(design(tmp_path, sampled("latin_hypercube", 12, vary)))


@pytest.mark.parametrize("name", ["ratse", "missing/mine.toml"])
def test_a_design_that_is_not_there_is_told(name):
    with pytest.raises(ScenarioError, match=r"did you mean 'rates'|does not exist"):
        Plan.make(name)


def test_a_change_of_the_call_that_is_wrong_is_told(tmp_path):
    with pytest.raises(ScenarioError, match="payout_ratio"):
        Plan.make(design(tmp_path, GRID), {"payout_ratio": 7})
    with pytest.raises(ScenarioError, match="for all points"):
        Plan.make(design(tmp_path, GRID), {"terminal_rate": 0.01})


def written(tmp_path, text=WORDS):
    plan = Plan.make(design(tmp_path, text))
    folder = tmp_path / "sweep"
    folder.mkdir()
    plan.write(folder)
    return plan, folder


def test_a_plan_comes_back_as_it_was(tmp_path):
    plan, folder = written(tmp_path)
    again = Plan.read(folder)
    assert again.design == plan.design
    assert again.axes == plan.axes
    assert again.hash == plan.hash
    for one, other in zip(again.columns, plan.columns, strict=True):
        assert one.tolist() == other.tolist()
    assert sorted(path.name for path in folder.iterdir()) == ["design.json", "points.parquet", "scenario.json"]


def test_sampled_points_come_back_to_the_last_bit(tmp_path):
    plan, folder = written(tmp_path, sampled("latin_hypercube", 500, TWO))
    for one, other in zip(Plan.read(folder).columns, plan.columns, strict=True):
        assert one.tobytes() == other.tobytes()


def test_a_plan_is_read_the_same_in_another_process(tmp_path):
    plan, folder = written(tmp_path)
    code = """
import sys, numpy as np
from sim.experiments.sweep import Plan
from sim.engine.pytrees import by_path
import hashlib
plan = Plan.read(sys.argv[1])
digest = hashlib.sha256()
for chunk in range(plan.chunks):
    for start in plan.starts(chunk):
        for path, leaf in sorted(by_path(start).items()):
            digest.update(repr(path).encode() + np.asarray(leaf).tobytes())
print(plan.hash, digest.hexdigest())
"""
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [plan.hash, _digest(plan)]


def _digest(plan):
    from sim.engine.pytrees import by_path

    digest = hashlib.sha256()
    for chunk in range(plan.chunks):
        for start in plan.starts(chunk):
            for path, leaf in sorted(by_path(start).items()):
                digest.update(repr(path).encode() + np.asarray(leaf).tobytes())
    return digest.hexdigest()


def test_the_same_design_gives_the_same_files(tmp_path):
    _, first = written(tmp_path)
    (tmp_path / "more").mkdir()
    _, second = written(tmp_path / "more")
    for path in first.iterdir():
        assert path.read_bytes() == (second / path.name).read_bytes()


@pytest.mark.parametrize(
    ("old", "new"),
    [('"replicates": 3', '"replicates": 4'), ('"engine": "numpy"', '"engine": "jax"'), ('"seed": 1', '"seed": 2')],
)
def test_an_edited_design_is_refused(tmp_path, old, new):
    _, folder = written(tmp_path)
    text = (folder / "design.json").read_text()
    assert old in text
    (folder / "design.json").write_text(text.replace(old, new))
    with pytest.raises(RunError, match="edited"):
        Plan.read(folder)


def test_an_edited_scenario_is_refused_and_a_reworded_one_is_not(tmp_path):
    _, folder = written(tmp_path)
    text = (folder / "scenario.json").read_text()
    (folder / "scenario.json").write_text(re.sub('"why": "neutral"', '"why": "reworded"', text))
    Plan.read(folder)
    raw = json.loads(text)
    raw["redeployment"]["payout_ratio"]["value"] += 0.01
    (folder / "scenario.json").write_text(json.dumps(raw))
    with pytest.raises(RunError, match="edited"):
        Plan.read(folder)


def test_other_points_are_refused(tmp_path):
    _, folder = written(tmp_path)
    (tmp_path / "more").mkdir()
    _, other = written(tmp_path / "more", WORDS.replace("[0.0, 0.03]", "[0.0, 0.02]"))
    (folder / "points.parquet").write_bytes((other / "points.parquet").read_bytes())
    with pytest.raises(RunError, match="edited"):
        Plan.read(folder)


@pytest.mark.parametrize("name", ["design.json", "scenario.json", "points.parquet"])
@pytest.mark.parametrize("damage", ["missing", "cut", "other"])
def test_a_damaged_plan_is_refused_in_one_line(tmp_path, name, damage):
    _, folder = written(tmp_path)
    path = folder / name
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:100] if damage == "cut" else b"{}")
    with pytest.raises(RunError) as told:
        Plan.read(folder)
    assert "\n" not in str(told.value)
    assert str(folder) in str(told.value)


def test_a_plan_is_bound_to_the_data_that_its_histories_follow(tmp_path, monkeypatch):
    _, folder = written(tmp_path)
    from sim.opening import open_economy

    series = open_economy.read_series

    def other(name):
        found = {quarter: dict(row) for quarter, row in series(name).items()}
        if name == "rates":
            found["2024Q1"]["tbill_3m_avg_pct"] += 0.1
        return found

    monkeypatch.setattr(open_economy, "read_series", other)
    with pytest.raises(RunError, match="other data"):
        Plan.read(folder)


def test_the_title_decides_nothing(tmp_path):
    plan = Plan.make(design(tmp_path, GRID))
    assert Plan.make(design(tmp_path, GRID.replace("A test", "Another"), "other")).hash == plan.hash
