"""Benchmark of exports: time beside that of writing and reading the same bytes, and memory.

    python -m tests.bench.exports [--papers 10000] [--rounds 5]

Times are seconds, by the clock and of the processor, memory is MiB.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from server.config import Config
from server.database.connection import open_store
from server.papers.list import find_papers, read_papers
from server.schema.api import StyleName
from server.vault.list_sync import sync_list
from server.vault.seen_files import COARSEST_NS
from server.vault.sync import Per, Plan, VaultReport
from server.vault.template import default_layout
from server.vault.zip import render_zip
from tests.bench.server import at, table
from tests.bench.store import large_store, scaled

console = Console(width=120)


def timed(function: Callable[..., object], *arguments: object) -> tuple[float, float]:
    """Return how many seconds a function takes, by the clock and of the processor."""
    begun, used = time.perf_counter(), time.process_time()
    function(*arguments)
    return time.perf_counter() - begun, time.process_time() - used


def export(
    config: Config, folder: Path, style: StyleName = "obsidian", per: Per = "paper"
) -> VaultReport:
    """Export the whole list as a vault, new or again."""

    async def work() -> VaultReport:
        async with open_store(config):
            plan = Plan(layout=default_layout(style), per=per)
            return await sync_list(folder, await find_papers(1, ""), 1, plan)

    return asyncio.run(work())


def zipped(config: Config) -> int:
    """Return the size of a zipped vault in bytes."""

    async def work() -> int:
        async with open_store(config):
            return sum([len(piece) async for piece in render_zip(read_papers(1))])

    return asyncio.run(work())


def write_bare(files: dict[str, bytes], folder: Path) -> None:
    """Write files and do nothing else."""
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)


def read_all(folder: Path) -> dict[str, bytes]:
    """Read all files of a folder and do nothing else."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def bench_vault(config: Config, rounds: int, figures: Table) -> None:
    """Compare a new vault with writing its bytes, and an unchanged one with reading them.

    The first export after a new one reads all files once more, and so does the second.
    """
    times: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as scratch:
            vault = Path(scratch, "vault")
            times["new vault"].append(timed(export, config, vault))
            files = read_all(vault)
            times["bare files written"].append(timed(write_bare, files, Path(scratch, "bare")))
            times["again at once"].append(timed(export, config, vault))
            time.sleep(COARSEST_NS / 1e9)
            export(config, vault)
            times["again, unchanged"].append(timed(export, config, vault))
            times["bare files read"].append(timed(read_all, vault))
    for name, each in times.items():
        add_row(figures, name, each, len(files))


def add_row(figures: Table, name: str, times: list[tuple[float, float]], papers: int) -> None:
    """Add the quantiles of times by the clock, and the median of those of the processor."""
    walls, used = (sorted(each) for each in zip(*times, strict=True))
    shown = (at(walls, 0.5), at(walls, 0.95), at(used, 0.5))
    a_paper = at(used, 0.5) / papers * 1000
    figures.add_row(name, *(f"{seconds:.2f}" for seconds in shown), f"{a_paper:.2f} ms")


def bench_others(config: Config, rounds: int, figures: Table, papers: int) -> None:
    """Time the other styles, one file for each day, one file for all, and the zip."""
    works: dict[str, Callable[[Path], object]] = {
        "new, logseq": lambda folder: export(config, folder, "logseq"),
        "new, plain": lambda folder: export(config, folder, "plain"),
        "new, per day": lambda folder: export(config, folder, per="day"),
        "new, all in one": lambda folder: export(config, folder, per="all"),
        "zip": lambda _: zipped(config),
    }
    for name, work in works.items():
        times = []
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as scratch:
                times.append(timed(work, Path(scratch, "vault")))
        add_row(figures, name, times, papers)


# anonymous memory only: the mapped pages of the database file come and go as there is room
_RUN = """
import sys, threading
from server.__main__ import main
peak, done = 0, threading.Event()
def watch():
    global peak
    while not done.wait(0.05):
        lines = dict(line.split(":") for line in open("/proc/self/status"))
        peak = max(peak, int(lines["RssAnon"].split()[0]))
threading.Thread(target=watch, daemon=True).start()
main(sys.argv[1:], standalone_mode=False)
done.set()
print(peak)
"""


def peak(config: Config, *arguments: str) -> float:
    """Return the peak anonymous memory of a command in MiB."""
    command = [sys.executable, "-c", _RUN, "export", *arguments, "--db", str(config.db)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return int(done.stdout.split()[-1]) / 1024


def bench_memory(config: Config) -> None:
    """Measure the memory of exports of one day's papers and of all."""
    figures = table("Peak memory, MiB", "", "of a day", "all")
    works = {
        "markdown": ["markdown", "--out", "DIR"],
        "all in one": ["markdown", "--per", "all", "--out", "DIR"],
        "html": ["html", "--out", "DIR"],
    }
    for name, command in works.items():
        with tempfile.TemporaryDirectory() as scratch:
            few, every = (
                [part.replace("DIR", f"{scratch}/{n}") for part in command] for n in range(2)
            )
            figures.add_row(
                name,
                f"{peak(config, *few, 'added:>=2026-03-05'):.0f}",
                f"{peak(config, *every):.0f}",
            )
    console.print(figures)


def main() -> None:
    """Run all benchmarks and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers", type=int, default=10_000, help="how many papers the list has")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    config, _ = large_store(scaled(asked.papers * 5))
    figures = table(
        f"{asked.papers:,} papers, seconds", "", "median", "p95", "processor", "a paper"
    )
    bench_vault(config, asked.rounds, figures)
    bench_others(config, asked.rounds, figures, asked.papers)
    console.print(figures)
    bench_memory(config)


if __name__ == "__main__":
    main()
