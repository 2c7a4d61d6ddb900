"""From a file's bytes to its papers: which kind it is, told by its content, and the reader of that kind."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from server.errors import SourceError
from server.source import Batch, calendar_day, fold
from server.sources.arxiv import parse_feed
from server.sources.bibtex import parse_bibtex
from server.sources.capture import is_capture, parse_capture
from server.sources.csl import parse_csl
from server.sources.decoding import decode_json, decode_text
from server.sources.huggingface_items import parse_items
from server.sources.hypothesis import is_hypothesis, parse_hypothesis
from server.sources.ids import is_id_list, parse_ids
from server.sources.page import parse_page
from server.sources.papermemory import is_papermemory, parse_papermemory
from server.sources.ris import parse_ris
from server.sources.webannotation import is_webannotation, parse_webannotation

Kind = Literal[
    "papermargin export",
    "Hugging Face",
    "Hugging Face page",
    "arXiv Atom",
    "BibTeX",
    "RIS",
    "CSL-JSON",
    "Hypothesis",
    "PaperMemory",
    "Web Annotations",
    "vault file",
    "capture",
    "arXiv ids",
]
_XML = re.compile(r"<\?xml|<feed\b", re.IGNORECASE)
_HTML = re.compile(r"<!doctype html|<html\b", re.IGNORECASE)
_RIS = re.compile(r"^TY  -", re.MULTILINE)
_BIBTEX = re.compile(r"^[ \t]*@\w+[ \t]*[{(]", re.MULTILINE)
_VAULT = re.compile(r"^(?:- )?<!-- papermargin:begin [0-9a-f]{32}\b", re.MULTILINE)
_DAY_IN_NAME = re.compile(r"\d{4}-\d{2}-\d{2}")


_READERS: dict[Kind, Callable[..., Batch]] = {
    "Hugging Face page": parse_page,
    "arXiv Atom": parse_feed,
    "BibTeX": parse_bibtex,
    "RIS": parse_ris,
    "CSL-JSON": parse_csl,
    "Hypothesis": parse_hypothesis,
    "PaperMemory": parse_papermemory,
    "Web Annotations": parse_webannotation,
    "arXiv ids": parse_ids,
}


class Recognized(Struct, frozen=True):
    """A file's kind and its content, decoded: a JSON value, or the text of every other kind."""

    kind: Kind
    content: Any


def is_of_vault(text: str) -> bool:
    """Tell whether a text is a file of a vault that we wrote: it has a marked block."""
    return _VAULT.search(text) is not None


def recognize(data: bytes) -> Recognized:
    """Tell the kind of a file by its content; raises SourceError with the reason for what is none of ours."""
    text = decode_text(data)
    start = text.lstrip()
    if not start:
        raise SourceError("the file is empty")
    if start[0] in "{[":
        return _recognize_json(decode_json(text))
    return Recognized(_text_kind(text, start), text)


def parse(found: Recognized, *, name: str, observed: datetime, year: int) -> Batch:
    """Give the papers of a recognized file; `name` is the file's, `year` that of a capture's dates without one.

    Raises SourceError where not one thing in it can be used, and for an export of our own, which is more than papers.
    """
    if found.kind == "capture":
        batch = parse_capture(found.content, name=name, observed=observed, year=year)
    elif found.kind == "Hugging Face":
        day = _DAY_IN_NAME.search(name)
        batch = parse_items(found.content, observed=observed, day=calendar_day(day[0]) if day else None)
    elif reader := _READERS.get(found.kind):
        batch = reader(found.content, observed=observed)
    else:
        raise SourceError(f"a {found.kind} is not a list of papers")
    if batch.skipped and not batch.papers:
        others = f" (and {len(batch.skipped) - 1} more)" if len(batch.skipped) > 1 else ""
        raise SourceError(f"nothing in it can be used: {batch.skipped[0]}{others}")
    return batch


def _recognize_json(value: Any) -> Recognized:
    foreign: list[tuple[Kind, Callable[[Any], bool]]] = [
        ("Hypothesis", is_hypothesis),
        ("Web Annotations", is_webannotation),
        ("PaperMemory", is_papermemory),
    ]
    if kind := next((kind for kind, holds in foreign if holds(value)), None):
        return Recognized(kind, value)
    value = _unwrapped(value)
    return Recognized(_json_kind(value), value)


def _unwrapped(value: Any) -> Any:
    """Give the list within an object that holds one as `items`, and a single paper as a list of itself."""
    if isinstance(value, list) or "papermargin" in value:
        return value
    if isinstance(value.get("items"), list):
        return value["items"]
    return [value] if "paper" in value or ("id" in value and "title" in value) else value


def _json_kind(value: Any) -> Kind:
    """Tell what JSON it is, objects by their members; a list of anything else is read as Hugging Face's."""
    if isinstance(value, list):
        items = [item for item in value if isinstance(item, dict)]
        return "CSL-JSON" if any("type" in item and "paper" not in item for item in items) else "Hugging Face"
    if "papermargin" in value:
        return "papermargin export"
    members = ", ".join(f"“{fold(member)}”" for member in list(value)[:5]) or "nothing in it"
    raise SourceError(f"line 1: expected a list of papers, found an object with {members}")


def _text_kind(text: str, start: str) -> Kind:
    if is_of_vault(text):
        return "vault file"
    if start[0] == "<":
        return "arXiv Atom" if _XML.match(start) and not _HTML.search(start[:2000]) else "Hugging Face page"
    tests: list[tuple[Kind, bool]] = [
        ("capture", is_capture(text)),
        ("RIS", _RIS.search(text) is not None),
        ("BibTeX", _BIBTEX.search(text) is not None),
        ("arXiv ids", is_id_list(text)),
    ]
    kind = next((kind for kind, holds in tests if holds), None)
    if kind is None:
        raise SourceError(f"line 1: expected a kind of file that holds papers, found “{fold(start[:200])[:60]}”")
    return kind
