"""How long an export takes, each figure beside what the same bytes cost bare, and how much memory it needs.

    python -m tests.bench.exports [--papers 10000] [--rounds 5]

Nothing else should run meanwhile. Times are seconds, memory is MiB.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from server.config import Config
from server.export.layout import default_layout
from server.export.vault import Per, Plan, VaultReport, write_vault
from server.export.zipping import render_zip
from server.papers import read_papers
from server.store import open_store
from server.wire import StyleName
from tests.bench.server import at, table
from tests.bench.shelf import large_store, scaled

console = Console(width=120)


def timed(work: Callable[..., object], *arguments: object) -> float:
    """Give the seconds that a work takes."""
    begun = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - begun


def export(config: Config, folder: Path, style: StyleName = "obsidian", per: Per = "paper") -> VaultReport:
    """Write the whole list, or bring its files up to date."""

    async def work() -> VaultReport:
        async with open_store(config):
            return await write_vault(folder, read_papers(1), Plan(layout=default_layout(style), per=per))

    return asyncio.run(work())


def zipped(config: Config) -> int:
    """Give the size of a zipped vault."""

    async def work() -> int:
        async with open_store(config):
            return sum([len(piece) async for piece in render_zip(read_papers(1))])

    return asyncio.run(work())


def write_bare(files: dict[str, bytes], folder: Path) -> None:
    """Write the same files with nothing but that."""
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)


def read_all(folder: Path) -> dict[str, bytes]:
    """Read all files of a folder with nothing but that."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def bench_vault(config: Config, rounds: int, figures: Table) -> None:
    """A new vault beside writing its bytes, and the same again unchanged beside reading them."""
    new, bare_write, again, bare_read = [], [], [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as scratch:
            vault = Path(scratch, "vault")
            new.append(timed(export, config, vault))
            files = read_all(vault)
            bare_write.append(timed(write_bare, files, Path(scratch, "bare")))
            again.append(timed(export, config, vault))
            bare_read.append(timed(read_all, vault))
    for name, ours, bare in (("new vault", new, bare_write), ("again, unchanged", again, bare_read)):
        row = [f"{at(sorted(times), part):.2f}" for part in (0.5, 0.95) for times in (ours, bare)]
        figures.add_row(name, *row, f"{at(sorted(ours), 0.5) / len(files) * 1000:.2f} ms")


def bench_others(config: Config, rounds: int, figures: Table, papers: int) -> None:
    """The other styles, the files of days, all in one, and the zip."""
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
        times.sort()
        figures.add_row(
            name, f"{at(times, 0.5):.2f}", "", f"{at(times, 0.95):.2f}", "", f"{times[0] / papers * 1000:.2f} ms"
        )


# of the memory that is the process's own: the store's file, which is mapped, comes and goes as there is room
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
    """Give the most memory that a command had of its own, in MiB."""
    command = [sys.executable, "-c", _RUN, "export", *arguments, "--db", str(config.db)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return int(done.stdout.split()[-1]) / 1024


def bench_memory(config: Config) -> None:
    """What the commands need for the papers of a day, and for all."""
    figures = table("Peak memory, MiB", "", "of a day", "all")
    works = {
        "markdown": ["markdown", "DIR"],
        "all in one": ["markdown", "DIR", "--per", "all"],
        "html": ["html", "-o", "DIR"],
    }
    for name, command in works.items():
        with tempfile.TemporaryDirectory() as scratch:
            few, every = ([part.replace("DIR", f"{scratch}/{n}") for part in command] for n in range(2))
            figures.add_row(name, f"{peak(config, *few, 'added:>=2026-03-05'):.0f}", f"{peak(config, *every):.0f}")
    console.print(figures)


def main() -> None:
    """Measure it all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers", type=int, default=10_000, help="in the list")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    config, _ = large_store(scaled(asked.papers * 5))
    figures = table(f"{asked.papers:,} papers, seconds", "", "median", "bare", "p95", "bare", "a paper")
    bench_vault(config, asked.rounds, figures)
    bench_others(config, asked.rounds, figures, asked.papers)
    console.print(figures)
    bench_memory(config)


if __name__ == "__main__":
    main()
