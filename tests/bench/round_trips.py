"""Round trips: generated libraries through each format, and what did not come back.

python -m tests.bench.round_trips [--libraries 1000]
"""

import argparse
import time

from rich.console import Console
from rich.table import Table

from tests.server.exports.libraries import CARRIED, differences, make_library


def main() -> None:
    """Print for each format how many libraries came back as they were."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--libraries", type=int, default=1000)
    libraries = [make_library(seed) for seed in range(parser.parse_args().libraries)]
    table = Table("format", "papers", "libraries right", "seconds", "first difference")
    for name in CARRIED:
        begun = time.perf_counter()
        wrong = [lines for library in libraries if (lines := differences(name, library))]
        seconds = f"{time.perf_counter() - begun:.1f}"
        papers = sum(map(len, libraries))
        first = wrong[0][0][:80] if wrong else ""
        table.add_row(name, f"{papers:,}", f"{len(libraries) - len(wrong):,}", seconds, first)
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
