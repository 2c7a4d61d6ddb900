"""BibTeX that BibLaTeX reads as well: what LaTeX takes for more than text is escaped, mathematics stays. Pure."""

import re
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from itertools import accumulate
from urllib.parse import quote

from bibtexparser.library import Library
from bibtexparser.model import Entry, Field
from bibtexparser.writer import write
from pylatexenc.latexencode import get_builtin_uni2latex_dict  # type: ignore[import-untyped]

from server.export.reference import address, citation_key, clean_name, read_tags, write_notes
from server.identity import parse_arxiv_id
from server.source import fold
from server.wire import PaperPage

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
# two of them, or one before a `, would be set as another character
_LIGATURE = re.compile(r"-(?=-)|`(?=`)|'(?=')|[!?](?=`)")
# parsers that count no braces take it for the next entry
_BLOCK = re.compile(r"^(\s*)@", re.MULTILINE)
_CAPITALS = re.compile(r"(?<![\\A-Za-z0-9])[A-Za-z0-9]+[A-Z][A-Za-z0-9]*")


async def render_bibtex(pages: AsyncIterable[PaperPage]) -> AsyncIterator[bytes]:
    """Give an entry a paper. Tags are its keywords (one with a comma falls apart), notes its annote, comment, notes.

    Further notes stand in the last of these, a blank line between them.
    """
    async for page in pages:
        fields = [Field(name, value) for name, value in _fields(page)]
        yield (write(Library([Entry("misc", citation_key(page), fields)])) + "\n").encode()


def escape(text: str, *, keep_case: bool = False) -> str:
    """Give text as LaTeX that is set as this text; mathematics between dollars stays if it is harmless.

    With `keep_case`, words with capitals and mathematics stand in braces, for styles write the rest of a title small.
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
    """Tell that its braces match, and that it holds no command but those of signs and their layout."""
    depths = [0, *accumulate(1 if brace == "{" else -1 for brace in re.findall("[{}]", mathematics))]
    commands = (name for name in _COMMAND.findall(mathematics) if name.isalpha())
    # ^^5c is a backslash
    is_plain = "^^" not in mathematics and all(name in _SIGNS or _LAYOUT.fullmatch(name) for name in commands)
    return is_plain and min(depths) == depths[-1] == 0


def _fields(page: PaperPage) -> Iterator[tuple[str, str]]:
    """Give the fields that have a value, written as they stand in the file."""
    arxiv_id = parse_arxiv_id(page.key)
    values = {
        "title": escape(fold(page.title), keep_case=True),
        "author": _write_authors(page),
        "date": page.published.isoformat() if page.published else "",
        "year": str(page.published.year) if page.published else "",
        "eprint": arxiv_id,
        "archiveprefix": "arXiv" if arxiv_id else "",
        "primaryclass": escape(fold(page.categories[0])) if arxiv_id and page.categories else "",
        "doi": quote(fold(page.doi or ""), safe="/:;()"),
        "url": address(page.url),
        "abstract": escape(fold(page.abstract)),
        "keywords": ", ".join(map(escape, read_tags(page))),
        **_write_notes(page),
    }
    for name, value in values.items():
        if value:
            yield name, f"{{{value}}}"
            if name == "year" and page.published:
                yield "month", _MONTHS[page.published.month - 1]


def _write_authors(page: PaperPage) -> str:
    names = [_write_name(name) for author in page.authors if (name := clean_name(author))]
    more = ["others"] if names and (page.author_count or 0) > len(page.authors) else []
    return " and ".join(names + more)


def _write_name(name: str) -> str:
    written = escape(name)
    return f"{{{written}}}" if {"and", "others"} & set(name.lower().split()) else written


def _write_notes(page: PaperPage) -> dict[str, str]:
    notes = [escape(note) for note in write_notes(page)]
    last = len(_NOTE_FIELDS) - 1
    return dict(zip(_NOTE_FIELDS, [*notes[:last], "\n\n".join(notes[last:])], strict=False))
