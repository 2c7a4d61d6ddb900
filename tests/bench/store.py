"""A large store of invented papers, built once and kept in the system's temporary folder."""

import asyncio
import random
import sqlite3
import tempfile
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from msgspec import Struct

from nlp.spans import LABELS, Label, Mention, Result
from server.accounts.tokens import issue
from server.accounts.users import add_user
from server.config import Config
from server.database.connection import open_store
from server.database.models.json_columns import encode
from server.identifiers import fold_term, normalize_title, title_key

NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
AUTHORS = '["A. Author","B. Author"]'
WORDS, TERMS, TAGS = 30_000, 4_000, 300
PAPER_COLUMNS = (
    *("id", "key", "title", "normalized_title", "title_digest", "abstract", "authors", "published"),
    *("upvotes", "mentions", "results", "created"),
)
TERM_COLUMNS = ("paper_id", "term_id", "mentions", "position")
DAYS = 31_000  # until the end of 2099: an id has two digits of its year
BUILD = 5  # increase it when the contents change: stores of other builds are not reused


class Sizes(Struct, frozen=True):
    """How many papers and other rows a store holds."""

    papers: int = 100_000
    entries: int = 20_000
    tag_links: int = 50_000
    notes: int = 30_000


def scaled(papers: int) -> Sizes:
    """Return the sizes of a store with this many papers, in the default proportions."""
    return Sizes(papers, papers // 5, papers // 2, papers * 3 // 10)


def large_store(sizes: Sizes) -> tuple[Config, str]:
    """Return the settings of a store and a device's token; build the store if it is missing."""
    folder = Path(tempfile.gettempdir()) / f"papermargin-bench-{BUILD}-{sizes.papers}"
    config, token = (
        Config(db=folder / "papermargin.sqlite", ingest=False, extract=False),
        folder / "token",
    )
    if not token.exists():
        folder.mkdir(exist_ok=True)
        for left in folder.iterdir():
            left.unlink()
        secret = asyncio.run(_begin(config))
        with closing(sqlite3.connect(config.db)) as connection:
            _fill(connection, sizes)
        token.write_text(secret)
    return config, token.read_text()


class Vocabulary:
    """Invented words; the n-th is drawn with a frequency of 1/n (Zipf's law)."""

    def __init__(self, chance: random.Random) -> None:
        syllables = [c + v for c in "bcdfghklmnprstvz" for v in "aeiou"]
        found: dict[str, None] = {}
        while len(found) < WORDS:
            found["".join(chance.choices(syllables, k=chance.randrange(2, 5)))] = None
        self.words = [*found]
        self._sums = np.cumsum(1 / np.arange(1, WORDS + 1))
        self._chance = np.random.default_rng(chance.getrandbits(32))

    def text(self, count: int) -> str:
        """Draw `count` words by their frequency."""
        places = np.searchsorted(self._sums, self._chance.random(count) * self._sums[-1])
        return " ".join([self.words[place] for place in places.tolist()])


def vocabulary() -> Vocabulary:
    """Return the words of every store."""
    return Vocabulary(random.Random(1))


async def _begin(config: Config) -> str:
    async with open_store(config):
        return await issue(
            (await add_user("me", NOW)).id, "device", datetime.now(UTC), name="bench"
        )


def _fill(connection: sqlite3.Connection, sizes: Sizes) -> None:
    chance, words = random.Random(2), vocabulary()
    connection.execute("PRAGMA synchronous = OFF")
    # the indexes of words are made at once in the end, which takes half the time
    triggers = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%_fts_%'"
    ).fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    names = invent_terms(words)
    connection.executemany(
        "INSERT INTO term (id, label, name, fold, papers) VALUES (?, ?, ?, ?, 0)",
        [(n + 1, label, name, fold_term(name)) for n, (label, name) in enumerate(names)],
    )
    for start in range(0, sizes.papers, 5_000):
        numbers = range(start, min(start + 5_000, sizes.papers))
        _papers(connection, chance, words, names, numbers)
        connection.commit()
    connection.execute(
        "UPDATE term SET papers = (SELECT COUNT(*) FROM paper_term y WHERE y.term_id = term.id)"
    )
    _user_data(connection, chance, words, sizes)
    connection.commit()
    for table in ("paper", "note"):
        connection.execute(f"INSERT INTO {table}_fts ({table}_fts) VALUES ('rebuild')")
    for _, sql in triggers:
        connection.execute(sql)
    connection.execute("INSERT INTO paper_fts (paper_fts) VALUES ('optimize')")
    connection.execute("ANALYZE")
    connection.commit()


def paper_key(number: int) -> str:
    """Return the key of the n-th paper, up to a million; ids of five digits begin in 2015."""
    month = date(2015, 1, 1) + timedelta(days=number // 25 % DAYS)
    return f"{month:%y%m}.{number % 100_000:05}"


def invent_terms(words: Vocabulary) -> list[tuple[Label, str]]:
    """Return label and name of each term."""
    return [(LABELS[n % 4], f"{words.words[-n - 1].title()}-{n}") for n in range(TERMS)]


def invent_papers(
    chance: random.Random, words: Vocabulary, names: list[tuple[Label, str]], numbers: range
) -> tuple[list[tuple[Any, ...]], list[tuple[int, int, int, int]]]:
    """Return rows of papers and of their terms: values of `PAPER_COLUMNS` and `TERM_COLUMNS`."""
    papers: list[tuple[Any, ...]] = []
    places = []
    for n in numbers:
        title, abstract = words.text(9).capitalize(), words.text(150)
        terms = sorted(chance.sample(range(TERMS), 8))
        mentions = [
            Mention(10 * i, 10 * i + 6, names[t][0], names[t][1]) for i, t in enumerate(terms)
        ]
        results = [
            Result(100, 105, "91.2%", 91.2, "%", names[terms[0]][1]),
            Result(120, 124, "3.4x", 3.4, "x"),
        ]
        papers.append(
            (n + 1, paper_key(n), title, normalize_title(title), title_key(title), abstract,
             AUTHORS, str(date(2015, 1, 1) + timedelta(days=n % 4_000)), chance.randrange(200),
             encode(mentions), encode(results), str(NOW - timedelta(minutes=n)))
        )  # fmt: skip
        places += [(n + 1, t + 1, 1, 10 * i) for i, t in enumerate(terms)]
    return papers, places


def _papers(
    connection: sqlite3.Connection,
    chance: random.Random,
    words: Vocabulary,
    names: list[tuple[Label, str]],
    numbers: range,
) -> None:
    papers, places = invent_papers(chance, words, names, numbers)
    connection.executemany(
        f"INSERT INTO paper ({', '.join(PAPER_COLUMNS)}, observed, categories, richness, "
        "extraction_version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "'2026-03-05 12:00:00+00:00', '[]', 'huggingface', 'bench')",
        papers,
    )
    connection.executemany(
        f"INSERT INTO paper_term ({', '.join(TERM_COLUMNS)}) VALUES (?, ?, ?, ?)", places
    )


def _user_data(
    connection: sqlite3.Connection, chance: random.Random, words: Vocabulary, sizes: Sizes
) -> None:
    tags = [(n + 1, f"{words.words[n + 500]}/{n}") for n in range(TAGS)]
    connection.executemany(
        "INSERT INTO tag (id, user_id, name, fold, version, created, updated) "
        "VALUES (?1, 1, ?2, ?2, 1, ?3, ?3)",
        [(number, name, str(NOW)) for number, name in tags],
    )
    step = sizes.papers // sizes.entries
    statuses = ["inbox", "reading", "read", "skipped"]
    connection.executemany(
        "INSERT INTO entry (id, user_id, paper_id, status, rating, version, added, updated) "
        "VALUES (?1, 1, ?2, ?3, ?4, 1, ?5, ?5)",
        [
            (
                n + 1,
                n * step + 1,
                chance.choice(statuses),
                chance.choice([None, 1, 3, 5]),
                str(NOW - timedelta(minutes=n)),
            )
            for n in range(sizes.entries)
        ],
    )
    links = {
        (chance.randrange(sizes.entries) + 1, chance.randrange(TAGS) + 1)
        for _ in range(sizes.tag_links)
    }
    connection.executemany("INSERT INTO entry_tag (entry_id, tag_id) VALUES (?, ?)", sorted(links))
    connection.executemany(
        "INSERT INTO note (uuid, user_id, paper_id, text, version, created, updated) "
        "VALUES (?1, 1, ?2, ?3, 1, ?4, ?4)",
        [
            (
                str(UUID(int=n + 1)),
                chance.randrange(sizes.entries) * step + 1,
                words.text(30),
                str(NOW - timedelta(seconds=n)),
            )
            for n in range(sizes.notes)
        ],
    )
