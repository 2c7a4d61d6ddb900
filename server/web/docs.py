"""The documentation: the chapters of `server/docs`, and the API reference made from OpenAPI."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from litestar import Litestar, Request, Router, get
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.params import FromPath
from litestar.response import Response

from server.errors import NotFound
from server.web.pages.layout import TEMPLATES, render

FOLDER = Path(__file__).parents[1] / "docs"

PARTS = {
    "Using Papermargin": [
        "install", "extension", "pages", "queries", "ranking", "imports", "exports", "vaults",
        "corrections",
    ],
    "Sharing and automating": [
        "feeds", "digest", "assistants", "zotero", "backups", "labs", "sizing", "api-guide",
        "plugins",
    ],
    "Reference": ["reference-commands", "reference-settings", "reference-api", "decisions"],
}  # fmt: skip
"""The chapters in reading order: names of Markdown files."""


async def get_contents(request: Request[Any, Any, Any]) -> Response[str]:
    """Show the table of contents."""
    parts = {part: [(name, read_title(name)) for name in names] for part, names in PARTS.items()}
    return render(request, "docs.html", parts=parts, chapter=None)


async def get_chapter(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[str]:
    """Show a chapter. Raises `NotFound`."""
    if all(name not in names for names in PARTS.values()):
        raise NotFound(f"there is no chapter {name!r}")
    return render(request, "docs.html", title=read_title(name), chapter=render_chapter(name))


def get_openapi(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Return the OpenAPI document, for programs."""
    return read_openapi(request.app)


docs = Router(
    "/docs",
    include_in_schema=False,
    opt={"scope": "read"},
    route_handlers=[
        get("/")(get_contents),
        get("/openapi.json", media_type="application/vnd.oai.openapi+json", sync_to_thread=False)(
            get_openapi
        ),
        get("/{name:str}")(get_chapter),
    ],
)


def read_title(name: str) -> str:
    """Return the title of a chapter: its first line."""
    with (FOLDER / f"{name}.md").open(encoding="utf-8") as file:
        return file.readline().removeprefix("# ").strip()


@cache
def render_chapter(name: str) -> str:
    """Return a chapter as HTML, with links to other chapters as they work on the server."""
    # a server starts without these
    import nh3  # noqa: PLC0415
    from markdown_it import MarkdownIt  # noqa: PLC0415
    from markupsafe import Markup  # noqa: PLC0415

    markdown = MarkdownIt("commonmark").enable("table")
    tokens = markdown.parse((FOLDER / f"{name}.md").read_text(encoding="utf-8"))
    for token in (child for parent in tokens for child in parent.children or []):
        address = str(token.attrGet("href") or "")
        if address.endswith(".md"):
            token.attrSet("href", f"/docs/{address.removesuffix('.md')}")
    return Markup(nh3.clean(markdown.renderer.render(tokens, markdown.options, {})))


def read_openapi(app: Litestar) -> dict[str, Any]:
    """Return the OpenAPI document of the app, with all that the structs of requests demand.

    The framework leaves out the constraints of a list's items and of what may be null, and that
    unknown fields are refused.
    """
    document = app.openapi_schema.to_schema()
    schemas = document["components"]["schemas"]
    strict = [
        kind
        for kind in _structs(msgspec.Struct)
        if kind.__struct_config__.forbid_unknown_fields and kind.__name__ in schemas
    ]
    _, exact = msgspec.json.schema_components(strict, ref_template="#/components/schemas/{name}")
    for schema in exact.values():  # also those of the structs within them
        del schema["description"]  # as those of responses have none
    schemas.update(exact)
    return document


def _structs(base: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _structs(kind)


class ApiReference(OpenAPIRenderPlugin):
    """Renders an OpenAPI document as a page without scripts, so that it works offline."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Return the page."""
        page: str = _api_template().render(
            document=read_openapi(request.app), describe_type=describe_type
        )
        return page.encode()


def describe_type(schema: dict[str, Any] | None) -> str:
    """Describe in a few words what a JSON schema accepts."""
    schema = schema or {}
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if alternatives := schema.get("oneOf") or schema.get("anyOf"):
        return " or ".join(map(describe_type, alternatives))
    if values := schema.get("enum"):
        return " | ".join(map(str, values))
    kind = schema.get("type", "anything")
    if kind == "array":
        return f"list of {describe_type(schema.get('items'))}"
    if isinstance(kind, list):
        return " or ".join(map(str, kind))
    return str(schema.get("format") or kind)


@cache
def _api_template() -> Any:
    import jinja2  # noqa: PLC0415 - as above

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("api_reference.html")
