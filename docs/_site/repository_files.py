"""Links to files of the repository that are no pages lead to pages that show them.

A page may link to a module, a scenario or a table of data by its relative path. Where the repository is read, that
is the file itself; here it becomes a page with the file, highlighted, so that the site needs no other place.
"""

from html import escape
from pathlib import Path, PurePosixPath

from docutils import nodes
from pygments.lexers import get_lexer_for_filename
from pygments.util import ClassNotFound
from sphinx.addnodes import download_reference
from sphinx.util import logging

LOG = logging.getLogger(__name__)
FOLDER = "files"


def setup(app):
    """Register with Sphinx."""
    # Before Sphinx's own collector, which would copy the files as downloads.
    app.connect("doctree-read", redirect, priority=400)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    app.connect("html-collect-pages", pages)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def linked(env):
    """Page -> the files of the repository that it links to."""
    if not hasattr(env, "linked_repository_files"):
        env.linked_repository_files = {}
    return env.linked_repository_files


def redirect(app, doctree):
    """Point every link to a file at the page that will show it."""
    page = app.env.docname
    for node in list(doctree.findall(download_reference)):
        path, absolute = app.env.relfn2path(node["reftarget"], page)
        if not Path(absolute).is_relative_to(app.srcdir):
            LOG.warning("link leads out of the repository: %s", node["reftarget"], location=node)
            continue
        path = PurePosixPath(path).as_posix()
        linked(app.env).setdefault(page, set()).add(path)
        target = app.builder.get_relative_uri(page, f"{FOLDER}/{path}")
        node.replace_self(nodes.reference("", "", *node.children, internal=True, refuri=target))


def forget(app, env, docname):
    """Forget what a page linked to, before it is read again."""
    linked(env).pop(docname, None)


def merge(app, env, docnames, other):
    """Take over what another process has read."""
    linked(env).update({page: files for page, files in linked(other).items() if page in docnames})


def pages(app):
    """One page for each linked file."""
    for path in sorted(set().union(*linked(app.env).values())):
        text = (Path(app.srcdir) / path).read_text("utf8")
        highlighted = app.builder.highlighter.highlight_block(text, language(path))
        title = escape(path)
        body = f'<h1>{title}</h1>\n<div class="repository-file">{highlighted}</div>'
        yield f"{FOLDER}/{path}", {"title": title, "body": body}, "page.html"


def language(path):
    """The language in which Pygments highlights a file, by its name."""
    try:
        return get_lexer_for_filename(path).aliases[0]
    except ClassNotFound:
        return "text"
