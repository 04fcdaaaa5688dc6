"""How the documentation becomes a site: `make docs`, into build/docs.

The source folder of the site is the repository, not docs/, so that README.md, docs/ and the READMEs of benchmarks/
and runs/ keep their places beside each other, and a relative link leads to the same page on the site as in the
repository.
"""

import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
TOP = HERE.parent
sys.path[:0] = [str(HERE / "_site"), str(TOP)]

import sim  # noqa: E402  (found by the line before)

with (TOP / "pyproject.toml").open("rb") as _file:
    _project = tomllib.load(_file)["project"]

project = _project["name"]
author = _project["authors"][0]["name"]
copyright = f"2026 {author}. {_project['license']} licence"
release = version = sim.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "docstrings",
    "mathml",
    "modules",
    "repository_files",
]
root_doc = "docs/index"
include_patterns = ["docs/**", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/README.md", "runs/README.md"]
exclude_patterns = ["docs/_*", ".*", "build", "runs/*/**", "**/__pycache__"]

# Headings get the anchors that they have on the pages of repository hosts.
myst_heading_anchors = 4
myst_enable_extensions = ["dollarmath"]
html_math_renderer = "mathml"

# Arguments and shapes are in the annotations; the docstrings say what they mean.
autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autodoc_use_type_comments = False
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
napoleon_attr_annotations = False
python_maximum_signature_line_length = 88
add_module_names = False
toc_object_entries = False
# `name` in a docstring is a link where there is a name to link to, else code.
default_role = "name"
# A name of the house that leads nowhere is a mistake; words in code style, and names of other libraries, are none.
nitpicky = True
nitpick_ignore_regex = [("py:class", r".*"), ("py:obj", r".*\.T"), (r"py:.*", r"(?!sim\.).*")]  # T: a type variable
viewcode_follow_imported_members = False

html_theme = "furo"
html_title = f"{project} {release}"
html_favicon = "../sim/server/assets/favicon.ico"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_extra_path = ["_site/index.html"]
html_copy_source = False
html_show_sourcelink = False
# A fence without a language is a command or its answer; a block in a docstring, an equation more often than code.
highlight_language = "text"
pygments_style = "friendly"
pygments_dark_style = "monokai"
