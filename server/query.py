"""The query language of the reading list, read into a tree.

    free words  "a phrase"  -word  or  ( )   tag:rl  method:LoRA  dataset:"MS MARCO"  metric:BLEU  task:…  author:…
    status:inbox  rating:>=4  has:note  has:code  added:>2026-01-01  published:2025  listed:2026-03-05

Words and terms joined by a space are and-ed; `or` binds weaker; brackets group. A word that ends in `*` is a prefix.
"""

import re
from calendar import monthrange
from datetime import date, timedelta
from functools import cache
from typing import Any, Literal, NoReturn

from lark import Lark, ParseTree, Token, Transformer, Tree, UnexpectedInput
from lark.exceptions import VisitError
from msgspec import Struct

from server.errors import QueryError

MAX_QUERY = 2_000
MAX_PARTS = 60
TERM_FIELDS = {"method": "METHOD", "dataset": "DATASET", "metric": "METRIC", "task": "TASK"}
STATUSES = ("none", "inbox", "reading", "read", "skipped")
HAVING = ("note", "code", "tag", "rating", "result", "abstract")
DATE_FIELDS = ("added", "published", "listed")
FIELDS = (*TERM_FIELDS, "tag", "author", "status", "rating", "has", *DATE_FIELDS, "key")

_UNPRINTABLE = re.compile("[\x00\ud800-\udfff]")
_JOINED = re.compile(r'(?:^|(?<=[\s)"]))and$', re.IGNORECASE)
_JOINING = re.compile(r"and(?=[\s()]|$)\s*", re.IGNORECASE)

Comparison = Literal["=", ">", ">=", "<", "<="]

_GRAMMAR = r"""
start: either?
either: all (_OR all)*
all: part (_AND? part)*
?part: _MINUS part -> without
     | "(" either ")"
     | field
     | text
field: NAME OPERATOR? (PHRASE | BARE)
text: PHRASE | WORD
NAME.5: /[a-z]+:(?=[^\s])/i
OPERATOR.4: />=|<=|>|<|=/
_OR.4: /or(?=[\s()]|$)/i
_AND.4: /and(?=[\s()]|$)/i
_MINUS.3: /-(?=[^\s])/
PHRASE.2: /"[^"]*"/
BARE: /[^\s()"]+/
WORD: /[^\s()"]+/
%ignore /\s+/
"""


class Text(Struct, frozen=True):
    """A word or a phrase, looked for in title, abstract, notes and tags."""

    text: str
    prefix: bool = False


class Field(Struct, frozen=True):
    """A named property and what it is to be; dates are an interval of days, end exclusive."""

    name: str
    comparison: Comparison
    value: str
    days: tuple[date, date] | None = None


class Without(Struct, frozen=True):
    part: "Query"


class All(Struct, frozen=True):
    parts: tuple["Query", ...]


class Either(Struct, frozen=True):
    parts: tuple["Query", ...]


Query = Text | Field | Without | All | Either


def parse_query(query: str) -> All:
    """Read a query; an empty one asks for everything. Raises `QueryError`, which points at the place."""
    if len(query) > MAX_QUERY:
        raise QueryError(f"a query has at most {MAX_QUERY} characters", query=query, position=MAX_QUERY)
    if unprintable := _UNPRINTABLE.search(query):
        raise QueryError("a query cannot hold NUL characters", query=query, position=unprintable.start())
    try:
        tree: Query = _Reader(query).transform(_parse(query))
    except VisitError as error:
        raise error.orig_exc from None
    except RecursionError:
        raise QueryError("this query is nested too deeply", query=query, position=0) from None
    if _size(tree) > MAX_PARTS:
        raise QueryError(f"a query has at most {MAX_PARTS} parts", query=query, position=len(query))
    return tree if isinstance(tree, All) else All((tree,))


def write_field(name: str, value: str) -> str:
    """Write a field of a query, e.g. `dataset:"MS MARCO"`; of a value with quotation marks only what stands before."""
    start, mark, _ = value.partition('"')
    value = f"{start}*" if mark else value
    return f'{name}:"{value}"' if re.search(r"[\s()]|^[<>=]", value) else f"{name}:{value}"


class Asked(Struct, frozen=True):
    """A query as it was written, and the fields that it and-s at its top, with where each stands."""

    query: str
    branches: int
    fields: list[tuple[Field, int, int]]

    def narrowed(self, name: str, value: str) -> str:
        """Write the query that asks for a field beside all that was asked for."""
        asked = self.query.strip()
        return f"{f'({asked})' if self.branches > 1 else asked} {write_field(name, value)}".strip()

    def widened(self, name: str, value: str) -> str | None:
        """Write the query without a field; None where it does not ask for it."""
        sought = value.partition('"')[0].casefold()
        for field, start, end in self.fields:
            if (field.name, field.comparison, field.value.rstrip("*").casefold()) == (name, "=", sought):
                return _cut(self.query, start, end)
        return None


def read_asked(query: str) -> Asked:
    """Read a query for its fields. Raises `QueryError`."""
    parse_query(query)
    branches = _branches(_parse(query))
    parts = branches[0].children if len(branches) == 1 else []
    fields: list[Any] = [part for part in parts if isinstance(part, Tree) and part.data == "field"]
    spans = [(_Reader(query).transform(part), part.children[0].start_pos, part.children[-1].end_pos) for part in fields]
    return Asked(query, len(branches), spans)


def _cut(query: str, start: int, end: int) -> str:
    """Take a part out of a query, and the `and` that joined it to the others."""
    before, after = query[:start].rstrip(), query[end:].lstrip()
    if joined := _JOINED.search(before):
        before = before[: joined.start()].rstrip()
    elif joined := _JOINING.match(after):
        after = after[joined.end() :]
    return f"{before} {after}".strip()


def _branches(tree: ParseTree) -> list[Any]:
    return [branch for either in tree.children for branch in either.children]  # type: ignore[union-attr]


def _parse(query: str) -> ParseTree:
    try:
        return _parser().parse(query)
    except UnexpectedInput as error:
        _explain(query, error)


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", lexer="contextual")


class _Reader(Transformer[Token, Any]):
    """Turns lark's tree into ours, and checks values while their places are known."""

    def __init__(self, query: str) -> None:
        super().__init__()
        self.query = query

    def start(self, parts: list[Query]) -> Query:
        return parts[0] if parts else All(())

    def either(self, parts: list[Query]) -> Query:
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def all(self, parts: list[Query]) -> Query:
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def without(self, parts: list[Query]) -> Query:
        return Without(parts[0])

    def text(self, tokens: list[Token]) -> Query:
        [token] = tokens
        if token.type == "PHRASE":
            return Text(token[1:-1])
        if token.endswith(":") and token[:-1].lower() in FIELDS:
            self._refuse(f"{token} needs a value right behind it", token.end_pos)
        return Text(token.rstrip("*"), prefix=token.endswith("*"))

    def field(self, tokens: list[Token]) -> Query:
        name, value = tokens[0][:-1].lower(), tokens[-1]
        comparison: Any = str(tokens[1]) if len(tokens) == 3 else "="
        content = str(value).strip('"') if value.type == "PHRASE" else str(value)
        if name not in FIELDS:
            known = ", ".join(f"{field}:" for field in FIELDS)
            self._refuse(f"there is no field {name}: (there are {known}); put quotes around it to search for it",
                         tokens[0].start_pos)  # fmt: skip
        comparable = name in DATE_FIELDS or (name == "rating" and content.lower() != "none")
        if comparison != "=" and not comparable:
            self._refuse(f"{name}: cannot be compared with {comparison}", tokens[1].start_pos)
        days = self._days(content, value.start_pos) if name in DATE_FIELDS else None
        self._check(name, content, value.start_pos)
        return Field(name, comparison, content, days)

    def _check(self, name: str, value: str, position: int | None) -> None:
        allowed = {"status": STATUSES, "has": HAVING, "rating": ("0", "1", "2", "3", "4", "5", "none")}.get(name)
        if allowed and value.lower() not in allowed:
            self._refuse(f"{name}: is one of {', '.join(allowed)}", position)
        if not value.strip():
            self._refuse(f"{name}: needs a value", position)

    def _days(self, value: str, position: int | None) -> tuple[date, date]:
        parts = value.split("-")
        try:
            if not all(part.isdecimal() for part in parts) or len(parts) > 3 or len(parts[0]) != 4:
                raise ValueError
            year, month, day = [*map(int, parts), 0, 0][:3]
            first = date(year, month or 1, day or 1)
            last = date(year, month or 12, day or monthrange(year, month or 12)[1])
            return first, last + timedelta(days=1)
        except (ValueError, OverflowError):
            self._refuse(f"{value!r} is no date: write 2026, 2026-03 or 2026-03-05", position)

    def _refuse(self, message: str, position: int | None) -> NoReturn:
        raise QueryError(message, query=self.query, position=position or 0)


def _explain(query: str, error: UnexpectedInput) -> NoReturn:
    place = error.pos_in_stream if error.pos_in_stream is not None and error.pos_in_stream >= 0 else len(query)
    found = query[place : place + 1]
    if found == '"':
        message = "this quotation mark has no partner"
    elif found == ")":
        message = "this bracket closes nothing, or nothing stands before it"
    elif not found or getattr(error, "token", None) == "":
        message, place = "something is missing at the end: a bracket that closes, or a word", len(query)
    else:
        message = f"{query[place:].split(maxsplit=1)[0]!r} cannot stand here"
    raise QueryError(message, query=query, position=place) from None


def _size(query: Query) -> int:
    if isinstance(query, All | Either):
        return sum(map(_size, query.parts))
    return _size(query.part) if isinstance(query, Without) else 1
