"""Make citation keys by a pattern, a small part of the formulas of Better BibTeX.

https://retorque.re/zotero-better-bibtex/citing/
"""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import count

from anyascii import anyascii
from msgspec import Struct

from server.errors import Invalid
from server.exports.reference import split_name
from server.identifiers import normalize_title
from server.schema.citations import MAX_KEY, MAX_PATTERN, Citation
from server.schema.papers import PaperPage

DEFAULT_PATTERN = "auth.lower + year + veryshorttitle + '-' + key"

_MAX_WORD = 40
# the words that Better BibTeX skips in a title, as far as they are common there
_FILLERS = re.compile("an?|the|on|of|in|at|to|for|from|with|and|is|are|do|does")
# what LaTeX takes for a key
_KEY = re.compile(r"[^\s{}\\,%#~\"'()=@]+")
_CALL = r"[A-Za-z]+(?:\([\d\s,]*\))?"
_PART = re.compile(
    rf"\s*(?:(?P<quote>['\"])(?P<text>.*?)(?P=quote)|(?P<calls>{_CALL}(?:\.{_CALL})*))\s*"
)
_TEXT = re.compile(r"[A-Za-z0-9:._+/-]*")

_Part = Callable[[PaperPage], str]


class KeyPattern(Struct, frozen=True):
    """A pattern of citation keys; `parts` return the pieces of a paper's key."""

    parts: tuple[_Part, ...]

    def make(self, page: PaperPage) -> str:
        """Return a paper's key of at most 150 characters; empty if nothing it needs is known."""
        return "".join(part(page) for part in self.parts)[:MAX_KEY].strip("-:._+/")


def parse_pattern(text: str) -> KeyPattern:
    """Parse a pattern like `auth.lower + year + shorttitle(1)`.

    Raises `Invalid`, with the place, if it cannot be read.
    """
    if len(text) > MAX_PATTERN:
        raise Invalid(f"a pattern of citation keys has at most {MAX_PATTERN} characters")
    parts: list[_Part] = []
    start = 0
    while True:
        found = _PART.match(text, start)
        if found is None:
            raise Invalid(f"the pattern of citation keys cannot be read from “{text[start:][:40]}”")
        parts.append(_read_calls(found["calls"]) if found["calls"] else _read_text(found["text"]))
        if found.end() == len(text):
            return KeyPattern(tuple(parts))
        if text[found.end()] != "+":
            raise Invalid(f"a + is missing in the pattern before “{text[found.end() :][:40]}”")
        start = found.end() + 1


def is_key(text: str) -> bool:
    """Return whether a text can be a citation key of LaTeX."""
    return _KEY.fullmatch(text) is not None


def has_key(citation: Citation | None) -> bool:
    """Return whether a citation has a key that LaTeX can use."""
    return citation is not None and is_key(citation.key)


def citation_key(page: PaperPage) -> str:
    """Return the key of the user's citation, or else one like `birch2025lantern-2501.10000`.

    The latter consists of surname, year, the title's first significant word and the paper's key, so
    that it is unique and the same in every export.
    """
    if page.citation and has_key(page.citation):
        return page.citation.key
    return _DEFAULT.make(page)


def numbered(key: str) -> Iterator[str]:
    """Yield a key, then with the letters a to z and with numbers behind it, without an end."""
    yield key
    yield from (f"{key}{chr(letter)}" for letter in range(ord("a"), ord("z") + 1))
    yield from (f"{key}-{number}" for number in count(27))


def _read_text(text: str) -> _Part:
    if not _TEXT.fullmatch(text):
        raise Invalid(
            f"“{text[:40]}” cannot stand in a citation key; use letters, digits and -:._+/"
        )
    return lambda _: text


def _read_calls(text: str) -> _Part:
    name, *filters = text.split(".")
    first = _read_call(name, _FUNCTIONS, "function")
    rest = [_read_call(each, _FILTERS, "filter") for each in filters]

    def make(page: PaperPage) -> str:
        value = first(page)
        for each in rest:
            value = each(value)
        return value

    return make


def _read_call(text: str, known: dict[str, Callable[..., str]], kind: str) -> Callable[..., str]:
    """Return a function with the numbers that stand in parentheses behind its name."""
    name, _, rest = text.partition("(")
    function = known.get(name.lower())
    if function is None:
        raise Invalid(f"there is no {kind} “{name}” in citation keys; there are {', '.join(known)}")
    numbers = [int(number) for number in re.findall(r"\d+", rest)]
    most = len(function.__defaults__ or ())
    if len(numbers) > most:
        raise Invalid(f"“{name}” takes at most {most} numbers")
    return lambda value: function(value, *numbers)


def _auth(page: PaperPage, length: int = 0, number: int = 1) -> str:
    """Return the family name of the author with a number, or its first `length` letters."""
    names = _families(page.authors[max(number, 1) - 1 : max(number, 1)])
    return _first("".join(names), length)


def _authors(page: PaperPage, most: int = 0) -> str:
    """Return the family names of all authors, or of the first `most`."""
    return "".join(_families(page.authors[: most or None]))


def _families(authors: Iterable[str]) -> Iterator[str]:
    for author in authors:
        yield _ascii(" ".join(split_name(author).last))[:_MAX_WORD]


def _year(page: PaperPage) -> str:
    return str(page.published.year) if page.published else ""


def _short_year(page: PaperPage) -> str:
    return _year(page)[-2:]


def _title(page: PaperPage) -> str:
    """Return all significant words of the title, each with a capital."""
    return "".join(word.capitalize() for word in _title_words(page))


def _short_title(page: PaperPage, words: int = 3, capitals: int = 0) -> str:
    """Return the first significant words of the title, the first `capitals` with a capital."""
    chosen = _title_words(page)[:words]
    return "".join(
        word.capitalize() if number < capitals else word for number, word in enumerate(chosen)
    )


def _very_short_title(page: PaperPage, words: int = 1, capitals: int = 0) -> str:
    return _short_title(page, words, capitals)


def _paper_key(page: PaperPage) -> str:
    return page.key.replace("/", "-")


def _title_words(page: PaperPage) -> list[str]:
    words = (_ascii(word).lower() for word in normalize_title(page.title).split())
    return [word[:_MAX_WORD] for word in words if word and not _FILLERS.fullmatch(word)]


def _substring(text: str, start: int = 1, length: int = 0) -> str:
    return _first(text[max(start, 1) - 1 :], length)


def _first(text: str, length: int) -> str:
    return text[: length or None]


def _ascii(word: str) -> str:
    return re.sub("[^A-Za-z0-9]", "", anyascii(word))


_FUNCTIONS: dict[str, Callable[..., str]] = {
    "auth": _auth,
    "authors": _authors,
    "year": _year,
    "shortyear": _short_year,
    "title": _title,
    "shorttitle": _short_title,
    "veryshorttitle": _very_short_title,
    "key": _paper_key,
}
_FILTERS: dict[str, Callable[..., str]] = {
    "lower": lambda text: text.lower(),
    "upper": lambda text: text.upper(),
    "capitalize": lambda text: text[:1].upper() + text[1:],
    "substring": _substring,
}
_DEFAULT = parse_pattern(DEFAULT_PATTERN)
