"""The ways in which notes are written into a vault, linked to, and found again after an edit."""

import re
from collections.abc import Callable, Iterator
from datetime import date
from uuid import UUID

from msgspec import Struct

from server.days import day_of
from server.exports.foreign_code import neutralize
from server.exports.note_links import NoteLink, journal_page, parse_day
from server.schema.api import StyleName
from server.schema.papers import LinkedPaper
from server.schema.reading_list import NoteState
from server.vault.escape import (
    Markdown,
    escape,
    one_line,
    page_link,
    plain_link,
    quote_lines,
    wiki_link,
)

_ID = r"(?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_KIND = "(?:{note}|(?P<quote>{quote}))"
# a callout of any kind: people change it, and the note is known by its id
_CALLOUT = r"(?:note|(?P<quote>quote)|(?P<other>(?!quote\])[\w-]+))"
_OURS = "<!-- papermargin:"
_PROPERTY = re.compile(r"(?:id|collapsed):: ")


class Style(Struct, frozen=True):
    """How one style writes notes and links.

    `paper_link` writes a note's link to another file or day by its name, or is None where no
    program understands one. `file_name` returns a paper's name in links by its file, and `day_name`
    that of a day. `pattern` finds the text of a note again, and `added` that of one which the user
    wrote into the block.
    """

    note: Callable[[NoteState], Markdown]
    link: Callable[[str, str], Markdown]
    paper_link: Callable[[NoteLink, str], str] | None
    file_name: Callable[[LinkedPaper, str], str]
    day_name: Callable[[date], str]
    pattern: re.Pattern[str]
    added: re.Pattern[str]
    prefix: re.Pattern[str]


class WrittenNote(Struct, frozen=True):
    """A note in a block: its text and the span of the block that holds it.

    From `begin` to `stop` the note stands with its title and its id.
    """

    id: UUID
    text: str
    start: int
    end: int
    begin: int
    stop: int


class AddedNote(Struct, frozen=True):
    """A note without an id, which the user wrote into a block."""

    text: str
    begin: int
    stop: int


def find_notes(content: str, name: StyleName | None = None) -> Iterator[WrittenNote]:
    """Yield the notes of a block in order; of all styles unless one is named."""
    for style in [STYLES[name]] if name else STYLES.values():
        for found in style.pattern.finditer(content):
            lines = found["text"].removesuffix("\n").split("\n")
            text = "\n".join(style.prefix.sub("", line) for line in lines)
            yield WrittenNote(UUID(found["id"]), text, *found.span("text"), *found.span())


def find_added_notes(content: str) -> Iterator[AddedNote]:
    """Yield the notes that stand in a block without an id; of the style that the block has."""
    taken = [(note.begin, note.stop) for note in find_notes(content)]
    for style in STYLES.values():
        for found in style.added.finditer(content):
            begin, stop = found.span()
            if not any(begin < end and start < stop for start, end in taken):
                taken.append((begin, stop))
                yield AddedNote(_read_added(found, style), begin, stop)


def _read_added(found: re.Match[str], style: Style) -> str:
    """Return an added note with its title, unless that is a date, and without properties."""
    title = found["title"].strip()
    title = "" if parse_day(title.strip("[]")) else title
    lines = [style.prefix.sub("", line) for line in found["text"].rstrip("\n").split("\n")]
    body = "\n".join(line for line in lines if not _PROPERTY.match(line)).strip()
    return "\n\n".join(part for part in (title, body) if part)


def written_text(note: NoteState) -> str:
    """Return a note's text as it stands in a block: neutralized unless the user wrote it here."""
    text = plain_lines(note.text)
    return text if note.source is None else neutralize(text)


def plain_lines(text: str) -> str:
    """Return the text with Unix line ends, as it stands in a block."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _write_callout(note: NoteState) -> Markdown:
    lines = [f"> [!{'quote' if note.quote else 'note'}] [[{_day(note)}]]", *_quoted(note)]
    return Markdown("\n".join([*lines, f"\n^n-{note.id}"]))


def _write_section(note: NoteState) -> Markdown:
    title = f'### {"Quote" if note.quote else "Note"} of {_day(note)} <a id="n-{note.id}"></a>\n'
    return Markdown("\n".join([title, *_quoted(note)]))


def _write_outline(note: NoteState) -> Markdown:
    day = f"[[{journal_page(_day(note))}]]"
    title = f"\t- Quote, {day}: {escape(note.quote.exact)}" if note.quote else f"\t- Note, {day}"
    text = quote_lines(note.text).split("\n") if note.text else []
    return Markdown("\n".join([title, f"\t  id:: {note.id}", *(f"\t  {line}" for line in text)]))


def _write_wiki_link(link: NoteLink, name: str) -> str:
    target = f"{name}{link.part}"
    return f"[[{target}]]" if link.shown == target else f"[[{target}|{link.shown}]]"


def _write_page_link(link: NoteLink, name: str) -> str:
    # a page of Logseq has no headings to link to
    return f"[[{name}]]" if link.shown == name else f"[{link.shown}]([[{name}]])"


def _own_name(_paper: LinkedPaper, file: str) -> str:
    return file


def _page_name(paper: LinkedPaper, _file: str) -> str:
    """Return the name of a paper's page in Logseq: an alias of it, or the title."""
    return one_line(paper.title) if paper.key.startswith("t-") else paper.key


def _quoted(note: NoteState) -> list[str]:
    quote = [f"> > {escape(note.quote.exact)}", ">"] if note.quote else []
    return [*quote, *([quote_lines(note.text)] if note.text else [])]


def _day(note: NoteState) -> date:
    return day_of(note.created)


STYLES: dict[StyleName, Style] = {
    # https://help.obsidian.md/callouts, and the id of a block below it,
    # https://help.obsidian.md/links
    "obsidian": Style(
        _write_callout,
        wiki_link,
        _write_wiki_link,
        _own_name,
        str,
        re.compile(
            rf"(?:(?<=\n\n)|\A)> \[!{_CALLOUT}\].*\n"
            r"(?(quote)> > .*\n>\n)(?(other)(?:> > .*\n>\n)?)"
            rf"(?P<text>(?:(?!\^n-|{_OURS}|(?<=\n\n)> \[!).*\n)*?)\n*\^n-{_ID}[ \t]*$",
            re.MULTILINE,
        ),
        # our own warning of a conflict is no note
        re.compile(
            r"(?:(?<=\n\n)|\A)> \[!(?!warning\])[\w-]+\][-+]?[ \t]*(?P<title>.*)\n"
            r"(?P<text>(?:>.*(?:\n|\Z))*+)(?!\n*\^n-)",
            re.MULTILINE,
        ),
        re.compile("^> ?"),
    ),
    # a block with its `id` property, https://docs.logseq.com
    "logseq": Style(
        _write_outline,
        page_link,
        _write_page_link,
        _page_name,
        journal_page,
        re.compile(
            rf"^[ \t]*- (?:Note|Quote), .*\n[ \t]+id:: {_ID}\n(?P<text>(?:[ \t]++(?!- ).*\n)*)",
            re.MULTILINE,
        ),
        re.compile(
            r"(?<=\n)\t- (?!(?:Note|Quote), )(?P<title>)(?P<text>.*\n(?:\t[ \t]++(?!- ).*\n)*)"
            r"(?=(?:\t.*\n)*\Z)",
        ),
        re.compile("^\t(?:- |  )(?:> ?)?"),
    ),
    "plain": Style(
        _write_section,
        plain_link,
        None,
        _own_name,
        str,
        re.compile(
            rf"^#+ {_KIND.format(note='Note', quote='Quote')} of .*<a id=\"n-{_ID}\"></a>\n"
            r"(?:\n|\Z)"
            rf"(?(quote)> > .*\n>\n)(?P<text>(?:(?!#|{_OURS}).*\n)*?)(?=\n*(?:#|{_OURS}|\Z))",
            re.MULTILINE,
        ),
        re.compile(
            r"(?<=\n)### (?!.*<a id=)(?P<title>.*)\n(?P<text>(?:(?!#|<!-- papermargin:).*\n)*)"
            r"(?=(?:(?:###|(?!#)).*\n)*\Z)",
        ),
        re.compile("^> ?"),
    ),
}
