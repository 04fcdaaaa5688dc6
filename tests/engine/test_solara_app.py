"""The example page for Mesa's SolaraViz: what it shows and, where SolaraViz is installed, itself in a browser."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from importlib.util import find_spec

import pytest
from support.browser import opened
from support.sweeps import ROOT, until

from sim.engine.mesa_model import CapitalFlowModel
from sim.scenario import levers
from sim.scenario.load import load

sys.path.insert(0, str(ROOT / "examples"))  # as Solara does
import solara_panels as app

PATIENCE = 120_000
"""Milliseconds that a busy machine may need to draw."""


@pytest.fixture(scope="module")
def parameters():
    return app.sliders()


@pytest.fixture(scope="module")
def solara_server(tmp_path_factory):
    """The address of `solara run examples/solara_app.py`."""
    if find_spec("solara") is None:
        pytest.skip("SolaraViz is not installed: pip install '.[mesa-viz]' (docs/mesa.md)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    log = tmp_path_factory.mktemp("solara") / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "solara",
                "run",
                "examples/solara_app.py",
                "--host",
                "127.0.0.1",
                "--port",
                str(port),
                "--no-open",
                "--production",
            ],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        until(lambda: _answers(address) or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield address
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _answers(address):
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


@pytest.fixture
def page(solara_server, browser):
    """The page, drawn; it must ask no other machine for anything."""
    with opened(browser, solara_server) as found:
        found.set_default_timeout(PATIENCE)
        found.goto(solara_server)
        _at(found, 0)
        yield found


def _clock(steps):
    """What Mesa shows after so many steps (a pattern): the number of steps, from 3.4 on the time."""
    return re.compile(rf"^(Step|Time): ({steps})(\.0)?$")


def _at(page, step):
    """Wait until the page shows a step, and all its pictures."""
    page.get_by_text(_clock(step)).wait_for()
    count = len(app.SERIES) + (step > 0)
    page.wait_for_function(f"[...document.images].filter(i => i.naturalWidth > 300).length == {count}")


def _come_to_rest(page):
    """Wait until no step is under way: Mesa would take one that is with the model that Reset makes."""
    clock = page.get_by_text(_clock(r"\d+"))
    before = None
    while (now := clock.inner_text()) != before:
        before = now
        page.wait_for_timeout(5_000)


def _press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def _pictures(page):
    """The pictures, by what is in them."""
    read = """() => Promise.all([...document.images].filter(i => i.naturalWidth > 300).map(
        async i => Array.from(new Uint8Array(await (await fetch(i.src)).arrayBuffer())).join()))"""
    return page.evaluate(read)


def _stepped(page, step, before=()):
    """Step, and wait for pictures that all differ from those before."""
    _press(page, "Step")
    _at(page, step)
    return until(lambda: (shown := _pictures(page)) and not {*shown} & {*before} and shown)


def test_the_page_steps_plays_and_is_reset(page):
    page.get_by_text("Nothing is paid before the first quarter").wait_for()
    opening = _pictures(page)
    first = _stepped(page, 1, opening)
    _stepped(page, 2, first)
    _press(page, "▶")
    page.get_by_text(_clock(r"[4-9]|[12]\d")).wait_for()
    _press(page, "❚❚")
    _come_to_rest(page)
    _press(page, "Reset")
    _at(page, 0)
    assert _stepped(page, 1, opening) == first, "the same seed gives the same history"


def test_a_lever_that_is_turned_acts_after_reset(page):
    first = _stepped(page, 1, _pictures(page))
    slider = page.locator(".v-input__slider", has_text="Redeployment").get_by_role("slider")
    slider.focus()
    slider.press("Home")
    _press(page, "Reset")
    _at(page, 0)
    turned = _stepped(page, 1, _pictures(page))
    assert turned[1:] != first[1:]


def test_every_lever_has_a_slider_within_its_range_that_can_stand_on_the_scenarios_number(parameters):
    scenario = load(app.SCENARIO)
    assert parameters.keys() == {"config", "rng", *levers.BY_NAME}
    for lever in levers.LEVERS:
        slider, number = parameters[lever.name], levers.quantity(scenario, lever)
        assert number.range[0] == slider["min"] <= number.value <= slider["max"] <= number.range[1]
        assert number.unit in slider["label"]
        steps = (number.value - slider["min"]) / slider["step"]
        assert steps == pytest.approx(round(steps), abs=1e-6)
        assert slider["max"] - slider["min"] >= app.STEPS * slider["step"] * (1.0 - 1e-9)


def test_untouched_sliders_are_the_scenario(parameters):
    untouched = {name: given["value"] if isinstance(given, dict) else given for name, given in parameters.items()}
    models = CapitalFlowModel(**untouched), CapitalFlowModel(app.SCENARIO, rng=app.SEED)
    for model in models:
        model.step()
    assert models[0].series == models[1].series


def test_the_payments_are_those_of_the_quarter():
    model = CapitalFlowModel(app.SCENARIO, rng=app.SEED)
    model.step()
    model.step()
    texts = [text.get_text() for text in app.payments(model).findobj(lambda part: hasattr(part, "get_text"))]
    assert f"Who paid whom, {model.label}" in texts
    assert {"Tether", "OpenAI", "CoreWeave"} <= set(texts)


@pytest.mark.parametrize("title", app.SERIES)
def test_a_panel_shows_the_series_quarter_by_quarter(title):
    model = CapitalFlowModel(app.SCENARIO, rng=app.SEED)
    app.series(model, title).canvas.draw()  # the opening, of which there may be nothing to show
    told = model.datacollector.model_vars
    model.step()
    model.step()
    [axes] = app.series(model, title).axes
    unit, lines = app.SERIES[title]
    assert axes.get_ylabel() == unit
    for name, line in zip(lines, axes.get_lines(), strict=True):
        assert list(line.get_ydata()) == told[name][1 if unit.endswith("a quarter") else 0 :]
