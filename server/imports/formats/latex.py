"""LaTeX as plain text. What cannot be decoded stays as it was written."""

import logging
import re
from functools import cache

from pylatexenc.latex2text import (  # type: ignore[import-untyped]
    LatexNodes2Text,
    MacroTextSpec,
    get_default_latex_context_db,
)
from pylatexenc.latexwalker import LatexWalkerError  # type: ignore[import-untyped]

# its warnings of broken input would stand beside the report of an import
logging.getLogger("pylatexenc").setLevel(logging.CRITICAL)
# what the decoder lacks
_MACROS = {
    "LaTeX": "LaTeX",
    "TeX": "TeX",
    "BibTeX": "BibTeX",
    "copyright": "©",
    "pounds": "£",
    "euro": "€",
    "texteuro": "€",
    "textregistered": "®",
    "texttrademark": "™",
    "textless": "<",
    "textgreater": ">",
    "textbar": "|",
    "textbackslash": "\\",
    "textasciitilde": "~",
    "textasciicircum": "^",
    "textunderscore": "_",
    "textdollar": "$",
    "textquotedbl": '"',
    "textquotesingle": "'",
    "textellipsis": "…",
    "textendash": "–",
    "textemdash": "—",
}
# not the accents of "\`A" and "\'U", nor the characters that an export parts by "{}"
_SINGLE_QUOTES = re.compile(r"(?<![`\w\\}])`(?!\{\})([^`']+)(?<!\\)'(?!'|\{\})")
_MATHEMATICS = re.compile(r"((?<!\\)\$[^$]*\$)")
_HREF = re.compile(r"\\href\s*\{[^{}]*\}\s*(?=\{)")
_URL = re.compile(r"\\url\s*\{([^{}]*)\}")
# LaTeX reads them as a column, a comment and a parameter, which no bibliography means
_BARE = re.compile(r"(?<!\\)[&%#]")
# a tie stands between two words ("Table~1"); elsewhere it is the character ("~5", "/~me")
_TIE = re.compile(r"(?<=[A-Za-z0-9.)}])~(?=[A-Za-z0-9\\({$])")
_TILDE = re.compile(r"(?<!\\)~")
_ADDRESS = re.compile(r"https?://[^\s{}]+")
_COMMAND = re.compile(r"\\(?:[A-Za-z]+|[^A-Za-z\s])")
_BARE_SPECIAL = re.compile(r"(?<!\\)[&%#~_]")


# how our export keeps hyphens and quotes from becoming others, and an @ from beginning an entry; no
# Markdown has that
_PARTED = re.compile(r"(?<=`)\{\}|(?<=[-'!?])\{\}(?=[-`'])|\{(?=@\})|(?<=\{@)\}")
_PLAIN = re.compile(r"[^\W_]*(?:[ .,:][^\W_]+)*")


class _UnknownMacro(Exception):
    """A command that the decoder does not know."""


def decode_latex(text: str) -> str:
    """Return the characters that LaTeX stands for; mathematics and bare special characters stay.

    An unknown command is dropped, and its arguments stay.
    """
    return _decode_all(text, strict=False)


def decode_note(text: str) -> str:
    """Return a user's note: decoded if it was written as LaTeX, else as it is.

    It is LaTeX if all its commands are known and it has no special character that LaTeX would need
    to be escaped; JabRef's comments, for instance, are Markdown.
    """
    plain = "".join(_MATHEMATICS.split(text)[::2])
    if not _COMMAND.search(plain) or _BARE_SPECIAL.search(plain):
        return _PARTED.sub("", text)
    return _decode_all(text, strict=True)


def _decode_all(text: str, *, strict: bool) -> str:
    if _PLAIN.fullmatch(text):
        return text  # most names and titles; the decoder takes 100 times as long
    plain = text if strict else _URL.sub(r"\1", _HREF.sub("", text))
    pieces = _MATHEMATICS.split(plain)
    try:
        decoded = [piece if n % 2 else _decode(piece, strict) for n, piece in enumerate(pieces)]
    except (_UnknownMacro, LatexWalkerError, LookupError, TypeError, ValueError, AttributeError):
        return text  # the decoder raises all of these for input that is broken
    except RecursionError:
        return text
    return "".join(decoded)


def _decode(text: str, strict: bool) -> str:
    if not strict:
        text = _SINGLE_QUOTES.sub(r"‘\1’", text)
    text = _ADDRESS.sub(lambda found: _escape_tildes(found[0]), text)
    text = _BARE.sub(r"\\\g<0>", _escape_tildes(_TIE.sub(" ", text)))
    decoded = str(_decoder(strict).latex_to_text(text))
    if "%s" in decoded and "%s" not in text:
        raise ValueError("a command lacks its arguments")
    return decoded


def _escape_tildes(text: str) -> str:
    return _TILDE.sub(r"{\\textasciitilde}", text)


@cache
def _decoder(strict: bool) -> LatexNodes2Text:
    context = get_default_latex_context_db()
    macros = [MacroTextSpec(name, simplify_repl=text) for name, text in _MACROS.items()]
    context.add_context_category("papermargin", prepend=True, macros=macros)
    if strict:
        context.set_unknown_macro_spec(MacroTextSpec("", simplify_repl=_refuse))
    return LatexNodes2Text(latex_context=context, math_mode="verbatim")


def _refuse(_: object) -> str:
    raise _UnknownMacro
