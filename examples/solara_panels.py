"""What `solara_app.py` shows: sliders from the levers, and figures of a model as it stands. It needs no Solara."""

from types import SimpleNamespace

import pandas as pd
from matplotlib.figure import Figure

from sim.economy.parameters import REGIMES
from sim.report.figures import network, style
from sim.report.palette import INTEREST, POPULATION
from sim.runs.recorder import Recorder
from sim.scenario import levers
from sim.scenario.load import load

SCENARIO, SEED = "baseline", 42
SIZE = (6.4, 4.0)
"""Inches of a panel."""
WIDEST_SLIDER = 10.0
"""A slider ends at so many times the scenario's number, or where the range ends if that is sooner."""
STEPS = 100

ISSUERS, LABS, PROVIDERS = (POPULATION[name] for name in ("issuers", "labs", "providers"))
SERIES = {
    "What issuers earn and put to work": (
        "USD bn a quarter",
        {"interest_usd_bn": ("Interest", INTEREST), "redeployed_usd_bn": ("Redeployed", ISSUERS)},
    ),
    "Labs": (
        "USD bn a quarter",
        {"lab_spending_usd_bn": ("Spending", style.darker(LABS)), "lab_revenue_usd_bn": ("Revenue", LABS)},
    ),
    "Rent of a GPU": ("USD an hour", {"gpu_rent_usd_hour": ("Rent", PROVIDERS)}),
    "GPUs paid with interest, at any remove": (
        "USD bn a quarter",
        {"interest_funded_gpu_usd_bn": ("Paid with interest", INTEREST)},
    ),
}
"""Title -> unit, and by name of the series its label and colour."""


def sliders(scenario=SCENARIO):
    """Parameters of SolaraViz: a slider for every lever, with the unit, range and number of the scenario."""
    told = load(scenario)
    parameters = {"config": scenario, "rng": SEED}
    for lever in levers.LEVERS:
        number = levers.quantity(told, lever)
        low, high = number.range
        if number.value > 0.0:
            high = min(high, WIDEST_SLIDER * number.value)
        parameters[lever.name] = {
            "type": "SliderFloat",
            "label": f"{spelled(lever)}, {number.unit} ({scenario}: {number.value:,g})",
            "value": number.value,
            "min": low,
            "max": high,
            "step": step(low, high, number.value),
        }
    for lever in levers.CHOICES:
        parameters[lever.name] = {
            "type": "Select",
            "label": f"{spelled(lever)} ({scenario}: {levers.choice(told, lever)})",
            "value": levers.choice(told, lever),
            "values": list(REGIMES),
        }
    return parameters


def spelled(lever):
    return lever.name.replace("_", " ").capitalize().replace("Gpu", "GPU").replace("Ai ", "AI ")


def step(low, high, value):
    """A power of ten, at least `STEPS` of which make up the range, so that the slider can stand on the value."""
    size = 10.0 ** float(f"{(high - low) / STEPS:e}".partition("e")[2])
    while abs((value - low) / size - round((value - low) / size)) > 1e-6:
        size /= 10.0
    return size


def series(model, title):
    """A panel of series of the model, quarter by quarter from the opening."""
    unit, lines = SERIES[title]
    # Copies: the model may go on stepping while this is drawn.
    numbers = {name: list(model.datacollector.model_vars[name]) for name in lines}
    count = min(map(len, numbers.values()))
    # The opening is a balance sheet: nothing has flowed yet.
    begin = 1 if unit.endswith("a quarter") else 0
    first = style.number_of(model.scenario_spec.run.opening)
    figure = Figure(figsize=SIZE)
    axes = figure.add_axes((0.09, 0.11, 0.70, 0.71))
    style.panel(axes, title, unit)
    for name, (_, colour) in lines.items():
        places, path = range(first + begin, first + count), numbers[name][begin:count]
        axes.plot(places, path, color=colour, linewidth=2.2, marker="o", markersize=3.0)
    last = first + model.scenario_spec.run.quarters
    style.time_axis(axes, [f"{number // 4}Q{number % 4 + 1}" for number in (first, last)])
    style.from_zero(axes)
    if count > begin:
        style.label_ends(axes, [(numbers[name][count - 1], *lines[name]) for name in lines])
    return figure


def payments(model):
    """Who paid whom in the last quarter, drawn as in the report of a run."""
    tables = Recorder(model.names).tables(model.label, model.opening_books, model.economy, [])
    # The figure reads a run's tables: here those of this quarter, in memory. An opening has no payments.
    snapshot = SimpleNamespace(
        series=pd.DataFrame({"quarter": ["", model.label]}),
        agents=pd.DataFrame(tables.agents),
        flows=pd.DataFrame(tables.flows),
        manifest={"title": model.scenario_spec.title, "seed": model.seed_used},
    )
    return network.draw(snapshot)
