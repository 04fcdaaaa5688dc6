"""The design file of a sweep: which keys vary, how points are chosen, and what is run and kept at each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from sim.errors import ScenarioError, suggestion
from sim.scenario.data import CONFIGS
from sim.scenario.load import mistake, named_file, read_toml
from sim.scenario.schema import Strict

SWEEPS = CONFIGS / "sweeps"
KEEP = ("outcomes", "series", "flows")
"""What can be kept of a run, in the order in which a plan names it."""
PARTS = 64
"""Chunks that a sweep is divided into by default, unless they would be too small or too large: four for each of
sixteen cores."""
SIZES = {"jax": {"outcomes": (256, 1024), "tables": (256, 256)}, "numpy": {"outcomes": (8, 64), "tables": (8, 64)}}
"""Engine -> least and most runs in one file by default, of outcomes alone and where the quarters of every run are
kept too; a size in between is a multiple of the least. On a processor the compiled engine steps batches of 256,
and one that is not full costs as much."""
MOST_POINTS = 20_000_000
"""More would not fit the memory of a laptop when planned."""


class Suggesting(Strict):
    """Names the likely key where an unknown one is given."""

    @model_validator(mode="before")
    @classmethod
    def _keys_are_known(cls, raw: Any) -> Any:
        if not isinstance(raw, Mapping):
            raise ValueError(f"expected a table, got {raw!r}")
        for key in raw:
            if key not in cls.model_fields:
                known = ", ".join(cls.model_fields)
                raise ValueError(f"unknown key {key!r}{suggestion(key, cls.model_fields)} (there are {known})")
        return raw


def _numbers_or_words(given: Any) -> Any:
    if not isinstance(given, list) or not given:
        raise ValueError("expected a list of numbers or words, such as [0.0, 0.03]")
    for value in given:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError(f"{value!r} is neither a number nor a word")
    if len({isinstance(value, str) for value in given}) > 1:
        raise ValueError("numbers and words cannot be mixed")
    if len(set(given)) < len(given):
        raise ValueError(f"{next(v for v in given if given.count(v) > 1)!r} is given twice")
    return tuple(value if isinstance(value, str) else float(value) for value in given)


def _a_number(given: Any) -> Any:
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise ValueError("expected a number")
    return given


Number = Annotated[float, BeforeValidator(_a_number), Field(allow_inf_nan=False)]
Count = Annotated[int, Field(strict=True, ge=1)]


class Vary(Suggesting):
    """How one key varies.

    Attributes:
        values: for grids, the numbers or words that it takes.
        low: least number; the lower end of the key's allowed range if left out.
        high: largest number; the upper end if left out.
        steps: for grids, how many numbers from low to high, both included.
        scale: whether numbers lie evenly between low and high by themselves or by their logarithm.
    """

    values: Annotated[tuple[float | str, ...], BeforeValidator(_numbers_or_words)] | None = None
    low: Number | None = None
    high: Number | None = None
    steps: Annotated[int, Field(strict=True, ge=2)] | None = None
    scale: Literal["linear", "log"] = "linear"

    @model_validator(mode="after")
    def _either_values_or_bounds(self) -> Self:
        bounds = {"low": self.low, "high": self.high, "steps": self.steps}
        given = [name for name, value in bounds.items() if value is not None]
        if self.values is not None and (given or self.scale != "linear"):
            raise ValueError(f"give either values or {' and '.join(given or ['scale'])}")
        return self


class Design(Suggesting):
    """A design file as it is written; `sim.experiments.sweep.axes` resolves its keys.

    Attributes:
        title: of the sweep.
        about: what it asks.
        scenario: name or path of the scenario that points change.
        method: how points are chosen; "seeds" has one, the scenario as it is.
        samples: points (random, latin_hypercube), size of the base sample (sobol) or trajectories (morris).
        second_order: for sobol, whether points for interactions of pairs are added.
        levels: for morris, how many values each key takes.
        seed: of the first replicate; the scenario's own if left out. Replicate r has seed + r.
        design_seed: of the choice of points.
        replicates: histories at each point, with the same seeds at every point.
        quarters: length of the histories; the scenario's own if left out.
        keep: what is kept of every run.
        chunk: runs in one file.
        engine: as in `sim.ensemble`.
        set: changes that hold at all points.
        vary: lever name or dotted key -> how it varies; nothing does for seeds.
    """

    title: Annotated[str, Field(min_length=1)]
    about: str = ""
    scenario: str = "baseline"
    method: Literal["grid", "random", "latin_hypercube", "sobol", "morris", "seeds"]
    samples: Count | None = None
    second_order: Annotated[bool, Field(strict=True)] = True
    levels: Annotated[int, Field(strict=True, ge=2, le=100, multiple_of=2)] = 4
    seed: Annotated[int, Field(strict=True, ge=0, lt=2**63)] | None = None
    design_seed: Annotated[int, Field(strict=True, ge=0, lt=2**63)] = 1
    replicates: Count = 1
    quarters: Annotated[int, Field(strict=True, ge=1, le=160)] | None = None
    keep: tuple[Literal["outcomes", "series", "flows"], ...] = ("outcomes",)
    chunk: Count | None = None
    engine: Literal["auto", "jax", "numpy"] = "auto"
    set: dict[str, Any] = Field(default_factory=dict)
    vary: dict[str, Vary] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _method_has_what_it_needs(self) -> Self:
        if self.method == "seeds":
            _refuse_given(self, ("vary", "samples", "second_order", "levels", "design_seed"), "seeds takes no")
            return self
        if not self.vary:
            raise ScenarioError(f"{self.method} needs at least 1 lever or key that varies", "vary")
        if self.method == "grid":
            _refuse_given(self, ("samples", "second_order", "levels", "design_seed"), "a grid takes no")
            for name, how in self.vary.items():
                if how.values is None and how.steps is None:
                    raise ScenarioError("a grid needs values, or low, high and steps", f"vary.{name}")
            return self
        if self.samples is None:
            raise ScenarioError(f"{self.method} needs a number of samples", "samples")
        if self.method == "sobol" and self.samples & (self.samples - 1):
            lower = 1 << (self.samples.bit_length() - 1)
            raise ScenarioError(
                f"sobol needs a power of two, such as {lower} or {2 * lower}", "samples", self.samples
            )
        if self.method != "sobol":
            _refuse_given(self, ("second_order",), f"{self.method} takes no")
        if self.method != "morris":
            _refuse_given(self, ("levels",), f"{self.method} takes no")
        for name, how in self.vary.items():
            if how.values is not None or how.steps is not None:
                what = "values" if how.values is not None else "steps"
                raise ScenarioError(
                    f"{self.method} takes low and high; {what} are for grids", f"vary.{name}.{what}"
                )
        return self

    @property
    def kept(self) -> tuple[str, ...]:
        """What is kept, outcomes always."""
        return tuple(name for name in KEEP if name == "outcomes" or name in self.keep)

    def runs_in_chunk(self, runs: int, engine: str) -> int:
        """Return how many runs go into one file: `chunk`, or as many as suit runs, engine and what is kept.

        The machine must not matter: names and bytes of files depend on it.

        Args:
            runs: of the sweep.
            engine: that steps them, jax or numpy.
        """
        if self.chunk is not None:
            return self.chunk
        least, most = SIZES[engine]["outcomes" if self.kept == ("outcomes",) else "tables"]
        return min(most, max(least, -(-runs // (PARTS * least)) * least))


def _refuse_given(design: Design, keys: tuple[str, ...], words: str) -> None:
    for key in keys:
        if key in design.model_fields_set:
            raise ScenarioError(f"{words} {key}", key)


def read(path: Path) -> Design:
    """Read a design file.

    Raises:
        ScenarioError: if it cannot be read or is wrong, in one line that names file and key.
    """
    return parsed(read_toml(path), path.name)


def parsed(raw: Mapping[str, Any], where: str) -> Design:
    """Return a design from plain data.

    Args:
        raw: what a design file would say.
        where: what the design is called in messages.

    Raises:
        ScenarioError: if anything is wrong.
    """
    if isinstance(raw.get("vary"), dict):
        raw = {**raw, "vary": dict(_dotted(raw["vary"], Vary.model_fields))}
    try:
        return Design.model_validate(raw)
    except ValidationError as error:
        raise mistake(error, where) from None


def _dotted(raw: Mapping[str, Any], known: Any, at: str = "") -> Any:
    """Tables `[vary.environment.terminal_rate]` by dotted key; TOML makes tables in tables of them."""
    for key, value in raw.items():
        name = f"{at}.{key}" if at else key
        nested = isinstance(value, dict) and value and all(isinstance(part, dict) for part in value.values())
        if nested and not set(value) & set(known):
            yield from _dotted(value, known, name)
        else:
            yield name, value


def find(name: str | Path) -> Path:
    """Return the design file given by name or path.

    Raises:
        ScenarioError: if there is none, naming those that ship.
    """
    return named_file("sweep", name, names())


def names() -> dict[str, Path]:
    """Design files that ship: name -> file."""
    return {path.stem: path for path in sorted(SWEEPS.glob("*.toml"))}
