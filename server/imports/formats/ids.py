"""Lists of arXiv ids and addresses as people keep them: plain, in Markdown, in prose."""

import re
from collections.abc import Iterator
from datetime import datetime

from server.identifiers import parse_arxiv_id
from server.imports.formats.references import iter_arxiv_ids
from server.schema.sources import Batch, SourcePaper, fold

# not the # of an address, which no space precedes
_COMMENT = re.compile(r"(?:^|\s)#.*")
# what may be an id or an address once the signs around it are gone
_WORD = re.compile(r"[^\s<>()\[\]{}\"'“”‘’,;|*]+")
_VAULT = re.compile(r"<!-- papermargin:|^paper[_-]key::? ", re.MULTILINE)


def is_id_list(text: str) -> bool:
    """Return whether a text names papers by their arXiv ids or addresses.

    A file of a vault of ours does too, but is none, also where its marked block is gone.
    """
    return not _VAULT.search(text) and any(True for _, line in _lines(text) for _ in find_ids(line))


def parse_ids(text: str, *, observed: datetime) -> Batch:
    """Return a paper without title for each id, in order; lines without one are reported."""
    batch = Batch(kind="arXiv ids", papers=[])
    ids: dict[str, None] = {}
    for number, line in _lines(text):
        if found := list(find_ids(line)):
            ids |= dict.fromkeys(found)
        else:
            batch.skipped.append(
                f"line {number}: “{line[:80]}” is neither an arXiv id nor the address of a paper"
            )
    batch.papers = [
        SourcePaper(richness="ids", observed=observed, arxiv_id=arxiv_id) for arxiv_id in ids
    ]
    return batch


def find_ids(line: str) -> Iterator[str]:
    """Yield the arXiv ids of a line: alone, marked by "arXiv:", or in an address."""
    for word in _WORD.findall(line):
        if arxiv_id := parse_arxiv_id(word.rstrip(".:!?")):
            yield arxiv_id
    yield from iter_arxiv_ids(line)


def _lines(text: str) -> list[tuple[int, str]]:
    lines = (
        (number, fold(_COMMENT.sub("", line))) for number, line in enumerate(text.splitlines(), 1)
    )
    return [(number, line) for number, line in lines if line]
