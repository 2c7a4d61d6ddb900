"""Names at the end of a path, which may have slashes anywhere."""

from typing import Any
from urllib.parse import unquote

from litestar import Request


def sent_name(request: Request[Any, Any, Any], name: str) -> str:
    """Return the parameter `name` of a route with all the slashes that were sent.

    Of slashes that stand together, or at an end, the framework leaves one or none.
    """
    path = unquote(request.scope["raw_path"].decode().partition("?")[0])
    before = request.scope["path_template"].partition("{name:path}")[0].count("/")
    sent = path.split("/", before)[-1]
    is_same = sent.replace("/", "") == name.replace("/", "")
    return sent if is_same else name.lstrip("/")
