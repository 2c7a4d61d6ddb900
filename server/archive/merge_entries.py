"""Merge an archive's tags and entries into the store: only what the store lacks is filled in."""

from uuid import uuid4

from server.archive.counts import Tally, change_of, chunks, find_papers, row_ids
from server.archive.format import ArchivedEntry, ArchivedTag
from server.database.connection import writing
from server.database.models import Change, Entry, EntryTag, Paper, Tag, encode
from server.database.serializers import entry_state, tags_of
from server.database.versioning import TRASHED, Edit
from server.reading_list.tags import claim_tags, clean_tag, fold_tag


async def merge_tags(
    edit: Edit, tags: list[ArchivedTag], tally: Tally
) -> list[tuple[Tag, list[str]]]:
    """Merge tags; return the new ones that are in the trash, each with the keys of its papers."""
    trashed = []
    async with writing():
        rows = await Tag.filter(user_id=edit.user)
        alive = {tag.fold: tag for tag in rows if tag.deleted is None}
        known = {(fold_tag(tag.name), tag.created) for tag in rows}
        for archived in tags:
            fold = fold_tag(archived.name)
            if archived.deleted and (fold, archived.created) in known:
                tally.same += 1
            elif archived.deleted or fold not in alive:
                tag = await _create_tag(edit, archived, fold)
                tally.created += 1
                if archived.deleted:
                    trashed.append((tag, archived.trashed))
                else:
                    alive[fold] = tag
            else:
                await _merge_tag(edit, alive[fold], archived, tally)
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
    await Change.bulk_create([change_of(edit, "tag", tag.name, None, tag)])
    return tag


async def _merge_tag(edit: Edit, tag: Tag, archived: ArchivedTag, tally: Tally) -> None:
    if tag.colour is None and archived.colour is not None:
        tag.colour, tag.version, tag.updated = archived.colour, tag.version + 1, edit.at
        await tag.save()
        await Change.bulk_create([change_of(edit, "tag", tag.name, None, tag)])
        tally.merged += 1
    elif archived.colour in (None, tag.colour):
        tally.same += 1
    else:
        tally.kept += 1


async def merge_entries(edit: Edit, entries: list[ArchivedEntry], tally: Tally) -> None:
    """Merge entries and their tags; where status or rating differ, the store's value stays."""
    async with writing():
        papers = await find_papers(entry.key for entry in entries)
        rows = await _rows(edit, papers)
        names = await tags_of([row.id for row in rows.values()])
        claimed = await claim_tags(edit, _names(entries, rows, papers))
        tags = {tag.fold: tag.id for tag in claimed}
        fresh, changes, links = [], [], []
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
                state = entry_state(row, paper.key, names[row.id])
                before, added = encode(state), _new_tags(archived, state.tags)
                if not await _merge_entry(edit, row, archived, tally, tags_differ=bool(added)):
                    continue
            links += [(paper.id, tag) for tag in sorted(added)]
            changes.append(change_of(edit, "entry", paper.key, paper, row, before=before))
        await Entry.bulk_create(fresh)
        await _link_tags(edit, papers, [(paper, tags[tag]) for paper, tag in links])
        await Change.bulk_create(changes)


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
    )


async def _merge_entry(
    edit: Edit, row: Entry, archived: ArchivedEntry, tally: Tally, *, tags_differ: bool
) -> bool:
    """Fill in what only the archive has; return whether anything changed."""
    status = archived.status if row.status == "none" else row.status
    rating = archived.rating if row.rating is None else row.rating
    if (status, rating) == (row.status, row.rating) and not tags_differ:
        tally.count(equal=(status, rating) == (archived.status, archived.rating))
        return False
    row.status, row.rating, row.updated = status, rating, edit.at
    row.version = max(row.version, archived.version) + 1
    await row.save()
    tally.merged += 1
    return True


async def link_trashed(edit: Edit, tag: Tag, keys: list[str]) -> None:
    """Link a tag in the trash to the papers that had it, so that it can be restored with them."""
    for chunk in chunks(keys):
        async with writing():
            papers = await find_papers(chunk)
            entries = await Entry.filter(user_id=edit.user, paper_id__in=row_ids(papers)).order_by(
                "id"
            )
            await EntryTag.bulk_create(
                [EntryTag(entry_id=entry.id, tag_id=tag.id) for entry in entries]
            )
