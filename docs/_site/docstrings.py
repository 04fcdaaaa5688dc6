"""Docstrings as the house writes them, in the terms of Sphinx.

They are Google style, and some habits need a word: single backticks hold a name or code; an indented block after
an empty line is an equation or code; the docstring of a field is a description, without a type before a colon; and
a bare name means what it means in its module.
"""

import re
import sys
from functools import cache
from typing import ClassVar

from docutils import nodes
from sphinx.addnodes import desc_annotation, desc_signature, pending_xref
from sphinx.domains.python import PythonDomain

FIELDS = ("attribute", "data", "property")
BEFORE_NAPOLEON, AFTER_NAPOLEON = 400, 600
BEFORE_VIEWCODE = 400
NAME = re.compile(r"[A-Za-z_]\w*(\.\w+)*")
LONGEST_VALUE = 100
"""Characters; the value of a constant that takes more is left out."""


def setup(app):
    """Register with Sphinx."""
    app.add_role("name", name_or_code)
    app.connect("autodoc-process-docstring", literal_blocks, priority=BEFORE_NAPOLEON)
    app.connect("autodoc-process-docstring", Fields.put_aside, priority=BEFORE_NAPOLEON)
    app.connect("autodoc-process-docstring", Fields.put_back, priority=AFTER_NAPOLEON)
    app.connect("autodoc-skip-member", documented_as_public)
    app.connect("doctree-read", also_at_home, priority=BEFORE_VIEWCODE)
    app.connect("doctree-read", name_by_module)
    app.connect("doctree-read", leave_out_long_values)
    app.connect("doctree-read", arrays_as_written)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def name_or_code(role, rawtext, text, lineno, inliner, options=None, content=()):
    """What stands in single backticks: a link where it names something of the house, else code as it stands."""
    if not NAME.fullmatch(text):
        return [nodes.literal(rawtext, text)], []
    return PythonDomain.roles["obj"]("py:obj", rawtext, text, lineno, inliner)


def literal_blocks(app, what, name, obj, options, lines):
    """Mark equations and code: blocks that an empty line sets off, further in than the text before."""
    marked, before = [], ""
    for line in lines:
        set_off = marked and not marked[-1].strip()
        if line.startswith("    ") and set_off and not before.startswith(" "):
            marked += ["::", ""]
        marked.append(line)
        before = line if line.strip() else before
    lines[:] = marked


class Fields:
    """Docstrings of fields go around Napoleon, which would take what stands before a colon for a type."""

    kept: ClassVar[dict[str, list[str]]] = {}

    @classmethod
    def put_aside(cls, app, what, name, obj, options, lines):
        """Take the docstring of a field away."""
        if what in FIELDS:
            cls.kept[name] = list(lines)
            lines.clear()

    @classmethod
    def put_back(cls, app, what, name, obj, options, lines):
        """Give it back."""
        if what in FIELDS:
            lines[:] = cls.kept.pop(name)


def documented_as_public(app, what, name, member, skip, options):
    """What `sim` offers is documented there, and not once more in the module where it is written."""
    return True if what == "module" and any(member is offered for offered in public().values()) else None


@cache
def public():
    """What `sim` offers, by name, imported."""
    import sim

    return {name: getattr(sim, name) for name in sim.__all__}


def also_at_home(app, doctree):
    """Let what `sim` offers be found in the module where it is written, by links to it and from its source."""
    for node in doctree.findall(desc_signature):
        offered = public().get(node.get("fullname", "").split(".")[0])
        if node.get("module") == "sim" and offered is not None:
            node["module"] = offered.__module__
            node["ids"].append(f"{node['module']}.{node['fullname']}")


def name_by_module(app, doctree):
    """Give bare names of types and errors their full name; Sphinx would take any object with such an ending."""
    for node in doctree.findall(pending_xref):
        if node.get("refdomain") == "py" and "refspecific" in node and "." not in node["reftarget"]:
            node["reftarget"] = full_name(node["reftarget"], node.get("py:module"))
            del node["refspecific"]


def full_name(name, module):
    """Where a name of a module leads; the name itself where it is none of the house's."""
    found = getattr(sys.modules.get(module), name, public().get(name))
    if found is not None and found is public().get(name):
        return f"sim.{name}"
    home = getattr(found, "__module__", None) or ""
    return f"{home}.{found.__qualname__}" if home.startswith("sim.") and hasattr(found, "__qualname__") else name


def leave_out_long_values(app, doctree):
    """Show no tables as the values of constants: their source is one click away."""
    for node in list(doctree.findall(desc_annotation)):
        if "=" in node.astext() and len(node.astext()) > LONGEST_VALUE:
            node.parent.remove(node)


def arrays_as_written(app, doctree):
    """Call arrays by the name that annotations give them; `Array` stands for arrays of any library."""
    for node in doctree.findall(desc_signature):
        words = list(node.findall(nodes.Text))
        for first, second, third in zip(words, words[1:], words[2:], strict=False):
            if (first, second, third) == ("Float", "[", "Any"):
                third.parent.replace(third, nodes.Text("Array"))
