"""Replacement of decision rules: users may put functions of their own in place of the rules of the model.

A replacement is given as a function, or as a text `module:function` in the table `[decisions]` of a scenario. Every
result of a replacement is checked, so that a mistake is reported in one line that names the decision, and does not
show only later, in books that do not balance. `sim.economy.decisions` lists the decisions and the model's rules.
"""

import importlib
import inspect
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

from sim.economy.decisions import DECISIONS, RULES, Decision
from sim.economy.parameters import CHANNELS
from sim.economy.phase import DecisionRule
from sim.errors import ScenarioError, suggestion
from sim.scenario.schema import FUNCTION

ROUNDING = 1e-9
"""A share may exceed its limit by this much: the excess counts as an error of rounding, and is removed."""


class Behaviour(Mapping[str, DecisionRule]):
    """The decision rules of one model by name; setting an entry replaces a rule, deleting it restores the model's own.

    Args:
        names: population -> names of its agents; the numbers of agents determine the shape of each decision.
        chosen: decision -> the function, or `module:function`, that replaces its rule.

    Raises:
        ScenarioError: if a decision is unknown, or a function cannot be found or called.
    """

    def __init__(
        self, names: Mapping[str, tuple[str, ...]], chosen: Mapping[str, DecisionRule | str] | None = None
    ) -> None:
        self._sizes = {population: len(agents) for population, agents in names.items()}
        self._sizes["channels"] = len(CHANNELS)
        self._replaced: dict[str, ReplacedRule] = {}
        self.update(chosen or {})

    def __getitem__(self, name: str) -> DecisionRule:
        """Return the rule in force."""
        return self._replaced.get(name) or DECISIONS[name].rule

    def __setitem__(self, name: str, function: DecisionRule | str) -> None:
        """Put a function in place of a rule."""
        if name not in DECISIONS:
            problem = f"unknown decision{suggestion(name, DECISIONS)}"
            raise ScenarioError(problem, f"decisions.{name}", allowed=", ".join(DECISIONS))
        self._replaced[name] = ReplacedRule(name, function, self.shape(name))

    def __delitem__(self, name: str) -> None:
        """Restore the model's own rule; raise a KeyError if that rule was not replaced."""
        del self._replaced[name]

    def update(self, chosen: Mapping[str, DecisionRule | str]) -> None:
        """Put functions in place of several rules."""
        for name, function in chosen.items():
            self[name] = function

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of all decisions."""
        return iter(DECISIONS)

    def __len__(self) -> int:
        """Count the decisions."""
        return len(DECISIONS)

    def unchecked(self) -> dict[str, DecisionRule]:
        """Return the rules in force without checks of their results, for JAX, which traces rules without numbers."""
        return {**RULES, **{name: rule.function for name, rule in self._replaced.items()}}

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of a decision's result: the number of agents (and of channels) that it is about."""
        return tuple(self._sizes[axis] for axis in DECISIONS[name].shape)

    def replaced(self) -> dict[str, str]:
        """Return the replaced decisions: name -> the `module:function` that takes the place of the rule."""
        return {name: rule.source for name, rule in self._replaced.items()}


class ReplacedRule:
    """A user's function that replaces a decision rule; calling it checks its result.

    Args:
        name: the name of the decision.
        function: the function, or the text `module:function`.
        shape: the shape of the result: the number of agents (and of channels).
    """

    def __init__(self, name: str, function: DecisionRule | str, shape: tuple[int, ...]) -> None:
        self.name, self.shape = name, shape
        self.text = function if isinstance(function, str) else None
        self.function = find(name, function) if isinstance(function, str) else function
        where = self.text or _described(self.function)
        if not callable(self.function):
            raise ScenarioError("is not callable", f"decisions.{name}", where, f"a {_expected_call(name)}")
        _check_call(name, where, self.function)
        self.source = where

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the text `module:function` instead of the function, where the user gave that text."""
        return ReplacedRule, (self.name, self.text or self.function, self.shape)

    def __call__(self, economy: Any, parameters: Any) -> Any:
        """Call the user's function, check its result, and return it.

        Raises:
            ScenarioError: if the function fails, or its result is not valid for the decision.
        """
        quarter = f"in quarter {float(economy.quarter):.0f}"
        try:
            result = self.function(economy, parameters)
        except (Exception, SystemExit) as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            line = f"{os.path.basename(last.filename)}, line {last.lineno}"
            problem = f"failed {quarter}: {type(error).__name__}: {error} ({line})"
            raise ScenarioError(problem, f"decisions.{self.name}", self.source) from error
        wrong, numbers = _checked(result, DECISIONS[self.name], self.shape)
        if wrong:
            allowed = expected_result(self.name, self.shape)
            raise ScenarioError(f"returned {wrong} {quarter}", f"decisions.{self.name}", self.source, allowed)
        return numbers


def find(name: str, text: str) -> Any:
    """Import the object that `module:function` names; the working directory is searched first, as by `python -m`.

    Raises:
        ScenarioError: if the module or the function does not exist, or the module cannot be imported.
    """
    key = f"decisions.{name}"
    module, colon, attribute = text.partition(":")
    if not colon or not module or not attribute:
        raise ScenarioError("not in the form module:function", key, text, FUNCTION)
    with _working_directory_on_path():
        try:
            item: Any = importlib.import_module(module)
        except ModuleNotFoundError as error:
            if error.name and (module == error.name or module.startswith(f"{error.name}.")):
                problem = f"there is no module {error.name!r} in {os.getcwd()} or among the installed ones"
                raise ScenarioError(problem, key, text) from None
            raise ScenarioError(f"importing {module} failed: {error}", key, text) from error
        except (Exception, SystemExit) as error:
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            raise ScenarioError(f"importing {module} failed: {reason}", key, text) from error
    for part in attribute.split("."):
        if not hasattr(item, part):
            functions = [other for other, value in getattr(item, "__dict__", {}).items() if callable(value)]
            raise ScenarioError(f"{module} has no {attribute!r}{suggestion(part, functions)}", key, text)
        item = getattr(item, part)
    return item


@contextmanager
def _working_directory_on_path() -> Iterator[None]:
    here = os.getcwd()
    sys.path.insert(0, here)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        with suppress(ValueError):
            sys.path.remove(here)


def _check_call(name: str, where: str, function: Callable[..., Any]) -> None:
    """Raise a ScenarioError if a function cannot be called with two arguments, the economy and the parameters."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return  # a built-in without a signature; calling it will tell
    try:
        signature.bind(None, None)
    except TypeError:
        problem = f"takes the arguments {' '.join(str(signature).split())}"
        raise ScenarioError(problem, f"decisions.{name}", where, f"a {_expected_call(name)}") from None


def _checked(result: Any, decision: Decision, shape: tuple[int, ...]) -> tuple[str, Any]:
    """Return what is wrong with a result (an empty text if it is valid), and the result as an array of numbers."""
    try:
        array = np.asarray(result)
        numbers = array.astype(float, casting="same_kind" if array.dtype.kind in "fc" else "unsafe")
    except (TypeError, ValueError, OverflowError):
        return f"a {type(result).__name__}, which is not an array of real numbers", None
    if numbers.shape != shape:
        return f"shape {numbers.shape}", None
    if not np.isfinite(numbers).all():
        return f"{float(numbers[~np.isfinite(numbers)][0])} at {_first(~np.isfinite(numbers))}", None
    if (numbers < 0.0).any():
        return f"{float(numbers[numbers < 0.0][0]):g} at {_first(numbers < 0.0)}", None
    if decision.most is not None:
        high = numbers > decision.most + ROUNDING
        if high.any():
            return f"{float(numbers[high][0]):g} at {_first(high)}", None
        numbers = np.minimum(numbers, decision.most)
    if decision.shares:
        total = numbers.sum(axis=-1)
        if (total > 1.0 + ROUNDING).any():
            return f"a row that sums to {float(total.max()):g}", None
        numbers = numbers / np.maximum(total, 1.0)[..., None]
    return "", numbers


def _first(where: Any) -> str:
    """Return the index of the first true entry as text, such as "[0, 2]"."""
    index = [int(place) for place in np.argwhere(where)[0]]
    return f"[{', '.join(map(str, index))}]"


def _expected_call(name: str) -> str:
    return f"function of (economy, parameters) that returns {DECISIONS[name].meaning}"


def expected_result(name: str, shape: tuple[int, ...]) -> str:
    """Describe, for an error message, what a valid result of a decision is."""
    decision = DECISIONS[name]
    sizes = " by ".join(f"{size} {axis}" for size, axis in zip(shape, decision.shape, strict=True))
    bound = f"from 0 to {decision.most:g}" if decision.most is not None else "not negative"
    rows = ", rows that sum to at most 1" if decision.shares else ""
    return f"finite numbers of shape {shape} ({sizes}), {decision.unit}, {bound}{rows}: {decision.meaning}"


def _described(function: Any) -> str:
    """Return the text `module:function` for a function; for any other object, the name of its type."""
    name = getattr(function, "__qualname__", None)
    return f"{function.__module__}:{name}" if name else type(function).__name__
