"""Papers as a reader reads them: everything on one, the reading list and search, facets, suggestions."""

import base64
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from server.cards import cards, corrections_of, extraction_state, places
from server.corrections import correct
from server.errors import Invalid
from server.identity import fold_term, paper_url
from server.models import Alias, ListingPaper, Paper, decode_strings
from server.naming import NAME, PAPERS, ROOTS, SHOWN, Naming, count_roots, read_naming, rename
from server.query import TERM_FIELDS, parse_query, write_field
from server.search import Selection, match, select, tsquery
from server.source import printable
from server.states import find_paper
from server.store import day, fetch, is_postgres, moment
from server.store import reader as reading
from server.wire import Card, CorrectionState, FacetValue, ListedPaper, PaperList, PaperPage, Place, Sort, Suggestion

HIT_START, HIT_END = "\u2068", "\u2069"  # isolates: they cannot be mistaken for the text's own brackets
FACET_VALUES = 30
PAGES = 100  # papers that are read at once when many are

_SORTS = {
    "added": ("e.added", datetime),
    # the day before, the first of all, stands for minus infinity in asyncpg
    "published": ("COALESCE(p.published, DATE('0001-01-02'))", date),
    "rating": ("COALESCE(e.rating, -1)", int),
    "upvotes": ("COALESCE(p.upvotes, -1)", int),
}


class _Cursor(msgspec.Struct, array_like=True):
    """The last paper of a page: its place in the order, its row, and how many papers there were at the first page."""

    sort: Sort
    value: str | float
    id: Annotated[int, Meta(ge=0, lt=2**31)]
    total: Annotated[int, Meta(ge=0, lt=2**31)]


async def list_papers(
    reader: int,
    query: str = "",
    *,
    sort: Sort | None = None,
    cursor: str | None = None,
    limit: int = 50,
    everything: bool = False,
    facets: bool = False,
) -> PaperList:
    """Give a page of the papers that a query selects: of the reader's list, or of the whole store.

    Words are answered by relevance and everything else by the day it was added, to the list or to the store, unless
    `sort` says otherwise.
    Raises `QueryError` for a query that cannot be read and `Invalid` for a cursor that is not ours.
    """
    selection = select(parse_query(query), reader=reader, everything=everything, postgres=is_postgres())
    order: Sort = sort or ("relevance" if selection.score else "added")
    rows = await _page_rows(selection, order, _read_cursor(cursor, order), limit + 1)
    ids = [row["id"] for row in rows[:limit]]
    return PaperList(
        papers=await read_listed(ids, reader, await _snippets(selection, ids)),
        total=rows[0]["total"] if rows else 0,
        next=_write_cursor(_cursor_after(order, rows[limit - 1])) if len(rows) > limit else None,
        facets=await _facets(selection) if facets else None,
    )


async def list_facets(reader: int, query: str = "", *, everything: bool = False) -> dict[str, list[FacetValue]]:
    """Give by what the papers of a query can be narrowed, and how many each value leaves. Raises `QueryError`."""
    return await _facets(select(parse_query(query), reader=reader, everything=everything, postgres=is_postgres()))


async def find_papers(reader: int, query: str, *, everything: bool = False) -> list[int]:
    """Give the row ids of all papers that a query selects. Raises `QueryError`."""
    selection = select(parse_query(query), reader=reader, everything=everything, postgres=is_postgres())
    return [row["id"] for row in await fetch(f"SELECT {selection.paper} AS id {selection.body()}", *selection.values)]


async def is_empty() -> bool:
    """Tell whether the store has no paper yet."""
    return not await fetch("SELECT id FROM paper LIMIT 1")


async def find_rows(keys: list[str]) -> list[int]:
    """Give the row ids of papers by their keys, in the order of these; an unknown key has none."""
    rows = await fetch(f"SELECT key, id FROM paper WHERE key IN ({places(len(keys))})", *keys) if keys else []
    ids = {row["key"]: row["id"] for row in rows}
    return [ids[key] for key in keys if key in ids]


async def read_paper(key: str, reader: int) -> PaperPage:
    """Give everything on a paper that a reader may see. Raises `NotFound`."""
    [page] = await read_pages([(await find_paper(key)).id], reader)
    return page


async def read_papers(reader: int, query: str = "", *, everything: bool = False) -> AsyncIterator[PaperPage]:
    """Give everything on each paper that a query selects, in the order in which they were added."""
    selection = select(parse_query(query), reader=reader, everything=everything, postgres=is_postgres())
    cursor: _Cursor | None = None
    while rows := await _page_rows(selection, "added", cursor, PAGES):
        for page in await read_pages([row["id"] for row in rows], reader):
            yield page
        cursor = _cursor_after("added", rows[-1])


async def read_pages(ids: list[int], reader: int) -> list[PaperPage]:
    """Give everything on papers by their row ids, in the order of these; an unknown id has none."""
    if not ids:
        return []
    papers = {paper.id: paper for paper in await Paper.filter(id__in=ids).using_db(reading())}
    found, verdicts = await cards(ids, reader), await corrections_of(reader, ids)
    naming = await read_naming(reader)
    aliases, stood = defaultdict(list), defaultdict(list)
    for alias in await Alias.filter(paper_id__in=ids).order_by("id").using_db(reading()):
        aliases[alias.paper_id].append(alias.key)
    places_of = ListingPaper.filter(paper_id__in=ids).prefetch_related("listing").order_by("listing__day", "id")
    for place in await places_of.using_db(reading()):
        stood[place.paper_id].append(Place(place.listing.kind, place.listing.name, place.listing.day, place.position))
    return [
        _page(papers[n], found[n], verdicts[n], naming, aliases[n], stood[n]) for n in ids if n in papers and n in found
    ]


def _page(
    paper: Paper,
    card: Card,
    corrections: list[CorrectionState],
    naming: Naming,
    aliases: list[str],
    stood: list[Place],
) -> PaperPage:
    return PaperPage(
        key=paper.key,
        aliases=aliases,
        title=paper.title,
        abstract=paper.abstract,
        authors=paper.authors,
        author_count=paper.author_count,
        published=paper.published,
        url=paper_url(paper.key),
        code_url=paper.code_url,
        project_url=paper.project_url,
        doi=paper.doi,
        organization=paper.organization,
        categories=paper.categories,
        upvotes=paper.upvotes,
        comments=paper.comments,
        extraction=extraction_state(paper.extraction_version, paper.extraction_error),
        extraction_version=paper.extraction_version,
        seen=card.seen,
        entry=card.entry,
        notes=card.notes,
        corrections=corrections,
        mentions=rename(correct(paper.mentions, f"{paper.title}\n{paper.abstract}", corrections), naming),
        terms=card.terms,
        results=paper.results,
        places=stood,
    )


async def suggest(reader: int, prefix: str, limit: int) -> list[Suggestion]:
    """Give ways to complete what a person began to write: their tags and the store's terms, the commonest first."""
    field, colon, begun = printable(prefix).rpartition(":")
    begun = begun.strip('"')
    fold = fold_term(begun) if begun.strip() else ""
    found: list[Suggestion] = []
    if field in ("", "tag"):
        found += [_suggestion("tag", row) for row in await _tags_like(reader, begun.casefold(), limit)]
    labels = [TERM_FIELDS[field]] if field in TERM_FIELDS else [] if colon else list(TERM_FIELDS.values())
    if labels and (fold or colon):
        rows = await fetch(
            f"SELECT DISTINCT t.label, {NAME} AS name, {PAPERS} AS papers FROM (SELECT id AS term_id FROM term "
            f"WHERE label IN ({places(len(labels), after=4)}) AND fold >= $2 AND fold < $3) pt {ROOTS} "
            f"WHERE {SHOWN} AND {PAPERS} > 0 ORDER BY papers DESC, name LIMIT $4",
            reader,
            fold,
            fold + "\U0010ffff",
            limit,
            *labels,
        )
        found += [_suggestion(row["label"].lower(), row) for row in rows]
    return found[:limit]


async def _tags_like(reader: int, begun: str, limit: int) -> list[dict[str, Any]]:
    return await fetch(
        "SELECT t.name, COUNT(e.id) AS papers FROM tag t LEFT JOIN entry_tag et ON et.tag_id = t.id "
        "LEFT JOIN entry e ON e.id = et.entry_id AND e.deleted IS NULL WHERE t.user_id = $1 AND t.deleted IS NULL "
        "AND t.fold >= $2 AND t.fold < $3 GROUP BY t.id, t.name ORDER BY 2 DESC, 1 LIMIT $4",
        reader,
        begun,
        begun + "\U0010ffff",
        limit,
    )


def _suggestion(kind: str, row: dict[str, Any]) -> Suggestion:
    return Suggestion(write_field(kind, row["name"]), kind, row["name"], row["papers"])


async def _page_rows(selection: Selection, sort: Sort, cursor: _Cursor | None, limit: int) -> list[dict[str, Any]]:
    """Give a page's papers as numbers: sorted and counted without a look at their rows, which are long."""
    place, kind = _place(selection, sort)
    values, after, total = list(selection.values), "", "(SELECT COUNT(*) FROM hit)"
    if cursor:
        values += [_typed(cursor.value, kind), cursor.id]
        after, total = f"WHERE (place, id) < (${len(values) - 1}, ${len(values)})", f"{cursor.total}"
    return await fetch(
        f"WITH hit AS MATERIALIZED (SELECT {selection.paper} AS id, {place} AS place {selection.body()}) "
        f"SELECT id, place, {total} AS total FROM hit {after} ORDER BY place DESC, id DESC LIMIT {limit}",
        *values,
    )


def _place(selection: Selection, sort: Sort) -> tuple[str, type]:
    """Give what an order sorts by, the greatest first, and the type of it."""
    if sort == "relevance":
        return selection.score or "CAST(0 AS REAL)", float
    if sort == "added" and selection.everything:
        return selection.paper, int  # papers are numbered as they come
    return _SORTS[sort]


async def read_listed(ids: list[int], reader: int, snippets: dict[int, str] | None = None) -> list[ListedPaper]:
    """Give papers as a list shows them, by their row ids and in the order of these; an unknown id has none."""
    if not ids:
        return []
    rows = await fetch(
        "SELECT id, key, title, abstract, authors, author_count, published, upvotes, code_url FROM paper "
        f"WHERE id IN ({places(len(ids))})",
        *ids,
    )
    papers, found = {row["id"]: row for row in rows}, await cards(ids, reader)
    return [
        ListedPaper(
            key=row["key"],
            title=row["title"],
            abstract=row["abstract"],
            authors=decode_strings(row["authors"]),
            author_count=row["author_count"],
            published=day(row["published"]),
            upvotes=row["upvotes"],
            code_url=row["code_url"],
            card=found[row["id"]],
            snippet=(snippets or {}).get(row["id"]),
        )
        for row in (papers[number] for number in ids if number in papers)
    ]


def _typed(value: str | float, kind: type) -> Any:
    try:
        typed: Any = msgspec.convert(value, kind, strict=False)
        return typed.astimezone(UTC) if isinstance(typed, datetime) else typed
    except (msgspec.ValidationError, OverflowError):
        raise Invalid("this cursor is not one of ours") from None


def _cursor_after(sort: Sort, row: dict[str, Any]) -> _Cursor:
    place = moment(row["place"]) if sort == "added" else row["place"]
    return _Cursor(sort, str(place) if sort in ("added", "published") else place, row["id"], row["total"])


def _write_cursor(cursor: _Cursor) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode()


def _read_cursor(text: str | None, sort: Sort) -> _Cursor | None:
    if text is None:
        return None
    try:
        cursor = msgspec.json.decode(base64.urlsafe_b64decode(text.encode()), type=_Cursor)
    except (ValueError, msgspec.DecodeError):
        raise Invalid("this cursor is not one of ours") from None
    if cursor.sort != sort:
        raise Invalid(f"this cursor goes with the sort {cursor.sort}")
    return cursor


async def _snippets(selection: Selection, papers: list[int]) -> dict[int, str]:
    """Give the best passage of each paper that has one of the words, of its text or else of the reader's notes."""
    if not selection.words or not papers:
        return {}
    words = selection.words
    if is_postgres():
        wanted = places(len(papers), after=len(words))
        query = " || ".join(tsquery(word, f"${n}::text") for n, word in enumerate(words, 1))
        options = f"'StartSel={HIT_START}, StopSel={HIT_END}, MaxFragments=1, MaxWords=24, MinWords=12'"
        rows = await fetch(
            f"SELECT id, ts_headline('papermargin', title || ' \u2014 ' || abstract, {query}, {options}) AS snippet "
            f"FROM paper WHERE id IN ({wanted}) AND search @@ ({query})",
            *[word.text for word in words],
            *papers,
        )
    else:
        rows = await fetch(
            f"SELECT rowid AS id, snippet(paper_fts, -1, '{HIT_START}', '{HIT_END}', '\u2026', 24) AS snippet "
            f"FROM paper_fts WHERE paper_fts MATCH $1 AND rowid IN ({places(len(papers), after=1)})",
            match(words, any_of=True),
            *papers,
        )
    return {row["id"]: row["snippet"] for row in rows}


async def _facets(selection: Selection) -> dict[str, list[FacetValue]]:
    counts = {
        "status": "SELECT 'status' AS facet, COALESCE(status, 'none') AS value, COUNT(*) AS n FROM hit GROUP BY 2",
        "tag": "SELECT 'tag' AS facet, t.name AS value, COUNT(*) AS n FROM hit JOIN entry_tag et "
        "ON et.entry_id = hit.entry JOIN tag t ON t.id = et.tag_id AND t.deleted IS NULL GROUP BY t.id, t.name",
        "terms": _count_terms(selection),
        "year": _count_years(selection),
        "note": _count_noted(selection),
        "code": "SELECT 'has' AS facet, 'code' AS value, COUNT(*) AS n FROM hit JOIN paper p ON p.id = hit.id "
        "WHERE p.code_url IS NOT NULL",
    }
    columns = f"{selection.paper} AS id, e.id AS entry, e.status AS status"
    hit = f"hit AS MATERIALIZED (SELECT {columns} {selection.body()}) "
    facets: dict[str, list[FacetValue]] = {name: [] for name in ("status", "tag", *TERM_FIELDS, "year", "has")}
    for count in counts.values():  # one query each: SQLite takes a poor way through several in one
        rows = await fetch(f"WITH {hit}{count}", *selection.values)
        for row in sorted(rows, key=lambda row: (-row["n"], row["value"])):
            if row["n"] and len(facets[row["facet"]]) < FACET_VALUES:
                facets[row["facet"]].append(FacetValue(row["value"], row["n"]))
    return facets


def _count_terms(selection: Selection) -> str:
    """Count the papers of each term, as the reader has terms; of all papers each term knows its number."""
    known = "SELECT id AS term_id, papers AS n FROM term WHERE papers > 0"
    return (
        f", {count_roots(known) if selection.is_whole else count_roots()}, ranked AS ("
        f"SELECT LOWER(t.label) AS facet, {NAME} AS value, n, ROW_NUMBER() OVER "
        f"(PARTITION BY t.label ORDER BY n DESC, {NAME}) AS rank FROM counted pt {ROOTS} WHERE {SHOWN} AND n > 0) "
        f"SELECT facet, value, n FROM ranked WHERE rank <= {FACET_VALUES}"
    )


def _count_noted(selection: Selection) -> str:
    own = "n.user_id = $1 AND n.deleted IS NULL"
    if selection.is_whole:
        return f"SELECT 'has' AS facet, 'note' AS value, COUNT(DISTINCT n.paper_id) AS n FROM note n WHERE {own}"
    return (
        "SELECT 'has' AS facet, 'note' AS value, COUNT(*) AS n FROM hit "
        f"WHERE EXISTS (SELECT 1 FROM note n WHERE {own} AND n.paper_id = hit.id)"
    )


def _count_years(selection: Selection) -> str:
    year = "CAST(EXTRACT(YEAR FROM p.published) AS TEXT)" if is_postgres() else "substr(p.published, 1, 4)"
    source = "paper p" if selection.is_whole else "hit JOIN paper p ON p.id = hit.id"
    return (
        f"SELECT 'year' AS facet, {year} AS value, COUNT(*) AS n FROM {source} WHERE p.published IS NOT NULL GROUP BY 2"
    )
