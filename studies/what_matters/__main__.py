"""`python -m studies.what_matters`: run the study and write its page."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sim.errors import RunError, ScenarioError


def main() -> int:
    """Run what is asked for; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m studies.what_matters", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few points only, into --out: says nothing")
    parser.add_argument("--page", action="store_true", help="only write page and figures from the stored numbers")
    parser.add_argument("--designs", action="store_true", help="only write the design of the screening")
    parser.add_argument("--workers", type=int, help="processes; one per core if left out")
    parser.add_argument("--out", type=Path, help="folder to write below; the repository if left out")
    options = parser.parse_args()
    from sim.experiments.sweep.runner import FailedChunksError
    from studies.places import ROOT
    from studies.what_matters import page, study

    try:
        if options.quick and options.out is None:
            raise ScenarioError("--quick: give --out, a folder to write below; its numbers are not for the page")
        root = options.out or ROOT
        if options.page:
            page.write(root)
        elif options.designs:
            study.rewrite_screen(root)
        else:
            study.run(root, options.quick, options.workers)
    except (ScenarioError, RunError) as error:
        print(f"capflow: {error}", file=sys.stderr)
        return 2
    except FailedChunksError as error:
        print(f"capflow: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
