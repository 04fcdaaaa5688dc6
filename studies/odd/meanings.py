"""What the fields of a class mean, as the strings below them say."""

from __future__ import annotations

import ast
import inspect
import textwrap
from itertools import pairwise


def meanings(owner: type) -> dict[str, str]:
    """Read the string below each field of a class; fields without one are left out.

    Args:
        owner: a dataclass or a model whose source is at hand.

    Returns:
        Field -> meaning, on one line.
    """
    (declared,) = ast.parse(textwrap.dedent(inspect.getsource(owner))).body
    assert isinstance(declared, ast.ClassDef)
    texts = {}
    for field, below in pairwise(declared.body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            text = _string(below)
            if text:
                texts[field.target.id] = " ".join(text.split())
    return texts


def shapes(owner: type) -> dict[str, str]:
    """Read what each array of a class runs over, from its annotation: nothing for a number.

    Args:
        owner: a dataclass of arrays with jaxtyping's annotations.
    """
    (declared,) = ast.parse(textwrap.dedent(inspect.getsource(owner))).body
    assert isinstance(declared, ast.ClassDef)
    fields = {
        field.target.id: field.annotation
        for field in declared.body
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
    }
    return {name: _axes(annotation) for name, annotation in fields.items()}


def _axes(annotation: ast.expr) -> str:
    for node in ast.walk(annotation):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return ", ".join(node.value.split())
    return ""


def _string(statement: ast.stmt) -> str:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return str(statement.value.value)
    return ""
