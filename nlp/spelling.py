"""Spell surfaces alike: LaTeX, possessives, plurals, British spelling and synonyms. Pure."""

import re
import unicodedata
from functools import cache, partial
from importlib.resources import files
from typing import NamedTuple

from nlp.abbreviations import find_abbreviations
from nlp.spans import Label

_GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "lambda": "λ",
    "mu": "μ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "psi": "ψ",
    "omega": "ω",
}  # fmt: skip
_GREEK_MACRO = re.compile(rf"\\({'|'.join(_GREEK)})(?![A-Za-z])")
_TIMES = re.compile(r"(?<=\d)\s*\$?\s*(?:\\?times|×)\s*\$?\s*(?=\d)")
_LATEX = re.compile(r"\\(?:text|math)?(?:bf|it|tt|rm|sf|sc|cal|emph)\b|\\[,;! ]|[${}\\_]")
# "pass^k" counts trials; other exponents are typography ("Nest^2", "τ^2-bench")
_EXPONENT = re.compile(r"(?<!pass)\^|\^(?![\dk])")
_DEFINED = re.compile(r"[\s~]*\((?=[^()]*[A-Z])[\w-]{2,12}\)(?=\s)")
_POSSESSIVE = re.compile(r"(?<=s)['’](?=\s|$)|['’]s?$")

_INVARIANT = re.compile(
    r"(?:[a-z][A-Z][a-z]*as|\b[^aeiouyA-Z\W]{2,}"
    r"|(?<![a-z])(?:.*(?:bias|lens|canvas|atlas|alias|gas)|k-means|series|species))$"
)
"""What ends in "s" and is not a plural: coined names, lower-case acronyms ("fps"), some words."""

_PLURALS = (
    (re.compile(r"(?<=[a-z]{2})ies$"), "y"),
    (re.compile(r"(?<=bias|lens)es$"), ""),
    (re.compile(r"(?<=analy)ses$|(?<=hypothe)ses$"), "sis"),
    (re.compile(r"(?<=matr)ices$"), "ix"),
    (re.compile(r"(?<=ss|ch|sh)(?<!cach)es$|(?<=x)es$"), ""),
    (re.compile(r"(?<=[A-Za-z]{2})(?<![suiy])(?<!ic)s$"), ""),
)
_SHORTENED = re.compile(r"\bparam(s?)\b", re.IGNORECASE)
_BRITISH = (
    (re.compile(r"is(?=ations?\b)"), "iz"),
    (
        re.compile(
            r"((?:al|ar|er|or|[ntx]im|ant|en|stom|ndom|ron|il|et|gn|gan))is(?=(?:e|ed|er|ing)\b)"
        ),
        r"\1iz",
    ),
    (re.compile(r"(?<=col|ghb|avi|fav)our"), "or"),
    (re.compile(r"(?<=model|label|ravel|annel)l(?=ing|ed|er)"), ""),
    (
        re.compile(
            r"\b(auto|bi|hyper|multi|omni|spatio)-(regressive|directional|parameter|modal|temporal)"
        ),
        r"\1\2",
    ),
    (re.compile(r"\b(fine|pre|post|multi)(tun|train|task|view)"), r"\1-\2"),
)

_MODALITY = r"(?:image|video|audio|music|motion|scene|texture|shape|object|avatar|3d|4d)"
_BASED = (re.compile(r"(?<=\w)-based(?= \w)"), "")
_LONG_FORM = (re.compile(r"\b(long|short)-form(?= \w)"), r"\1")
_SYNONYMS: dict[Label, tuple[tuple[re.Pattern[str], str], ...]] = {
    "TASK": (
        _BASED,
        _LONG_FORM,
        (re.compile(rf"\b({_MODALITY}) synthesis$"), r"\1 generation"),
        (
            re.compile(r"\b(image|video|document|scene|language) comprehension$"),
            r"\1 understanding",
        ),
    ),
    "METRIC": (
        (re.compile(r"\b(accuracy|recall|precision) (?:rate|score)$"), r"\1"),
        (
            re.compile(
                r"^((?:gpu |peak |peak gpu )?(?:memory|vram)) "
                r"(?:use|consumption|footprint|costs?|requirement)$"
            ),
            r"\1 usage",
        ),
        (re.compile(r"^(energy|power) (?:use|usage)$"), r"\1 consumption"),
        (re.compile(r"^([a-z-]+(?: [a-z-]+)?) counts?$"), r"number of \1"),
        (re.compile(r"^((?:average|total) )?(?:numbers?|amount) of (.*?)s?$"), r"\1number of \2"),
    ),
    "METHOD": (_BASED,),
    "DATASET": ((re.compile(r"(?<=\w) (?:dataset|benchmark)$"), ""),),
}
_SCORE = re.compile(r"(?<=[A-Z0-9])[\s-](?:scores?|measures?)$")
_FIRST_WORDS = re.compile(r"^(?:the|an?|our) ", re.IGNORECASE)


def plain(surface: str) -> str:
    """Return a surface without markup, possessives and abbreviations in brackets."""
    text = unicodedata.normalize("NFKC", surface)
    text = _GREEK_MACRO.sub(lambda macro: _GREEK[macro[1]], text)
    text = _LATEX.sub("", _TIMES.sub("x", text))
    text = _DEFINED.sub("", _EXPONENT.sub("", text))
    for abbreviation in find_abbreviations(text):
        if abbreviation.short[1] + 1 == len(text):
            text = text[: abbreviation.long[1]]
    text = _POSSESSIVE.sub("", _FIRST_WORDS.sub("", " ".join(text.split())))
    return text.strip(" .,;:") or text


def singular(text: str, label: Label) -> str:
    """Return the singular of a term's last word; names of datasets have none."""
    text = _SHORTENED.sub(r"parameter\1", text)
    if label == "DATASET" or _INVARIANT.search(text):
        return text
    for plural, ending in _PLURALS:
        if plural.search(text):
            return plural.sub(ending, text)
    return text


def american(text: str) -> str:
    """Return lower-case words in American spelling, and those with two spellings in one."""
    for british, replacement in _BRITISH:
        text = british.sub(replacement, text)
    return text


def without_score(text: str, label: Label) -> str:
    """Return a metric's name without "score" or "measure" after an acronym ("F1-score")."""
    return _SCORE.sub("", text) if label == "METRIC" else text


def synonym(text: str, label: Label) -> str:
    """Return a lower-case term with the usual one of several equivalent words."""
    for pattern, replacement in _SYNONYMS[label]:
        text = pattern.sub(replacement, text)
    return text


_CODE = re.compile(r"\d|[A-Z]{2}|[a-z][A-Z]")


class _WordAbbreviation(NamedTuple):
    """An abbreviation that is usual inside terms, its long form, and patterns of both."""

    short: str
    long: str
    short_pattern: re.Pattern[str]
    long_pattern: re.Pattern[str]
    is_short_usual: bool


@cache
def _word_abbreviations() -> list[_WordAbbreviation]:
    """Read `names/word_abbreviations.txt`: short form, long form, and which of them is usual."""
    rows = []
    for line in read_lines("word_abbreviations.txt"):
        short, long, usual = line.split("\t")
        words = r"[-\s]".join(map(re.escape, re.split(r"[-\s]", long)))
        # Two capitals in small letters are more often a word.
        flags = re.IGNORECASE if len(short) > 2 else re.NOFLAG
        short_pattern = re.compile(rf"(?<![\w.]){short}s?(?![\w.])", flags)
        long_pattern = re.compile(rf"(?<![\w.]){words}s?(?![\w.])", re.IGNORECASE)
        rows.append(_WordAbbreviation(short, long, short_pattern, long_pattern, usual == short))
    return rows


@cache
def _any_form() -> re.Pattern[str]:
    """Return a pattern that a phrase without any of these abbreviations does not match."""
    forms = [form for row in _word_abbreviations() for form in (row.short, row.long.split("-")[0])]
    return re.compile("|".join(map(re.escape, forms)), re.IGNORECASE)


def expand_words(text: str) -> str:
    """Return a phrase with the usual abbreviations in it written out; a single word stays."""
    if not re.search(r"[\s-]", text) or not _any_form().search(text):
        return text
    for row in _word_abbreviations():
        if not row.short_pattern.fullmatch(text):
            text = row.short_pattern.sub(row.long, text)
    return text


def usual_words(text: str) -> str:
    """Return a phrase with the words in it abbreviated or written out, as is usual for each."""
    if not re.search(r"[\s-]", text) or not _any_form().search(text):
        return text
    for row in _word_abbreviations():
        if row.short_pattern.fullmatch(text) or row.long_pattern.fullmatch(text):
            continue
        if row.is_short_usual:
            text = row.long_pattern.sub(row.short, text)
        else:
            text = row.short_pattern.sub(partial(_written_out, row.long), text)
    return text


def _written_out(long: str, short: re.Match[str]) -> str:
    """Return the long form of an abbreviation, unless that is a part of a code name."""
    text = short.string
    start = text.rfind(" ", 0, short.start()) + 1
    end = text.find(" ", short.end())
    rest = text[start : short.start()] + text[short.end() : end if end >= 0 else None]
    return short[0] if _CODE.search(rest) else long


def read_lines(name: str) -> list[str]:
    """Read the lines of a file in `names/`."""
    return files("nlp").joinpath("names", name).read_text("utf-8").splitlines()
