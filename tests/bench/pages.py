"""Benchmark of the pages on a large store, each beside the bare SQL of the rows that it shows.

    python -m tests.bench.pages [--papers 100000]

Run it on an idle machine. Times are milliseconds: of a whole page over one open connection, and of
reading the same rows from the same file in this process.
"""

import argparse
import asyncio
import http.client
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from rich.console import Console

from server.accounts.tokens import issue
from server.accounts.users import get_user
from server.config import Config
from server.database.connection import open_store
from server.search.fulltext import expression, spelled
from server.search.parser import Text
from server.web.middleware import cookie_name
from tests.bench.server import at, process, serving, table, timed
from tests.bench.store import large_store, scaled, vocabulary

ROUNDS = 60
console = Console(width=140)

LISTED = (
    "SELECT e.paper_id FROM entry e "
    "WHERE e.user_id = 1 AND e.deleted IS NULL AND e.status <> 'none'"
)
ROWS = "SELECT p.* FROM paper p WHERE p.id IN ({})"


class Browser:
    """A minimal signed-in client: one connection and one cookie."""

    def __init__(self, port: int, name: str, cookie: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"Cookie": f"{name}={cookie}", "Accept": "text/html"}

    def open(self, path: str) -> str:
        """Return a page. Raises RuntimeError unless its status is 200."""
        self._connection.request("GET", path, headers=self._headers)
        reply = self._connection.getresponse()
        text = reply.read().decode()
        if reply.status != 200:
            raise RuntimeError(f"{path}: {reply.status} {text[:300]}")
        return text


async def _sign_in(config: Config) -> str:
    async with open_store(config):
        now = datetime.now(UTC)
        return await issue((await get_user("me", now)).id, "session", now, name="bench")


def bench(papers: int) -> None:
    """Run the benchmark and print a table."""
    config, _ = large_store(scaled(papers))
    cookie = asyncio.run(_sign_in(config))
    figures = table(f"pages at {papers:,} papers", "", "p50", "bare SQL", "p95", "bare SQL", "KiB")
    with (
        closing(sqlite3.connect(config.db)) as connection,
        process(*serving(config, "--no-extract")) as (port, _),
    ):
        browser = Browser(port, cookie_name(config), cookie)
        for name, (path, sql, values) in _pages(connection, browser).items():
            ours, bare = timed(ROUNDS, _opening(browser, path), _running(connection, sql, values))
            times = [at(ours, 0.5), at(bare, 0.5), at(ours, 0.95), at(bare, 0.95)]
            size = len(browser.open(path).encode()) / 1024
            figures.add_row(name, *(f"{time:.1f}" for time in times), f"{size:.0f}")
    console.print(figures)


def _pages(
    connection: sqlite3.Connection, browser: Browser
) -> dict[str, tuple[str, str, tuple[object, ...]]]:
    """Return each page's address, and the statement that reads the rows that it shows."""
    words = expression(spelled([Text(word) for word in vocabulary().words[40:42]]), postgres=False)
    query = " ".join(vocabulary().words[40:42])
    [(label, name, term)] = connection.execute(
        "SELECT label, name, id FROM term ORDER BY papers DESC, id LIMIT 1"
    )
    newest = f"{LISTED} ORDER BY e.added DESC, e.paper_id DESC LIMIT 50"
    found = (
        "SELECT f.rowid FROM paper_fts f JOIN entry e ON e.paper_id = f.rowid AND e.user_id = 1 "
        "AND e.deleted IS NULL AND e.status <> 'none' WHERE paper_fts MATCH ? "
        "ORDER BY f.rank LIMIT 50"
    )
    named = "SELECT paper_id FROM paper_term WHERE term_id = ?"
    return {
        "first page": ("/", ROWS.format(newest), ()),
        "its filters": (
            "/filters",
            f"SELECT pt.term_id, COUNT(*) FROM ({LISTED}) h JOIN paper_term pt "
            "ON pt.paper_id = h.paper_id GROUP BY 1",
            (),
        ),
        "search": (f"/?{urlencode({'q': query})}", ROWS.format(found), (words,)),
        "facet change": (
            f"/?{urlencode({'q': f'status:read {label.lower()}:{name}'})}",
            ROWS.format(
                f"{LISTED} AND e.status = 'read' AND e.paper_id IN ({named}) "
                "ORDER BY e.added DESC LIMIT 50"
            ),
            (term,),
        ),
        "page 50, whole": (_page_50(browser), ROWS.format(f"{newest} OFFSET 2450"), ()),
        "term page": (
            f"/terms/{label.lower()}/{quote(name, safe='')}",
            ROWS.format(
                f"{named} ORDER BY (SELECT published FROM paper WHERE id = paper_id) DESC LIMIT 25"
            ),
            (term,),
        ),
        "index of terms": (
            "/terms",
            "SELECT t.name, t.papers, COUNT(e.id) FROM term t LEFT JOIN paper_term pt "
            "ON pt.term_id = t.id LEFT JOIN entry e "
            "ON e.paper_id = pt.paper_id AND e.user_id = 1 WHERE t.label = 'METHOD' GROUP BY t.id "
            "ORDER BY 3 DESC LIMIT 200",
            (),
        ),
        "insights": ("/insights", "SELECT added, status, updated FROM entry WHERE user_id = 1", ()),
    }


def _page_50(browser: Browser) -> str:
    """Return the address of the fiftieth page, following the cursors from the first."""
    path = "/"
    for _ in range(49):
        text = browser.open(path)
        at_cursor = text.rindex("cursor=")
        path = "/?" + text[at_cursor : text.index('"', at_cursor)].replace("&amp;", "&")
    return path


def _opening(browser: Browser, path: str) -> Callable[[], object]:
    return lambda: browser.open(path)


def _running(
    connection: sqlite3.Connection, sql: str, values: tuple[object, ...]
) -> Callable[[], object]:
    return lambda: connection.execute(sql, values).fetchall()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers", type=int, default=100_000)
    bench(parser.parse_args().papers)
