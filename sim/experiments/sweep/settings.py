"""Settings of a sweep: the schema of its design file, and the design files that ship."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from sim.errors import ScenarioError, suggestion
from sim.experiments.sweep.chunk_files import TABLES
from sim.scenario.data import CONFIGS
from sim.scenario.load import mistake, read_toml
from sim.scenario.schema import Strict

SWEEPS = CONFIGS / "sweeps"
PARTS = 64
"""Default number of chunks, four for each of sixteen cores, unless chunks would be too small or too large."""
SIZES = {"jax": {"outcomes": (256, 1024), "tables": (256, 256)}, "numpy": {"outcomes": (8, 64), "tables": (8, 64)}}
"""Engine -> least and most runs in a chunk by default, for outcomes alone and for all tables; a size in between is
a multiple of the least. On a processor the compiled engine steps batches of 256; a partial one costs as much."""
MOST_POINTS = 20_000_000
"""The plan of more points would not fit in the memory of a laptop."""
SAMPLED = frozenset({"vary", "samples", "design_seed"})
OPTIONS = {
    "seeds": frozenset[str](),
    "grid": frozenset({"vary"}),
    "random": SAMPLED,
    "latin_hypercube": SAMPLED,
    "sobol": SAMPLED | {"second_order"},
    "morris": SAMPLED | {"levels"},
}
"""Method -> the keys of a design that only some methods take, and that this one takes."""


class Suggesting(Strict):
    """A table that suggests the likely key in place of an unknown one."""

    @model_validator(mode="before")
    @classmethod
    def _keys_are_known(cls, raw: Any) -> Any:
        if not isinstance(raw, Mapping):
            raise ValueError(f"expected a table, got {raw!r}")
        for key in raw:
            if key not in cls.model_fields:
                available = ", ".join(cls.model_fields)
                raise ValueError(f"unknown key {key!r}{suggestion(key, cls.model_fields)}; available: {available}")
        return raw


def _numbers_or_words(values: Any) -> Any:
    if not isinstance(values, list) or not values:
        raise ValueError("expected a list of numbers or words, such as [0.0, 0.03]")
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError(f"{value!r} is neither a number nor a word")
    if len({isinstance(value, str) for value in values}) > 1:
        raise ValueError("numbers and words cannot be mixed")
    if len(set(values)) < len(values):
        raise ValueError(f"{next(value for value in values if values.count(value) > 1)!r} is listed twice")
    return tuple(value if isinstance(value, str) else float(value) for value in values)


Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Count = Annotated[int, Field(strict=True, ge=1)]


class Vary(Suggesting):
    """How one key varies.

    Attributes:
        values: for grids, the numbers or words.
        low: the least number; the lower end of the key's allowed range if left out.
        high: the largest number; the upper end if left out.
        steps: for grids, the number of values from low to high, both included.
        scale: whether the numbers or their logarithms are spread evenly between low and high.
    """

    values: Annotated[tuple[float | str, ...], BeforeValidator(_numbers_or_words)] | None = None
    low: Number | None = None
    high: Number | None = None
    steps: Annotated[int, Field(strict=True, ge=2)] | None = None
    scale: Literal["linear", "log"] = "linear"

    @model_validator(mode="after")
    def _either_values_or_bounds(self) -> Self:
        bounds = {"low": self.low, "high": self.high, "steps": self.steps}
        present = [name for name, value in bounds.items() if value is not None]
        if self.values is not None and (present or self.scale != "linear"):
            raise ValueError(f"give either values or {' and '.join(present or ['scale'])}")
        return self


class Design(Suggesting):
    """The content of a design file; `sim.experiments.sweep.axes` resolves its keys.

    Attributes:
        title: the title of the sweep.
        about: the question that it answers.
        scenario: the name or path of the scenario that points change.
        method: how points are chosen; "seeds" has one point, the unchanged scenario.
        samples: points (random, latin_hypercube), size of the base sample (sobol) or trajectories (morris).
        second_order: for sobol, whether points for interactions of pairs are added.
        levels: for morris, the number of values of each key.
        seed: the seed of the first replicate; the scenario's own if left out. Replicate r has seed + r.
        design_seed: the seed of the choice of points.
        replicates: histories at each point, with the same seeds at every point.
        quarters: length of the histories; the scenario's own if left out.
        keep: tables that are written besides outcomes.
        chunk: the number of runs in one file.
        engine: as in `sim.ensemble`.
        set: changes that apply at all points.
        vary: lever name or dotted key -> how it varies; empty for seeds.
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
    def _options_fit_the_method(self) -> Self:
        for key in ("vary", "samples", "second_order", "levels", "design_seed"):
            if key in self.model_fields_set and key not in OPTIONS[self.method]:
                raise ScenarioError(f"{self.method} takes no {key}", key)
        if self.method == "seeds":
            return self
        if not self.vary:
            raise ScenarioError(f"{self.method} needs at least 1 lever or key that varies", "vary")
        if self.method == "grid":
            for name, vary in self.vary.items():
                if vary.values is None and vary.steps is None:
                    raise ScenarioError("a grid needs values, or low, high and steps", f"vary.{name}")
            return self
        if self.samples is None:
            raise ScenarioError(f"{self.method} needs a number of samples", "samples")
        if self.method == "sobol" and self.samples & (self.samples - 1):
            lower = 1 << (self.samples.bit_length() - 1)
            allowed = f"a power of two, such as {lower} or {2 * lower}"
            raise ScenarioError("sobol cannot use this number", "samples", self.samples, allowed)
        for name, vary in self.vary.items():
            for key in ("values", "steps"):
                if getattr(vary, key) is not None:
                    problem = f"{self.method} takes low and high; {key} are for grids"
                    raise ScenarioError(problem, f"vary.{name}.{key}")
        return self

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that are written, outcomes always."""
        return tuple(name for name in TABLES if name == "outcomes" or name in self.keep)

    def runs_in_chunk(self, runs: int, engine: str) -> int:
        """Return `chunk`, or the number of runs in a file that suits the number of all runs, engine and tables.

        The machine must not matter: names and bytes of files depend on this number.
        """
        if self.chunk is not None:
            return self.chunk
        least, most = SIZES[engine]["outcomes" if self.tables == ("outcomes",) else "tables"]
        return min(most, max(least, -(-runs // (PARTS * least)) * least))


def read(path: Path) -> Design:
    """Read a design file.

    Raises:
        ScenarioError: if it cannot be read or is wrong, in one line that names file and key.
    """
    return parsed(read_toml(path), path.name)


def parsed(raw: Mapping[str, Any], where: str) -> Design:
    """Return a design from the content of a design file.

    Raises:
        ScenarioError: if anything is wrong.
    """
    if isinstance(raw.get("vary"), dict):
        raw = {**raw, "vary": dict(_by_dotted_key(raw["vary"]))}
    try:
        return Design.model_validate(raw)
    except ValidationError as error:
        raise mistake(error, where) from None


def _by_dotted_key(raw: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Undo the nested tables that TOML makes of [vary.environment.terminal_rate]."""
    for key, value in raw.items():
        name = f"{prefix}{key}"
        nested = isinstance(value, dict) and value and all(isinstance(part, dict) for part in value.values())
        if nested and not set(value) & set(Vary.model_fields):
            yield from _by_dotted_key(value, f"{name}.")
        else:
            yield name, value


def names() -> dict[str, Path]:
    """Return the design files that ship: name -> file."""
    return {path.stem: path for path in sorted(SWEEPS.glob("*.toml"))}
