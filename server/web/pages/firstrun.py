"""The first steps, shown to a new user while the store has no paper."""

from typing import Any

from server.accounts.tokens import list_devices
from server.browser_extension import extension_folder
from server.papers.list import is_empty
from server.web.pages.layout import PageRequest


async def first_run(request: PageRequest) -> dict[str, Any] | None:
    """Return the context of `first-run.html`, or None if the store has a paper."""
    if not await is_empty():
        return None
    devices = await list_devices(request.user, request.app.state.last_uses)
    agent = request.headers.get("user-agent", "")
    return {
        "extension": extension_folder(),
        "browser": "firefox" if "Firefox/" in agent else "chromium",
        "address": str(request.base_url).rstrip("/"),
        "paired": any(device.kind == "device" for device in devices),
    }
