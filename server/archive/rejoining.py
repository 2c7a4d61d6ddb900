"""An archive's tags and entries joined with those of the store: what only the archive has is filled in."""

from uuid import uuid4

from server.archive.tally import Tally, change_of, chunks, find_papers, row_ids
from server.edits import TRASHED, Edit
from server.export.archive import ArchivedEntry, ArchivedTag
from server.models import Change, Entry, EntryTag, Paper, Tag, encode
from server.states import entry_state, tags_of
from server.store import writing
from server.tags import claim_tags, clean_tag, fold_tag


async def take_tags(edit: Edit, tags: list[ArchivedTag], tally: Tally) -> list[tuple[Tag, list[str]]]:
    """Take tags in; give those that are new in the trash, each with the papers that bore it."""
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


async def take_entries(edit: Edit, entries: list[ArchivedEntry], tally: Tally) -> None:
    """Take entries in, with their tags; of two that differ the store's status and rating stay."""
    async with writing():
        papers = await find_papers(entry.key for entry in entries)
        rows = {row.paper_id: row for row in await Entry.filter(user_id=edit.user, paper_id__in=row_ids(papers))}
        names = await tags_of([row.id for row in rows.values()])
        tags = {tag.fold: tag for tag in await claim_tags(edit, _names(entries, rows, papers))}
        fresh, changes, links = [], [], []
        for archived in entries:
            paper = papers[archived.key]
            wanted = {fold_tag(name) for name in archived.tags}
            if (row := rows.get(paper.id)) is None:
                row = rows[paper.id] = _new_entry(edit, archived, paper)
                fresh.append(row)
                before, added = None, wanted
                tally.created += 1
            elif row.pk is None or row.deleted or archived.deleted:
                tally.count(equal=(row.deleted is None) == (archived.deleted is None))
                continue
            else:
                before = entry_state(row, paper.key, names[row.id])
                added = wanted - {fold_tag(name) for name in before.tags}
                if not _merge_entry(edit, row, archived, tags_differ=bool(added)):
                    tally.count(equal=(row.status, row.rating) == (archived.status, archived.rating))
                    continue
                await row.save()
                tally.merged += 1
            links += [(paper.id, tags[fold].id) for fold in sorted(added)]
            changes.append(change_of(edit, "entry", paper.key, paper, row, before=encode(before) if before else None))
        await Entry.bulk_create(fresh)
        ids = dict(await Entry.filter(user_id=edit.user, paper_id__in=row_ids(papers)).values_list("paper_id", "id"))
        await EntryTag.bulk_create([EntryTag(entry_id=ids[paper_id], tag_id=tag) for paper_id, tag in links])
        await Change.bulk_create(changes)


def _names(entries: list[ArchivedEntry], rows: dict[int, Entry], papers: dict[str, Paper]) -> list[str]:
    """Give the tags that will be needed: an entry in the trash on one side alone takes none."""
    used = [e for e in entries if (row := rows.get(papers[e.key].id)) is None or not (row.deleted or e.deleted)]
    return list(dict.fromkeys(name for entry in used for name in entry.tags))


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


def _merge_entry(edit: Edit, row: Entry, archived: ArchivedEntry, *, tags_differ: bool) -> bool:
    """Fill in what only the archive says, and tell whether that was anything."""
    status = archived.status if row.status == "none" else row.status
    rating = archived.rating if row.rating is None else row.rating
    if (status, rating) == (row.status, row.rating) and not tags_differ:
        return False
    row.status, row.rating, row.updated = status, rating, edit.at
    row.version = max(row.version, archived.version) + 1
    return True


async def link_trashed(edit: Edit, tag: Tag, keys: list[str]) -> None:
    """Let a tag in the trash remember the papers that bore it."""
    for chunk in chunks(keys):
        async with writing():
            papers = await find_papers(chunk)
            entries = await Entry.filter(user_id=edit.user, paper_id__in=row_ids(papers)).order_by("id")
            await EntryTag.bulk_create([EntryTag(entry_id=entry.id, tag_id=tag.id) for entry in entries])
