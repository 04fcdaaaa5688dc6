"""The ODD protocol and the code agree: its tables are what the code gives, and what its text names exists."""

import inspect
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sim.economy.books.flows import FLOWS
from sim.economy.quarter import PHASES
from sim.scenario.load import load
from sim.scenario.quantities import Quantity, Table
from sim.scenario.schema import Scenario
from studies.markdown import number, table
from studies.odd import __main__ as writer
from studies.odd.entities import heading
from studies.odd.parameters import BY_COLUMN, LISTS, SECTIONS, numbers_of, page, source

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
NAMES = ("odd.md", "odd-submodels.md", "odd-parameters.md", "trace.md")
DOTTED = re.compile(r"`((?:economy\.)?[a-z_]+(?:\.(?:\*|[a-z_0-9]+))+)`")
BESIDE = ("run", "history", "events")


@pytest.fixture(scope="module")
def texts():
    return {name: (DOCS / name).read_text(encoding="utf8") for name in NAMES}


@pytest.fixture(scope="module")
def baseline():
    return load("baseline")


def named(text):
    """Dotted names in the text, modules and files left aside."""
    found = {name for name in DOTTED.findall(text) if not name.endswith((".py", ".md"))}
    return {name for name in found if not name.startswith("sim.")}


def keys_of(scenario):
    """Dotted keys of a scenario, each agent's and each entry's number as a star."""
    found = set()
    for key in numbers_of(scenario):
        section, *rest = key.split(".")
        found.add(".".join((section, "*", *rest[1:])) if section in (*BY_COLUMN, *LISTS) else key)
    return found


# Tables


def test_the_page_of_parameters_is_what_the_configs_give(texts, baseline):
    assert texts["odd-parameters.md"] == page(baseline), "run python -m studies.odd"


def test_the_tables_of_the_protocol_are_what_the_code_gives(texts):
    text = texts["odd.md"]
    assert text.count("<!-- table:") == len(writer.TABLES)
    assert writer.filled(text) == text, "run python -m studies.odd"


def test_another_value_is_another_page(baseline):
    changed = page(load("baseline", {"environment.terminal_rate": 0.0123}))
    assert "| `environment.terminal_rate` | bill rate in the long run | 0.0123 |" in changed
    assert changed != page(baseline)


def test_every_number_is_on_the_page_with_unit_kind_and_source(texts, baseline):
    lines = texts["odd-parameters.md"].splitlines()
    rows = {line.split("`")[1]: line for line in lines if line.startswith("| `")}
    for key, found in numbers_of(baseline).items():
        assert found.kind in rows[key], key
        assert source(found).replace("|", "\\|") in rows[key], key
        if key.split(".")[0] not in BY_COLUMN:
            assert f"| {number(found.value)} | {found.unit} |" in rows[key], key


def test_an_agents_numbers_stand_in_its_column(texts, baseline):
    """Cell by cell, over all agents, laws and channels."""
    parts = re.split(r"^## ", texts["odd-parameters.md"], flags=re.MULTILINE)
    for name in BY_COLUMN:
        part = next(part for part in parts if f"`[{name}.*]`" in part.splitlines()[0])
        head, _, *body = [line for line in part.split("Where each")[0].splitlines() if line.startswith("|")]
        agents = [cell.strip(" `") for cell in head.strip("|").split("|")][3:]
        assert agents == list(getattr(baseline, name))
        cells = {row[0].strip(" `"): row[3:] for row in (line.strip("|").split("|") for line in body)}
        for key, found in numbers_of(baseline).items():
            section, agent, *rest = key.split(".")
            if section == name and isinstance(found, Quantity):
                assert cells[".".join(rest)][agents.index(agent)].strip() == number(found.value), key


def test_numbers_are_written_for_readers_and_lose_nothing_that_matters():
    written = {
        0.0: "0", 0.03: "0.03", -0.5: "-0.5", 20800.0: "20,800", 1.4e18: "1.4e18", 1e-5: "1e-5", 24: "24",
        0.05 * 3: "0.15", 2077.4061: "2,077.41", 560000.0: "560,000", 100.0: "100",
    }  # fmt: skip
    assert {value: number(value) for value in written} == written
    assert table(("a",), [("x|y",)]) == "| a |\n| --- |\n| x\\|y |\n"


def test_every_number_of_the_schema_has_a_meaning(texts):
    """A key whose field says nothing would stop the page; here that the meanings are words."""
    rows = [line.split(" | ") for line in texts["odd-parameters.md"].splitlines() if line.startswith("| `")]
    valued = [row for row in rows if len(row) == 8]
    assert len(valued) > 200
    assert not [row[0] for row in valued if len(row[1].split()) < 2 and row[1] not in ("interest",)]


@pytest.mark.slow
def test_the_command_writes_both_pages_and_explains_mistakes(tmp_path):
    def write():
        return subprocess.run(
            [sys.executable, "-m", "studies.odd"], cwd=tmp_path, capture_output=True, text=True, check=False,
            env={"PYTHONPATH": str(ROOT), "PATH": ""},
        )  # fmt: skip

    refused = write()
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "docs/odd.md does not exist" in refused.stderr
    (tmp_path / "docs").mkdir()
    shutil.copy(DOCS / "odd.md", tmp_path / "docs")
    assert write().returncode == 0
    for name in ("odd.md", "odd-parameters.md"):
        assert (tmp_path / "docs" / name).read_bytes() == (DOCS / name).read_bytes()
    (tmp_path / "docs" / "odd.md").write_text("<!-- table: flowers -->\n<!-- end of table -->\n")
    refused = write()
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "no table 'flowers'; there are phases, state, flows" in refused.stderr


# Text


@pytest.mark.parametrize("name", ["odd.md", "odd-submodels.md", "trace.md"])
def test_every_parameter_that_the_text_names_exists(name, texts, baseline):
    text = re.sub(r"<!-- table.*?end of table -->", "", texts[name], flags=re.DOTALL)
    keys, sections = keys_of(baseline), set(Scenario.model_fields)
    parents = {key.rsplit(".", 1)[0] for key in keys}
    state = set(re.findall(r"^\| `(economy\.[\w.]+)`", texts["odd.md"], flags=re.MULTILINE))
    words = {f"{section}.*.{key}" for section, (_, owner) in BY_COLUMN.items() for key in owner.__annotations__}
    for dotted in named(text):
        if dotted.startswith("economy."):
            assert dotted in state, dotted
        elif dotted.split(".")[0] in sections:
            known = dotted in keys | parents | words
            assert known or dotted in numbers_of(baseline) or dotted.startswith((*BESIDE, "tail")), dotted


def test_every_parameter_is_in_an_equation_or_its_symbols(texts, baseline):
    """Every number of behaviour stands in the submodels; opening balances may stand in the initialisation."""
    submodels, protocol = named(texts["odd-submodels.md"]), named(texts["odd.md"])
    behaviour = {key for key in keys_of(baseline) if key.split(".")[0] in SECTIONS}
    opening = {key for key in behaviour if key.startswith(("market.", "sectors.", "tail."))}
    laws_and_channels = {key for key in keys_of(baseline) if key.startswith(("regimes.", "channels."))}
    assert not sorted((behaviour - opening | laws_and_channels) - submodels)
    assert not sorted(opening - protocol)
    agents = {key for key in keys_of(baseline) if key.split(".")[0] in BY_COLUMN} - laws_and_channels
    agents = {".".join(key.split(".")[:3]) for key in agents}
    assert not sorted(agents - submodels - protocol)


def test_every_section_of_the_baseline_is_told_where_it_acts(texts):
    part = texts["odd.md"].split("## 7. Submodels")[1]
    for section in (*SECTIONS, "regimes", "channels"):
        assert f"`{section}`" in part, section


def test_every_phase_has_a_submodel_in_its_order(texts):
    headings = re.findall(r"^## (\d\w* .*)$", texts["odd-submodels.md"], flags=re.MULTILINE)
    assert headings == [heading(phase) for phase in PHASES]


def test_every_phase_has_its_paragraph_in_the_tour():
    text = (DOCS / "model.md").read_text(encoding="utf8").split("## The quarter")[1].split("\n## ")[0]
    numbers = re.findall(r"^(\d+)\. \*\*", text, flags=re.MULTILINE)
    assert numbers == list(dict.fromkeys(phase.number.rstrip("abcd") for phase in PHASES))[1:]
    assert "laws and audits" in text.split("1. **")[0]


def test_every_kind_of_payment_is_in_the_protocol(texts):
    told = re.findall(r"^\| `(\w+)` \| (\w+) \| (\w+) \|", texts["odd.md"], flags=re.MULTILINE)
    assert {kind: ends for kind, *ends in told if kind in FLOWS} == {
        kind: [flow.payer, flow.payee] for kind, flow in FLOWS.items()
    }


def test_all_seven_elements_and_eleven_concepts_are_there(texts):
    headings = re.findall(r"^## (\d)\. ", texts["odd.md"], flags=re.MULTILINE)
    assert headings == list("1234567")
    part = texts["odd.md"].split("## 4.")[1].split("## 5.")[0]
    concepts = re.findall(r"^\*\*(\w[\w ]*)\.\*\*", part, flags=re.MULTILINE)
    assert concepts == [
        "Basic principles", "Emergence", "Adaptation", "Objectives", "Learning", "Prediction", "Sensing",
        "Interaction", "Stochasticity", "Collectives", "Observation",
    ]  # fmt: skip


def test_every_stream_of_random_numbers_is_told(texts):
    from sim.opening import draws

    part = texts["odd.md"].split("| stream |")[1].split("**Collectives")[0]
    for purpose in re.findall(r'(?:normal|uniform)\("([^"]+)"', inspect.getsource(draws.draw)):
        assert purpose in part, purpose


# Tests named in the notes on verification


def test_every_test_that_the_notes_name_exists(texts):
    told = set(re.findall(r"`(test_\w+)::(test_\w+)`", texts["trace.md"]))
    assert len(told) > 70
    for file, function in told:
        (path,) = (ROOT / "tests").rglob(f"{file}.py")
        assert f"\ndef {function}(" in path.read_text(encoding="utf8"), (file, function)


def test_a_number_or_a_table_is_all_there_is(baseline):
    assert {type(found) for found in numbers_of(baseline).values()} == {Quantity, Table}
