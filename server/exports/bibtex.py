"""Render papers as BibTeX that BibLaTeX reads too, with LaTeX's special characters escaped."""

import re
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from itertools import accumulate
from urllib.parse import quote

from bibtexparser.library import Library
from bibtexparser.model import Entry, Field
from bibtexparser.writer import write
from pylatexenc.latexencode import get_builtin_uni2latex_dict  # type: ignore[import-untyped]

from server.exports.citation_keys import citation_key
from server.exports.reference import (
    address,
    cited_names,
    clean_name,
    read_tags,
    write_notes,
    written_date,
)
from server.identifiers import parse_arxiv_id
from server.schema.citations import Name
from server.schema.papers import PaperPage
from server.schema.sources import fold

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# a field stands once in an entry; Zotero takes each of these three for a note
_NOTE_FIELDS = ("annote", "comment", "notes")

_MATHEMATICS = re.compile(r"((?<![\\$])\$(?![\s$])[^$%#&\n]{1,300}(?<![\s\\])\$(?![\d$]))")
_COMMAND = re.compile(r"\\([A-Za-z]+|.)")
_UNICODE = get_builtin_uni2latex_dict()
# no other command may stay as it is: \input would read a file of whoever typesets it
_SIGNS = {name for latex in _UNICODE.values() for name in _COMMAND.findall(latex)}
_LAYOUT = re.compile(
    "arccos|arcsin|arctan|arg|bar|Big|big|bigg|Bigg|bigl|bigr|binom|bmod|bold|boxed|breve|check|cos|cosh|cot|"
    "deg|det|dfrac|dim|displaystyle|dots|dotsb|dotsc|ell|emph|epsilon|exp|frac|gcd|ge|geq|grave|hat|inf|it|"
    "ker|land|lbrace|ldots|le|left|leftarrow|Leftrightarrow|leftrightarrow|lg|lim|liminf|limits|limsup|ln|"
    "lnot|log|lor|lvert|lVert|mathcal|mathop|mathring|mathrm|max|min|mod|models|ne|neg|norm|operatorname|"
    "overbrace|overline|overset|Pr|prime|qquad|rbrace|rightarrow|rm|rVert|rvert|sec|sf|sin|sinh|sl|sup|tan|"
    "tanh|text|textbf|textit|textrm|textsc|textsf|textstyle|texttt|tfrac|tilde|tiny|to|tt|underbrace|"
    "underline|underset|varDelta|varGamma|varSigma|vec|Vert|vert|widehat|widetilde"
)
_ESCAPES = {
    "\\": r"{\textbackslash}",
    "~": r"{\textasciitilde}",
    "^": r"{\textasciicircum}",
    # BibTeX counts braces, escaped or not
    "{": r"\ensuremath{\lbrace}",
    "}": r"\ensuremath{\rbrace}",
    # other characters than these in TeX's oldest fonts, which are still the default
    "<": r"\ensuremath{<}",
    ">": r"\ensuremath{>}",
    "|": r"\ensuremath{|}",
    **{sign: f"\\{sign}" for sign in "#$%&_"},
    **{chr(code): f"{{{latex}}}" for code, latex in _UNICODE.items() if 0xC0 <= code <= 0x17F},
} | {letter: letter for letter in "ĦħĸĿŀŉŦŧŰű"}  # it knows no right command for these
_SPECIAL = re.compile(f"[{re.escape(''.join(_ESCAPES))}]")
# two of them, one before a `, or a ` that a ' closes, would be set as another character
_LIGATURE = re.compile(r"-(?=-)|`(?=`)|(?<![`\\])`(?=[^`']+')|'(?=')|[!?](?=`)")
# parsers that count no braces take it for the next entry
# reading and writing files, and changing how the rest is read
_DANGEROUS = re.compile(
    r"\\(?:input|include|openin|openout|read|write|immediate|csname|catcode|def|let|special"
    r"|directlua)|\^\^"
)
# Papermargin's own values of these come from tags, status and notes
_OURS = {"keywords", "mendeley-tags", "groups", *_NOTE_FIELDS}
_DASH = re.compile(r"\s*(?:[–—]|-{2,})\s*")
_BLOCK = re.compile(r"^(\s*)@", re.MULTILINE)
_CAPITALS = re.compile(r"(?<![\\A-Za-z0-9])[A-Za-z0-9]+[A-Z][A-Za-z0-9]*")


async def render_bibtex(pages: AsyncIterable[PaperPage]) -> AsyncIterator[bytes]:
    """Yield one entry per paper, with tags as keywords and notes as annote, comment and notes.

    An entry that came from a bibliography keeps its type, key and other fields. A tag with a
    comma comes apart in a keyword list. Notes beyond the third are joined in the last field by a
    blank line.
    """
    async for _, entry in make_entries(pages):
        yield write_entry(entry)


async def make_entries(
    pages: AsyncIterable[PaperPage],
) -> AsyncIterator[tuple[PaperPage, Entry]]:
    """Yield each paper with its entry, whose key no other entry has."""
    keys: set[str] = set()
    async for page in pages:
        key = citation_key(page)
        if key.casefold() in keys:  # two papers under one key of the user's
            key = f"{key}-{page.key.replace('/', '-')}"
        keys.add(key.casefold())
        fields = [Field(name, value) for name, value in _fields(page)]
        yield page, Entry(_entry_type(page), key, fields)


def write_entry(entry: Entry) -> bytes:
    """Return an entry as it stands in a file."""
    return (write(Library([entry])) + "\n").encode()


def escape(text: str, *, keep_case: bool = False) -> str:
    """Return LaTeX that is set as this text; harmless mathematics between dollars stays as it is.

    With `keep_case`, words with capitals and mathematics are put in braces, because styles lower
    the case of titles.
    """
    pieces = _MATHEMATICS.split(text)
    for n, piece in enumerate(pieces):
        if n % 2 and _is_harmless(piece):
            pieces[n] = f"{{{piece}}}" if keep_case else piece
        else:
            written = _LIGATURE.sub(r"\g<0>{}", _SPECIAL.sub(_write_special, piece))
            pieces[n] = _CAPITALS.sub(r"{\g<0>}", written) if keep_case else written
    return _BLOCK.sub(r"\1{@}", "".join(pieces))


def _write_special(found: re.Match[str]) -> str:
    return _ESCAPES[found[0]]


def _is_harmless(mathematics: str) -> bool:
    """Return whether the braces match and all commands are those of signs and their layout."""
    depths = [
        0,
        *accumulate(1 if brace == "{" else -1 for brace in re.findall("[{}]", mathematics)),
    ]
    commands = (name for name in _COMMAND.findall(mathematics) if name.isalpha())
    # ^^5c is a backslash
    is_plain = "^^" not in mathematics and all(
        name in _SIGNS or _LAYOUT.fullmatch(name) for name in commands
    )
    return is_plain and min(depths) == depths[-1] == 0


def _fields(page: PaperPage) -> Iterator[tuple[str, str]]:
    """Yield the name and the written value of each field that has a value."""
    values = {
        "title": escape(fold(page.title), keep_case=True),
        "author": _write_authors(page),
        **_write_date(page),
        **_write_eprint(page),
        "doi": quote(fold(page.doi or ""), safe="/:;()"),
        "url": _write_url(page),
        **_write_citation(page),
        "abstract": escape(fold(page.abstract)),
        "keywords": ", ".join(map(escape, read_tags(page))),
        **_write_notes(page),
    }
    for name, value in values.items():
        if value:
            # a month is a macro of BibTeX, every other value text in braces
            yield name, value if name == "month" else f"{{{value}}}"
    for name, raw in _verbatim(page).items():
        if not values.get(name):
            yield name, raw if _is_safe(raw) else f"{{{escape(raw)}}}"


def _verbatim(page: PaperPage) -> dict[str, str]:
    citation = page.citation
    if citation is None or citation.format != "BibTeX":
        return {}
    return {name: raw for name, raw in citation.verbatim.items() if name not in _OURS}


def _entry_type(page: PaperPage) -> str:
    citation = page.citation
    if citation is None:
        return "misc"
    return citation.type or ("article" if "journal" in citation.fields else "misc")


def _write_url(page: PaperPage) -> str | None:
    cited = page.citation.fields.get("url") if page.citation else None
    return address(cited) or address(page.url)


def _write_citation(page: PaperPage) -> dict[str, str]:
    """Return the fields of the user's bibliography that no other part of the paper has."""
    fields = page.citation.fields if page.citation else {}
    written = {name: escape(fold(value)) for name, value in fields.items() if name != "url"}
    if "pages" in fields:
        # two hyphens are a dash in LaTeX, and what styles expect between pages
        written["pages"] = "--".join(map(escape, _DASH.split(fold(fields["pages"]))))
    return written


def _is_safe(raw: str) -> bool:
    """Return whether a value as it was written has no command that does more than typeset."""
    return raw.isdigit() or not _DANGEROUS.search(raw)


def _write_date(page: PaperPage) -> dict[str, str]:
    date = written_date(page)
    if not date:
        return {}
    year, _, month = date.partition("/")[0].partition("-")
    number = int(month[:2]) if month[:2].isdigit() else 0
    # from 21 on they are seasons, which only `date` can say
    name = _MONTHS[number - 1] if 1 <= number <= 12 else ""
    return {"date": date, "year": year, "month": name}


def _write_eprint(page: PaperPage) -> dict[str, str]:
    arxiv_id = parse_arxiv_id(page.key)
    if arxiv_id is None:
        return {}
    primary = escape(fold(page.categories[0])) if page.categories else ""
    return {"eprint": arxiv_id, "archiveprefix": "arXiv", "primaryclass": primary}


def _write_authors(page: PaperPage) -> str:
    names = cited_names(page)
    authors = [_write_author(author, names.get(fold(author))) for author in page.authors]
    written = [author for author in authors if author]
    more = ["others"] if written and (page.author_count or 0) > len(page.authors) else []
    return " and ".join(written + more)


def _write_author(author: str, name: Name | None) -> str:
    if name and name.literal:
        return f"{{{escape(fold(name.whole))}}}"
    if name and name.family:
        parts = (name.family, name.suffix, name.given)
        return ", ".join(_write_name(part) for text in parts if (part := clean_name(text)))
    return _write_name(clean_name(author)) if clean_name(author) else ""


def _write_name(name: str) -> str:
    written = escape(name)
    return f"{{{written}}}" if {"and", "others"} & set(name.lower().split()) else written


def _write_notes(page: PaperPage) -> dict[str, str]:
    notes = [escape(note) for note in write_notes(page)]
    last = len(_NOTE_FIELDS) - 1
    return dict(zip(_NOTE_FIELDS, [*notes[:last], "\n\n".join(notes[last:])], strict=False))
