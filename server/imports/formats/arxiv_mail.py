"""The listing e-mails of arXiv (https://info.arxiv.org/help/subscribe.html): one block a paper."""

import re
from datetime import datetime

from server.identifiers import parse_arxiv_id
from server.imports.formats.dates import read_date
from server.imports.formats.names import split_names
from server.schema.sources import Batch, SourcePaper, fold

_START = re.compile(r"^arXiv:(?P<id>\S+).*$", re.MULTILINE)
_FIELD = re.compile(r"^(?P<name>[A-Z][A-Za-z-]*):[ \t](?P<value>.*(?:\n[ \t]+.*)*)", re.MULTILINE)
_RULE = re.compile(r"^\\\\.*$", re.MULTILINE)
_PARENTHESES = re.compile(r"\([^()]*\)")


def is_arxiv_mail(text: str) -> bool:
    """Return whether a text has the blocks of a listing e-mail."""
    return any(
        "Title:" in text[found.end() : found.end() + 1000] and "Authors:" in text[found.end() :]
        for found in _START.finditer(text)
    )


def parse_arxiv_mail(text: str, *, observed: datetime) -> Batch:
    """Return the papers of a listing e-mail."""
    batch = Batch(kind="arXiv e-mail", papers=[])
    text = text.replace("\r\n", "\n")
    starts = [*_START.finditer(text)]
    ends = [found.start() for found in starts[1:]] + [len(text)]
    for found, end in zip(starts, ends, strict=True):
        block = text[found.end() : end]
        fields = {each["name"].lower(): fold(each["value"]) for each in _FIELD.finditer(block)}
        arxiv_id = parse_arxiv_id(found["id"])
        if arxiv_id and fields.get("title"):
            batch.papers.append(_paper(arxiv_id, fields, block, observed))
        else:
            batch.skipped.append(f"“{found['id']}” is not an arXiv id, or has no title")
    return batch


def _paper(arxiv_id: str, fields: dict[str, str], block: str, observed: datetime) -> SourcePaper:
    names = _PARENTHESES.sub("", fields.get("authors", ""))
    authors = [name for part in split_names(names) for name in map(fold, part.split(",")) if name]
    submitted = read_date(fields.get("date", ""))
    parts = _RULE.split(block)
    return SourcePaper(
        richness="arxiv",
        observed=observed,
        arxiv_id=arxiv_id,
        title=fields["title"],
        abstract=fold(parts[1]) if len(parts) > 2 else "",
        authors=authors,
        author_count=len(authors) or None,
        published=submitted.first if submitted else None,
        doi=fields.get("doi") or None,
        categories=fields.get("categories", "").split(),
        arxiv_comment=fields.get("comments"),
    )
