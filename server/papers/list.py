"""The reading list and search: pages of the papers that a query selects."""

import base64
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from server.database.connection import day, fetch, is_postgres, moment, places
from server.database.models.json_columns import decode_strings
from server.database.models.papers import decode_facts
from server.errors import Invalid
from server.papers.cards import COUNT_STORED, cards
from server.papers.facets import count_facets
from server.papers.fetch_attempts import is_incomplete, read_attempts
from server.papers.hugging_face import has_thumbnail
from server.papers.page import read_pages
from server.papers.query import read_query
from server.ranking.scores import find_why_unranked, score_papers
from server.schema.papers import ListedPaper, PaperList, PaperPage
from server.schema.ranking import WhyUnranked
from server.schema.searches import Sort
from server.search.correction import correct
from server.search.fulltext import TEXT, expression, spelled
from server.search.parser import All, find_hint, find_sort
from server.search.sql import Selection, select

HIT_START, HIT_END = (
    "\u2068",
    "\u2069",
)  # isolates: they cannot be mistaken for the text's own brackets
PAGES = 100  # papers that are read at once when many are
MAX_RANKED = 2_000  # papers that are scored for one page of a list
MAX_COUNTED = 1_000  # papers of a query that are counted one by one for its total
UNRANKED = -1e6  # below every score

_SORTS = {
    "added": ("e.added", datetime),
    # the day before, the first of all, stands for minus infinity in asyncpg
    "published": ("COALESCE(p.published, DATE('0001-01-02'))", date),
    "rating": ("COALESCE(e.rating, -1)", int),
    "upvotes": ("COALESCE(p.upvotes, -1)", int),
    # the lowest rank is first, as the nearest day of `_DUE`, and what has none is last
    "queue": ("COALESCE(-e.queue, -1e300)", float),
}
_DUE = {
    "postgres": "COALESCE(CAST(DATE('2000-01-01') - e.due AS DOUBLE PRECISION), -1e9)",
    "sqlite": "COALESCE(-julianday(e.due), -1e9)",
}


class _Cursor(msgspec.Struct, array_like=True):
    """The last paper of a page.

    It has the paper's place in the order and its row id, and the total at the first page with
    whether it is exact.
    """

    sort: Sort
    value: str | float
    id: Annotated[int, Meta(ge=0, lt=2**31)]
    total: Annotated[int, Meta(ge=0, lt=2**31)]
    is_exact: bool = True


class _Rows(msgspec.Struct, frozen=True):
    """The `id` and `place` of a page's papers and of one more, and the total of all pages."""

    rows: list[dict[str, Any]]
    total: int
    is_exact: bool = True


class _Place(msgspec.Struct, frozen=True):
    """Which page of which papers is asked for."""

    user: int
    sort: Sort | None
    cursor: str | None
    limit: int
    everything: bool


async def list_papers(
    user: int,
    query: str = "",
    *,
    sort: Sort | None = None,
    cursor: str | None = None,
    limit: int = 50,
    everything: bool = False,
    facets: bool = False,
) -> PaperList:
    """Return a page of the papers that a query selects: of the user's list, or of the whole store.

    Words are answered by relevance and everything else by the day it was added, to the list or to
    the store, unless `sort` or else a field `sort` of the query says otherwise. Raises `QueryError`
    for a query that cannot be read and `Invalid` for a cursor that is not ours.
    """
    parsed = await read_query(query)
    sort = sort or find_sort(parsed)
    place = _Place(user, sort, cursor, limit, everything)
    selection, found = await _find(parsed, place)
    corrected = None
    if not found.rows and (correction := await correct(parsed)):
        selection, found = await _find(correction.query, place, nearest=correction.nearest)
        if not found.rows and not correction.nearest:
            correction = replace(correction, nearest=True)
            selection, found = await _find(correction.query, place, nearest=True)
        corrected = correction.text if found.rows else None
    ids = [row["id"] for row in found.rows[:limit]]
    hint = find_hint(query)
    return PaperList(
        papers=await read_listed(ids, user, await _snippets(selection, ids)),
        total=found.total,
        exact=found.is_exact,
        next=_write_cursor(_cursor_after(_order(selection, sort), found, limit))
        if len(found.rows) > limit
        else None,
        facets=await count_facets(selection) if facets else None,
        corrected=corrected,
        hint=hint.text if hint else None,
        unranked=await _explain_order(user, sort),
    )


async def _explain_order(user: int, sort: Sort | None) -> WhyUnranked | None:
    """Return why papers are not in the order `for_you` that was asked for."""
    return await find_why_unranked(user) if sort == "for_you" else None


async def _find(query: All, place: _Place, *, nearest: bool = False) -> tuple[Selection, _Rows]:
    """Return the papers of a page, and one more if there is one."""
    selection = select(
        query,
        user=place.user,
        everything=place.everything,
        postgres=is_postgres(),
        nearest=nearest,
    )
    order = _order(selection, place.sort)
    cursor = _read_cursor(place.cursor, order)
    if order == "for_you":
        return selection, await _rank_rows(selection, place.user, cursor, place.limit + 1)
    return selection, await _read_rows(selection, order, cursor, place.limit + 1)


def _order(selection: Selection, sort: Sort | None) -> Sort:
    return sort or ("relevance" if selection.score else "added")


async def count_papers(user: int, query: str = "") -> int:
    """Return how many papers of a user's list a query selects. Raises `QueryError`."""
    return len(await find_papers(user, query))


async def find_papers(user: int, query: str, *, everything: bool = False) -> list[int]:
    """Return the row ids of all papers that a query selects, the last added first.

    Raises `QueryError`.
    """
    selection = select(
        await read_query(query), user=user, everything=everything, postgres=is_postgres()
    )
    place, _ = _place(selection, "added")
    rows = await fetch(
        f"SELECT {selection.paper} AS id, {place} AS place {selection.body()} "
        "ORDER BY place DESC, id DESC",
        *selection.values,
    )
    return [row["id"] for row in rows]


async def is_empty() -> bool:
    """Return whether the store has no paper yet."""
    return not await fetch("SELECT id FROM paper LIMIT 1")


async def find_rows(keys: list[str]) -> list[int]:
    """Return the row ids of the papers of some keys, in their order; an unknown key has none."""
    rows = (
        await fetch(f"SELECT key, id FROM paper WHERE key IN ({places(len(keys))})", *keys)
        if keys
        else []
    )
    ids = {row["key"]: row["id"] for row in rows}
    return [ids[key] for key in keys if key in ids]


async def read_papers(
    user: int, query: str = "", *, everything: bool = False
) -> AsyncIterator[PaperPage]:
    """Yield everything on each paper that a query selects, in the order they were added.

    Raises `QueryError`.
    """
    selection = select(
        await read_query(query), user=user, everything=everything, postgres=is_postgres()
    )
    cursor: _Cursor | None = None
    while (found := await _read_rows(selection, "added", cursor, PAGES)).rows:
        for page in await read_pages([row["id"] for row in found.rows], user):
            yield page
        cursor = _cursor_after("added", found, len(found.rows))


async def _read_rows(selection: Selection, sort: Sort, cursor: _Cursor | None, limit: int) -> _Rows:
    """Read the row ids of a page's papers, sorted, and the total.

    The papers' own rows are long, and not read for that.
    """
    place, kind = _place(selection, sort)
    total, is_exact = _write_count(selection)
    hits = ""
    if selection.score:
        # materialized, so that the page and the total are read from one search
        found = f"SELECT {selection.paper} AS id, {place} AS place {selection.body()}"
        hits, place = f"WITH hit AS MATERIALIZED ({found}) ", "place"
        selection = replace(selection, paper="id", source="hit", conditions=[])
    values, after = list(selection.values), []
    if cursor:
        values += [_typed(cursor.value, kind), cursor.id]
        at, last = f"${len(values) - 1}", f"${len(values)}"
        # the id decides between papers of one place: no page repeats or skips a paper; by the first
        # condition, SQLite finds where to begin in an index of places
        after = [f"{place} <= {at}", f"({place}, {selection.paper}) < ({at}, {last})"]
        total = f"{cursor.total}"
    rows = await fetch(
        f"{hits}SELECT {selection.paper} AS id, {place} AS place, ({total}) AS total "
        f"{selection.body(*after)} ORDER BY place DESC, id DESC LIMIT {limit}",
        *values,
    )
    counted = int(rows[0]["total"]) if rows else 0
    if cursor:
        return _Rows(rows, counted, cursor.is_exact)
    if is_exact or counted <= MAX_COUNTED:
        return _Rows(rows, counted)
    return _Rows(rows, MAX_COUNTED, is_exact=False)


def _write_count(selection: Selection) -> tuple[str, bool]:
    """Write what counts the papers of a selection, and whether it counts all of them.

    Where each paper has to be looked at, one more than `MAX_COUNTED` ends the count.
    """
    if selection.score:
        return "SELECT COUNT(*) FROM hit", True
    if selection.is_whole:
        return COUNT_STORED, True
    if selection.is_whole_list:
        # without the papers, which SQLite would look up for a count
        return f"SELECT COUNT(*) FROM entry e WHERE {selection.conditions[0]}", True
    some = f"SELECT 1 {selection.body()} LIMIT {MAX_COUNTED + 1}"
    return f"SELECT COUNT(*) FROM ({some}) counted", False


async def _rank_rows(selection: Selection, user: int, cursor: _Cursor | None, limit: int) -> _Rows:
    """Read a page's papers in the order of their scores for a user.

    Of a selection of more than `MAX_RANKED` papers the newest are ranked, and the others follow.
    """
    found = await fetch(f"SELECT {selection.paper} AS id {selection.body()}", *selection.values)
    ids = sorted((row["id"] for row in found), reverse=True)
    # the newest first: of a long list, these are what a user wants in order
    scores = await score_papers(user, ids[:MAX_RANKED])
    ranked = sorted(((scores.get(id, UNRANKED), id) for id in ids), reverse=True)
    if cursor:
        last = (_typed(cursor.value, float), cursor.id)
        ranked = [place for place in ranked if place < last]
    return _Rows([{"id": id, "place": score} for score, id in ranked[:limit]], len(ids))


def _place(selection: Selection, sort: Sort) -> tuple[str, type]:
    """Return what an order sorts by, the greatest first, and the type of it."""
    if sort == "relevance":
        return selection.score or "CAST(0 AS REAL)", float
    if sort == "added" and selection.everything:
        return selection.paper, int  # papers are numbered as they come
    if sort == "due":
        return _DUE["postgres" if is_postgres() else "sqlite"], float
    return _SORTS[sort]


async def read_listed(
    ids: list[int], user: int, snippets: dict[int, str] | None = None
) -> list[ListedPaper]:
    """Return the papers of some row ids as a list shows them, in their order.

    An unknown id has none.
    """
    if not ids:
        return []
    rows = await fetch(
        "SELECT id, key, title, abstract, authors, author_count, published, upvotes, code_url, "
        f"comments, richness, hugging_face FROM paper WHERE id IN ({places(len(ids))})",
        *ids,
    )
    papers, found = {row["id"]: row for row in rows}, await cards(ids, user)
    attempts = await read_attempts(
        [row["id"] for row in rows if is_incomplete(row["key"], row["abstract"])]
    )
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
            attempt=attempts.get(row["id"]),
            comments=row["comments"],
            hugging_face=decode_facts(row["hugging_face"]) if row["hugging_face"] else None,
            has_thumbnail=has_thumbnail(row["key"], row["richness"], row["hugging_face"]),
        )
        for row in (papers[number] for number in ids if number in papers)
    ]


def _typed(value: str | float, kind: type) -> Any:
    try:
        typed: Any = msgspec.convert(value, kind, strict=False)
        return typed.astimezone(UTC) if isinstance(typed, datetime) else typed
    except (msgspec.ValidationError, OverflowError):
        raise Invalid("this cursor is not valid") from None


def _cursor_after(sort: Sort, found: _Rows, count: int) -> _Cursor:
    """Return the cursor of the page that follows the first `count` rows."""
    row = found.rows[count - 1]
    place = moment(row["place"]) if sort == "added" else row["place"]
    value = str(place) if sort in ("added", "published") else place
    return _Cursor(sort, value, row["id"], found.total, found.is_exact)


def _write_cursor(cursor: _Cursor) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode()


def _read_cursor(text: str | None, sort: Sort) -> _Cursor | None:
    if text is None:
        return None
    try:
        cursor = msgspec.json.decode(base64.urlsafe_b64decode(text.encode()), type=_Cursor)
    except (ValueError, msgspec.DecodeError):
        raise Invalid("this cursor is not valid") from None
    if cursor.sort != sort:
        raise Invalid(f"this cursor belongs to the sort {cursor.sort}")
    return cursor


async def _snippets(selection: Selection, papers: list[int]) -> dict[int, str]:
    """Return the best passage of each paper whose text has one of the words."""
    if not selection.words or not papers:
        return {}
    sought = expression(spelled(selection.words), TEXT, postgres=is_postgres(), any_of=True)
    wanted = places(len(papers), after=1)
    if is_postgres():
        query = "to_tsquery('papermargin', $1::text)"
        options = (
            f"'StartSel={HIT_START}, StopSel={HIT_END}, MaxFragments=1, MaxWords=24, MinWords=12'"
        )
        rows = await fetch(
            f"SELECT id, ts_headline('papermargin', title || ' \u2014 ' || abstract, {query}, "
            f"{options}) AS snippet FROM paper WHERE id IN ({wanted}) AND search @@ {query}",
            sought,
            *papers,
        )
    else:
        rows = await fetch(
            f"SELECT rowid AS id, snippet(paper_fts, -1, '{HIT_START}', '{HIT_END}', '\u2026', 24) "
            f"AS snippet FROM paper_fts WHERE paper_fts MATCH $1 AND rowid IN ({wanted})",
            sought,
            *papers,
        )
    return {row["id"]: row["snippet"] for row in rows}
