"""Queries as SQL for either engine. Pure: nothing here runs what it writes.

Words decide how a query is run. Where all of a query's words are and-ed, the full-text index leads:
it finds the papers that hold them all, ranked, and the user's notes and tags add the papers in
which they supply some. In a query without words, papers like one lead, ranked by how like it they
are. Everything else becomes a condition on a paper `p` and the user's entry `e`. Places are
written `$1`, `$2`, … (see `store.fetch`), and `$1` is always the user.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from typing import Any

from msgspec import Struct, field

from nlp.spans import Label
from nlp.terms import term_of
from server.days import midnight, today
from server.identifiers import fold_term, normalize_title, parse_key, title_key
from server.search.fulltext import (
    ABSTRACT_TEXT,
    AUTHORS,
    ORGANIZATION,
    TITLE,
    TITLE_TEXT,
    Part,
    Spelling,
    expression,
    in_a_row,
    is_searchable,
    names,
    pairs,
    spelled,
    subject,
)
from server.search.parser import (
    NUMBER_FIELDS,
    ROLE_FIELDS,
    TERM_FIELDS,
    Alike,
    All,
    Either,
    Field,
    Query,
    Text,
    Without,
)
from server.words import tokens

# how much a hit is raised over those of the index's own rank, which stays under a hundred: its
# words are the whole title, the subject of it, its start, a phrase in it, words of it, an author
WHOLE_BONUS, SUBJECT_BONUS, START_BONUS, PHRASE_BONUS = 20_000.0, 4_000.0, 500.0, 2_000.0
TITLE_BONUS, AUTHOR_BONUS, PAIR_BONUS, OWN_WORDS = 1_000.0, 1_500.0, 100.0, 500.0
TERM_SCORE = 0.0  # below every paper that has the words themselves
NEAR_TEXT, NEAR_TITLE, MAX_NEAR = 100.0, 50.0, 12


class Sql(Struct):
    """A statement under construction: its values, the words whose hits rank and make snippets, and
    a paper's number.
    """

    postgres: bool
    everything: bool
    paper: str
    values: list[Any] = field(default_factory=list)
    words: list[Text] = field(default_factory=list)

    def add(self, value: Any) -> str:
        """Take a value in and give its place."""
        self.values.append(value)
        return f"${len(self.values)}"


class Selection(Struct, kw_only=True):
    """Papers that a query asks for: the FROM and WHERE of a SELECT, and its relevance, or None
    where none is known.

    `paper` is where a paper's number is. What else is read of the paper `p` costs a look at its
    row, which is long, so that whoever wants to sort and count should not: joins that nothing is
    read of are left out by either engine.
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

    @property
    def is_whole_list(self) -> bool:
        """Whether it is the user's whole list."""
        return not self.everything and len(self.conditions) == 1 and self.score is None

    def body(self, *more: str) -> str:
        """Write FROM and WHERE, with further conditions."""
        conditions = [*self.conditions, *more]
        return f"FROM {self.source}" + (f" WHERE {' AND '.join(conditions)}" if conditions else "")


def select(
    query: All, *, user: int, everything: bool, postgres: bool, nearest: bool = False
) -> Selection:
    """Write what selects the papers of a query: of the user's list, or of the whole store.

    With `nearest`, papers count that have some of the query's words. Where only papers with an
    entry can be found, the user's entries are read even for a query of the whole store, as they
    are few beside its papers.
    """
    words, others = _divide(query)
    alike = None if words else _find_alike(others)
    of_entries = not everything or any(map(_needs_entry, others))
    of_all = "e.paper_id" if of_entries else "p.id"
    sql = Sql(postgres, everything, "h.paper_id" if words or alike else of_all)
    sql.add(user)
    conditions = _conditions(sql, query, words, others)
    hits = _rank_alike(alike) if alike else _hits_of(sql, words, nearest=nearest)
    if hits:
        source = _source_of_hits(hits, everything=everything)
    elif of_entries:
        source = "entry e LEFT JOIN paper p ON p.id = e.paper_id"
        conditions = [_own_first(others, everything=everything, postgres=postgres), *conditions]
    else:
        own = _own_entries(everything=True)
        source = f"paper p LEFT JOIN entry e ON e.paper_id = p.id AND {own}"
    return Selection(
        paper=sql.paper,
        everything=everything,
        source=source,
        conditions=conditions,
        values=sql.values,
        words=sql.words,
        score="h.score" if hits else None,
    )


def _find_alike(parts: list[Query]) -> Alike | None:
    return next((part for part in parts if isinstance(part, Alike)), None)


def _conditions(sql: Sql, query: All, words: list[Text], others: list[Query]) -> list[str]:
    """Write the conditions of a query's parts beside the and-ed words, and collect all words."""
    conditions = [_condition(sql, part) for part in others]
    if _is_of_signs(query) and not (words or others):
        conditions.append("FALSE")
    sql.words = words + [word for part in others for word in _positive_words(part)]
    return conditions


def _is_tag(part: Query) -> bool:
    return isinstance(part, Field) and part.name == "tag"


def _hits_of(sql: Sql, words: list[Text], *, nearest: bool) -> str | None:
    if not words:
        return None
    return _nearest(sql, words) if nearest else _hits(sql, words)


def _divide(query: All) -> tuple[list[Text], list[Query]]:
    """Return the words that are and-ed at the top of a query, and its other parts."""
    parts = [part for part in map(_searchable, query.parts) if part is not None]
    words = [part for part in parts if isinstance(part, Text)]
    return words, [part for part in parts if not isinstance(part, Text)]


def _is_of_signs(query: All) -> bool:
    """Return whether a query has words without a letter or a digit, which are in no paper."""
    return any(isinstance(part, Text) and not is_searchable(part) for part in query.parts)


def _needs_entry(part: Query) -> bool:
    """Return whether only papers on which the user has an entry can pass a part of a query."""
    if isinstance(part, All):
        return any(map(_needs_entry, part.parts))
    if isinstance(part, Either):
        return all(map(_needs_entry, part.parts))
    if not isinstance(part, Field):
        return False
    value = part.value.lower()
    return (
        part.name in ("tag", "added", "is", "due")
        or (part.name in ("status", "rating") and value != "none")
        or (part.name == "has" and value in ("tag", "rating", "due"))
    )


def _source_of_hits(hits: str, *, everything: bool) -> str:
    """Write what the papers of a ranked query are read from."""
    joint, own = "LEFT JOIN" if everything else "JOIN", _own_entries(everything=everything)
    entries = f"{joint} entry e ON e.paper_id = h.paper_id AND {own}"
    return f"({hits}) h {entries} LEFT JOIN paper p ON p.id = h.paper_id"


def _own_first(others: list[Query], *, everything: bool, postgres: bool) -> str:
    """Write the condition that entries are the user's, for what is read from entries first."""
    own = _own_entries(everything=everything)
    if postgres or not any(map(_is_tag, others)):
        return own
    # a tag is on few papers: with a plus, SQLite cannot go through all entries of the user instead,
    # https://sqlite.org/optoverview.html#disqualifying_where_clause_terms_using_unary_
    return own.replace("e.user_id", "+e.user_id")


def _own_entries(*, everything: bool) -> str:
    """Write that an entry is the user's, and in the list unless everything is asked for."""
    own = "e.user_id = $1 AND e.deleted IS NULL"
    return own if everything else f"{own} AND e.status <> 'none'"


def papers_of(terms: str, role: str | None = None) -> str:
    """Select the papers that mention one of some terms, as the corrections of the user `$1` have
    it.

    With `role`, the place of a role's name, only papers that have the term in this role.
    """
    in_role = [f" AND {row}.role = {role}" if role else "" for row in ("y", "c")]
    return (
        f"SELECT y.paper_id FROM paper_term y WHERE y.term_id IN ({terms}){in_role[0]} "
        "AND NOT EXISTS (SELECT 1 FROM corrected_term c WHERE c.user_id = $1 "
        "AND c.paper_id = y.paper_id AND c.term_id = y.term_id) UNION SELECT c.paper_id "
        f"FROM corrected_term c WHERE c.user_id = $1 AND c.term_id IN ({terms}) "
        f"AND c.added{in_role[1]}"
    )


def _searchable(query: Query) -> Query | None:
    """Return a query without what asks for nothing: words of signs alone, and its order.

    `- moss` means moss.
    """
    if isinstance(query, Text):
        return query if is_searchable(query) else None
    if isinstance(query, Field) and query.name == "sort":  # it selects no papers
        return None
    if isinstance(query, Without):
        part = _searchable(query.part)
        return Without(part) if part is not None else None
    if isinstance(query, All | Either):
        parts = tuple(part for part in map(_searchable, query.parts) if part is not None)
        return type(query)(parts) if parts else None
    return query


def match_papers(place: str, *, postgres: bool) -> str:
    """Select the row ids of the papers that the full-text expression at a place finds."""
    if postgres:
        return f"SELECT id FROM paper WHERE search @@ to_tsquery('papermargin', {place}::text)"
    return f"SELECT rowid FROM paper_fts WHERE paper_fts MATCH {place}"


def match_notes(place: str, *, postgres: bool) -> str:
    """Write that a full-text expression at a place finds the note `n`."""
    if postgres:
        return f"n.search @@ to_tsquery('papermargin', {place}::text)"
    return f"n.id IN (SELECT rowid FROM note_fts WHERE note_fts MATCH {place})"


def _hits(sql: Sql, words: list[Text]) -> str:
    """Select the papers that hold all words, in their text or in the user's notes and tags.

    At the end are those that mention the term which the words are a name of: a paper that says DPO
    is also about direct preference optimization.
    """
    groups = spelled(words)
    margins = [
        f"m{n} AS MATERIALIZED ({_margin(sql, word, group)})"
        for n, (word, group) in enumerate(zip(words, groups, strict=True))
    ]
    union = " UNION ".join(f"SELECT paper_id FROM m{n}" for n in range(len(words)))
    margins.append(f"margin AS MATERIALIZED ({union})")
    in_margins = "SELECT paper_id FROM margin"
    supplied = f"SELECT s.paper_id FROM ({_with_words(sql, in_margins)}) s"
    if len(words) > 1:  # a single word is in a margin's paper already
        each = [
            f"(s.paper_id IN (SELECT paper_id FROM m{n}) "
            f"OR {_holds(sql, 's', 'paper_id', [group])})"
            for n, group in enumerate(groups)
        ]
        supplied += f" WHERE {' AND '.join(each)}"
    found, bonus, named = _found(sql, groups), _bonus(sql, words, groups), _naming(sql, words)
    return (
        # SQLite would move conditions on papers into the hits, where some cannot be answered
        f"WITH {', '.join(margins)}, found AS MATERIALIZED ({found}), hits AS MATERIALIZED "
        f"(SELECT f.paper_id, f.score + {bonus} + CASE WHEN f.paper_id IN ({in_margins}) "
        f"THEN {OWN_WORDS} ELSE 0.0 END AS score FROM found f "
        f"UNION ALL SELECT o.paper_id, {OWN_WORDS} FROM "
        f"({supplied} EXCEPT SELECT paper_id FROM found) o) SELECT * FROM hits "
        f"UNION ALL SELECT t.paper_id, {TERM_SCORE} FROM "
        f"({named} EXCEPT SELECT paper_id FROM hits) t"
    )


def _bonus(sql: Sql, words: list[Text], groups: list[list[Spelling]]) -> str:
    """Write what raises a hit in the title over one in the abstract, the closer the more.

    The hit is the row `f` of those that are found.
    """
    text = " ".join(word.text for word in words)
    phrase, of_two = in_a_row(words), pairs(words)
    raised: list[tuple[float, list[list[Spelling]], Part]] = [
        (TITLE_BONUS, groups, TITLE),
        # two words in a row are looked up once
        (PHRASE_BONUS + PAIR_BONUS * of_two.count(phrase), [[phrase]], TITLE_TEXT),
        (AUTHOR_BONUS, [names(text, prefix=False)], AUTHORS),
        *((PAIR_BONUS, [[pair]], TITLE_TEXT) for pair in of_two if pair != phrase),
    ]
    for bonus, prefix in ((SUBJECT_BONUS, False), (START_BONUS, True)):
        if named := subject(words, prefix=prefix):
            raised.append((bonus, [[named]], TITLE))
    cases = [
        f"CASE WHEN {_holds(sql, 'f', 'paper_id', sought, part)} THEN {bonus} ELSE 0.0 END"
        for bonus, sought, part in raised
    ]
    whole = f"f.paper_id IN (SELECT id FROM paper WHERE title_digest = {sql.add(title_key(text))})"
    return " + ".join([*cases, f"CASE WHEN {whole} THEN {WHOLE_BONUS} ELSE 0.0 END"])


def _nearest(sql: Sql, words: list[Text]) -> str:
    """Select the papers that hold at least half of some words, those that hold most first."""
    groups = spelled(words[:MAX_NEAR])
    every = [
        f"SELECT {_number(sql)} AS paper_id, {points} AS points "
        f"FROM ({_matching(sql, [group], part)}) f"
        for group in groups
        for points, part in ((NEAR_TEXT, None), (NEAR_TITLE, TITLE))
    ]
    least = (len(groups) + 1) // 2 * NEAR_TEXT
    return (
        f"SELECT paper_id, SUM(points) AS score FROM ({' UNION ALL '.join(every)}) g "
        f"GROUP BY paper_id HAVING SUM(points) >= {least}"
    )


def _number(sql: Sql) -> str:
    return "f.id" if sql.postgres else "f.rowid"


def _matching(sql: Sql, groups: list[list[Spelling]], part: Part | None = None) -> str:
    place = sql.add(expression(groups, part, postgres=sql.postgres))
    return match_papers(place, postgres=sql.postgres)


def _holds(
    sql: Sql, row: str, number: str, groups: list[list[Spelling]], part: Part | None = None
) -> str:
    """Write that the paper of a row of few has a spelling of each group.

    PostgreSQL looks at the vector of the row itself: for as many queries of the index as a search
    has, it prefers to read the whole table, as the vectors are stored outside of it.
    """
    if not sql.postgres:
        return f"{row}.{number} IN ({_matching(sql, groups, part)})"
    place = sql.add(expression(groups, part, postgres=True))
    return f"{row}.search @@ to_tsquery('papermargin', {place}::text)"


def _with_words(sql: Sql, papers: str) -> str:
    """Give papers the vectors of their words, which PostgreSQL looks at in `_holds`."""
    if not sql.postgres:
        return papers
    return f"SELECT w.id AS paper_id, w.search FROM ({papers}) m JOIN paper w ON w.id = m.paper_id"


def _found(sql: Sql, groups: list[list[Spelling]]) -> str:
    """Select the number and the relevance of the papers that hold all words."""
    place = sql.add(expression(groups, postgres=sql.postgres))
    if sql.postgres:
        query = f"to_tsquery('papermargin', {place}::text)"
        rank = f"ts_rank('{{0.05, 0.2, 0.3, 1.0}}', search, {query}, 1)::double precision"
        # ranking unpacks each vector, and a list is short beside the store
        own = f"SELECT e.paper_id FROM entry e WHERE {_own_entries(everything=False)}"
        listed = "" if sql.everything else f" AND id IN ({own})"
        return (
            # a vector that is computed is kept as it is, and not unpacked for each bonus
            f"SELECT id AS paper_id, {rank} AS score, search || ''::tsvector AS search "
            f"FROM paper WHERE search @@ {query}{listed}"
        )
    return (
        "SELECT rowid AS paper_id, -bm25(paper_fts, 10.0, 1.0, 5.0, 0.5, 3.0) AS score "
        f"FROM paper_fts WHERE paper_fts MATCH {place}"
    )


def _in_paper(sql: Sql, group: list[Spelling], paper: str) -> str:
    return f"{paper} IN ({_matching(sql, [group])})"


def _margin(sql: Sql, word: Text, group: list[Spelling]) -> str:
    """Select the papers whose notes or tags, of the user's own, hold a word."""
    place = sql.add(expression([group], postgres=sql.postgres))
    spaced = "' ' || replace(replace(replace(t.fold, '/', ' '), '-', ' '), '_', ' ') || ' '"
    pattern = sql.add(f"% {_like(normalize_title(word.text))}{'' if word.prefix else ' '}%")
    return (
        f"SELECT n.paper_id FROM note n WHERE {match_notes(place, postgres=sql.postgres)} "
        "AND n.user_id = $1 AND n.deleted IS NULL UNION ALL "
        "SELECT te.paper_id FROM tag t JOIN entry_tag et ON et.tag_id = t.id "
        "JOIN entry te ON te.id = et.entry_id WHERE t.user_id = $1 AND t.deleted IS NULL "
        f"AND te.deleted IS NULL AND {spaced} LIKE {pattern} ESCAPE '\\'"
    )


def _condition(sql: Sql, query: Query) -> str:
    if isinstance(query, All | Either):
        joint = " AND " if isinstance(query, All) else " OR "
        return f"({joint.join(_condition(sql, part) for part in query.parts)})"
    if isinstance(query, Without):
        return f"NOT COALESCE({_condition(sql, query.part)}, FALSE)"
    if isinstance(query, Text):
        [group] = spelled([query])
        in_margin = f"{sql.paper} IN ({_margin(sql, query, group)})"
        return f"({_in_paper(sql, group, sql.paper)} OR {in_margin})"
    if isinstance(query, Alike):
        ids = ", ".join(str(paper) for paper, _ in query.papers)
        return f"{sql.paper} IN ({ids})" if ids else "FALSE"
    return _FIELDS[query.name](sql, query)


def _rank_alike(alike: Alike) -> str:
    """Select papers like one, ranked by how like it they are."""
    if not alike.papers:
        return "SELECT id AS paper_id, 0.0 AS score FROM paper WHERE FALSE"
    rows = ", ".join(f"({paper}, {similarity})" for paper, similarity in alike.papers)
    return (
        "SELECT column1 AS paper_id, CAST(column2 AS DOUBLE PRECISION) AS score "
        f"FROM (VALUES {rows}) v"
    )


def _positive_words(query: Query) -> list[Text]:
    if isinstance(query, Text):
        return [query]
    return (
        [word for part in query.parts for word in _positive_words(part)]
        if isinstance(query, All | Either)
        else []
    )


def _term(sql: Sql, part: Field) -> str:
    return f"{sql.paper} IN ({_mentioning(_is_term(sql, TERM_FIELDS[part.name], part.value))})"


def _role(sql: Sql, part: Field) -> str:
    """Write that a paper has a method or a dataset in a role."""
    labels: tuple[Label, ...] = ("METHOD", "DATASET")
    tests = (f"({_is_term(sql, label, part.value)})" for label in labels)
    mentioning = _mentioning(" OR ".join(tests), sql.add(ROLE_FIELDS[part.name]))
    return f"{sql.paper} IN ({mentioning})"


def _is_term(sql: Sql, label: Label, name: str) -> str:
    """Write that the term `t` has a name, or begins with one that ends in a star."""
    if not name.endswith("*"):
        return _is_named(sql, label, name)
    begin = sql.add(_like(fold_term(name.rstrip("*"))) + "%")
    return f"t.label = {sql.add(label)} AND t.fold LIKE {begin} ESCAPE '\\'"


def _naming(sql: Sql, words: list[Text]) -> str:
    """Select the papers that mention a term of which some words are the name."""
    name = " ".join(word.text for word in words)
    tests = (f"({_is_named(sql, label, name)})" for label in TERM_FIELDS.values())
    return f"SELECT paper_id FROM ({_mentioning(' OR '.join(tests))}) n"


def _is_named(sql: Sql, label: Label, name: str) -> str:
    """Write that the term `t` has a name, or is what mentions of that name are taken for."""
    folds = sorted({fold_term(text) for text in (name, term_of(name, label))})
    return f"t.label = {sql.add(label)} AND t.fold IN ({', '.join(map(sql.add, folds))})"


def _mentioning(test: str, role: str | None = None) -> str:
    """Select the papers that mention the terms which pass a test, as the user has merged them.

    `role` is the place of the role that the papers mention them in.
    """
    # a name means the root that the user put its term into, and so all that was put there
    own = "LEFT JOIN own_term o ON o.user_id = $1 AND o.term_id ="
    return (
        "WITH named AS (SELECT COALESCE(o.into_id, t.id) AS id "
        f"FROM term t {own} t.id WHERE {test}), root AS (SELECT n.id "
        f"FROM named n {own} n.id WHERE o.hidden IS NOT TRUE), part AS (SELECT id FROM root "
        "UNION SELECT o.term_id FROM own_term o JOIN root ON root.id = o.into_id "
        f"WHERE o.user_id = $1) {papers_of('SELECT id FROM part', role)}"
    )


def _tag(sql: Sql, part: Field) -> str:
    fold = _visible(" ".join(part.value.split()).casefold())
    # a tag stands for those below it too, and `rl/` for those alone
    below = fold.rstrip("*") if fold.endswith("*") else f"{fold.rstrip('/')}/"
    name, pattern = sql.add(fold), sql.add(f"{_like(below)}%")
    return (
        "e.id IN (SELECT et.entry_id FROM tag t JOIN entry_tag et ON et.tag_id = t.id "
        f"WHERE t.user_id = $1 AND t.deleted IS NULL AND (t.fold = {name} OR t.fold LIKE {pattern} "
        "ESCAPE '\\'))"
    )


def _visible(name: str) -> str:
    """Return a folded name as `server.database.versioning.fold_name` folds it."""
    folded = unicodedata.normalize("NFC", name)
    return "".join(c for c in folded if unicodedata.category(c) != "Cf")


def _author(sql: Sql, part: Field) -> str:
    if not tokens(part.value):
        return "FALSE"
    whole = _matching(sql, [names(part.value, prefix=False)], AUTHORS)
    begun = _matching(sql, [names(part.value, prefix=True)], AUTHORS)
    # a part of a name means all names that begin with it, but only where it is nobody's whole name
    return f"({sql.paper} IN ({whole}) OR (NOT EXISTS ({whole}) AND {sql.paper} IN ({begun})))"


def _text(sql: Sql, part: Field) -> str:
    """Write that a paper's title or abstract has the words in a row."""
    [group] = spelled([_sought(part)])
    columns = {"title": TITLE, "abstract": ABSTRACT_TEXT}[part.name]
    return f"{sql.paper} IN ({_matching(sql, [group], columns)})" if tokens(part.value) else "FALSE"


def _note(sql: Sql, part: Field) -> str:
    """Write that a note of the user's on a paper has the words in a row."""
    if not tokens(part.value):
        return "FALSE"
    place = sql.add(expression(spelled([_sought(part)]), postgres=sql.postgres))
    return (
        f"{sql.paper} IN (SELECT n.paper_id FROM note n WHERE "
        f"{match_notes(place, postgres=sql.postgres)} AND n.user_id = $1 AND n.deleted IS NULL)"
    )


def _sought(part: Field) -> Text:
    return Text(part.value.rstrip("*"), prefix=part.value.endswith("*"))


def _organization(sql: Sql, part: Field) -> str:
    """Write that a paper is of an organization whose name has the words, the last of them begun."""
    return _named(sql, part, "organization")


def _keyword(sql: Sql, part: Field) -> str:
    """Write that a keyword of a paper has the words, the last of them begun."""
    return _named(sql, part, "hugging_face ->> 'keywords'")


def _named(sql: Sql, part: Field, names: str) -> str:
    """Write that a column of names has the words, the last of them begun.

    The index finds the words, also in the abstract's other spellings, and the column decides.
    """
    words = tuple(tokens(part.value))
    if not words:
        return "FALSE"
    found = _matching(sql, [[Spelling(words, prefix=True)]], ORGANIZATION)
    # SQLite folds the case of ASCII alone: any other letter may be any one letter
    name = re.sub(r"[^\x00-\x7f]", "_", _like(part.value.rstrip("*").lower()))
    pattern = sql.add(f"%{name}%")
    is_named = f"LOWER({names}) LIKE {pattern} ESCAPE '\\'"
    if sql.postgres:
        return f"{sql.paper} IN ({found} AND {is_named})"
    return f"{sql.paper} IN (SELECT o.id FROM paper o WHERE o.id IN ({found}) AND {is_named})"


def _count(sql: Sql, part: Field) -> str:
    # by the index, in which -1 stands for an unknown number
    number = f"COALESCE(u.{part.name}, -1)"
    test = f"{number} {part.comparison} {sql.add(int(part.value))}"
    if part.comparison in ("<", "<="):
        test = f"{test} AND {number} >= 0"
    return f"{sql.paper} IN (SELECT u.id FROM paper u WHERE {test})"


def _status(sql: Sql, part: Field) -> str:
    """Write that a paper has a status; one that is snoozed is not in the inbox."""
    status = part.value.lower()
    if status == "none":
        return "COALESCE(e.status, 'none') = 'none'"
    is_so = f"e.status = {sql.add(status)}"
    return f"({is_so} AND {is_awake(today())})" if status == "inbox" else is_so


def _is_snoozed(now: date) -> str:
    """Write that an entry `e` is snoozed on a day."""
    return f"(e.snoozed_until IS NOT NULL AND e.snoozed_until > DATE('{now}'))"


def is_awake(now: date) -> str:
    """Write that an entry `e` of the user is not snoozed on a day.

    Few are snoozed: an index has those, so that the rows of the others are not looked at.
    """
    return (
        "e.id NOT IN (SELECT z.id FROM entry z WHERE z.user_id = $1 "
        f"AND z.snoozed_until IS NOT NULL AND z.snoozed_until > DATE('{now}'))"
    )


def _is_queued(now: date) -> str:
    """Write that an entry `e` is in the user's reading queue on a day."""
    return f"(e.queue IS NOT NULL AND {is_awake(now)})"


def _is_overdue(now: date) -> str:
    """Write that the day by which the paper of an entry `e` is to be read is over."""
    return f"(e.due IS NOT NULL AND e.due < DATE('{now}'))"


def plan_states(now: date) -> dict[str, str]:
    """Write the conditions on an entry `e` for the values of `is:` on a day."""
    return {"queued": _is_queued(now), "snoozed": _is_snoozed(now), "overdue": _is_overdue(now)}


def _is(sql: Sql, part: Field) -> str:
    return plan_states(today())[part.value.lower()]


def _due(sql: Sql, part: Field) -> str:
    return _interval(sql, part, "e.due", lambda day: day)


def _rating(sql: Sql, part: Field) -> str:
    if part.value.lower() == "none":
        return "e.rating IS NULL"
    return f"e.rating {part.comparison} {sql.add(int(part.value))}"


def _has(sql: Sql, part: Field) -> str:
    return {
        "note": _has_note(sql),
        "code": "p.code_url IS NOT NULL",
        "tag": "EXISTS (SELECT 1 FROM entry_tag et JOIN tag t ON t.id = et.tag_id "
        "WHERE et.entry_id = e.id AND t.user_id = $1 AND t.deleted IS NULL)",
        "rating": "e.rating IS NOT NULL",
        "due": "e.due IS NOT NULL",
        "result": "CAST(p.results AS TEXT) <> '[]'",
        "abstract": "p.abstract <> ''",
        "summary": "p.summarized",
        "model": "p.models > 0",
        "dataset": "p.datasets > 0",
        "space": "p.spaces > 0",
    }[part.value.lower()]


def _has_note(sql: Sql) -> str:
    """Write that a paper has a note of the user's.

    Each entry of a list is looked up among the notes, so that a page needs only as many as it
    shows. Of the papers of the whole store, too few have a note for that.
    """
    noted = "FROM note n WHERE n.user_id = $1 AND n.deleted IS NULL"
    if sql.paper == "e.paper_id":
        return f"EXISTS (SELECT 1 {noted} AND n.paper_id = e.paper_id)"
    return f"{sql.paper} IN (SELECT n.paper_id {noted})"


def _interval(sql: Sql, part: Field, column: str, edge: Callable[[date], Any]) -> str:
    assert part.days is not None  # the parser gives every date field its days
    first, end = map(edge, part.days)
    if part.comparison == "=":
        return f"({column} >= {sql.add(first)} AND {column} < {sql.add(end)})"
    bound = {">": (">=", end), ">=": (">=", first), "<": ("<", first), "<=": ("<", end)}[
        part.comparison
    ]
    return f"{column} {bound[0]} {sql.add(bound[1])}"


def _added(sql: Sql, part: Field) -> str:
    return _interval(sql, part, "e.added", midnight)


def _published(sql: Sql, part: Field) -> str:
    return _interval(sql, part, "p.published", lambda day: day)


def _listed(sql: Sql, part: Field) -> str:
    within = _interval(sql, part, "l.day", lambda day: day)
    listed = "listing l JOIN listing_paper lp ON lp.listing_id = l.id"
    return f"{sql.paper} IN (SELECT lp.paper_id FROM {listed} WHERE {within})"


def _key(sql: Sql, part: Field) -> str:
    key = sql.add(parse_key(part.value) or part.value)
    doi = sql.add(part.value.casefold())
    return (
        f"{sql.paper} IN (SELECT k.id FROM paper k WHERE k.key = {key} "
        f"UNION ALL SELECT d.id FROM paper d WHERE d.doi IS NOT NULL AND LOWER(d.doi) = {doi} "
        f"UNION ALL SELECT a.paper_id FROM alias a WHERE a.key = {key})"
    )


def _like(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)


_FIELDS: dict[str, Callable[[Sql, Field], str]] = {
    **dict.fromkeys(TERM_FIELDS, _term),
    **dict.fromkeys(ROLE_FIELDS, _role),
    "tag": _tag,
    "author": _author,
    "org": _organization,
    "keyword": _keyword,
    "title": _text,
    "abstract": _text,
    "note": _note,
    "status": _status,
    "rating": _rating,
    "has": _has,
    **dict.fromkeys(NUMBER_FIELDS, _count),
    "added": _added,
    "published": _published,
    "listed": _listed,
    "due": _due,
    "is": _is,
    "key": _key,
}
