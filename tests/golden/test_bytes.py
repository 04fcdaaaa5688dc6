"""Bytes and numbers of `series.parquet` of the shipped baseline and of perfect-storm, seeds 1 to 3.

They are those of before the package was divided into rooms. Renew them only with a change that is meant to move
the economics (a new estimate, another rule, another outcome), and say so in the changelog: a change of structure
must leave all of them. DuckDB writes its version into the file, so that the bytes are compared only with the
version that wrote them; the numbers are compared with every version and on every machine, to ten digits. When a
new DuckDB arrives and the numbers are equal, renew the hashes of the bytes.
"""

import hashlib

import duckdb
import pytest
from support.sampling import sampled

import sim

DUCKDB = "2.0.0"
HASHES = {
    ("baseline", 1): "994f5e5a1e83669d4ea825cfd4a6aea889bc08148f5859b1d671907659f02ef5",
    ("baseline", 2): "9b208a53ea94c4453b1e238bf434835be4b51a871fa4c81bf0d6afc9d159b181",
    ("baseline", 3): "ee525349b9972f60f530460980f860eac9c0e31331be6a098ef3be304b8aa67c",
    ("perfect-storm", 1): "d2ca3ce6d528e7a508cfd9028fe04e979846ab30a2a24fd69bec10d489448fe7",
    ("perfect-storm", 2): "c7ad944bbecd6b22fe42bdd25f019379df6d3e681e2faded88d70da4b69490ba",
    ("perfect-storm", 3): "2b62d432cf77bb9c36742a997393bb2a0f90177fcc5506de03f54f7b7d1ffb25",
}
NUMBERS = {
    ("baseline", 1): "782b5a4d9556682a",
    ("baseline", 2): "0ec4739294f02186",
    ("baseline", 3): "8fe0b3a6fc9aae07",
    ("perfect-storm", 1): "90207789449972a4",
    ("perfect-storm", 2): "abf1192cb6d9eb69",
    ("perfect-storm", 3): "e2b368290ca8f921",
}


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    """A function that gives the file of a scenario and seed, each written once."""
    files = {}

    def file(scenario, seed):
        if (scenario, seed) not in files:
            out = tmp_path_factory.mktemp("runs") / "run"
            files[scenario, seed] = sim.run(scenario, seed=seed, out=out, figures=False).path / "series.parquet"
        return files[scenario, seed]

    return file


def digest(path):
    """Digest of the names and of the numbers of a series, rounded to ten digits."""
    table = duckdb.read_parquet(str(path)).df()
    rows = [list(table.columns), *table.values.tolist()]
    text = "\n".join(",".join(cell if isinstance(cell, str) else f"{cell:.9e}" for cell in row) for row in rows)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@pytest.mark.parametrize(("scenario", "seed"), sampled(NUMBERS, [("baseline", 1)]))
def test_series_have_the_numbers_that_they_had(series, scenario, seed):
    assert digest(series(scenario, seed)) == NUMBERS[scenario, seed]


@pytest.mark.skipif(duckdb.__version__ != DUCKDB, reason=f"the bytes are those that DuckDB {DUCKDB} writes")
@pytest.mark.parametrize(("scenario", "seed"), sampled(HASHES, [("baseline", 1)]))
def test_series_have_the_bytes_that_they_had(series, scenario, seed):
    assert hashlib.sha256(series(scenario, seed).read_bytes()).hexdigest() == HASHES[scenario, seed]
