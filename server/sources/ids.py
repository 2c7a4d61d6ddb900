"""A list of arXiv ids or of addresses that hold one, a line each; what follows a # is a comment."""

import re
from datetime import datetime

from server.identity import parse_arxiv_id
from server.source import Batch, SourcePaper, fold

# not the # of an address, which no space precedes
_COMMENT = re.compile(r"(?:^|\s)#.*")


def is_id_list(text: str) -> bool:
    """Tell whether at least half of the lines are arXiv ids or addresses of papers."""
    lines = [line for _, line in _lines(text)]
    return bool(lines) and sum(parse_arxiv_id(line) is not None for line in lines) * 2 >= len(lines)


def parse_ids(text: str, *, observed: datetime) -> Batch:
    """Give a paper without title for each id, in the order of the list; lines that hold none are skipped and named."""
    batch = Batch(kind="arXiv ids", papers=[])
    ids: dict[str, None] = {}
    for number, line in _lines(text):
        if arxiv_id := parse_arxiv_id(line):
            ids[arxiv_id] = None
        else:
            batch.skipped.append(f"line {number}: “{line[:80]}” is neither an arXiv id nor the address of a paper")
    batch.papers = [SourcePaper(richness="ids", observed=observed, arxiv_id=arxiv_id) for arxiv_id in ids]
    return batch


def _lines(text: str) -> list[tuple[int, str]]:
    lines = ((number, fold(_COMMENT.sub("", line))) for number, line in enumerate(text.splitlines(), 1))
    return [(number, line) for number, line in lines if line]
