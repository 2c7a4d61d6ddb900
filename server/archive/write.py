"""Write the archive: all of a user's data, counted and checked against the store's own count."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from importlib.metadata import version
from typing import Any, TypeVar
from uuid import UUID

from msgspec import Struct

from server.archive.format import (
    ArchivedCitation,
    ArchivedCorrection,
    ArchivedEntry,
    ArchivedNote,
    ArchivedPaper,
    ArchivedPreference,
    ArchivedRanking,
    ArchivedRevision,
    ArchivedSearch,
    ArchivedTag,
    ArchivedTerm,
    SeenPaper,
    encode,
)
from server.database.connection import day, moment, places
from server.database.models.imports import decode_citation
from server.database.models.json_columns import decode_strings
from server.database.models.papers import decode_facts, decode_mentions, decode_results
from server.database.models.reading_list import decode_quote
from server.database.models.terms import decode_mended
from server.database.snapshot import Fetch, read_pages, snapshot
from server.errors import StoreError
from server.schema.papers import Place

Row = Any
Record = TypeVar("Record")

_HOLDERS = ("entry", "note", "correction", "seen", "citation")
_HELD = " OR ".join(
    f"EXISTS (SELECT 1 FROM {h} WHERE {h}.user_id = $1 AND {h}.paper_id = p.id)" for h in _HOLDERS
)
_OWN_PAPERS = " UNION ".join(
    f"SELECT paper_id FROM {holder} WHERE user_id = $1" for holder in _HOLDERS
)
_COUNTS = {
    "papers": f"SELECT COUNT(*) AS n FROM ({_OWN_PAPERS}) AS own",
    "entries": "SELECT COUNT(*) AS n FROM entry WHERE user_id = $1",
    "tags": "SELECT COUNT(*) AS n FROM tag WHERE user_id = $1",
    "notes": "SELECT COUNT(*) AS n FROM note WHERE user_id = $1",
    "corrections": "SELECT COUNT(*) AS n FROM correction WHERE user_id = $1",
    "seen": "SELECT COUNT(*) AS n FROM seen WHERE user_id = $1",
    "searches": "SELECT COUNT(*) AS n FROM saved_search WHERE user_id = $1",
    "terms": "SELECT COUNT(*) AS n FROM own_term WHERE user_id = $1",
    "citations": "SELECT COUNT(*) AS n FROM citation WHERE user_id = $1",
    "preferences": "SELECT COUNT(*) AS n FROM ranking_preference WHERE user_id = $1",
    "ranking": "SELECT COUNT(*) AS n FROM ranking_settings WHERE user_id = $1",
}
_PAPER_FIELDS = tuple(
    name for name in ArchivedPaper.__struct_fields__ if name not in ("aliases", "places")
)
_CORRECTION_FIELDS = ("verdict", "surface", "label", "to_label", "start", "end", "version")


async def export_archive(
    user: int, now: datetime, counts: Counter[str] | None = None
) -> AsyncIterator[bytes]:
    """Yield the archive of one snapshot of the store; `counts` receives the number of records by
    kind.

    Raises `StoreError` at the end if the store counts other numbers.
    """
    counts = Counter() if counts is None else counts
    async with snapshot() as fetch:
        parts = {
            name: _counted(counts, name, records(fetch, user)) for name, records in _PARTS.items()
        }
        async for piece in encode(exported=now, server=version("papermargin"), parts=parts):
            yield piece
        held = {name: (await fetch(sql, user))[0]["n"] for name, sql in _COUNTS.items()}
    if counts != held:
        raise StoreError(
            f"the export is not complete: it has {dict(counts)}, the store {held}; "
            "papermargin doctor"
        )


async def _counted(
    counts: Counter[str], name: str, records: AsyncIterator[Record]
) -> AsyncIterator[Record]:
    counts[name] = 0
    async for record in records:
        counts[name] += 1
        yield record


async def _papers(fetch: Fetch, user: int) -> AsyncIterator[ArchivedPaper]:
    columns = ", ".join(f"p.{name}" for name in ("id", *_PAPER_FIELDS))
    sql = f"SELECT {columns} FROM paper p WHERE p.id > $2 AND ({_HELD}) ORDER BY p.id"
    async for rows in read_pages(fetch, sql, user):
        aliases = await _by(
            fetch, rows, "SELECT paper_id, key FROM alias WHERE paper_id IN ({ids}) ORDER BY id"
        )
        stood = await _by(
            fetch,
            rows,
            "SELECT lp.paper_id, l.kind, l.name, l.day, lp.position FROM listing_paper lp "
            "JOIN listing l ON l.id = lp.listing_id WHERE lp.paper_id IN ({ids})",
        )
        for row in rows:
            yield _paper(row, [alias["key"] for alias in aliases[row["id"]]], stood[row["id"]])


def _paper(row: Row, aliases: list[str], stood: list[Row]) -> ArchivedPaper:
    fields = {name: row[name] for name in _PAPER_FIELDS}
    fields |= {
        "authors": decode_strings(row["authors"]),
        "categories": decode_strings(row["categories"]),
        "mentions": decode_mentions(row["mentions"]),
        "results": decode_results(row["results"]),
        "hugging_face": decode_facts(row["hugging_face"]) if row["hugging_face"] else None,
        "published": day(row["published"]),
        "observed": moment(row["observed"]),
        "created": moment(row["created"]),
    }
    known = sorted(stood, key=lambda place: (place["kind"], place["name"], place["position"]))
    return ArchivedPaper(
        **fields,
        aliases=aliases,
        places=[
            Place(place["kind"], place["name"], day(place["day"]), place["position"])
            for place in known
        ],
    )


async def _entries(fetch: Fetch, user: int) -> AsyncIterator[ArchivedEntry]:
    sql = (
        "SELECT e.*, p.key FROM entry e JOIN paper p ON p.id = e.paper_id "
        "WHERE e.user_id = $1 AND e.id > $2"
    )
    async for rows in read_pages(fetch, f"{sql} ORDER BY e.id", user):
        links = await _by(
            fetch,
            rows,
            "SELECT et.entry_id, t.name FROM entry_tag et JOIN tag t ON t.id = et.tag_id "
            "WHERE t.deleted IS NULL AND et.entry_id IN ({ids})",
        )
        for row in rows:
            yield ArchivedEntry(
                key=row["key"],
                status=row["status"],
                rating=row["rating"],
                tags=sorted((link["name"] for link in links[row["id"]]), key=str.casefold),
                version=row["version"],
                added=moment(row["added"]),
                updated=moment(row["updated"]),
                deleted=moment(row["deleted"]),
                queue=row["queue"],
                snoozed_until=day(row["snoozed_until"]),
                due=day(row["due"]),
            )


async def _tags(fetch: Fetch, user: int) -> AsyncIterator[ArchivedTag]:
    async for rows in read_pages(
        fetch, "SELECT * FROM tag t WHERE t.user_id = $1 AND t.id > $2 ORDER BY t.id", user
    ):
        links = await _by(
            fetch,
            rows,
            "SELECT et.tag_id, p.key, e.deleted FROM entry_tag et "
            "JOIN entry e ON e.id = et.entry_id "
            "JOIN paper p ON p.id = e.paper_id WHERE et.tag_id IN ({ids})",
        )
        for row in rows:
            bearers = links[row["id"]]
            yield ArchivedTag(
                name=row["name"],
                colour=row["colour"],
                papers=sum(link["deleted"] is None for link in bearers),
                version=row["version"],
                created=moment(row["created"]),
                updated=moment(row["updated"]),
                deleted=moment(row["deleted"]),
                trashed=sorted(link["key"] for link in bearers) if row["deleted"] else [],
            )


async def _notes(fetch: Fetch, user: int) -> AsyncIterator[ArchivedNote]:
    sql = (
        "SELECT n.id, n.uuid, n.text, n.quote, n.version, n.created, n.updated, n.deleted, p.key "
        "FROM note n JOIN paper p ON p.id = n.paper_id WHERE n.user_id = $1 AND n.id > $2 "
        "ORDER BY n.id"
    )
    async for rows in read_pages(fetch, sql, user):
        earlier = await _by(
            fetch,
            rows,
            "SELECT note_id, r.* FROM revision r WHERE note_id IN ({ids}) ORDER BY version",
        )
        for row in rows:
            yield ArchivedNote(
                id=UUID(str(row["uuid"])),
                key=row["key"],
                text=row["text"],
                quote=decode_quote(row["quote"]) if row["quote"] else None,
                version=row["version"],
                created=moment(row["created"]),
                updated=moment(row["updated"]),
                deleted=moment(row["deleted"]),
                revisions=[_revision(revision) for revision in earlier[row["id"]]],
            )


def _revision(row: Row) -> ArchivedRevision:
    return ArchivedRevision(
        version=row["version"],
        text=row["text"],
        quote=decode_quote(row["quote"]) if row["quote"] else None,
        written=moment(row["written"]),
    )


async def _corrections(fetch: Fetch, user: int) -> AsyncIterator[ArchivedCorrection]:
    sql = (
        "SELECT c.*, p.key FROM correction c JOIN paper p ON p.id = c.paper_id "
        "WHERE c.user_id = $1 AND c.id > $2"
    )
    async for rows in read_pages(fetch, f"{sql} ORDER BY c.id", user):
        for row in rows:
            yield ArchivedCorrection(
                id=UUID(str(row["uuid"])),
                key=row["key"],
                everywhere=bool(row["everywhere"]),
                mended=decode_mended(row["mended"]) if row["mended"] else None,
                created=moment(row["created"]),
                updated=moment(row["updated"]),
                deleted=moment(row["deleted"]),
                **{name: row[name] for name in _CORRECTION_FIELDS},
            )


async def _seen(fetch: Fetch, user: int) -> AsyncIterator[SeenPaper]:
    sql = (
        "SELECT s.id, s.at, p.key FROM seen s JOIN paper p ON p.id = s.paper_id "
        "WHERE s.user_id = $1 AND s.id > $2"
    )
    async for rows in read_pages(fetch, f"{sql} ORDER BY s.id", user):
        for row in rows:
            yield SeenPaper(key=row["key"], at=moment(row["at"]))


async def _searches(fetch: Fetch, user: int) -> AsyncIterator[ArchivedSearch]:
    sql = "SELECT * FROM saved_search s WHERE s.user_id = $1 AND s.id > $2 ORDER BY s.id"
    async for rows in read_pages(fetch, sql, user):
        for row in rows:
            yield ArchivedSearch(
                digest=bool(row["digest"]),
                created=moment(row["created"]),
                updated=moment(row["updated"]),
                deleted=moment(row["deleted"]),
                **{name: row[name] for name in ("name", "query", "sort", "version")},
            )


async def _terms(fetch: Fetch, user: int) -> AsyncIterator[ArchivedTerm]:
    sql = (
        "SELECT o.*, t.label, t.name AS term, i.label AS into_label, i.name AS into_name "
        "FROM own_term o JOIN term t ON t.id = o.term_id LEFT JOIN term i ON i.id = o.into_id "
        "WHERE o.user_id = $1 AND o.id > $2"
    )
    async for rows in read_pages(fetch, f"{sql} ORDER BY o.id", user):
        for row in rows:
            yield ArchivedTerm(
                into=(row["into_label"], row["into_name"]) if row["into_id"] else None,
                hidden=bool(row["hidden"]),
                created=moment(row["created"]),
                updated=moment(row["updated"]),
                **{name: row[name] for name in ("label", "term", "name", "version")},
            )


async def _citations(fetch: Fetch, user: int) -> AsyncIterator[ArchivedCitation]:
    sql = (
        "SELECT c.id, c.data, c.updated, p.key FROM citation c JOIN paper p ON p.id = c.paper_id "
        "WHERE c.user_id = $1 AND c.id > $2"
    )
    async for rows in read_pages(fetch, f"{sql} ORDER BY c.id", user):
        for row in rows:
            yield ArchivedCitation(
                key=row["key"], data=decode_citation(row["data"]), updated=moment(row["updated"])
            )


async def _preferences(fetch: Fetch, user: int) -> AsyncIterator[ArchivedPreference]:
    sql = "SELECT * FROM ranking_preference p WHERE p.user_id = $1 AND p.id > $2 ORDER BY p.id"
    async for rows in read_pages(fetch, sql, user):
        for row in rows:
            yield ArchivedPreference(
                created=moment(row["created"]),
                updated=moment(row["updated"]),
                **{name: row[name] for name in ("kind", "name", "choice", "version")},
            )


async def _ranking(fetch: Fetch, user: int) -> AsyncIterator[ArchivedRanking]:
    sql = "SELECT * FROM ranking_settings s WHERE s.user_id = $1 AND s.id > $2 ORDER BY s.id"
    async for rows in read_pages(fetch, sql, user):
        for row in rows:
            yield ArchivedRanking(
                enabled=bool(row["enabled"]),
                least=row["least"],
                version=row["version"],
                updated=moment(row["updated"]),
            )


async def _by(fetch: Fetch, owners: list[Row], sql: str) -> dict[int, list[Row]]:
    """Return a query's rows by their first column; its `{ids}` become the owners' row ids."""
    found: dict[int, list[Row]] = defaultdict(list)
    for row in await fetch(sql.format(ids=places(len(owners))), *(owner["id"] for owner in owners)):
        found[row[0]].append(row)
    return found


_PARTS: dict[str, Callable[[Fetch, int], AsyncIterator[Struct]]] = {
    "papers": _papers,
    "entries": _entries,
    "tags": _tags,
    "notes": _notes,
    "corrections": _corrections,
    "seen": _seen,
    "searches": _searches,
    "terms": _terms,
    "citations": _citations,
    "preferences": _preferences,
    "ranking": _ranking,
}
