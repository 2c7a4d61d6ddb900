"""Completion of a query: tags and terms that begin with what was typed."""

from typing import Any

from server.database.connection import fetch, places
from server.identifiers import fold_term
from server.schema.searches import Suggestion
from server.schema.sources import printable
from server.search.parser import TERM_FIELDS, write_field
from server.terms.overrides_sql import own_terms


async def suggest(user: int, prefix: str, limit: int) -> list[Suggestion]:
    """Return ways to complete what a person began to write: their tags and the store's terms, the
    commonest first.
    """
    field, colon, begun = printable(prefix).rpartition(":")
    begun = begun.strip('"')
    fold = fold_term(begun) if begun.strip() else ""
    found: list[Suggestion] = []
    if field in ("", "tag"):
        found += [
            _suggestion("tag", row) for row in await _tags_like(user, begun.casefold(), limit)
        ]
    labels = (
        [TERM_FIELDS[field]]
        if field in TERM_FIELDS
        else []
        if colon
        else list(TERM_FIELDS.values())
    )
    if labels and (fold or colon):
        begun_with = (
            f"(SELECT id AS term_id FROM term WHERE label IN ({places(len(labels), after=4)}) "
            "AND fold >= $2 AND fold < $3)"
        )
        rows = await fetch(
            f"SELECT DISTINCT label, name, papers FROM {own_terms(begun_with)} "
            "WHERE papers > 0 ORDER BY papers DESC, name LIMIT $4",
            user,
            fold,
            fold + "\U0010ffff",
            limit,
            *labels,
        )
        found += [_suggestion(row["label"].lower(), row) for row in rows]
    return found[:limit]


async def _tags_like(user: int, begun: str, limit: int) -> list[dict[str, Any]]:
    return await fetch(
        "SELECT t.name, COUNT(e.id) AS papers FROM tag t "
        "LEFT JOIN entry_tag et ON et.tag_id = t.id LEFT JOIN entry e ON e.id = et.entry_id "
        "AND e.deleted IS NULL WHERE t.user_id = $1 AND t.deleted IS NULL AND t.fold >= $2 "
        "AND t.fold < $3 GROUP BY t.id, t.name ORDER BY 2 DESC, 1 LIMIT $4",
        user,
        begun,
        begun + "\U0010ffff",
        limit,
    )


def _suggestion(kind: str, row: dict[str, Any]) -> Suggestion:
    return Suggestion(write_field(kind, row["name"]), kind, row["name"], row["papers"])
