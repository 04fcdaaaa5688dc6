"""Run worlds drawn at random, and tell whether any broke the books.

    python benchmarks/random_worlds.py [--worlds 500] [--workers 2]

Every lever over its full range, laws and dated events of every kind, whole histories. A violated identity, a
number that is not finite or a floating-point warning stops it.
"""

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from worlds import run_world


def main() -> None:
    """Run the worlds in parallel and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--worlds", type=int, default=500)
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    began = time.perf_counter()
    with ProcessPoolExecutor(asked.workers) as pool:
        found = list(pool.map(run_world, range(asked.worlds), chunksize=5))
    seconds = time.perf_counter() - began
    print(f"{len(found)} worlds in {seconds:.0f} s; no identity violated, every number finite")
    for name in found[0]["worst"]:
        print(f"  {name:26s} largest relative residual {max(world['worst'][name] for world in found):.1e}")
    coins, companies = (sum(world[kind] for world in found) for kind in ("coins", "companies"))
    print(f"  {coins} coins and {companies} companies failed in them")


if __name__ == "__main__":
    main()
