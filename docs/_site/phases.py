"""A directive that documents the phases of a quarter in their order, each with its module."""

from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from sphinx.util.nodes import nested_parse_with_titles

from sim.economy.quarter import PHASES


def setup(app):
    """Register with Sphinx."""
    app.add_directive("phases", Phases)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


class Phases(Directive):
    """A section for each phase: its number and title, what happens in it, and the module of its function."""

    def run(self):
        from docutils import nodes

        lines = []
        for phase in PHASES:
            title = f"{phase.number} {phase.title}"
            module = phase.function.__module__
            lines += [title, "-" * len(title), "", f"{phase.meaning[0].upper()}{phase.meaning[1:]}.", ""]
            lines += [f".. automodule:: {module}", ""]
        place = nodes.section()
        place.document = self.state.document
        nested_parse_with_titles(self.state, StringList(lines, source="phases"), place)
        return place.children
