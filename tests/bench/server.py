"""Benchmark of the server, each figure beside what the same work costs without it.

    python -m tests.bench.server [--papers 100000] [--import FOLDER] [--only NAME …]

Run it on an idle machine. Times are milliseconds, memory is MiB.
"""

import argparse
import asyncio
import http.client
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from urllib.parse import urlencode
from uuid import uuid4

import msgspec
from rich.console import Console
from rich.table import Table

from server.accounts.users import add_user
from server.config import Config
from server.database.connection import open_store
from server.database.models.papers import Paper
from server.extraction.worker_client import Extractor
from server.imports.files import find_files, import_file
from server.search.fulltext import expression, spelled
from server.search.parser import Text
from tests.bench.floor import connect
from tests.bench.store import NOW, Sizes, large_store, paper_key, scaled, vocabulary
from tests.server.process import free_port

ROUNDS = 400
console = Console(width=140)


class Client:
    """A minimal client with one open connection and a device's token."""

    def __init__(self, port: int, token: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> bytes:
        """Send a request and return the answer's body. Raises RuntimeError unless it is 200."""
        self._connection.request(method, path, body, self._headers | headers)
        reply = self._connection.getresponse()
        content = reply.read()
        if reply.status != 200:
            raise RuntimeError(f"{method} {path}: {reply.status} {content[:300]!r}")
        return content


@contextmanager
def process(*arguments: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run a server on a free port, which replaces `PORT` in the arguments, until the block ends."""
    port = free_port()
    command = [
        sys.executable,
        *(str(port) if argument == "PORT" else argument for argument in arguments),
    ]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not is_up(port):
            time.sleep(0.005)
        yield port, running
    finally:
        running.kill()
        running.wait()


def is_up(port: int) -> bool:
    """Return whether a server answers on a port."""
    with suppress(OSError):
        Client(port, "").ask("GET", "/health")
        return True
    return False


def serving(config: Config, *options: str) -> tuple[str, ...]:
    """Return the arguments for Python that serve a store."""
    return (
        "-m",
        "server",
        "serve",
        "--db",
        str(config.db),
        "--port",
        "PORT",
        "--no-ingest",
        *options,
    )


def timed(rounds: int, *works: Callable[[], object]) -> list[list[float]]:
    """Return the sorted times of each function in ms.

    The functions take turns, so that what disturbs one disturbs all. A tenth of the rounds is run
    before the others as warm-up and not counted.
    """
    series: list[list[float]] = [[] for _ in works]
    for n in range(-rounds // 10, rounds):
        for work, times in zip(works, series, strict=True):
            begun = time.perf_counter()
            work()
            if n >= 0:
                times.append((time.perf_counter() - begun) * 1000)
    return [sorted(times) for times in series]


def at(times: list[float], part: float) -> float:
    """Return a quantile of sorted times; `part` is between 0 and 1."""
    return times[min(len(times) - 1, int(part * len(times)))]


def table(title: str, *columns: str) -> Table:
    """Create a table with a title and columns."""
    made = Table(title=title, title_justify="left", box=None)
    for n, column in enumerate(columns):
        made.add_column(column, justify="right" if n else "left", no_wrap=True)
    return made


def row_of(name: str, ours: list[float], floor: list[float]) -> list[str]:
    """Return a row that compares two series of times."""
    return [
        name,
        *(f"{at(times, part):.2f}" for part in (0.5, 0.95, 0.99) for times in (ours, floor)),
        f"{at(ours, 0.5) / at(floor, 0.5):.2f}x",
        f"{at(ours, 0.99) / at(floor, 0.99):.2f}x",
    ]


COMPARED = ("p50", "floor", "p95", "floor", "p99", "floor", "p50 ratio", "p99 ratio")


def bench_overlay(config: Config, token: str, sizes: Sizes) -> None:
    """Compare overlay requests for 50 papers, a fifth of them in the list, with the floor."""
    chance = random.Random(3)
    bodies = [
        msgspec.json.encode(
            {"papers": [{"id": paper_key(chance.randrange(sizes.papers))} for _ in range(50)]}
        )
        for _ in range(100)
    ]
    figures = table("POST /overlay, 50 known papers", "", *COMPARED)
    with (
        process(*serving(config, "--no-extract")) as (port, _),
        process("-m", "tests.bench.floor", str(config.db), "PORT") as (floor_port, _),
    ):
        ours, floor = Client(port, token), Client(floor_port, token)
        for body in bodies[:5]:
            same = [
                msgspec.json.decode(client.ask("POST", "/api/v1/overlay", body))
                for client in (ours, floor)
            ]
            assert same[0] == same[1], "the floor gives other answers"
        times = timed(
            ROUNDS,
            lambda: ours.ask("POST", "/api/v1/overlay", chance.choice(bodies)),
            lambda: floor.ask("POST", "/api/v1/overlay", chance.choice(bodies)),
        )
    figures.add_row(*row_of("overlay", *times))
    console.print(figures)


def bench_search(config: Config, token: str) -> None:
    """Compare searches of all papers with the bare FTS5 query for the same page."""
    words, chance = vocabulary().words, random.Random(4)
    terms = common_methods(config)
    kinds: list[tuple[str, list[tuple[str, list[str]]]]] = [
        ("one rare word", [(word, [word]) for word in words[2_000:6_000:100]]),
        ("one word", [(word, [word]) for word in words[200:600:10]]),
        ("one common word", [(word, [word]) for word in words[10:50:5]]),
        (
            "two words",
            [(f"{a} {b}", [a, b]) for a, b in zip(words[50:90], words[100:140], strict=True)],
        ),
        (
            "two words, one common",
            [(f"{a} {b}", [a, b]) for a, b in zip(words[1:41], words[300:340], strict=True)],
        ),
        (
            "word and facet filter",
            [(f'{w} method:"{t}"', [w]) for w, t in zip(words[30:70], terms, strict=False)],
        ),
    ]
    figures = table("GET /papers, 50 a page, against the bare FTS5 query", "", *COMPARED)
    with (
        process(*serving(config, "--no-extract")) as (port, _),
        closing(connect(str(config.db))) as bare,
    ):
        client = Client(port, token)
        for name, questions in kinds:
            times = timed(
                ROUNDS // 2,
                lambda: client.ask("GET", search(chance.choice(questions)[0])),  # noqa: B023
                lambda: bare_search(bare, chance.choice(questions)[1]),  # noqa: B023
            )
            figures.add_row(*row_of(name, *times))
        [listed] = timed(ROUNDS // 2, lambda: client.ask("GET", "/api/v1/papers?limit=50"))
        [faceted] = timed(
            ROUNDS // 10, lambda: client.ask("GET", "/api/v1/papers?limit=50&facets=true")
        )
        figures.add_row("the reading list", *spread(listed))
        figures.add_row("the reading list with facets", *spread(faceted))
    console.print(figures)


def spread(times: list[float]) -> list[str]:
    """Return the cells of times that have no floor."""
    return [text for part in (0.5, 0.95, 0.99) for text in (f"{at(times, part):.2f}", "")]


def search(query: str) -> str:
    """Return the path of a search of all papers."""
    return "/api/v1/papers?" + urlencode({"q": query, "all": "true"})


def bare_search(connection: sqlite3.Connection, words: list[str]) -> list[tuple[int, float]]:
    """Return the best 50 papers by FTS5's own ranking."""
    return connection.execute(
        "SELECT rowid, bm25(paper_fts, 5.0, 1.0) FROM paper_fts WHERE paper_fts MATCH ? "
        "ORDER BY 2 LIMIT 50",
        [expression(spelled([Text(word) for word in words]), postgres=False)],
    ).fetchall()


def common_methods(config: Config) -> list[str]:
    """Return the 100 most common methods."""
    with closing(connect(str(config.db))) as connection:
        rows = connection.execute(
            "SELECT name FROM term WHERE label = 'METHOD' ORDER BY papers DESC LIMIT 100"
        )
        return [name for (name,) in rows]


def bench_notes(config: Config, token: str) -> None:
    """Compare notes written a second, by one device and by eight, with bare commits."""
    figures = table(
        "Notes written a second, each on disk before it is acknowledged",
        "",
        "notes/s",
        "p50",
        "p99",
    )
    with tempfile.TemporaryDirectory(prefix="papermargin-") as folder:
        copy = Path(shutil.copy(config.db, Path(folder) / config.db.name))
        with process(*serving(Config(db=copy), "--no-extract")) as (port, _):
            for devices in (1, 8):
                figures.add_row(f"{devices} at once", *write_notes(port, token, devices))
        with closing(connect(str(copy))) as bare:
            [times] = timed(ROUNDS, lambda: bare_note(bare))
        figures.add_row(
            "bare commits",
            f"{1000 / statistics.mean(times):.0f}",
            f"{at(times, 0.5):.2f}",
            f"{at(times, 0.99):.2f}",
        )
    console.print(figures)


def write_notes(port: int, token: str, devices: int) -> list[str]:
    """Write notes from several connections at once for three seconds."""
    series: list[list[float]] = [[] for _ in range(devices)]
    end = time.perf_counter() + 3

    def write(times: list[float]) -> None:
        client = Client(port, token)
        body = msgspec.json.encode({"paper": paper_key(1), "text": "A note of a line or two. " * 4})
        while (begun := time.perf_counter()) < end:
            client.ask(
                "PUT",
                f"/api/v1/notes/{uuid4()}",
                body,
                **{"If-Match": '"0"', "Idempotency-Key": str(uuid4())},
            )
            times.append((time.perf_counter() - begun) * 1000)

    threads = [Thread(target=write, args=(times,)) for times in series]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times = sorted(time for one in series for time in one)
    return [f"{len(times) / 3:.0f}", f"{at(times, 0.5):.2f}", f"{at(times, 0.99):.2f}"]


def bare_note(connection: sqlite3.Connection) -> None:
    """Commit the same rows as one write of a note: the note, its index and its change record."""
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(
        "INSERT INTO note (uuid, user_id, paper_id, text, version, created, updated) "
        "VALUES (?1, 1, 1, ?2, 1, ?3, ?3)",
        [str(uuid4()), "A note of a line or two. " * 4, str(NOW)],
    )
    connection.execute(
        "INSERT INTO change (user_id, kind, ref, version, deleted, at) "
        "VALUES (1, 'note', ?, 1, 0, ?)",
        ["x", str(NOW)],
    )
    connection.execute("COMMIT")


def bench_start(config: Config) -> None:
    """Measure the time from start to answer, and memory before and after loading the model."""
    figures = table("Start", "", "best", "median", "MiB", "with the model")
    with tempfile.TemporaryDirectory(prefix="papermargin-") as folder:
        empty = Config(db=Path(folder) / "papermargin.sqlite")
        figures.add_row(
            "to /health, empty store", *starts(serving(empty, "--no-extract")), *memories(empty)
        )
    figures.add_row("to /health, this store", *starts(serving(config, "--no-extract")))
    figures.add_row(
        "the floor's /health", *starts(("-m", "tests.bench.floor", str(config.db), "PORT"))
    )
    console.print(figures)


def starts(arguments: tuple[str, ...]) -> list[str]:
    """Start a server six times; return the best and the median time."""
    times = []
    for _ in range(6):
        begun = time.perf_counter()
        with process(*arguments):
            times.append((time.perf_counter() - begun) * 1000)
    return [f"{min(times):.0f}", f"{statistics.median(times):.0f}"]


def memories(config: Config) -> list[str]:
    """Return the memory of a server that has extracted nothing yet, and after one paper."""
    with process(*serving(config, "--extract")) as (_, running):
        before = tree_memory(running.pid)
        with closing(connect(str(config.db))) as connection:
            connection.execute(
                "INSERT INTO paper (key, title, normalized_title, title_digest, abstract, authors, "
                "categories, mentions, results, richness, observed, created) "
                "VALUES ('2601.00001', 'LoRA on CIFAR-10', 'x', 'x', '', '[]', '[]', '[]', '[]', "
                "'ids', ?1, ?1)",
                [str(NOW)],
            )
            while connection.execute("SELECT extraction_version FROM paper").fetchone() == (None,):
                time.sleep(0.2)
        return [f"{before:.0f}", f"{tree_memory(running.pid):.0f}"]


def tree_memory(pid: int) -> float:
    """Return the resident memory of a process and its children in MiB."""
    with suppress(FileNotFoundError, ProcessLookupError):
        status = dict(
            line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        )
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return int(status.get("VmRSS", "0 kB").split()[0]) / 1024 + sum(
            tree_memory(int(child)) for child in children
        )
    return 0.0


def bench_import(folder: Path) -> None:
    """Measure the import and the extraction of a folder of real answers."""
    figures = table(
        f"Import of {folder}", "", "papers", "seconds", "papers/s", "peak MiB of the process tree"
    )
    with tempfile.TemporaryDirectory(prefix="papermargin-") as passing, watching_memory() as peak:
        took, read, papers = asyncio.run(
            import_and_read(Config(db=Path(passing) / "papermargin.sqlite"), folder)
        )
        figures.add_row("import", str(papers), f"{took:.1f}", f"{papers / took:.0f}")
        figures.add_row("extraction", str(papers), f"{read:.1f}", f"{papers / read:.0f}")
        figures.add_row(
            "both",
            str(papers),
            f"{took + read:.1f}",
            f"{papers / (took + read):.0f}",
            f"{max(peak):.0f}",
        )
    console.print(figures)


async def import_and_read(config: Config, folder: Path) -> tuple[float, float, int]:
    """Import a folder, then extract; return the seconds of both and the number of papers."""
    async with open_store(config):
        user = (await add_user("me", NOW)).id
        begun = time.perf_counter()
        for file in find_files([str(folder)]):
            await import_file(file, user)
        imported = time.perf_counter()
        extractor = Extractor(config.model_choice)
        await extractor.read_all()
        await extractor.close()
        return imported - begun, time.perf_counter() - imported, await Paper.all().count()


@contextmanager
def watching_memory() -> Iterator[list[float]]:
    """Sample the memory of this process and its children ten times a second."""
    seen, done = [0.0], Event()

    def watch() -> None:
        while not done.wait(0.1):
            seen.append(tree_memory(int(Path("/proc/self").resolve().name)))

    thread = Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


def main() -> None:
    """Run the chosen benchmarks, by default all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers", type=int, default=Sizes().papers)
    parser.add_argument(
        "--import", dest="folder", type=Path, help="a folder of real answers, e.g. ../shared/hf/api"
    )
    parser.add_argument(
        "--only", nargs="*", default=["overlay", "search", "notes", "start", "import"]
    )
    asked = parser.parse_args()
    sizes = scaled(asked.papers)
    begun = time.perf_counter()
    config, token = large_store(sizes)
    console.print(
        f"{sizes} ({config.db.stat().st_size >> 20} MiB, {time.perf_counter() - begun:.0f} s)\n"
    )
    benches: dict[str, Callable[[], None]] = {
        "overlay": lambda: bench_overlay(config, token, sizes),
        "search": lambda: bench_search(config, token),
        "notes": lambda: bench_notes(config, token),
        "start": lambda: bench_start(config),
    }
    if asked.folder:
        benches["import"] = lambda: bench_import(asked.folder)
    for name in asked.only:
        if name in benches:
            benches[name]()


if __name__ == "__main__":
    main()
