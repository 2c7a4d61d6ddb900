"""Queries as SQL for either engine. Pure: nothing here runs what it writes.

Words decide how a query is run. Where all of a query's words are and-ed, the full-text index leads: it finds the papers
that hold them all, ranked, and the reader's notes and tags add the papers in which they supply some. Everything else
becomes a condition on a paper `p` and the reader's entry `e`. Places are written `$1`, `$2`, … (see `store.fetch`), and
`$1` is always the reader.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any

from msgspec import Struct, field

from server.identity import fold_term, normalize_title, parse_key
from server.query import TERM_FIELDS, All, Either, Field, Query, Text, Without


class Sql(Struct):
    """A statement under construction: its values, the words whose hits rank and make snippets, and a paper's number."""

    postgres: bool
    paper: str
    values: list[Any] = field(default_factory=list)
    words: list[Text] = field(default_factory=list)

    def add(self, value: Any) -> str:
        """Take a value in and give its place."""
        self.values.append(value)
        return f"${len(self.values)}"


class Selection(Struct, kw_only=True):
    """Papers that a query asks for: the FROM and WHERE of a SELECT, and its relevance, or None where none is known.

    `paper` is where a paper's number is. What else is read of the paper `p` costs a look at its row, which is long, so
    that whoever wants to sort and count should not: joins that nothing is read of are left out by either engine.
    """

    paper: str
    everything: bool
    source: str
    conditions: list[str]
    values: list[Any]
    words: list[Text]
    score: str | None

    @property
    def is_whole(self) -> bool:
        """Whether it is all papers of the store."""
        return self.everything and not self.conditions and self.score is None

    def body(self, *more: str) -> str:
        """Write FROM and WHERE, with further conditions."""
        conditions = [*self.conditions, *more]
        return f"FROM {self.source}" + (f" WHERE {' AND '.join(conditions)}" if conditions else "")


def select(query: All, *, reader: int, everything: bool, postgres: bool) -> Selection:
    """Write what selects the papers of a query: of the reader's list, or of the whole store."""
    parts = [part for part in map(_searchable, query.parts) if part is not None]
    words = [part for part in parts if isinstance(part, Text)]
    others = [part for part in parts if not isinstance(part, Text)]
    sql = Sql(postgres, "h.paper_id" if words else "p.id" if everything else "e.paper_id")
    sql.add(reader)
    conditions = [_condition(sql, part) for part in others]
    sql.words = words + [word for part in others for word in _positive_words(part)]
    own = "e.user_id = $1 AND e.deleted IS NULL" + ("" if everything else " AND e.status <> 'none'")
    if words:
        joint = "LEFT JOIN" if everything else "JOIN"
        source = f"({_hits(sql, words)}) h {joint} entry e ON e.paper_id = h.paper_id AND {own} "
        source += "LEFT JOIN paper p ON p.id = h.paper_id"
    elif everything:
        source = f"paper p LEFT JOIN entry e ON e.paper_id = p.id AND {own}"
    else:
        source, conditions = "entry e LEFT JOIN paper p ON p.id = e.paper_id", [own, *conditions]
    return Selection(
        paper=sql.paper, everything=everything, source=source, conditions=conditions, values=sql.values,
        words=sql.words, score="h.score" if words else None,
    )  # fmt: skip


def papers_of(terms: str) -> str:
    """Select the papers that mention one of some terms, as the corrections of the reader `$1` have it."""
    return (
        f"SELECT y.paper_id FROM paper_term y WHERE y.term_id IN ({terms}) AND NOT EXISTS (SELECT 1 "
        "FROM corrected_term c WHERE c.user_id = $1 AND c.paper_id = y.paper_id AND c.term_id = y.term_id) UNION "
        f"SELECT c.paper_id FROM corrected_term c WHERE c.user_id = $1 AND c.term_id IN ({terms}) AND c.added"
    )


def is_searchable(word: Text) -> bool:
    """Tell whether a word or phrase has anything that the full-text index knows: a letter or a digit."""
    return bool(re.search(r"[^\W_]", word.text))


def _searchable(query: Query) -> Query | None:
    """Give a query without words of signs alone, which ask for nothing: `- moss` means moss."""
    if isinstance(query, Text):
        return query if is_searchable(query) else None
    if isinstance(query, Without):
        part = _searchable(query.part)
        return Without(part) if part is not None else None
    if isinstance(query, All | Either):
        parts = tuple(part for part in map(_searchable, query.parts) if part is not None)
        return type(query)(parts) if parts else None
    return query


def match(words: list[Text], *, any_of: bool = False) -> str:
    """Write words as an FTS5 expression (https://sqlite.org/fts5.html#full_text_query_syntax)."""
    quoted = ['"' + word.text.replace('"', '""') + '"' + (" *" if word.prefix else "") for word in words]
    return (" OR " if any_of else " AND ").join(quoted)


def tsquery(word: Text, place: str) -> str:
    """Write a word or phrase at `place` as a tsquery; the last word of a prefix is open at its end."""
    query = f"phraseto_tsquery('papermargin', {place})"
    return f"(({query})::text || ':*')::tsquery" if word.prefix else query


def _hits(sql: Sql, words: list[Text]) -> str:
    margins = [f"m{n} AS MATERIALIZED ({_margin(sql, word)})" for n, word in enumerate(words)]
    supplied = f"SELECT m.paper_id FROM ({' UNION '.join(f'SELECT paper_id FROM m{n}' for n in range(len(words)))}) m"
    if len(words) > 1:  # a single word is in a margin's paper already, of several each has to be somewhere
        each = [
            f"(m.paper_id IN (SELECT paper_id FROM m{n}) OR {_in_paper(sql, word, 'm.paper_id')})"
            for n, word in enumerate(words)
        ]
        supplied += f" WHERE {' AND '.join(each)}"
    number, score, found = _found(sql, words)
    return (
        # SQLite would move conditions on papers into the hits, where some cannot be answered
        f"WITH {', '.join(margins)}, hits AS MATERIALIZED (SELECT {number} AS paper_id, {score} AS score {found} "
        f"UNION ALL SELECT s.paper_id, 0.0 FROM ({supplied} EXCEPT SELECT {number} {found}) s) SELECT * FROM hits"
    )


def _found(sql: Sql, words: list[Text]) -> tuple[str, str, str]:
    """Give the number and the relevance of a paper that holds all words, and where such papers are."""
    if sql.postgres:
        query = " && ".join(tsquery(word, f"{sql.add(word.text)}::text") for word in words)
        return "id", f"ts_rank(search, {query})::double precision", f"FROM paper WHERE search @@ ({query})"
    return "rowid", "-bm25(paper_fts, 5.0, 1.0)", f"FROM paper_fts WHERE paper_fts MATCH {sql.add(match(words))}"


def _in_paper(sql: Sql, word: Text, paper: str) -> str:
    if sql.postgres:
        query = tsquery(word, f"{sql.add(word.text)}::text")
        return f"EXISTS (SELECT 1 FROM paper x WHERE x.id = {paper} AND x.search @@ {query})"
    return f"{paper} IN (SELECT rowid FROM paper_fts WHERE paper_fts MATCH {sql.add(match([word]))})"


def _margin(sql: Sql, word: Text) -> str:
    """Select the papers whose notes or tags, of the reader's own, hold a word."""
    if sql.postgres:
        found = f"n.search @@ {tsquery(word, sql.add(word.text) + '::text')}"
        notes = f"SELECT n.paper_id FROM note n WHERE {found}"
    else:
        place = sql.add(match([word]))
        notes = f"SELECT n.paper_id FROM note_fts f JOIN note n ON n.id = f.rowid WHERE note_fts MATCH {place}"
    spaced = "' ' || replace(replace(replace(t.fold, '/', ' '), '-', ' '), '_', ' ') || ' '"
    pattern = sql.add(f"% {_like(normalize_title(word.text))}{'' if word.prefix else ' '}%")
    tags = (
        "SELECT te.paper_id FROM tag t JOIN entry_tag et ON et.tag_id = t.id JOIN entry te ON te.id = et.entry_id "
        f"WHERE t.user_id = $1 AND t.deleted IS NULL AND te.deleted IS NULL AND {spaced} LIKE {pattern} ESCAPE '\\'"
    )
    return f"{notes} AND n.user_id = $1 AND n.deleted IS NULL UNION {tags}"


def _condition(sql: Sql, query: Query) -> str:
    if isinstance(query, All | Either):
        joint = " AND " if isinstance(query, All) else " OR "
        return f"({joint.join(_condition(sql, part) for part in query.parts)})"
    if isinstance(query, Without):
        return f"NOT COALESCE({_condition(sql, query.part)}, FALSE)"
    if isinstance(query, Text):
        return f"({_in_paper(sql, query, sql.paper)} OR {sql.paper} IN ({_margin(sql, query)}))"
    return _FIELDS[query.name](sql, query)


def _positive_words(query: Query) -> list[Text]:
    if isinstance(query, Text):
        return [query]
    return [word for part in query.parts for word in _positive_words(part)] if isinstance(query, All | Either) else []


def _term(sql: Sql, part: Field) -> str:
    label = sql.add(TERM_FIELDS[part.name])
    fold = fold_term(part.value.rstrip("*"))
    test = f"LIKE {sql.add(_like(fold) + '%')} ESCAPE '\\'" if part.value.endswith("*") else f"= {sql.add(fold)}"
    # a name means the root that the reader put its term into, and so all that was put there
    own = "LEFT JOIN own_term o ON o.user_id = $1 AND o.term_id ="
    return (
        f"{sql.paper} IN (WITH named AS (SELECT COALESCE(o.into_id, t.id) AS id FROM term t {own} t.id "
        f"WHERE t.label = {label} AND t.fold {test}), root AS (SELECT n.id FROM named n {own} n.id "
        "WHERE o.hidden IS NOT TRUE), part AS (SELECT id FROM root UNION SELECT o.term_id FROM own_term o "
        "JOIN root ON root.id = o.into_id WHERE o.user_id = $1) "
        f"{papers_of('SELECT id FROM part')})"
    )


def _tag(sql: Sql, part: Field) -> str:
    fold = " ".join(part.value.split()).casefold()
    name, below = sql.add(fold), sql.add(_like(fold.rstrip("/*")) + ("%" if fold.endswith("*") else "/%"))
    return (
        "e.id IN (SELECT et.entry_id FROM tag t JOIN entry_tag et ON et.tag_id = t.id WHERE t.user_id = $1 "
        f"AND t.deleted IS NULL AND (t.fold = {name} OR t.fold LIKE {below} ESCAPE '\\'))"
    )


def _author(sql: Sql, part: Field) -> str:
    return f"LOWER(CAST(p.authors AS TEXT)) LIKE {sql.add(f'%{_like(part.value.lower())}%')} ESCAPE '\\'"


def _status(sql: Sql, part: Field) -> str:
    status = part.value.lower()
    return "COALESCE(e.status, 'none') = 'none'" if status == "none" else f"e.status = {sql.add(status)}"


def _rating(sql: Sql, part: Field) -> str:
    if part.value.lower() == "none":
        return "e.rating IS NULL"
    return f"e.rating {part.comparison} {sql.add(int(part.value))}"


def _has(sql: Sql, part: Field) -> str:
    return {
        "note": f"{sql.paper} IN (SELECT n.paper_id FROM note n WHERE n.user_id = $1 AND n.deleted IS NULL)",
        "code": "p.code_url IS NOT NULL",
        "tag": "e.id IN (SELECT et.entry_id FROM entry_tag et JOIN tag t ON t.id = et.tag_id "
        "WHERE t.user_id = $1 AND t.deleted IS NULL)",
        "rating": "e.rating IS NOT NULL",
        "result": "CAST(p.results AS TEXT) <> '[]'",
        "abstract": "p.abstract <> ''",
    }[part.value.lower()]


def _interval(sql: Sql, part: Field, column: str, edge: Callable[[date], Any]) -> str:
    assert part.days is not None  # the parser gives every date field its days
    first, end = map(edge, part.days)
    if part.comparison == "=":
        return f"({column} >= {sql.add(first)} AND {column} < {sql.add(end)})"
    bound = {">": (">=", end), ">=": (">=", first), "<": ("<", first), "<=": ("<", end)}[part.comparison]
    return f"{column} {bound[0]} {sql.add(bound[1])}"


def _added(sql: Sql, part: Field) -> str:
    return _interval(sql, part, "e.added", lambda day: datetime.combine(day, time(), UTC))


def _published(sql: Sql, part: Field) -> str:
    return _interval(sql, part, "p.published", lambda day: day)


def _listed(sql: Sql, part: Field) -> str:
    within = _interval(sql, part, "l.day", lambda day: day)
    places = f"SELECT lp.paper_id FROM listing l JOIN listing_paper lp ON lp.listing_id = l.id WHERE {within}"
    return f"{sql.paper} IN ({places})"


def _key(sql: Sql, part: Field) -> str:
    key = sql.add(parse_key(part.value) or part.value)
    return f"(p.key = {key} OR {sql.paper} IN (SELECT a.paper_id FROM alias a WHERE a.key = {key}))"


def _like(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)


_FIELDS: dict[str, Callable[[Sql, Field], str]] = {
    **dict.fromkeys(TERM_FIELDS, _term),
    "tag": _tag,
    "author": _author,
    "status": _status,
    "rating": _rating,
    "has": _has,
    "added": _added,
    "published": _published,
    "listed": _listed,
    "key": _key,
}
