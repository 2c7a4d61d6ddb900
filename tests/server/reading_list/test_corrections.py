"""Corrections have versions as entries and notes do, and are one's own."""

from uuid import UUID, uuid4

import pytest

from server.database.models.terms import Correction
from server.errors import Conflict, Invalid, NotFound, PreconditionMissing
from server.reading_list.corrections import delete_correction, put_correction
from server.schema.terms import CorrectionEdit
from tests.server.material import FERN, MOSS, edit, second_user, take_in_two

pytestmark = pytest.mark.anyio

ID = UUID(int=1)
WRONG = CorrectionEdit(verdict="wrong", surface="LoRA", label="METHOD")
MISSING = CorrectionEdit(verdict="missing", surface="LoRA", label="METHOD")


@pytest.fixture(autouse=True)
async def papers(store: object) -> None:
    await take_in_two()


async def test_a_correction_is_changed_only_from_its_current_version() -> None:
    assert (await put_correction(edit(0), MOSS, ID, WRONG)).version == 1
    for refused, base in ((Conflict, 0), (Conflict, 2), (PreconditionMissing, None)):
        with pytest.raises(refused) as error:
            await put_correction(edit(base), MOSS, ID, MISSING)
        assert error.value.current.verdict == "wrong"
        with pytest.raises(refused):
            await delete_correction(edit(base), ID)
    assert (await put_correction(edit(1), MOSS, ID, MISSING)).version == 2
    assert (await delete_correction(edit(2), ID)).deleted


async def test_a_new_correction_is_not_written_from_a_version_that_never_was() -> None:
    with pytest.raises(Conflict):
        await put_correction(edit(1), MOSS, ID, WRONG)
    assert not await Correction.all().exists()


async def test_a_correction_sent_again_is_written_once() -> None:
    again = edit(uuid=uuid4())
    first = await put_correction(again, MOSS, ID, WRONG)
    await put_correction(edit(1), MOSS, ID, MISSING)
    state = await put_correction(again, MOSS, ID, WRONG)
    assert (first.version, state.version, state.verdict) == (1, 2, "missing")


async def test_a_correction_deleted_for_good_does_not_come_back_when_it_is_sent_again() -> None:
    again = edit(uuid=uuid4())
    await put_correction(again, MOSS, ID, WRONG)
    await Correction.filter(uuid=ID).delete()
    with pytest.raises(NotFound, match="deleted for good"):
        await put_correction(again, MOSS, ID, WRONG)


async def test_a_deleted_correction_comes_back_by_the_same_verdict() -> None:
    await put_correction(edit(), MOSS, ID, WRONG)
    gone = await delete_correction(edit(1), ID)
    assert await delete_correction(edit(), ID) == gone, "it is deleted once"
    state = await put_correction(edit(2), MOSS, ID, WRONG)
    assert (state.version, state.deleted) == (3, None)


async def test_a_correction_stays_with_its_user_and_its_paper() -> None:
    await put_correction(edit(), MOSS, ID, WRONG)
    ada = await second_user()
    with pytest.raises(Invalid, match="taken"):
        await put_correction(edit(1, user=ada), MOSS, ID, MISSING)
    with pytest.raises(NotFound):
        await delete_correction(edit(1, user=ada), ID)
    with pytest.raises(Invalid, match="another paper"):
        await put_correction(edit(1), FERN, ID, MISSING)
