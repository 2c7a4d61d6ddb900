"""Give papers citation keys, one by hand or many by a pattern.

A key stays once it is given, whatever comes later.
"""

import re
from collections.abc import Iterator

from msgspec.structs import replace
from tortoise.backends.base.client import BaseDBAsyncClient

from server.database.models.changes import Change
from server.database.models.imports import Citation as CitationRow
from server.database.serializers import find_paper, find_paper_ids
from server.database.transactions import writing
from server.database.versioning import Edit
from server.errors import Invalid
from server.exports.citation_keys import KeyPattern, citation_key, has_key, is_key, numbered
from server.papers.citations import find_cited
from server.papers.list import read_papers
from server.papers.page import read_pages, read_paper
from server.schema.citations import MAX_KEY, Citation, CitationKey
from server.schema.papers import PaperPage

# the end of a key that no user gave, which is the key of the paper
_MADE_UP = re.compile(
    r"-(?P<key>\d{4}\.\d{4,5}|t-[0-9a-f]{20}|[a-z]+(?:-[a-z]+)?(?:\.[A-Z]{2})?-\d{7})\Z",
    re.IGNORECASE,
)


async def read_key(key: str, user: int) -> CitationKey:
    """Return the key under which a user cites a paper. Raises `NotFound`."""
    page = await read_paper(key, user)
    return CitationKey(key=citation_key(page), chosen=has_key(page.citation))


async def set_key(edit: Edit, paper: str, text: str) -> CitationKey:
    """Cite a paper under a key of the user's own, or with an empty one under none of it again.

    Raises `NotFound`, and `Invalid` if LaTeX cannot use the key or another paper has it.
    """
    key = text.strip()
    if key and (not is_key(key) or len(key) > MAX_KEY):
        raise Invalid(
            f"“{key[:40]}” cannot be a citation key: it has at most {MAX_KEY} characters, no space "
            "and none of {}\\,%#~\"'()=@"
        )
    async with writing(edit.user) as connection:
        [(found, id)] = (await find_paper_ids([(await find_paper(paper)).key])).items()
        row = await CitationRow.get_or_none(user_id=edit.user, paper_id=id)
        before = row.data if row else Citation()
        after = replace(before, key=key, own=bool(key), generated=False)
        if after != before:
            if key:
                await _check_free(key, edit.user, found, connection)
            row = row or CitationRow(user_id=edit.user, paper_id=id)
            row.data, row.updated = after, edit.at
            await row.save()
            await _record(edit, [found])
    return await read_key(found, edit.user)


async def _check_free(key: str, user: int, paper: str, connection: BaseDBAsyncClient) -> None:
    """Raise `Invalid` if another paper has a key, be it given or made up."""
    cited = (await find_cited([key], user, connection)).get(key)
    found = _MADE_UP.search(key)
    ends = [found["key"], found["key"].lower()] if found else []
    # an older arXiv id has a slash in the place of the last hyphen
    keys = [*ends, *("/".join(end.rsplit("-", 1)) for end in ends)]
    pages = await read_pages([*(await find_paper_ids(keys)).values()], user)
    others = {page.key: page.title for page in pages if _has_made_up(page, key)}
    others |= {cited.key: cited.title} if cited else {}
    for other, title in others.items():
        if other != paper:
            raise Invalid(f"“{key}” is the citation key of {other} “{title}” already")


def _has_made_up(page: PaperPage, key: str) -> bool:
    return not has_key(page.citation) and citation_key(page).casefold() == key.casefold()


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
    async with writing(edit.user):
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
    await _record(edit, changed)
    return len(changed)


async def _record(edit: Edit, papers: list[str]) -> None:
    """Write the change records by which exports that follow the store write the new keys."""
    await Change.bulk_create(
        [
            Change(user_id=edit.user, kind="paper", ref=key, paper_key=key, version=0, at=edit.at)
            for key in papers
        ]
    )


def _is_open(citation: Citation | None, *, renew: bool) -> bool:
    """Return whether a paper may get a key by a pattern."""
    return citation is None or not has_key(citation) or (renew and citation.generated)
