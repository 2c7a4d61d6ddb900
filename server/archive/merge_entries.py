"""Merge an archive's tags and entries into the store: only what the store lacks is filled in."""

from uuid import uuid4

from msgspec.structs import asdict

from server.archive.counts import Tally, change_of, find_papers, made_step, row_ids
from server.archive.format import ArchivedEntry, ArchivedTag
from server.database.models.json_columns import encode
from server.database.models.papers import Paper
from server.database.models.reading_list import Entry, EntryTag, Tag
from server.database.serializers import entry_state, tags_of
from server.database.versioning import TRASHED, Edit, record_many
from server.reading_list.tags import claim_tags, clean_tag, fold_tag
from server.schema.imports import EntrySaved, Step, TagColoured
from server.schema.reading_list import EntryState


async def merge_tags(
    edit: Edit, tags: list[ArchivedTag], tally: Tally, steps: list[Step]
) -> list[tuple[Tag, list[str]]]:
    """Merge tags; return the new ones that are in the trash, each with the keys of its papers."""
    trashed = []
    rows = await Tag.filter(user_id=edit.user)
    alive = {tag.fold: tag for tag in rows if tag.deleted is None}
    known = {(fold_tag(tag.name), tag.created) for tag in rows}
    for archived in tags:
        fold = fold_tag(archived.name)
        if archived.deleted and (fold, archived.created) in known:
            tally.same += 1
        elif archived.deleted or fold not in alive:
            tag = await _create_tag(edit, archived, fold)
            steps.append(made_step("tag", tag, tag.name))
            tally.created += 1
            if archived.deleted:
                trashed.append((tag, archived.trashed))
            else:
                alive[fold] = tag
        elif await _merge_tag(edit, alive[fold], archived, tally):
            steps.append(_coloured(alive[fold]))
    return trashed


async def _create_tag(edit: Edit, archived: ArchivedTag, fold: str) -> Tag:
    tag = await Tag.create(
        user_id=edit.user,
        name=clean_tag(archived.name),
        # a tag in the trash leaves its fold to a successor
        fold=f"{fold}{TRASHED}{uuid4().hex}" if archived.deleted else fold,
        colour=archived.colour,
        version=archived.version,
        created=archived.created,
        updated=archived.updated,
        deleted=archived.deleted,
    )
    await record_many(edit, [change_of("tag", tag.name, None, tag)])
    return tag


async def _merge_tag(edit: Edit, tag: Tag, archived: ArchivedTag, tally: Tally) -> bool:
    """Give a tag the colour that only the archive has, and return whether it got one."""
    if tag.colour is None and archived.colour is not None:
        tag.colour, tag.version, tag.updated = archived.colour, tag.version + 1, edit.at
        await tag.save()
        await record_many(edit, [change_of("tag", tag.name, None, tag)])
        tally.merged += 1
        return True
    tally.count(equal=archived.colour in (None, tag.colour))
    return False


def _coloured(tag: Tag) -> TagColoured:
    return TagColoured(row=tag.id, key=tag.name, colour=tag.colour or "")


async def merge_entries(
    edit: Edit, entries: list[ArchivedEntry], tally: Tally, steps: list[Step]
) -> None:
    """Merge entries and their tags; what differs stays as the store has it."""
    papers = await find_papers(entry.key for entry in entries)
    rows = await _rows(edit, papers)
    names = await tags_of([row.id for row in rows.values()])
    tags = await _claim_tags(edit, _names(entries, rows, papers), steps)
    fresh, changes, links = [], [], []
    earlier: dict[int, EntryState | None] = {}
    for archived in entries:
        paper, row = papers[archived.key], rows.get(papers[archived.key].id)
        if row is None:
            row = rows[paper.id] = _new_entry(edit, archived, paper)
            fresh.append(row)
            before, added = None, _new_tags(archived, [])
            tally.created += 1
        elif _is_settled(row, archived):
            tally.count(equal=(row.deleted is None) == (archived.deleted is None))
            continue
        else:
            before = entry_state(row, paper.key, names[row.id])
            added = _new_tags(archived, before.tags)
            if not await _merge_entry(edit, row, archived, tally, tags_differ=bool(added)):
                continue
        earlier.setdefault(paper.id, before)
        links += [(paper.id, tag) for tag in sorted(added)]
        text = encode(before) if before else None
        changes.append(change_of("entry", paper.key, paper, row, before=text))
    await Entry.bulk_create(fresh)
    await _link_tags(edit, papers, [(paper, tags[tag]) for paper, tag in links])
    await record_many(edit, changes)
    steps += await _entry_steps(edit, papers, earlier)


async def _claim_tags(edit: Edit, names: list[str], steps: list[Step]) -> dict[str, int]:
    """Return the row ids of tags by their folds, making those that the archive does not list."""
    known = {tag.id for tag in await Tag.filter(user_id=edit.user, deleted=None)}
    claimed = await claim_tags(edit, names)
    steps += [made_step("tag", tag, tag.name) for tag in claimed if tag.id not in known]
    return {tag.fold: tag.id for tag in claimed}


async def _entry_steps(
    edit: Edit, papers: dict[str, Paper], earlier: dict[int, EntryState | None]
) -> list[EntrySaved]:
    """Return the steps of the entries that were made or changed, by the row ids of their papers."""
    keys = {paper.id: paper.key for paper in papers.values()}
    rows = {paper: row for paper, row in (await _rows(edit, papers)).items() if paper in earlier}
    names = await tags_of([row.id for row in rows.values()])
    return [
        EntrySaved(
            key=keys[paper],
            tags=[],
            before=earlier[paper],
            after=entry_state(row, keys[paper], names[row.id]),
        )
        for paper, row in rows.items()
    ]


def _is_settled(row: Entry, archived: ArchivedEntry) -> bool:
    """Return whether an entry stays as it is: in the trash on one side, or just created."""
    return row.pk is None or row.deleted is not None or archived.deleted is not None


async def _rows(edit: Edit, papers: dict[str, Paper]) -> dict[int, Entry]:
    """Return the user's entries by the row ids of their papers."""
    rows = await Entry.filter(user_id=edit.user, paper_id__in=row_ids(papers))
    return {row.paper_id: row for row in rows}


async def _link_tags(edit: Edit, papers: dict[str, Paper], links: list[tuple[int, int]]) -> None:
    """Link entries, by the row ids of their papers, to tags."""
    rows = Entry.filter(user_id=edit.user, paper_id__in=row_ids(papers))
    ids = dict(await rows.values_list("paper_id", "id"))
    await EntryTag.bulk_create([EntryTag(entry_id=ids[paper], tag_id=tag) for paper, tag in links])


def _new_tags(archived: ArchivedEntry, known: list[str]) -> set[str]:
    return set(map(fold_tag, archived.tags)) - set(map(fold_tag, known))


def _names(
    entries: list[ArchivedEntry], rows: dict[int, Entry], papers: dict[str, Paper]
) -> list[str]:
    """Return the tags that will be needed; an entry that is in the trash on one side needs none."""
    names: dict[str, None] = {}
    for entry in entries:
        row = rows.get(papers[entry.key].id)
        if row is None or not (row.deleted or entry.deleted):
            names |= dict.fromkeys(entry.tags)
    return list(names)


def _new_entry(edit: Edit, archived: ArchivedEntry, paper: Paper) -> Entry:
    return Entry(
        user_id=edit.user,
        paper_id=paper.id,
        status=archived.status,
        rating=archived.rating,
        version=archived.version,
        added=archived.added,
        updated=archived.updated,
        deleted=archived.deleted,
        **asdict(archived.plan),
    )


async def _merge_entry(
    edit: Edit, row: Entry, archived: ArchivedEntry, tally: Tally, *, tags_differ: bool
) -> bool:
    """Fill in what only the archive has; return whether anything changed."""
    status = archived.status if row.status == "none" else row.status
    rating = archived.rating if row.rating is None else row.rating
    is_done = row.status in ("read", "skipped")
    plan = row.plan if is_done else row.plan.fill(archived.plan)
    wanted = (status, rating, plan)
    if wanted == (row.status, row.rating, row.plan) and not tags_differ:
        tally.count(equal=wanted == (archived.status, archived.rating, archived.plan))
        return False
    row.status, row.rating, row.updated = status, rating, edit.at
    row.plan = plan
    row.version = max(row.version, archived.version) + 1
    await row.save()
    tally.merged += 1
    return True


async def link_trashed(edit: Edit, tag: Tag, keys: list[str]) -> None:
    """Link a tag in the trash to the papers that had it, so that it can be restored with them."""
    papers = await find_papers(keys)
    entries = await Entry.filter(user_id=edit.user, paper_id__in=row_ids(papers)).order_by("id")
    await EntryTag.bulk_create([EntryTag(entry_id=entry.id, tag_id=tag.id) for entry in entries])
