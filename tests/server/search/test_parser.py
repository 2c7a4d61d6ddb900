"""The parser of the query language, on written examples and on random text."""

from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from server.days import today
from server.errors import QueryError
from server.search.parser import (
    DATE_FIELDS,
    FIELDS,
    HAVING,
    MAX_PARTS,
    MAX_QUERY,
    NUMBER_FIELDS,
    STATUSES,
    TERM_FIELDS,
    TEXT_FIELDS,
    All,
    Either,
    Field,
    Query,
    Text,
    Without,
    find_sort,
    parse_query,
    read_asked,
    write_field,
)

# tokens of the grammar, so that random texts reach its rare cases
PIECES = st.sampled_from(
    ['"', "(", ")", "-", " ", "or", "OR", "and", "tag:", "rating:", ">=", "<", "*", "added:",
     "2026", "-03", ":", "x", "status:inbox", "method:LoRA", "é", "\u3000", "\\", "'", "--"]
)  # fmt: skip
NOISE = st.lists(PIECES | st.text(max_size=4), max_size=12).map("".join)

PLAIN = st.from_regex(r"[a-zé][a-zé0-9]{0,7}", fullmatch=True).filter(
    lambda word: word not in ("or", "and")
)
VALUES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9 /-]{0,8}[A-Za-z0-9]", fullmatch=True)
DAYS = st.dates(date(1991, 1, 1), date(2099, 12, 30))
COMPARISONS = st.sampled_from(["=", ">", ">=", "<", "<="])


def day_field(name: str, comparison: str, day: date) -> Field:
    return Field(name, comparison, day.isoformat(), (day, date.fromordinal(day.toordinal() + 1)))


LEAVES: st.SearchStrategy[Query] = st.one_of(
    st.builds(Text, PLAIN, st.booleans()).filter(lambda text: len(text.text) > 1),
    VALUES.filter(lambda text: " " in text).map(Text),
    st.builds(Field, st.sampled_from([*TERM_FIELDS, "tag", "author", "key"]), st.just("="), VALUES),
    st.builds(Field, st.sampled_from([*TEXT_FIELDS, "org", "keyword"]), st.just("="), VALUES),
    st.builds(
        Field,
        st.sampled_from(NUMBER_FIELDS),
        COMPARISONS,
        st.from_regex("[0-9]{1,9}", fullmatch=True),
    ),
    st.builds(Field, st.just("rating"), COMPARISONS, st.sampled_from("012345")),
    st.builds(Field, st.just("status"), st.just("="), st.sampled_from(STATUSES)),
    st.builds(Field, st.just("has"), st.just("="), st.sampled_from(HAVING)),
    st.builds(day_field, st.sampled_from(DATE_FIELDS), COMPARISONS, DAYS),
)


def groups(parts: st.SearchStrategy[Query]) -> st.SearchStrategy[Query]:
    several = st.lists(parts, min_size=2, max_size=4).map(tuple)
    return several.map(All) | several.map(Either) | parts.map(Without)


TREES = st.recursive(LEAVES, groups, max_leaves=12)


def write(query: Query) -> str:
    """Write a tree as a user would."""
    match query:
        case Text(text, prefix):
            return f"{text}*" if prefix else text if text.isalnum() else f'"{text}"'
        case Field(name, comparison, value):
            return f'{name}:{comparison if comparison != "=" else ""}"{value}"'
        case Without(part):
            return f"-{write(part)}" if not isinstance(part, Without) else f"-({write(part)})"
        case All(parts):
            return f"({' '.join(map(write, parts))})"
        case Either(parts):
            return f"({' or '.join(map(write, parts))})"


@given(NOISE)
def test_any_text_is_parsed_or_refused_with_a_position(text: str) -> None:
    try:
        assert isinstance(parse_query(text), All)
    except QueryError as error:
        assert 0 <= error.position <= len(text)
        assert error.query == text
        assert str(error)


@given(TREES)
def test_a_written_query_is_parsed_back(tree: Query) -> None:
    assert parse_query(write(tree)) == (tree if isinstance(tree, All) else All((tree,)))


@given(st.lists(PLAIN, min_size=1, max_size=5))
def test_words_are_combined_with_and(words: list[str]) -> None:
    assert (
        parse_query(" ".join(words))
        == parse_query(" and ".join(words))
        == All(tuple(map(Text, words)))
    )


def test_or_has_lower_precedence_than_a_space() -> None:
    assert parse_query("a b or c") == All((Either((All((Text("a"), Text("b"))), Text("c"))),))


def test_an_empty_query_matches_everything() -> None:
    assert parse_query("") == parse_query(" \t ") == All(())


@pytest.mark.parametrize(
    ("written", "first", "end"),
    [
        ("2025", (2025, 1, 1), (2026, 1, 1)),
        ("2025-02", (2025, 2, 1), (2025, 3, 1)),
        ("2024-12-31", (2024, 12, 31), (2025, 1, 1)),
    ],
)
def test_a_date_is_an_interval_of_days(
    written: str, first: tuple[int, int, int], end: tuple[int, int, int]
) -> None:
    assert parse_query(f"published:{written}") == All(
        (Field("published", "=", written, (date(*first), date(*end))),)
    )


@pytest.mark.parametrize(
    ("written", "comparison", "ago"),
    [
        ("today", "=", 0),
        ("Yesterday", "=", 1),
        ("<today", "<", 0),
        ("7d", ">", 7),
        ("<7d", ">", 7),
        ("<=2w", ">=", 14),
        (">7d", "<", 7),
        (">=7D", "<=", 7),
    ],
)
def test_days_are_counted_back_from_today(written: str, comparison: str, ago: int) -> None:
    [field] = parse_query(f"added:{written}").parts
    assert isinstance(field, Field) and field.days
    assert field.comparison == comparison
    assert field.days[0] == today() - timedelta(days=ago)
    assert field.days[1] - field.days[0] == timedelta(days=1)


@pytest.mark.parametrize(
    ("query", "sort"),
    [("moss", None), ("moss sort:Upvotes", "upvotes"), ("(sort:added) sort:rating", "added")],
)
def test_the_first_order_of_a_query_counts(query: str, sort: str | None) -> None:
    assert find_sort(parse_query(query)) == sort


@pytest.mark.parametrize(
    "written",
    [
        "2401.01234",
        "arXiv:2401.01234",
        "10.1000/moss.fern",
        "https://arxiv.org/abs/2401.01234v2",
        "https://huggingface.co/papers/2401.01234",
        "doi:10.1000/moss",
    ],
)
def test_the_id_or_the_address_of_a_paper_means_that_paper(written: str) -> None:
    [field] = parse_query(written).parts
    assert isinstance(field, Field)
    assert (field.name, field.comparison) == ("key", "=")
    assert field.value in (written, written.removeprefix("doi:"))


@pytest.mark.parametrize("name", ["A*", "Q*"])
def test_a_starred_letter_is_a_name_and_no_prefix(name: str) -> None:
    assert parse_query(name) == All((Text(name),))


@pytest.mark.parametrize("word", ["tag", "status", "foo:", "foo:bar"])
def test_what_is_no_field_is_searched_as_a_word(word: str) -> None:
    assert parse_query(word) == All((Text(word),))


@pytest.mark.parametrize("value", ["0", "1", "2", "3", "4", "5", "none", "None"])
def test_a_rating_is_a_number_up_to_five_or_none(value: str) -> None:
    assert parse_query(f"rating:{value}") == All((Field("rating", "=", value),))


def test_a_query_has_sixty_parts_and_two_thousand_characters() -> None:
    parts = All(tuple(Without(Text("x")) for _ in range(MAX_PARTS)))
    assert parse_query("-x " * MAX_PARTS) == parts
    assert parse_query("x" * MAX_QUERY) == All((Text("x" * MAX_QUERY),))


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_without_a_value_is_refused(field: str) -> None:
    with pytest.raises(QueryError, match="value") as error:
        parse_query(f"moss {field}:")
    assert error.value.position == len(f"moss {field}:")


@pytest.mark.parametrize(
    ("query", "position", "message"),
    [
        ('moss "open', 5, "partner"),
        ("(moss", 5, "missing"),
        ("moss)", 4, "bracket"),
        ("moss or", 7, "missing"),
        (")", 0, "^this bracket closes nothing"),
        ("moss rating:(( fern", 12, r"^'\(\(' cannot stand here"),
        ('"moss', 0, "^this quotation mark has no partner"),
        ("has:fern", 4, "one of note, code"),
        ("status:fern", 7, "one of none, inbox"),
        ("a status:done", 9, "one of none, inbox"),
        ("rating:>=6", 9, "one of 0, 1"),
        ("rating:>none", 7, "cannot be compared"),
        ("added:tomorrow", 6, "no date"),
        ("added:<7x", 7, "no date"),
        ("due:soon", 4, "no date"),
        ("is:read", 3, "one of queued, snoozed"),
        ("is:>queued", 3, "cannot be compared"),
        ("upvotes:many", 8, "needs a number"),
        ("comments:few", 9, "comments: needs a number"),
        ("keyword:>moss", 8, "cannot be compared"),
        ("upvotes:>-1", 9, "needs a number"),
        ("title:>moss", 6, "cannot be compared"),
        ("sort:luck", 5, "one of added, published"),
        ("moss -sort:added", 6, "cannot be negated"),
        ("moss or fern sort:added", 13, "part of an or"),
        ("-(moss sort:added)", 7, "cannot be negated"),
        ("added:2026-02-30", 6, "no date"),
        ("added:2026-00", 6, "no date"),
        ("added:2026-03-00", 6, "no date"),
        ("tag:>x", 4, "cannot be compared"),
        ('tag:" "', 4, "needs a value"),
        ("moss \x00", 5, "NUL"),
        ("\ud800", 0, "NUL"),
    ],
)
def test_an_error_has_the_position(query: str, position: int, message: str) -> None:
    with pytest.raises(QueryError, match=message) as error:
        parse_query(query)
    assert (error.value.position, error.value.query) == (position, query)


@pytest.mark.parametrize(
    ("query", "position", "message"),
    [
        ("word " * (MAX_PARTS + 1), 305, "^a query has at most 60 parts"),
        ("-(a b) " * 31, 217, "^a query has at most 60 parts"),
        ("x" * (MAX_QUERY + 1), MAX_QUERY, "^a query has at most 2000 characters"),
        ("(" * 900 + "a" + ")" * 900, 0, "^this query is nested too deeply"),
        ("-" * 1999 + "a", 0, "^this query is nested too deeply"),
    ],
)
def test_a_query_that_is_too_long_or_too_deep_is_refused(
    query: str, position: int, message: str
) -> None:
    with pytest.raises(QueryError, match=message) as error:
        parse_query(query)
    assert (error.value.position, error.value.query) == (position, query)


@given(
    st.sampled_from([*TERM_FIELDS, "tag"]),
    st.text(min_size=1, max_size=20).filter(lambda text: text.strip()),
)
def test_a_written_field_is_parsed_back(name: str, value: str) -> None:
    value = " ".join(value.replace("\x00", "").split()) or "x"
    assume(not any(0xD800 <= ord(character) < 0xE000 for character in value))
    [field] = parse_query(write_field(name, value)).parts
    assert isinstance(field, Field)
    assert (field.name, field.comparison) == (name, "=")
    assert field.value == value


@given(st.lists(TREES.map(write), max_size=4), st.sampled_from([" ", " and ", " or "]), VALUES)
def test_a_query_can_be_narrowed_by_a_field_and_widened_again(
    parts: list[str], joint: str, value: str
) -> None:
    query = joint.join(parts)
    assume(read_asked(query).widened("tag", value) is None)
    narrowed = read_asked(query).narrowed("tag", value)
    assert parse_query(narrowed).parts[-1] == Field("tag", "=", value)
    widened = read_asked(narrowed).widened("tag", value)
    assert widened is not None
    assert parse_query(widened) == parse_query(query)


def test_a_query_without_or_is_narrowed_without_brackets() -> None:
    assert read_asked("a b").narrowed("tag", "rl") == "a b tag:rl"


def test_an_or_query_is_put_in_brackets_when_narrowed() -> None:
    assert read_asked("a or b").narrowed("tag", "big sur") == '(a or b) tag:"big sur"'


@pytest.mark.parametrize(
    ("query", "widened"),
    [
        ("tag:rl", ""),
        ("a and TAG:RL", "a"),
        ("tag:rl and b", "b"),
        ('"x and" tag:rl', '"x and"'),
        ("a and tag:rl and b", "a and b"),
        ("tag:=rl a", "a"),
        ("a or tag:rl", None),
        ("-tag:rl b", None),
        ("tag:rlhf", None),
    ],
)
def test_only_fields_at_the_top_level_can_be_removed(query: str, widened: str | None) -> None:
    assert read_asked(query).widened("tag", "rl") == widened
