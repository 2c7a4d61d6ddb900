"""Import formats that plugins add: kinds of files that no built-in format recognizes."""

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from server.errors import SourceError
from server.plugins import load_plugins
from server.schema.sources import Batch

GROUP = "papermargin.imports"


class ImportFormat(Struct, frozen=True):
    """A kind of file: its name for people, how it is recognized, and its parser.

    `matches` and `parse` take the decoded text of a file; `parse` also takes the time at which the
    file was written, as `observed`, and raises `SourceError` for a file that it cannot use.
    """

    name: str
    matches: Callable[[str], bool]
    parse: Callable[..., Batch]


def find_plugin(text: str) -> ImportFormat | None:
    """Return the first plugin that recognizes a text. Raises `SourceError` if one fails."""
    for plugin in load_plugins(GROUP, ImportFormat).values():
        try:
            if plugin.matches(text):
                return plugin
        except Exception as error:
            raise SourceError(f"the plugin for {plugin.name} failed: {error!r}") from error
    return None


def parse_with_plugin(plugin: ImportFormat, text: str, *, observed: datetime) -> Batch:
    """Parse a text. Raises `SourceError`, also where the plugin fails in another way."""
    try:
        return plugin.parse(text, observed=observed)
    except SourceError:
        raise
    except Exception as error:
        raise SourceError(f"the plugin for {plugin.name} failed: {error!r}") from error
