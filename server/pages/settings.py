"""Settings: devices, pairing, the feeds' address, looks and language, and signing out."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from litestar import Response
from litestar.datastructures import Cookie
from litestar.params import FromPath
from msgspec import Struct

from server.auth import COOKIE
from server.matches import list_names
from server.pages.shell import LANGUAGES, YEAR, Reading, back, read_form, render
from server.syndication import list_addresses
from server.tokens import PAIRING_MINUTES, has_one_reader, issue_code, list_devices, renew_feeds, revoke

FORMATS = {
    "markdown": "Markdown (zip)",
    "bibtex": "BibTeX",
    "ris": "RIS",
    "csl": "CSL-JSON",
    "csv": "CSV",
    "jsonl": "JSON Lines",
    "html": "HTML",
    "webannotation": "Web Annotations",
}


class LooksForm(Struct, kw_only=True):
    """How the pages look and speak; nothing chosen means as the browser says."""

    theme: Literal["", "light", "dark"] = ""
    language: str = ""
    density: Literal["comfortable", "compact"] = "comfortable"


def extension_folder() -> Path:
    """Give the folder of the extension: beside the packages in a checkout, within them where it is installed."""
    beside = Path(__file__).parents[2] / "extension"
    return beside if beside.is_dir() else Path(__file__).parents[1] / "extension"


async def get_settings(request: Reading) -> Response[str]:
    """Show the settings."""
    return await _show(request)


async def post_code(request: Reading) -> Response[str]:
    """Make a pairing code and show it, with the time that is left."""
    now = datetime.now(UTC)
    code = await issue_code(request.user.user, now)
    return await _show(request, code=code, until=now + timedelta(minutes=PAIRING_MINUTES))


async def post_feeds(request: Reading) -> Response[str]:
    """Make the secret address of one's feeds anew and show it, this once."""
    user = request.user.user
    secret = await renew_feeds(user, datetime.now(UTC))
    return await _show(request, feeds=list_addresses(str(request.base_url), secret, await list_names(user)))


async def post_revoke(request: Reading, device: FromPath[int]) -> Response[Any]:
    """Revoke a device's token, or end another browser's session."""
    await revoke(request.user.user, device)
    return back(request, {"here": "/settings"})


async def post_looks(request: Reading) -> Response[Any]:
    """Keep looks and language in cookies."""
    form = await read_form(request, LooksForm)
    response = back(request, {"here": "/settings"})
    language = form.language if form.language in LANGUAGES else ""
    for name, value in {"theme": form.theme, "language": language, "density": form.density}.items():
        age = YEAR if value else 0
        response.cookies.append(Cookie(key=name, value=value, max_age=age, httponly=True, samesite="lax"))
    return response


async def post_sign_out(request: Reading) -> Response[Any]:
    """End this browser's session."""
    await revoke(request.user.user, request.user.token)
    response = back(request, {"here": "/"})
    response.cookies.append(Cookie(key=COOKIE, value="", max_age=0))
    return response


def _browser(agent: str) -> str:
    """Say in two words which browser a user agent names, or what a device calls itself."""
    browsers = {"Firefox/": "Firefox", "Edg/": "Edge", "Chrome/": "Chrome", "Safari/": "Safari"}
    systems = {"Windows": "Windows", "Android": "Android", "iPhone": "iOS", "Mac OS X": "macOS", "Linux": "Linux"}
    found = [next((name for mark, name in marks.items() if mark in agent), "") for marks in (browsers, systems)]
    return ", ".join(filter(None, found)) if all(found) else agent


async def _show(request: Reading, **fresh: Any) -> Response[str]:
    config = request.app.state.config
    return render(
        request,
        "settings.html",
        devices=await list_devices(request.user),
        browser=_browser,
        extension=extension_folder(),
        address=str(request.base_url).rstrip("/"),
        formats=FORMATS,
        languages=LANGUAGES,
        chosen=request.cookies,
        alone=await has_one_reader(),
        digest_to=config.digest_to if request.user.name == config.user else (),
        digest_at=config.digest_at,
        **{"code": None, "until": None, "feeds": None, "now": datetime.now(UTC), **fresh},
    )
