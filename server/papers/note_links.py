"""The papers that links in a user's notes lead to, and the papers whose notes lead to one.

A link names a paper by its key, in any form of an arXiv id, by the citation key of the user's
bibliography, or by its title, which is the name of its file in a vault.
"""

import re
from collections import Counter
from collections.abc import Iterable

from server.database.connection import fetch, is_postgres, places
from server.exports.citation_keys import citation_key
from server.exports.note_links import NoteLink, find_links
from server.identifiers import parse_key, title_key
from server.papers.citations import find_cited
from server.schema.papers import LinkedPaper, PaperPage

MOST = 10_000  # targets that are looked up at once: an engine takes but so many values

_CUT_NAME = 100  # bytes from which on a file's name may be a title cut short
_KEY_BEHIND = re.compile(r"\((?P<key>[^()\s]+)\)(?: \d+)?\Z|-(?P<id>\d{4}\.\d{4,5})\Z")
_WORDS = re.compile(r"[^\W_]+")


async def resolve_links(texts: Iterable[str], user: int) -> dict[str, LinkedPaper]:
    """Return the papers that links in notes lead to, by the targets of the links."""
    named = {link.target: link for text in texts for link in find_links(text)}
    links = list(named.values())[:MOST]
    found = await _by_key(links)
    for search in (_by_title, _by_citation_key, _by_cut_title):
        if rest := {link.target for link in links} - set(found):
            found |= await search(rest, user)
    return found


async def read_backlinks(page: PaperPage, user: int) -> list[LinkedPaper]:
    """Return the other papers whose notes have a link to this one, in the order of the notes."""
    like = "ILIKE" if is_postgres() else "LIKE"
    patterns = [*_patterns(page)]
    tests = " OR ".join(f"n.text {like} ${n}" for n in range(3, len(patterns) + 3))
    rows = await fetch(
        "SELECT p.key, p.title, n.text FROM note n JOIN paper p ON p.id = n.paper_id "
        f"WHERE n.user_id = $1 AND n.deleted IS NULL AND p.key <> $2 AND ({tests}) ORDER BY n.id",
        user,
        page.key,
        *patterns,
    )
    links = await resolve_links((row["text"] for row in rows), user)
    here = {target for target, paper in links.items() if paper.key == page.key}
    return [
        LinkedPaper(key, title)
        for key, title in dict.fromkeys(
            (row["key"], row["title"])
            for row in rows
            if any(link.target in here for link in find_links(row["text"]))
        )
    ]


def _patterns(page: PaperPage) -> Iterable[str]:
    """Yield patterns of SQL, at least one of which fits a text with a link to a paper."""
    names = [page.key, *page.aliases, citation_key(page)]
    yield from (f"%[[%{name}%" for name in dict.fromkeys(names))
    # the name of a file lacks some signs of the title
    if words := _WORDS.findall(page.title)[:8]:
        yield f"%[[%{'%'.join(words)}%"


async def _by_key(links: list[NoteLink]) -> dict[str, LinkedPaper]:
    """Return the papers whose key stands in a link, by its target."""
    keys = {link.target: key for link in links if (key := _key_of(link))}
    if not keys:
        return {}
    wanted = sorted(set(keys.values()))
    here = places(len(wanted))
    rows = await fetch(
        f"SELECT key AS named, key, title FROM paper WHERE key IN ({here}) UNION ALL "
        "SELECT a.key AS named, p.key, p.title FROM alias a JOIN paper p ON p.id = a.paper_id "
        f"WHERE a.key IN ({here})",
        *wanted,
    )
    papers = {row["named"]: LinkedPaper(row["key"], row["title"]) for row in rows}
    return {target: papers[key] for target, key in keys.items() if key in papers}


def _key_of(link: NoteLink) -> str | None:
    """Return the key in a link's target, at the end of the name of a file, or in its label."""
    name = _file_name(link.target)
    behind = _KEY_BEHIND.search(name)
    texts = (link.target, name, behind and (behind["key"] or behind["id"]), link.label)
    return next((key for text in texts if text and (key := parse_key(text))), None)


async def _by_title(targets: set[str], user: int) -> dict[str, LinkedPaper]:
    digests = {target: title_key(_file_name(target)) for target in targets}
    wanted = sorted(set(digests.values()))
    rows = await fetch(
        f"SELECT key, title, title_digest FROM paper WHERE title_digest IN ({places(len(wanted))})",
        *wanted,
    )
    times = Counter(row["title_digest"] for row in rows)
    papers = {
        row["title_digest"]: LinkedPaper(row["key"], row["title"])
        for row in rows
        if times[row["title_digest"]] == 1  # a title of several papers names none of them
    }
    return {target: papers[digest] for target, digest in digests.items() if digest in papers}


async def _by_citation_key(targets: set[str], user: int) -> dict[str, LinkedPaper]:
    keys = {target: target.removeprefix("@") for target in targets}
    cited = await find_cited(keys.values(), user)
    return {
        target: LinkedPaper(cited[key].key, cited[key].title)
        for target, key in keys.items()
        if key in cited
    }


async def _by_cut_title(targets: set[str], user: int) -> dict[str, LinkedPaper]:
    """Return the papers that a title names which was cut to the length of a file's name."""
    found = {}
    for target in targets:
        words = _WORDS.findall(_file_name(target))
        if words and len(target.encode()) >= _CUT_NAME:
            rows = await fetch(
                "SELECT key, title FROM paper WHERE LOWER(title) LIKE LOWER($1) LIMIT 2",
                f"%{'%'.join(words)}%",
            )
            if len(rows) == 1:
                found[target] = LinkedPaper(rows[0]["key"], rows[0]["title"])
    return found


def _file_name(target: str) -> str:
    """Return the name of a vault's file, without the folders before it."""
    return target.rpartition("/")[2].removesuffix(".md")
