"""What every page has in common: the frame around it, its assets, its policy, and how it says that something is wrong.

A page is whole without JavaScript: a form that is posted answers with a redirect back to where it stood. htmx posts the
same forms and swaps the part of the page that it is given for its answer.
"""

import gettext
from collections.abc import Mapping
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

from server.errors import Invalid
from server.query import write_field
from server.source import web_address
from server.tokens import Identity

STATIC = Path(__file__).parent.with_name("static")
TEMPLATES = Path(__file__).parent.with_name("templates")
LOCALE = Path(__file__).parent.with_name("locale")
LANGUAGES = {"en": "English", "de": "Deutsch"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
YEAR = 365 * 24 * 3600

Reading = Request[Identity, None, State]
Form = TypeVar("Form", bound=msgspec.Struct)


def _release() -> str:
    """Give a digest of all static files, which stands in their addresses: a browser need never ask for one again."""
    files = sorted(file for file in STATIC.rglob("*") if file.is_file())
    return blake2b(b"".join(file.read_bytes() for file in files), digest_size=6).hexdigest()


ASSETS = f"/static/{_release()}"

assets = create_static_files_router(
    path=ASSETS,
    directories=[STATIC],
    opt={"public": True},
    cache_control=CacheControlHeader(max_age=YEAR, immutable=True),
)


def render(request: Request[Any, Any, Any], template: str, *, status: int = 200, **context: Any) -> Response[str]:
    """Give a page; `context` is what its template names, beside what `base.html` needs."""
    language = _language(request)
    text = (
        _environment(language)
        .get_template(template)
        .render(
            reader=getattr(request.scope.get("user"), "name", None),
            path=request.scope["path"],
            here=_local(request),
            theme=request.cookies.get("theme"),
            language=language,
            **context,
        )
    )
    # with `no-referrer` a browser would hide the origin of our own forms from us
    headers = {"content-security-policy": POLICY, "referrer-policy": "same-origin"}
    return Response(text, status_code=status, media_type="text/html", headers=headers)


async def read_form(request: Request[Any, Any, Any], kind: type[Form]) -> Form:
    """Give a posted form as the struct `kind`; a field of a list takes all values of its name. Raises `Invalid`."""
    posted = await request.form()
    several = {field.encode_name for field in msgspec.structs.fields(kind) if get_origin(field.type) is list}
    try:
        values = {name: posted.getall(name) if name in several else posted[name] for name in posted}
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Invalid(f"this form cannot be taken as it is: {error}") from None


def back(request: Request[Any, Any, Any], form: Mapping[str, Any], otherwise: str = "/") -> Redirect:
    """Redirect to where a form stood: its field `here`, if that is a path of ours."""
    here = str(form.get("here", ""))
    parts = urlsplit(here)
    ours = here.startswith("/") and not here.startswith(("//", "/\\")) and not parts.netloc and here.isprintable()
    return Redirect(quote(here, safe="/?&=%:,+~-._!*'()@;#") if ours else otherwise, status_code=303)


def is_part(request: Request[Any, Any, Any]) -> bool:
    """Tell whether htmx asks, which swaps a part of the page for the answer."""
    return "hx-request" in request.headers


def wants_page(request: Request[Any, Any, Any]) -> bool:
    """Tell whether a person's browser asks for a page, and not a program or htmx for data."""
    return (
        not request.scope["path"].startswith("/api/")
        and not is_part(request)
        and "text/html" in request.headers.get("accept", "")
    )


def say(request: Request[Any, Any, Any], status: int, title: str, detail: str) -> Response[str]:
    """Give a page that says what went wrong; who is not signed in learns how to be."""
    if status == 401:
        # the cookie stays away from a request that another site's link began: a page of ours asks once more
        again = request.headers.get("sec-fetch-site") == "cross-site"
        return render(request, "sign-in.html", status=200 if again else 401, again=again)
    return render(request, "problem.html", status=status, title=title, detail=detail, code=status)


def _anchor(key: str) -> str:
    """Give a paper's key as a part of the ids of a page."""
    return key.replace("/", "-").replace(".", "-")


def _local(request: Request[Any, Any, Any]) -> str:
    """Give the address of the page that is shown, also when a part of it was asked for."""
    shown = request.headers.get("hx-current-url", "")
    parts = urlsplit(shown or str(request.url))
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _language(request: Request[Any, Any, Any]) -> str:
    """Give the language that the person chose, or else the first of their browser's that the pages speak."""
    asked = [part.partition(";")[0][:2].lower() for part in request.headers.get("accept-language", "").split(",")]
    return next((code for code in (request.cookies.get("language"), *map(str.strip, asked)) if code in LANGUAGES), "en")


@cache
def _environment(language: str) -> Any:
    # a server starts without them
    import jinja2  # noqa: PLC0415

    from server.export.html import render_note  # noqa: PLC0415

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n"],
    )
    words = gettext.translation("papermargin", LOCALE, [language], fallback=True)
    environment.install_gettext_translations(words, newstyle=True)  # type: ignore[attr-defined]
    environment.globals |= {"assets": ASSETS, "write_field": write_field}
    environment.filters |= {
        "query": partial(quote, safe=""),
        "web": web_address,
        "anchor": _anchor,
        "markdown": render_note,
    }
    return environment
