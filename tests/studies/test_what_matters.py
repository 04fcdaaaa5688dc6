"""What the answer hangs on: designs follow from what is known, page and figures from the stored numbers."""

import json
import shutil
import tomllib
from pathlib import Path

import numpy as np
import pytest
from SALib.sample import sobol as sobol_design
from support import made_sweeps

from sim.errors import RunError, ScenarioError
from sim.experiments.calibrate.results import Record, load_record
from sim.experiments.calibrate.settings import load_problem
from sim.experiments.sensitivity import analyse
from sim.experiments.sweep.settings import read
from sim.scenario.load import load
from sim.scenario.quantities import number_at
from studies.what_matters import page, stored
from studies.what_matters.assumptions import ASSUMPTIONS, label, load_study, ranges
from studies.what_matters.designs import ANSWER, SCREEN, answer_text, chosen, screen_text
from studies.what_matters.headlines import CAUSED, HEADLINES, PURCHASES, corner, curve, twins
from studies.what_matters.study import DESIGNS

ROOT = Path(__file__).parents[2]
KEYS = ["tokens.demand_growth", "redeployment.payout_ratio", "gpus.gpu_price"]


@pytest.fixture(scope="module")
def study():
    return load_study()


@pytest.fixture(scope="module")
def told():
    return stored.load_result(ROOT / page.NUMBERS)


# Ranges


def test_parameters_of_the_calibration_have_its_intervals(study):
    plan = load_problem().plan
    key, other = list(plan.parameters)[:2]
    prior = plan.parameters[key]
    parts = {"identified": True, "low": prior.low + 0.01, "high": prior.high - 0.01}
    record = Record({"parameters": {key: parts, other: {**parts, "identified": False}}})
    found = {one.key: one for one in ranges(study, plan, record)}
    assert (found[key].source, found[key].low) == ("estimate", prior.low + 0.01)
    assert (found[other].source, found[other].low) == ("prior", plan.parameters[other].low)
    assert set(found) == {*plan.parameters, *study.assumptions}


def test_the_baseline_lies_within_every_range_given_by_hand(study):
    baseline = load("baseline")
    for key, one in study.assumptions.items():
        assert one.low <= number_at(baseline, key) <= one.high, key


def test_the_calibrations_range_stands_before_one_given_by_hand(study):
    plan = load_problem().plan
    key, estimated = next(iter(load_record(study.estimate).raw["parameters"].items()))
    by_hand = next(iter(study.assumptions.values()))
    found = ranges(study.model_copy(update={"assumptions": {key: by_hand}}), plan)
    assert [one.key for one in found] == list(plan.parameters)
    assert estimated["identified"]
    assert (found[0].low, found[0].high) == (estimated["low"], estimated["high"])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("low = 0.015, high = 0.045", "low = 0.045, high = 0.015", "low = 0.045 must be less than high"),
        ("samples = 512", "samples = 500", "must be a power of two"),
        ("trajectories = 30", "trajectory = 30", "trajector"),
    ],
)
def test_a_wrong_file_of_assumptions_is_refused_in_one_line(tmp_path, old, new, message):
    file = tmp_path / "assumptions.toml"
    given = ASSUMPTIONS.read_text(encoding="utf8")
    assert old in given
    file.write_text(given.replace(old, new), encoding="utf8")
    with pytest.raises(ScenarioError, match=message) as error:
        load_study(file)
    assert "\n" not in str(error.value)


# Designs


def test_the_screening_is_what_the_ranges_give_now(study):
    shipped = (ROOT / DESIGNS / f"{SCREEN}.toml").read_text(encoding="utf8")
    assert shipped == screen_text(study, ranges(study)), "run python -m studies.what_matters --designs"


def test_the_answer_varies_what_the_stored_screening_ranks_first(study, told):
    # The ranges in force when the numbers were made: the calibration may have moved since.
    found = _stored_ranges(told)
    rankings = {
        name: [key for key in effects["ranked"] if effects["effects"][key][-1] != "negligible"]
        for name, effects in told["screen"]["outcomes"].items()
    }
    picked = chosen(study, rankings, found)
    # A file of a sweep has its keys section by section.
    assert sorted(one.key for one in picked) == sorted(told["answer"]["keys"])
    shipped = (ROOT / DESIGNS / f"{ANSWER}.toml").read_text(encoding="utf8")
    assert _as_stored(tomllib.loads(shipped)) == _as_stored(tomllib.loads(answer_text(study, picked)))


def _as_stored(part):
    """With the digits that ranges are stored with."""
    if isinstance(part, dict):
        return {key: _as_stored(value) for key, value in part.items()}
    return float(f"{part:.4g}") if isinstance(part, float) else part


def _stored_ranges(told):
    from studies.what_matters.assumptions import Range

    fields = Range.__dataclass_fields__
    return [Range(**{name: one[name] for name in fields}) for one in told["ranges"]]


def test_first_the_answers_own_keys_then_those_of_the_others_in_turn(study, tmp_path):
    found = ranges(study)
    names = [one.key for one in found]
    few = study.model_copy(update={"answer": study.answer.model_copy(update={"keys": 5, "most_of_the_answer": 2})})
    rankings = {"answer": names[:4], "b": [names[0], names[10], names[11]], "c": [names[20]]}
    picked = chosen(few, rankings, found)
    assert [one.key for one in picked] == [names[place] for place in (0, 1, 10, 11, 20)]
    file = tmp_path / "mine.toml"
    file.write_text(answer_text(few, picked), encoding="utf8")
    design = read(file)
    assert {name: (how.low, how.high, how.scale) for name, how in design.vary.items()} == {
        one.key: (one.low, one.high, one.scale) for one in picked
    }
    assert design.samples == study.answer.samples


# Twins


def made(folder, purchases, method="sobol", **more):
    """A sweep of three keys in which the answer is the first key plus twice the second."""
    sides = {"num_vars": 3, "names": KEYS, "bounds": [[0.0, 1.0]] * 3}
    points = sobol_design.sample(sides, 64, calc_second_order=False, seed=1)
    answer = np.repeat((points[:, 0] + 2.0 * points[:, 1])[:, None], 2, axis=1)
    values = {one.name: answer for one in HEADLINES if one.name != CAUSED}
    values[PURCHASES] = purchases(points)[:, None] + np.array([0.0, 0.1])
    vary = [made_sweeps.axis(key, 0.0, 1.0) | {"key": key} for key in KEYS]
    columns = dict(zip(KEYS, points.T, strict=True))
    return made_sweeps.write(folder, method, columns, values, vary, 2, samples=64, **{"second_order": False, **more})


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    root = tmp_path_factory.mktemp("twins")
    return twins(made(root / "with", lambda x: 10.0 + x[:, 2]), made(root / "without", lambda x: 10.0 + 0.5 * x[:, 2]))


def test_the_effect_of_redeployment_is_the_difference_of_the_twins(sample):
    third = sample.points[KEYS[2]].to_numpy()
    assert list(sample.values) == [one.name for one in HEADLINES]
    assert sample.values[CAUSED] == pytest.approx(np.repeat(0.5 * third[:, None], 2, axis=1))


def test_sweeps_that_are_no_twins_are_refused(tmp_path):
    one = made(tmp_path / "with", lambda x: x[:, 0])
    other = made(tmp_path / "other", lambda x: x[:, 0], seed=5)
    with pytest.raises(RunError, match="not a twin"):
        twins(one, other)


def test_curves_and_corners_are_those_of_the_points(sample):
    along = curve(sample, HEADLINES[0].name, KEYS[1], 4)
    assert along.at == pytest.approx([0.125, 0.375, 0.625, 0.875])
    assert along.mean == pytest.approx(0.5 + 2.0 * along.at, abs=0.05)
    assert (along.low < along.mean).all()
    assert (along.mean < along.high).all()
    mean, points = corner(sample, HEADLINES[0].name, {KEYS[0]: True, KEYS[1]: False})
    assert points > 10
    assert mean == pytest.approx(5.0 / 6.0 + 2.0 / 6.0, abs=0.1)


def test_a_result_comes_back_as_it_was_and_fills_the_page(sample, tmp_path, study):
    found = [one for one in ranges(study) if one.key in KEYS]
    answer = analyse(sample)
    whole = stored.result(found, answer_as_screen(sample), answer)
    stored.write(whole, tmp_path / "numbers.json")
    back = stored.load_result(tmp_path / "numbers.json")
    assert back == json.loads(json.dumps(whole))
    first = back["answer"]["outcomes"][HEADLINES[0].name]
    assert first["ranked"][:2] == [KEYS[1], KEYS[0]]
    assert first["indices"][KEYS[1]][3] == pytest.approx(0.8, abs=0.1)
    assert first["indices"][KEYS[0]][3] == pytest.approx(0.2, abs=0.1)
    words = page.text(back)
    assert f"`{KEYS[1]}`" in words
    assert label(KEYS[1]).capitalize() in words


def answer_as_screen(sample):
    """A screening of the same three keys, on trajectories of its own."""
    from dataclasses import replace

    from SALib.sample import morris as morris_design

    sides = {"num_vars": 3, "names": KEYS, "bounds": [[0.0, 1.0]] * 3}
    points = morris_design.sample(sides, 6, num_levels=4, seed=1)
    columns = sample.points.iloc[: len(points)].copy()
    columns[KEYS] = points
    values = {one.name: np.repeat((points @ [1.0, 2.0, 0.1])[:, None], 2, axis=1) for one in HEADLINES}
    design = {**sample.design, "method": "morris", "levels": 4, "samples": 6}
    return analyse(replace(sample, points=columns, values=values, design=design))


# The page


def test_the_page_is_what_template_and_stored_numbers_give(told):
    shipped = (ROOT / page.PAGE).read_text(encoding="utf8")
    assert shipped == page.text(told), "run python -m studies.what_matters --page"


def test_the_page_names_the_three_with_their_intervals(told):
    shipped = (ROOT / page.PAGE).read_text(encoding="utf8")
    found = told["answer"]["outcomes"][page.ANSWER]
    assert told["answer"]["named"] == found["ranked"][:3]
    for key in told["answer"]["named"]:
        total, low, high = found["indices"][key][3:]
        assert f"{100 * total:.0f}% ({100 * low:.0f}% to {100 * high:.0f}%)" in shipped
    for name in ("screening", "indices", "curves", "outcomes"):
        assert f"images/what_matters_{name}.png" in shipped
        assert (ROOT / page.IMAGES / f"what_matters_{name}.png").stat().st_size > 10_000


def test_figures_and_page_are_written_from_the_stored_numbers(tmp_path):
    (tmp_path / page.NUMBERS).parent.mkdir(parents=True)
    shutil.copy(ROOT / page.NUMBERS, tmp_path / page.NUMBERS)
    page.write(tmp_path)
    assert (tmp_path / page.PAGE).read_text() == (ROOT / page.PAGE).read_text()
    assert len(list((tmp_path / page.IMAGES).glob("what_matters_*.png"))) == 4


def test_numbers_that_are_none_of_this_study_are_refused(tmp_path):
    (tmp_path / "numbers.json").write_text('{"schema": 7}')
    with pytest.raises(ScenarioError, match="not a result of this study"):
        stored.load_result(tmp_path / "numbers.json")
