"""A year of ten thousand work injuries: towns of twenty-five, one after the other on every core, with a progress bar.

``python tests/load/injury_year.py --cases 10000 --seed 1``. Prints what the year came to; exit code 1 with the seed of a town in
which an invariant did not hold, so that it can be lived again: ``--cases 25 --seed N``.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from rich.console import Console
from rich.progress import track

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.simulation.workinjury_bridge.year import Town

TOWN = 25
console = Console()


def main() -> int:
    """0 when every town ends with equal books."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--cases", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=1, help="of the first town")
    options.add_argument("--workers", type=int, default=2)
    arguments = options.parse_args()
    seeds = range(arguments.seed, arguments.seed + -(-arguments.cases // TOWN))
    total: Counter[str] = Counter()
    wrong: list[str] = []
    with ProcessPoolExecutor(arguments.workers) as pool:
        running = {pool.submit(live, seed): seed for seed in seeds}
        for future in track(as_completed(running), total=len(running), description="towns", console=console):
            failed = future.exception()
            if failed is None:
                total.update(future.result())
            else:
                wrong.append(f"town {running[future]}: {type(failed).__name__}: {str(failed)[:500]}")
    for what, number in sorted(total.items()):
        console.print(f"{number:>12,}  {what}", highlight=False)
    for line in wrong:
        console.print(f"[red]{line}", highlight=False)
    if not wrong:
        console.print(
            f"[green]{len(seeds) * TOWN:,} cases: 1121(X) in Y = 2202(Y) in X for every pair, every invariant at every month's end"
        )
    return 1 if wrong else 0


def live(seed: int) -> Counter[str]:
    """One town's year."""
    return Town(seed, TOWN).live()


if __name__ == "__main__":
    sys.exit(main())
