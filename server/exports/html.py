"""Render papers as one self-contained HTML file without scripts or requests to other hosts."""

import re
from collections.abc import AsyncIterable, AsyncIterator, Iterator, Mapping, Sequence
from functools import partial
from html import escape
from io import StringIO
from pathlib import Path
from typing import Any

import nh3
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markdown_it.common.normalize_url import validateLink
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup
from mdit_py_plugins.dollarmath import dollarmath_plugin

from server.exports.note_links import find_links, parse_day
from server.exports.note_tasks import find_task_blocks
from server.exports.reference import address, read_notes, read_tags, written_date
from server.schema.papers import LinkedPaper, PaperPage
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
_OWN_PAGE = re.compile(r"/(?:papers|days)/(?!.*\.\.)[\w./-]+")


def _keep_address(tag: str, name: str, value: str) -> str | None:
    """Return an attribute's value; an address without a host only if it is one of our pages."""
    is_web = value.startswith(("http://", "https://", "mailto:"))
    return value if name != "href" or is_web or _OWN_PAGE.fullmatch(value) else None


_CLEANER = nh3.Cleaner(
    tags=(nh3.ALLOWED_TAGS - {"img"}) | {"input"},
    attributes={
        "a": {"href", "title"},
        "ol": {"start"},
        "input": {"type", "disabled", "checked", "value", "aria-label"},
    },
    allowed_classes={"span": {"math"}, "div": {"math"}},
    url_schemes={"http", "https", "mailto"},
    url_relative="pass_through",
    attribute_filter=_keep_address,
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


def render_note(
    text: str, links: Mapping[str, LinkedPaper] | None = None, *, boxes: bool = False
) -> Markup:
    """Return a note's Markdown as safe HTML: no scripts, styles or pictures, and only web links.

    With `links`, the papers by what stands in double brackets, these and days become links to our
    pages. With `boxes`, tasks have a checkbox; without, their marks stay text, as other programs
    drop checkboxes, and whether a task is done with them.
    """
    env = {"links": links, "boxes": boxes}
    return Markup(_CLEANER.clean(_MARKDOWN.render(printable(text), env)))


def _link_notes(state: StateCore) -> None:
    """Put links in the place of texts in double brackets, unless they stand within a link."""
    if state.env.get("links") is None:
        return
    for block in state.tokens:
        depth, children = 0, list[Token]()
        for token in block.children or ():
            depth += token.nesting if token.type.startswith("link_") else 0
            is_text = token.type == "text" and not depth
            children += _split_links(token.content, state.env["links"]) if is_text else [token]
        block.children = block.children and children


def _split_links(text: str, links: Mapping[str, LinkedPaper]) -> Iterator[Token]:
    end = 0
    for link in find_links(text):
        paper, day = links.get(link.target), parse_day(link.target)
        if not paper and not day:
            continue
        yield _text(text[end : link.start])
        address = f"/papers/{paper.key}" if paper else f"/days/{day}"
        title = paper.title if paper else str(day)
        yield Token("link_open", "a", 1, attrs={"href": address, "title": title})
        yield _text(link.shown)
        yield Token("link_close", "a", -1)
        end = link.end
    yield _text(text[end:])


def _mark_tasks(state: StateCore) -> None:
    """Put a box in the place of the mark of each task, where boxes are wanted."""
    if not state.env.get("boxes"):
        return
    for block, mark in find_task_blocks(state.tokens):
        task = block.content[mark.end() :]
        box = Token("task", "input", 0, meta={"line": (block.map or [0])[0], "text": task})
        box.attrs = {"checked": ""} if mark[1] != " " else {}
        block.content = task
        block.children = [box, *_without(block.children or [], mark.end())]


def _without(children: list[Token], start: int) -> Iterator[Token]:
    """Yield what is left of a paragraph's parts without the characters that it begins with."""
    for token in children:
        if start and token.type in ("text", "softbreak"):
            length = len(token.content) or 1
            yield _text(token.content[start:])
            start = max(0, start - length)
        else:
            yield token


def _write_task(
    self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any
) -> str:
    box = tokens[at]
    text = escape(" ".join(box.meta["text"].split()), quote=True)
    checked = " checked" if "checked" in box.attrs else ""
    return (
        f'<input type="checkbox" disabled{checked} value="{box.meta["line"]}" aria-label="{text}"> '
    )


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _is_address(url: str) -> bool:
    """Return whether Markdown's own link leads to an address, and is none of Logseq's."""
    return not url.startswith("%5B%5B") and validateLink(url)


_MARKDOWN.core.ruler.push("tasks", _mark_tasks)
_MARKDOWN.core.ruler.push("links of notes", _link_notes)
_MARKDOWN.add_render_rule("task", _write_task)
_MARKDOWN.validateLink = _is_address  # type: ignore[method-assign]


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
    "markdown": partial(render_note, boxes=True),
    "notes": read_notes,
    "tags": read_tags,
}
