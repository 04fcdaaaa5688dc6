"""Settings of all tests, and what tests of the pages share: a browser, a server, an empty page."""

import pytest
from hypothesis import settings
from support.browser import NARROW, WIDE, launched, opened, serving

# Tests are never timed: a busy machine must not fail one.
settings.register_profile("whole", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=25)


def pytest_configure(config):
    """Draw fewer examples of each property where slow tests are left out."""
    settings.load_profile("quick" if "not slow" in config.option.markexpr else "whole")


LONGEST = (
    "test_elasticities",
    "test_ensemble",
    "test_live_page",
    "test_docs",
    "test_figures",
    "test_sweep_store",
    "test_compare",
    "test_economies",
    "test_server_compare_page",
    "test_sweep_crash",
    "test_server_runs_page",
    "test_cli",
    "test_ensemble_runs",
    "test_accounting",
)


def pytest_collection_modifyitems(items):
    """Longest files first, so that at the end no worker has a long file left."""
    place = {name: index for index, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(place)))


@pytest.fixture(scope="module")
def browser():
    """Headless Chromium. Not kept longer than a file: meanwhile Playwright's event loop counts as running."""
    with launched() as found:
        yield found


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """The address of `capflow serve` in an empty folder, such as http://127.0.0.1:43215; one for each worker."""
    with serving(cwd=tmp_path_factory.mktemp("served")) as address:
        yield address


@pytest.fixture
def page(browser, served):
    """An empty page, 1280 wide, of a browser of its own as far as cookies and storage go."""
    with opened(browser, served, WIDE) as empty:
        yield empty


@pytest.fixture
def narrow_page(browser, served):
    """The same, as wide as a telephone."""
    with opened(browser, served, NARROW, has_touch=True, is_mobile=True) as empty:
        yield empty
