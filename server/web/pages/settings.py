"""The settings page: devices, pairing, feeds, appearance, language, and signing out."""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from litestar import Response
from litestar.datastructures import Cookie
from litestar.params import FromPath
from msgspec import Struct, field

from server.accounts.tokens import (
    PAIRING_MINUTES,
    issue_code,
    issue_long_code,
    issue_scoped,
    list_devices,
    renew_feeds,
    revoke,
)
from server.accounts.users import has_one_user, set_thumbnails, set_zone
from server.browser_extension import extension_folder
from server.database.versioning import Edit
from server.days import list_zones
from server.maintenance.kept_backups import list_backups
from server.papers.saved_counts import list_names
from server.schema.citations import KeyAssignment
from server.schema.scopes import Scope
from server.web.feeds import list_addresses
from server.web.middleware import cookie_name
from server.web.pages.layout import LANGUAGES, YEAR, PageRequest, read_form, redirect_back, render
from server.zotero.schedule import ZoteroSyncs

FORMATS = {
    "markdown": "Markdown (zip)",
    "bibtex": "BibTeX",
    "biblatex": "BibLaTeX",
    "ris": "RIS",
    "csl": "CSL-JSON",
    "csv": "CSV",
    "jsonl": "JSON Lines",
    "html": "HTML",
    "webannotation": "Web Annotations",
    "zotero": "Zotero RDF",
    "readwise": "Readwise (CSV)",
    "bookmarks": "Bookmarks",
}


class ZoteroForm(Struct, kw_only=True):
    """Whether to sync with Zotero, or only to look what there is to do."""

    do: Literal["look", "sync"] = "look"


class LooksForm(Struct, kw_only=True):
    """Theme, language and density, of which an empty one means the browser's preference.

    An empty time zone means the server's clock.
    """

    theme: Literal["", "light", "dark"] = ""
    language: str = ""
    density: Literal["comfortable", "compact"] = "comfortable"
    zone: str = ""
    thumbnails: Literal["show", "hide"] = "show"


async def get_settings(request: PageRequest) -> Response[str]:
    """Show the settings."""
    return await _show(request)


async def post_code(request: PageRequest) -> Response[str]:
    """Create a pairing code and show it, with the time left."""
    now = datetime.now(UTC)
    code = await issue_code(request.user.user, now)
    long_code = await issue_long_code(request.user.user, now)
    return await _show(
        request, code=code, long_code=long_code, until=now + timedelta(minutes=PAIRING_MINUTES)
    )


class TokenForm(Struct, kw_only=True):
    """A token for a program; without `days` it has no end."""

    name: str = ""
    scopes: list[Scope] = field(default_factory=list)
    days: Literal["", "30", "90", "365"] = ""


async def post_token(request: PageRequest) -> Response[str]:
    """Create a token for a program and show it, this once."""
    form = await read_form(request, TokenForm)
    days = int(form.days) if form.days else None
    now = datetime.now(UTC)
    token = await issue_scoped(request.user.user, form.name, form.scopes, now, days=days)
    return await _show(request, token=token)


async def post_feeds(request: PageRequest) -> Response[str]:
    """Create a new secret address for the feeds and show it, this once."""
    user = request.user.user
    secret = await renew_feeds(user, datetime.now(UTC))
    return await _show(
        request, feeds=list_addresses(str(request.base_url), secret, await list_names(user))
    )


async def post_citation_keys(request: PageRequest) -> Response[str]:
    """Give papers without a citation key one by a pattern, and show how many got one."""
    from server.exports.citation_keys import parse_pattern  # noqa: PLC0415 - slow to import
    from server.reading_list.citation_keys import assign_keys  # noqa: PLC0415

    form = await read_form(request, KeyAssignment)
    edit, pattern = Edit(user=request.user.user, at=datetime.now(UTC)), parse_pattern(form.pattern)
    assigned = await assign_keys(edit, pattern, form.q, renew=form.renew)
    return await _show(request, assigned=assigned, pattern=form.pattern)


async def post_zotero(request: PageRequest) -> Response[str]:
    """Sync with the Zotero of the server's computer, which is the user's if they are alone."""
    form = await read_form(request, ZoteroForm)
    syncs: ZoteroSyncs = request.app.state.zotero
    report = await syncs.sync(request.user.user, dry_run=form.do == "look")
    return await _show(request, zotero=report, is_synced=form.do == "sync")


async def post_revoke(request: PageRequest, device: FromPath[int]) -> Response[Any]:
    """Revoke a device's token, or end another browser's session."""
    await revoke(request.user.user, device)
    return redirect_back("/settings")


async def post_looks(request: PageRequest) -> Response[Any]:
    """Keep appearance and language in cookies, time zone and pictures with the user.

    Raises `Invalid` for an unknown time zone.
    """
    form = await read_form(request, LooksForm)
    await set_zone(request.user.user, form.zone.strip())
    await set_thumbnails(request.user.user, shown=form.thumbnails == "show")
    response = redirect_back("/settings")
    language = form.language if form.language in LANGUAGES else ""
    for name, value in {"theme": form.theme, "language": language, "density": form.density}.items():
        age = YEAR if value else 0
        response.cookies.append(
            Cookie(key=name, value=value, max_age=age, httponly=True, samesite="lax")
        )
    return response


async def post_sign_out(request: PageRequest) -> Response[Any]:
    """End this browser's session."""
    await revoke(request.user.user, request.user.token)
    response = redirect_back("/")
    response.cookies.append(Cookie(key=cookie_name(request.app.state.config), value="", max_age=0))
    return response


def _browser(agent: str) -> str:
    """Shorten a user agent to browser and system; return any other device name unchanged."""
    browsers = {"Firefox/": "Firefox", "Edg/": "Edge", "Chrome/": "Chrome", "Safari/": "Safari"}
    systems = {
        "Windows": "Windows",
        "Android": "Android",
        "iPhone": "iOS",
        "Mac OS X": "macOS",
        "Linux": "Linux",
    }
    found = [
        next((name for mark, name in marks.items() if mark in agent), "")
        for marks in (browsers, systems)
    ]
    return ", ".join(filter(None, found)) if all(found) else agent


async def _show(request: PageRequest, **fresh: Any) -> Response[str]:
    config = request.app.state.config
    return render(
        request,
        "settings.html",
        devices=await list_devices(request.user, request.app.state.last_uses),
        browser=_browser,
        extension=extension_folder(),
        address=str(request.base_url).rstrip("/"),
        formats=FORMATS,
        languages=LANGUAGES,
        zone=request.user.zone,
        thumbnails=request.user.thumbnails,
        has_thumbnails=config.thumbnails,
        zones=list_zones(),
        chosen=request.cookies,
        alone=await has_one_user(),
        backups=list_backups(config),
        digest_to=config.digest_to if request.user.name == config.user else (),
        digest_at=config.digest_at,
        zotero_minutes=config.zotero_minutes,
        zotero_last=request.app.state.zotero.last,
        **{
            "code": None,
            "long_code": None,
            "until": None,
            "feeds": None,
            "assigned": None,
            "pattern": "",
            "zotero": None,
            "is_synced": False,
            "token": None,
            "now": datetime.now(UTC),
            **fresh,
        },
    )
