"""Simulation of many readers on PostgreSQL: what they cost in bytes, processor time and waiting.

    python -m tests.bench.sizing [--papers 100000] [--readers 50] [--seconds 60] [--pace 20]
                                 [--connections 32] [--pooled 8]

It fills a private PostgreSQL with papers and readers, each with a list of 400 papers, 200 links
to tags and 120 notes. Then two servers answer mixed requests, at an even pace over many
connections: six of ten are overlays of 50 papers, two write a note, one shows the reading list and
one searches it. With `--pooled`, the servers share so many connections of a pgbouncer.

Bytes are those of tables with their indexes. Processor time is that of the two servers and of all
processes of the database: other programs disturb it less than the times that requests take.
"""

import argparse
import asyncio
import os
import random
import tempfile
import threading
import time
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec
from msgspec import Struct

from server.accounts.tokens import issue
from server.accounts.users import add_user
from server.config import Config
from server.database.connection import open_store
from server.identifiers import fold_term
from server.maintenance.checks import repair
from tests.bench.server import Client, at, console, table
from tests.bench.store import (
    DAYS,
    NOW,
    PAPER_COLUMNS,
    TERM_COLUMNS,
    invent_papers,
    invent_terms,
    paper_key,
    vocabulary,
)
from tests.server.conftest import create_database
from tests.server.pooler import OPTIONS, pooler
from tests.server.postgres import PostgresServer, postgres_binaries, postgres_server
from tests.server.process import Served, serve

ENTRIES, TAGS, TAG_LINKS, NOTES = 400, 20, 200, 120  # of each reader
CHUNK = 5_000
INVENTED = 10_000  # papers that are made word by word; more are copies of their texts
ALONE = 200  # requests of a kind
KINDS = ("overlay",) * 6 + ("note",) * 2 + ("list", "search")
NO_BACKUPS = ("--keep-backups", "0,0,0")  # one would be made beside the requests
TICK = os.sysconf("SC_CLK_TCK")  # a second in /proc

_OF_PAPERS = ("paper", "paper_term", "paper_year", "term")
_OF_READERS = ("entry", "entry_tag", "tag", "note", "list_count", "reader", "token")


class Load(Struct):
    """Requests at an even pace over several connections, and how long each took, in ms."""

    servers: list[Served]
    tokens: list[str]
    papers: int
    pace: float
    seconds: float
    times: dict[str, list[float]]
    failures: list[str]

    def run(self, connections: int) -> None:
        """Send requests until the time is over."""
        threads = [
            threading.Thread(target=self._send, args=(n, connections)) for n in range(connections)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _send(self, number: int, connections: int) -> None:
        chance, pause = random.Random(number), connections / self.pace
        port = int(self.servers[number % len(self.servers)].url.rpartition(":")[2])
        client = Client(port, self.tokens[number % len(self.tokens)])
        due = time.perf_counter() + chance.random() * pause
        end = time.perf_counter() + self.seconds
        while due < end:
            time.sleep(max(0.0, due - time.perf_counter()))
            kind, begun = chance.choice(KINDS), time.perf_counter()
            try:
                self.ask(client, kind, chance)
            except (RuntimeError, OSError) as error:
                self.failures.append(str(error))
            self.times[kind].append((time.perf_counter() - begun) * 1000)
            due = max(due + pause, time.perf_counter())

    def ask(self, client: Client, kind: str, chance: random.Random) -> None:
        """Send a request of a kind. Raises RuntimeError unless it succeeds."""
        key = paper_key(chance.randrange(self.papers))
        if kind == "overlay":
            keys = [paper_key(chance.randrange(self.papers)) for _ in range(50)]
            body = {"papers": [{"id": key} for key in keys]}
            client.ask("POST", "/api/v1/overlay", msgspec.json.encode(body))
        elif kind == "note":
            note = msgspec.json.encode({"paper": key, "text": "A thought on this paper. " * 8})
            client.ask("PUT", f"/api/v1/notes/{uuid4()}", note, **{"If-None-Match": "*"})
        elif kind == "list":
            client.ask("GET", "/api/v1/papers?limit=50")
        else:
            word = chance.choice(vocabulary_words())
            client.ask("GET", f"/api/v1/papers?limit=50&q={word}")


def vocabulary_words() -> list[str]:
    """Return words that a search may ask for."""
    return _WORDS.words[100:3_000]


_WORDS = vocabulary()


def main() -> None:
    """Run the simulation and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers", type=int, default=100_000)
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--pace", type=float, default=20, help="requests in a second")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--pooled", type=int, nargs="*", default=[])
    asked = parser.parse_args()
    binaries = postgres_binaries()
    assert binaries, "PostgreSQL is not installed"
    with postgres_server(binaries, durable=True) as database:
        address = asyncio.run(create_database(database.address, "sizing"))
        begun = time.perf_counter()
        tokens = asyncio.run(fill(Config(database_url=address), asked.papers, asked.readers))
        console.print(f"filled in {time.perf_counter() - begun:.0f} s")
        asyncio.run(print_sizes(address, asked.papers, asked.readers))
        print_costs(database, address, tokens, asked.papers)
        print_load(database, address, tokens, asked)
        for connections in asked.pooled:
            with pooler(database.address, connections) as pooled:
                print_load(database, f"{pooled}/sizing{OPTIONS}", tokens, asked)


def print_load(
    database: PostgresServer, address: str, tokens: list[str], asked: argparse.Namespace
) -> None:
    """Let two servers answer requests, and print what these took."""
    config = Config(database_url=address)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="papermargin-")))
        servers = [
            stack.enter_context(serve(config, folder / str(n), *NO_BACKUPS)) for n in range(2)
        ]
        times: dict[str, list[float]] = {kind: [] for kind in KINDS}
        load = Load(servers, tokens, asked.papers, asked.pace, 5, times, [])
        load.run(asked.connections)  # warm caches and pools
        load.seconds = asked.seconds
        for series in times.values():
            series.clear()
        before, begun = spent(database, servers), time.perf_counter()
        load.run(asked.connections)
        seconds = time.perf_counter() - begun
        cost = [after - old for after, old in zip(spent(database, servers), before, strict=True)]
        connections = asyncio.run(count_connections(database.address))
    count = sum(map(len, times.values()))
    figures = table(
        f"{count} requests, {count / seconds:.1f} a second of {asked.pace:g} wanted, over "
        f"{asked.connections} connections to 2 servers; {connections} connections to the "
        f"database; {len(load.failures)} failed",
        *("", "requests", "p50 ms", "p95 ms", "p99 ms"),
    )
    for kind, series in times.items():
        ordered = sorted(series)
        quantiles = (f"{at(ordered, part):.0f}" for part in (0.5, 0.95, 0.99))
        figures.add_row(kind, str(len(series)), *quantiles)
    console.print(figures)
    server, base = (1000 * part / count for part in cost)
    console.print(f"processor time of a request: {server:.1f} ms server, {base:.1f} ms database\n")
    for failure in load.failures[:3]:
        console.print(failure)


def print_costs(database: PostgresServer, address: str, tokens: list[str], papers: int) -> None:
    """Let one server answer requests of each kind one after the other, and print what they cost."""
    figures = table(
        "requests one after the other",
        *("", "p50 ms", "p95 ms", "ms of the server", "ms of the database"),
    )
    config = Config(database_url=address)
    with (
        tempfile.TemporaryDirectory(prefix="papermargin-") as folder,
        serve(config, Path(folder) / "log", *NO_BACKUPS) as served,
    ):
        load = Load([served], tokens, papers, 0, 0, {}, [])
        client = Client(int(served.url.rpartition(":")[2]), tokens[0])
        for kind in dict.fromkeys(KINDS):
            chance = random.Random(kind)
            for _ in range(ALONE // 5):  # warm caches
                load.ask(client, kind, chance)
            before, times = spent(database, [served]), []
            for _ in range(ALONE):
                begun = time.perf_counter()
                load.ask(client, kind, chance)
                times.append((time.perf_counter() - begun) * 1000)
            cost = zip(spent(database, [served]), before, strict=True)
            times.sort()
            figures.add_row(
                kind,
                *(f"{at(times, part):.1f}" for part in (0.5, 0.95)),
                *(f"{1000 * (after - old) / ALONE:.1f}" for after, old in cost),
            )
    console.print(figures)


def spent(database: PostgresServer, servers: list[Served]) -> tuple[float, float]:
    """Return the processor time so far, in seconds: of servers, and of the database."""
    assert database.process
    backends = [database.process.pid, *database.backends()]
    mine = [served.process.pid or 0 for served in servers]
    return sum(map(processor_seconds, mine)), sum(map(processor_seconds, backends))


def processor_seconds(process: int) -> float:
    """Return what a process and those of its children that ended have used."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICK


async def count_connections(address: str) -> int:
    """Return how many clients the database has."""
    connection = await asyncpg.connect(f"{address}/sizing")
    sql = "SELECT COUNT(*) - 1 FROM pg_stat_activity WHERE backend_type = 'client backend'"
    count = await connection.fetchval(sql)
    await connection.close()
    return int(count)


async def print_sizes(address: str, papers: int, readers: int) -> None:
    """Print how many rows and bytes a paper and a reader take."""
    connection = await asyncpg.connect(address)
    await connection.execute("VACUUM ANALYZE")
    rows = await connection.fetch(
        "SELECT relname AS name, pg_total_relation_size(oid) AS bytes, reltuples AS rows "
        "FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    await connection.close()
    sizes = {row["name"]: (row["rows"], row["bytes"]) for row in rows}
    figures = table(f"{papers:,} papers, {readers:,} readers", "", "rows", "KiB", "of that most")
    for name, tables, count in (
        ("a paper", _OF_PAPERS, papers),
        ("a reader", _OF_READERS, readers),
        ("a change record", ("change",), sizes["change"][0] or 1),
    ):
        total = sum(sizes[one][1] for one in tables)
        most = max(tables, key=lambda one: sizes[one][1])
        figures.add_row(
            name,
            f"{sum(max(0, sizes[one][0]) for one in tables) / count:.1f}",
            f"{total / count / 1024:.2f}",
            f"{most} {sizes[most][1] / total:.0%}",
        )
    console.print(figures)


async def fill(config: Config, papers: int, readers: int) -> list[str]:
    """Fill a database; return a token of each reader."""
    chance, words = random.Random(8620), vocabulary()
    async with open_store(config):
        users = [(await add_user(f"reader {n}", NOW)).id for n in range(readers)]
        now = datetime.now(UTC)
        tokens = [await issue(user, "device", now, name="bench") for user in users]
    connection = await asyncpg.connect(config.database_url)
    names = invent_terms(words)
    await connection.copy_records_to_table(
        "term",
        columns=("id", "label", "name", "fold", "papers"),
        records=[(n + 1, label, name, fold_term(name), 0) for n, (label, name) in enumerate(names)],
    )
    for start in range(0, min(papers, INVENTED), CHUNK):
        numbers = range(start, min(start + CHUNK, papers))
        await _copy_papers(connection, *invent_papers(chance, words, names, numbers))
    if papers > INVENTED:
        await _multiply_papers(connection, papers)
    await connection.execute(
        "UPDATE term SET papers = (SELECT COUNT(*) FROM paper_term y WHERE y.term_id = term.id)"
    )
    for user in users:
        await _copy_reader(connection, user, papers, chance)
    for name in ("paper", "term", "paper_term", "entry", "tag"):
        await connection.execute(
            f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT MAX(id) FROM {name}))"
        )
    await connection.close()
    return tokens


async def _copy_papers(
    connection: asyncpg.Connection, papers: list[tuple[Any, ...]], places: list[tuple[Any, ...]]
) -> None:
    day, created = PAPER_COLUMNS.index("published"), PAPER_COLUMNS.index("created")
    rows = []
    for paper in papers:
        row = list(paper)
        row[day] = date.fromisoformat(row[day])
        row[created] = datetime.fromisoformat(row[created])
        rows.append((*row, NOW, "[]", "huggingface", "bench"))
    columns = (*PAPER_COLUMNS, "observed", "categories", "richness", "extraction_version")
    await connection.copy_records_to_table("paper", columns=columns, records=rows)
    await connection.copy_records_to_table("paper_term", columns=TERM_COLUMNS, records=places)
    columns = ("kind", "ref", "paper_key", "version", "deleted", "at")
    key = PAPER_COLUMNS.index("key")
    changes = [("paper", row[key], row[key], 0, False, NOW) for row in rows]
    await connection.copy_records_to_table("change", columns=columns, records=changes)


async def _multiply_papers(connection: asyncpg.Connection, papers: int) -> None:
    """Add papers up to a number within the database, with the texts and terms of the invented ones.

    Titles differ by a number. What triggers count is counted at once in the end, as doctor does.
    """
    await connection.execute("SET session_replication_role = replica")
    await connection.execute("SET maintenance_work_mem = '512MB'")
    await connection.execute("DROP INDEX paper_search")
    columns = ("authors", "mentions", "results", "richness", "observed", "extraction_version")
    for first in range(INVENTED, papers, CHUNK):
        last = min(first + CHUNK, papers) - 1
        await connection.execute(
            "INSERT INTO paper (id, key, title, normalized_title, title_digest, abstract, "
            f"published, upvotes, created, categories, {', '.join(columns)}) "
            # as `paper_key` has it
            f"SELECT n + 1, to_char(DATE '2015-01-01' + n / 25 % {DAYS}, 'YYMM.') || "
            "lpad((n % 100000)::text, 5, '0'), p.title || ' ' || n, "
            "p.normalized_title || ' ' || n, 't-' || left(md5(n::text), 20), p.abstract, "
            "DATE '2015-01-01' + n % 4000, n % 200, $3::timestamptz - n * INTERVAL '1 minute', "
            f"'[]', {', '.join(f'p.{column}' for column in columns)} "
            f"FROM generate_series($1::int, $2::int) n JOIN paper p ON p.id = n % {INVENTED} + 1",
            first,
            last,
            NOW,
        )
        await connection.execute(
            "INSERT INTO paper_term (paper_id, term_id, mentions, position) "
            "SELECT n + 1, y.term_id, y.mentions, y.position FROM "
            "generate_series($1::int, $2::int) n "
            f"JOIN paper_term y ON y.paper_id = n % {INVENTED} + 1",
            first,
            last,
        )
    await connection.execute(
        "INSERT INTO change (kind, ref, paper_key, version, deleted, at) "
        "SELECT 'paper', key, key, 0, FALSE, $2 FROM paper WHERE id > $1",
        INVENTED,
        NOW,
    )
    await connection.execute("CREATE INDEX paper_search ON paper USING gin (search)")
    await connection.execute("SET session_replication_role = origin")
    await repair(connection.fetch, sqlite=False)


async def _copy_reader(
    connection: asyncpg.Connection, user: int, papers: int, chance: random.Random
) -> None:
    """Write the list, the tags and the notes of a reader."""
    read = chance.sample(range(1, papers + 1), ENTRIES)
    first_entry, first_tag = user * ENTRIES, user * TAGS
    times = [NOW - timedelta(minutes=n) for n in range(ENTRIES)]
    status = ("inbox", "reading", "read", "skipped")
    await connection.copy_records_to_table(
        "entry",
        columns=("id", "user_id", "paper_id", "status", "version", "added", "updated"),
        records=[
            (first_entry + n, user, paper, status[n % 4], 1, times[n], times[n])
            for n, paper in enumerate(read)
        ],
    )
    await connection.copy_records_to_table(
        "tag",
        columns=("id", "user_id", "name", "fold", "version", "created", "updated"),
        records=[
            (first_tag + n, user, f"{_WORDS.words[n + 500]}/{n}", f"{_WORDS.words[n + 500]}/{n}", 1,
             NOW, NOW)
            for n in range(TAGS)
        ],
    )  # fmt: skip
    links = {(chance.randrange(ENTRIES), chance.randrange(TAGS)) for _ in range(TAG_LINKS)}
    await connection.copy_records_to_table(
        "entry_tag",
        columns=("entry_id", "tag_id"),
        records=[(first_entry + entry, first_tag + tag) for entry, tag in links],
    )
    await connection.copy_records_to_table(
        "note",
        columns=("uuid", "user_id", "paper_id", "text", "version", "created", "updated"),
        records=[
            (UUID(int=user * 1_000_000 + n), user, paper, _WORDS.text(30), 1, NOW, NOW)
            for n, paper in enumerate(read[:NOTES])
        ],
    )


if __name__ == "__main__":
    main()
