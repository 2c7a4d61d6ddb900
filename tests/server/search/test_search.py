"""Search and facets on both engines, checked by brute force on random papers."""

import base64
import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from server.days import today
from server.errors import Invalid, QueryError
from server.papers.list import HIT_END, HIT_START, list_papers, read_papers
from server.papers.suggest import suggest
from server.reading_list import tags
from server.reading_list.entries import put_entry
from server.reading_list.notes import delete_note, put_note
from server.schema.reading_list import EntryEdit, NoteEdit
from server.schema.searches import Sort
from tests.server.material import FERN, MOSS, NOW, edit, keys, second_user, source, take_in
from tests.server.random_store import WORDS, Known, choose, facets, fill

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("store")]

Test = Callable[[Known], bool]

QUERIES: list[tuple[str, Test]] = [
    ("", lambda p: True),
    ("moss", lambda p: p.holds("moss")),
    ("MOSS fern", lambda p: p.holds("moss") and p.holds("fern")),
    ("moss -fern", lambda p: p.holds("moss") and not p.holds("fern")),
    ("-moss", lambda p: not p.holds("moss")),
    ("moss or fern", lambda p: p.holds("moss") or p.holds("fern")),
    ("peat (moss or fern)", lambda p: p.holds("peat") and (p.holds("moss") or p.holds("fern"))),
    ("-(moss or fern)", lambda p: not p.holds("moss") and not p.holds("fern")),
    ("rhiz*", lambda p: p.holds("rhizome")),
    ("fen", lambda p: p.holds("fen")),
    ("dry moss", lambda p: p.holds("dry") and p.holds("moss")),
    ("tag:dry", lambda p: "Dry" in p.tags),
    ("tag:wet", lambda p: any(tag.startswith("wet/") for tag in p.tags)),
    ("tag:wet/", lambda p: any(tag.startswith("wet/") for tag in p.tags)),
    ("tag:rl/", lambda p: False),
    ("tag:we*", lambda p: any(tag.startswith("wet/") for tag in p.tags)),
    ("tag:wet/fen or tag:rl", lambda p: "wet/fen" in p.tags or "rl" in p.tags),
    ("-tag:rl", lambda p: "rl" not in p.tags),
    ("status:inbox", lambda p: p.status == "inbox" and not p.snoozed),
    ("is:queued", lambda p: p.queued),
    ("-is:queued moss", lambda p: not p.queued and p.holds("moss")),
    ("is:snoozed or is:overdue", lambda p: p.snoozed or p.overdue),
    ("-is:snoozed", lambda p: not p.snoozed),
    ("has:due -due:<1d", lambda p: p.plan.due is not None and p.plan.due > today()),
    ("due:today", lambda p: p.plan.due == today()),
    ("-due:>=yesterday sort:due", lambda p: p.plan.due is None or p.overdue),
    ("status:none", lambda p: p.status in (None, "none")),
    ("-status:read", lambda p: p.status != "read"),
    ("rating:3", lambda p: p.rating == 3),
    ("rating:>=3", lambda p: (p.rating or 0) >= 3),
    ("rating:<3", lambda p: p.rating == 0),
    ("rating:none", lambda p: p.rating is None),
    ("has:note", lambda p: bool(p.note)),
    ("has:tag -has:rating", lambda p: bool(p.tags) and p.rating is None),
    ("has:code", lambda p: p.has_code),
    ("title:moss", lambda p: "moss" in p.title),
    ("title:rhiz*", lambda p: "rhizome" in p.title),
    ("abstract:moss -title:moss", lambda p: "moss" in p.abstract and "moss" not in p.title),
    ("-abstract:fern", lambda p: "fern" not in p.abstract),
    ("note:moss", lambda p: "moss" in p.note),
    ("upvotes:>3", lambda p: (p.upvotes or 0) > 3),
    ("upvotes:3", lambda p: p.upvotes == 3),
    ("upvotes:<3", lambda p: p.upvotes == 0),
    ("-upvotes:>=3", lambda p: (p.upvotes or 0) < 3),
    ("comments:>5", lambda p: p.comments == 7),
    ("comments:<=5", lambda p: p.comments == 0),
    ("stars:>=100", lambda p: p.stars == 200),
    ("stars:<1 has:summary", lambda p: p.stars == 0 and p.has_summary),
    ("keyword:moss", lambda p: "moss" in p.keywords),
    ("keyword:rhizo -keyword:moss", lambda p: "rhizome" in p.keywords and "moss" not in p.keywords),
    ("has:summary", lambda p: p.has_summary),
    ("-has:summary", lambda p: not p.has_summary),
    ("has:model", lambda p: p.links is not None and p.links.models.total > 0),
    ("has:space or has:dataset", lambda p: p.links is not None and p.links.spaces.total > 0),
    ("-has:code", lambda p: not p.has_code),
    ("sort:upvotes moss", lambda p: p.holds("moss")),
    ("published:2025", lambda p: p.published is not None and p.published.year == 2025),
    ("published:>2025-05-01", lambda p: p.published is not None and p.published > date(2025, 5, 1)),
    ("published:<=2025-05", lambda p: p.published is not None and p.published < date(2025, 6, 1)),
    ("-published:<2026", lambda p: p.published is None or p.published.year == 2026),
    ("added:2026-03-05", lambda p: p.added is not None),
    ("added:>2026-03-05", lambda p: False),
    ("method:method-1", lambda p: ("METHOD", "Method-1") in p.terms),
    ('dataset:"dataset 2"', lambda p: ("DATASET", "Dataset-2") in p.terms),
    ("task:task*", lambda p: any(label == "TASK" for label, _ in p.terms)),
    ("metric:metric0 moss", lambda p: ("METRIC", "Metric-0") in p.terms and p.holds("moss")),
    ("key:2601.00007", lambda p: p.key == "2601.00007"),
]


async def found(query: str, *, everything: bool = True) -> set[str]:
    """Return the keys of all papers that a query selects."""
    return {paper.key async for paper in read_papers(1, query, everything=everything)}


async def test_every_kind_of_query_finds_and_counts_the_right_papers() -> None:
    await second_user()
    papers = await fill(seed=1, count=120)
    for query, test in QUERIES:
        for everything in (True, False):
            right = choose(papers, test, everything=everything)
            assert await found(query, everything=everything) == right, query
            page = await list_papers(1, query, everything=everything, facets=True, limit=200)
            assert page.total == len(right), query
            assert page.facets is not None
            told = {
                name: {v.value: v.count for v in values} for name, values in page.facets.items()
            }
            assert told == facets(paper for paper in papers if paper.key in right), query


@pytest.mark.parametrize(
    "sort", ["added", "published", "rating", "upvotes", "relevance", "queue", "due"]
)
@pytest.mark.parametrize("query", ["", "moss", "-fern"])
async def test_pages_visit_every_paper_once_and_in_order(sort: Sort, query: str) -> None:
    await second_user()
    papers = await fill(seed=2, count=60)
    for everything in (True, False):
        visited, totals = await _visit_pages(query, sort, everything=everything)
        whole = await list_papers(1, query, sort=sort, limit=200, everything=everything)
        assert visited == keys(whole.papers)
        assert len(visited) == len(set(visited))
        assert totals == {len(visited)}
        ordered = [paper for key in visited for paper in papers if paper.key == key]
        assert _is_ordered(ordered, sort, everything=everything)


async def _visit_pages(query: str, sort: Sort, *, everything: bool) -> tuple[list[str], set[int]]:
    """Return the keys on all pages in order, and the totals that the pages state."""
    visited: list[str] = []
    cursor, totals = None, set()
    while True:
        page = await list_papers(1, query, sort=sort, cursor=cursor, limit=7, everything=everything)
        visited += keys(page.papers)
        totals.add(page.total)
        if (cursor := page.next) is None:
            return visited, totals


def _is_ordered(papers: list[Known], sort: Sort, *, everything: bool) -> bool:
    orders: dict[str, Callable[[Known], object]] = {
        "added": lambda p: p.key if everything else p.added,  # they came in the order of their keys
        "published": lambda p: p.published or date.min,
        "rating": lambda p: -1 if p.rating is None else p.rating,
        "upvotes": lambda p: -1 if p.upvotes is None else p.upvotes,
        "relevance": lambda p: 0,
        "queue": lambda p: -999 if p.plan.queue is None else -p.plan.queue,
        "due": lambda p: -(p.plan.due or date.max).toordinal(),
    }
    values: list[Any] = [orders[sort](paper) for paper in papers]
    return values == sorted(values, reverse=True)


async def three_papers() -> None:
    await take_in(
        source(
            MOSS,
            "Sparse Attention for Ferns",
            abstract="Nothing else. We test state-of-the-art transformers.",
        ),
        source(
            FERN,
            "On growth",
            abstract="Here attention is mentioned once, for Müller and the naïve.",
        ),
        source(
            "2601.00003",
            "Quantized Trees",
            abstract="Über 注意力 and C++ code, e.g. x_y; 100% of it.",
        ),
    )


async def test_a_match_in_the_title_ranks_before_one_in_the_abstract() -> None:
    await three_papers()
    page = await list_papers(1, "attention", everything=True)
    assert keys(page.papers) == [MOSS, FERN]


@pytest.mark.parametrize(
    ("query", "right"),
    [
        ('"sparse attention"', {MOSS}),
        ('"attention sparse"', set()),
        ("transformer", {MOSS}),
        ("test", {MOSS}),
        ("quanti*", {"2601.00003"}),
        ("state-of-the-art", {MOSS}),
        ("muller", {FERN}),
        ("müller", {FERN}),
        ("MÜLLER", {FERN}),
        ("注意力", {"2601.00003"}),
        ("C++", {"2601.00003"}),
        ("100%", {"2601.00003"}),
        ("attention or trees", {MOSS, FERN, "2601.00003"}),
        ("of", {"2601.00003", MOSS}),
        ("***", set()),
        ("-!!!", {MOSS, FERN, "2601.00003"}),
        ("*: growth", {FERN}),
    ],
)
async def test_words_are_found_equally_on_both_engines(query: str, right: set[str]) -> None:
    await three_papers()
    assert await found(query) == right


@pytest.mark.parametrize(
    "query",
    ['"', "NEAR(a b)", "a:b:c", "'; DROP TABLE paper; --", "title:x", "a^2", "{a b}", "a & b | !c",
     ":*", "%", "_", "\\", '"a""b"', "é*", "a\u0000b", "\u0000", "x" * 1999, "$1", "?1", "tag:%",
     "tag:\u0000", "author:%", "method:%*", "-*", "rating:٣", "published:٢٠٢٥", "added:9999",
     "published:<0001", "added:0001", "key:'", "\u2068", "𝔸ttention", "a\udcffb"],
)  # fmt: skip
async def test_no_text_breaks_the_search(query: str) -> None:
    await three_papers()
    try:
        await list_papers(1, query, everything=True, facets=True)
    except QueryError as error:
        assert 0 <= error.position <= len(query)


async def test_words_may_match_in_abstract_note_and_tag() -> None:
    await three_papers()
    await put_note(edit(), uuid4(), NoteEdit(paper=MOSS, text="compare with liverworts"))
    await put_entry(edit(force=True), MOSS, EntryEdit(tags=["botany/moss-like"]))
    for query in (
        "liverworts",
        "botany",
        "like",
        "liverworts botany transformers",
        "botan*",
        '"with liverworts"',
    ):
        assert await found(query, everything=False) == {MOSS}, query
    assert await found("liverworts trees") == set()


async def test_a_slash_after_a_tag_asks_for_the_tags_below_it_alone() -> None:
    await three_papers()
    for key, tag in ((MOSS, "rl"), (FERN, "RL/grpo"), ("2601.00003", "rlhf")):
        await put_entry(edit(force=True), key, EntryEdit(tags=[tag]))
    found_by = {"tag:rl": {MOSS, FERN}, "tag:rl/": {FERN}, "tag:rl/*": {FERN}, "tag:rl/gr": set()}
    for query, papers in found_by.items():
        assert await found(query) == papers, query


async def test_notes_and_tags_of_other_users_are_not_searched() -> None:
    await three_papers()
    ada = await second_user()
    await put_note(edit(user=ada), uuid4(), NoteEdit(paper=MOSS, text="secret liverworts"))
    await put_entry(edit(user=ada, force=True), MOSS, EntryEdit(tags=["secret"], rating=5))
    queries = (
        "secret",
        "liverworts",
        "tag:secret",
        "has:note",
        "has:tag",
        "rating:5",
        "status:inbox",
        "secret or sparsely",
    )
    for query in queries:
        assert await found(query) == ({MOSS} if "sparsely" in query else set()), query
    page = await list_papers(1, "", everything=True, facets=True)
    assert page.facets and (page.facets["tag"], page.facets["status"][0].count) == ([], 3)
    assert await suggest(1, "sec", 9) == []


async def test_what_is_in_the_trash_is_not_found() -> None:
    await three_papers()
    await put_note(edit(), note := uuid4(), NoteEdit(paper=MOSS, text="liverworts"))
    await put_entry(edit(force=True), MOSS, EntryEdit(tags=["wet"]))
    await delete_note(edit(1), note)
    await tags.delete_tag(edit(force=True), "wet")
    for query in ("liverworts", "wet", "tag:wet", "has:note", "has:tag"):
        assert await found(query) == set(), query


async def test_an_edited_text_is_found_only_by_its_new_words() -> None:
    await three_papers()
    await put_note(edit(), note := uuid4(), NoteEdit(paper=MOSS, text="liverworts"))
    await put_note(edit(1), note, NoteEdit(paper=MOSS, text="hornworts"))
    await take_in(source(FERN, "On decay", observed=NOW + timedelta(days=1)))
    assert (await found("liverworts"), await found("hornworts")) == (set(), {MOSS})
    assert (await found("growth"), await found("decay")) == (set(), {FERN})


async def test_papers_are_found_by_the_day_of_their_listing() -> None:
    await take_in(source(MOSS, listed=date(2026, 3, 1)), source(FERN, listed=date(2026, 3, 2)))
    assert await found("listed:2026-03-01") == {MOSS}
    assert await found("listed:>2026-03-01") == {FERN}
    assert await found("listed:2026-03") == {MOSS, FERN}


async def test_papers_are_found_by_how_many_days_ago_something_was() -> None:
    for days in (0, 1, 6, 7, 8):
        day = today() - timedelta(days=days)
        await take_in(source(f"2601.{days:05}", published=day))
    for query, ago in [
        ("published:today", {0}),
        ("published:yesterday", {1}),
        ("published:<7d", {0, 1, 6}),
        ("published:7d", {0, 1, 6}),
        ("published:<=1w", {0, 1, 6, 7}),
        ("published:>7d", {8}),
        ("published:>=1W", {7, 8}),
        ("-published:<7d", {7, 8}),
        ("published:<0d", set()),
    ]:
        assert await found(query) == {f"2601.{days:05}" for days in ago}, query


@pytest.mark.parametrize(
    ("query", "right"),
    [
        ("org:jiao", {MOSS}),
        ('org:"jiao tong"', {MOSS}),
        ("org:shang", {MOSS}),
        ('org:"tong jiao"', set()),
        ("org:Universität", {FERN}),
        ("org:UNIVERSITÄT", {FERN}),
        ("org:pruning", set()),
        ("-org:shanghai", {FERN, "2601.00003"}),
        ("org:%", set()),
    ],
)
async def test_papers_are_found_by_their_organization(query: str, right: set[str]) -> None:
    await take_in(
        source(MOSS, organization="Shanghai Jiao Tong University", abstract="fern-pruning"),
        source(FERN, organization="Universität Moosbach", abstract="Of Shanghai's ferns."),
        source("2601.00003", abstract="Jiao-Tong and Shanghai-like fern/pruning."),
    )
    assert await found(query) == right


async def test_phrases_are_found_in_the_field_that_is_asked_for() -> None:
    await take_in(
        source(MOSS, "World models of moss", abstract="A fine-tuned model of the world."),
        source(FERN, "Models", abstract="World-model for ferns."),
    )
    assert await found('title:"world models"') == {MOSS}
    assert await found('abstract:"world model"') == {FERN}
    assert await found("abstract:finetuned") == await found('abstract:"fine tuned"') == {MOSS}
    assert await found('title:"***"') == await found('note:"***"') == set()


async def test_a_query_says_the_order_unless_another_is_chosen() -> None:
    await second_user()
    await fill(seed=3, count=40)
    for query, sort in [("sort:upvotes", "upvotes"), ("moss SORT:published", "published")]:
        asked = query.lower().replace(f"sort:{sort}", "").strip()
        right = await list_papers(1, asked, sort=sort, everything=True)  # type: ignore[arg-type]
        shown = await list_papers(1, query, everything=True, limit=5)
        later = await list_papers(1, query, everything=True, cursor=shown.next)
        assert keys([*shown.papers, *later.papers]) == keys(right.papers)
        assert shown.total == right.total
    chosen = await list_papers(1, "sort:upvotes", sort="published", everything=True)
    assert keys(chosen.papers) == keys(
        (await list_papers(1, sort="published", everything=True)).papers
    )


async def test_an_author_is_found_by_a_part_of_the_name() -> None:
    await take_in(
        source(MOSS, authors=["Ada Fernwood", "B. Moss"]),
        source(FERN, authors=["Zoë Alder", 'O"Brien']),
    )
    assert await found("author:fernw") == {MOSS}
    assert await found('author:"zoë alder"') == {FERN}
    assert await found("author:%") == set()


async def test_a_snippet_marks_the_match() -> None:
    await three_papers()
    [paper] = (await list_papers(1, "transformers", everything=True)).papers
    assert paper.snippet and f"{HIT_START}transformers{HIT_END}" in paper.snippet
    assert (await list_papers(1, "", everything=True)).papers[0].snippet is None


async def test_a_cursor_of_another_order_is_refused() -> None:
    await second_user()
    await fill(seed=3, count=20)
    cursor = (await list_papers(1, sort="added", limit=2, everything=True)).next
    assert cursor
    with pytest.raises(Invalid, match="added"):
        await list_papers(1, sort="rating", cursor=cursor, everything=True)


def forged(*values: object) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(values)).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "", "x", "%%%", "é", "AAAA", forged(), forged("added"), forged("added", "x", 1, 1),
        forged("added", "2026-03-05", 1, -5), forged("added", "2026-03-05T12:00:00Z", 2**70, 1),
        forged("added", "2026-03-05T12:00:00Z", 1, "1; DROP TABLE paper"),
        forged("added", 1e308, 1, 1), forged("added", "9999-12-31T23:59:59-12:00", 1, 1),
        forged("added", "2026-03-05T12:00:00", 1, 1),
        forged("added", "\u0000", 1, 1), forged("added", "2026-03-05T12:00:00Z", 2**40, 2**70),
    ],
)  # fmt: skip
async def test_a_forged_cursor_is_refused_or_harmless(cursor: str) -> None:
    await three_papers()
    try:
        page = await list_papers(1, sort="added", cursor=cursor, everything=True)
    except Invalid:
        return
    assert len(page.papers) <= 3


async def test_no_paper_is_shown_twice_when_one_is_added_between_pages() -> None:
    await take_in(*(source(f"2601.{n:05}") for n in range(10, 16)))
    first = await list_papers(1, limit=3, everything=True)
    await take_in(source("2601.00099"))
    second = await list_papers(1, limit=9, everything=True, cursor=first.next)
    assert (
        len({*keys(first.papers), *keys(second.papers)})
        == 6
        == len(first.papers) + len(second.papers)
    )


async def test_suggestions_complete_tags_and_terms_most_frequent_first() -> None:
    await second_user()
    papers = await fill(seed=4, count=50)
    counted = facets(papers)["method"]
    told = await suggest(1, "method:", 9)
    assert [s.papers for s in told] == sorted(counted.values(), reverse=True)
    assert {s.value: s.papers for s in told} == dict(counted)
    assert [s.query for s in await suggest(1, "we", 9)][:2] in ([
        "tag:wet/bog", "tag:wet/fen"], ["tag:wet/fen", "tag:wet/bog"])  # fmt: skip
    for suggestion in await suggest(1, "task:task", 9):
        assert await found(suggestion.query)


@pytest.mark.parametrize(
    "prefix",
    ["", ":", "tag:", "nofield:x", '"', "method:\u0000", "\u0000", "%", "x" * 200, "\U0010ffff"],
)
async def test_no_prefix_breaks_the_suggestions(prefix: str) -> None:
    await three_papers()
    assert len(await suggest(1, prefix, 3)) <= 3


@pytest.mark.parametrize("seed", range(3))
async def test_random_queries_find_what_brute_force_finds(seed: int) -> None:
    await second_user()
    papers = await fill(seed=seed + 10, count=50)
    chance = random.Random(seed)
    simple = [
        (query, test)
        for query, test in QUERIES
        if query and " " not in query and not query.startswith("-")
    ]
    simple += [(word, lambda p, word=word: p.holds(word)) for word in WORDS]  # type: ignore[misc]
    for _ in range(25):
        query, test = _combine(chance, [chance.choice(simple) for _ in range(3)])
        assert await found(query) == choose(papers, test, everything=True), query


def _combine(chance: random.Random, parts: list[tuple[str, Test]]) -> tuple[str, Test]:
    (a, in_a), (b, in_b), (c, in_c) = parts
    return chance.choice(
        [
            (f"{a} {b} {c}", _all(in_a, in_b, in_c)),
            (f"{a} or {b} {c}", _any(in_a, _all(in_b, in_c))),
            (f"{a} -({b} or {c})", _all(in_a, _not(_any(in_b, in_c)))),
            (f"({a} or {b}) -{c}", _all(_any(in_a, in_b), _not(in_c))),
            (f"-({a} {b}) {c}", _all(_not(_all(in_a, in_b)), in_c)),
        ]
    )


def _all(*tests: Test) -> Test:
    return lambda paper: all(test(paper) for test in tests)


def _any(*tests: Test) -> Test:
    return lambda paper: any(test(paper) for test in tests)


def _not(test: Test) -> Test:
    return lambda paper: not test(paper)
