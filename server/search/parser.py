"""The query language of the reading list, read into a tree.

    free words  "a phrase"  -word  NOT word  or  ( )
    tag:rl  method:LoRA  dataset:"MS MARCO"  metric:BLEU  task:…  author:…  org:…  keyword:…
    title:…  abstract:…  note:…
    introduces:GRPO  compares:PPO  uses:"MS MARCO"  background:BERT
    status:inbox  rating:>=4  has:note  has:code  has:summary  added:>2026-01-01  published:2025
    listed:2026-03-05  listed:today  added:<7d  upvotes:>50  comments:>5  stars:>100
    like:2401.01234  sort:upvotes
    is:queued  is:snoozed  is:overdue  due:<7d  due:tomorrow  sort:queue

Words and terms joined by a space are and-ed; `or` binds weaker; brackets group. A word that ends in
`*` is a prefix. The id or the address of a paper stands for the paper, a name before a colon that
is no field for itself.
"""

import re
from calendar import monthrange
from datetime import date, timedelta
from difflib import get_close_matches
from functools import cache, lru_cache
from typing import Any, Literal, NoReturn, cast, get_args

from lark import Lark, ParseTree, Token, Transformer, Tree, UnexpectedInput
from lark.exceptions import VisitError
from msgspec import Struct

from nlp.spans import Label, Role
from server.days import today
from server.errors import QueryError
from server.identifiers import parse_key
from server.schema.searches import Sort

MAX_QUERY = 2_000
MAX_PARTS = 60
TERM_FIELDS: dict[str, Label] = {
    "method": "METHOD",
    "dataset": "DATASET",
    "metric": "METRIC",
    "task": "TASK",
}
ROLE_FIELDS: dict[str, Role] = {
    "introduces": "introduced",
    "compares": "compared",
    "uses": "used",
    "background": "background",
}
STATUSES = ("none", "inbox", "reading", "read", "skipped")
HAVING = (
    *("note", "code", "tag", "rating", "result", "abstract", "due"),
    *("summary", "model", "dataset", "space"),
)
STATES = ("queued", "snoozed", "overdue")
DATE_FIELDS = ("added", "published", "listed", "due")
NUMBER_FIELDS = ("upvotes", "comments", "stars")
TEXT_FIELDS = ("title", "abstract", "note")
SORTS: tuple[Sort, ...] = get_args(Sort)
FIELDS = (
    *TERM_FIELDS,
    *ROLE_FIELDS,
    *("tag", "author", "org", "keyword", *TEXT_FIELDS),
    *("status", "is", "rating", "has", *NUMBER_FIELDS),
    *DATE_FIELDS,
    *("key", "like", "sort"),
)

_STARRED = re.compile(r"[A-Za-z]\*")  # A*, Q*: names, not all words that begin so
_DOI = re.compile(r"10\.[0-9]{4,9}/\S+")
_DATE = re.compile(r"[0-9]{4}(-[0-9]+){0,2}")
_SPAN = re.compile(r"([0-9]{1,4})([dw])", re.IGNORECASE)
_DAYS_AGO = {"today": 0, "yesterday": 1}
_DUE_DAYS = {**_DAYS_AGO, "tomorrow": -1}
# what is younger than seven days was later than seven days ago; "7d" alone is the last seven days
_BY_AGE: dict[str, "Comparison"] = {"=": ">", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
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
_MINUS.3: /-(?=[^\s])|NOT(?=\s+[^\s)])/
PHRASE.2: /"(?:\\["]|[^"])*"|[“„‟«][^“”„‟«»"]*[“”»]/
BARE: /[^\s()"]+/
WORD: /[^\s()"]+/
%ignore /\s+/
"""


class Text(Struct, frozen=True):
    """A word or a phrase, looked for in title, abstract, notes and tags."""

    text: str
    prefix: bool = False


class Field(Struct, frozen=True):
    """A named property and what it is to be; dates are an interval of days, end exclusive.

    An age such as `<7d` is compared as the day that it leads to, back or, of a due date, ahead.
    """

    name: str
    comparison: Comparison
    value: str
    days: tuple[date, date] | None = None


class Alike(Struct, frozen=True):
    """Papers like one, which a field `like` stands for: row ids with their similarities."""

    papers: tuple[tuple[int, float], ...]


class Without(Struct, frozen=True):
    part: "Query"


class All(Struct, frozen=True):
    parts: tuple["Query", ...]


class Either(Struct, frozen=True):
    parts: tuple["Query", ...]


Query = Text | Field | Alike | Without | All | Either


def parse_query(query: str) -> All:
    """Read a query; an empty one asks for everything.

    Raises `QueryError`, which points at the place.
    """
    if len(query) > MAX_QUERY:
        raise QueryError(
            f"a query has at most {MAX_QUERY} characters", query=query, position=MAX_QUERY
        )
    if unprintable := _UNPRINTABLE.search(query):
        raise QueryError(
            "a query cannot hold NUL characters", query=query, position=unprintable.start()
        )
    try:
        tree: Query = _Reader(query).transform(_parse(query))
    except VisitError as error:
        raise error.orig_exc from None
    except RecursionError:
        raise QueryError("this query is nested too deeply", query=query, position=0) from None
    if _size(tree) > MAX_PARTS:
        raise QueryError(f"a query has at most {MAX_PARTS} parts", query=query, position=len(query))
    return tree if isinstance(tree, All) else All((tree,))


class Hint(Struct, frozen=True):
    """A word before a colon that is no field, though it may be meant as one; `nearest` is one."""

    field: str
    nearest: str | None

    @property
    def text(self) -> str:
        """The hint as a sentence."""
        meant = f"; did you mean {self.nearest}:?" if self.nearest else ""
        return f"there is no field {self.field}:, so it was searched as text{meant}"


def find_hint(query: str) -> Hint | None:
    """Return a hint for the first unknown field of a query, None if there is none.

    An address has a word before a colon, too, but means its paper.
    """
    try:
        fields = [*_parse(query).find_data("field")]
    except QueryError:  # a title that does not read as a query
        return None
    for tree in fields:
        name = str(tree.children[0])[:-1].lower()
        if name not in FIELDS and isinstance(_Reader(query).transform(tree), Text):
            nearest = get_close_matches(name, FIELDS, n=1)
            return Hint(name, nearest[0] if nearest else None)
    return None


def find_sort(query: All) -> Sort | None:
    """Return the order that a query asks for by its first field `sort`."""
    asked = (
        part.value.lower()
        for part in _flat(query)
        if isinstance(part, Field) and part.name == "sort"
    )
    return cast(Sort | None, next(asked, None))


def is_paper_id(text: str) -> bool:
    """Return whether a text is an arXiv id, a DOI, or the address of a paper."""
    return parse_key(text) is not None or _DOI.fullmatch(text) is not None


def write_field(name: str, value: str) -> str:
    """Write a field of a query, e.g. `dataset:"MS MARCO"`."""
    if not re.search(r"[\s()\"“”„‟«»]|^[<>=]", value):
        return f"{name}:{value}"
    escaped = value.replace('"', '\\"')
    return f'{name}:"{escaped}"'


class Asked(Struct, frozen=True):
    """A query as it was written, and the fields that it and-s at its top, with their places."""

    query: str
    branches: int
    fields: list[tuple[Field, int, int]]

    def narrowed(self, name: str, value: str) -> str:
        """Write the query that asks for a field beside all that was asked for."""
        asked = self.query.strip()
        return f"{f'({asked})' if self.branches > 1 else asked} {write_field(name, value)}".strip()

    def widened(self, name: str, value: str) -> str | None:
        """Write the query without a field; None where it does not ask for it."""
        sought = (name, "=", value.casefold())
        for field, start, end in self.fields:
            if (field.name, field.comparison, field.value.casefold()) == sought:
                return _cut(self.query, start, end)
        return None


def read_asked(query: str) -> Asked:
    """Read a query for its fields. Raises `QueryError`."""
    parse_query(query)
    branches = _branches(_parse(query))
    parts = branches[0].children if len(branches) == 1 else []
    trees: list[Any] = [part for part in parts if isinstance(part, Tree) and part.data == "field"]
    spans = [
        (_Reader(query).transform(tree), tree.children[0].start_pos, tree.children[-1].end_pos)
        for tree in trees
    ]
    return Asked(query, len(branches), [span for span in spans if isinstance(span[0], Field)])


def _unquoted(phrase: str) -> str:
    return phrase[1:-1].replace('\\"', '"')


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


@lru_cache(maxsize=64)  # a list needs the tree of its query more than once
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
        if len(parts) == 1:
            return parts[0]
        self._refuse_sort(parts)
        return Either(tuple(parts))

    def all(self, parts: list[Query]) -> Query:
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def without(self, parts: list[Query]) -> Query:
        self._refuse_sort(parts)
        return Without(parts[0])

    def text(self, tokens: list[Token]) -> Query:
        [token] = tokens
        if token.type == "PHRASE":
            return Text(_unquoted(token))
        if is_paper_id(token):
            return Field("key", "=", str(token))
        if _STARRED.fullmatch(token):
            return Text(str(token))
        if token.endswith(":") and token[:-1].lower() in FIELDS:
            self._refuse(f"{token} needs a value right behind it", token.end_pos)
        return Text(token.rstrip("*"), prefix=token.endswith("*"))

    def field(self, tokens: list[Token]) -> Query:
        name, value = tokens[0][:-1].lower(), tokens[-1]
        comparison: Any = str(tokens[1]) if len(tokens) == 3 else "="
        content = _unquoted(value) if value.type == "PHRASE" else str(value)
        if name not in FIELDS:
            written = f"{tokens[0]}{content}"
            address = next(filter(is_paper_id, (written, content)), None)
            return Field("key", "=", address) if address else Text(written)
        is_rated = name == "rating" and content.lower() != "none"
        comparable = is_rated or name in (*DATE_FIELDS, *NUMBER_FIELDS)
        if comparison != "=" and not comparable:
            self._refuse(f"{name}: cannot be compared with {comparison}", tokens[1].start_pos)
        self._check(name, content, value.start_pos)
        if name not in DATE_FIELDS:
            return Field(name, comparison, content)
        return self._date(name, comparison, content, value.start_pos)

    def _date(self, name: str, comparison: Comparison, content: str, position: int | None) -> Field:
        """Read a date field: a span of days back or ahead, a named day, or a date."""
        if span := _SPAN.fullmatch(content):
            days = int(span[1]) * (7 if span[2].lower() == "w" else 1)
            # a due date lies ahead: "<7d" is within seven days, and so is "7d" alone
            if name == "due":
                within: Comparison = "<" if comparison == "=" else comparison
                return Field(name, within, content, _one_day(-days))
            return Field(name, _BY_AGE[comparison], content, _one_day(days))
        named = _DUE_DAYS if name == "due" else _DAYS_AGO
        if (ago := named.get(content.lower())) is not None:
            return Field(name, comparison, content, _one_day(ago))
        return Field(name, comparison, content, self._days(content, position))

    def _check(self, name: str, value: str, position: int | None) -> None:
        allowed = {
            "status": STATUSES,
            "has": HAVING,
            "is": STATES,
            "rating": ("0", "1", "2", "3", "4", "5", "none"),
            "sort": SORTS,
        }.get(name)
        if allowed and value.lower() not in allowed:
            self._refuse(f"{name}: is one of {', '.join(allowed)}", position)
        if not value.strip():
            self._refuse(f"{name}: needs a value", position)
        if name in NUMBER_FIELDS and not re.fullmatch("[0-9]{1,9}", value):
            self._refuse(f"{name}: needs a number", position)
        if name == "like" and parse_key(value) is None:
            self._refuse("like: needs the arXiv id, the address or the key of a paper", position)

    def _days(self, value: str, position: int | None) -> tuple[date, date]:
        try:
            if not _DATE.fullmatch(value):
                raise ValueError
            year, *rest = map(int, value.split("-"))
            month = rest[0] if rest else None
            ends = (month, month) if month is not None else (1, 12)
            days = (rest[1], rest[1]) if len(rest) > 1 else (1, monthrange(year, ends[1])[1])
            return date(year, ends[0], days[0]), date(year, ends[1], days[1]) + timedelta(days=1)
        except (ValueError, OverflowError):
            self._refuse(
                f"{value!r} is no date: write 2026, 2026-03, 2026-03-05, today or <7d", position
            )

    def _refuse_sort(self, parts: list[Query]) -> None:
        """Refuse an order that is only for some papers, or is not to be."""
        inner = (part for each in parts for part in _flat(each))
        if any(isinstance(part, Field) and part.name == "sort" for part in inner):
            position = self.query.lower().find("sort:")
            self._refuse("sort: orders all papers, it cannot be negated or part of an or", position)

    def _refuse(self, message: str, position: int | None) -> NoReturn:
        raise QueryError(message, query=self.query, position=position or 0)


def _one_day(ago: int) -> tuple[date, date]:
    """Return the day some days ago, as an interval."""
    day = today() - timedelta(days=ago)
    return day, day + timedelta(days=1)


def _flat(query: Query) -> list[Query]:
    return (
        [part for each in query.parts for part in _flat(each)]
        if isinstance(query, All)
        else [query]
    )


def _explain(query: str, error: UnexpectedInput) -> NoReturn:
    place = (
        error.pos_in_stream
        if error.pos_in_stream is not None and error.pos_in_stream >= 0
        else len(query)
    )
    found = query[place : place + 1]
    if found == '"':
        message = "this quotation mark has no partner"
    elif found == ")":
        message = "this bracket closes nothing, or nothing stands before it"
    elif not found or getattr(error, "token", None) == "":
        message, place = (
            "something is missing at the end: a bracket that closes, or a word",
            len(query),
        )
    else:
        message = f"{query[place:].split(maxsplit=1)[0]!r} cannot stand here"
    raise QueryError(message, query=query, position=place) from None


def _size(query: Query) -> int:
    if isinstance(query, All | Either):
        return sum(map(_size, query.parts))
    return _size(query.part) if isinstance(query, Without) else 1
