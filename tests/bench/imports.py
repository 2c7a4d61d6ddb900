"""Benchmark of imports, each beside the bare statements that write the same rows.

    python -m tests.bench.imports [--papers 10000] [--folder ../shared/hf/api]

It imports an archive of that many papers, a fifth of them in the list, and a folder of answers of
Hugging Face's API if one is given. Figures are seconds of processor time of the command and of the
processes that parse files for it. `README.md` in this folder says how to read them.
"""

import argparse
import asyncio
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from rich.console import Console
from rich.table import Table

from server.archive.write import export_archive
from server.config import Config
from server.database.connection import open_store
from tests.bench.floor import connect
from tests.bench.store import NOW, large_store, scaled

TABLES = (
    "paper", "term", "paper_term", "listing", "listing_paper", "tag", "entry", "entry_tag", "note",
    "seen",
)  # fmt: skip
console = Console(width=120)


def write_archive(folder: Path, papers: int) -> Path:
    """Write the archive of a large store of whose papers the user has seen all."""
    config, _ = large_store(scaled(papers))
    copy, archive = Path(shutil.copy(config.db, folder)), folder / "archive.json"
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute(
            "INSERT INTO seen (user_id, paper_id, at) SELECT 1, id, ? FROM paper", [str(NOW)]
        )

    async def write() -> None:
        async with open_store(Config(db=copy)):
            with archive.open("wb") as file:
                async for piece in export_archive(1, NOW):
                    file.write(piece)

    asyncio.run(write())
    return archive


def import_path(path: Path, db: Path) -> float:
    """Import a file or folder into a new store; return the seconds of processor time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "server", "import", "--offline", "--no-extract", path, "--db", db],
        check=False,  # it also fails for a folder with one bad file
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def copy_rows(db: Path, folder: Path) -> tuple[int, float]:
    """Copy a store's rows into a new one by bare statements; return its papers and the seconds."""
    fresh = folder / "floor.sqlite"

    async def begin() -> None:
        async with open_store(Config(db=fresh)):
            pass

    asyncio.run(begin())
    with closing(connect(str(fresh))) as connection:
        connection.execute("ATTACH ? AS old", [str(db)])
        connection.execute("INSERT INTO reader SELECT * FROM old.reader")
        begun = time.process_time()
        connection.execute("BEGIN")
        for name in TABLES:
            connection.execute(f"INSERT INTO {name} SELECT * FROM old.{name}")
        connection.execute("COMMIT")
        took = time.process_time() - begun
        [(papers,)] = connection.execute("SELECT COUNT(*) FROM paper").fetchall()
    return papers, took


def main() -> None:
    """Import what is asked for, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers", type=int, default=10_000)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    figures = Table("import of", "papers", "seconds", "floor", "ratio", box=None)
    for name in ("an archive", "a folder")[: 2 if asked.folder else 1]:
        with tempfile.TemporaryDirectory(prefix="papermargin-") as made:
            folder = Path(made)
            is_archive = name == "an archive"
            path = write_archive(folder, asked.papers) if is_archive else asked.folder
            took = import_path(path, folder / "imported.sqlite")
            papers, floor = copy_rows(folder / "imported.sqlite", folder)
            ratio = f"{took / floor:.1f}x"
            figures.add_row(name, f"{papers:,}", f"{took:.1f}", f"{floor:.1f}", ratio)
    console.print(figures)


if __name__ == "__main__":
    main()
