"""Papers by the keys under which a user's bibliography cites them. BibTeX ignores their case."""

from collections.abc import Iterable
from itertools import islice

from msgspec import Struct
from tortoise.backends.base.client import BaseDBAsyncClient

from server.database.connection import fetch, is_postgres, places
from server.exports.citation_keys import numbered

_TRIED = 27  # keys at once: one as it is, and with each letter behind it


class CitedPaper(Struct, frozen=True):
    """A paper that a bibliography cites, with its row id."""

    row: int
    key: str
    title: str


async def find_cited(
    keys: Iterable[str], user: int, connection: BaseDBAsyncClient | None = None
) -> dict[str, CitedPaper]:
    """Return the papers that a user cites under some keys, by these keys.

    `connection` is that of the caller's write, if it wrote some.
    """
    # the engines fold the letters beyond ASCII differently
    folds = {key: (_fold(key), key.lower()) for key in keys}
    wanted = sorted({form for forms in folds.values() for form in forms})
    if not wanted:
        return {}
    # CHAR(36) is a dollar, which would be taken for a placeholder
    in_sqlite = "LOWER(JSON_EXTRACT(c.data, CHAR(36) || '.key'))"
    key = "LOWER(c.data->>'key')" if is_postgres() else in_sqlite
    rows = await fetch(
        f"SELECT {key} AS cited, p.id, p.key, p.title FROM citation c "
        "JOIN paper p ON p.id = c.paper_id "
        f"WHERE c.user_id = $1 AND {key} IN ({places(len(wanted), after=1)})",
        user,
        *wanted,
        using=connection,
    )
    papers = {row["cited"]: CitedPaper(row["id"], row["key"], row["title"]) for row in rows}
    return {key: papers[form] for key, forms in folds.items() for form in forms if form in papers}


async def find_free_key(
    wish: str, user: int, paper: int, connection: BaseDBAsyncClient | None = None
) -> str:
    """Return a key, with a letter or number behind it where the user cites another paper by it."""
    wishes = numbered(wish)
    while True:
        tried = list(islice(wishes, _TRIED))
        cited = await find_cited(tried, user, connection)
        for key in tried:
            if key not in cited or cited[key].row == paper:
                return key


def _fold(key: str) -> str:
    return "".join(c.lower() if c.isascii() else c for c in key)
