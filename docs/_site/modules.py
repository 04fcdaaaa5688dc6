"""Directives that document modules, each in a section: those named, or those of the phases of a quarter."""

from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive, directives
from docutils.statemachine import StringList
from sphinx.util.nodes import nested_parse_with_titles

from sim.economy.quarter import PHASES


def setup(app):
    """Register with Sphinx."""
    app.add_directive("modules", Modules)
    app.add_directive("phases", Phases)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


class Sections(Directive):
    """Sections with titles, parsed where the directive stands."""

    def sections(self, lines):
        """Parse lines with titles in them."""
        place = nodes.section()
        place.document = self.state.document
        nested_parse_with_titles(self.state, StringList(lines, source=self.name), place)
        return place.children


def section(title, module, options=()):
    """Return the lines of a section about a module."""
    return [title, "-" * len(title), "", f".. automodule:: {module}", *(f"   {option}" for option in options), ""]


class Modules(Sections):
    """A section for each of the modules that are named, one a line."""

    has_content = True
    option_spec: ClassVar = {"undoc-members": directives.flag}

    def run(self):
        """Return the sections."""
        options = [f":{option}:" for option in self.options]
        return self.sections(
            [line for name in self.content if name.strip() for line in section(name, name.strip(), options)]
        )


class Phases(Sections):
    """A section for each phase of a quarter, in their order: its number and title, its meaning, and its module."""

    def run(self):
        """Return the sections."""
        lines, documented = [], set()
        for phase in PHASES:
            module = phase.function.__module__
            options = (":no-index:",) if module in documented else ()
            documented.add(module)
            title, *rest = section(f"{phase.number} {phase.title}", module, options)
            lines += [title, rest[0], "", f"{phase.meaning[0].upper()}{phase.meaning[1:]}.", *rest[1:]]
        return self.sections(lines)
