"""The memory of PaperMemory (https://github.com/vict0rsch/PaperMemory), as exported."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from server.imports.formats.bibtex import parse_bibtex
from server.imports.formats.dates import read_date, read_moment
from server.imports.formats.fields import Record
from server.imports.formats.names import read_name, split_names
from server.imports.formats.references import Reference, parse_reference
from server.schema.sources import Batch, SourcePaper, web_address

FAVOURITE = "favorite"

# what the extension itself puts where a user's note goes: "Accepted @ ICCV 2017 -- [dblp.org]"
_VENUE = re.compile(r"\A(?:Accepted|Published) @ [^\n]*(?:\n|\Z)", re.IGNORECASE)


def is_papermemory(value: Any) -> bool:
    """Return whether a JSON object is a memory: a version of its data, or papers that have what
    only its have.
    """
    if not isinstance(value, dict):
        return False
    papers = [paper for key, paper in value.items() if not key.startswith("__")]
    return "__dataVersion" in value or (
        bool(papers)
        and all(
            isinstance(paper, dict) and {"id", "md", "pdfLink"} <= paper.keys() for paper in papers
        )
    )


def parse_papermemory(value: Mapping[str, Any], *, observed: datetime) -> Batch:
    """Return the papers of a memory, favourites with a tag."""
    batch = Batch(kind="PaperMemory", papers=[])
    for key, item in value.items():
        name = f"“{key[:80]}”"
        if key.startswith("__"):
            continue
        if not isinstance(item, dict):
            batch.skipped.append(f"{name}: expected an object, found {type(item).__name__}")
        elif paper := _read(Record(item, name, batch.skipped), observed):
            batch.papers.append(paper)
        else:
            batch.skipped.append(f"{name} has neither a title nor an arXiv id")
    return batch


def _read(item: Record, observed: datetime) -> SourcePaper | None:
    cited = _read_bibtex(item.text("bibtex"), observed)
    reference = Reference(
        title=item.text("title"),
        authors=[read_name(name) for name in split_names(item.text("author"))],
        published=read_date(item.text("year")),
        abstract=cited.abstract if cited else "",
        doi=item.text("doi") or (cited and cited.doi) or "",
        arxiv_ids=[item.text("id").removeprefix("Arxiv-")],
        addresses=[item.text("pdfLink"), item.text("md")],
        tags=[*item.texts("tags"), *([FAVOURITE] if item.is_true("favorite") else [])],
        notes=[_VENUE.sub("", item.text("note"))],
        added=read_moment(item.text("addDate")) or observed,
    )
    paper = parse_reference(reference, observed=observed)
    if paper:
        paper.code_url = web_address(item.text("codeLink"))
        paper.citation = cited.citation if cited else None
    return paper


def _read_bibtex(bibtex: str, observed: datetime) -> SourcePaper | None:
    return next(iter(parse_bibtex(bibtex, observed=observed).papers), None) if bibtex else None
