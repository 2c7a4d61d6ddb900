"""Tell whether papers are as they were, by digests of their rows and without reading their pages.

A fingerprint covers what `read_pages` gives, but for how many papers of the store have a term, as
that changes with every other paper. Rows are not decoded for it, which saves most of the time.
"""

import hashlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from server.database.connection import fetch, is_postgres, places
from server.database.models.papers import Paper

_ASKED = 1_000  # papers of one query
# columns of a paper that no page shows
_INTERNAL = {
    *("id", "observed", "normalized_title", "title_digest"),
    *("title_spellings", "abstract_spellings", "author_words"),
}
_encode = msgspec.msgpack.Encoder().encode


class Fingerprint(Struct, frozen=True):
    """A paper by its row, its keys, the present one first, and a digest of what is known of it.

    There is no digest of one whose notes may have links, as these depend on other papers.
    """

    id: int
    keys: list[str]
    digest: bytes | None


async def read_fingerprints(papers: Sequence[int], user: int) -> AsyncIterator[list[Fingerprint]]:
    """Yield the fingerprints of papers for a user, in their order, many at a time.

    An unknown id has none.
    """
    for start in range(0, len(papers), _ASKED):
        yield await _read(papers[start : start + _ASKED], user, await _read_common(user))


async def read_keys(papers: Sequence[int]) -> dict[int, list[str]]:
    """Return the keys of papers by their row ids: the present one, and those that they had."""
    keys: dict[int, list[str]] = {}
    for start in range(0, len(papers), _ASKED):
        some = papers[start : start + _ASKED]
        ids = places(len(some))
        for row in await fetch(f"SELECT id, key FROM paper WHERE id IN ({ids})", *some):
            keys[row["id"]] = [row["key"]]
        aliases = f"SELECT paper_id, key FROM alias WHERE paper_id IN ({ids}) ORDER BY id"
        for row in await fetch(aliases, *some):
            if row["paper_id"] in keys:
                keys[row["paper_id"]].append(row["key"])
    return keys


async def _read_common(user: int) -> bytes:
    """Return what bears on all papers: the user's names of terms, and corrections everywhere."""
    named = "SELECT term_id, name, into_id, hidden FROM own_term WHERE user_id = $1 ORDER BY id"
    judged = (
        "SELECT * FROM correction WHERE user_id = $1 AND deleted IS NULL AND everywhere ORDER BY id"
    )
    return _encode([[tuple(row) for row in await fetch(sql, user)] for sql in (named, judged)])


async def _read(papers: Sequence[int], user: int, common: bytes) -> list[Fingerprint]:
    keys = await read_keys(papers)
    digests = {paper: hashlib.blake2b(common, digest_size=16) for paper in keys}
    linked = set[int]()
    async for table, rows in _tables(papers, user):
        for row in rows:
            if row[0] in digests:
                digests[row[0]].update(_encode((table, row)))
        if table == "note":
            linked = {paper for paper, text, *_ in rows if "[[" in text}
    return [
        Fingerprint(paper, keys[paper], None if paper in linked else digests[paper].digest())
        for paper in papers
        if paper in keys
    ]


async def _tables(
    papers: Sequence[int], user: int
) -> AsyncIterator[tuple[str, list[tuple[Any, ...]]]]:
    """Yield each table with its rows that are of papers; their first value is the paper's id."""
    for table, sql in _shared(places(len(papers))).items():
        yield table, [*map(tuple, await fetch(sql, *papers))]
    for table, sql in _own(places(len(papers), after=1)).items():
        yield table, [*map(tuple, await fetch(sql, user, *papers))]


def _shared(ids: str) -> dict[str, str]:
    """Return what selects the rows of some papers that all users see, by their tables."""
    columns = ", ".join(sorted(Paper._meta.db_fields - _INTERNAL))
    term = "t.label || ' ' || t.name || ' ' || y.position || ' ' || COALESCE(y.role, '')"
    return {
        "paper": f"SELECT id AS paper_id, {columns} FROM paper WHERE id IN ({ids})",
        "alias": f"SELECT paper_id, key FROM alias WHERE paper_id IN ({ids}) ORDER BY id",
        "listing": "SELECT p.paper_id, l.kind, l.name, l.day, p.position FROM listing_paper p "
        f"JOIN listing l ON l.id = p.listing_id WHERE p.paper_id IN ({ids}) ORDER BY p.id",
        "attempt": f"SELECT paper_id, a.* FROM fetch_attempt a WHERE paper_id IN ({ids})",
        "term": f"SELECT y.paper_id, {_joined(term, 'y.term_id')} AS terms FROM paper_term y "
        f"JOIN term t ON t.id = y.term_id WHERE y.paper_id IN ({ids}) GROUP BY y.paper_id",
    }


def _own(ids: str) -> dict[str, str]:
    """Return what selects the rows of some papers that are a user's, by their tables."""
    mine = f"x.user_id = $1 AND x.paper_id IN ({ids})"
    there = f"{mine} AND x.deleted IS NULL"
    return {
        "entry": f"SELECT x.paper_id, x.* FROM entry x WHERE {there}",
        "tag": f"SELECT x.paper_id, {_joined('t.name', 'y.tag_id')} AS tags FROM entry x "
        "JOIN entry_tag y ON y.entry_id = x.id JOIN tag t ON t.id = y.tag_id "
        f"WHERE {there} AND t.deleted IS NULL GROUP BY x.paper_id",
        "note": f"SELECT x.paper_id, x.text, x.* FROM note x WHERE {there} ORDER BY x.id",
        "correction": f"SELECT x.paper_id, x.* FROM correction x WHERE {there} ORDER BY x.id",
        "citation": f"SELECT x.paper_id, x.* FROM citation x WHERE {mine}",
        "seen": f"SELECT x.paper_id, x.at FROM seen x WHERE {mine}",
    }


def _joined(text: str, place: str) -> str:
    """Write the aggregate that joins texts of rows; without an order, SQLite takes its index's."""
    if is_postgres():
        return f"string_agg({text}, '\n' ORDER BY {place})"
    return f"group_concat({text}, '\n')"
