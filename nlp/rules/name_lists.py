"""Lists of well-known methods, datasets, metrics and tasks. They are read without spaCy."""

from collections.abc import Iterator
from importlib.resources import files

from nlp.spans import Label


def read_names(label: Label) -> Iterator[tuple[str, str]]:
    """Yield the surface and the term of each known name.

    `names/*.txt` has a surface a line, and its term after a tab if it differs.
    """
    lists = files("nlp").joinpath("names", f"{label.lower()}s.txt")
    for line in lists.read_text("utf-8").splitlines():
        surface, _, term = line.partition("\t")
        yield surface, term or surface
