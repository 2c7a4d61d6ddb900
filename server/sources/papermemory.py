"""The memory of PaperMemory (https://github.com/vict0rsch/PaperMemory) as its options page exports it: papers by id."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct, field

from server.source import Batch, SourcePaper, web_address
from server.sources.annotations import read_moment
from server.sources.bibtex import parse_bibtex
from server.sources.references import Reference, parse_reference

FAVOURITE = "favorite"

# what the extension itself puts where a person's note goes: "Accepted @ ICCV 2017 -- [dblp.org]"
_VENUE = re.compile(r"\A(?:Accepted|Published) @ [^\n]*(?:\n|\Z)", re.IGNORECASE)


class _Paper(Struct, rename="camel"):
    id: str = ""
    title: str = ""
    author: str = ""
    year: str | int = ""
    note: str = ""
    tags: list[str] = field(default_factory=list)
    favorite: bool = False
    add_date: str = ""
    pdf_link: str = ""
    code_link: str | bool = ""
    md: str = ""
    doi: str = ""
    bibtex: str = ""


def is_papermemory(value: Any) -> bool:
    """Tell whether a JSON object is a memory: a version of its data, or papers that have what only its have."""
    if not isinstance(value, dict):
        return False
    papers = [paper for key, paper in value.items() if not key.startswith("__")]
    return "__dataVersion" in value or (
        bool(papers) and all(isinstance(paper, dict) and {"id", "md", "pdfLink"} <= paper.keys() for paper in papers)
    )


def parse_papermemory(value: Mapping[str, Any], *, observed: datetime) -> Batch:
    """Give the papers of a memory, favourites with a tag; one that is broken is skipped and named."""
    batch = Batch(kind="PaperMemory", papers=[])
    for key, item in value.items():
        if key.startswith("__"):
            continue
        try:
            paper = _read(msgspec.convert(item, _Paper), observed)
        except msgspec.ValidationError as error:
            batch.skipped.append(f"“{key[:80]}”: {str(error).replace('`', '')}")
            continue
        if paper:
            batch.papers.append(paper)
        else:
            batch.skipped.append(f"“{key[:80]}” has neither a title nor an arXiv id")
    return batch


def _read(item: _Paper, observed: datetime) -> SourcePaper | None:
    cited = _cited(item.bibtex, observed)
    reference = Reference(
        title=item.title,
        authors=[name for name in item.author.split(" and ") if name.strip().lower() != "others"],
        published=str(item.year),
        abstract=cited.abstract if cited else "",
        doi=item.doi or (cited.doi or "" if cited else ""),
        arxiv_texts=[item.pdf_link, item.id.removeprefix("Arxiv-"), item.md],
        tags=[*item.tags, *([FAVOURITE] if item.favorite else [])],
        notes=[_VENUE.sub("", item.note)],
    )
    paper = parse_reference(reference, observed=observed)
    if paper:
        paper.added = read_moment(item.add_date) or observed
        paper.code_url = web_address(item.code_link) if isinstance(item.code_link, str) else None
    return paper


def _cited(bibtex: str, observed: datetime) -> SourcePaper | None:
    return next(iter(parse_bibtex(bibtex, observed=observed).papers), None) if "abstract" in bibtex else None
