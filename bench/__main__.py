"""`make bench`: every side-by-side measurement, in one run, printed as tables.

`python -m bench [--write docs/bench.md]` keeps the tables where people read them.
"""

import argparse
import platform
import sys
from pathlib import Path

from bench import certain, forward, match_pack, push, questions, reverse, search, service, simulation

MEASUREMENTS = (match_pack, forward, reverse, simulation, service, certain, questions, search, push)


def main() -> int:
    """Run them all; exit 1 when two machines that must agree do not."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--write", type=Path, help="also write the tables to this file")
    args = parser.parse_args()
    head = f"Python {platform.python_version()}, {platform.machine()}, measured in one run with `make bench`."
    parts = ["# Figures, side by side", head]
    for measurement in MEASUREMENTS:
        print(f"{measurement.TITLE} ...", file=sys.stderr, flush=True)
        parts.append(measurement.measure())
        print(parts[-1], flush=True)
        if args.write:  # as far as it got: a run that is broken off keeps what it measured
            args.write.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
