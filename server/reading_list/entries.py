"""What a person writes on papers: entries, notes, corrections, and which papers they have seen."""

from msgspec import UNSET, Struct

from server.database.models.papers import Paper
from server.database.models.reading_list import Entry, EntryTag, Seen
from server.database.serializers import (
    entry_state,
    find_paper,
    load_entry,
    tags_of,
)
from server.database.transactions import writing
from server.database.versioning import Edit, check, check_new, is_applied, record
from server.errors import NotFound
from server.reading_list.plans import given
from server.reading_list.tags import claim_tags
from server.schema.reading_list import EntryEdit, EntryState, Plan, SeenEdit, Status


class _Values(Struct, frozen=True):
    """What a user says about a paper, with the tags in alphabetical order."""

    status: Status = "none"
    rating: int | None = None
    tags: tuple[str, ...] = ()
    plan: Plan = Plan()


async def put_entry(edit: Edit, key: str, data: EntryEdit) -> EntryState:
    """Make a user's entry on a paper what `data` says, leaving alone what it does not name.

    An entry in the trash counts as none, and comes back as it was. An edit that names no status
    puts the paper in the list. Raises `NotFound`, `Conflict`, `PreconditionMissing` and `Invalid`.
    """
    async with writing(edit.user, is_short=True):
        paper = await find_paper(key)
        entry, current = await load_entry(paper, edit.user)
        if current is None:
            await check_new(edit)
        elif await is_applied(edit):
            return current
        wanted = _wanted(data, current)
        if current and not current.deleted and wanted == _values(current):
            return current
        # an entry in the trash counts as none: who knew of none may write it
        if not (entry and entry.deleted and edit.base == 0):
            check(edit, entry.version if entry else 0, current)
        return await _write_entry(edit, paper, entry, current, wanted)


async def delete_entry(edit: Edit, key: str) -> EntryState:
    """Move a user's entry to the trash; its notes stay.

    Raises `NotFound`, `Conflict` and `PreconditionMissing`.
    """
    async with writing(edit.user, is_short=True):
        paper = await find_paper(key)
        entry, current = await load_entry(paper, edit.user)
        if entry is None or current is None:
            raise NotFound(f"no entry on {key}")
        if entry.deleted or await is_applied(edit):
            return current
        check(edit, entry.version, current)
        entry.deleted = entry.updated = edit.at
        entry.version += 1
        await entry.save()
        await record(
            edit,
            "entry",
            paper.key,
            paper=paper.key,
            version=entry.version,
            deleted=True,
            before=current,
        )
        return entry_state(entry, paper.key, current.tags)


async def set_seen(edit: Edit, data: SeenEdit) -> int:
    """Mark papers as looked through, or as not; give how many that changed.

    Raises `NotFound` for an unknown key.
    """
    async with writing(edit.user):
        papers = {
            paper.id: paper.key
            for paper in [await find_paper(key) for key in dict.fromkeys(data.papers)]
        }
        known = {
            seen.paper_id
            for seen in await Seen.filter(user_id=edit.user, paper_id__in=list(papers))
        }
        changed = [paper for paper in papers if (paper in known) != data.seen]
        if data.seen:
            await Seen.bulk_create(
                [Seen(user_id=edit.user, paper_id=paper, at=edit.at) for paper in changed]
            )
        else:
            await Seen.filter(user_id=edit.user, paper_id__in=changed).delete()
        for paper in changed:
            await record(
                edit, "seen", papers[paper], paper=papers[paper], version=1, deleted=not data.seen
            )
        return len(changed)


def _wanted(data: EntryEdit, current: EntryState | None) -> _Values:
    """Return what an edit makes of an entry: what it does not name stays as it is."""
    was = _values(current) if current else _Values()
    is_listed = current is not None and current.is_listed
    status = given(data.status, was.status if is_listed else "inbox")
    plan = was.plan.carry_over(before=was.status, after=status)
    return _Values(
        status,
        given(data.rating, was.rating),
        tuple(sorted(was.tags if data.tags is UNSET else data.tags, key=str.casefold)),
        Plan(
            given(data.queue, plan.queue),
            given(data.snoozed_until, plan.snoozed_until),
            given(data.due, plan.due),
        ),
    )


def _values(state: EntryState) -> _Values:
    return _Values(state.status, state.rating, tuple(state.tags), state.plan)


async def _write_entry(
    edit: Edit,
    paper: Paper,
    entry: Entry | None,
    current: EntryState | None,
    wanted: _Values,
) -> EntryState:
    if entry is None:
        entry = Entry(user_id=edit.user, paper_id=paper.id, version=0, added=edit.at)
    # it joins the list anew
    elif entry.deleted or entry.status == "none":
        entry.added = edit.at
    entry.status, entry.rating = wanted.status, wanted.rating
    entry.plan = wanted.plan
    entry.deleted, entry.updated = None, edit.at
    entry.version += 1
    await entry.save()
    tags = await claim_tags(edit, [*wanted.tags])
    await EntryTag.filter(entry_id=entry.id).exclude(tag_id__in=[tag.id for tag in tags]).delete()
    linked = {link.tag_id for link in await EntryTag.filter(entry_id=entry.id)}
    await EntryTag.bulk_create(
        [EntryTag(entry_id=entry.id, tag_id=tag.id) for tag in tags if tag.id not in linked]
    )
    await record(edit, "entry", paper.key, paper=paper.key, version=entry.version, before=current)
    return entry_state(entry, paper.key, (await tags_of([entry.id]))[entry.id])


async def list_paper(edit: Edit, paper: Paper) -> None:
    """Put a paper into the list of whoever wrote on it, unless it is there already."""
    # whoever writes on a paper wants to find it again: it joins the list, unless an entry says
    # otherwise
    entry, current = await load_entry(paper, edit.user)
    if entry is not None and entry.deleted is None:
        return
    # forced: the user wrote a note and cannot know the entry's version
    consequence = Edit(user=edit.user, at=edit.at, force=True, source=edit.source)
    await _write_entry(consequence, paper, entry, current, _wanted(EntryEdit(), current))


async def read_entry(key: str, user: int) -> EntryState:
    """Return a user's entry on a paper, also one in the trash. Raises `NotFound`."""
    paper = await find_paper(key)
    _, state = await load_entry(paper, user)
    if state is None:
        raise NotFound(f"no entry on {key}")
    return state
