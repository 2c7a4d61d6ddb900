"""What a new reader is led through while there is nothing in their list and in the store."""

from typing import Any

from server.pages.settings import extension_folder
from server.pages.shell import Reading
from server.papers import is_empty
from server.tokens import list_devices


async def first_run(request: Reading) -> dict[str, Any] | None:
    """Give what `first-run.html` needs, None once the store has a paper."""
    if not await is_empty():
        return None
    agent = request.headers.get("user-agent", "")
    return {
        "extension": extension_folder(),
        "browser": "firefox" if "Firefox/" in agent else "chromium",
        "address": str(request.base_url).rstrip("/"),
        "paired": any(device.kind == "device" for device in await list_devices(request.user)),
    }
