"""Pipeline components that other installed packages add.

They are entry points of the group `papermargin.components`, each named as the spaCy factory that it
loads. spaCy has a group of its own, `spacy_factories`, but loads all of it at once and fails if one
factory of any package is broken.
"""

import sys
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.language import Language

GROUP = "papermargin.components"


def list_components() -> list[EntryPoint]:
    """List the added components by name."""
    return sorted(entry_points(group=GROUP), key=lambda component: component.name)


def add_components(nlp: "Language") -> None:
    """Add the components after the built-in rules, before the one that scores the mentions.

    A component that fails is reported in one line and left out.
    """
    for component in list_components():
        try:
            component.load()
            nlp.add_pipe(component.name, before="confidence")
        except Exception as error:  # noqa: BLE001 - a plugin may fail in any way
            print(f"component {component.name} is left out: {error!r}", file=sys.stderr)
