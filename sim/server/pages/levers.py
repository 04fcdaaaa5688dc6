"""The panel of the live page with scenario, seed and all levers, each with its unit, range and reset."""

from math import log
from typing import Any

import dash
import dash_mantine_components as dmc
from dash import ALL, MATCH, dcc, html

from sim.scenario import levers
from sim.scenario.levers import Lever
from sim.scenario.load import names
from sim.server.address import HistoryRequest, own_values, shipped
from sim.server.components import wiring

GROUPS = {
    "rates": "Interest rates",
    "coins": "Coins",
    "issuers": "Issuers",
    "labs": "AI labs",
    "gpus": "GPUs",
    "capital": "Capital",
}
"""Group of levers -> the name of the group on the page."""
STEPS = 1000
"""Number of steps of a slider."""
WIDE = 100.0
"""Least ratio of the upper to the lower end of a range for which the slider is logarithmic."""
LONG = 4.0
"""Least upper end of a range from zero for which the slider gives small numbers more room."""
LONGEST_SEED = 2**53 - 1
"""Largest whole number that a browser counts exactly."""


def panel(request: HistoryRequest) -> Any:
    """Return the controls that choose a history; their script is `sim/server/assets/levers.js`."""
    turned = {lever.group for lever in levers.BY_NAME.values() if lever.name in dict(request.turned)}
    return html.Details(
        [
            html.Summary(["Scenario and levers ", html.Span(id="turned-count")]),
            dcc.Store(id="scales", data={lever.name: scale(lever) for lever in levers.LEVERS}),
            dcc.Store(id="scenarios", data=scenarios()),
            scenario_select("scenario", "Scenario", request.scenario),
            html.P(shipped(request.scenario).about, id="scenario-about", className="note"),
            html.Div(
                [
                    whole_number(
                        "seed", "Seed", request.seed, 0, LONGEST_SEED, description="another seed, another history"
                    ),
                    html.Button("Reset levers", id="reset-all", className="quiet"),
                ],
                className="seed-row",
            ),
            dmc.Accordion(
                [_group(group, request) for group in GROUPS],
                multiple=True,
                value=sorted({"rates", *turned}),
                variant="default",
                chevronPosition="left",
                id="lever-groups",
            ),
        ],
        className="levers",
        id="levers",
        open=True,
    )


def scenario_select(identity: Any, label: str, value: str) -> Any:
    """Return a list of the scenarios to choose from: the baseline first, then by title."""
    ordered = sorted(names(), key=lambda name: (name != "baseline", shipped(name).title))
    return dmc.Select(
        id=identity,
        label=label,
        data=[{"value": name, "label": shipped(name).title} for name in ordered],
        value=value,
        searchable=True,
        allowDeselect=False,
        comboboxProps={"withinPortal": True},
    )


def whole_number(name: str, label: str, value: int | None, low: int, high: int, **more: Any) -> Any:
    """Return a field for a whole number from `low` to `high`, empty if the value is None."""
    return dmc.NumberInput(
        id=name,
        label=label,
        value="" if value is None else value,
        min=low,
        max=high,
        allowDecimal=False,
        allowNegative=False,
        debounce=400,
        clampBehavior="blur",
        **more,
    )


def scenarios() -> dict[str, dict[str, Any]]:
    """Return title, description, seed and lever values of each scenario, for the scripts of the page."""
    return {
        name: {
            "title": shipped(name).title,
            "about": shipped(name).about,
            "seed": shipped(name).run.seed,
            "own": dict(own_values(name)),
        }
        for name in names()
    }


def capitalised(lever: Lever) -> str:
    """Return the meaning of a lever, beginning with a capital letter."""
    return lever.meaning[:1].upper() + lever.meaning[1:]


def _group(group: str, request: HistoryRequest) -> Any:
    values = {**own_values(request.scenario), **dict(request.turned)}
    members = [lever for lever in (*levers.LEVERS, *levers.CHOICES) if lever.group == group]
    rows = [
        _choice(lever, values[lever.name]) if lever.choices else _number(lever, float(values[lever.name]))
        for lever in members
    ]
    return dmc.AccordionItem(
        [dmc.AccordionControl(GROUPS[group]), dmc.AccordionPanel(rows)], value=group, className="lever-group"
    )


def _row(lever: Lever, unit: str, control: Any) -> Any:
    """Return the name, reset button and unit of a lever, which stand above its control."""
    # The id in HTML that Dash makes of an id that is a dictionary.
    label = html.Label(capitalised(lever), htmlFor=f'{{"lever":"{lever.name}","part":"input"}}')
    reset = html.Button(
        "reset",
        id={"lever": lever.name, "part": "reset"},
        className="reset",
        **{"aria-label": f"Reset {lever.meaning}"},
    )
    head = html.Div([label, reset, html.Span(f"{unit}; {lever.name}", className="unit")], className="lever-head")
    return html.Div([head, control], id={"lever": lever.name, "part": "row"}, className="lever")


def _number(lever: Lever, own: float) -> Any:
    display = scale(lever)
    value = own * display["factor"]
    slider = dmc.Slider(
        id={"lever": lever.name, "part": "slider"},
        value=place(value, display),
        min=0,
        max=STEPS,
        step=1,
        label=None,
        thumbLabel=lever.meaning,
        size="sm",
        updatemode="drag",
    )
    field = dmc.NumberInput(
        id={"lever": lever.name, "part": "input"},
        value=float(f"{value:.6g}"),
        min=display["low"],
        max=display["high"],
        clampBehavior="blur",
        hideControls=True,
        debounce=400,
        size="xs",
        decimalScale=6,
        thousandSeparator=",",
    )
    unit = f"{display['unit']}, {display['low']:,g} to {display['high']:,g}"
    return _row(lever, unit, html.Div([slider, field], className="lever-body"))


def _choice(lever: Lever, value: float | str) -> Any:
    control = dmc.SegmentedControl(
        id={"lever": lever.name, "part": "choice"},
        data=[{"value": word, "label": word} for word in lever.choices],
        value=value,
        size="xs",
        fullWidth=True,
    )
    return _row(lever, f"one of {', '.join(lever.choices)}", control)


def scale(lever: Lever) -> dict[str, Any]:
    """Return how a lever is shown: unit, ends, factor from its own unit to the one shown, and kind of slider.

    Rates and shares are shown in percent.
    """
    number = levers.quantity(shipped("baseline"), lever)
    low, high = number.range or (0.0, 1.0)
    rate = number.unit.startswith(("per year", "share", "per root year", "per quarter"))
    percent = rate and lever.name != "cut_speed"
    factor = 100.0 if percent else 1.0
    kind = "linear"
    if low > 0.0 and high / low >= WIDE:
        kind = "log"
    elif low == 0.0 and high >= LONG:
        kind = "cubic"
    in_percent = f"percent {number.unit.removeprefix('share ')}".replace("percent per", "percent a")
    unit = in_percent if percent else number.unit
    return {"unit": unit, "low": low * factor, "high": high * factor, "factor": factor, "kind": kind}


def place(value: float, display: dict[str, Any]) -> int:
    """Return the slider's position for a value in the unit shown; `levers.js` has the same formula and its inverse."""
    low, high = display["low"], display["high"]
    part = (value - low) / (high - low)
    if display["kind"] == "log":
        part = log(value / low) / log(high / low)
    elif display["kind"] == "cubic":
        part = max(part, 0.0) ** (1.0 / 3.0)
    return round(STEPS * min(max(part, 0.0), 1.0))


def wire(app: dash.Dash) -> None:
    """Connect sliders, number fields and reset buttons to the address that they make."""
    connect = wiring(app, "levers")
    slider, number, reset, choice = ({"lever": MATCH, "part": part} for part in ("slider", "input", "reset", "choice"))
    numbers, words, rows = ({"lever": ALL, "part": part} for part in ("input", "choice", "row"))
    data = ["scales.data", "scenarios.data"]
    connect("fold", ["levers.open"], ["levers.id"])
    connect(
        "turn",
        [(slider, "value"), (number, "value")],
        [(slider, "value"), (number, "value"), (reset, "n_clicks")],
        [*data, "scenario.value"],
        prevent_initial_call=True,
    )
    connect(
        "choose",
        [(numbers, "value", True), (words, "value", True), "seed.value", "scenario-about.children"],
        ["scenario.value", "reset-all.n_clicks"],
        [(numbers, "id"), (words, "id"), "seed.value", *data],
        prevent_initial_call=True,
    )
    connect(
        "unchoose",
        [(choice, "value")],
        [(reset, "n_clicks")],
        ["scenarios.data", "scenario.value"],
        prevent_initial_call=True,
    )
    connect(
        "address",
        ["address.data", (rows, "className"), "turned-count.children"],
        [(numbers, "value"), (words, "value"), "seed.value", "scenario.value"],
        [(numbers, "id"), (words, "id"), (rows, "id"), *data],
    )
