"""A store with at least one of everything that an archive holds, and its archive."""

from datetime import date
from uuid import UUID, uuid4

from tortoise.backends.base.executor import EXECUTOR_CACHE

from nlp.spans import Extraction, Mention, Result
from server.accounts.users import get_user
from server.archive.format import Archive, decode
from server.archive.write import export_archive
from server.config import Config
from server.database.connection import fetch, open_store
from server.database.models.reading_list import SavedSearch
from server.database.models.terms import OwnTerm, Term
from server.database.versioning import TRASHED
from server.extraction.save import PaperExtraction, store_readings, unread
from server.ranking.preferences import put_preference, put_settings
from server.reading_list.corrections import put_correction
from server.reading_list.entries import delete_entry, put_entry, set_seen
from server.reading_list.notes import delete_note, put_note
from server.reading_list.tags import delete_tag, put_tag
from server.schema.hugging_face import HuggingFaceFacts, LinkedRepositories, Repositories
from server.schema.quote import Quote
from server.schema.ranking import PreferenceEdit, RankingEdit
from server.schema.reading_list import EntryEdit, NoteEdit, SeenEdit, TagEdit
from server.schema.sources import SourceListing
from server.schema.terms import CorrectionEdit
from tests.server.material import FERN, MOSS, NOW, edit, source, take_in, take_in_two

NOTE, CORRECTION = UUID(int=1), UUID(int=2)
LICHEN = "hep-th/9901001"
LICHEN_FACTS = HuggingFaceFacts(
    summary="Lichens grow.",
    keywords=["symbiosis"],
    stars=8,
    links=LinkedRepositories(models=Repositories(total=2, first=["bog/lichen"]), observed=NOW),
    observed=NOW,
)


async def write_all_kinds() -> None:
    """Write at least one of everything that an archive holds."""
    await take_in_two()
    await take_in(
        source(title="Lichen Fields"),
        source(FERN),
        listing=SourceListing(kind="capture", name="may.txt"),
    )
    await take_in(
        source(LICHEN, "Lichen Fields", authors=["Ada Birch"], upvotes=3, hugging_face=LICHEN_FACTS)
    )  # it adopts its id
    await take_in(source("2601.00005", "Nobody Keeps This One"))
    await read_abstracts()
    await put_tag(edit(0), "rl", TagEdit(colour="#7c5cbf"))
    await put_entry(
        edit(0),
        MOSS,
        EntryEdit(
            status="reading",
            rating=4,
            tags=["rl", "green/moss", "gone"],
            queue=-1.5,
            snoozed_until=date(2026, 4, 1),
            due=date(2026, 5, 1),
        ),
    )
    await put_entry(edit(0), LICHEN, EntryEdit(tags=["rl"]))
    await delete_entry(edit(force=True), LICHEN)
    await delete_tag(edit(force=True, minutes=1), "gone")
    await put_note(edit(0), NOTE, NoteEdit(paper=MOSS, text="first thought"))
    quote = Quote(exact="prune ferns", prefix="We ", start=3, end=14)
    await put_note(edit(1, minutes=3), NOTE, NoteEdit(paper=MOSS, text="second é 🌿", quote=quote))
    await put_note(edit(0), uuid4(), NoteEdit(paper=FERN, text="thrown away"))
    note = (await fetch("SELECT uuid FROM note WHERE text = 'thrown away'"))[0]["uuid"]
    await delete_note(edit(force=True, minutes=4), UUID(str(note)))
    wrong = CorrectionEdit(
        verdict="relabelled", surface="LoRA", label="METHOD", to_label="TASK", start=33, end=37
    )
    await put_correction(edit(0), MOSS, CORRECTION, wrong)
    await set_seen(edit(minutes=5), SeenEdit(papers=[FERN, LICHEN]))
    await choose()


async def choose() -> None:
    """Save two searches, one of them in the trash, override two terms, and set up the ranking.

    No paper of the user's list mentions one of the terms.
    """
    searches = [("Pruning", "method:LoRA", "rating", None), ("old", "x", None, NOW)]
    for name, query, sort, deleted in searches:
        fold = f"{name.lower()}{TRASHED}1" if deleted else name.lower()
        frame = {
            "user_id": 1,
            "created": NOW,
            "updated": NOW,
            "deleted": deleted,
            "digest": deleted is None,
        }
        await SavedSearch.create(name=name, fold=fold, query=query, sort=sort, **frame)
    lora = await Term.get(fold="lora")
    other = await Term.create(label="METHOD", name="Low-Rank", fold="lowrank")
    for term, fields in ((other, {"into_id": lora.id}), (lora, {"name": "LoRA (low rank)"})):
        await OwnTerm.create(
            user_id=1, term_id=term.id, created=NOW, updated=NOW, version=2, **fields
        )
    await put_preference(edit(0), "word", "Moss", PreferenceEdit(choice="pinned"))
    await put_preference(edit(0), "author", "Ada Birch", PreferenceEdit(choice="muted"))
    await put_settings(edit(0), RankingEdit(enabled=False, least=1.5))


async def read_abstracts() -> None:
    reading = Extraction(
        [Mention(30, 34, "METHOD", "LoRA", 0.9)], [Result(0, 1, "1", 1.0, metric="BLEU")]
    )
    await store_readings(
        [PaperExtraction(paper, reading) for paper in await unread("toy-1", limit=9)], "toy-1", NOW
    )


async def take_out(user: int = 1) -> Archive:
    """Export a user's archive and decode it."""
    return decode(b"".join([piece async for piece in export_archive(user, NOW)]))


async def export_of(config: Config) -> Archive:
    """Fill an empty store and return its archive."""
    EXECUTOR_CACHE.clear()
    async with open_store(config):
        await get_user("me", NOW, create=True)
        await write_all_kinds()
        return await take_out()
