"""Render papers as one self-contained HTML file without scripts or requests to other hosts."""

from collections.abc import AsyncIterable, AsyncIterator
from html import escape
from io import StringIO
from pathlib import Path
from typing import Any

import nh3
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup
from mdit_py_plugins.dollarmath import dollarmath_plugin

from server.exports.reference import address, read_notes, read_tags, written_date
from server.schema.papers import PaperPage
from server.schema.sources import fold, printable

PIECE_CHARACTERS = 1 << 16


def _write_formula(tex: str, where: dict[str, Any]) -> str:
    """Return a formula as it was written, between its dollars."""
    dollars = "$$" if where["display_mode"] else "$"
    return escape(f"{dollars}{tex.strip()}{dollars}")


# a picture would be asked of another host: it stays as a link to it
_MARKDOWN = (
    MarkdownIt("commonmark", {"html": False})
    .enable(["table", "strikethrough"])
    .disable("image")
    .use(
        dollarmath_plugin,
        allow_labels=False,
        allow_space=False,
        allow_digits=False,
        renderer=_write_formula,
    )
)
_CLEANER = nh3.Cleaner(
    tags=nh3.ALLOWED_TAGS - {"img"},
    attributes={"a": {"href", "title"}, "ol": {"start"}},
    allowed_classes={"span": {"math"}, "div": {"math"}},
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
    link_rel="noopener noreferrer",
)


async def render_html(pages: AsyncIterable[PaperPage]) -> AsyncIterator[bytes]:
    """Yield one section per paper: metadata, abstract, results, and the user's tags and notes."""
    piece = StringIO()
    async for part in _ENVIRONMENT.get_template("papers.html.jinja").generate_async(pages=pages):
        piece.write(part)
        if piece.tell() >= PIECE_CHARACTERS:
            yield piece.getvalue().encode()
            piece = StringIO()
    yield piece.getvalue().encode()


def render_note(text: str) -> Markup:
    """Return a note's Markdown as safe HTML: no scripts, styles or pictures, and only web links."""
    return Markup(_CLEANER.clean(_MARKDOWN.render(printable(text))))


def _list_facts(page: PaperPage) -> list[str | Markup]:
    facts: list[str | Markup] = [date] if (date := written_date(page)) else []
    if page.entry and not page.entry.deleted:
        facts.append(page.entry.status)
        facts += [f"{page.entry.rating} of 5"] if page.entry.rating is not None else []
    links = {
        "Code": page.code_url,
        "Project": page.project_url,
        "DOI": page.doi and f"https://doi.org/{page.doi}",
    }
    for label, link in links.items():
        if url := address(link):
            facts.append(Markup('<a href="{}" rel="noopener noreferrer">{}</a>').format(url, label))
    return facts


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    enable_async=True,
    finalize=lambda value: printable(value) if type(value) is str else value,
)
_ENVIRONMENT.filters |= {
    "address": address,
    "facts": _list_facts,
    "fold": fold,
    "markdown": render_note,
    "notes": read_notes,
    "tags": read_tags,
}
