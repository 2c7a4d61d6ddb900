"""Work beside the requests: it goes on after errors that nobody expected."""

import asyncio

import pytest
from structlog.testing import capture_logs

from server.errors import StoreMoved
from server.web import background
from server.web.background import keep_at

pytestmark = pytest.mark.anyio


async def test_work_that_fails_is_logged_and_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "AGAIN_SECONDS", 0)
    tries = 0

    async def work() -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise KeyError("unforeseen")

    with capture_logs() as logs:
        await asyncio.wait_for(keep_at(work), 10)
    assert tries == 3
    assert [(entry["log_level"], repr(entry["exc_info"])) for entry in logs] == [
        ("error", "KeyError('unforeseen')")
    ] * 2


async def test_work_ends_with_the_store() -> None:
    async def work() -> None:
        raise StoreMoved("gone")

    await asyncio.wait_for(keep_at(work), 10)


async def test_work_that_is_cancelled_ends() -> None:
    task = asyncio.create_task(keep_at(asyncio.Event().wait))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
