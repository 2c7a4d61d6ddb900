"""A store of random papers, and a plain copy of them to check searches by brute force."""

import random
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from msgspec import Struct, field
from msgspec.structs import asdict

from nlp.spans import LABELS, Extraction, Label, Mention
from server.days import today
from server.extraction.save import PaperExtraction, store_readings, unread
from server.reading_list.entries import put_entry
from server.reading_list.notes import put_note
from server.schema.hugging_face import HuggingFaceFacts, LinkedRepositories, Repositories
from server.schema.reading_list import EntryEdit, NoteEdit, Plan
from tests.server.material import NOW, edit, source, take_in

WORDS = [
    "moss",
    "fern",
    "peat",
    "bog",
    "spore",
    "frond",
    "rhizome",
    "lichen",
    "canopy",
    "humus",
    "sedge",
    "alder",
]
TAGS = ["wet/bog", "wet/fen", "Dry", "rl", "to-read"]
TERMS: dict[Label, list[str]] = {
    label: [f"{label.title()}-{n}" for n in range(4)] for label in LABELS
}
STATUSES = ["none", "inbox", "reading", "read", "skipped"]


class Known(Struct):
    """What a test knows of a paper: its words and its entry of `me` (`status` None: no entry)."""

    key: str
    title: list[str]
    abstract: list[str]
    published: date | None
    upvotes: int | None
    has_code: bool
    comments: int | None = None
    facts: HuggingFaceFacts | None = None
    status: str | None = None
    rating: int | None = None
    tags: list[str] = field(default_factory=list)
    added: datetime | None = None
    plan: Plan = Plan()
    note: list[str] = field(default_factory=list)
    terms: list[tuple[Label, str]] = field(default_factory=list)

    @property
    def listed(self) -> bool:
        """Return whether the paper is in the reading list."""
        return self.status not in (None, "none")

    @property
    def snoozed(self) -> bool:
        """Return whether the paper is away until a day that is to come."""
        return self.plan.snoozed_until is not None and self.plan.snoozed_until > today()

    @property
    def queued(self) -> bool:
        """Return whether the paper is in the reading queue now."""
        return self.plan.queue is not None and not self.snoozed

    @property
    def overdue(self) -> bool:
        """Return whether the paper was to be read before today."""
        return self.plan.due is not None and self.plan.due < today()

    def holds(self, word: str) -> bool:
        """Return whether a word is in the text, the note or a tag."""
        tags = (
            " ".join(self.tags).lower().replace("/", " ").replace("-", " ").split()
            if self.status
            else []
        )
        return word in [*self.title, *self.abstract, *self.note, *self.keywords, *tags]

    @property
    def keywords(self) -> list[str]:
        """Return the keywords that Hugging Face gives the paper."""
        return self.facts.keywords if self.facts else []

    @property
    def has_summary(self) -> bool:
        """Return whether Hugging Face summarizes the paper."""
        return self.facts is not None and self.facts.summary is not None

    @property
    def links(self) -> LinkedRepositories | None:
        """Return what of Hugging Face refers to the paper, None if it is not known."""
        return self.facts.links if self.facts else None

    @property
    def stars(self) -> int:
        """Return the stars of the paper's code, -1 if they are not known."""
        stars = self.facts.stars if self.facts else None
        return -1 if stars is None else stars


async def fill(seed: int, count: int, others: int = 2) -> list[Known]:
    """Fill the open store with random papers, some of them in the list of `me`.

    The user with the id `others` writes notes on some of them, which `me` must not find.
    """
    chance = random.Random(seed)
    papers = [_make(chance, n) for n in range(count)]
    await take_in(
        *(
            source(
                paper.key,
                " ".join(paper.title),
                abstract=" ".join(paper.abstract),
                published=paper.published,
                upvotes=paper.upvotes,
                code_url="https://example.org/code" if paper.has_code else None,
                comments=paper.comments,
                hugging_face=paper.facts,
            )
            for paper in papers
        )
    )
    for n, paper in enumerate(papers):
        await _write(chance, paper, n)
        if chance.random() < 0.2:
            uuid = UUID(int=10_000 + n)
            await put_note(
                edit(user=others),
                uuid,
                NoteEdit(paper=paper.key, text=" ".join(chance.sample(WORDS, 2))),
            )
    await _read(papers)
    return papers


def facets(papers: Iterable[Known]) -> dict[str, Counter[str]]:
    """Count the facets of some papers by brute force."""
    names = ("status", "is", "tag", "year", "has", *map(str.lower, LABELS))
    found: dict[str, Counter[str]] = {name: Counter() for name in names}
    for paper in papers:
        if not (paper.status == "inbox" and paper.snoozed):
            found["status"][paper.status or "none"] += 1
        found["is"].update(
            name for name in ("queued", "snoozed", "overdue") if getattr(paper, name)
        )
        found["tag"].update(paper.tags)
        if paper.published:
            found["year"][str(paper.published.year)] += 1
        found["has"].update(
            name for name, given in (("note", paper.note), ("code", paper.has_code)) if given
        )
        for label, name in set(paper.terms):
            found[label.lower()][name] += 1
    return found


def choose(papers: list[Known], test: Callable[[Known], bool], *, everything: bool) -> set[str]:
    """Return the keys of the papers that pass a test, of the list or of the whole store."""
    return {paper.key for paper in papers if (everything or paper.listed) and test(paper)}


def _make(chance: random.Random, n: int) -> Known:
    return Known(
        key=f"2601.{n:05}",
        title=[*chance.choices(WORDS, k=2), f"n{n}"],
        abstract=chance.choices(WORDS, k=chance.randrange(1, 8)),
        published=chance.choice(
            [None, date(2024, 5, 1), date(2025, 5, 1), date(2025, 5, 2), date(2026, 1, 1)]
        ),
        upvotes=chance.choice([None, 0, 3, 3, 40]),
        has_code=chance.random() < 0.3,
        comments=chance.choice([None, 0, 7]),
        facts=_make_facts(chance),
        terms=[(label, chance.choice(TERMS[label])) for label in LABELS if chance.random() < 0.6],
    )


def _make_facts(chance: random.Random) -> HuggingFaceFacts | None:
    links = LinkedRepositories(
        models=Repositories(total=chance.choice([0, 3]), first=["bog/moss"]),
        spaces=Repositories(total=chance.choice([0, 1])),
        observed=NOW,
    )
    facts = HuggingFaceFacts(
        summary=chance.choice([None, "It is damp."]),
        keywords=chance.choices(WORDS, k=chance.randrange(3)),
        stars=chance.choice([None, 0, 200]),
        links=chance.choice([None, links]),
        observed=NOW,
    )
    return chance.choice([None, facts])


async def _write(chance: random.Random, paper: Known, n: int) -> None:
    if chance.random() < 0.6:
        paper.status = chance.choice(STATUSES)
        paper.rating = chance.choice([None, 0, 3, 5])
        paper.tags = sorted(chance.sample(TAGS, chance.randrange(3)), key=str.casefold)
        # few different times, so that a stable order needs a second criterion
        paper.added = NOW + timedelta(minutes=chance.randrange(3))
        if paper.listed:
            paper.plan = _make_plan(random.Random(n))
        wish = EntryEdit(
            status=paper.status, rating=paper.rating, tags=paper.tags, **asdict(paper.plan)
        )
        minutes = round((paper.added - NOW) / timedelta(minutes=1))
        await put_entry(edit(minutes=minutes), paper.key, wish)
        if chance.random() < 0.4:
            paper.note = chance.sample(WORDS, 2)
            await put_note(
                edit(), UUID(int=n + 1), NoteEdit(paper=paper.key, text=" ".join(paper.note))
            )


def _make_plan(chance: random.Random) -> Plan:
    """Make a plan, of which each part is missing or over more often than not."""
    ahead, over = today() + timedelta(days=3), today() - timedelta(days=3)
    return Plan(
        chance.choice([None, None, 1.0, 2.0, 2.5]),
        chance.choice([None, None, today(), over, ahead]),
        chance.choice([None, None, today(), over, ahead]),
    )


async def _read(papers: list[Known]) -> None:
    terms = {paper.key: paper.terms for paper in papers}
    while batch := await unread("1", limit=200):
        readings = [
            PaperExtraction(
                paper,
                Extraction([Mention(0, 1, label, name) for label, name in terms[paper.key]], []),
            )
            for paper in batch
        ]
        await store_readings(readings, "1", datetime.now(UTC))
