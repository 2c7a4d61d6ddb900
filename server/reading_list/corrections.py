"""Corrections of mentions and results: save one, delete one."""

from collections.abc import Iterable
from uuid import UUID

from server.database.models.papers import Paper
from server.database.models.terms import Correction
from server.database.serializers import correction_state, find_paper
from server.database.transactions import writing
from server.database.versioning import (
    Edit,
    check,
    check_new,
    check_owner,
    is_applied,
    record,
    save_under_id,
)
from server.errors import Invalid, NotFound
from server.schema.terms import CorrectionEdit, CorrectionState
from server.terms.corrected_terms import bears_on, recount


async def put_correction(edit: Edit, key: str, uuid: UUID, data: CorrectionEdit) -> CorrectionState:
    """Keep a verdict on a mention or a result.

    Raises `NotFound`, `Conflict`, `PreconditionMissing` and `Invalid`.
    """
    _check_verdict(data)
    async with writing(edit.user):
        paper = await find_paper(key)
        correction, before = await Correction.get_or_none(uuid=uuid), set[int]()
        if correction is None:
            await check_new(edit)
            check(edit, 0, None)
            correction = Correction(
                uuid=uuid, user_id=edit.user, paper_id=paper.id, version=0, created=edit.at
            )
        else:
            check_owner(correction, edit, paper.id)
            current = correction_state(correction, paper.key)
            if (_same_verdict(correction, data) and not correction.deleted) or await is_applied(
                edit
            ):
                return current
            check(edit, correction.version, current)
            before = await bears_on(correction)
        correction.update_from_dict(
            {field: getattr(data, field) for field in data.__struct_fields__}
        )
        correction.deleted, correction.updated = None, edit.at
        return await _save_correction(edit, correction, paper, before)


async def delete_correction(edit: Edit, uuid: UUID) -> CorrectionState:
    """Move a correction to the trash. Raises `NotFound`, `Conflict` and `PreconditionMissing`."""
    async with writing(edit.user):
        correction = await Correction.get_or_none(uuid=uuid, user_id=edit.user).prefetch_related(
            "paper"
        )
        if correction is None:
            raise NotFound(f"no correction {uuid}")
        current = correction_state(correction, correction.paper.key)
        if correction.deleted or await is_applied(edit):
            return current
        check(edit, correction.version, current)
        correction.deleted = correction.updated = edit.at
        return await _save_correction(edit, correction, correction.paper)


async def _save_correction(
    edit: Edit, correction: Correction, paper: Paper, before: Iterable[int] = ()
) -> CorrectionState:
    """Save a correction and what it makes of the papers that it bears on, or bore on `before`."""
    correction.version += 1
    await save_under_id(correction)
    await recount({*before, *await bears_on(correction)}, user=edit.user)
    deleted = correction.deleted is not None
    await record(
        edit,
        "correction",
        str(correction.uuid),
        paper=paper.key,
        version=correction.version,
        deleted=deleted,
    )
    return correction_state(correction, paper.key)


def _check_verdict(data: CorrectionEdit) -> None:
    if (data.verdict == "relabelled") != (data.to_label is not None):
        raise Invalid("`to_label` goes with the verdict `relabelled`, and with no other")
    _check_result(data)
    if (data.start is None) != (data.end is None) or (data.start or 0) > (data.end or 0):
        raise Invalid("`start` and `end` go together, start first")
    if any("\x00" in surface for surface in (data.surface, *_mended(data))):
        raise Invalid("a surface cannot hold NUL characters")


def _check_result(data: CorrectionEdit) -> None:
    if (data.verdict == "mended") != (data.mended is not None):
        raise Invalid("`mended` goes with the verdict `mended`, and with no other")
    if data.label != "RESULT" and data.mended:
        raise Invalid("only a result can be `mended`")
    is_placed = data.start is not None and not data.everywhere
    if data.label == "RESULT" and not (is_placed and data.verdict in ("wrong", "mended")):
        raise Invalid("a result is `wrong` or `mended`, in one place: `start` to `end`")


def _mended(data: CorrectionEdit) -> list[str]:
    return data.mended.surfaces if data.mended else []


def _same_verdict(correction: Correction, data: CorrectionEdit) -> bool:
    return all(
        getattr(correction, field) == getattr(data, field) for field in data.__struct_fields__
    )
