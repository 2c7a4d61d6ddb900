"""The API's description as a page: plain HTML without scripts, so that it works offline and under a strict policy."""

from functools import cache
from pathlib import Path
from typing import Any

from litestar import Request
from litestar.openapi.plugins import OpenAPIRenderPlugin


class DocsPage(OpenAPIRenderPlugin):
    """Renders an OpenAPI document by a template."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Give the page."""
        page: str = _template().render(document=openapi_schema, type_of=type_of)
        return page.encode()


def type_of(schema: dict[str, Any] | None) -> str:
    """Say in a few words what a JSON schema takes."""
    schema = schema or {}
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if several := schema.get("oneOf") or schema.get("anyOf"):
        return " or ".join(map(type_of, several))
    if values := schema.get("enum"):
        return " | ".join(map(str, values))
    kind = schema.get("type", "anything")
    if kind == "array":
        return f"list of {type_of(schema.get('items'))}"
    return " or ".join(map(str, kind)) if isinstance(kind, list) else str(schema.get("format") or kind)


@cache
def _template() -> Any:
    import jinja2  # noqa: PLC0415 - a server starts without it

    loader = jinja2.FileSystemLoader(Path(__file__).with_name("templates"))
    return jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True).get_template(
        "docs.html"
    )
