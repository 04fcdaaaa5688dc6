"""Every number of the baseline with a declared place: put there, it gives the opening that is built with it."""

import numpy as np
import pytest

from sim.economy.parameters import Parameters
from sim.engine.pytrees import by_path
from sim.opening.open_economy import PARTS, open_economy, with_numbers
from sim.opening.places import FIELD_TYPES, NAMES, place_of
from sim.scenario.load import changed, load
from sim.scenario.quantities import Quantity, with_number

BASELINE = load("baseline")
TAIL = {"tail.issuers": 2, "tail.labs": 2, "tail.providers": 1}
POPULATIONS = ("issuers", "labs", "providers", "investors", "ventures")


def quantities(part, at=""):
    """Dotted key -> number, of everything in a scenario that is a number with unit and range."""
    if isinstance(part, Quantity):
        return {at: part}
    inside = part.items() if isinstance(part, dict) else part if hasattr(part, "model_copy") else ()
    prefix = f"{at}." if at else ""
    return {key: number for name, below in inside for key, number in quantities(below, f"{prefix}{name}").items()}


NUMBERS = quantities(BASELINE)
PLACES = {key: place for key in NUMBERS if (place := place_of(BASELINE, key)) is not None}


def others(number):
    """Other values that the number may take, at both ends of its range."""
    low, high = number.range or (0.5 * number.value, 2.0 * number.value + 1.0)
    return [value for value in (low, high) if value != number.value]


def same(one, other):
    """Whether two openings have the same arrays, to the last bit."""
    first, second = (by_path((opening.economy, opening.parameters)) for opening in (one, other))
    return first.keys() == second.keys() and all(
        type(array) is type(second[path])
        and np.shape(array) == np.shape(second[path])
        and np.asarray(array).tobytes() == np.asarray(second[path]).tobytes()
        for path, array in first.items()
    )


def assert_placed_as_opened(scenario, numbers):
    """Assert that each number put in its place gives the opening that is built with it."""
    start = open_economy(scenario)
    for key, value in numbers:
        with np.errstate(all="ignore"):  # At the ends of their ranges some numbers have no finite opening.
            anew = open_economy(with_number(scenario, key, value))
            placed = with_numbers(start, {place_of(scenario, key): value})
        assert not same(start, anew), key
        assert same(placed, anew), key
    assert same(start, open_economy(scenario))


def test_every_declared_place_gives_the_opening_built_anew():
    assert_placed_as_opened(BASELINE, [(key, value) for key in PLACES for value in others(NUMBERS[key])])


def test_places_hold_beside_synthetic_agents():
    scenario = changed(BASELINE, TAIL)
    numbers = [key for key in NUMBERS if place_of(scenario, key) is not None]
    assert set(PLACES) - set(numbers) >= {"tokens.network", "labs_market.share_network", "issuers.paypal.ambition"}
    assert_placed_as_opened(scenario, [(key, others(NUMBERS[key])[-1]) for key in numbers[::5]])


def test_many_numbers_at_once_give_the_opening_built_anew():
    values = {key: others(NUMBERS[key])[0] for key in list(PLACES)[::3]}
    scenario = BASELINE
    for key, value in values.items():
        scenario = with_number(scenario, key, value)
    with np.errstate(all="ignore"):
        placed = with_numbers(open_economy(BASELINE), {PLACES[key]: value for key, value in values.items()})
        assert same(placed, open_economy(scenario))


def test_no_two_numbers_share_a_place():
    assert len(set(PLACES.values())) == len(PLACES)


def test_every_parameter_of_a_section_has_a_place_unless_more_than_itself_depends_on_it():
    elsewhere = ("market", "sectors", "tail", *POPULATIONS)
    assert {key for key in NUMBERS if key.split(".")[0] not in elsewhere} - PLACES.keys() == {
        "gpus.useful_life",
        "labs_market.compute_share",
        "labs_market.staff_share",
        *(f"channels.{channel}.propensity" for channel in BASELINE.channels),
    }


@pytest.mark.parametrize(
    "key",
    [
        "market.bill_rate",
        "issuers.tether.repo_share",
        "issuers.tether.own.cash",
        "issuers.nobody.ambition",
        "labs.openai.suppliers",
        "labs.openai.revenue_share",
        "providers.nebius.hyperscale",
        "providers.nebius.gpus",
        "gpus.nothing",
        "tail.smallest",
        "title",
    ],
)
def test_what_no_parameter_alone_decides_is_opened_anew(key):
    assert place_of(BASELINE, key) is None


def test_parts_of_the_economy_are_made_from_the_parameters_that_they_declare():
    opening, seen = open_economy(BASELINE), set()

    def watched(section):
        """The parameters of a section, which note what is read of them."""
        kind = FIELD_TYPES[section]

        def read(self, name):
            if name in NAMES[section]:
                seen.add(f"{section}.{name}")
            return object.__getattribute__(self, name)

        noting = type(kind.__name__, (kind,), {"__getattribute__": read})
        return noting(**vars(getattr(opening.parameters, section)))

    parameters = Parameters(**{section: watched(section) for section in FIELD_TYPES})
    for name, part in PARTS.items():
        seen.clear()
        part.make(opening.scenario, parameters, opening.economy.books)
        assert seen == part.reads, name
