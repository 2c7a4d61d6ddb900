"""Give papers citation keys by a pattern. A key stays once it is given, whatever comes later."""

from collections.abc import Iterator

from msgspec.structs import replace

from server.database.connection import writing
from server.database.models import Change
from server.database.models import Citation as CitationRow
from server.database.serializers import find_paper_ids
from server.database.versioning import Edit
from server.exports.citation_keys import KeyPattern, has_key, numbered
from server.papers.list import read_papers
from server.schema.citations import Citation


async def assign_keys(
    edit: Edit, pattern: KeyPattern, query: str = "", *, renew: bool = False
) -> int:
    """Give a key to each paper of a query that has none, and return how many got one.

    The keys of a bibliography stay, and with `renew` those of an earlier pattern are replaced. Of
    papers that would have the same key, the one added first gets it, and the others get it with a
    letter behind it. Raises `QueryError`.
    """
    made = {
        page.key: key
        async for page in read_papers(edit.user, query)
        if _is_open(page.citation, renew=renew) and (key := pattern.make(page))
    }
    # the newest paper comes first in a list
    return await _assign(edit, dict(reversed(made.items())), renew=renew)


async def _assign(edit: Edit, made: dict[str, str], *, renew: bool) -> int:
    """Give papers the keys that the pattern made for them, by the papers' own keys."""
    async with writing():
        ids = await find_paper_ids(made)
        rows = {row.paper_id: row for row in await CitationRow.filter(user_id=edit.user)}
        # another program may have given a paper a key in the meantime
        settled = {id for id, row in rows.items() if not _is_open(row.data, renew=renew)}
        wanted = {
            ids[paper]: key
            for paper, key in made.items()
            if paper in ids and ids[paper] not in settled
        }
        taken = {row.data.key.casefold() for id, row in rows.items() if id not in wanted}
        papers = {id: paper for paper, id in ids.items()}
        return await _save(edit, dict(_make_unique(wanted, taken)), rows, papers)


def _make_unique(wanted: dict[int, str], taken: set[str]) -> Iterator[tuple[int, str]]:
    """Yield each paper's row id with a key that no other paper has; BibTeX ignores the case."""
    for id, wish in wanted.items():
        key = next(key for key in numbered(wish) if key.casefold() not in taken)
        taken.add(key.casefold())
        yield id, key


async def _save(
    edit: Edit, keys: dict[int, str], rows: dict[int, CitationRow], papers: dict[int, str]
) -> int:
    """Write the keys that are new to their papers, and return how many they are."""
    changed = []
    for id, key in keys.items():
        row = rows.get(id) or CitationRow(user_id=edit.user, paper_id=id, data=Citation())
        if key != row.data.key:
            row.data, row.updated = replace(row.data, key=key, generated=True), edit.at
            await row.save()
            changed.append(papers[id])
    # so that exports that follow the store write the new keys
    await Change.bulk_create(
        [
            Change(user_id=edit.user, kind="paper", ref=key, paper_key=key, version=0, at=edit.at)
            for key in changed
        ]
    )
    return len(changed)


def _is_open(citation: Citation | None, *, renew: bool) -> bool:
    """Return whether a paper may get a key by a pattern."""
    return citation is None or not has_key(citation) or (renew and citation.generated)
