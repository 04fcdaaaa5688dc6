"""The panel of levers: scenario, seed, and every lever with its unit, range, reset and mark of what differs."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import dash
import dash_mantine_components as dmc
from dash import ALL, MATCH, ClientsideFunction, Input, Output, State, dcc, html

from sim.scenario import levers
from sim.scenario.levers import Lever
from sim.scenario.load import names
from sim.server.address import HistoryRequest, own_values, shipped

GROUPS = {
    "rates": "Interest rates",
    "coins": "Coins",
    "issuers": "Issuers",
    "labs": "AI labs",
    "gpus": "GPUs",
    "capital": "Capital",
}
"""Groups of levers, with the names that readers see."""
STEPS = 1000
"""Places of a slider."""
WIDE = 100.0
"""Ratio of the ends of a range from which on a slider is logarithmic."""
LONG = 4.0
"""Upper end from which on a slider that starts at zero gives small numbers more room."""
LONGEST_SEED = 2**53 - 1
"""Largest whole number that a browser counts exactly."""


def panel(world: HistoryRequest) -> Any:
    """Return controls that show a world; `sim/server/assets/levers.js` makes them work."""
    by_group = groupby([*levers.LEVERS, *levers.CHOICES], key=lambda lever: lever.group)
    members: dict[str, list[Lever]] = {}
    for group, found in by_group:
        members.setdefault(group, []).extend(found)
    turned = {lever.group for lever in levers.BY_NAME.values() if lever.name in dict(world.turned)}
    return html.Details(
        [
            html.Summary(["Scenario and levers ", html.Span(id="turned-count")]),
            dcc.Store(id="scales", data={lever.name: scale(lever) for lever in levers.LEVERS}),
            dcc.Store(id="scenarios", data=scenarios()),
            dmc.Select(
                id="scenario",
                label="Scenario",
                data=[{"value": name, "label": shipped(name).title} for name in ordered()],
                value=world.scenario,
                searchable=True,
                allowDeselect=False,
                comboboxProps={"withinPortal": True},
            ),
            html.P(shipped(world.scenario).about, id="scenario-about", className="note"),
            html.Div(
                [
                    dmc.NumberInput(
                        id="seed",
                        label="Seed",
                        description="another seed, another history",
                        value=world.seed,
                        min=0,
                        max=LONGEST_SEED,
                        allowDecimal=False,
                        allowNegative=False,
                        debounce=400,
                    ),
                    html.Button("Reset levers", id="reset-all", className="quiet"),
                ],
                className="seed-row",
            ),
            dmc.Accordion(
                [_group(group, members[group], world) for group in GROUPS],
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


def ordered() -> list[str]:
    """Names of the scenarios as readers find them: the baseline, then by title."""
    return sorted(names(), key=lambda name: (name != "baseline", shipped(name).title))


def scenarios() -> dict[str, dict[str, Any]]:
    """Return what scripts know of each scenario: title, about, seed, and the values of its levers."""
    return {
        name: {
            "title": shipped(name).title,
            "about": shipped(name).about,
            "seed": shipped(name).run.seed,
            "own": dict(own_values(name)),
        }
        for name in names()
    }


def _group(group: str, members: list[Lever], world: HistoryRequest) -> Any:
    rows = [_choice(lever, world) if lever.choices else _number(lever, world) for lever in members]
    return dmc.AccordionItem(
        [dmc.AccordionControl(GROUPS[group]), dmc.AccordionPanel(rows)], value=group, className="lever-group"
    )


def _head(lever: Lever, unit: str) -> Any:
    """Name, unit and reset of a lever."""
    return html.Div(
        [
            html.Label(lever.meaning[:1].upper() + lever.meaning[1:], htmlFor=_id(lever, "input")),
            html.Button(
                "reset",
                id={"lever": lever.name, "part": "reset"},
                className="reset",
                **{"aria-label": f"Reset {lever.meaning}"},
            ),
            html.Span(unit, className="unit"),
        ],
        className="lever-head",
    )


def _id(lever: Lever, part: str) -> str:
    # What Dash makes of an id that is a dictionary.
    return f'{{"lever":"{lever.name}","part":"{part}"}}'


def _number(lever: Lever, world: HistoryRequest) -> Any:
    told = scale(lever)
    value = float({**own_values(world.scenario), **dict(world.turned)}[lever.name]) * told["factor"]
    ends = f"{told['low']:,g} to {told['high']:,g}"
    return html.Div(
        [
            _head(lever, f"{told['unit']}, {ends}; {lever.name}"),
            html.Div(
                [
                    dmc.Slider(
                        id={"lever": lever.name, "part": "slider"},
                        value=place(value, told),
                        min=0,
                        max=STEPS,
                        step=1,
                        label=None,
                        thumbLabel=lever.meaning,
                        size="sm",
                        updatemode="drag",
                    ),
                    dmc.NumberInput(
                        id={"lever": lever.name, "part": "input"},
                        value=float(f"{value:.6g}"),
                        min=told["low"],
                        max=told["high"],
                        clampBehavior="blur",
                        hideControls=True,
                        debounce=400,
                        size="xs",
                        decimalScale=6,
                        thousandSeparator=",",
                    ),
                ],
                className="lever-body",
            ),
        ],
        id={"lever": lever.name, "part": "row"},
        className="lever",
    )


def _choice(lever: Lever, world: HistoryRequest) -> Any:
    value = {**own_values(world.scenario), **dict(world.turned)}[lever.name]
    return html.Div(
        [
            _head(lever, f"one of {', '.join(lever.choices)}; {lever.name}"),
            dmc.SegmentedControl(
                id={"lever": lever.name, "part": "choice"},
                data=[{"value": word, "label": word} for word in lever.choices],
                value=value,
                size="xs",
                fullWidth=True,
            ),
        ],
        id={"lever": lever.name, "part": "row"},
        className="lever",
    )


def scale(lever: Lever) -> dict[str, Any]:
    """How a lever is shown: unit, ends, factor from its own unit to the one shown, and the kind of slider.

    Rates and shares are shown in percent.
    """
    number = levers.quantity(shipped("baseline"), lever)
    low, high = number.range or (0.0, 1.0)
    percent = number.unit.startswith(("per year", "share", "per root year", "per quarter"))
    factor = 100.0 if percent and lever.name != "cut_speed" else 1.0
    unit = f"percent {number.unit.removeprefix('share ')}".replace("percent per", "percent a")
    kind = "linear"
    if low > 0.0 and high / low >= WIDE:
        kind = "log"
    elif low == 0.0 and high * (factor if factor == 1.0 else 1.0) >= LONG:
        kind = "cubic"
    return {
        "unit": unit if factor == 100.0 else number.unit,
        "low": low * factor,
        "high": high * factor,
        "factor": factor,
        "kind": kind,
    }


def place(value: float, told: dict[str, Any]) -> int:
    """Where the slider stands for a value in the unit shown; `levers.js` has the same and its inverse."""
    from math import log

    low, high = told["low"], told["high"]
    part = (value - low) / (high - low)
    if told["kind"] == "log":
        part = log(value / low) / log(high / low)
    elif told["kind"] == "cubic":
        part = max(part, 0.0) ** (1.0 / 3.0)
    return round(STEPS * min(max(part, 0.0), 1.0))


def wire(app: dash.Dash) -> None:
    """Make the levers work: slider and number say the same, resets, and the address that all of them make."""

    def by(function: str, *wiring: Any, **options: Any) -> None:
        app.clientside_callback(ClientsideFunction("levers", function), *wiring, **options)

    slider, number, reset = ({"lever": MATCH, "part": part} for part in ("slider", "input", "reset"))
    numbers, words, rows = ({"lever": ALL, "part": part} for part in ("input", "choice", "row"))
    known = (State("scales", "data"), State("scenarios", "data"))
    by("fold", Output("levers", "open"), Input("levers", "id"))
    by(
        "turn",
        Output(slider, "value"),
        Output(number, "value"),
        Input(slider, "value"),
        Input(number, "value"),
        Input(reset, "n_clicks"),
        *known,
        State("scenario", "value"),
        prevent_initial_call=True,
    )
    by(
        "choose",
        Output(numbers, "value", allow_duplicate=True),
        Output(words, "value", allow_duplicate=True),
        Output("seed", "value"),
        Output("scenario-about", "children"),
        Input("scenario", "value"),
        Input("reset-all", "n_clicks"),
        State(numbers, "id"),
        State(words, "id"),
        State("seed", "value"),
        *known,
        prevent_initial_call=True,
    )
    by(
        "unchoose",
        Output({"lever": MATCH, "part": "choice"}, "value"),
        Input(reset, "n_clicks"),
        State("scenarios", "data"),
        State("scenario", "value"),
        prevent_initial_call=True,
    )
    by(
        "address",
        Output("address", "data"),
        Output(rows, "className"),
        Output("turned-count", "children"),
        Input(numbers, "value"),
        Input(words, "value"),
        Input("seed", "value"),
        Input("scenario", "value"),
        State(numbers, "id"),
        State(words, "id"),
        State(rows, "id"),
        *known,
    )
