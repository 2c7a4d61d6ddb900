"""The query language, tried on anything."""

from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from server.errors import QueryError
from server.query import (
    DATE_FIELDS,
    FIELDS,
    HAVING,
    MAX_PARTS,
    MAX_QUERY,
    STATUSES,
    TERM_FIELDS,
    All,
    Either,
    Field,
    Query,
    Text,
    Without,
    parse_query,
    read_asked,
    write_field,
)

# what the grammar is made of, so that random texts get into its corners
PIECES = st.sampled_from(
    ['"', "(", ")", "-", " ", "or", "OR", "and", "tag:", "rating:", ">=", "<", "*", "added:", "2026", "-03", ":", "x",
     "status:inbox", "method:LoRA", "é", "\u3000", "\\", "'", "--"]
)  # fmt: skip
NOISE = st.lists(PIECES | st.text(max_size=4), max_size=12).map("".join)

PLAIN = st.from_regex(r"[a-zé][a-zé0-9]{0,7}", fullmatch=True).filter(lambda word: word not in ("or", "and"))
VALUES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9 /-]{0,8}[A-Za-z0-9]", fullmatch=True)
DAYS = st.dates(date(1991, 1, 1), date(2099, 12, 30))
COMPARISONS = st.sampled_from(["=", ">", ">=", "<", "<="])


def day_field(name: str, comparison: str, day: date) -> Field:
    return Field(name, comparison, day.isoformat(), (day, date.fromordinal(day.toordinal() + 1)))


LEAVES: st.SearchStrategy[Query] = st.one_of(
    st.builds(Text, PLAIN, st.booleans()),
    VALUES.filter(lambda text: " " in text).map(Text),
    st.builds(Field, st.sampled_from([*TERM_FIELDS, "tag", "author", "key"]), st.just("="), VALUES),
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
    """Write a tree as a person would."""
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
def test_any_text_is_read_or_refused_at_a_place_in_it(text: str) -> None:
    try:
        assert isinstance(parse_query(text), All)
    except QueryError as error:
        assert 0 <= error.position <= len(text)
        assert error.query == text
        assert str(error)


@given(TREES)
def test_what_is_written_is_read_back(tree: Query) -> None:
    assert parse_query(write(tree)) == (tree if isinstance(tree, All) else All((tree,)))


@given(st.lists(PLAIN, min_size=1, max_size=5))
def test_words_are_and_ed(words: list[str]) -> None:
    assert parse_query(" ".join(words)) == parse_query(" and ".join(words)) == All(tuple(map(Text, words)))


def test_or_binds_weaker_than_a_space() -> None:
    assert parse_query("a b or c") == All((Either((All((Text("a"), Text("b"))), Text("c"))),))


def test_nothing_asks_for_everything() -> None:
    assert parse_query("") == parse_query(" \t ") == All(())


@pytest.mark.parametrize(
    ("written", "first", "end"),
    [
        ("2025", (2025, 1, 1), (2026, 1, 1)),
        ("2025-02", (2025, 2, 1), (2025, 3, 1)),
        ("2024-12-31", (2024, 12, 31), (2025, 1, 1)),
    ],
)
def test_a_date_is_an_interval_of_days(written: str, first: tuple[int, int, int], end: tuple[int, int, int]) -> None:
    assert parse_query(f"published:{written}") == All((Field("published", "=", written, (date(*first), date(*end))),))


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_without_a_value_is_told_so(field: str) -> None:
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
        ("a colour:red", 2, "no field colour:"),
        ("a status:done", 9, "one of none, inbox"),
        ("rating:>=6", 9, "one of 0, 1"),
        ("rating:>none", 7, "cannot be compared"),
        ("added:yesterday", 6, "no date"),
        ("added:2026-02-30", 6, "no date"),
        ("tag:>x", 4, "cannot be compared"),
        ('tag:" "', 4, "needs a value"),
        ("moss \x00", 5, "NUL"),
        ("\ud800", 0, "NUL"),
    ],
)
def test_a_refusal_points_at_the_place(query: str, position: int, message: str) -> None:
    with pytest.raises(QueryError, match=message) as error:
        parse_query(query)
    assert error.value.position == position


@pytest.mark.parametrize(
    "query", ["word " * (MAX_PARTS + 1), "x" * (MAX_QUERY + 1), "(" * 900 + "a" + ")" * 900, "-" * 1999 + "a"]
)
def test_a_query_that_is_too_much_is_refused(query: str) -> None:
    with pytest.raises(QueryError):
        parse_query(query)


@given(st.sampled_from([*TERM_FIELDS, "tag"]), st.text(min_size=1, max_size=20).filter(lambda text: text.strip()))
def test_a_field_is_read_as_it_was_written(name: str, value: str) -> None:
    value = " ".join(value.replace("\x00", "").split()) or "x"
    assume(not any(0xD800 <= ord(character) < 0xE000 for character in value))
    [field] = parse_query(write_field(name, value)).parts
    assert isinstance(field, Field)
    assert (field.name, field.comparison) == (name, "=")
    assert field.value == (value if '"' not in value else value.partition('"')[0] + "*")


@given(st.lists(TREES.map(write), max_size=4), st.sampled_from([" ", " and ", " or "]), VALUES)
def test_a_query_is_narrowed_by_a_field_and_widened_again(parts: list[str], joint: str, value: str) -> None:
    query = joint.join(parts)
    assume(read_asked(query).widened("tag", value) is None)
    narrowed = read_asked(query).narrowed("tag", value)
    assert parse_query(narrowed).parts[-1] == Field("tag", "=", value)
    widened = read_asked(narrowed).widened("tag", value)
    assert widened is not None
    assert parse_query(widened) == parse_query(query)


def test_a_choice_is_narrowed_as_a_whole() -> None:
    assert read_asked("a or b").narrowed("tag", "big sur") == '(a or b) tag:"big sur"'


@pytest.mark.parametrize(
    ("query", "widened"),
    [
        ("tag:rl", ""),
        ("a and TAG:RL", "a"),
        ("tag:rl and b", "b"),
        ('"x and" tag:rl', '"x and"'),
        ("a or tag:rl", None),
        ("-tag:rl b", None),
        ("tag:rlhf", None),
    ],
)
def test_only_what_a_query_asks_for_at_its_top_is_taken_out(query: str, widened: str | None) -> None:
    assert read_asked(query).widened("tag", "rl") == widened
