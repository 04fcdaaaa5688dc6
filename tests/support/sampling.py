"""Samples of long lists of cases: a few run in `make test`, all of them in `make test-all`."""

from __future__ import annotations

import pytest


def sampled(cases, quick):
    """Cases of a parametrized test, all but some of them marked slow.

    Args:
        cases: the cases, each a value or a tuple of values.
        quick: those that run in `make test`, too.
    """
    cases, quick = list(cases), list(quick)
    strangers = [case for case in quick if case not in cases]
    assert not strangers, f"not among the cases: {strangers}"
    return [case if case in quick else _slow(case) for case in cases]


def _slow(case):
    values = case if isinstance(case, tuple) else (case,)
    return pytest.param(*values, marks=pytest.mark.slow)
