"""Decisions of a triage: a paper is kept or skipped, and counts as seen from then on."""

from datetime import datetime
from typing import Literal

from server.database.models.changes import Change
from server.database.models.reading_list import Seen
from server.database.serializers import find_paper, load_entry
from server.database.transactions import writing
from server.database.versioning import Edit, record
from server.reading_list.bulk import EntryChange, change_entries, undo
from server.schema.reading_list import EntryState

Decision = Literal["keep", "skip"]


async def decide(edit: Edit, key: str, decision: Decision) -> None:
    """Keep a paper or skip it, and mark it as seen.

    A paper that is kept joins the list, in the inbox, unless it is there already. A paper of the
    list that is skipped gets this status; any other stays out of the list. Raises `NotFound`.
    """
    async with writing(edit.user, is_short=True):
        paper = await find_paper(key)
        _, state = await load_entry(paper, edit.user)
        if change := _change(decision, state):
            await change_entries(edit, [paper.id], change)
        await Seen.filter(user_id=edit.user, paper_id=paper.id).delete()
        await Seen.create(user_id=edit.user, paper_id=paper.id, at=edit.at)
        await record(edit, "seen", paper.key, paper=paper.key, version=1)


async def take_back(edit: Edit, papers: list[int], since: datetime) -> str | None:
    """Undo the last decision on one of some papers since a moment; return the paper's key.

    The paper is new again, and its entry as it was, unless that was changed after the decision.
    Return None if there is no decision to undo.
    """
    async with writing(edit.user):
        decided = Seen.filter(user_id=edit.user, paper_id__in=papers, at__gte=since)
        last = await decided.order_by("-at", "-id").prefetch_related("paper").first()
        if last is None:
            return None
        key: str = last.paper.key
        marks = Change.filter(
            user_id=edit.user, paper_key=key, kind="seen", deleted=False, at__gte=since
        )
        for mark in await marks.order_by("-id"):
            if mark.edit:
                await undo(edit, mark.edit)
        await last.delete()
        await record(edit, "seen", key, paper=key, version=1, deleted=True)
        return key


def _change(decision: Decision, state: EntryState | None) -> EntryChange | None:
    is_listed = state is not None and state.is_listed
    if decision == "skip":
        return EntryChange(status="skipped") if is_listed else None
    if state is None or not is_listed or state.status == "skipped":
        return EntryChange(status="inbox")
    return None
