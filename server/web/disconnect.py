"""Cancel the work of a request whose client goes away, as by the Cancel button of an import."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from litestar import Request

from server.errors import Cancelled

Result = TypeVar("Result")


async def run_while_connected(
    request: Request[Any, Any, Any], work: Coroutine[Any, Any, Result]
) -> Result:
    """Run something that may take long. Raises `Cancelled` when the client is gone.

    The body of the request must have been read.
    """
    task = asyncio.create_task(work)
    gone = asyncio.create_task(_wait_for_disconnect(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise Cancelled("cancelled, because the client went away")
    finally:
        for each in (task, gone):
            each.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _wait_for_disconnect(request: Request[Any, Any, Any]) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
