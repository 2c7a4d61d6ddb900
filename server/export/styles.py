"""The ways to write a note into a vault, so that it can be linked to, and found again after an edit. Pure."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC
from uuid import UUID

from msgspec import Struct

from server.export.notation import Markdown, escape, page_link, plain_link, quote_lines, wiki_link
from server.wire import NoteState, StyleName

_ID = r"(?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_KIND = "(?:{note}|(?P<quote>{quote}))"
_OURS = "<!-- papermargin:"


class Style(Struct, frozen=True):
    """How notes are written, and links to the notes on terms and tags; `pattern` finds a note's text again."""

    note: Callable[[NoteState], Markdown]
    link: Callable[[str, str], Markdown]
    pattern: re.Pattern[str]
    prefix: re.Pattern[str]


class WrittenNote(Struct, frozen=True):
    """A note as it stands in a block: its text, and the characters of the block that hold it."""

    id: UUID
    text: str
    start: int
    end: int


def find_notes(content: str, name: StyleName | None = None) -> Iterator[WrittenNote]:
    """Find the notes of a block, in their order; of any style unless one is named."""
    for style in [STYLES[name]] if name else STYLES.values():
        for found in style.pattern.finditer(content):
            lines = found["text"].removesuffix("\n").split("\n")
            text = "\n".join(style.prefix.sub("", line) for line in lines)
            yield WrittenNote(UUID(found["id"]), text, *found.span("text"))


def plain_lines(text: str) -> str:
    """Give a text with the line ends that it has in a block."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _write_callout(note: NoteState) -> Markdown:
    lines = [f"> [!{'quote' if note.quote else 'note'}] {_day(note)}", *_quoted(note)]
    return Markdown("\n".join([*lines, f"\n^n-{note.id}"]))


def _write_section(note: NoteState) -> Markdown:
    title = f'### {"Quote" if note.quote else "Note"} of {_day(note)} <a id="n-{note.id}"></a>\n'
    return Markdown("\n".join([title, *_quoted(note)]))


def _write_outline(note: NoteState) -> Markdown:
    title = f"\t- Quote, {_day(note)}: {escape(note.quote.exact)}" if note.quote else f"\t- Note, {_day(note)}"
    text = quote_lines(note.text).split("\n") if note.text else []
    return Markdown("\n".join([title, f"\t  id:: {note.id}", *(f"\t  {line}" for line in text)]))


def _quoted(note: NoteState) -> list[str]:
    quote = [f"> > {escape(note.quote.exact)}", ">"] if note.quote else []
    return [*quote, *([quote_lines(note.text)] if note.text else [])]


def _day(note: NoteState) -> str:
    return f"{note.created.astimezone(UTC):%Y-%m-%d}"


STYLES: dict[StyleName, Style] = {
    # https://help.obsidian.md/callouts, and the id of a block below it, https://help.obsidian.md/links
    "obsidian": Style(
        _write_callout,
        wiki_link,
        re.compile(
            rf"(?:(?<=\n\n)|\A)> \[!{_KIND.format(note='note', quote='quote')}\].*\n(?(quote)> > .*\n>\n)"
            rf"(?P<text>(?:(?!\^n-|{_OURS}|(?<=\n\n)> \[!).*\n)*?)\n*\^n-{_ID}[ \t]*$",
            re.MULTILINE,
        ),
        re.compile("^> ?"),
    ),
    # a block with its `id` property, https://docs.logseq.com
    "logseq": Style(
        _write_outline,
        page_link,
        re.compile(
            rf"^[ \t]*- (?:Note|Quote), .*\n[ \t]+id:: {_ID}\n(?P<text>(?:[ \t]++(?!- ).*\n)*)",
            re.MULTILINE,
        ),
        re.compile("^[ \t]*(?:> ?)?"),
    ),
    "plain": Style(
        _write_section,
        plain_link,
        re.compile(
            rf"^#+ {_KIND.format(note='Note', quote='Quote')} of .*<a id=\"n-{_ID}\"></a>\n(?:\n|\Z)"
            rf"(?(quote)> > .*\n>\n)(?P<text>(?:(?!#|{_OURS}).*\n)*?)(?=\n*(?:#|{_OURS}|\Z))",
            re.MULTILINE,
        ),
        re.compile("^> ?"),
    ),
}
