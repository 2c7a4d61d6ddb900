"""Links between papers in the notes of a vault: there they lead to files, here to papers.

A link `[[2401.01234]]` becomes `[[Name of its file|2401.01234]]`. The block records what stood in
the note, so that it comes back unchanged, also after the file was renamed.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from server.exports.note_links import NoteLink, find_links, parse_day
from server.schema.api import StyleName
from server.schema.papers import PaperPage
from server.vault.note_styles import STYLES, written_text


def link_files(page: PaperPage, style: StyleName, names: Mapping[str, str]) -> dict[str, str]:
    """Return the links in a paper's notes that are written otherwise in a vault, and how.

    `names` maps the keys of papers to the names by which links reach their files.
    """
    links: dict[str, NoteLink] = {}
    texts = defaultdict(set)
    for note in page.notes:
        for link in find_links(written_text(note)):
            links[link.text] = link
            texts[link.shown].add(link.text)
    written = {text: _write(link, page, style, names) for text, link in links.items()}
    return {
        text: new
        for text, new in written.items()
        # what a reader sees of a link says which one it was
        if new != text and len(texts[links[text].shown]) == 1
    }


def _write(link: NoteLink, page: PaperPage, style: StyleName, names: Mapping[str, str]) -> str:
    write, name = STYLES[style].paper_link, _name(link, page, style, names)
    if write is None or not name:
        return link.text
    written = write(link, name)
    # a name with brackets could not be read again
    is_read = [found.text for found in find_links(written) if found.shown == link.shown]
    return written if is_read == [written] else link.text


def _name(
    link: NoteLink, page: PaperPage, style: StyleName, names: Mapping[str, str]
) -> str | None:
    """Return the name that a link has in a vault; None if what it leads to is not in there."""
    if day := parse_day(link.target):
        return STYLES[style].day_name(day)
    paper = page.links.get(link.target)
    file = names.get(paper.key) if paper else None
    return STYLES[style].file_name(paper, file) if paper and file else None


def replace_links(text: str, written: Mapping[str, str]) -> str:
    """Return a note with its links as they are written in a vault."""
    return _replace(text, lambda link: written.get(link.text, link.text))


def restore_links(text: str, originals: Iterable[str]) -> str:
    """Return a note of a vault with the links as they stood in the store."""
    shown = {link.shown: link.text for text in originals for link in find_links(text)}
    return _replace(text, lambda link: shown.get(link.shown, link.text)) if shown else text


def _replace(text: str, write: Callable[[NoteLink], str]) -> str:
    parts, end = [], 0
    for link in find_links(text):
        parts += [text[end : link.start], write(link)]
        end = link.end
    return "".join([*parts, text[end:]])
