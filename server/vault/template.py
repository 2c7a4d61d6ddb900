"""A vault's layout: a note style and the Jinja template of a paper's block, run in a sandbox."""

import re
import traceback
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from msgspec import Struct, field
from msgspec.structs import replace

from nlp.spans import Label
from server.days import local
from server.errors import Invalid
from server.exports.citation_keys import citation_key
from server.exports.foreign_code import neutralize
from server.exports.reference import (
    read_introduced,
    read_notes,
    read_tags,
    written_date,
)
from server.schema.api import StyleName
from server.schema.papers import PaperPage
from server.schema.reading_list import NoteState
from server.vault.escape import Markdown, escape, one_line, quote_lines, web_link
from server.vault.filename import link_name
from server.vault.note_styles import STYLES, written_text
from server.vault.paper_links import link_files, replace_links

MAX_AUTHORS = 12

# what a template can do wrong while it runs, jinja2's own complaints aside
_MISTAKES = (
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    RecursionError,
)


class OwnText(str):
    """Text that the user typed in Papermargin, which may hold code of theirs."""


class NoteView(Struct, frozen=True):
    """A note as templates see it; `block` is the note written in the vault's style."""

    text: str
    quote: str | None
    created: datetime
    updated: datetime
    block: Markdown


class Layout(Struct, frozen=True):
    """A style and its template; `name` is the template's name in error messages.

    A template that `is_own` is the user's.
    `files` maps the keys of papers to the names by which links reach their files in the vault.
    """

    style: StyleName
    template: Template
    name: str
    files: Mapping[str, str] = field(default_factory=dict)
    is_own: bool = True

    def write(self, page: PaperPage, *, alone: bool = True) -> str:
        """Return the content of a paper's block; `alone` if the file is about this paper only.

        Raises Invalid if the template fails.
        """
        try:
            text = self.template.render(_context(page, self, alone=alone))
        except _MISTAKES as error:
            raise Invalid(f"{self.name}{_line_of(error)}: {one_line(str(error))}") from error
        return text.strip("\n") + "\n"


def default_template(style: StyleName) -> str:
    """Return the source of the built-in template of a style."""
    return Path(__file__).with_name(f"{style}.md.jinja").read_text(encoding="utf-8")


@cache
def default_layout(style: StyleName = "obsidian") -> Layout:
    """Return a style with its built-in template."""
    layout = make_layout(style, default_template(style), f"{style}.md.jinja")
    return replace(layout, is_own=False)


def make_layout(style: StyleName, template: str, name: str) -> Layout:
    """Return a style with a user's template.

    Raises `Invalid`, with the line, if it is not valid.
    """
    try:
        return Layout(style, _environment(style).from_string(template), name)
    except TemplateSyntaxError as error:
        raise Invalid(f"{name}, line {error.lineno}: {one_line(error.message or '')}") from error


def _line_of(error: Exception) -> str:
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == "<template>"
    ]
    return f", line {lines[-1]}" if lines else ""


def _context(page: PaperPage, layout: Layout, *, alone: bool) -> dict[str, Any]:
    links = link_files(page, layout.style, layout.files)
    return {
        "paper": page,
        "title": one_line(page.title) or page.key,
        "tags": read_tags(page),
        "introduces": read_introduced(page),
        "methods": terms_of(page, "METHOD"),
        "datasets": terms_of(page, "DATASET"),
        "metrics": terms_of(page, "METRIC"),
        "tasks": terms_of(page, "TASK"),
        "notes": [_view(note, layout.style, links) for note in read_notes(page)],
        "alone": alone,
        "head": "#" if alone else "##",
    }


def terms_of(page: PaperPage, label: Label) -> list[str]:
    """Return a paper's terms with a label, in the order of their first mention."""
    return [
        name
        for _, name in sorted((chip.first, chip.name) for chip in page.terms if chip.label == label)
    ]


def _view(note: NoteState, style: StyleName, links: Mapping[str, str]) -> NoteView:
    quote = note.quote.exact if note.quote else None
    written = replace(note, text=replace_links(written_text(note), links))
    text = OwnText(note.text) if note.source is None else note.text
    return NoteView(text, quote, note.created, note.updated, STYLES[style].note(written))


def _raw(text: object) -> Markdown:
    """Return text as Markdown; only what the user or the template wrote may hold code."""
    if isinstance(text, Markdown | OwnText):
        return Markdown(text)
    return Markdown(neutralize(str(text)))


@cache
def _environment(style: StyleName) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        finalize=_show,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "authors": _write_authors,
        "citekey": citation_key,
        "blockquote": lambda text: quote_lines(_raw(text)),
        "date": _write_date,
        "join": _join,
        "link": STYLES[style].link,
        "links": _write_links,
        "raw": _raw,
        "slug": lambda text: re.sub(r"[\s/]+", "-", link_name(str(text))).lower(),
        "stars": lambda rating: "" if rating is None else "★" * rating + "☆" * (5 - rating),
        "web": lambda url, label: web_link(label, url),
    }
    return environment


def _show(value: Any) -> str:
    """Return a value as a template writes it: text escaped, Markdown unchanged, None as nothing."""
    if value is None:
        return ""
    return value if isinstance(value, Markdown) else escape(str(value))


def _join(values: Iterable[Any], separator: str = "") -> Markdown:
    return Markdown(separator.join(_show(value) for value in values))


def _write_date(moment: date | None, form: str = "%Y-%m-%d") -> str:
    if isinstance(moment, datetime):
        moment = local(moment)
    return moment.strftime(form) if moment else ""


def _write_authors(page: PaperPage) -> Markdown:
    names = _join(page.authors[:MAX_AUTHORS], ", ")
    more = max(page.author_count or 0, len(page.authors)) - len(page.authors[:MAX_AUTHORS])
    if not names:
        return Markdown(f"{more} authors" if more else "")
    return Markdown(f"{names} and {more} more" if more else names)


def _write_links(page: PaperPage) -> list[str]:
    doi = f"https://doi.org/{page.doi}" if page.doi else None
    links = {"Paper": page.url, "Code": page.code_url, "Project": page.project_url, "DOI": doi}
    written: list[str] = [published] if (published := written_date(page)) else []
    return written + [link for label, url in links.items() if (link := web_link(label, url))]
