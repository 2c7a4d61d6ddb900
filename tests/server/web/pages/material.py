"""Test data of the pages: invented papers with mentions, some of them in the list of `me`."""

from datetime import date, timedelta
from uuid import UUID

from nlp.spans import Extraction, Label, Mention, Result, Role
from server.database.models.papers import Paper
from server.extraction.save import PaperExtraction, store_readings, unread
from server.reading_list.bulk import EntryChange, change_entries
from server.reading_list.entries import put_entry
from server.reading_list.notes import put_note
from server.schema.quote import Quote
from server.schema.reading_list import EntryEdit, NoteEdit
from server.schema.sources import SourceListing, SourcePaper
from tests.server.material import NOW, edit, source, take_in

PAPERS, LISTED = 270, 260
LANTERN = "2601.00000"
ABSTRACT = (
    "We teach a lantern to read. LanternNet, trained on MothSet with contrastive flicker, "
    "reaches 91.2% accuracy in moth classification, where $O(n \\log n)$ steps were needed before. "
    "Nothing of this happened."
)
METHODS = ["LanternNet", "Flicker-LoRA", "Dusk Attention", "Wick Tuning"]
DATASETS = ["MothSet", "DuskBench", "Gloaming-1M"]
RARE = " for moth classification"  # of two papers alone
TAGS = ["night/moths", "rl", "to compare"]


def key(number: int) -> str:
    """The key of the n-th paper."""
    return f"2601.{number:05}"


async def fill() -> None:
    """Fill the open store: the first paper is the richest, the last ten are not in the list."""
    await take_in(
        *(_paper(number) for number in range(PAPERS)),
        listing=SourceListing(kind="daily", name="2026-03-05", day=date(2026, 3, 5)),
    )
    await _read()
    ids = [row.id for row in sorted(await Paper.all(), key=lambda row: row.key)]
    await change_entries(edit(), ids[1:LISTED], EntryChange(status="inbox"))
    await change_entries(edit(), ids[20:40], EntryChange(status="reading", tag=(TAGS[0],)))
    await change_entries(edit(), ids[40:100], EntryChange(status="read", tag=(TAGS[1],)))
    # the one that is opened most stands first
    wish = EntryEdit(status="reading", rating=4, tags=[TAGS[0], TAGS[2]])
    await put_entry(edit(force=True, minutes=1), LANTERN, wish)
    quote = Quote(exact="contrastive flicker", prefix="MothSet with ", suffix=", reaches")
    await put_note(
        edit(minutes=2),
        UUID(int=1),
        NoteEdit(paper=LANTERN, text="Ask *why* $x^2$ flickers.", quote=quote),
    )


def _paper(number: int) -> SourcePaper:
    return source(
        key(number),
        f"{METHODS[number % 4]} for the {number}th lantern"
        if number
        else "A lantern that reads $x^2$",
        abstract=ABSTRACT
        if number == 0
        else f"{METHODS[number % 4]} meets {DATASETS[number % 3]} on evening {number}"
        f"{RARE if number == 7 else ''}.",
        authors=["Ada Quill", "Ben Marginalia", "Cleo Fascicle", "Dan Verso"],
        published=date(2026, 1, 1) - timedelta(days=5 * number),
        upvotes=number % 50,
        code_url="https://example.org/lantern" if number % 5 == 0 else None,
    )


async def _read() -> None:
    while batch := await unread("1", limit=200):
        readings = [
            PaperExtraction(paper, Extraction(_mentions(paper.text), _results(paper.text)))
            for paper in batch
        ]
        await store_readings(readings, "1", NOW)


def _mentions(text: str) -> list[Mention]:
    names: dict[str, Label] = dict.fromkeys(METHODS, "METHOD") | dict.fromkeys(DATASETS, "DATASET")  # type: ignore[assignment]
    names |= {"accuracy": "METRIC", "moth classification": "TASK", "contrastive flicker": "METHOD"}
    found = [(at, name) for name in names if (at := text.rfind(name)) >= 0]
    return [
        Mention(at, at + len(name), names[name], name, role=_role(text, name))
        for at, name in sorted(found)
    ]


def _role(text: str, name: str) -> Role | None:
    """The paper with a result introduces LanternNet; the others use what they mention."""
    if name not in (*METHODS, *DATASETS):
        return None
    return "introduced" if name == "LanternNet" and "91.2%" in text else "used"


def _results(text: str) -> list[Result]:
    at = text.find("91.2%")
    return (
        [
            Result(
                at,
                at + 5,
                "91.2%",
                91.2,
                "%",
                "accuracy",
                "MothSet",
                "LanternNet",
                kind="own",
                sentence_start=text.rfind(". ", 0, at) + 2,
                sentence_end=text.find(". ", at) + 1,
            )
        ]
        if at >= 0
        else []
    )
