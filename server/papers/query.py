"""Read a query of the reading list, which may also be the whole title of a paper.

Papers like one are looked up here, so that the search itself need not know of vectors.
"""

from server.database.connection import fetch
from server.database.serializers import find_paper
from server.errors import NotFound, QueryError
from server.identifiers import title_key
from server.papers.related import find_like
from server.schema.sources import printable
from server.search.parser import (
    Alike,
    All,
    Either,
    Field,
    Query,
    Text,
    Without,
    parse_query,
)

MAX_ALIKE = 100


async def read_query(query: str) -> All:
    """Read a query; a whole title that reads like syntax means its paper.

    Raises `QueryError` for a query that cannot be read, or that asks for papers like one that is
    not in the store.
    """
    error = None
    try:
        tree = parse_query(query)
        if all(isinstance(part, Text) for part in tree.parts):
            return tree
    except QueryError as caught:
        error = caught
    if titled := await find_titled(query):
        return All((Either(tuple(Field("key", "=", key) for key in titled)),))
    if error:
        raise error
    return All(tuple([await _look_up(part, query) for part in tree.parts]))


async def _look_up(part: Query, query: str) -> Query:
    """Put the papers like one in place of each field `like`."""
    if isinstance(part, All | Either):
        return type(part)(tuple([await _look_up(each, query) for each in part.parts]))
    if isinstance(part, Without):
        return Without(await _look_up(part.part, query))
    if not isinstance(part, Field) or part.name != "like":
        return part
    try:
        paper = await find_paper(part.value)
    except NotFound as error:
        raise QueryError(str(error), query=query, position=query.find(part.value)) from None
    return Alike(tuple((await find_like(paper.id, limit=MAX_ALIKE)).items()))


async def find_titled(title: str) -> list[str]:
    """Return the keys of the papers of the store that have a title."""
    rows = await fetch(
        "SELECT key FROM paper WHERE title_digest = $1 ORDER BY id", title_key(printable(title))
    )
    return [row["key"] for row in rows]
