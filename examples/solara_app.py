"""The model in Mesa's own page, SolaraViz: levers as sliders, series, and who pays whom this quarter.

In the top folder of the project, with the extra `mesa-viz` installed (docs/mesa.md):

    solara run examples/solara_app.py
"""

import solara
from mesa.visualization import SolaraViz
from mesa.visualization.utils import update_counter
from solara_panels import SCENARIO, SEED, SERIES, payments, series, sliders  # beside this file

from sim.engine.mesa_model import CapitalFlowModel

LABELS_ABOVE = ".v-input__slider .v-input__slot { display: block; }"
"""Style: a slider below its label, because a long label beside it leaves it no room."""


@solara.component
def Series(model, title):  # noqa: N802 - components are named like classes
    update_counter.get()
    solara.FigureMatplotlib(series(model, title), format="png", dpi=90)


@solara.component
def Payments(model):  # noqa: N802
    update_counter.get()
    if model.quarter == 0:
        solara.Info("Nothing is paid before the first quarter: press Step, or the arrow to play.")
    else:
        solara.FigureMatplotlib(payments(model), format="png", dpi=75)


def panel(title):
    """A component of SolaraViz that draws one panel."""
    return lambda model: Series(model, title)


@solara.component
def Page():  # noqa: N802
    # Made here and not at import: every browser tab has a model of its own. Reset puts another into its place.
    model = solara.use_reactive(solara.use_memo(lambda: CapitalFlowModel(SCENARIO, rng=SEED), []))
    parameters = solara.use_memo(sliders, [])
    solara.Style(LABELS_ABOVE)
    # Beside SolaraViz, whose grid gives a component half of the width.
    Payments(model.value)
    SolaraViz(
        model,
        components=[panel(title) for title in SERIES],
        model_params=parameters,
        name="capflow: who pays for AI",
        play_interval=300,
    )
