"""Plugins: objects that other installed packages offer under an entry point group."""

import logging
from importlib.metadata import entry_points
from typing import TypeVar

Plugin = TypeVar("Plugin")

log = logging.getLogger(__name__)


def load_plugins(group: str, kind: type[Plugin]) -> dict[str, Plugin]:
    """Load the plugins of a group by their entry points' names.

    One that fails to import, or is not of `kind`, is logged in one line and left out.
    """
    plugins: dict[str, Plugin] = {}
    for entry_point in entry_points(group=group):
        try:
            plugin = entry_point.load()
        except Exception as error:  # noqa: BLE001 - a plugin may fail in any way
            log.warning("plugin %s is left out: %r", entry_point.value, error)
            continue
        if isinstance(plugin, kind):
            plugins[entry_point.name] = plugin
        else:
            log.warning("plugin %s is left out: not of type %s", entry_point.value, kind.__name__)
    return plugins
