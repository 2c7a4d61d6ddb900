"""What all pages share: rendering, forms, assets, security policy and error pages.

Every page works without JavaScript: a posted form is answered with a redirect to the page it was
on. htmx posts the same forms and swaps in the part of the page that it gets back.
"""

import gettext
import re
from functools import cache, partial
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar, get_origin
from urllib.parse import quote, urlsplit

import msgspec
from litestar import Request, Response
from litestar.datastructures import CacheControlHeader, State
from litestar.response import Redirect
from litestar.static_files import create_static_files_router

from server.accounts.tokens import AuthenticatedUser
from server.database.context import is_moved
from server.days import day_of, local, today
from server.errors import Invalid
from server.schema.sources import web_address
from server.search.parser import write_field

STATIC = Path(__file__).parent.with_name("static")
TEMPLATES = Path(__file__).parent.with_name("templates")
LOCALE = Path(__file__).parent.with_name("locale")
LANGUAGES = {"en": "English", "de": "Deutsch"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
YEAR = 365 * 24 * 3600

_DONE = re.compile("(done|kept)=")  # parameters of an address: what an edit did, see `entries`

PageRequest = Request[AuthenticatedUser, None, State]
Form = TypeVar("Form", bound=msgspec.Struct)


def _release() -> str:
    """Return a digest of all static files.

    It is part of their addresses, so that browsers can cache them for ever.
    """
    files = sorted(file for file in STATIC.rglob("*") if file.is_file())
    return blake2b(b"".join(file.read_bytes() for file in files), digest_size=6).hexdigest()


ASSETS = f"/static/{_release()}"

assets = create_static_files_router(
    path=ASSETS,
    directories=[STATIC],
    opt={"public": True},
    cache_control=CacheControlHeader(max_age=YEAR, immutable=True),
)


def render(
    request: Request[Any, Any, Any], template: str, *, status: int = 200, **context: Any
) -> Response[str]:
    """Render a page; `context` is passed to its template, beside what `base.html` needs."""
    language, user = _language(request), request.scope.get("user")
    text = (
        _environment(language)
        .get_template(template)
        .render(
            user=getattr(user, "name", None),
            path=_page_path(request),
            here=_local(request),
            theme=request.cookies.get("theme"),
            language=language,
            moved=is_moved(),
            pictures=getattr(user, "thumbnails", False) and request.app.state.config.thumbnails,
            **context,
        )
    )
    # with `no-referrer` a browser would send our own forms with `Origin: null`
    headers = {"content-security-policy": POLICY, "referrer-policy": "same-origin"}
    return Response(text, status_code=status, media_type="text/html", headers=headers)


async def read_form(request: Request[Any, Any, Any], kind: type[Form]) -> Form:
    """Decode a posted form as the struct `kind`; a list field takes all values of its name.

    Raises `Invalid` if the form does not fit.
    """
    posted = await request.form()
    several = {
        field.encode_name
        for field in msgspec.structs.fields(kind)
        if get_origin(field.type) is list
    }
    try:
        values = {name: posted.getall(name) if name in several else posted[name] for name in posted}
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Invalid(f"this form cannot be taken as it is: {error}") from None


def redirect_back(here: str) -> Redirect:
    """Redirect to `here`, the page that a form was on, or to `/` if this is not a path of ours."""
    parts = urlsplit(here)
    is_ours = (
        here.startswith("/")
        and not here.startswith(("//", "/\\"))
        and not parts.netloc
        and here.isprintable()
    )
    return Redirect(quote(here, safe="/?&=%:,+~-._!*'()@;#") if is_ours else "/", status_code=303)


def is_compact(request: Request[Any, Any, Any]) -> bool:
    """Return whether the user wants lists of papers to be short."""
    return request.cookies.get("density") == "compact"


def is_htmx(request: Request[Any, Any, Any]) -> bool:
    """Return whether htmx made the request, and swaps a part of the page for the answer."""
    return "hx-request" in request.headers


def wants_page(request: Request[Any, Any, Any]) -> bool:
    """Return whether a browser asks for a page, rather than a program or htmx for data."""
    return (
        not _page_path(request).startswith("/api/")
        and not is_htmx(request)
        and "text/html" in request.headers.get("accept", "")
    )


def render_problem(
    request: Request[Any, Any, Any], status: int, title: str, detail: str
) -> Response[str]:
    """Render an error page; status 401 renders how to sign in."""
    if status == 401:
        # a SameSite=Strict cookie is not sent with a link from another site: this page asks again
        again = request.headers.get("sec-fetch-site") == "cross-site"
        return render(request, "sign-in.html", status=200 if again else 401, again=again)
    return render(request, "problem.html", status=status, title=title, detail=detail, code=status)


def _anchor(key: str) -> str:
    """Return a paper's key in the form that element ids use."""
    return key.replace("/", "-").replace(".", "-")


def _local(request: Request[Any, Any, Any]) -> str:
    """Return path and query of the page that the browser shows, also for a request by htmx.

    They are without the path under which a proxy serves the pages, and without what was just done
    there: a form that leads back says that anew.
    """
    shown = urlsplit(request.headers.get("hx-current-url") or str(request.url))
    path = shown.path.removeprefix(request.scope.get("root_path", ""))
    query = "&".join(part for part in shown.query.split("&") if not _DONE.match(part))
    return f"{path}?{query}" if query else path


def _page_path(request: Request[Any, Any, Any]) -> str:
    # where no route matched, the framework leaves the base path before it
    return request.scope["path"].removeprefix(request.scope.get("root_path", ""))


def _language(request: Request[Any, Any, Any]) -> str:
    """Return the language chosen in the settings, or else the first known one of the browser."""
    asked = [
        part.partition(";")[0][:2].lower()
        for part in request.headers.get("accept-language", "").split(",")
    ]
    return next(
        (
            code
            for code in (request.cookies.get("language"), *map(str.strip, asked))
            if code in LANGUAGES
        ),
        "en",
    )


@cache
def _environment(language: str) -> Any:
    # imported here because they would slow down every start
    import jinja2  # noqa: PLC0415

    from server.exports.html import render_note  # noqa: PLC0415

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n"],
    )
    translations = gettext.translation("papermargin", LOCALE, [language], fallback=True)
    environment.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]
    environment.globals |= {"assets": ASSETS, "write_field": write_field, "today": today}
    environment.filters |= {
        "query": partial(quote, safe=""),
        "web": web_address,
        "anchor": _anchor,
        "markdown": partial(render_note, boxes=True),
        "day": day_of,
        "local": local,
    }
    return environment
