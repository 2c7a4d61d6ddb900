"""One HTML file to read, print and keep: all in it, no script, and nothing that asks another host. Pure."""

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

from server.export.reference import address, read_notes, read_tags
from server.source import fold, printable
from server.wire import PaperPage

PIECE_CHARACTERS = 1 << 16


def _write_formula(tex: str, where: dict[str, Any]) -> str:
    """Leave a formula as it was written, for whoever sets it and for whoever reads it without."""
    dollars = "$$" if where["display_mode"] else "$"
    return escape(f"{dollars}{tex.strip()}{dollars}")


# a picture would be asked of another host: it stays as a link to it
_MARKDOWN = (
    MarkdownIt("commonmark", {"html": False})
    .enable(["table", "strikethrough"])
    .disable("image")
    .use(dollarmath_plugin, allow_labels=False, allow_space=False, allow_digits=False, renderer=_write_formula)
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
    """Give a section a paper: what it is, its abstract and results, the person's tags and notes."""
    piece = StringIO()
    async for part in _ENVIRONMENT.get_template("papers.html.jinja").generate_async(pages=pages):
        piece.write(part)
        if piece.tell() >= PIECE_CHARACTERS:
            yield piece.getvalue().encode()
            piece = StringIO()
    yield piece.getvalue().encode()


def render_note(text: str) -> Markup:
    """Give a note's Markdown as HTML that does nothing: no script, no style, no picture, links to the web only."""
    return Markup(_CLEANER.clean(_MARKDOWN.render(printable(text))))


def _list_facts(page: PaperPage) -> list[str | Markup]:
    entry = page.entry if page.entry and not page.entry.deleted else None
    links = {"Code": page.code_url, "Project": page.project_url, "DOI": page.doi and f"https://doi.org/{page.doi}"}
    rating = f"{entry.rating} of 5" if entry and entry.rating is not None else None
    told = [str(page.published) if page.published else None, entry.status if entry else None, rating]
    return [fact for fact in told if fact] + [
        Markup('<a href="{}" rel="noopener noreferrer">{}</a>').format(url, label)
        for label, link in links.items()
        if (url := address(link))
    ]


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
